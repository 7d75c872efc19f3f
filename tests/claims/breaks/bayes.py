"""Ways to be wrong on Bayes before the VAE: conjugate pairs, chains, variational inference."""

from math import lgamma, log, sqrt

import numpy as np
from scipy import stats

from breaks import swap
from minivae.bayes import (
    amortization,
    annealing,
    conjugate,
    hamiltonian,
    mcmc,
    plug_in,
    variational,
)
from minivae.bayes.chain import Chain
from minivae.linear import linear_gaussian

real_move = annealing._move
real_metropolis = mcmc.metropolis
real_elbo_and_gradient = variational.elbo_and_gradient
real_mean_field = variational.gaussian_mean_field
real_reference_posterior = conjugate.NormalInverseGamma.from_reference_prior


def mode_for_mean(self):
    return stats.bernoulli((self.a - 1) / (self.a + self.b - 2))


def without_noise(self):
    return stats.norm(self.mean, sqrt(self.variance))


def half_the_degrees_of_freedom(self):
    scale = sqrt(self.beta * (self.kappa + 1) / (self.alpha * self.kappa))
    return stats.t(self.alpha, loc=self.mean, scale=scale)


def without_kappa(self):
    return lgamma(self.alpha) - self.alpha * log(self.beta)


def without_the_error_of_the_mean(n, level=0.95, *, ddof=1):
    width = stats.norm.ppf(0.5 + level / 2) * sqrt((n - 1) / (n - ddof))
    return 1 - 2 * stats.t(n - 1).sf(width)


def all_degrees_of_freedom(data):
    right = real_reference_posterior(data)
    n = len(data)
    return conjugate.NormalInverseGamma(right.mean, n, n / 2, right.beta)


def for_the_next_density(here, place, b, scale, rng):
    return real_move(here, place, min(1, b + 1 / 3), scale, rng)


def one_sided_time(self):
    correlation = self.autocorrelation(50)
    return correlation.sum(axis=0)


def gibbs_from_the_old_state(conditionals, start, n, *, rng):
    rng, z, samples = np.random.default_rng(rng), np.array(start, float), []
    for _ in range(n):
        z = np.array([draw(z, rng) for draw in conditionals])
        samples.append(z)
    return Chain(np.array(samples), 1.0)


def metropolis_of_the_root(log_density, start, n, **options):
    return real_metropolis(lambda z: log_density(z) / 2, start, n, **options)


def metropolis_without_repeats(*arguments, **options):
    chain = real_metropolis(*arguments, **options)
    moved = np.diff(chain.samples[:, 0], prepend=np.nan) != 0
    return Chain(chain.samples[moved], chain.acceptance_rate)


def metropolis_that_goes_round(*arguments, **options):
    """Visit the same states, but climb four steps and fall back."""
    chain = real_metropolis(*arguments, **options)
    samples = np.sort(chain.samples.reshape(-1, 4), axis=1).reshape(-1, 1)
    return Chain(samples, chain.acceptance_rate)


def kick_and_drift(target, z, momentum, *, step, n_leapfrog):
    for _ in range(n_leapfrog):
        momentum = momentum + step * target(z)[1]
        z = z + step * momentum
    return z, momentum, target(z)[0]


def hmc_that_never_refuses(target, start, n, *, step, n_leapfrog, rng):
    rng, z, samples = np.random.default_rng(rng), np.array([start]), []
    for _ in range(n):
        momentum = rng.standard_normal(z.shape)
        z, _, _ = hamiltonian.leapfrog(target, z, momentum, step=step, n_leapfrog=n_leapfrog)
        samples.append(z[0])
    return Chain(np.array(samples), 1.0)


def without_entropy(*arguments):
    elbo, dmu, dlog_var = real_elbo_and_gradient(*arguments)
    return elbo - arguments[2].sum() / 4, dmu, dlog_var - 0.25


def twice_the_gap(mean, precision):
    means, variances, gap = real_mean_field(mean, precision)
    return means, variances, 2 * gap


def standard_deviation_for_variance(mu, log_var):
    return 0.5 * np.sum(mu**2 + np.exp(log_var / 2) - 1 - log_var, axis=-1)


BREAKS = [
    ("annealing-is-unbiased", swap(annealing, "_move", for_the_next_density)),
    ("beta-bernoulli", swap(conjugate.BetaBernoulli, "predictive", mode_for_mean)),
    ("normal-mean", swap(conjugate.NormalKnownVariance, "predictive", without_noise)),
    (
        "normal-inverse-gamma",
        swap(conjugate.NormalInverseGamma, "predictive", half_the_degrees_of_freedom),
    ),
    (
        "evidence-one-step-at-a-time",
        swap(conjugate.NormalInverseGamma, "_log_normalizer", without_kappa),
    ),
    ("plug-in-under-coverage", swap(plug_in, "plug_in_coverage", without_the_error_of_the_mean)),
    (
        "t-interval-coverage",
        swap(conjugate.NormalInverseGamma, "from_reference_prior", all_degrees_of_freedom),
    ),
    ("gibbs-autocorrelation", swap(Chain, "autocorrelation_time", one_sided_time)),
    ("sampler-moments", swap(mcmc, "gibbs", gibbs_from_the_old_state)),
    ("metropolis-acceptance", swap(mcmc, "metropolis", metropolis_of_the_root)),
    ("detailed-balance", swap(mcmc, "metropolis", metropolis_that_goes_round)),
    ("rejection-repeats-the-state", swap(mcmc, "metropolis", metropolis_without_repeats)),
    ("leapfrog-modified-energy", swap(hamiltonian, "leapfrog", kick_and_drift)),
    ("leapfrog-order", swap(hamiltonian, "leapfrog", kick_and_drift)),
    ("leapfrog-reversibility", swap(hamiltonian, "leapfrog", kick_and_drift)),
    ("hamiltonian-accept-step", swap(hamiltonian, "hmc", hmc_that_never_refuses)),
    ("mean-field-variances", swap(variational, "elbo_and_gradient", without_entropy)),
    ("mean-field-gap", swap(variational, "gaussian_mean_field", twice_the_gap)),
    (
        "inference-gaps-add-up",
        swap(linear_gaussian, "gaussian_kl", standard_deviation_for_variance),
    ),
    ("amortization-gap", swap(linear_gaussian, "gaussian_kl", standard_deviation_for_variance)),
    ("one-gap-without-the-other", swap(amortization, "gaussian_mean_field", twice_the_gap)),
]
