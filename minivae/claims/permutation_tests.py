"""Permutation tests: the law of their p-values, under the null and given the data."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from scipy import stats

from minivae.claims import Outcome, claim
from minivae.diagnostics import two_samples
from minivae.edge.checks import Array

B = 19  # permutations
N_TESTS = 5000


def _p_value(X: Array, Y: Array, rng: np.random.Generator) -> float:
    options: dict[str, Any] = {"statistic": "energy", "n_permutations": B, "rng": rng}
    return two_samples.two_sample_test(X, Y, **options).p_value


@claim(
    "Without ties, a permutation test with B permutations rejects at k / (1 + B) that often",
    source="Phipson and Smyth 2010",
)
def p_values_are_uniform() -> Outcome:
    """Under the null, the statistic of the data has a uniform rank among those of B permutations.

    The data and their B permutations are 1 + B exchangeable arrangements. So the number of
    permutations that reach the statistic of the data is uniform on 0, ..., B, and p = (1 + count) /
    (1 + B) is uniform on the multiples of 1 / (1 + B): P(p <= k / (1 + B)) = k / (1 + B) for every
    k, exactly, for any statistic and any sample size. Here 5,000 tests compare 20 exponential
    numbers with 20 others, by the energy distance. The measured values are the shares of p-values
    up to each multiple of 1/20. The picture also shows count / B, which is 0 once in 20 tests.
    """
    rng, p = np.random.default_rng(0), []
    for _ in range(N_TESTS):
        X, Y = rng.exponential(size=(2, 20, 1))
        p.append(_p_value(X, Y, rng))
    levels = np.arange(1, B + 1) / (B + 1)
    shares = np.array([np.mean(np.array(p) <= level + 1e-9) for level in levels])

    def draw(ax: Any) -> None:
        fine, counts = np.linspace(0, 0.4, 401), np.array(p) * (1 + B) - 1
        ways = {"(1 + count) / (1 + B)": (1 + counts) / (1 + B), "count / B": counts / B}
        for (name, each), line in zip(ways.items(), ("-", "--"), strict=True):
            rejected = [np.mean(each <= level + 1e-9) for level in fine]
            ax.plot(fine, rejected, line, label=name)
        ax.plot(fine, fine, "k:", label="at most this is valid")
        ax.set(xlabel="level", ylabel="share of tests that reject")
        ax.legend()

    return Outcome(
        exact=levels,
        measured=shares,
        tolerance=4 * np.sqrt(levels * (1 - levels) / N_TESTS),
        because="four standard errors of 5,000 tests",
        draw=draw,
    )


@claim(
    "Given the data, the count of a permutation test is binomial, ties included",
    source="Phipson and Smyth 2010",
)
def p_values_by_enumeration() -> Outcome:
    """For four numbers against four there are 70 arrangements: all can be written down.

    Let r of them reach the statistic of the data, the data's own arrangement included. A random
    permutation is one of the 70 with equal chances, so the count of B permutations is binomial with
    the chance r / 70. Numbers are repeated on purpose: arrangements with an equal statistic must
    count as reaching it. The exact values are the distributions of p for four data sets, by scipy's
    energy distance of every arrangement; measured are 1,500 tests of each.
    """
    rng, n = np.random.default_rng(0), 1500
    exact, measured = [], []
    for values in (
        [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 0.3, 5.1],
        [0.1, 0.1, 0.7, 0.7, 0.7, 0.1, 1.3, 1.3],
        [0.1, 0.1, 0.1, 0.3, 0.3, 0.3, 0.3, 0.3],
        [2.0, 1.0, 0.0, 0.5, 2.5, 1.5, 1.0, 2.0],
    ):
        rows = np.array(values)
        energies = [
            stats.energy_distance(rows[list(chosen)], np.delete(rows, chosen)) ** 2
            for chosen in combinations(range(8), 4)
        ]
        reached = np.mean(np.array(energies) >= energies[0] - 1e-9)
        exact.append(stats.binom(B, reached).pmf(range(B + 1)))
        X, Y = rows[:4, None], rows[4:, None]
        counts = [round(_p_value(X, Y, rng) * (1 + B) - 1) for _ in range(n)]
        measured.append(np.bincount(counts, minlength=B + 1) / n)
    pmf = np.array(exact)
    return Outcome(
        exact=pmf,
        measured=np.array(measured),
        tolerance=5 * np.sqrt(pmf * (1 - pmf) / n) + 5 / n,
        because="five standard errors of 1,500 tests, and five tests where none is expected",
    )
