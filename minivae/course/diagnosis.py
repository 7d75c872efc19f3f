"""What is wrong with an answer: the first wrong entry, both numbers, and the likely mistake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

import numpy as np

from minivae.course.mistakes import common_mistakes, odd_factor
from minivae.edge.checks import Array

Parts = dict[str, Array]
Compared = list[tuple[Array, Array]] | None


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with an answer, and where the student should look.

    Parameters
    ----------
    found : str
        What is wrong: an entry, its value, and the value that it should have.
    mistake : str
        The likely mistake, if it is recognised.
    hint : str
        The right formula.
    find : str
        A way to find the mistake.
    known : bool
        Whether the exercise itself names this mistake.
    odd : bool
        Whether the mistake is only a factor or a constant, which may have many causes.
    line : str
        The wrong line of the student's file, if it is known.
    """

    found: str
    mistake: str = ""
    hint: str = ""
    find: str = ""
    known: bool = False
    odd: bool = False
    line: str = ""

    def with_hint(self, hint: str) -> Diagnosis:
        """Return the same diagnosis with another hint."""
        return replace(self, hint=hint)

    def at_stage(self, stage: int) -> str:
        """Return the lines for the first, the second or a later wrong try.

        The first try shows what is wrong, and which kind of mistake it is. The second also shows
        how to find it, the third what is right. In the words for a mistake, the text behind the
        first colon says what is right.
        """
        kind, _, _ = self.mistake.partition(": ")
        lines = [self.found]
        if self.mistake:
            lines.append(f"likely mistake: {self.mistake if stage > 2 else kind}")
        if stage > 1:
            lines += [f"look at {self.line}"] if self.line else []
            lines += [f"to find it: {self.find}"] if self.find else []
        if stage > 2:
            lines += [f"hint: {self.hint}"] if self.hint else []
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.at_stage(3)


@dataclass(frozen=True)
class Unreal:
    """Another process sends this in place of a value that is not made of real numbers."""

    what: str


def as_parts(answer: Any, names: str | tuple[str, ...]) -> Parts:
    """Return an answer as named arrays; a dict has names, anything else gets those in `names`."""
    return {name: np.asarray(value) for name, value in _named(answer, names).items()}


def _named(answer: Any, names: str | tuple[str, ...]) -> dict[str, Any]:
    if isinstance(answer, Mapping):
        return {str(key): value for key, value in answer.items()}
    if isinstance(names, str):
        return {names: answer}
    values = answer if isinstance(answer, (tuple, list)) else (answer,)
    return dict(zip(names, values, strict=True))


def compare(
    expected: Parts,
    answer: Any,
    mistakes: Mapping[str, Parts],
    *,
    batch: tuple[int, ...] = (),
    rtol: float = 1e-6,
    atol: float = 0.0,
) -> Diagnosis | None:
    """Return the first thing wrong with an answer, or None.

    Parameters
    ----------
    expected : dict of str to array
        The right answer, by name; see `as_parts`.
    answer : object
        The value that the student's function returned.
    mistakes : dict of str to (dict of str to array)
        A mistake in words, and the answer that it leads to.
    batch : tuple of int
        The shape of the batch. By its numbers of rows and columns a mean differs from a sum.
    rtol, atol : float
        The largest error that passes: `rtol` times the largest expected number, plus `atol`.
    """
    obstacle = _wrong_structure(expected, answer)
    if obstacle:
        return obstacle
    values = _named(answer, next(iter(expected)) if len(expected) == 1 else tuple(expected))
    for name, value in values.items():
        if what := what_if_not_real(value):
            found = f"{name} is not made of real numbers: {what} was returned"
            return Diagnosis(f"{found}; {_an_entry(expected)}")
    got = {name: np.asarray(value, float) for name, value in values.items()}

    def equal(a: Array, b: Array) -> bool:
        return a.shape == b.shape and not np.any(_wrong(a, b, rtol, atol))

    if all(equal(expected[name], got[name]) for name in expected):
        return None
    name = next(name for name in expected if not equal(expected[name], got[name]))
    found = _first_difference(name, expected[name], got[name], rtol, atol)
    for words, wrong in mistakes.items():
        if wrong.keys() == got.keys() and all(equal(wrong[key], got[key]) for key in got):
            return Diagnosis(found, words, known=True)
    for order in permutations(expected):
        pairs = zip(order, got.values(), strict=True)
        if len(expected) > 1 and all(equal(expected[key], value) for key, value in pairs):
            words = f"returned in the wrong order: ({', '.join(order)})"
            return Diagnosis(found, words, known=True)
    for words, guess in common_mistakes(expected[name], got[name], batch):
        if np.all(np.isfinite(guess)) and equal(guess, got[name]):
            return Diagnosis(found, words, odd=_by_chance(got[name]))
    return Diagnosis(found, odd_factor(expected[name], got[name]), odd=True)


def _by_chance(got: Array) -> bool:
    """Return whether an answer is so plain that many mistakes give it: zeros, a whole number."""
    return not np.any(got) or (got.size < 2 and bool(np.all(got == np.round(got))))


def _wrong_structure(expected: Parts, answer: Any) -> Diagnosis | None:
    """Return what is wrong with an answer's type or keys, or None."""
    wanted = f"({', '.join(expected)})" if len(expected) > 1 else next(iter(expected))
    if answer is None:
        found = f"nothing was returned, where {wanted} should be; {_an_entry(expected)}"
        return Diagnosis(found, "no `return` line", known=True)
    if isinstance(answer, Mapping):
        if answer.keys() == expected.keys():
            return None
        keys = f"the keys should be {list(expected)}, got {list(answer)}"
        return Diagnosis(f"{keys}; {_an_entry(expected)}")
    if len(expected) > 1:
        n = len(answer) if isinstance(answer, (tuple, list)) else 1
        if n != len(expected):
            found = f"{len(expected)} values should be returned, {wanted}, got {n}"
            words = "too few or too many values are returned: mind the `return` line"
            return Diagnosis(f"{found}; {_an_entry(expected)}", words)
    elif isinstance(answer, tuple):
        found = f"one value should be returned, {wanted}, got a tuple of {len(answer)}"
        found = f"{found}; {_an_entry(expected)}"
        return Diagnosis(found, "several values are returned: one is wanted")
    return None


def _an_entry(expected: Parts) -> str:
    """Return the first number of the right answer, for an answer without numbers."""
    name, value = next(iter(expected.items()))
    return f"{name}{_place((0,) * value.ndim)} should be {value.flat[0]:.8g}"


def compared(expected: Parts, answer: Any, *, rtol: float = 1e-6, atol: float = 0.0) -> Compared:
    """Return each array of an answer, and where it is wrong; None without numbers to compare."""
    if _wrong_structure(expected, answer):
        return None
    values = _named(answer, next(iter(expected)) if len(expected) == 1 else tuple(expected))
    found = []
    for name, right in expected.items():
        value = np.asarray(values[name])
        if value.dtype.kind not in "biuf":
            return None
        same = value.shape == right.shape
        found.append((value, _wrong(right, value, rtol, atol) if same else np.ones(value.shape)))
    return found


def all_right(found: Compared) -> bool:
    """Return whether there are arrays, and none of them is wrong anywhere."""
    return found is not None and not any(wrong.any() for _, wrong in found)


def what_if_not_real(value: Any) -> str:
    """Return in words what a value is, or "" if it is made of real numbers."""
    if isinstance(value, Unreal):
        return value.what
    if np.ma.is_masked(value):
        return "an array with masked entries"
    try:
        array = np.asarray(value)
    except ValueError:
        return f"a {type(value).__name__} with rows of different lengths"
    if array.dtype.kind in "biuf":
        return ""
    if isinstance(value, np.ndarray):
        return f"an array of dtype {array.dtype}"
    kind = f"a {type(value).__name__}"
    return f"{kind} that NumPy makes an array of dtype {array.dtype}" if array.ndim else kind


def _wrong(expected: Array, got: Array, rtol: float, atol: float) -> Array:
    """Return where two arrays of one shape differ."""
    scale = np.max(np.abs(expected), initial=0.0) or 1.0
    return ~(np.abs(got - expected) <= rtol * scale + atol)  # NaN differs


def _first_difference(name: str, expected: Array, got: Array, rtol: float, atol: float) -> str:
    if got.shape != expected.shape:
        index, other = (0,) * got.ndim, (0,) * expected.ndim
        entries = f"{name}{_place(index)} is {got[index]:.8g}" if got.size else f"{name} is empty"
        should = f"{name}{_place(other)} should be {expected[other]:.8g}"
        shapes = f"{name} has shape {got.shape}, and should have {expected.shape}"
        return f"{shapes}; {entries}, and {should}"
    index = tuple(int(i) for i in np.argwhere(_wrong(expected, got, rtol, atol))[0])
    return f"{name}{_place(index)} is {got[index]:.8g}, and should be {expected[index]:.8g}"


def _place(index: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, index))}]" if index else ""
