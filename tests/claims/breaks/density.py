"""Ways to be wrong on densities that are estimated by importance sampling."""

import numpy as np

from breaks import swap
from minivae.diagnostics import marginal_likelihood
from minivae.models import objectives, vae
from minivae.models.vae import VAE
from minivae.nn.gaussian import kl_per_latent, log_ratio_at


def mean_of_the_log(a):
    return np.mean(a, axis=-1)


def log_of_the_sum(a):
    return objectives.log_mean_exp(a) + np.log(a.shape[-1])


def ratio_without_prior(z, log_var, eps):
    return log_ratio_at(z, log_var, eps) + 0.5 * np.sum(z * z, axis=-1)


def ratio_without_proposal(z, log_var, eps):
    return log_ratio_at(z, log_var, eps) - 0.5 * np.sum(eps * eps + log_var, axis=-1)


FORWARD = VAE.forward


def variance_for_deviation(self, x, y, target, eps):
    log_var = FORWARD(self, x, y, target, eps).log_var
    p = FORWARD(self, x, y, target, eps * np.exp(log_var / 2))
    return p._replace(log_ratio=log_ratio_at(p.z, log_var, eps))


def wider_draws(self, x, y, target, eps):
    p = FORWARD(self, x, y, target, 1.2 * eps)
    return p._replace(log_ratio=log_ratio_at(p.z, p.log_var, eps))


def posterior_after_all(model):
    return model


def twice_the_kl(mu, log_var):
    return 2 * kl_per_latent(mu, log_var)


BREAKS = [
    ("importance-weighted-bounds", swap(marginal_likelihood, "log_mean_exp", mean_of_the_log)),
    ("importance-weighted-bounds", swap(vae, "log_ratio_at", ratio_without_prior)),
    ("importance-weighted-bounds", swap(VAE, "forward", variance_for_deviation)),
    ("importance-weighted-gap", swap(marginal_likelihood, "log_mean_exp", mean_of_the_log)),
    ("importance-weighted-gap", swap(VAE, "forward", wider_draws)),
    ("posterior-proposal-is-exact", swap(vae, "log_ratio_at", ratio_without_proposal)),
    ("posterior-proposal-is-exact", swap(marginal_likelihood, "log_mean_exp", log_of_the_sum)),
    ("naive-monte-carlo-variance", swap(VAE, "forward", wider_draws)),
    (
        "naive-monte-carlo-fails",
        swap(marginal_likelihood, "encoding_the_prior", posterior_after_all),
    ),
    ("binary-density-sums-to-one", swap(vae, "log_ratio_at", ratio_without_prior)),
    ("binary-density-sums-to-one", swap(marginal_likelihood, "log_mean_exp", mean_of_the_log)),
    ("binary-bounds-in-order", swap(marginal_likelihood, "log_mean_exp", log_of_the_sum)),
    ("binary-bounds-in-order", swap(vae, "log_ratio_at", ratio_without_prior)),
    ("binary-elbo-and-gap", swap(vae, "kl_per_latent", twice_the_kl)),
]
