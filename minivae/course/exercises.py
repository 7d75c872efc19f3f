"""The checks of an exercise: each says whether a student's function is right, and what is wrong.

A module ``minivae/course/checks/tutorial_NN.py`` holds one dict, ``EXERCISES``. Its keys are the
names of the functions that the student writes, its values the checks that each must pass, in order.
A check is called with the student's function, and returns None or the `Diagnosis` of what is wrong.
`ValueCheck` compares with a reference, `GradientCheck` with numerical gradients. A plain function
can check anything else.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from minivae.course.diagnosis import (
    Compared,
    Diagnosis,
    Parts,
    all_right,
    as_parts,
    compare,
    compared,
)
from minivae.edge.checks import Array
from minivae.gradient_check.numeric import numerical_gradient

Function = Callable[..., Any]
Check = Callable[[Function], Diagnosis | None]
Exercises = Mapping[str, Sequence[Check]]


@dataclass(frozen=True)
class ValueCheck:
    """The student's function must return what a reference returns.

    Parameters
    ----------
    reference : callable
        ``reference(*inputs)`` returns the right answer, by the library, NumPy or SciPy.
    inputs : tuple
        The arguments. Every call gets a fresh copy, and must leave its arrays unchanged. Let the
        first array be the batch, and its numbers of rows and columns distinct and above 2: by them
        a sum differs from a mean.
    returns : str or tuple of str
        The name of the returned value in messages; a tuple names each of several values.
    mistakes : dict of str to callable
        A mistake in words, and a function of the same signature that makes this mistake. The
        common ones (signs, factors, transposes, sums over the wrong axis) are always tried.
    hint : str
        The right formula, which is shown at the third wrong try.
    find : str
        A way to find a mistake, which is shown at the second wrong try.
    run : callable, optional
        ``run(function, *inputs)`` is compared in place of ``function(*inputs)``, both for the
        student's function and for the mistakes: several steps of an optimizer, or the moments of
        a sampler.
    rtol, atol : float
        The largest error that passes: `rtol` times the largest expected number, plus `atol`.
    """

    reference: Function
    inputs: tuple[Any, ...]
    returns: str | tuple[str, ...] = "the value"
    mistakes: Mapping[str, Function] = field(default_factory=dict)
    hint: str = ""
    find: str = "call it with one row and one column, and do the same on paper"
    run: Function | None = None
    rtol: float = 1e-6
    atol: float = 0.0

    def __call__(self, function: Function) -> Diagnosis | None:
        """Return what is wrong with `function`, or None."""
        given = copy.deepcopy(self.inputs)
        answer = _copy_of(self._call(function, given))
        for name, before, after in zip(_argument_names(function), self.inputs, given, strict=False):
            if not _same(before, after):
                found = f"{name} was changed in place{_first_change(name, before, after)}"
                words = "an argument is changed in place: work on a copy of it"
                return Diagnosis(found, words, known=True)
        again = self._call(function, copy.deepcopy(self.inputs))
        if not _same(answer, again):
            return Diagnosis(
                f"two calls with the same arguments give different answers"
                f"{_first_change('the first number', answer, again)}",
                "noise that does not come from an argument, or something kept between the calls",
                known=True,
            )
        wrong = {words: self._parts_of_mistake(f) for words, f in self.mistakes.items()}
        shapes = [value.shape for value in self.inputs if np.ndim(value)]
        allowed = {"rtol": self.rtol, "atol": self.atol}
        batch = shapes[0] if shapes else ()
        diagnosis = compare(self.expected, answer, wrong, batch=batch, **allowed)
        return diagnosis and replace(diagnosis, hint=self.hint, find=self.find)

    @cached_property
    def expected(self) -> Parts:
        """The right answer, by name."""
        return as_parts(self.reference(*copy.deepcopy(self.inputs)), self.returns)

    def passes(self, function: Function) -> bool:
        """Return whether `function` gives the right numbers, and leaves its arguments unchanged."""
        given = tuple(map(_fresh, self.inputs))
        return all_right(self._compared(function, given)) and _same(self.inputs, given)

    def compared(self, function: Function) -> Compared:
        """Return each array that `function` gives, and where it is wrong; None if it has none."""
        return self._compared(function, tuple(map(_fresh, self.inputs)))

    def _compared(self, function: Function, given: tuple[Any, ...]) -> Compared:
        answer = self._call(function, given)
        return compared(self.expected, answer, rtol=self.rtol, atol=self.atol)

    def arguments(self, function: Function) -> dict[str, Any]:
        """Return the arguments of `function` by name."""
        return dict(zip(_argument_names(function), self.inputs, strict=False))

    def _call(self, function: Function, inputs: tuple[Any, ...]) -> Any:
        return function(*inputs) if self.run is None else self.run(function, *inputs)

    def _parts_of_mistake(self, function: Function) -> dict[str, Array]:
        with np.errstate(all="ignore"):
            return as_parts(self._call(function, copy.deepcopy(self.inputs)), self.returns)


@dataclass(frozen=True)
class GradientCheck:
    """The student's function must return the gradients of `forward`, as measured numerically.

    Parameters
    ----------
    forward : callable
        ``forward(*inputs)`` returns an array, or one number; its arguments have names.
    inputs : tuple
        The arguments; see `ValueCheck`. Keep them 0.01 away from every kink.
    wrt : tuple of str
        The arguments whose gradients the student's function returns, in this order.
    with_dy : bool
        Whether the student's function is a backward pass ``f(*inputs, dy)``, which returns the
        gradients of ``sum(dy * forward(*inputs))``. If not, it is called as ``f(*inputs)``, and
        `forward` returns one number.
    mistakes, hint, find, rtol
        See `ValueCheck`; the mistakes have the signature of the student's function.
    """

    forward: Function
    inputs: tuple[Any, ...]
    wrt: tuple[str, ...]
    with_dy: bool = True
    mistakes: Mapping[str, Function] = field(default_factory=dict)
    hint: str = ""
    find: str = (
        "move that one number by 1e-6 in the forward formula: the change of the loss, divided by "
        "1e-6, is its gradient"
    )
    rtol: float = 1e-6

    def __call__(self, function: Function) -> Diagnosis | None:
        """Return what is wrong with `function`, or None."""
        return self.by_values(function)

    def passes(self, function: Function) -> bool:
        """Return whether `function` gives the right numbers."""
        return self.by_values.passes(function)

    def compared(self, function: Function) -> Compared:
        """Return each array that `function` gives, and where it is wrong; None if it has none."""
        return self.by_values.compared(function)

    def arguments(self, function: Function) -> dict[str, Any]:
        """Return the arguments of `function` by name."""
        return self.by_values.arguments(function)

    @cached_property
    def by_values(self) -> ValueCheck:
        """The check of values against numerical gradients."""
        output = np.asarray(self.forward(*copy.deepcopy(self.inputs)))
        dy = np.random.default_rng(0).normal(size=output.shape) if self.with_dy else np.ones(())

        def gradients(*inputs: Any) -> Any:
            points = dict(zip(_argument_names(self.forward), inputs, strict=False))
            points |= {name: np.array(points[name], float) for name in self.wrt}
            slopes = [
                numerical_gradient(lambda: self.forward(*points.values()), points[name], dy)
                for name in self.wrt
            ]
            return tuple(slopes) if len(slopes) > 1 else slopes[0]

        return ValueCheck(
            reference=gradients,
            inputs=(*self.inputs, dy) if self.with_dy else self.inputs,
            returns=tuple(f"d{k}" for k in self.wrt),
            mistakes=self.mistakes,
            hint=self.hint,
            find=self.find,
            rtol=self.rtol,
        )


def passes(check: Check, function: Function) -> bool:
    """Return whether a function passes a check; without a diagnosis this is quicker."""
    quick = getattr(check, "passes", None)
    return bool(quick(function)) if quick else check(function) is None


def example_arguments(checks: Sequence[Check], function: Function) -> dict[str, Any]:
    """Return the arguments of `function` by name, from the first check that has any."""
    for check in checks:
        arguments = getattr(check, "arguments", None)
        if arguments:
            known: dict[str, Any] = arguments(function)
            return known
    return dict.fromkeys(_argument_names(function))


def numbers_of(check: Check, function: Function) -> Compared:
    """Return each array that a function gives, and where it is wrong, if the check knows."""
    compare_with = getattr(check, "compared", None)
    known: Compared = compare_with(function) if compare_with else None
    return known


def _fresh(value: Any) -> Any:
    """Return a copy; of an array, which is the usual case, without the detours of deepcopy."""
    return value.copy() if type(value) is np.ndarray else copy.deepcopy(value)


def _copy_of(answer: Any) -> Any:
    """Return a copy, or the answer itself if it cannot be copied, as no array is."""
    try:
        return copy.deepcopy(answer)
    except Exception:
        return answer


def _first_change(name: str, before: Any, after: Any) -> str:
    """Return in words the first number that differs, or "" if the shapes differ."""
    if isinstance(before, (tuple, list)) and before and isinstance(after, (tuple, list)):
        pairs = zip(before, after, strict=False)
        before, after = next((pair for pair in pairs if not _same(*pair)), (None, None))
    old, new = np.asarray(before), np.asarray(after)
    if old.dtype.kind not in "biuf" or new.dtype.kind not in "biuf" or old.shape != new.shape:
        return ""
    for index in np.argwhere(old != new)[:1].tolist():
        place = f"[{', '.join(map(str, index))}]" if index else ""
        return f": {name}{place} was {old[tuple(index)]:.8g}, and is {new[tuple(index)]:.8g}"
    return ""


def _argument_names(function: Function) -> list[str]:
    return list(inspect.signature(function).parameters)


def _same(before: Any, after: Any) -> bool:
    """Return whether two structures are alike, and all their arrays equal bit for bit."""
    if type(before) is not type(after):
        return False
    if isinstance(before, Mapping):
        return before.keys() == after.keys() and all(_same(before[k], after[k]) for k in before)
    if isinstance(before, (tuple, list)):
        return len(before) == len(after) and all(map(_same, before, after))
    if isinstance(before, (np.ndarray, float, complex)):
        numbers = np.asarray(before).dtype.kind in "biufc"  # others are refused by `compare`
        return not numbers or np.array_equal(before, after, equal_nan=True)
    return True
