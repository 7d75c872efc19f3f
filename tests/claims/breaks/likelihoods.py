"""Ways to be wrong on the Gaussian and Bernoulli formulas."""

import numpy as np

from breaks import swap
from minivae.nn import gaussian, likelihoods

gaussian_kl = gaussian.gaussian_kl
gaussian_kl_between = gaussian.gaussian_kl_between
gaussian_log_density = gaussian.log_density  # as it was before a break takes its place
bernoulli_log_prob = likelihoods.Bernoulli.log_prob


def kl_without_its_half(mu1, log_var1, mu2, log_var2):
    return 2 * gaussian_kl_between(mu1, log_var1, mu2, log_var2)


def kl_the_other_way(mu1, log_var1, mu2, log_var2):
    return gaussian_kl_between(mu2, log_var2, mu1, log_var1)


def kl_of_a_deviation(mu, log_var):
    return gaussian_kl(mu, 2 * log_var)


def sample_with_variance_for_deviation(mu, log_var, eps):
    return mu + np.exp(log_var) * eps


def density_of_a_deviation(z, mu, log_var):
    return gaussian_log_density(z, mu, 2 * log_var)


def cross_entropy(self, x, out):
    return bernoulli_log_prob(self, x, out)


def log_prob_clipped(self, x, out):
    return bernoulli_log_prob(self, x, np.clip(out, -1, 1))


def log_prob_without_the_last_term(self, x, out):
    return np.vecdot(x, out) - np.sum(np.maximum(out, 0), axis=1)


BREAKS = [
    ("gaussian-kl-quadrature", swap(gaussian, "gaussian_kl_between", kl_without_its_half)),
    ("gaussian-kl-quadrature", swap(gaussian, "gaussian_kl_between", kl_the_other_way)),
    ("gaussian-kl-quadrature", swap(gaussian, "gaussian_kl", kl_of_a_deviation)),
    (
        "gaussian-kl-monte-carlo",
        swap(gaussian, "reparameterize", sample_with_variance_for_deviation),
    ),
    ("gaussian-kl-monte-carlo", swap(gaussian, "gaussian_log_density", density_of_a_deviation)),
    ("bernoulli-floor", swap(likelihoods.Bernoulli, "log_prob", log_prob_without_the_last_term)),
    ("bernoulli-floor", swap(likelihoods.Bernoulli, "log_prob", log_prob_clipped)),
    (
        "continuous-bernoulli-normalised",
        swap(likelihoods.ContinuousBernoulli, "log_prob", cross_entropy),
    ),
    (
        "continuous-bernoulli-optimum",
        swap(likelihoods.ContinuousBernoulli, "log_prob", cross_entropy),
    ),
    ("gaussian-shared-variance", swap(likelihoods, "log_density", density_of_a_deviation)),
]
