"""What estimates from random draws should be on average, and how far from it they may be."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy import integrate

from minivae.bayes.chain import Chain
from minivae.edge.checks import Array


def standard_error(values: Array) -> float:
    """Return the standard error of a chain's mean, whose samples depend on each other."""
    chain = Chain(values[:, None].astype(float), acceptance_rate=1.0)
    return float(values.std() / np.sqrt(chain.effective_sample_size()[0]))


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
