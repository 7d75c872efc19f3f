"""Plug-in prediction treats estimates as the truth and covers too little; Student's t mends it."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import integrate, special, stats

from minivae.bayes import conjugate, plug_in
from minivae.claims import Outcome, claim
from minivae.claims.pictures import along
from minivae.edge.checks import Array


@claim(
    "Plug-in 95 % intervals cover less than they claim",
    source="derived here",
)
def plug_in_under_coverage() -> Outcome:
    """The interval mean +- 1.96 s of n normal observations contains the next one too rarely.

    The next value minus the *estimated* mean has the variance sigma^2 (1 + 1/n), and s is an
    estimate, too. So the ratio of this difference to s sqrt(1 + 1/n) is Student's t with n - 1
    degrees of freedom, and the coverage is P(|t| < 1.96 / sqrt(1 + 1/n)): .77 for n = 3, .94 for n
    = 30. The maximum-likelihood standard deviation is smaller by sqrt((n-1) / n), and its coverages
    are .70 and .93. The exact value integrates the density of Student's t. The measured values are
    the library's probability, and a simulation with the library's interval.
    """
    sizes, n_repetitions = [3, 5, 10, 30], 100_000
    samples = np.random.default_rng(0).normal(2, 0.3, size=(n_repetitions, 31))
    exact, simulated, stated = np.empty((3, 2, 4))
    for ddof in (1, 0):
        for i, n in enumerate(sizes):
            low, high = plug_in.plug_in_interval(samples[:, :n], ddof=ddof)
            simulated[ddof, i] = np.mean((low < samples[:, n]) & (samples[:, n] < high))
            stated[ddof, i] = plug_in.plug_in_coverage(n, ddof=ddof)
            end = special.ndtri(0.975) / np.sqrt(1 + 1 / n)
            end *= 1 if ddof else np.sqrt((n - 1) / n)
            exact[ddof, i] = 2 * integrate.quad(lambda t, n=n: _student(t, n - 1), 0, end)[0]

    def draw(ax: Any) -> None:
        for ddof, name in ((1, "s, divisor n - 1"), (0, "maximum likelihood, divisor n")):
            ax.plot(sizes, exact[ddof], label=name)
            ax.plot(sizes, simulated[ddof], "ko", label="simulated" if ddof == 0 else "")
        ax.axhline(0.95, color="0.35", linestyle="--", label="what the interval says")
        ax.set(xlabel="observations", ylabel="coverage", xticks=sizes)
        ax.legend()

    error = np.sqrt(exact * (1 - exact) / n_repetitions)
    return Outcome(
        [exact, exact],
        [simulated, stated],
        tolerance=[5 * error, np.full_like(error, 1e-9)],
        because="five standard errors of 100,000 repetitions; and the quadrature",
        draw=draw,
    )


def _student(t: float, nu: int) -> float:
    """Return the density of Student's t, a normal over the root of a chi-squared of mean 1."""
    constant = special.gamma((nu + 1) / 2) / special.gamma(nu / 2) / np.sqrt(nu * np.pi)
    return float(constant * (1 + t * t / nu) ** (-(nu + 1) / 2))


@claim(
    "Student's t intervals cover as much as they claim",
    source="Gelman et al. 2013, chapter 3",
)
def t_interval_coverage() -> Outcome:
    """Under the prior 1 / variance, the predictive interval contains 95 % of the next values.

    The posterior predictive is mean + s sqrt(1 + 1/n) t with n - 1 degrees of freedom. Over
    repeated data sets, (next - mean) / (s sqrt(1 + 1/n)) has exactly this distribution. The
    measured value is the probability that N(2, .3^2) falls into the interval, averaged over
    simulated data sets.
    """
    rng, n_repetitions, sizes = np.random.default_rng(0), 600, (3, 8)
    truth = stats.norm(2, 0.3)
    measured, errors = [], []
    for n in sizes:
        samples = truth.rvs((n_repetitions, n), random_state=rng)
        low, high = np.transpose([_t_interval(data) for data in samples])
        coverage = truth.cdf(high) - truth.cdf(low)
        measured.append(coverage.mean())
        errors.append(coverage.std() / np.sqrt(n_repetitions))
    bars = 5 * np.array(errors)
    what = "share of next values inside"
    draw = along("observations", list(sizes), what, 0.95, measured, tolerance=bars)
    return Outcome(
        exact=0.95,
        measured=measured,
        tolerance=bars,
        draw=draw,
        because=f"five standard errors of {n_repetitions} data sets",
    )


def _t_interval(data: Array) -> Array:
    predictive = conjugate.NormalInverseGamma.from_reference_prior(data).predictive()
    return predictive.ppf([0.025, 0.975])
