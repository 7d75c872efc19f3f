"""Check a gradient written by hand against the function it claims to be the gradient of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minivae.edge.arguments import check_choice, check_function
from minivae.edge.checks import ArgumentError, check_integer, check_real, check_rng
from minivae.gradient_check.comparison import compare
from minivae.gradient_check.numeric import TOLERANCES
from minivae.gradient_check.obstacles import find_obstacle
from minivae.gradient_check.problem import as_problem
from minivae.gradient_check.report import GradientReport


def check_gradients(
    target: Any,
    /,
    *inputs: Any,
    backward: Callable[..., Any] | None = None,
    method: str = "central",
    tolerance: float | None = None,
    max_entries: int | None = None,
    rng: int | np.random.Generator | None = None,
    **options: Any,
) -> GradientReport:
    """Compare a hand-written gradient with a numerical one, number by number, in float64.

    The output is reduced to one number by a random cotangent, ``sum(dy * output)``; `compare`
    in ``gradient_check/comparison.py`` shows the idea on one page.

    Parameters
    ----------
    target : model, layer or function
        A model (`loss_and_grads`): all its parameters are checked. A layer (`forward`,
        `backward`): its parameters and its input. A function: those arguments whose gradients
        `backward` returns.
    *inputs : array_like
        The batch, or the function's arguments. They are never changed.
    backward : callable, optional
        For a function ``f(*inputs)``: ``backward(*inputs, dy)`` returns the gradient of
        ``sum(dy * f(*inputs))`` with respect to the first input, or a tuple with the gradients
        with respect to the first few.
    method : {"central", "complex"}
        Central differences, extrapolated over three step sizes [1]_; or the complex step [2]_,
        which subtracts nothing and so has hardly any rounding error. It needs a function built of
        complex-safe operations (not `numpy.abs`, nor most of `scipy.special`).
    tolerance : float, optional
        The largest relative error that passes; 1e-7 for central differences, 1e-10 for the complex
        step. The error is relative to the entry or, where that is larger, to 1e-3 of its array's
        largest gradient, 1e-6 of the largest of all, or 1e-5 of the function's value.
    max_entries : int, optional
        Check at most this many numbers of each array, drawn at random.
    rng : int or numpy.random.Generator, optional
        Draws the cotangent, the entries, and for a model the seed of its noise.
    **options
        Passed on to a model's `loss_and_grads`: ``y=``, ``target=``, ``eps=``, ``beta=``, whatever
        it takes. With ``eps=`` or ``rng=`` among them, the model's noise is that one.

    Returns
    -------
    GradientReport

    Raises
    ------
    TypeError
        `target` is not a model, layer or function; there are options, but no model; or the complex
        step meets an operation that refuses it.
    ValueError
        `method` is unknown, `max_entries` is below 1, or an input is missing or empty.

    References
    ----------
    .. [1] Ridders: Accurate computation of F'(x) and F'(x) F''(x), Adv. Eng. Software 4 (1982).
    .. [2] Martins, Sturdza, Alonso: The complex-step derivative approximation, ACM TOMS 29 (2003).
    """
    check_choice("method", method, tuple(TOLERANCES))
    if tolerance is not None:
        check_real("tolerance", tolerance, 0)
    if backward is not None:
        check_function("backward", backward)
    if max_entries is not None:
        check_integer("max_entries", max_entries, 1)
    shapes = [np.shape(value) for value in inputs]
    if not shapes or any(0 in shape for shape in shapes):
        raise ArgumentError(f"inputs must be arrays of at least one number, got shapes {shapes}")
    rng = check_rng(rng)
    if hasattr(target, "loss_and_grads") and not options.keys() & {"eps", "rng"}:
        options["rng"] = int(rng.integers(2**32))  # a seed: every call draws the same noise

    name = getattr(target, "__name__", type(target).__name__)
    report = GradientReport(name, method, TOLERANCES[method] if tolerance is None else tolerance)
    if any(array.dtype == np.float32 for array in getattr(target, "params", {}).values()):
        report.notes.append("float32 parameters were checked in float64")
    problem = as_problem(target, inputs, backward, options, np.float64)
    if obstacle := find_obstacle(problem):
        report.notes.append(obstacle)
        return report
    measured = problem
    if method == "complex":
        measured = as_problem(target, inputs, backward, options, np.complex128)
    compare(problem, measured, report, max_entries, rng)
    return report
