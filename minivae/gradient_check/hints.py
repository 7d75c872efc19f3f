"""The likely mistake, read off the two gradients of an array."""

from __future__ import annotations

import numpy as np

from minivae.edge.checks import Array
from minivae.gradient_check.numeric import TOLERANCES, central_difference
from minivae.gradient_check.problem import Problem
from minivae.gradient_check.ratio import constant_ratio, meaning_of
from minivae.gradient_check.report import Slopes


def likely_mistake(slopes: Slopes, n_rows: int, tolerance: float) -> str:
    """Return what the two gradients suggest, or "" if nothing is recognised."""
    analytic, numeric, whole = slopes.analytic, slopes.numeric, slopes.gradient
    if not np.any(analytic):
        return "the gradient is zero everywhere: was it ever filled?"
    if not np.any(numeric):
        return "the gradient should be zero"
    ratio = constant_ratio(analytic, numeric)
    if ratio is not None and abs(ratio - 1) > tolerance:
        return meaning_of(ratio, {"batch size": n_rows})
    square = whole.ndim == 2 and whole.shape[0] == whole.shape[1]
    complete = len(analytic) == whole.size
    if square and complete and np.allclose(whole.T.ravel(), numeric, rtol=1e-4):
        return "transposed"
    return ""


def lost_complex_step(problem: Problem, slopes: Slopes, j: int, dy: Array, floor: float) -> str:
    """Return that entry `j` is right by central differences, or "" if it is wrong by them too."""
    x, slope = problem.arrays[slopes.name], slopes.analytic[j]
    second = central_difference(problem.evaluate, x, slopes.which[j], dy)
    if abs(slope - second) <= TOLERANCES["central"] * max(floor, abs(second)):
        return "central differences agree: numpy.abs or the like loses the complex step"
    return ""
