"""What is known of the source of loops: its entropy, and how many loops it can make."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from minivae.datasets.loop_source import (
    BAR,
    FACTORS,
    FIRST_DEGREES,
    WINDOWS,
    Floats,
    contour_laws,
    loop_log_prob,
    loops,
    move_laws,
    onset_chances,
)
from minivae.edge.checks import check_integer


class Estimate(NamedTuple):
    """A mean over draws, with its standard error."""

    value: float
    standard_error: float


def loop_entropy(n: int = 20_000, *, rng: Any = None) -> Estimate:
    """Return the entropy of the source in nats: the mean of ``-log p(x)`` over `n` drawn loops.

    No model can have a lower loss on new loops than this.
    """
    check_integer("n", n, 2)
    nats = -loop_log_prob(loops(n, rng=rng).tokens)
    return Estimate(float(nats.mean()), float(nats.std(ddof=1) / np.sqrt(n)))


def loop_entropy_bounds() -> tuple[float, float]:
    """Return exact bounds of the source's entropy: ``H(x | f)``, and ``H(x | f) + H(f)``.

    Given the factors f, a loop is one or two rhythms and one or two lines of notes. AA takes one of
    each, AA' one rhythm and two lines, AB two of each: on average 4/3 rhythms and 5/3 lines.
    """
    given_factors = 4 / 3 * _rhythm_entropy() + 5 / 3 * _notes_entropy()
    n_settings = np.prod([len(values) for values in FACTORS.values()])
    return float(given_factors), float(given_factors + np.log(n_settings))


def _rhythm_entropy() -> float:
    """Return a bar's mean entropy of onsets, which are independent, given its factors."""
    p = onset_chances()[:, :, 1:]
    return float(np.mean(np.sum(_entropy(p) + _entropy(1 - p), axis=2)))


def _notes_entropy() -> float:
    """Return a bar's mean entropy of degrees, given its onsets and factors.

    A step has an onset with chance p, whatever the degree is; then the move has an entropy that
    depends on the degree. So only the degree's distribution has to be carried along the bar.
    """
    laws = move_laws()
    law_entropy = _entropy(laws).sum(axis=2)  # (3, 8)
    start = np.zeros(8)
    start[[*FIRST_DEGREES]] = [*FIRST_DEGREES.values()]
    totals = []
    for contour in range(len(FACTORS["contour"])):
        for chances in onset_chances().reshape(-1, BAR):
            degree, total = start, float(_entropy(start).sum())
            for step in range(1, BAR):
                k, p = contour_laws(step)[contour], chances[step]
                total += p * float(degree @ law_entropy[k])
                degree = (1 - p) * degree + p * degree @ laws[k]
            totals.append(total)
    return float(np.mean(totals))


def _entropy(p: Floats) -> Floats:
    """Return ``-p log p``, 0 at 0."""
    return -p * np.log(np.where(p > 0, p, 1))


def n_distinct_loops(bar: int = BAR) -> int:
    """Return how many loops the source can make, with bars of `bar` steps.

    A line of notes may fit several windows of pitches. To count it once, the notes are followed
    together with the set of windows that they still fit; for each such set and last note, the
    number of ways to get there is carried along the steps.
    """
    check_integer("bar", bar, 1)
    with_gaps, without = _n_lines(bar, gaps=True), _n_lines(bar, gaps=False)
    return 2 * with_gaps - without  # gaps are holds or rests; a loop without gaps counts once


def _n_lines(bar: int, *, gaps: bool) -> int:
    """Return the number of two-bar lines of notes, each step a note, or with `gaps` also none."""
    every = frozenset(range(len(WINDOWS)))
    degree = [{int(pitch): i for i, pitch in enumerate(window)} for window in WINDOWS]
    ways = Counter({(every, 0): 1})  # windows alive, last pitch -> number of ways
    for step in range(2 * bar):
        after: Counter[tuple[frozenset[int], int]] = Counter()
        for (alive, last), n in ways.items():
            if gaps and step % bar:
                after[alive, last] += n
            for pitch in {p for w in alive for p in degree[w]}:
                fits = (w for w in alive if pitch in degree[w])
                if step % bar:
                    rest = frozenset(w for w in fits if abs(degree[w][pitch] - degree[w][last]) < 3)
                else:
                    rest = frozenset(w for w in fits if degree[w][pitch] in FIRST_DEGREES)
                if rest:
                    after[rest, pitch] += n
        ways = after
    return sum(ways.values())
