"""What makes a comparison of the two gradients impossible: noise, side effects, wrong shapes."""

from __future__ import annotations

import numpy as np

from minivae.edge.checks import Array
from minivae.gradient_check.problem import Gradients, Problem


def find_obstacle(problem: Problem) -> str:
    """Return why the two gradients of a problem cannot be compared, or "" if they can be."""
    before = {name: array.copy() for name, array in problem.arrays.items()}
    output = np.array(problem.evaluate())
    before["dy"] = np.random.default_rng(0).standard_normal(output.shape)
    dy = np.array(before["dy"])
    gradients, again = problem.differentiate(dy), problem.differentiate(dy)
    repeated = problem.evaluate()
    for name, array in {**problem.arrays, "dy": dy}.items():
        if not np.array_equal(array, before[name], equal_nan=True):
            return f"{name} was changed on the way: both passes must leave it as it is"
    if not np.array_equal(output, repeated, equal_nan=True):
        return "not deterministic: two calls at one point differ; freeze the noise (pass eps=)"
    return (
        _wrong_output(output)
        or _wrong_gradients(problem, gradients)
        or _differing_gradients(gradients, again)
    )


def _wrong_output(output: Array) -> str:
    if not np.all(np.isfinite(output)):
        return "the function's value is not finite here"
    if output.dtype in (np.float16, np.float32):
        return f"the function's value is {output.dtype}, though all that went in is float64"
    return ""


def _wrong_gradients(problem: Problem, gradients: Gradients) -> str:
    for name in [*problem.params, *gradients]:
        if name not in problem.arrays:
            return f"there is a gradient of {name}, which is no parameter"
        if name not in gradients:
            return f"there is no gradient of {name}"
        shape, gradient = problem.arrays[name].shape, gradients[name]
        if gradient.shape != shape:
            return f"{name} has shape {shape}, but its gradient has shape {gradient.shape}"
        if not np.all(np.isfinite(gradient)):
            return f"the gradient of {name} is not finite here"
    return ""


def _differing_gradients(gradients: Gradients, again: Gradients) -> str:
    if gradients.keys() != again.keys() or any(
        not np.array_equal(gradient, again[name]) for name, gradient in gradients.items()
    ):
        return "two backward passes differ: gradients are added up, or noise is drawn again"
    return ""
