"""The entry of an array that the report shows: the worst, unless a kink explains it."""

from __future__ import annotations

import numpy as np

from minivae.edge.checks import Array
from minivae.gradient_check.hints import likely_mistake, lost_complex_step
from minivae.gradient_check.kinks import on_kink
from minivae.gradient_check.problem import Problem
from minivae.gradient_check.report import Entry, GradientReport, Slopes


def worst_entry(
    problem: Problem, slopes: Slopes, errors: Array, dy: Array, floor: Array, report: GradientReport
) -> Entry:
    """Return the entry with the largest error, and the likely mistake if it is too large."""
    f, x, analytic = problem.evaluate, problem.arrays[slopes.name], slopes.analytic
    n_kinks = 0
    for j in np.flatnonzero(errors > report.tolerance):
        if on_kink(f, x, slopes.which[j], dy, analytic[j], floor[j]):
            errors[j], n_kinks = 0.0, n_kinks + 1
    worst = int(np.argmax(errors))
    hint = ""
    if errors[worst] > report.tolerance:
        hint = likely_mistake(slopes, problem.n_rows, report.tolerance)
        if report.method == "complex":
            hint = lost_complex_step(problem, slopes, worst, dy, floor[worst]) or hint
    values = float(analytic[worst]), float(slopes.numeric[worst]), float(errors[worst])
    return Entry(slopes.name, slopes.index(worst), *values, len(errors), n_kinks, hint)
