"""Ways to be wrong on the linear VAE, its rate and its posteriors."""

import numpy as np

from breaks import swap
from minivae import diagnostics
from minivae.diagnostics import information
from minivae.linear import probabilistic_pca, vae_is_ppca
from minivae.models import vae
from minivae.nn import gaussian

real_axes = probabilistic_pca.principal_axes
real_kl = gaussian.kl_per_latent
real_kl_backward = gaussian.kl_per_latent_backward
real_forward = vae.VAE.forward
real_sigma_points = vae_is_ppca.sigma_points
real_water_filling = diagnostics.gaussian_rate_distortion


def divided_by_one_less(X):
    mean, squares, axes = real_axes(X)
    return mean, squares * len(X) / (len(X) - 1), axes


def half_the_kl(mu, log_var):
    return real_kl(mu, log_var) / 2


def without_its_constant(mu, log_var):
    return 0.5 * (mu * mu + np.exp(log_var) - log_var)


def half_its_gradient(mu, log_var, dkl):
    return real_kl_backward(mu, log_var, dkl / 2)


def without_the_half(self, x, y, target, eps):
    p = real_forward(self, x, y, target, eps)
    return p._replace(sigma=2 * p.sigma)  # then dlog_var = sigma dsigma / 2 has lost its half


def too_near(n_dims):
    return 0.9 * real_sigma_points(n_dims)


def rate_in_twice_the_nats(variances, level, n_latent=None):
    rate, distortion = real_water_filling(variances, level, n_latent)
    return 2 * rate, distortion


def means_alone(mu, log_var):
    return mu.mean(axis=0), np.cov(mu, rowvar=False, bias=True)


def deviations_for_variances(mu, log_var):
    mean, covariance = means_alone(mu, log_var)
    return mean, covariance + np.diag(np.exp(log_var / 2).mean(axis=0))


def log_sum_exp(a):
    return np.log(np.exp(a).sum(axis=-1))


def by_deviation(mu, *, threshold=0.01, rotate=False):
    axes = np.linalg.svd(mu - mu.mean(axis=0), full_matrices=False)[2] if rotate else np.eye(4)
    return int(np.sum((mu @ axes.T).std(axis=0) > threshold))


BREAKS = [
    ("ppca-largest-likelihood", swap(probabilistic_pca, "principal_axes", divided_by_one_less)),
    ("ppca-is-the-maximum", swap(probabilistic_pca, "principal_axes", divided_by_one_less)),
    ("linear-vae-is-probabilistic-pca", swap(vae, "kl_per_latent", half_the_kl)),
    ("elbo-of-photograph-patches", swap(vae, "kl_per_latent", without_its_constant)),
    ("elbo-fixes-the-rotation", swap(vae, "kl_per_latent_backward", half_its_gradient)),
    ("trained-encoder-is-the-posterior", swap(vae.VAE, "forward", without_the_half)),
    ("gap-of-a-rotated-decoder", swap(vae_is_ppca, "sigma_points", too_near)),
    ("collapse-of-weights", swap(vae, "kl_per_latent_backward", half_its_gradient)),
    ("collapse-of-posteriors", swap(vae.VAE, "forward", without_the_half)),
    (
        "reverse-water-filling",
        swap(diagnostics, "gaussian_rate_distortion", rate_in_twice_the_nats),
    ),
    ("slope-of-the-frontier", swap(vae, "kl_per_latent", half_the_kl)),
    ("active-units-are-eigenvalues", swap(diagnostics, "active_units", by_deviation)),
    ("aggregated-posterior-is-the-prior", swap(diagnostics, "aggregated_posterior", means_alone)),
    (
        "elbo-surgery-of-gaussians",
        swap(information, "aggregated_posterior", deviations_for_variances),
    ),
    ("elbo-surgery-of-a-mixture", swap(information, "log_mean_exp", log_sum_exp)),
]
