"""The idea of a gradient check, on one page: a random cotangent, a measurement, a comparison.

The output of a function f has many numbers. A random cotangent dy makes one number of them,

    L(x) = sum(dy * f(x)),

and the hand-written gradient claims to be dL/dx. (With weights of one in place of dy, every error
that cancels in the sum would pass.) L itself knows better: move one entry of x, and measure

    (L(x + h) - L(x - h)) / 2h   the central difference: an error of order h^2, and rounding,
    Im L(x + ih) / h             the complex step: an error of order h^2, and no subtraction.
"""

from __future__ import annotations

import numpy as np

from minivae.edge.checks import Array
from minivae.gradient_check.floors import error_floors, relative_errors
from minivae.gradient_check.numeric import DERIVATIVES
from minivae.gradient_check.problem import Problem
from minivae.gradient_check.report import GradientReport, Slopes
from minivae.gradient_check.worst import worst_entry


def compare(
    problem: Problem,
    measured: Problem,  # the same; its arrays are complex for a complex step
    report: GradientReport,
    max_entries: int | None,
    rng: np.random.Generator,
) -> None:
    """Add the worst entry of every array to the report."""
    f, derivative = measured.evaluate, DERIVATIVES[report.method]
    dy = np.asarray(rng.standard_normal(np.shape(problem.evaluate())))
    slopes = []
    for name, gradient in problem.differentiate(dy).items():  # dL/dx by hand
        which = _choose(gradient.size, max_entries, rng)
        numeric = np.array([derivative(f, measured.arrays[name], i, dy) for i in which])
        slopes.append(Slopes(name, gradient, which, numeric))
    for each, floor in zip(slopes, error_floors(problem, slopes, dy), strict=True):
        errors = relative_errors(each, floor)  # |analytic - numeric| / max(both, floor)
        report.entries.append(worst_entry(problem, each, errors, dy, floor, report))


def _choose(size: int, max_entries: int | None, rng: np.random.Generator) -> Array:
    """Return the flat indices of the entries that are measured: all, or some drawn at random."""
    if max_entries is None or max_entries >= size:
        return np.arange(size)
    return np.sort(rng.choice(size, max_entries, replace=False))
