"""SGHMC without an accept step: what its two integrators keep, and what they miss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import linalg

from minivae.bayes import langevin
from minivae.claims import Outcome, claim
from minivae.edge.checks import Array

N_SETTINGS = 200


@claim(
    "On a normal, BAOAB has the exact variance for every stable step, and Euler's form too much",
    source="Leimkuhler and Matthews 2013; Chen et al. 2014; derived here",
)
def langevin_stationary_law() -> Outcome:
    """A step on a normal is linear, so its stationary law solves a Lyapunov equation.

    Let kappa be the precision, h = step^2, a the friction, B the variance of the gradients, c = 2 -
    a. BAOAB has kappa Var z = 1 + h B c / (4 a (1 - h kappa / 4)). Euler's form has kappa Var z =
    (1 + h B / (2 a)) / (1 - h kappa / (2 c)). On a normal a step is linear in position, velocity
    and noise: s' = A s + N e. So the stationary covariance solves S = A S A^T + N N^T. The measured
    values are scipy's solutions, divided by the formulas; A and N are what the library's step does
    to unit vectors. There are 200 random settings for each form, half of them with B = 0.
    """
    rng, ratios = np.random.default_rng(0), []
    for i in range(2 * N_SETTINGS):
        move, a = (langevin.baoab, langevin.euler)[i % 2], rng.uniform(0.02, 1)
        kappa, B = np.exp(rng.normal()), rng.exponential() * (i % 4 > 1)
        h = rng.uniform(0.01, 0.95) * _largest(move, a) / kappa
        ratios.append(_stationary(move, kappa, h, a, B)[0, 0] / _formula(move, kappa, h, a, B))

    def draw(ax: Any) -> None:
        a = 0.05
        h = np.linspace(0.01, 3.8, 200)
        for (name, move), line in zip(langevin.INTEGRATORS.items(), ("-", "--"), strict=True):
            ax.semilogy(np.sqrt(h), [_formula(move, 1, x, a, 0) for x in h], line, label=name)
            found = [_stationary(move, 1, x, a, 0)[0, 0] for x in h[::20]]
            ax.semilogy(np.sqrt(h[::20]), found, "k.")
        ax.set(
            xlabel="step (standard deviations of the target)",
            ylabel="variance of the samples",
            title="dots: by the Lyapunov equation, friction .05",
        )
        ax.legend()

    return Outcome(
        exact=1, measured=ratios, tolerance=1e-10, because="rounding of the solver", draw=draw
    )


@claim(
    "Chains of SGHMC have the variance that their integrator has on a normal",
    source="Chen et al. 2014; derived here",
)
def langevin_chains() -> Outcome:
    """The same law, found by running: 1,500 steps of 400 independent coordinates.

    With the friction a = .3, BAOAB has the variance 1 at the steps .5, 1 and 1.6, and Euler's form
    has 1 / (1 - step^2 / (2 (2 - a))), which is 1.08, 1.42 and 4.05. The samples are those of
    `sghmc` as users call it.
    """
    a, steps = 0.3, (0.5, 1.0, 1.6)
    exact, measured, errors = [], [], []
    for name, move in langevin.INTEGRATORS.items():
        for step in steps:
            options: dict[str, Any] = {"step": step, "friction": a, "integrator": name}
            start = np.full(400, 0.5)
            chain = langevin.sghmc(_standard_normal, start, 1500, burn_in=100, rng=1, **options)
            squares = np.mean(chain.samples**2, axis=0)
            exact.append(_formula(move, 1, step**2, a, 0))
            measured.append(squares.mean())
            errors.append(squares.std() / np.sqrt(len(squares)))
    return Outcome(
        exact, measured, tolerance=5 * np.array(errors), because="five standard errors, by chains"
    )


@claim(
    "BAOAB is stable for steps below 2 standard deviations, Euler's form below sqrt(2 (2 - a))",
    source="Leimkuhler and Matthews 2013; derived here",
)
def langevin_stability() -> Outcome:
    """A chain stays bounded while the eigenvalues of its step's matrix are inside the unit circle.

    Both matrices have the determinant 1 - a, so the product of the eigenvalues is below 1. The
    trace falls with h kappa, from 2 - a. An eigenvalue passes -1 where trace = -2 + a, which is at
    h kappa = 4 for BAOAB, and at h kappa = 2 (2 - a) for Euler's form. The measured values are the
    largest absolute eigenvalues at these steps: exactly 1.
    """
    frictions = np.linspace(0.05, 0.95, 10)

    def radius(move: Callable[..., Any], h: float, a: float) -> float:
        return float(np.max(np.abs(np.linalg.eigvals(_matrices(move, 1.0, h, a, 0.0)[0]))))

    moves = (langevin.baoab, langevin.euler)
    measured = [radius(move, _largest(move, a), a) for move in moves for a in frictions]

    def draw(ax: Any) -> None:
        steps = np.linspace(0.05, 2.3, 200)
        for (name, move), line in zip(langevin.INTEGRATORS.items(), ("-", "--"), strict=True):
            ax.plot(steps, [radius(move, h, 0.3) for h in steps**2], line, label=name)
        ax.axhline(1, color="0.35", linestyle=":", label="stable below")
        ax.set(
            xlabel="step (standard deviations of the target), friction .3",
            ylabel="largest eigenvalue of a step",
        )
        ax.legend()

    return Outcome(1, measured, tolerance=1e-7, because="rounding of the eigenvalues", draw=draw)


def _largest(move: Callable[..., Any], a: float) -> float:
    """Return the h kappa at which a step is no longer stable."""
    return 4.0 if move is langevin.baoab else 2 * (2 - a)


def _formula(move: Callable[..., Any], kappa: float, h: float, a: float, B: float) -> float:
    if move is langevin.baoab:
        return (1 + h * B * (2 - a) / (4 * a * (1 - h * kappa / 4))) / kappa
    return (1 + h * B / (2 * a)) / (1 - h * kappa / (2 * (2 - a))) / kappa


def _matrices(
    move: Callable[..., Any], kappa: float, h: float, a: float, B: float
) -> tuple[Array, Array]:
    """Return A and N of ``(z, v)' = A (z, v) + N (eps, noise of the gradient)``."""
    z, v, eps, noise = np.eye(4)
    moved = np.array(move(z, v, -kappa * z + np.sqrt(B) * noise, h, a, eps))
    return moved[:, :2], moved[:, 2:]


def _stationary(move: Callable[..., Any], kappa: float, h: float, a: float, B: float) -> Array:
    """Return the stationary covariance of position and velocity."""
    A, N = _matrices(move, kappa, h, a, B)
    covariance: Array = linalg.solve_discrete_lyapunov(A, N @ N.T)
    return covariance


def _standard_normal(z: Array) -> tuple[Array, Array]:
    return -0.5 * np.sum(z**2, axis=1), -z
