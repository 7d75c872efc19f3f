"""How the numbers decide a sentence: who is ahead, and in how many of the seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from minivae.studies.findings import Entry


def best(entries: Iterable[Entry], column: str, *, highest: bool = True) -> Entry:
    """Return the entry whose mean over the seeds is the highest, or the lowest."""
    sign = 1 if highest else -1
    having = [entry for entry in entries if column in entry.values]
    return max(having, key=lambda entry: sign * entry.mean(column))


def in_seeds(holds: Sequence[bool]) -> str:
    """Return "in every seed", "in 2 of 3 seeds" or "in no seed"."""
    n, n_all = int(np.sum(holds)), len(holds)
    if n_all == 1:
        return "in the one seed" if n else "not in the one seed"
    return "in every seed" if n == n_all else f"in {n} of {n_all} seeds" if n else "in no seed"


def against(
    ours: Sequence[float], theirs: Sequence[float], name: str, *, highest: bool = True
) -> str:
    """Return "beats NAME in every seed", "loses to NAME in every seed" or "is level with NAME".

    Both hold one number for each seed, and are compared seed by seed.
    """
    sign = 1 if highest else -1
    ahead = [sign * (a - b) for a, b in zip(ours, theirs, strict=True)]
    wins = [each > 0 for each in ahead]
    if all(wins):
        return f"beats {name} {in_seeds(wins)}"
    if all(each < 0 for each in ahead):
        return f"loses to {name} {in_seeds([True] * len(wins))}"
    return f"is level with {name} (ahead {in_seeds(wins)})"
