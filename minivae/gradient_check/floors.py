"""The relative error, whose denominator has a floor.

``|analytic - numeric| / max(|analytic|, |numeric|)`` says nothing where both numbers should be
zero: rounding alone makes it 1. So the denominator has a floor, the largest of four, below which a
numerical derivative has no digits that one could trust.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minivae.edge.checks import Array
from minivae.gradient_check.problem import Problem
from minivae.gradient_check.report import Slopes

OF_ARRAY = 1e-3  # of the largest in its array: those entries come out of the same formula
OF_ALL = 1e-6  # of the largest in all arrays: these share the rounding within the function
OF_VALUE = 1e-5  # of the value f: the difference of two values keeps the rounding of f itself
LEAST = np.finfo(float).tiny  # so that 0 against 0 is no error


def error_floors(problem: Problem, slopes: Sequence[Slopes], dy: Array) -> list[Array]:
    """Return for each of the `slopes` an array with the floor of every entry."""
    largest = max(
        (_largest(a) for each in slopes for a in (each.numeric, each.gradient)), default=0
    )
    value = np.sum(np.abs(dy * problem.evaluate()))
    floors = []
    for each in slopes:
        size = np.maximum(1, np.abs(problem.arrays[each.name].ravel()[each.which]))  # of a step
        by_gradient = max(OF_ARRAY * _largest(each.numeric), OF_ALL * largest, LEAST)
        floors.append(np.maximum(by_gradient, OF_VALUE * value / size))
    return floors


def relative_errors(slopes: Slopes, floor: Array) -> Array:
    """Return the relative error of every entry; NaN counts as infinite."""
    difference = np.abs(slopes.analytic - slopes.numeric)
    errors = difference / np.maximum(floor, np.maximum(abs(slopes.analytic), abs(slopes.numeric)))
    return np.where(np.isnan(errors), np.inf, errors)


def _largest(values: Array) -> float:
    return float(np.fmax.reduce(np.abs(values), axis=None, initial=0.0))  # NaN is passed over
