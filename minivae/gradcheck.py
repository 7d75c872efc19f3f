"""Check a gradient written by hand against the function it claims to be the gradient of."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from minivae._checks import Array, check_integer
from minivae.layers import cast

COMPLEX_STEP = 1e-30
STEPS = (4e-3, 4e-4, 4e-5, 4e-6, 4e-7)
KINK_STEP = 1e-6  # larger than the last step, so that no kink is too near for both
TOLERANCES = {"central": 1e-7, "complex": 1e-10}


@dataclass(frozen=True)
class Entry:
    """The worst entry of one array: where it is, and both values there."""

    name: str
    index: tuple[int, ...]
    analytic: float
    numeric: float
    relative_error: float
    n_checked: int
    n_kinks: int
    hint: str

    def __str__(self) -> str:
        place = self.name + (f"[{', '.join(map(str, self.index))}]" if self.index else "")
        text = (
            f"{place}: analytic {self.analytic:.10g}, numeric {self.numeric:.10g}, "
            f"relative error {self.relative_error:.1e} (worst of {self.n_checked})"
        )
        if self.n_kinks:
            text += f"; {self.n_kinks} on a kink, between the slopes of both sides"
        return text + (f"; {self.hint}" if self.hint else "")


@dataclass(frozen=True)
class GradientReport:
    """What `check_gradients` found.

    Attributes
    ----------
    target : str
        What was checked.
    method : {"central", "complex"}
    tolerance : float
        The largest relative error that passes.
    entries : list of Entry
        The worst entry of every parameter and input.
    notes : list of str
        What else a reader should know; a check that could not be made says why.
    """

    target: str
    method: str
    tolerance: float
    entries: list[Entry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def worst(self) -> Entry | None:
        """The entry with the largest relative error."""
        return max(self.entries, key=lambda entry: entry.relative_error, default=None)

    @property
    def n_checked(self) -> int:
        """How many numbers were compared."""
        return sum(entry.n_checked for entry in self.entries)

    @property
    def ok(self) -> bool:
        """Whether something was compared, and every relative error is within the tolerance."""
        return self.worst is not None and self.worst.relative_error <= self.tolerance

    def raise_if_failed(self) -> None:
        """Raise `AssertionError` with the whole report unless it is `ok`."""
        if not self.ok:
            raise AssertionError(str(self))

    def __str__(self) -> str:
        verdict = "ok" if self.ok else "FAILED"
        title = f"{self.target}: {verdict} ({self.method}, tolerance {self.tolerance:.0e})"
        return "\n  ".join([title, *map(str, self.entries), *self.notes])


class _Problem(NamedTuple):
    evaluate: Callable[[], Array]
    differentiate: Callable[[Array], Mapping[str, Array]]
    arrays: Mapping[str, Array]
    n_rows: int
    params: Collection[str] = ()  # the arrays that must have a gradient


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
    slope = _central_difference if method == "central" else _complex_step
    which = {key: _choose(array.size, max_entries, rng) for key, array in analytic.items()}
    numeric = {
        key: np.array([slope(problem, key, i, cotangent) for i in indices])
        for key, indices in which.items()
    }
    largest = max(np.max(np.abs(slopes)) for slopes in [*numeric.values(), *analytic.values()])
    value = np.sum(np.abs(cotangent * problem.evaluate()))  # a difference can lose 1e-13 of it
    for key, slopes in numeric.items():
        sizes = np.maximum(1, np.abs(problem.arrays[key].ravel()[which[key]]))
        least = max(1e-3 * np.max(np.abs(slopes)), 1e-6 * largest, np.finfo(float).tiny)
        floor = np.maximum(least, 1e-5 * value / sizes)
        entry = _compare(problem, key, which[key], analytic[key], slopes, cotangent, report, floor)
        report.entries.append(entry)
    return report


def _problem(
    target: Any, inputs: tuple[Any, ...], backward: Any, options: dict[str, Any], dtype: Any
) -> _Problem:
    """Return the target's value, its hand-written gradient, and the arrays both depend on."""
    n_rows = next(iter(np.shape(inputs[0])), 0)
    if hasattr(target, "loss_and_grads"):
        model = cast(target, dtype)
        return _Problem(
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

        return _Problem(
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
    return _Problem(lambda: target(*points), differentiate, arrays, n_rows)


def _argument_names(function: Callable[..., Any], n: int) -> list[str]:
    """Return names for `n` arguments: the function's own, as far as it tells them."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:  # compiled, like some of NumPy's
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return names[:n] + [f"argument {i}" for i in range(len(names), n)]


def _differentiate(
    problem: _Problem, rng: np.random.Generator
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


def _obstacle(problem: _Problem, output: Array, analytic: Mapping[str, Array]) -> str | None:
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


def _shifted(problem: _Problem, key: str, i: int, step: complex) -> Array:
    """Return the output with entry `i` of an array moved by `step`, and move it back."""
    array = problem.arrays[key]
    before = array.flat[i]
    array.flat[i] = before + step
    with np.errstate(all="ignore"):  # a step may leave the function's domain; a smaller one stays
        output = np.array(problem.evaluate())
    array.flat[i] = before
    return output


def _complex_step(problem: _Problem, key: str, i: int, cotangent: Array) -> float:
    """Return the derivative of ``sum(cotangent * output)`` by one entry, without a difference."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        try:
            output = _shifted(problem, key, i, 1j * COMPLEX_STEP)
        except np.exceptions.ComplexWarning as warning:
            raise TypeError(f"the complex step was lost on the way: {warning}") from warning
    if not np.iscomplexobj(output):
        raise TypeError("the complex step was lost on the way: the function's value is real")
    # f'(x) = Im f(x + i h) / h
    return float(np.sum(cotangent * output.imag) / COMPLEX_STEP)


def _central_difference(problem: _Problem, key: str, i: int, cotangent: Array) -> float:
    """Return the derivative of ``sum(cotangent * output)`` by one entry, extrapolated."""

    def central(h: float) -> float:
        change = _shifted(problem, key, i, h) - _shifted(problem, key, i, -h)
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


def _compare(
    problem: _Problem,
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
        if _on_kink(problem, key, which[j], cotangent, ours[j], floor[j]):
            errors[j], n_kinks = 0.0, n_kinks + 1
    worst = int(np.argmax(errors))
    index = tuple(int(k) for k in np.unravel_index(which[worst], analytic.shape))
    hint = ""
    if errors[worst] > report.tolerance:
        hint = _hint(analytic, ours, numeric, problem.n_rows, report.tolerance)
        if report.method == "complex":
            second = _central_difference(problem, key, which[worst], cotangent)
            if abs(ours[worst] - second) <= TOLERANCES["central"] * max(floor[worst], abs(second)):
                hint = "central differences agree: numpy.abs or the like loses the complex step"
    values = float(ours[worst]), float(numeric[worst]), float(errors[worst])
    return Entry(key, index, *values, len(which), n_kinks, hint)


def _on_kink(
    problem: _Problem, key: str, i: int, cotangent: Array, slope: float, floor: float
) -> bool:
    """Return whether the two one-sided slopes differ, and `slope` is one between them."""
    h = KINK_STEP * max(1.0, abs(problem.arrays[key].flat[i]))
    middle = _shifted(problem, key, i, 0).real
    right = float(np.sum(cotangent * (_shifted(problem, key, i, h).real - middle)) / h)
    left = float(np.sum(cotangent * (middle - _shifted(problem, key, i, -h).real)) / h)
    margin = 1e-4 * max(abs(left), abs(right), floor)
    between = min(left, right) - margin <= slope <= max(left, right) + margin
    return between and abs(right - left) > 10 * margin


def _hint(analytic: Array, ours: Array, numeric: Array, n_rows: int, tolerance: float) -> str:
    """Return what the ratio of the two gradients suggests."""
    large = np.abs(numeric) > 1e-3 * np.max(np.abs(numeric))
    if not np.any(ours):
        return "the gradient is zero everywhere: was it ever filled?"
    if not np.any(large):
        return "the gradient should be zero"
    ratios = ours[large] / numeric[large]
    ratio = float(np.median(ratios))
    if abs(ratio - 1) > tolerance and np.allclose(ratios, ratio, rtol=1e-4):
        causes = {-1.0: "the sign is flipped", 2.0: "twice too large", 0.5: "half of what it is"}
        causes |= {-2.0: "the sign is flipped, and twice too large"}
        causes |= {-0.5: "the sign is flipped, and half of what it is"}
        if n_rows > 2:
            causes |= {n_rows: "not divided by the batch size"}
            causes |= {1 / n_rows: "divided by the batch size once too often"}
        for factor, cause in causes.items():
            if np.isclose(ratio, factor, rtol=1e-3):
                return cause
        return f"{ratio:.8g} times what it is"
    square = analytic.ndim == 2 and analytic.shape[0] == analytic.shape[1]
    if (
        square
        and len(ours) == analytic.size
        and np.allclose(analytic.T.ravel(), numeric, rtol=1e-4)
    ):
        return "transposed"
    return ""
