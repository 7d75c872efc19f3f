"""The Metropolis random walk: how often it moves, and why a rejected step must be counted."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from minivae.bayes import mcmc
from minivae.bayes.chain import Chain
from minivae.claims import Outcome, claim
from minivae.claims.sampling_rigs import lag_1, standard_error
from minivae.edge.checks import Array


@claim(
    "A random walk on N(0, 1) is accepted at the rate (2 / pi) atan(2 / step)",
    source="Gelman, Roberts and Gilks 1996",
)
def metropolis_acceptance() -> Outcome:
    """Metropolis with proposals x + step * eps accepts a share of (2 / pi) atan(2 / step).

    In equilibrium, moves to a smaller density are as frequent as moves to a larger one, and the
    latter are always accepted. So the rate is 2 P(|x + step * eps| < |x|). For x > 0 this means -2
    x / step < eps < 0, an angle of atan(2 / step) in the plane of the standard normals (x, eps).
    With x < 0 it is twice this angle, out of 2 pi. The rate falls like 1 / step.
    """
    steps = np.array([0.5, 1.0, 2.38, 10.0])
    chains = [_random_walk(step, 20_000) for step in steps]
    rates = [chain.acceptance_rate for chain in chains]
    errors = [standard_error(np.diff(chain.samples[:, 0]) != 0) for chain in chains]

    def draw(ax: Any) -> None:
        x = np.geomspace(0.1, 20, 200)
        ax.semilogx(x, 2 / np.pi * np.arctan(2 / x), label="(2 / pi) atan(2 / step)")
        ax.semilogx(steps, rates, "ko", label="measured")
        ax.set(xlabel="step (standard deviations of the target)", ylabel="acceptance rate")
        ax.legend()

    exact = 2 / np.pi * np.arctan(2 / steps)
    memory = ", ".join(f"{lag_1(chain.samples):.2f}" for chain in chains)
    return Outcome(
        exact,
        rates,
        tolerance=5 * np.array(errors),
        because=f"five standard errors by batches; autocorrelation at lag 1: {memory}",
        draw=draw,
    )


@claim(
    "Metropolis moves from one place to another as often as back",
    source="Metropolis et al. 1953",
)
def detailed_balance() -> Outcome:
    """The flow from x to y is p(x) q(y - x) min(1, p(y) / p(x)), and the flow from y to x is equal.

    It equals q(y - x) min(p(x), p(y)), which is symmetric in x and y for a symmetric proposal q. So
    every place receives as much as it gives, and p does not change. The measured values are how
    often the chain moves from one interval to another; the exact values integrate this formula over
    both intervals.
    """
    step, cuts = 1.5, [-1.0, 0.0, 0.5]
    x = np.arange(-6, 6, 0.01) + 0.005  # midpoints
    p = stats.norm.pdf(x)
    flow = stats.norm(0, step).pdf(x[:, None] - x) * np.minimum(p[:, None], p)
    inside = np.digitize(x, cuts)[:, None] == np.arange(4)  # (1200, 4)
    exact = inside.T @ flow @ inside * 0.01**2

    cells = np.digitize(_random_walk(step, 40_000).samples[:, 0], cuts)
    measured, error = np.zeros((2, 4, 4))
    for i, j in np.ndindex(4, 4):
        passes = (cells[:-1] == i) & (cells[1:] == j)
        measured[i, j], error[i, j] = passes.mean(), standard_error(passes)
    elsewhere = ~np.eye(4, dtype=bool)  # the diagonal also counts rejections

    def draw(ax: Any) -> None:
        image = ax.imshow(np.where(elsewhere, measured, np.nan), cmap="gray_r", vmin=0)
        ax.figure.colorbar(image, ax=ax, label="share of all steps")
        names = ["below -1", "-1 to 0", "0 to .5", "above .5"]
        ax.set_xticks(range(4), names)
        ax.set_yticks(range(4), names)
        ax.set(xlabel="to", ylabel="from")

    return Outcome(
        exact[elsewhere],
        measured[elsewhere],
        5 * error[elsewhere],
        because="five standard errors by batches of 1,000 steps",
        draw=draw,
    )


@claim(
    "A rejected step must repeat the state: without repeats the chain has another distribution",
    source="derived here",
)
def rejection_repeats_the_state() -> Outcome:
    """Without repeats a chain counts each state in proportion to the probability of leaving it.

    It then samples p(x) a(x) instead of p(x), where a(x) is the probability that a proposal from x
    is accepted. On N(0, 1) long steps are rejected most often at the peak, which then counts too
    little: the variance is 1.13 at step 2.38 and approaches 4/3. For steps below 1.3 the variance
    is too small, down to .93. With its repeats, every chain has variance 1. The exact values
    integrate p(x) a(x).
    """
    steps = (2.38, 6.0)
    kept, dropped = [], []
    for step in steps:
        values = _random_walk(step, 40_000).samples[:, 0]
        kept.append(values**2)
        dropped.append(values[1:][np.diff(values) != 0] ** 2)

    def draw(ax: Any) -> None:
        x = np.geomspace(0.1, 20, 15)
        ax.semilogx(x, [_variance_without_repeats(step) for step in x], label="dropped, exact")
        ax.semilogx(steps, [v.mean() for v in dropped], "ko", label="dropped, measured")
        ax.semilogx(steps, [v.mean() for v in kept], "k^", label="kept, measured")
        ax.axhline(1, color="0.35", linestyle="--", label="target")
        ax.set(xlabel="step (standard deviations of the target)", ylabel="variance of the chain")
        ax.legend(title="repeats")

    return Outcome(
        exact=[1, 1, *map(_variance_without_repeats, steps)],
        measured=[v.mean() for v in kept + dropped],
        tolerance=[5 * standard_error(v) for v in kept + dropped],
        because="five standard errors by batches of 1,000 steps",
        draw=draw,
    )


def _variance_without_repeats(step: float) -> float:
    x = np.linspace(-6, 6, 301)
    y = x[:, None] + step * np.linspace(-6, 6, 2001)
    accepted = np.minimum(1, np.exp((x[:, None] ** 2 - y**2) / 2))
    leaving = np.trapezoid(stats.norm.pdf(y, x[:, None], step) * accepted, y, axis=1)
    weights = leaving * stats.norm.pdf(x)
    return float(weights @ x**2 / weights.sum())


def _random_walk(step: float, n_samples: int) -> Chain:
    """Return a chain on N(0, 1) that starts at a draw from the target, so that it is stationary."""
    rng = np.random.default_rng(0)

    def log_density(z: Array) -> Array:
        return -0.5 * np.sum(z**2, axis=1)

    return mcmc.metropolis(log_density, rng.standard_normal(1), n_samples, step=step, rng=rng)
