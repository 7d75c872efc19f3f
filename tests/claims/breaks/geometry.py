"""Ways to be wrong on the code space."""

import numpy as np

from breaks import swap
from minivae.diagnostics import code_space, interpolation
from minivae.models import vae
from minivae.nn import gaussian

real_log_density = gaussian.gaussian_log_density
real_kl_backward = gaussian.kl_per_latent_backward
real_axes = code_space._axes


def variance_for_deviation(mu, log_var, eps):
    return mu + np.exp(log_var) * eps


def without_the_half(z, mu, log_var):
    return 2 * real_log_density(z, mu, log_var)


def by_cholesky(codes, rng):
    return np.linalg.cholesky(np.cov(codes, rowvar=False, bias=True)).T


def too_long(codes, rng):
    return 1.2 * real_axes(codes, rng)


def half_its_gradient(mu, log_var, dkl):
    return real_kl_backward(mu, log_var, dkl / 2)


def no_gradient(mu, log_var, dkl):
    return 0 * mu, 0 * log_var


BREAKS = [
    ("gaussian-norms", swap(gaussian, "reparameterize", variance_for_deviation)),
    ("the-origin-is-empty", swap(gaussian, "gaussian_log_density", without_the_half)),
    ("straight-midpoints-are-atypical", swap(interpolation, "lerp", interpolation.slerp)),
    ("spherical-midpoints-are-typical", swap(interpolation, "slerp", interpolation.lerp)),
    ("measures-follow-the-code", swap(code_space, "_axes", by_cholesky)),
    ("continuity-of-a-linear-decoder", swap(code_space, "_axes", too_long)),
    ("cycle-error-of-a-linear-vae", swap(vae, "kl_per_latent_backward", half_its_gradient)),
    ("vae-is-more-complete", swap(vae, "kl_per_latent_backward", no_gradient)),
]
