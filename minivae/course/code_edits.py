"""Changes of the code: another operator, axis, order or number, a statement moved or left out."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from itertools import permutations

from minivae.course.edits import Edit, Slot


def changes_of_code(slot: Slot) -> Iterator[Edit]:
    """Yield changes of the code in a slot."""
    old = slot.get()
    for rank, words, new in [*_operators(old), *_calls(old), *_orders(old), *_numbers(old)]:
        yield Edit(rank, words, (slot,), new)


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
        words = "a product where an equation is to be solved: TEXT"
        yield 49, words, _call_of("np.linalg.solve", left, right)
        yield 49, words, _call_of("np.linalg.solve", right, left)
        for a, b in ((left, right), (right, left)):
            for first, second in ((_turned(a), b), (a, _turned(b)), (_turned(a), _turned(b))):
                new = ast.BinOp(first, ast.MatMult(), second)
                yield 27, "a transpose is missing or too much in TEXT", new
    yield from _operands(old)


def _call_of(function: str, *inputs: ast.expr) -> ast.Call:
    return ast.Call(ast.parse(function, mode="eval").body, list(inputs), [])


def _doubled(old: ast.expr) -> ast.expr:
    return ast.BinOp(ast.Constant(2), ast.Mult(), old)


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
        yield 32, "a square where the double belongs: TEXT", _doubled(old.left)
        yield 32, "the power is wrong in TEXT", ast.BinOp(old.left, ast.Pow(), ast.Constant(3))
    elif isinstance(old.op, ast.Div):
        yield 30, f"divided by `{right}` once too often in TEXT", old.left
    else:
        yield 30, f"a factor too many: `{right}` in TEXT", old.left
        yield 30, f"a factor too many: `{left}` in TEXT", old.right


SWAPS = {
    "sum": ("mean",),
    "mean": ("sum", "min", "max"),
    "median": ("mean",),
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
ENDS = {"prepend": "append", "append": "prepend"}
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
    if name == "solve" and len(old.args) == 2:
        words = "an equation is solved where a product belongs: TEXT"
        yield 49, words, ast.BinOp(old.args[0], ast.MatMult(), old.args[1])
    for keyword in old.keywords:
        if keyword.arg in ENDS:
            rest = [each for each in old.keywords if each is not keyword]
            end = ast.keyword(ENDS[keyword.arg], keyword.value)
            words = f"{keyword.arg} where {end.arg} belongs: TEXT"
            yield 20, words, ast.Call(old.func, old.args, [*rest, end])
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


def changes_of_statements(function: ast.FunctionDef) -> Iterator[Edit]:
    """Yield blocks with two statements exchanged or one left out, and other operators than +=."""
    for owner in ast.walk(function):
        for field in ("body", "orelse"):
            block = getattr(owner, field, None)
            if not isinstance(block, list):
                continue
            for i in range(len(block)):
                slot = Slot(owner, field, None, block[i])
                line = f"`{ast.unparse(block[i]).splitlines()[0]}`"
                if isinstance(block[i], (ast.For, ast.While)) and _returns_too_soon(block[i]):
                    words = "the loop ends in its first round: its `return` stands too far in"
                    yield Edit(8, words, (slot,), [*block[:i], *_returning_later(block[i])])
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


def _returns_too_soon(loop: ast.For | ast.While) -> bool:
    return len(loop.body) > 1 and isinstance(loop.body[-1], ast.Return)


def _returning_later(loop: ast.For | ast.While) -> list[ast.stmt]:
    """Return a loop without the return at its end, and that return behind it."""
    shorter = copy.copy(loop)
    shorter.body = loop.body[:-1]
    return [shorter, loop.body[-1]]
