"""Tutorial 06: a coin's posterior, a step of Metropolis, and an ELBO in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import betaln

from minivae.bayes import BetaBernoulli, LinearGaussianModel
from minivae.course.exercises import Exercises, ValueCheck
from minivae.edge.checks import Array
from minivae.nn.gaussian import gaussian_kl

rng = np.random.default_rng(6)
coins = np.array([1, 1, 0, 1, 0, 1, 1])
z = rng.normal(size=40)
proposal = z + rng.normal(size=40)
x = rng.normal(size=5)
mu = rng.normal(size=5)
log_var = rng.normal(size=5)
noise = rng.normal(size=40)  # the densities need not be those of a normal distribution
u = rng.uniform(0.01, 1, size=40)


def posterior(data: Array, a: float, b: float) -> tuple[float, float, float]:
    """Return the library's posterior and log evidence."""
    prior = BetaBernoulli(a, b)
    after = prior.update(data)
    return after.a, after.b, prior.log_evidence(data)


def likelihood_of_the_prior_mean(data: Array, a: float, b: float) -> tuple[float, float, float]:
    """Return log p(data) as if the chance of a one were the prior's mean."""
    after = posterior(data, a, b)
    ones = after[0] - a
    log_chances = np.log([a / (a + b), b / (a + b)])
    return after[0], after[1], float(log_chances @ [ones, len(data) - ones])


def predicted_afterwards(data: Array, a: float, b: float) -> tuple[float, float, float]:
    """Return the evidence from predictions by posteriors that have seen the toss already."""
    belief, log_evidence = BetaBernoulli(a, b), 0.0
    for toss in data:
        belief = belief.update([toss])
        log_evidence += float(belief.predictive().logpmf(toss))
    return belief.a, belief.b, log_evidence


def in_any_order(data: Array, a: float, b: float) -> tuple[float, float, float]:
    """Return the log probability of the same number of ones, in any order."""
    after = posterior(data, a, b)
    ones, n = float(np.sum(data)), len(data)
    log_orders = -np.log(n + 1) - betaln(ones + 1, n - ones + 1)
    return after[0], after[1], after[2] + float(log_orders)


def step(z: Array, proposal: Array, log_p_z: Array, log_p_proposal: Array, u: Array) -> Array:
    """Return the places after a step, which compares log u with the log ratio."""
    return np.where(np.log(u) < log_p_proposal - log_p_z, proposal, z)


def ratio_of_exps(z: Array, proposal: Array, p: Array, q: Array, u: Array) -> Array:
    """Return the places after a step that takes the exp of both log densities, and divides."""
    return np.where(u < np.exp(q) / np.exp(p), proposal, z)


def closed_form(x: Array, w: float, noise_variance: float, mu: Array, log_var: Array) -> Any:
    """Return the library's ELBO of a linear decoder."""
    model = LinearGaussianModel(np.array([[w]]), noise_variance)
    return model.elbo(x[:, None], mu[:, None], log_var[:, None])


def spread(w: float, noise_variance: float, width: Array) -> Array:
    """Return the nats that the width of q costs the reconstruction."""
    return w**2 * width / (2 * noise_variance)


EXERCISES: Exercises = {
    "coin_posterior": [
        ValueCheck(
            posterior,
            (coins, 2.0, 3.0),
            returns=("a_after", "b_after", "log_evidence"),
            mistakes={
                "the prior is forgotten: add the data's counts to a and b": (
                    lambda data, a, b: (
                        posterior(data, a, b)[0] - a,
                        posterior(data, a, b)[1] - b,
                        posterior(data, a, b)[2],
                    )
                ),
                "b grows with the zeros, not with all tosses": (
                    lambda data, a, b: (
                        posterior(data, a, b)[0],
                        b + len(data),
                        posterior(data, a, b)[2],
                    )
                ),
                "the evidence has one chance for all tosses: update it after each toss": (
                    likelihood_of_the_prior_mean
                ),
                "predict a toss with the a and b *before* it, not after it": predicted_afterwards,
                "the data have an order: no binomial coefficient": in_any_order,
                "the evidence is not a logarithm": (
                    lambda data, a, b: (
                        *posterior(data, a, b)[:2],
                        np.exp(posterior(data, a, b)[2]),
                    )
                ),
            },
            hint="a + ones, b + zeros; predict each toss with the a and b before it",
        ),
    ],
    "metropolis_step": [
        ValueCheck(
            step,
            (z, proposal, -z * z / 2 + noise, -proposal * proposal / 2 + noise, u),
            returns="z",
            mistakes={
                "only likelier proposals are accepted: this climbs, and does not sample": (
                    lambda z, proposal, p, q, u: np.where(q > p, proposal, z)
                ),
                "the ratio is upside down: p(proposal) / p(z)": (
                    lambda z, proposal, p, q, u: np.where(np.log(u) < p - q, proposal, z)
                ),
                "u is compared with a difference of logarithms: take log u": (
                    lambda z, proposal, p, q, u: np.where(u < q - p, proposal, z)
                ),
                "stay and go are exchanged": (
                    lambda z, proposal, p, q, u: np.where(np.log(u) < q - p, z, proposal)
                ),
                "every proposal is accepted": lambda z, proposal, p, q, u: proposal,
            },
            hint="log u < log_p_proposal - log_p_z",
        ),
        ValueCheck(
            step,
            (z, proposal, -z * z / 2 - 800, -proposal * proposal / 2 - 800, u),
            returns="z",
            mistakes={
                "a ratio of densities that are 0 in the computer: compare logarithms": ratio_of_exps
            },
            hint="log u < log_p_proposal - log_p_z; for log p = -800 the density itself is 0",
        ),
    ],
    "elbo": [
        ValueCheck(
            closed_form,
            (x, 1.5, 0.6, mu, log_var),
            returns="elbo",
            mistakes={
                "the width of q is missing: E (x - w z)^2 has a term w^2 e^log_var": (
                    lambda x, w, s2, mu, lv: (
                        closed_form(x, w, s2, mu, lv) + spread(w, s2, np.exp(lv))
                    )
                ),
                "the KL is added: the ELBO subtracts it": (
                    lambda x, w, s2, mu, lv: (
                        closed_form(x, w, s2, mu, lv) + 2 * gaussian_kl(mu[:, None], lv[:, None])
                    )
                ),
                "log 2 pi is missing: -1/2 log 2 pi for each x": (
                    lambda x, w, s2, mu, lv: closed_form(x, w, s2, mu, lv) + np.log(2 * np.pi) / 2
                ),
                "the width of q enters as a standard deviation: e^log_var is the variance": (
                    lambda x, w, s2, mu, lv: (
                        closed_form(x, w, s2, mu, lv) + spread(w, s2, np.exp(lv) - np.exp(lv / 2))
                    )
                ),
                "the noise variance is used as a standard deviation": (
                    lambda x, w, s2, mu, lv: closed_form(x, w, s2**2, mu, lv)
                ),
            },
            hint="E_q (x - w z)^2 = (x - w mu)^2 + w^2 e^log_var",
        ),
    ],
}
