"""A derivative measured from the outside: by central differences, or by the complex step."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

import numpy as np

from minivae.edge.checks import Array

COMPLEX_STEP = 1e-30
STEPS = (4e-3, 4e-4, 4e-5, 4e-6, 4e-7)
KINK_STEP = 1e-6  # larger than the last step, so that no kink is too near for both


class Problem(NamedTuple):
    """A function of named arrays, read anew at each call, and its hand-written gradient."""

    evaluate: Callable[[], Array]
    differentiate: Callable[[Array], Mapping[str, Array]]
    arrays: Mapping[str, Array]
    n_rows: int
    params: Collection[str] = ()  # the arrays that must have a gradient


def shifted(problem: Problem, key: str, i: int, step: complex) -> Array:
    """Return the output with entry `i` of an array moved by `step`, and move it back."""
    array = problem.arrays[key]
    before = array.flat[i]
    array.flat[i] = before + step
    with np.errstate(all="ignore"):  # a step may leave the function's domain; a smaller one stays
        output = np.array(problem.evaluate())
    array.flat[i] = before
    return output


def complex_step(problem: Problem, key: str, i: int, cotangent: Array) -> float:
    """Return the derivative of ``sum(cotangent * output)`` by one entry, without a difference."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        try:
            output = shifted(problem, key, i, 1j * COMPLEX_STEP)
        except np.exceptions.ComplexWarning as warning:
            raise TypeError(f"the complex step was lost on the way: {warning}") from warning
    if not np.iscomplexobj(output):
        raise TypeError("the complex step was lost on the way: the function's value is real")
    # f'(x) = Im f(x + i h) / h
    return float(np.sum(cotangent * output.imag) / COMPLEX_STEP)


def central_difference(problem: Problem, key: str, i: int, cotangent: Array) -> float:
    """Return the derivative of ``sum(cotangent * output)`` by one entry, extrapolated."""

    def central(h: float) -> float:
        change = shifted(problem, key, i, h) - shifted(problem, key, i, -h)
        return float(np.sum(cotangent * change.real) / (2 * h))

    best, smallest_error = 0.0, np.inf
    rounding = np.finfo(float).eps * np.sum(np.abs(cotangent * problem.evaluate()))
    size = max(1.0, abs(problem.arrays[key].flat[i]))
    for h in STEPS:
        d1, d2, d4 = central(h * size), central(h * size / 2), central(h * size / 4)
        # (4 D(h/2) - D(h)) / 3 has no h^2 error; two of them tell how large the next one is
        coarse, fine = (4 * d2 - d1) / 3, (4 * d4 - d2) / 3
        error = abs(fine - coarse) + rounding / (h * size)
        if error < smallest_error:
            best, smallest_error = fine, error
        if error <= 1e-8 * abs(fine):  # else a kink or a strong curvature is near: come closer
            break
    return best


def on_kink(
    problem: Problem, key: str, i: int, cotangent: Array, slope: float, floor: float
) -> bool:
    """Return whether the two one-sided slopes differ, and `slope` is one between them."""
    h = KINK_STEP * max(1.0, abs(problem.arrays[key].flat[i]))
    middle = shifted(problem, key, i, 0).real
    right = float(np.sum(cotangent * (shifted(problem, key, i, h).real - middle)) / h)
    left = float(np.sum(cotangent * (middle - shifted(problem, key, i, -h).real)) / h)
    margin = 1e-4 * max(abs(left), abs(right), floor)
    between = min(left, right) - margin <= slope <= max(left, right) + margin
    return between and abs(right - left) > 10 * margin
