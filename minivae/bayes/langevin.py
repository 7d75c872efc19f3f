"""Stochastic gradient Hamiltonian Monte Carlo: friction and noise in the place of an accept step.

Two integrators stand side by side, `baoab` and `euler`, the form in which the method was published.
Both ask for one gradient a step, and the gradient may come from a minibatch.

References
----------
Chen, Fox, Guestrin: Stochastic gradient Hamiltonian Monte Carlo, ICML 2014, arXiv 1402.4102.
Leimkuhler, Matthews: Rational construction of stochastic numerical methods for molecular sampling,
Applied Mathematics Research eXpress 2013(1), arXiv 1203.5428.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minivae.bayes.chain import Chain
from minivae.bayes.hamiltonian import LogDensityAndGradient
from minivae.bayes.sampler_checks import check_start, start_of
from minivae.edge.arguments import check_choice
from minivae.edge.checks import Array, check_integer, check_real, check_rng

Integrator = Callable[[Array, Array, Array, Any, float, Array], tuple[Array, Array]]

RISE = 100.0  # nats of energy above the start, for each coordinate, at which a chain has diverged


def baoab(
    z: Array, v: Array, gradient: Array, h: Any, friction: float, eps: Array
) -> tuple[Array, Array]:
    """Take one step: a kick, half a drift, friction and noise, and the other half of the drift.

    The name has a letter for each part: B kicks, A drifts, O is friction with noise. The last B of
    a step and the first B of the next kick at the same place, so they are made as one here. On a
    normal of precision kappa the positions have the variance ``1 / kappa`` exactly, for every
    ``h kappa < 4``.

    Parameters
    ----------
    z, v : array
        Position and velocity; the velocity is in units of displacement, one step long.
    gradient : array
        The gradient of the log density at z.
    h : float or array
        The square of the step size.
    friction : float
        The share of its velocity that a chain loses in a step.
    eps : array
        Standard normal noise of the shape of z.

    Returns
    -------
    z, v : array
    """
    v = v + h * gradient
    z = z + v / 2
    v = (1 - friction) * v + np.sqrt(h * (1 - (1 - friction) ** 2)) * eps  # keeps v ~ N(0, h)
    return z + v / 2, v


def euler(
    z: Array, v: Array, gradient: Array, h: Any, friction: float, eps: Array
) -> tuple[Array, Array]:
    """Take one step as Chen, Fox and Guestrin (2014) write it: equation 15, without its estimate B.

    On a normal of precision kappa the positions have the variance
    ``1 / (kappa (1 - h kappa / (2 (2 - friction))))``, which is too large for every step size.
    Parameters and results are those of `baoab`.
    """
    v = (1 - friction) * v + h * gradient + np.sqrt(2 * friction * h) * eps
    return z + v, v


INTEGRATORS: dict[str, Integrator] = {"baoab": baoab, "euler": euler}


def check_integrator(name: Any) -> Integrator:
    """Return the integrator of that name, or refuse the name."""
    return INTEGRATORS[check_choice("integrator", name, INTEGRATORS)]


def sghmc(
    log_density_and_gradient: LogDensityAndGradient,
    start: ArrayLike,
    n_samples: int,
    *,
    step: float,
    friction: float,
    burn_in: int = 0,
    integrator: str = "baoab",
    rng: Any = None,
) -> Chain:
    """Follow the gradient with friction and noise; nothing is rejected.

    With exact gradients and small steps the chain has the target as its stationary distribution.
    With `baoab` this holds on a Gaussian for every stable step, that is below twice the smallest
    standard deviation. A gradient from a minibatch with the variance B makes the chain too wide, on
    a normal of precision kappa by ``step^2 B (2 - a) / (4 a kappa (1 - step^2 kappa / 4))`` for the
    friction a.

    Parameters
    ----------
    log_density_and_gradient : callable
        ``(batch, n_dims) -> (batch,), (batch, n_dims)``. A constant factor of the density does not
        matter. Both may be estimates; the log density only tells a chain that diverges.
    start : array_like, shape (n_dims,)
        The start of the chain, which is not among the samples.
    n_samples : int
    step : float
        The step size, as in `hmc`.
    friction : float
        The share of its velocity that the chain loses in a step, in (0, 1].
    burn_in : int
        Steps before the first sample.
    integrator : {"baoab", "euler"}
        ``"euler"`` is the form of Chen et al. (2014).
    rng : seed or Generator

    Returns
    -------
    Chain

    Raises
    ------
    ValueError
        An argument is out of its range, or the log density is not finite at `start`.
    FloatingPointError
        The chain diverges: its energy rises by more than 100 nats a coordinate.
    """
    z, n_samples = check_start(start, n_samples)
    step, friction = (
        check_real("step", step, 0),
        check_real("friction", friction, 0, 1, closed="high"),
    )
    burn_in, move = check_integer("burn_in", burn_in, 0), check_integrator(integrator)
    rng, h = check_rng(rng), step**2
    log_p = start_of("log_density_and_gradient", log_density_and_gradient, z, gradient=True)[0]
    gradient = log_density_and_gradient(z)[1]
    v = step * rng.standard_normal(z.shape) - h / 2 * gradient  # the first kick is half of one
    ceiling = RISE * (z.size + 1) - log_p
    samples = np.empty((burn_in + n_samples, z.shape[1]))
    for n in range(len(samples)):
        z, v = move(z, v, gradient, h, friction, rng.standard_normal(z.shape))
        with np.errstate(over="ignore", invalid="ignore"):  # reported in the next lines
            log_p, gradient = log_density_and_gradient(z)
            energy = np.sum(v**2) / (2 * h) - log_p[0]
        if not energy < ceiling:
            raise FloatingPointError(
                f"the chain diverged with step={step:g}: after {n + 1} steps the log density is "
                f"{log_p[0]:.3g}; try a tenth of the step, and check the gradient"
            )
        samples[n] = z[0]
    return Chain(samples[burn_in:], acceptance_rate=1.0)
