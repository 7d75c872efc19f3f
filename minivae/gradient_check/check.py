"""Check a gradient written by hand against the function it claims to be the gradient of."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minivae.edge.checks import Array, check_integer
from minivae.gradient_check.numeric import Problem, central_difference, complex_step, on_kink
from minivae.gradient_check.report import Entry, GradientReport, likely_mistake
from minivae.nn.networks import cast

TOLERANCES = {"central": 1e-7, "complex": 1e-10}


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

    The output is reduced to one number by a random cotangent, ``sum(dy * output)``: a sum with
    weights of one is blind to every error that cancels.

    Parameters
    ----------
    target : model, layer or function
        A model (`loss_and_grads`): all its parameters are checked. A layer (`forward`,
        `backward`): its parameters and its inputs. A function: those arguments whose gradients
        `backward` returns.
    *inputs : array_like
        The batch, or the function's arguments. They are copied, never changed.
    backward : callable, optional
        For a function ``f(*inputs)``: ``backward(*inputs, dy)`` returns the gradient of
        ``sum(dy * f(*inputs))`` with respect to the first input, or a tuple for the first few.
    method : {"central", "complex"}
        Central differences, extrapolated over three step sizes [1]_; or the complex step [2]_,
        which has no subtraction and so no rounding to speak of, where the function is built of
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
        Passed on to a model's `loss_and_grads`, for example ``eps=`` or ``target=``.

    Returns
    -------
    GradientReport

    Raises
    ------
    TypeError
        `target` is none of the three, or the complex step meets an operation that refuses it.
    ValueError
        `method` is unknown, `max_entries` is below 1, or an input is missing or empty.

    References
    ----------
    .. [1] Ridders: Accurate computation of F'(x) and F'(x) F''(x), Adv. Eng. Software 4 (1982).
    .. [2] Martins, Sturdza, Alonso: The complex-step derivative approximation, ACM TOMS 29 (2003).
    """
    if method not in TOLERANCES:
        raise ValueError(f"method must be 'central' or 'complex', got {method!r}")
    if max_entries is not None:
        check_integer("max_entries", max_entries, 1)
    shapes = [np.shape(value) for value in inputs]
    if not shapes or any(0 in shape for shape in shapes):
        raise ValueError(f"inputs must be arrays of at least one number, got shapes {shapes}")
    rng = np.random.default_rng(rng)
    if hasattr(target, "loss_and_grads") and not options.keys() & {"eps", "rng"}:
        options["rng"] = int(rng.integers(2**32))  # a seed: every call draws the same noise
    name = getattr(target, "__name__", type(target).__name__)
    report = GradientReport(name, method, TOLERANCES[method] if tolerance is None else tolerance)
    if any(a.dtype == np.float32 for a in getattr(target, "params", {}).values()):
        report.notes.append("float32 parameters were checked in float64")

    problem = _problem(target, inputs, backward, options, np.float64)
    cotangent, analytic, obstacle = _differentiate(problem, rng)
    if obstacle:
        report.notes.append(obstacle)
        return report

    if method == "complex":
        problem = _problem(target, inputs, backward, options, np.complex128)
    slope = central_difference if method == "central" else complex_step
    which = {key: _choose(array.size, max_entries, rng) for key, array in analytic.items()}
    numeric = {
        key: np.array([slope(problem, key, i, cotangent) for i in indices])
        for key, indices in which.items()
    }
    largest = max(np.max(np.abs(slopes)) for slopes in [*numeric.values(), *analytic.values()])
    value = np.sum(np.abs(cotangent * problem.evaluate()))  # whose rounding no gradient outdoes
    for key, slopes in numeric.items():
        sizes = np.maximum(1, np.abs(problem.arrays[key].ravel()[which[key]]))
        least = max(1e-3 * np.max(np.abs(slopes)), 1e-6 * largest, np.finfo(float).tiny)
        floor = np.maximum(least, 1e-5 * value / sizes)
        entry = _compare(problem, key, which[key], analytic[key], slopes, cotangent, report, floor)
        report.entries.append(entry)
    return report


def _problem(
    target: Any, inputs: tuple[Any, ...], backward: Any, options: dict[str, Any], dtype: Any
) -> Problem:
    """Return the target's value, its hand-written gradient, and the arrays both depend on."""
    n_rows = next(iter(np.shape(inputs[0])), 0)
    if hasattr(target, "loss_and_grads"):
        model = cast(target, dtype)
        return Problem(
            evaluate=lambda: model.loss_and_grads(*inputs, **options)[0]["loss"],
            differentiate=lambda dy: {
                k: dy * g for k, g in model.loss_and_grads(*inputs, **options)[1].items()
            },
            arrays=model.params,
            n_rows=n_rows,
            params=model.params.keys(),
        )
    points = [np.array(value, dtype) for value in inputs]
    if hasattr(target, "forward"):
        layer = cast(target, dtype)

        def backpropagate(dy: Array) -> dict[str, Array]:
            layer.forward(*points)
            return {"x": layer.backward(dy), **layer.grads}

        return Problem(
            evaluate=lambda: layer.forward(*points),
            differentiate=backpropagate,
            arrays={"x": points[0], **layer.params},
            n_rows=n_rows,
            params=layer.params.keys(),
        )
    if not callable(target) or backward is None:
        raise TypeError("target must be a model, a layer, or a function given with backward=")
    names = _argument_names(target, len(points))

    def differentiate(dy: Array) -> dict[str, Array]:
        gradients = backward(*points, dy)
        gradients = gradients if isinstance(gradients, tuple) else (gradients,)
        if len(gradients) > len(points):
            raise ValueError(f"backward gave {len(gradients)} gradients for {len(points)} inputs")
        return dict(zip(names, gradients, strict=False))

    arrays = dict(zip(names, points, strict=True))
    return Problem(lambda: target(*points), differentiate, arrays, n_rows)


def _argument_names(function: Callable[..., Any], n: int) -> list[str]:
    """Return names for `n` arguments: the function's own, as far as it tells them."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:  # compiled, like some of NumPy's
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return names[:n] + [f"argument {i}" for i in range(len(names), n)]


def _differentiate(
    problem: Problem, rng: np.random.Generator
) -> tuple[Array, dict[str, Array], str | None]:
    """Return a cotangent, the hand-written gradients, and what forbids to compare them."""
    before = {key: array.copy() for key, array in problem.arrays.items()}
    output = np.array(problem.evaluate())
    before["dy"] = np.asarray(rng.standard_normal(output.shape))
    dy = before["dy"].copy()
    analytic, again = (
        {key: np.array(gradient) for key, gradient in problem.differentiate(dy).items()}
        for _ in range(2)
    )
    obstacle = _obstacle(problem, output, analytic)
    for key, array in {**problem.arrays, "dy": dy}.items():
        if not np.array_equal(array, before[key], equal_nan=True):
            obstacle = f"{key} was changed on the way: both passes must leave it as it is"
    if not obstacle and any(not np.array_equal(analytic[key], again[key]) for key in analytic):
        obstacle = "two backward passes differ: gradients are added up, or noise is drawn again"
    return before["dy"], analytic, obstacle


def _obstacle(problem: Problem, output: Array, analytic: Mapping[str, Array]) -> str | None:
    """Return why the two gradients cannot be compared, if so it is."""
    if not np.array_equal(output, problem.evaluate(), equal_nan=True):
        return "not deterministic: two calls at one point differ; freeze the noise (pass eps=)"
    if not np.all(np.isfinite(output)):
        return "the function's value is not finite here"
    if output.dtype in (np.float16, np.float32):
        return f"the function's value is {output.dtype}, though all that went in is float64"
    for key in [*problem.params, *analytic]:
        if key not in problem.arrays:
            return f"there is a gradient of {key}, which is no parameter"
        if key not in analytic:
            return f"there is no gradient of {key}"
        shape, gradient = problem.arrays[key].shape, analytic[key]
        if gradient.shape != shape:
            return f"{key} has shape {shape}, but its gradient has shape {gradient.shape}"
        if not np.all(np.isfinite(gradient)):
            return f"the gradient of {key} is not finite here"
    return None


def _choose(size: int, max_entries: int | None, rng: np.random.Generator) -> Array:
    if max_entries is None or max_entries >= size:
        return np.arange(size)
    return np.sort(rng.choice(size, max_entries, replace=False))


def _compare(
    problem: Problem,
    key: str,
    which: Array,
    analytic: Array,
    numeric: Array,
    cotangent: Array,
    report: GradientReport,
    floor: Array,
) -> Entry:
    """Return the worst entry of one array; what a kink explains does not count as wrong."""
    ours = analytic.ravel()[which]
    errors = np.abs(ours - numeric) / np.maximum(floor, np.maximum(np.abs(ours), np.abs(numeric)))
    errors[np.isnan(errors)] = np.inf
    n_kinks = 0
    for j in np.flatnonzero(errors > report.tolerance):
        if on_kink(problem, key, which[j], cotangent, ours[j], floor[j]):
            errors[j], n_kinks = 0.0, n_kinks + 1
    worst = int(np.argmax(errors))
    index = tuple(int(k) for k in np.unravel_index(which[worst], analytic.shape))
    hint = ""
    if errors[worst] > report.tolerance:
        hint = likely_mistake(analytic, ours, numeric, problem.n_rows, report.tolerance)
        if report.method == "complex":
            second = central_difference(problem, key, which[worst], cotangent)
            if abs(ours[worst] - second) <= TOLERANCES["central"] * max(floor[worst], abs(second)):
                hint = "central differences agree: numpy.abs or the like loses the complex step"
    values = float(ours[worst]), float(numeric[worst]), float(errors[worst])
    return Entry(key, index, *values, len(which), n_kinks, hint)
