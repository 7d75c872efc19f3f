"""Changes of a value by a formula: another sign, a factor, a root, a term or a factor more."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from minivae.course.edits import Edit, Slot

NO_VALUE = (ast.Tuple, ast.List, ast.Slice, ast.Starred, ast.ListComp)


def plain_changes(
    slots: Sequence[Slot], names: Sequence[str], sizes: Sequence[tuple[str, str, int]]
) -> Iterator[Edit]:
    """Yield changes of the value in some slots, all of which hold the same expression."""
    old = slots[0].get()
    if isinstance(old, NO_VALUE):
        return
    if isinstance(old, ast.Name):
        for name in names:
            if name != old.id:
                words = f"`{old.id}` stands where `{name}` belongs"
                yield Edit(19, words, slots, formula="V", other=name)
    if isinstance(old, (ast.Constant, ast.Compare)):
        return
    scaled = not any(_is_a_factor(slot) for slot in slots)
    for rank, words, formula in [*_wrapped(slots[0]), *(_scaled() if scaled else ())]:
        yield Edit(rank, words, slots, formula=formula)
    for whose, shown, size in sizes if scaled else ():
        for did, formula in (("not divided by", "E / V"), ("once too often divided by", "E * V")):
            words = f"{did} {whose}: TEXT"
            yield Edit(40, words, slots, formula=formula, other=shown, size=size)


def changes_with_a_name(slots: Sequence[Slot], names: Sequence[str]) -> Iterator[Edit]:
    """Yield changes by one more factor or term, made of one variable."""
    if isinstance(slots[0].get(), (*NO_VALUE, ast.Constant, ast.Compare)):
        return
    alone = isinstance(slots[0].get(), ast.Name)
    scaled = not any(_is_a_factor(slot) for slot in slots)
    terms = [] if _is_a_term(slots) else list(_one_more_term(alone))
    for name in names:
        if not alone:
            yield Edit(59, f"TEXT stands where `{name}` belongs", slots, formula="V", other=name)
        for rank, words, formula in [*(_one_more_factor() if scaled else ()), *terms]:
            yield Edit(rank, words.replace("NAME", name), slots, formula=formula, other=name)


def changes_with_two_names(slots: Sequence[Slot], names: Sequence[str]) -> Iterator[Edit]:
    """Yield changes by one more term, made of two variables."""
    old = slots[0].get()
    if isinstance(old, (*NO_VALUE, ast.Constant, ast.Compare)) or _is_a_term(slots):
        return
    alone = isinstance(old, ast.Name)
    for first in names:
        for second in names:
            for words, formula in _with_two_names(alone, first, second):
                yield Edit(75, words, slots, formula=formula, other=f"({first}, {second})")


def changes_by_numbers(
    slot: Slot, names: Sequence[str], numbers: Sequence[float]
) -> Iterator[Edit]:
    """Yield changes by numbers that occur elsewhere in the function, such as weights."""
    old = slot.get()
    if isinstance(old, (*NO_VALUE, ast.Compare)):
        return
    for name in names:
        words = f"a power is missing: TEXT to the power `{name}`"
        yield Edit(57, words, (slot,), formula="E**V", other=name)
        if isinstance(old, ast.Constant):
            continue
        for number in numbers:
            divisor = f"(1 - {number!r}**V)"
            words = f"a correction with `{name}` is missing: TEXT divided by `{divisor}`"
            yield Edit(58, words, (slot,), formula=f"E / {divisor}", other=name)
            for weight in (number, round(1 - number, 12)):
                for power in ("", "**2"):
                    term = f"{weight!r} * V{power}"
                    words = f"a term with `{name}` is missing: TEXT `+ {term}`"
                    yield Edit(73, words, (slot,), formula=f"E + {term}", other=name)
    for number in [] if isinstance(old, ast.Constant) else [*numbers, 1e-8]:
        words = f"a small constant is missing: TEXT `+ {number!r}`"
        yield Edit(59, words, (slot,), formula=f"E + {number!r}")


def _is_a_factor(slot: Slot) -> bool:
    """Return whether a factor at this place is a factor of the surrounding product or quotient."""
    owner = slot.owner
    return isinstance(owner, ast.UnaryOp) or (
        isinstance(owner, ast.BinOp) and isinstance(owner.op, (ast.Mult, ast.Div))
    )


def _is_a_term(slots: Sequence[Slot]) -> bool:
    """Return whether one more term can as well be added to the sum of which this is a term."""
    owner = slots[0].owner
    is_sum = isinstance(owner, ast.BinOp) and isinstance(owner.op, (ast.Add, ast.Sub))
    return len(slots) == 1 and is_sum


def _scaled() -> Iterator[tuple[int, str, str]]:
    """Yield a mistake in words, and a formula with a factor."""
    yield 11, "a sign is flipped: TEXT", "-E"
    yield 35, "a factor of 2 is missing: TEXT", "2 * E"
    yield 35, "a factor of 1/2 is missing: TEXT", "E / 2"
    yield 47, "a factor of 4 is missing: TEXT", "4 * E"
    yield 47, "a factor of 1/4 is missing: TEXT", "E / 4"
    yield 39, "upside down: TEXT", "1 / E"


def _wrapped(slot: Slot) -> Iterator[tuple[int, str, str]]:
    """Yield a mistake in words, and a formula for the expression in a slot."""
    owner = slot.owner
    function = owner.func if isinstance(owner, ast.Call) else None
    if isinstance(function, ast.Attribute) and function.attr == "exp":
        words = "a variance stands where a standard deviation belongs: a factor of 1/2 in exp(TEXT)"
        yield 13, words, "E / 2"
        words = "a standard deviation stands where a variance belongs: a factor of 2 in exp(TEXT)"
        yield 13, words, "2 * E"
    yield 36, "a transpose is missing: TEXT", "E.T"
    yield 37, "a square is missing: TEXT is a standard deviation, not yet a variance?", "E**2"
    yield 37, "a root is missing: TEXT is a variance, not yet a standard deviation?", "np.sqrt(E)"
    yield 38, "an exp is missing: TEXT is a logarithm", "np.exp(E)"
    yield 38, "an exp is missing: TEXT is the logarithm of a variance", "np.exp(E / 2)"
    yield 38, "a logarithm is missing: TEXT is not yet one", "np.log(E)"
    yield 39, "an absolute value is missing: TEXT", "np.abs(E)"
    for name in ("sum", "mean"):
        for axis in ("axis=0", "axis=1", "axis=None"):
            where = {"axis=0": " over the batch, axis 0", "axis=1": " over axis 1"}.get(axis, "")
            did = "summed" if name == "sum" else "averaged"
            yield 41, f"not {did}{where}: TEXT", f"np.{name}(E, {axis})"
    yield 42, "not centred: the mean of each column stays in TEXT", "E - np.mean(E, axis=0)"
    yield 43, "in reversed order: TEXT", "E[::-1]"
    yield 44, "in reversed order: TEXT", "E[..., ::-1]"
    yield 44, "a cut at zero is missing: TEXT may be negative", "np.maximum(E, 0)"
    if not isinstance(slot.get(), ast.Name):
        yield 44, "a cut at one is missing: TEXT may be smaller", "np.maximum(E, 1)"
    yield 50, "the complement, one minus it, is meant: TEXT", "1 - E"
    yield 51, "an inverse is missing: TEXT", "np.linalg.inv(E)"
    yield 48, "a constant term of 1 is missing: TEXT", "E + 1"
    yield 48, "a constant term of 1 is missing: TEXT", "E - 1"
    yield 48, "a constant term of 2 is missing: TEXT", "E + 2"
    yield 48, "a constant term of 2 is missing: TEXT", "E - 2"


def sizes_of(arguments: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    """Yield the sizes of the arguments, each number once, as words, code and number."""
    seen: set[int] = {0, 1, 2}
    for name, value in arguments.items():
        if not isinstance(value, np.ndarray):
            continue
        for axis, size in enumerate((*value.shape, value.size)):
            words = "the number of its rows, columns or entries"
            if len(seen) == 3 and axis == 0:
                words = "the batch size"
            code = f"{name}.shape[{axis}]" if axis < value.ndim else f"{name}.size"
            if size not in seen:
                seen.add(size)
                yield words, code, size


FACTORS = (
    (60, "V"),
    (62, "V**2"),
    (62, "np.exp(V)"),
    (62, "np.exp(V / 2)"),
    (63, "np.sqrt(V)"),
    (61, "(1 - V)"),
    (63, "(1 - V**2)"),
    (64, "np.linalg.norm(V)"),
    (64, "np.sin(V)"),
)
TERMS = (
    (61, "V"),
    (65, "V**2"),
    (65, "np.exp(V)"),
    (65, "np.log(V)"),
    (65, "np.mean(V, axis=0)"),
    (66, "V * np.eye(len(E))"),
)


def _one_more_factor() -> Iterator[tuple[int, str, str]]:
    """Yield a mistake in words, and a formula with one more factor, made of a variable."""
    for rank, factor in FACTORS:
        shown = factor.replace("V", "NAME")
        for did, sign in (("times", "*"), ("divided by", "/")):
            words = f"a factor with `NAME` is missing: TEXT {did} `{shown}`"
            yield rank, words, f"E {sign} {factor}"


def _one_more_term(alone: bool) -> Iterator[tuple[int, str, str]]:
    """Yield a mistake in words, and a formula with one more term, made of a variable."""
    for rank, term in TERMS[:1] if alone else TERMS:
        shown = term.replace("V", "NAME")
        for sign in "+-":
            words = f"a term with `NAME` is missing: TEXT `{sign} {shown}"
            yield rank, f"{words}`", f"E {sign} {term}"
            yield rank + 5, f"{words} / 2`", f"E {sign} {term} / 2"
            yield rank + 6, f"{words} * 2`", f"E {sign} 2 * {term}"


PAIRS = ("V[0] * V[1]", "V[0] / V[1]", "V[0] @ V[1]")
LONG_PAIRS = (
    "np.exp(V[0] / 2) * V[1]",
    "np.exp(V[0]) * V[1]",
    "np.exp(V[0]) * V[1]**2",
    "(V[0] - V[1])**2",
    "(V[0] - V[1])**2 / 2",
    "V[0]**2 * V[1]",
    "(1 - V[0]) * V[1]",
    "(1 - V[0]) * V[1]**2",
)


def _with_two_names(alone: bool, first: str, second: str) -> Iterator[tuple[str, str]]:
    """Yield a formula with one more term, made of two variables."""
    for pair in PAIRS if alone else PAIRS + LONG_PAIRS:
        if first > second and "/" not in pair and "@" not in pair and pair in PAIRS:
            continue
        shown = pair.replace("V[0]", first).replace("V[1]", second)
        for sign in "+-":
            words = f"a term with `{first}` and `{second}` is missing: TEXT `{sign} {shown}`"
            yield words, f"E {sign} {pair}"
