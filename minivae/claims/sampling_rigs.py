"""Expected values of estimates from random draws, and their standard errors."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy import integrate

from minivae.bayes.chain import Chain
from minivae.edge.checks import Array


def standard_error(values: Array, n_batches: int = 40) -> float:
    """Return the standard error of a chain's mean, from the means of batches.

    The batches are longer than the memory of the chain, so their means are almost independent.
    """
    length = len(values) // n_batches
    means = values[: length * n_batches].reshape(n_batches, length).mean(axis=1)
    return float(means.std(ddof=1) / np.sqrt(n_batches))


def lag_1(samples: Array) -> float:
    """Return the largest correlation of a coordinate with itself one step later."""
    x = samples - samples.mean(axis=0)
    return float(np.max(np.sum(x[1:] * x[:-1], axis=0) / np.sum(x**2, axis=0)))


def r_hat(chains: list[Chain]) -> str:
    """Return a text with the R-hat of Gelman and Rubin, near 1 for chains that agree."""
    x = np.array([chain.samples for chain in chains])  # (chains, steps, dims)
    within, between = x.var(axis=1, ddof=1).mean(axis=0), x.mean(axis=1).var(axis=0, ddof=1)
    ratio = np.sqrt(1 - 1 / x.shape[1] + between / within).max()
    return f"R-hat {ratio:.3f}, autocorrelation at lag 1 {lag_1(x[0]):.2f}"


def exact_bound(k: int, log_w: Array, weights: Array) -> float:
    """Return L_k by quadrature, from log w at the nodes of a rule for the integral over q.

    log M = int_0^inf (e^-t - e^(-t M)) / t dt, and for the mean M of k independent weights the
    expectation of the last is a power: E e^(-t M) = (E e^(-t w / k))^k.
    """
    log_p = float(np.log(weights @ np.exp(log_w)))
    w = np.exp(log_w - log_p)

    def integrand(u: float) -> float:  # t = e^u
        return float(np.exp(-np.exp(u)) - (weights @ np.exp(-np.exp(u) * w / k)) ** k)

    pieces = pairwise(range(-40, 61, 10))
    return log_p + sum(integrate.quad(integrand, *piece, epsabs=1e-10)[0] for piece in pieces)
