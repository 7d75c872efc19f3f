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
        Where to look.
    """

    found: str
    mistake: str = ""
    hint: str = ""

    def with_hint(self, hint: str) -> Diagnosis:
        """Return the same diagnosis with another hint."""
        return replace(self, hint=hint)

    def __str__(self) -> str:
        lines = [self.found]
        lines += [f"likely mistake: {self.mistake}"] if self.mistake else []
        lines += [f"hint: {self.hint}"] if self.hint else []
        return "\n".join(lines)


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
        if what := _what_if_not_real(value):
            return Diagnosis(f"{name} is not made of real numbers: {what} was returned")
    got = {name: np.asarray(value, float) for name, value in values.items()}

    def equal(a: Array, b: Array) -> bool:
        return a.shape == b.shape and not np.any(_wrong(a, b, rtol, atol))

    if all(equal(expected[name], got[name]) for name in expected):
        return None
    name = next(name for name in expected if not equal(expected[name], got[name]))
    found = _first_difference(name, expected[name], got[name], rtol, atol)
    for words, wrong in mistakes.items():
        if wrong.keys() == got.keys() and all(equal(wrong[key], got[key]) for key in got):
            return Diagnosis(found, words)
    for order in permutations(expected):
        pairs = zip(order, got.values(), strict=True)
        if len(expected) > 1 and all(equal(expected[key], value) for key, value in pairs):
            return Diagnosis(found, f"returned in the wrong order: ({', '.join(order)})")
    for words, guess in common_mistakes(expected[name], got[name], batch):
        if np.all(np.isfinite(guess)) and equal(guess, got[name]):
            return Diagnosis(found, words)
    return Diagnosis(found, odd_factor(expected[name], got[name]))


def _wrong_structure(expected: Parts, answer: Any) -> Diagnosis | None:
    """Return what is wrong with an answer's type or keys, or None."""
    wanted = f"({', '.join(expected)})" if len(expected) > 1 else next(iter(expected))
    if answer is None:
        return Diagnosis(f"nothing was returned, where {wanted} should be", "no `return` line")
    if isinstance(answer, Mapping):
        if answer.keys() == expected.keys():
            return None
        return Diagnosis(f"the keys should be {list(expected)}, got {list(answer)}")
    if len(expected) > 1:
        n = len(answer) if isinstance(answer, (tuple, list)) else 1
        if n != len(expected):
            return Diagnosis(f"{len(expected)} values should be returned, {wanted}, got {n}")
    elif isinstance(answer, tuple):
        return Diagnosis(f"one value should be returned, {wanted}, got a tuple of {len(answer)}")
    return None


def _what_if_not_real(value: Any) -> str:
    """Return in words what a value is, or "" if it is made of real numbers."""
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
        return f"{name} has shape {got.shape}, and should have {expected.shape}"
    index = tuple(int(i) for i in np.argwhere(_wrong(expected, got, rtol, atol))[0])
    place = name + (f"[{', '.join(map(str, index))}]" if index else "")
    return f"{place} is {got[index]:.8g}, and should be {expected[index]:.8g}"
