"""Sufficient statistics: all that a conjugate model needs to know about its data."""

from __future__ import annotations

from numpy.typing import ArrayLike

from minivae.edge.checks import ArgumentError, Array, as_observations


def count(data: ArrayLike) -> tuple[int, int]:
    """Return the number of ones and the number of zeros."""
    values = _observations(data)
    other = values[(values != 0) & (values != 1)]
    if other.size:
        raise ArgumentError(f"data must be 0 or 1, got {other[0]:g}")
    ones = int(values.sum())
    return ones, values.size - ones


def summarize(data: ArrayLike) -> tuple[int, float, float]:
    """Return the count, the average, and the sum of squared deviations from the average."""
    values = _observations(data)
    average = values.mean()
    return values.size, float(average), float(((values - average) ** 2).sum())


def _observations(data: ArrayLike) -> Array:
    return as_observations("data", data)
