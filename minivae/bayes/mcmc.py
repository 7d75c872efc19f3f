"""Markov chain Monte Carlo: samples from a density that is known up to a constant factor.

A log density takes a batch of rows: ``log_density(z)`` has shape (batch,) for z of shape
(batch, n_dims). It is in nats, and minus infinity outside the support.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minivae.bayes.chain import Chain
from minivae.bayes.sampler_checks import chain_of, check_start, start_of
from minivae.edge.arguments import check_function
from minivae.edge.checks import (
    ArgumentError,
    ArgumentTypeError,
    Array,
    check_real,
    check_rng,
    shown,
)

LogDensity = Callable[[Array], Array]
Conditional = Callable[[Array, np.random.Generator], float]


def metropolis(
    log_density: LogDensity, start: ArrayLike, n_samples: int, *, step: float, rng: Any = None
) -> Chain:
    """Walk at random, and accept a proposal with probability min(1, its density / the old one).

    Parameters
    ----------
    log_density : callable
        ``(batch, n_dims) -> (batch,)``. A constant factor of the density does not matter.
    start : array_like, shape (n_dims,)
        The start of the chain, which is not among the samples.
    n_samples : int
    step : float
        The standard deviation of the normal proposal, in each coordinate.
    rng : seed or Generator

    Returns
    -------
    Chain

    Raises
    ------
    ValueError
        `log_density` is not finite at `start`, or is NaN or plus infinity at a proposal.

    Warns
    -----
    RuntimeWarning
        No proposal was accepted.

    References
    ----------
    Metropolis, Rosenbluth, Rosenbluth, Teller and Teller (1953), Equation of State Calculations
    by Fast Computing Machines.
    """
    z, n_samples = check_start(start, n_samples)
    step, rng = check_real("step", step, 0), check_rng(rng)
    log_p = start_of("log_density", log_density, z, gradient=False)[0]
    samples, n_accepted = np.empty((n_samples, z.shape[1])), 0
    for n in range(n_samples):
        proposal = z + step * rng.standard_normal(z.shape)
        proposed_log_p = log_density(proposal)[0]
        if not proposed_log_p < np.inf:
            raise ArgumentError(
                f"log_density must be finite, or minus infinity outside its support, "
                f"got {proposed_log_p} at {proposal[0]}"
            )
        # the logarithm of a uniform number is minus a standard exponential number
        if -rng.standard_exponential() < proposed_log_p - log_p:
            z, log_p = proposal, proposed_log_p
            n_accepted += 1
        samples[n] = z[0]
    return chain_of(samples, n_accepted, step)


def gibbs(
    conditionals: Sequence[Conditional], start: ArrayLike, n_samples: int, *, rng: Any = None
) -> Chain:
    """Draw one coordinate after the other from its distribution given all other coordinates.

    Parameters
    ----------
    conditionals : sequence of n_dims callables
        ``conditionals[j](z, rng)`` draws coordinate j given the other coordinates of `z`, shape
        (n_dims,).
    start : array_like, shape (n_dims,)
        The start of the chain, which is not among the samples.
    n_samples : int
        The number of sweeps; each draws all coordinates in their order.
    rng : seed or Generator

    Returns
    -------
    Chain

    Raises
    ------
    ValueError
        The number of conditionals is not the number of coordinates, or a draw is not finite.

    References
    ----------
    Geman and Geman (1984), Stochastic Relaxation, Gibbs Distributions, and the Bayesian
    Restoration of Images.
    """
    rows, n_samples = check_start(start, n_samples)
    z, rng = rows[0].copy(), check_rng(rng)
    if not isinstance(conditionals, Sequence) or isinstance(conditionals, str):
        raise ArgumentTypeError(f"conditionals must be functions, got {shown(conditionals)}")
    if len(conditionals) != len(z):
        raise ArgumentError(
            f"conditionals must have one function for each of the {len(z)} coordinates of start, "
            f"got {len(conditionals)}"
        )
    for draw in conditionals:
        check_function("conditionals", draw)
    samples = np.empty((n_samples, len(z)))
    for n in range(n_samples):
        for j, draw in enumerate(conditionals):
            z[j] = draw(z, rng)
        if not np.isfinite(z).all():
            raise ArgumentError(f"conditionals must draw finite numbers, got {z} in sweep {n}")
        samples[n] = z
    return Chain(samples, acceptance_rate=1.0)
