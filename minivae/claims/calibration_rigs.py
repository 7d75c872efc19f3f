"""Calibration by simulation: the ranks are uniform if a sampler or a posterior is right.

Parameters are drawn from the prior, data given the parameters, and new parameters given the data.
The first and the new parameters are then exchangeable. So the rank of the first among L draws given
the data is uniform over 0, ..., L. Both the parameter and its likelihood are ranked: a sampler that
ignores the data and returns the prior passes with the parameter, and fails with the likelihood.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

from minivae.edge.checks import Array

N_DRAWS = 15  # so that there are 16 ranks

Run = Callable[[Array, int], Array]  # (start, n): n steps of a chain
Experiment = Callable[[np.random.Generator], tuple[Array, Array]]
# returns statistics of the truth, (n_statistics,), and of the draws, (N_DRAWS, n_statistics)


def ranks(experiment: Experiment, n: int, rng: np.random.Generator) -> Array:
    """Return the ranks of n repetitions, shape (n, n_statistics); ties are broken at random."""
    found = []
    for _ in range(n):
        truth, draws = experiment(rng)
        below, equal = np.sum(draws < truth, axis=0), np.sum(draws == truth, axis=0)
        found.append(below + rng.integers(0, equal + 1))
    return np.array(found)


def p_values(found: Array) -> Array:
    """Return the p-value of each statistic's ranks: a chi-squared test of their quarters.

    A sampler that is shifted, too wide or too narrow changes the shares of the quarters, and a test
    with few bins is the most sensitive.
    """
    counts = [np.bincount(column // ((N_DRAWS + 1) // 4), minlength=4) for column in found.T]
    return np.array([stats.chisquare(count).pvalue for count in counts])


def around(start: Array, forward: Run, backward: Run, rng: np.random.Generator) -> Array:
    """Return the other states of a chain in which the start has a random position.

    If the start is a draw from the target, so is every state, and the position of the start tells
    nothing. The chain continues forward from the start, and backward in the reverse direction of
    time; for a reversible chain the two directions are the same. So the ranks are uniform however
    slowly the chain moves.
    """
    place = int(rng.integers(0, N_DRAWS + 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a short chain may reject every proposal
        parts = [
            run(start, n) for run, n in ((backward, place), (forward, N_DRAWS - place)) if n > 0
        ]
    return np.concatenate(parts)


def draw_ranks(ax: Any, histograms: dict[str, Array]) -> None:
    """Draw rank histograms side by side, with the band of 99 % of the bars of uniform ranks."""
    width = 0.8 / len(histograms)
    for i, (name, found) in enumerate(histograms.items()):
        counts = np.bincount(found, minlength=N_DRAWS + 1)
        n = len(found)
        ax.bar(np.arange(N_DRAWS + 1) + i * width, counts / n, width, align="edge", label=name)
    low, high = stats.binom(n, 1 / (N_DRAWS + 1)).ppf([0.005, 0.995]) / n
    ax.axhspan(low, high, color="0.5", alpha=0.3, label="99 % of even bars")
    ax.set(xlabel="rank of the truth among the draws", ylabel="share of repetitions")
    ax.set_ylim(0, 1.5 * ax.get_ylim()[1])
    ax.legend()
