"""Ways to be wrong on densities that are estimated by importance sampling."""

import numpy as np

from breaks import swap
from minivae.diagnostics import marginal_likelihood
from minivae.models import importance, vae
from minivae.models.objectives import log_weights
from minivae.models.vae import gaussian_kl


def mean_of_the_log(a):
    return np.mean(a, axis=-1)


def log_of_the_sum(a):
    return importance.log_mean_exp(a) + np.log(a.shape[-1])


def weights_without_prior(model, x, mu, log_var, eps):
    log_w, log_p_x = log_weights(model, x, mu, log_var, eps)
    z = mu[:, None] + np.exp(log_var / 2)[:, None] * eps
    return log_w + 0.5 * np.sum(z * z, axis=-1), log_p_x


def weights_without_proposal(model, x, mu, log_var, eps):
    log_w, log_p_x = log_weights(model, x, mu, log_var, eps)
    return log_w - 0.5 * np.sum(eps * eps + log_var[:, None], axis=-1), log_p_x


def draws_with_variance_for_deviation(model, x, mu, log_var, eps):
    return log_weights(model, x, mu, log_var, eps * np.exp(log_var / 2)[:, None])


def wider_draws(model, x, mu, log_var, eps):
    return log_weights(model, x, mu, log_var, 1.2 * eps)


def draws_that_look_at_x(model, x, mu, log_var, eps):
    return log_weights(model, x, *model.encode(x), eps)


def twice_the_kl(mu, log_var):
    return 2 * gaussian_kl(mu, log_var)


BREAKS = [
    ("importance-weighted-bounds", swap(marginal_likelihood, "log_mean_exp", mean_of_the_log)),
    ("importance-weighted-bounds", swap(marginal_likelihood, "log_weights", weights_without_prior)),
    (
        "importance-weighted-bounds",
        swap(marginal_likelihood, "log_weights", draws_with_variance_for_deviation),
    ),
    ("importance-weighted-gap", swap(marginal_likelihood, "log_mean_exp", mean_of_the_log)),
    ("importance-weighted-gap", swap(marginal_likelihood, "log_weights", wider_draws)),
    (
        "posterior-proposal-is-exact",
        swap(marginal_likelihood, "log_weights", weights_without_proposal),
    ),
    ("posterior-proposal-is-exact", swap(marginal_likelihood, "log_mean_exp", log_of_the_sum)),
    ("naive-monte-carlo-variance", swap(marginal_likelihood, "log_weights", wider_draws)),
    ("naive-monte-carlo-fails", swap(marginal_likelihood, "log_weights", draws_that_look_at_x)),
    ("binary-density-sums-to-one", swap(marginal_likelihood, "log_weights", weights_without_prior)),
    ("binary-density-sums-to-one", swap(marginal_likelihood, "log_mean_exp", mean_of_the_log)),
    ("binary-bounds-in-order", swap(marginal_likelihood, "log_mean_exp", log_of_the_sum)),
    ("binary-bounds-in-order", swap(marginal_likelihood, "log_weights", weights_without_prior)),
    ("binary-elbo-and-gap", swap(vae, "gaussian_kl", twice_the_kl)),
]
