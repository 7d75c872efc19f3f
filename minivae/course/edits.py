"""Small changes to a student's function, each with words for the mistake that it mends.

A change replaces one expression, or every occurrence of it: another sign, a factor of two, another
axis, a name for another name, one term more or less. No change knows what the function should
compute. A change of a value is a formula; a change of the code is a new piece of the syntax tree.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Slot:
    """A place in a tree: a field of a node, or an item of a field that is a list."""

    owner: ast.AST
    field: str
    index: int | None
    statement: ast.stmt

    def get(self) -> Any:
        """Return the content of the slot."""
        value = getattr(self.owner, self.field)
        return value if self.index is None else value[self.index]

    def put(self, new: Any) -> None:
        """Replace the content of the slot."""
        if self.index is None:
            setattr(self.owner, self.field, new)
        else:
            getattr(self.owner, self.field)[self.index] = new


@dataclass(frozen=True)
class Edit:
    """A new content for some slots, and words for the mistake; the smallest `rank` is tried first.

    Attributes
    ----------
    new : object
        A piece of the tree, or None if there is a `formula`.
    formula : str
        The new value, in terms of the old one, ``E``, and of another one, ``V``.
    other : str
        The name of ``V`` in messages: a variable, or a size of an argument.
    size : int
        The value of ``V``, if it is a size.
    """

    rank: int
    words: str
    slots: Sequence[Slot]
    new: Any = None
    formula: str = ""
    other: str = ""
    size: int = 0

    def others(self) -> list[str]:
        """Return the names of the variables in ``V``."""
        return self.other.strip("()").split(", ")

    def replacement(self) -> Any:
        """Return the new piece of the tree."""
        if not self.formula:
            return self.new
        parts = {"E": f"({ast.unparse(self.slots[0].get())})", "V": self.other}
        if self.other.startswith("("):
            first, second = self.others()
            parts |= {"V[0]": first, "V[1]": second}
        text = "".join(parts.get(each, each) for each in _words(self.formula))
        return ast.parse(text, mode="eval").body


def _words(formula: str) -> list[str]:
    """Return a formula cut into the letters E and V, and the text between them."""
    return re.split(r"(V\[\d\]|\bV\b|\bE\b)", formula)


def slots_of(function: ast.FunctionDef) -> list[Slot]:
    """Return the slots of a function that hold an expression to be evaluated."""
    found: list[Slot] = []

    def visit(owner: ast.AST, statement: ast.stmt) -> None:
        for field, value in ast.iter_fields(owner):
            if field in ("targets", "target", "annotation"):
                continue
            items = enumerate(value) if isinstance(value, list) else [(None, value)]
            for index, item in items:
                if isinstance(item, ast.expr):
                    found.append(Slot(owner, field, index, statement))
                if isinstance(item, ast.AST) and not isinstance(item, ast.expr_context):
                    visit(item, item if isinstance(item, ast.stmt) else statement)

    for statement in function.body:
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            visit(statement, statement)
    return [slot for slot in found if not _is_code(slot)]


def _is_code(slot: Slot) -> bool:
    """Return whether an expression is a function or a module, not a value."""
    old = slot.get()
    is_module = isinstance(slot.owner, ast.Attribute) and isinstance(old, ast.Name)
    return slot.field in ("func", "generators") or (is_module and old.id in MODULES)


MODULES = ("np", "numpy", "scipy", "stats", "math")


def edits_of(function: ast.FunctionDef, arguments: Mapping[str, Any]) -> list[Edit]:
    """Return all changes to try, the likeliest first.

    Parameters
    ----------
    function : ast.FunctionDef
    arguments : dict of str to object
        The function's arguments by name, with example values, whose shapes give the sizes.
    """
    slots = slots_of(function)
    names = sorted(arguments.keys() | _local_names(function))
    sizes, numbers = list(_sizes(arguments)), _small_numbers(function)
    edits = [*_of_statements(function)]
    for slot in slots:
        edits += _of_code(slot)
        edits += _of_value((slot,), names, sizes)
        edits += _of_weights(slot, names, numbers)
    for same in _repeated(slots):
        edits += [replace_rank(edit) for edit in _of_value(same, names, sizes)]
    return sorted(edits, key=lambda edit: edit.rank)


def replace_rank(edit: Edit) -> Edit:
    """Return a change of all places at once, with a slightly larger rank than a change of one."""
    return replace(edit, rank=edit.rank + 1)


def _local_names(function: ast.FunctionDef) -> set[str]:
    nodes = (node for node in ast.walk(function) if isinstance(node, ast.Name))
    return {node.id for node in nodes if isinstance(node.ctx, ast.Store)}


def _small_numbers(function: ast.FunctionDef) -> list[float]:
    """Return the numbers between 0 and 1 in a function, such as weights and epsilons."""
    nodes = (node for node in ast.walk(function) if isinstance(node, ast.Constant))
    return sorted(
        {node.value for node in nodes if type(node.value) is float and 0 < node.value < 1}
    )


def _repeated(slots: Sequence[Slot]) -> Iterator[tuple[Slot, ...]]:
    """Yield the slots of every expression that occurs more than once."""
    groups: dict[str, list[Slot]] = {}
    for slot in slots:
        if not isinstance(slot.get(), ast.Constant):
            groups.setdefault(ast.dump(slot.get()), []).append(slot)
    yield from (tuple(group) for group in groups.values() if len(group) > 1)


# Changes of one expression


def _of_code(slot: Slot) -> Iterator[Edit]:
    """Yield changes of the code in a slot."""
    old = slot.get()
    text = f"`{ast.unparse(old)}`"
    for rank, words, new in [*_operators(old), *_calls(old), *_orders(old), *_numbers(old)]:
        yield Edit(rank, words.replace("TEXT", text), (slot,), new)


COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


def _operators(old: ast.expr) -> Iterator[tuple[int, str, ast.expr]]:
    """Yield other operators, exchanged operands, and each operand alone."""
    if isinstance(old, ast.UnaryOp) and isinstance(old.op, ast.USub):
        yield 10, "a sign is flipped: TEXT", old.operand
    if isinstance(old, ast.Compare) and len(old.ops) == 1:
        for op in COMPARISONS:
            if isinstance(old.ops[0], COMPARISONS) and not isinstance(old.ops[0], op):
                words = "the comparison TEXT is the wrong way round, or has the wrong edge"
                yield 9, words, ast.Compare(old.left, [op()], old.comparators)
    if not isinstance(old, ast.BinOp):
        return
    left, right = old.left, old.right

    def other(op: ast.operator) -> ast.BinOp:
        return ast.BinOp(left, op, right)

    exchanged = ast.BinOp(right, old.op, left)
    if isinstance(old.op, ast.Add):
        yield 10, "a sign is flipped: + for - in TEXT", other(ast.Sub())
    if isinstance(old.op, ast.Sub):
        yield 10, "a sign is flipped: - for + in TEXT", other(ast.Add())
        yield 10, "a sign is flipped: the difference TEXT is the wrong way round", exchanged
    if isinstance(old.op, ast.Div):
        yield 15, "upside down: TEXT", exchanged
        yield 18, "divided where a product belongs: TEXT", other(ast.Mult())
    if isinstance(old.op, ast.Mult):
        yield 18, "multiplied where a quotient belongs: TEXT", other(ast.Div())
        yield (
            45,
            "an elementwise product where a matrix product belongs: TEXT",
            other(ast.MatMult()),
        )
    if isinstance(old.op, ast.MatMult):
        yield 17, "the product TEXT has its factors in the wrong order", exchanged
        for a, b in ((left, right), (right, left)):
            for first, second in ((_turned(a), b), (a, _turned(b)), (_turned(a), _turned(b))):
                new = ast.BinOp(first, ast.MatMult(), second)
                yield 27, "a transpose is missing or too much in TEXT", new
    yield from _operands(old)


def _turned(old: ast.expr) -> ast.expr:
    """Return the transpose of an expression."""
    if isinstance(old, ast.Attribute) and old.attr == "T":
        return old.value
    return ast.Attribute(old, "T", ast.Load())


def _operands(old: ast.BinOp) -> Iterator[tuple[int, str, ast.expr]]:
    """Yield each operand alone, for the case that the other one is too much."""
    left, right = ast.unparse(old.left), ast.unparse(old.right)
    if isinstance(old.op, (ast.Add, ast.Sub)):
        yield 30, f"a term too many: `{right}` in TEXT", old.left
        yield 30, f"a term too many: `{left}` in TEXT", old.right
        yield 31, f"a term too many: `{left}` in TEXT", ast.UnaryOp(ast.USub(), old.right)
    elif isinstance(old.op, ast.Pow):
        yield 30, "a power too much: TEXT", old.left
        yield 32, "the power is wrong in TEXT", ast.BinOp(old.left, ast.Pow(), ast.Constant(3))
    elif isinstance(old.op, ast.Div):
        yield 30, f"divided by `{right}` once too often in TEXT", old.left
    else:
        yield 30, f"a factor too many: `{right}` in TEXT", old.left
        yield 30, f"a factor too many: `{left}` in TEXT", old.right


SWAPS = {
    "sum": ("mean",),
    "mean": ("sum",),
    "min": ("max",),
    "max": ("min",),
    "argmin": ("argmax",),
    "argmax": ("argmin",),
    "minimum": ("maximum",),
    "maximum": ("minimum",),
    "var": ("std",),
    "std": ("var",),
    "log2": ("log",),
    "log10": ("log",),
    "log1p": ("log",),
    "expm1": ("exp",),
    "sin": ("cos",),
    "cos": ("sin",),
    "arcsin": ("arccos",),
    "cdf": ("ppf",),
    "ppf": ("cdf",),
    "tile": ("repeat",),
    "repeat": ("tile",),
    "ones": ("zeros",),
    "zeros": ("ones",),
}
REDUCTIONS = ("sum", "mean", "var", "std", "min", "max", "norm", "median", "concatenate", "stack")


def _calls(old: ast.expr) -> Iterator[tuple[int, str, ast.expr]]:
    """Yield a call of another function, along another axis or without an argument, and no call."""
    if isinstance(old, ast.Attribute):
        if old.attr == "T":
            yield 25, "transposed once too often: TEXT", old.value
        if old.attr in ("real", "imag"):
            other = "imag" if old.attr == "real" else "real"
            words = f"the {old.attr} part where the other belongs: TEXT"
            yield 20, words, ast.Attribute(old.value, other, ast.Load())
    if not (isinstance(old, ast.Call) and isinstance(old.func, ast.Attribute)):
        return
    name = old.func.attr
    for other in SWAPS.get(name, ()):
        function = ast.Attribute(old.func.value, other, ast.Load())
        words = f"{name} where {other} belongs: TEXT"
        yield 20, words, ast.Call(function, old.args, old.keywords)
    if name in REDUCTIONS:
        yield from _along_other_axes(old, name)
    flags = {"bias": True, "ddof": 0, "rowvar": False, "keepdims": True}
    for key, value in flags.items():
        rest = [keyword for keyword in old.keywords if keyword.arg != key]
        if len(rest) < len(old.keywords):
            words = f"the divisor, n or n - 1: {key} in TEXT" if key in ("bias", "ddof") else ""
            words = words or f"{key} is too much in TEXT"
            yield 22, words, ast.Call(old.func, old.args, rest)
        elif name in ("cov", "var", "std", "sum", "mean", "norm") and (key, name) != (
            "ddof",
            "sum",
        ):
            words = {
                "bias": "the divisor is n - 1, where n belongs: TEXT",
                "ddof": "the divisor is n - 1, where n belongs: TEXT",
                "rowvar": "rows are taken for columns: TEXT",
                "keepdims": "an axis is lost: TEXT",
            }[key]
            extra = ast.keyword(key, ast.Constant(value))
            yield 22, words, ast.Call(old.func, old.args, [*rest, extra])
    if len(old.args) == 1 and not old.keywords and name not in ("copy",):
        yield 24, f"{name} is too much: TEXT{_of_a_root(name)}", old.args[0]


def _of_a_root(name: str) -> str:
    return {
        "sqrt": ", a standard deviation where a variance belongs?",
        "square": ", a variance where a standard deviation belongs?",
        "log": ", a logarithm where a value belongs?",
        "exp": ", a value where its logarithm belongs?",
    }.get(name, "")


def _along_other_axes(old: ast.Call, name: str) -> Iterator[tuple[int, str, ast.expr]]:
    rest = [keyword for keyword in old.keywords if keyword.arg != "axis"]
    positional = isinstance(old.func, ast.Attribute) and not (
        isinstance(old.func.value, ast.Name) and old.func.value.id in ("np", "numpy")
    )
    arguments = old.args[: 0 if positional else 1]
    for axis in (0, 1, None):
        extra = [] if axis is None else [ast.keyword("axis", ast.Constant(axis))]
        words = f"the wrong axis: TEXT, a {name} along another axis is wanted"
        yield 21, words, ast.Call(old.func, arguments, [*rest, *extra])
        for other in SWAPS.get(name, ()):
            if isinstance(old.func, ast.Attribute):
                function = ast.Attribute(old.func.value, other, ast.Load())
                words = f"the wrong axis, and {name} where {other} belongs: TEXT"
                yield 46, words, ast.Call(function, arguments, [*rest, *extra])


def _orders(old: ast.expr) -> Iterator[tuple[int, str, ast.expr]]:
    """Yield tuples and arguments in another order, and slices from the other end."""
    if isinstance(old, ast.Tuple) and 2 <= len(old.elts) <= 4:
        for order in list(permutations(old.elts))[1:]:
            yield 14, "in the wrong order: TEXT", ast.Tuple(list(order), ast.Load())
    if isinstance(old, ast.Call) and 2 <= len(old.args) <= 5:
        for i in range(len(old.args)):
            for j in range(i):
                swapped = list(old.args)
                swapped[i], swapped[j] = swapped[j], swapped[i]
                words = "two arguments are exchanged: TEXT"
                yield 16, words, ast.Call(old.func, swapped, old.keywords)
    if isinstance(old, ast.Slice):
        minus = None if old.upper is None else ast.UnaryOp(ast.USub(), old.upper)
        if old.lower is None and old.upper is not None:
            yield 23, "the first where the last belong: TEXT", ast.Slice(minus, None, old.step)
            yield 23, "the first where the rest belong: TEXT", ast.Slice(old.upper, None, old.step)
            yield 23, "the first where all but the last belong: TEXT", ast.Slice(None, minus)
        if old.upper is None and old.lower is not None:
            positive = old.lower.operand if isinstance(old.lower, ast.UnaryOp) else old.lower
            yield 23, "the last where the first belong: TEXT", ast.Slice(None, positive, old.step)
            yield 23, "the last where the others belong: TEXT", ast.Slice(None, old.lower, old.step)
    if isinstance(old, ast.Subscript):
        yield 26, "one part is taken, where all belong: TEXT", old.value
        if isinstance(old.slice, ast.Slice):
            words = "columns and rows are exchanged: TEXT"
            both = ast.Tuple([ast.Slice(), old.slice], ast.Load())
            yield 23, words, ast.Subscript(old.value, both, ast.Load())
        elif isinstance(old.slice, ast.Tuple) and len(old.slice.elts) == 2:
            words = "columns and rows are exchanged: TEXT"
            reverse = ast.Tuple(old.slice.elts[::-1], ast.Load())
            yield 23, words, ast.Subscript(old.value, reverse, ast.Load())


def _numbers(old: ast.expr) -> Iterator[tuple[int, str, ast.expr]]:
    """Yield other numbers in place of a number."""
    if not isinstance(old, ast.Constant) or isinstance(old.value, bool):
        return
    value = old.value
    if not isinstance(value, (int, float)):
        return
    words = "a wrong number: TEXT"
    if value in (2, 4):
        words = "a factor or power of 2 too much: TEXT"
    elif value in (0.5, 0.25):
        words = "a factor of 1/2 too much: TEXT"
    likely = (value / 2, 2 * value, 0, 1)
    for other in (*likely, value + 1, value - 1, -value, 1 - value, 2, 0.5):
        if other != value:
            number = int(other) if isinstance(value, int) and other == int(other) else other
            yield 34 if other in likely else 52, words, ast.Constant(number)


# Changes of a value


def _of_value(
    slots: Sequence[Slot], names: Sequence[str], sizes: Sequence[tuple[str, str, int]]
) -> Iterator[Edit]:
    """Yield changes of the value in some slots, all of which hold the same expression."""
    old = slots[0].get()
    text = f"`{ast.unparse(old)}`"
    if isinstance(old, (ast.Tuple, ast.List, ast.Slice, ast.Starred, ast.ListComp)):
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
        yield Edit(rank, words.replace("TEXT", text), slots, formula=formula)
    for words, shown, size in sizes if scaled else ():
        for did, formula in (("not divided by", "E / V"), ("once too often divided by", "E * V")):
            text_of = f"{did} {words}: {text}"
            yield Edit(40, text_of, slots, formula=formula, other=shown, size=size)
    for name in names:
        for rank, words, formula in _with_a_name(slots[0], name, scaled):
            words = words.replace("TEXT", text)
            yield Edit(rank, words, slots, formula=formula, other=name)
    for first in names:
        for second in names:
            for rank, words, formula in _with_two_names(slots[0], first, second):
                words = words.replace("TEXT", text)
                yield Edit(rank, words, slots, formula=formula, other=f"({first}, {second})")


def _of_weights(slot: Slot, names: Sequence[str], numbers: Sequence[float]) -> Iterator[Edit]:
    """Yield changes by numbers that occur elsewhere in the function, such as weights."""
    old = slot.get()
    if isinstance(old, (ast.Tuple, ast.List, ast.Slice, ast.Starred, ast.ListComp, ast.Compare)):
        return
    text = f"`{ast.unparse(old)}`"
    for name in names:
        words = f"a power is missing: {text} to the power `{name}`"
        yield Edit(57, words, (slot,), formula="E**V", other=name)
        if isinstance(old, ast.Constant):
            continue
        for number in numbers:
            divisor = f"(1 - {number!r}**V)"
            words = f"a correction with `{name}` is missing: {text} divided by `{divisor}`"
            yield Edit(58, words, (slot,), formula=f"E / {divisor}", other=name)
            for weight in (number, round(1 - number, 12)):
                for power in ("", "**2"):
                    term = f"{weight!r} * V{power}"
                    words = f"a term with `{name}` is missing: {text} `+ {term}`"
                    yield Edit(73, words, (slot,), formula=f"E + {term}", other=name)
    for number in [] if isinstance(old, ast.Constant) else [*numbers, 1e-8]:
        words = f"a small constant is missing: {text} `+ {number!r}`"
        yield Edit(59, words, (slot,), formula=f"E + {number!r}")


def _is_a_factor(slot: Slot) -> bool:
    """Return whether a factor at this place is a factor of the surrounding product or quotient."""
    owner = slot.owner
    return isinstance(owner, ast.UnaryOp) or (
        isinstance(owner, ast.BinOp) and isinstance(owner.op, (ast.Mult, ast.Div))
    )


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
    yield 48, "a constant term of 1 is missing: TEXT", "E + 1"
    yield 48, "a constant term of 1 is missing: TEXT", "E - 1"
    yield 48, "a constant term of 2 is missing: TEXT", "E + 2"
    yield 48, "a constant term of 2 is missing: TEXT", "E - 2"


def _sizes(arguments: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
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
)


def _with_a_name(slot: Slot, name: str, scaled: bool) -> Iterator[tuple[int, str, str]]:
    """Yield a formula with one more factor or term, made of one variable."""
    for rank, factor in FACTORS if scaled else ():
        shown = factor.replace("V", name)
        words = f"a factor with `{name}` is missing"
        yield rank, f"{words}: TEXT times `{shown}`", f"E * {factor}"
        yield rank, f"{words}: TEXT divided by `{shown}`", f"E / {factor}"
    alone = isinstance(slot.get(), ast.Name)
    for rank, term in TERMS[:1] if alone else TERMS:
        shown = term.replace("V", name)
        for sign in "+-":
            words = f"a term with `{name}` is missing: TEXT `{sign} {shown}"
            yield rank, f"{words}`", f"E {sign} {term}"
            if not alone:
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


def _with_two_names(slot: Slot, first: str, second: str) -> Iterator[tuple[int, str, str]]:
    """Yield a formula with one more term, made of two variables."""
    alone = isinstance(slot.get(), ast.Name)
    for pair in PAIRS if alone else PAIRS + LONG_PAIRS:
        if first > second and "/" not in pair and "@" not in pair and pair in PAIRS:
            continue
        shown = pair.replace("V[0]", first).replace("V[1]", second)
        for sign in "+-":
            words = f"a term with `{first}` and `{second}` is missing: TEXT `{sign} {shown}`"
            yield 75, words, f"E {sign} {pair}"


# Changes of statements


def _of_statements(function: ast.FunctionDef) -> Iterator[Edit]:
    """Yield blocks with two statements exchanged or one left out, and other operators than +=."""
    for owner in ast.walk(function):
        for field in ("body", "orelse"):
            block = getattr(owner, field, None)
            if not isinstance(block, list):
                continue
            for i in range(len(block)):
                slot = Slot(owner, field, None, block[i])
                line = f"`{ast.unparse(block[i]).splitlines()[0]}`"
                if len(block) > 1 and not isinstance(block[i], ast.Return):
                    words = f"one line too many: {line}"
                    yield Edit(55, words, (slot,), [*block[:i], *block[i + 1 :]])
                for j in range(0 if isinstance(block[i], ast.Return) else i):
                    moved = [*block[:j], block[i], *block[j:i], *block[i + 1 :]]
                    words = f"{line} comes too late: what stands above needs it"
                    yield Edit(33, words, (slot,), moved)
        if isinstance(owner, ast.AugAssign):
            slot = Slot(owner, "op", None, owner)
            line = f"`{ast.unparse(owner)}`"
            for op in (ast.Add(), ast.Sub(), ast.Mult(), ast.Div()):
                if type(op) is not type(owner.op):
                    words = f"a sign is flipped, or the operator is another: {line}"
                    yield Edit(10, words, (slot,), op)
