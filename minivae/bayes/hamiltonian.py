"""Hamiltonian Monte Carlo: following the gradient leads to distant proposals, often accepted.

References
----------
Duane, Kennedy, Pendleton and Roweth (1987), Hybrid Monte Carlo. Neal (2011), MCMC Using
Hamiltonian Dynamics, arXiv 1206.1901.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minivae.bayes.chain import Chain
from minivae.bayes.sampler_checks import chain_of, check_start, start_of
from minivae.edge.arguments import check_function, returned_pair
from minivae.edge.checks import (
    ArgumentError,
    Array,
    as_same_shape,
    check_integer,
    check_real,
    check_rng,
)

LogDensityAndGradient = Callable[[Array], tuple[Array, Array]]


def leapfrog(
    log_density_and_gradient: LogDensityAndGradient,
    z: Array,
    momentum: Array,
    *,
    step: float,
    n_leapfrog: int,
) -> tuple[Array, Array, Array]:
    """Follow Hamilton's equations with the energy ``|momentum|^2 / 2 - log p(z)``.

    A leapfrog step is half a step of the momentum, a step of the position, and another half step of
    the momentum. Each of the three shifts one variable by a function of the other, which preserves
    volume. In reverse order the three are the same, so negating the momentum leads back to the
    start. The energy changes by O(step^2).

    Parameters
    ----------
    log_density_and_gradient : callable
        ``(batch, n_dims) -> (batch,), (batch, n_dims)``.
    z, momentum : array, shape (batch, n_dims)
        The start of each trajectory.
    step : float
        The step size.
    n_leapfrog : int
        The number of leapfrog steps in a trajectory.

    Returns
    -------
    z, momentum : array, shape (batch, n_dims)
        The end of each trajectory.
    log_density : array, shape (batch,)
        The log density at the end of each trajectory.
    """
    name, f = "log_density_and_gradient", log_density_and_gradient
    z, momentum = as_same_shape(z=z, momentum=momentum)
    check_real("step", step, -np.inf)
    check_integer("n_leapfrog", n_leapfrog, 0)
    log_p, gradient = returned_pair(name, check_function(name, f)(z), (z.shape[:1], z.shape))
    for _ in range(n_leapfrog):
        momentum = momentum + step / 2 * gradient
        z = z + step * momentum
        log_p, gradient = f(z)
        momentum = momentum + step / 2 * gradient
    return z, momentum, log_p


def hmc(
    log_density_and_gradient: LogDensityAndGradient,
    start: ArrayLike,
    n_samples: int,
    *,
    step: float,
    n_leapfrog: int,
    rng: Any = None,
) -> Chain:
    """Draw a momentum, follow the leapfrog, accept with probability min(1, exp(energy lost)).

    The accept step makes the target exact for every step size. It does so even for a wrong
    gradient, which only lowers the acceptance rate. So only a gradient check finds such a mistake;
    with `f` for `log_density_and_gradient`::

        check_gradients(lambda z: f(z)[0], z, backward=lambda z, dy: dy[:, None] * f(z)[1])

    On a Gaussian, the leapfrog is stable for steps below twice the smallest standard deviation. A
    trajectory of about one period (``step * n_leapfrog`` near 2 pi standard deviations) returns to
    its start, so the chain hardly mixes.

    Parameters
    ----------
    log_density_and_gradient : callable
        ``(batch, n_dims) -> (batch,), (batch, n_dims)``. A constant factor of the density does not
        matter.
    start : array_like, shape (n_dims,)
        The start of the chain, which is not among the samples.
    n_samples : int
    step : float
        The step size of the leapfrog.
    n_leapfrog : int
        The number of leapfrog steps in a trajectory.
    rng : seed or Generator

    Returns
    -------
    Chain

    Raises
    ------
    ValueError
        The log density is not finite at `start`.

    Warns
    -----
    RuntimeWarning
        No trajectory was accepted.
    """
    z, n_samples = check_start(start, n_samples)
    step, n_leapfrog = check_real("step", step, 0), check_integer("n_leapfrog", n_leapfrog, 1)
    rng = check_rng(rng)
    log_p = start_of("log_density_and_gradient", log_density_and_gradient, z, gradient=True)[0]
    samples, n_accepted = np.empty((n_samples, z.shape[1])), 0
    for n in range(n_samples):
        momentum = rng.standard_normal(z.shape)
        with np.errstate(over="ignore", invalid="ignore"):  # an unstable trajectory is rejected
            end, end_momentum, end_log_p = leapfrog(
                log_density_and_gradient, z, momentum, step=step, n_leapfrog=n_leapfrog
            )
            kinetic, end_kinetic = (momentum**2).sum() / 2, (end_momentum**2).sum() / 2
            if not end_log_p[0] < np.inf and np.isfinite(end).all():
                raise ArgumentError(
                    "log_density_and_gradient must return finite log densities, or minus infinity "
                    f"outside the support, got {end_log_p[0]} at {end[0]}"
                )
            energy_lost = (kinetic - log_p) - (end_kinetic - end_log_p[0])
        if -rng.standard_exponential() < energy_lost:
            z, log_p = end, end_log_p[0]
            n_accepted += 1
        samples[n] = z[0]
    return chain_of(samples, n_accepted, step)
