"""What is wrong with an answer: the first wrong entry, both numbers, and the likely mistake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

import numpy as np

from minivae._checks import Array

Parts = dict[str, Array]


@dataclass(frozen=True)
class Diagnosis:
    """What was found wrong, and what the student may look at.

    Parameters
    ----------
    found : str
        What is wrong: the entry, the number it is, the number it should be.
    mistake : str
        What was likely done wrong, if it is recognised.
    hint : str
        Where to look.
    """

    found: str
    mistake: str = ""
    hint: str = ""

    def with_hint(self, hint: str) -> Diagnosis:
        """Return the same with another hint."""
        return replace(self, hint=hint)

    def __str__(self) -> str:
        lines = [self.found]
        lines += [f"likely mistake: {self.mistake}"] if self.mistake else []
        lines += [f"hint: {self.hint}"] if self.hint else []
        return "\n".join(lines)


def as_parts(answer: Any, names: str | tuple[str, ...]) -> Parts:
    """Return an answer as named arrays: a dict by its own keys, else by the given names."""
    if isinstance(answer, Mapping):
        return {str(key): np.asarray(value) for key, value in answer.items()}
    if isinstance(names, str):
        return {names: np.asarray(answer)}
    values = answer if isinstance(answer, (tuple, list)) else (answer,)
    return dict(zip(names, map(np.asarray, values), strict=True))


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
        What is right, by name; see `as_parts`.
    answer : object
        What the student's function returned.
    mistakes : dict of str to (dict of str to array)
        Words for a mistake, and what it would have returned.
    batch : tuple of int
        The shape of the batch: numbers of rows and columns, by which a mean differs from a sum.
    rtol, atol : float
        The largest error that passes: `rtol` times the largest expected number, plus `atol`.
    """
    obstacle = _wrong_structure(expected, answer)
    if obstacle:
        return obstacle
    try:
        names = next(iter(expected)) if len(expected) == 1 else tuple(expected)
        got = {name: _real(value) for name, value in as_parts(answer, names).items()}
    except (TypeError, ValueError) as error:
        return Diagnosis(f"what was returned is not made of real numbers: {error}")

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
    for words, guess in _common_mistakes(expected[name], got[name], batch):
        if np.all(np.isfinite(guess)) and equal(guess, got[name]):
            return Diagnosis(found, words)
    return Diagnosis(found, _odd_factor(expected[name], got[name]))


def _wrong_structure(expected: Parts, answer: Any) -> Diagnosis | None:
    """Return what is wrong before any number is compared."""
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


def _real(values: Array) -> Array:
    if np.iscomplexobj(values):
        raise TypeError("they are complex; is .real or .imag missing?")
    return np.asarray(values, float)


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


def _common_mistakes(
    right: Array, got: Array, batch: tuple[int, ...]
) -> Iterator[tuple[str, Array]]:
    """Yield words for a mistake, and what `got` would then be."""
    yield "it is zero everywhere: was it ever filled?", np.zeros_like(right)
    yield "the sign is flipped", -right
    yield "half of it is missing: a factor of 2", right / 2
    yield "twice too large: a factor of 1/2 is missing", right * 2
    yield "the sign is flipped, and a factor of 2 is missing", -right / 2
    yield "the sign is flipped, and a factor of 1/2 is missing", -right * 2
    for n, what in zip(batch, ("batch", "columns"), strict=False):
        if n > 2:
            yield f"not divided by the {what}: {n} times too large", right * n
            yield f"divided by the {what} once too often: {n} times too small", right / n
    yield "transposed", right.T
    if right.ndim:
        yield "in reversed order", right[..., ::-1]
    if got.shape != right.shape:
        yield from _reshaped(right, got)
    with np.errstate(all="ignore"):
        yield "the square of what it should be: a variance for a standard deviation?", right**2
        yield "the root of what it should be: a standard deviation for a variance?", np.sqrt(right)
        yield "the exp of what it should be: is it a logarithm?", np.exp(right)
        yield "the log of what it should be: an exp is missing", np.log(right)


def _reshaped(right: Array, got: Array) -> Iterator[tuple[str, Array]]:
    """Yield what would give `got` another shape than `right` has."""
    places = [("all axes", None), *((f"axis {axis}", axis) for axis in range(1, got.ndim))]
    for place, axis in [("the batch, axis 0", 0), *places]:
        for words, total in (("summed", np.sum), ("averaged", np.mean)):
            reduced = total(got, axis=axis) if got.ndim else got
            if reduced.size == right.size and np.allclose(np.reshape(reduced, right.shape), right):
                yield f"not {words} over {place}", got
    if got.size == right.size:
        yield "the right numbers in the wrong shape", np.reshape(right, got.shape)
    yield "summed over everything: one number, where an array should be", np.array(right.sum())
    yield "averaged over everything: one number, where an array should be", np.array(right.mean())


def _odd_factor(right: Array, got: Array) -> str:
    """Return by which factor or constant all entries are wrong, if by one."""
    if got.shape != right.shape or right.size < 2 or not np.all(np.isfinite(got)):
        return ""
    offset = got - right
    scale = np.max(np.abs(offset))
    if np.ptp(offset) < 1e-6 * scale:
        return f"every entry is off by the same {offset.flat[0]:.6g}: a constant term"
    largest = np.argmax(np.abs(right))
    if right.flat[largest]:
        factor = f"{got.flat[largest] / right.flat[largest]:.6g}"
        close = np.abs(got - float(factor) * right) < 2e-6 * np.max(np.abs(got))
        if factor != "1" and np.all(close):
            return f"every entry is {factor} times what it should be"
    return ""
