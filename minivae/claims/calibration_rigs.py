"""Ranks that are uniform when a sampler or a posterior is right: calibration by simulation.

Parameters are drawn from the prior, data given them, and parameters again given the data: the
first and the second are then exchangeable, so among L draws given the data the first has a rank
that is uniform over 0, ..., L. It is ranked by itself and by its likelihood: a sampler that ignores
the data, and gives back the prior, passes the first and fails the second.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

from minivae.edge.checks import Array

N_DRAWS = 15  # so that the ranks fall into 16 places

Run = Callable[[Array, int], Array]  # so many steps of a chain from a start
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
    """Return the chance of so uneven ranks for each statistic: chi-squared over the quarters.

    Whoever is off, too wide or too narrow is so in quarters too, and few places see it sooner.
    """
    counts = [np.bincount(column // ((N_DRAWS + 1) // 4), minlength=4) for column in found.T]
    return np.array([stats.chisquare(count).pvalue for count in counts])


def around(start: Array, forward: Run, backward: Run, rng: np.random.Generator) -> Array:
    """Return the other states of a chain in which the start has a place drawn at random.

    If the start comes from the target, so does every state, and the chain may not know which one
    was first: it goes on forward, and before it backward, in the other direction of time, which for
    a reversible chain is the same. So ranks are uniform however slowly it moves.
    """
    place = int(rng.integers(0, N_DRAWS + 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a short chain may refuse all
        parts = [
            run(start, n) for run, n in ((backward, place), (forward, N_DRAWS - place)) if n > 0
        ]
    return np.concatenate(parts)


def draw_ranks(ax: Any, histograms: dict[str, Array]) -> None:
    """Draw rank histograms beside each other, and the band in which 99 % of even bars are."""
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
