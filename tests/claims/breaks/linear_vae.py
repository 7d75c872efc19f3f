"""Ways to be wrong on the linear VAE, its rate and its posteriors."""

import numpy as np

from breaks import swap
from minivae import diagnostics
from minivae.diagnostics import information
from minivae.linear import probabilistic_pca, vae_is_ppca
from minivae.models import vae
from minivae.nn import gaussian

real_axes = probabilistic_pca.principal_axes
real_kl = gaussian.gaussian_kl
real_kl_backward = gaussian.gaussian_kl_backward
real_reparameterize_backward = gaussian.reparameterize_backward
real_sigma_points = vae_is_ppca.sigma_points
real_water_filling = diagnostics.gaussian_rate_distortion


def divided_by_one_less(X):
    mean, squares, axes = real_axes(X)
    return mean, squares * len(X) / (len(X) - 1), axes


def half_the_kl(mu, log_var):
    return real_kl(mu, log_var) / 2


def without_its_constant(mu, log_var):
    return 0.5 * np.sum(mu * mu + np.exp(log_var) - log_var, axis=-1)


def half_its_gradient(mu, log_var, dkl):
    return real_kl_backward(mu, log_var, dkl / 2)


def without_the_half(mu, log_var, eps, dz):
    dmu, dlog_var = real_reparameterize_backward(mu, log_var, eps, dz)
    return dmu, 2 * dlog_var


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
    ("linear-vae-is-probabilistic-pca", swap(vae, "gaussian_kl", half_the_kl)),
    ("elbo-of-photograph-patches", swap(vae, "gaussian_kl", without_its_constant)),
    ("elbo-fixes-the-rotation", swap(vae, "gaussian_kl_backward", half_its_gradient)),
    ("trained-encoder-is-the-posterior", swap(vae, "reparameterize_backward", without_the_half)),
    ("gap-of-a-rotated-decoder", swap(vae_is_ppca, "sigma_points", too_near)),
    ("collapse-of-weights", swap(vae, "gaussian_kl_backward", half_its_gradient)),
    ("collapse-of-posteriors", swap(vae, "reparameterize_backward", without_the_half)),
    (
        "reverse-water-filling",
        swap(diagnostics, "gaussian_rate_distortion", rate_in_twice_the_nats),
    ),
    ("slope-of-the-frontier", swap(vae, "gaussian_kl", half_the_kl)),
    ("active-units-are-eigenvalues", swap(diagnostics, "active_units", by_deviation)),
    ("aggregated-posterior-is-the-prior", swap(diagnostics, "aggregated_posterior", means_alone)),
    (
        "elbo-surgery-of-gaussians",
        swap(information, "aggregated_posterior", deviations_for_variances),
    ),
    ("elbo-surgery-of-a-mixture", swap(information, "log_mean_exp", log_sum_exp)),
]
