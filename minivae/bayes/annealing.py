"""Annealed importance sampling: the integral of a density, by moving from a Gaussian to it.

References
----------
Neal (2001), Annealed importance sampling, Statistics and Computing 11. Wu, Burda, Salakhutdinov
and Grosse (2017), On the quantitative analysis of decoder-based generative models,
arXiv 1611.04273.
"""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from minivae.bayes.hamiltonian import LogDensityAndGradient
from minivae.edge.arguments import check_function, returned_pair
from minivae.edge.checks import (
    Array,
    as_matrix,
    as_same_shape,
    check_integer,
    check_real,
    check_rng,
)
from minivae.nn.gaussian import gaussian_log_density, reparameterize


class Annealed(NamedTuple):
    """The log weights of independent chains, shape (batch,), and the share of accepted moves.

    The mean of ``exp(log_weights)`` is an unbiased estimate of the integral.
    """

    log_weights: Array
    acceptance_rate: float


def annealed_importance_sampling(
    log_density_and_gradient: LogDensityAndGradient,
    mu: ArrayLike,
    log_var: ArrayLike,
    *,
    n_steps: int,
    step: float = 0.8,
    rng: Any = None,
) -> Annealed:
    """Weight chains that move from ``q = N(mu, exp(log_var))`` to the density p, step by step.

    Every chain starts at a draw from q. For ``b = 1/T, 2/T, ..., 1`` it first multiplies its weight
    by ``(p(z) / q(z))^(1/T)`` at its present z. Then it makes one move that leaves
    ``q^(1 - b) p^b`` invariant: a leapfrog step with an accept step. The expected weight is the
    integral of p for every number of steps and every step size; only the variance of the weights
    depends on them. With one step the method is importance sampling.

    Parameters
    ----------
    log_density_and_gradient : callable
        ``(batch, n_dims) -> (batch,), (batch, n_dims)``: log p, including constants, and its
        gradient.
    mu, log_var : array_like, shape (batch, n_dims)
        The distribution q of each chain's start. The standard deviations are also the scale of the
        moves.
    n_steps : int
        The number of steps T. With more steps, the logarithm of a mean weight has less bias.
    step : float
        The step size of the leapfrog, in standard deviations of q.
    rng : seed or Generator

    Returns
    -------
    Annealed

    Warns
    -----
    RuntimeWarning
        No move was accepted: the step is too large.
    """
    mu, log_var = as_same_shape(
        mu=as_matrix(mu, name="mu"), log_var=as_matrix(log_var, name="log_var")
    )
    n_steps, step = check_integer("n_steps", n_steps, 1), check_real("step", step, 0)
    check_function("log_density_and_gradient", log_density_and_gradient)
    rng, scale = check_rng(rng), step * np.exp(0.5 * log_var)

    def place(z: Array) -> _Place:
        name = "log_density_and_gradient"
        log_p, dlog_p = returned_pair(name, log_density_and_gradient(z), (z.shape[:1], z.shape))
        log_q = gaussian_log_density(z, mu, log_var)
        return _Place(z, log_p, log_q, dlog_p, (mu - z) * np.exp(-log_var))

    here = place(reparameterize(mu, log_var, rng.standard_normal(mu.shape)))
    log_weights, n_accepted = np.zeros(len(mu)), 0
    for before, b in pairwise(np.linspace(0, 1, n_steps + 1)):
        log_weights += (b - before) * (here.log_p - here.log_q)  # at z before the move
        if b < 1:
            here, accepted = _move(here, place, b, scale, rng)
            n_accepted += int(accepted.sum())
    n_moves = (n_steps - 1) * len(mu)
    if n_moves and not n_accepted:
        message = f"none of {n_moves} moves was accepted with step={step:g}: try a tenth of it"
        warnings.warn(message, RuntimeWarning, stacklevel=2)
    return Annealed(log_weights, n_accepted / n_moves if n_moves else 1.0)


class _Place(NamedTuple):
    """The state z of all chains, with the two log densities and their gradients at z."""

    z: Array
    log_p: Array
    log_q: Array
    dlog_p: Array
    dlog_q: Array

    def between(self, b: float) -> tuple[Array, Array]:
        """Return the logarithm of ``q^(1 - b) p^b``, and its gradient."""
        return (
            (1 - b) * self.log_q + b * self.log_p,
            (1 - b) * self.dlog_q + b * self.dlog_p,
        )


def _move(
    here: _Place, place: Any, b: float, scale: Array, rng: np.random.Generator
) -> tuple[_Place, Array]:
    """Make one leapfrog step for ``q^(1 - b) p^b``; return the state and which moves counted."""
    momentum = rng.standard_normal(here.z.shape)
    log_density, gradient = here.between(b)
    half = momentum + scale / 2 * gradient
    there = place(here.z + scale * half)
    new_log_density, new_gradient = there.between(b)
    new_momentum = half + scale / 2 * new_gradient
    kinetic = 0.5 * np.sum(new_momentum**2 - momentum**2, axis=1)
    accepted = -rng.standard_exponential(len(momentum)) < new_log_density - log_density - kinetic
    pairs = zip(there, here, strict=True)
    kept = [np.where(accepted if n.ndim == 1 else accepted[:, None], n, o) for n, o in pairs]
    return _Place(*kept), accepted
