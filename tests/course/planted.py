"""Mistakes planted into the solutions, line by line: what students get wrong, as rules.

A rule takes an expression of a right solution and makes it wrong; nothing of the checker is used.
``PYTHONPATH=tests python tests/course/planted.py`` prints how many are named, part by part.
"""

import ast
import copy
import importlib
import inspect
import linecache
import re
import sys
import textwrap
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from minivae.course.answers import answer
from minivae.course.find import all_parts

# What the words for a mistake of each kind may hold. A repair that restores the right line is
# a right name too, whatever its words.
KINDS = {
    "sign": r"row to row|sign|hill|wrong way|other way|subtract|added|ELBO|climb|upside",
    "factor of two": r"2|half|twice|1/2",
    "transpose": r"transpos|order|rows|columns|axes",
    "batch": r"batch|average|mean|sum|n_features|divided|rows|\bN\b|divisor",
    "axis": r"axis|axes|sum|average|batch|column|each",
    # where two terms cancel, the other may be the one too many
    "dropped term": (
        r"alone|too (long|few|many)|negative|constant|missing|heads|path|only|not |slope"
    ),
    "doubled term": r"constant|too many|2|twice|half|1/2|factor",
    "variance for deviation": r"varianc|deviation|root|square|log_var|exp|s2|power|1/2|level",
    "deviation for logarithm": r"log|exp|varianc|deviation|width",
    "returned order": r"order|exchanged|swapped|stay and go",
    "edge of a comparison": r"comparison|edge|round|exchanged|switched|collapsed|coded|clip|climb",
    "centring": r"centr|mean|subtract|\bb\b",
    "divisor": r"divisor|N - 1|ddof|bias",
    "bias correction": r"correct|\*\* t|power|bias|t begins",
    "in place": r"in place",
}


@dataclass(frozen=True)
class Planted:
    """A wrong function: its kind of mistake, its source, and the line that was right."""

    kind: str
    name: str
    source: str
    right: str

    def function(self, module):
        names = dict(vars(module))
        # so that its source can be read, as that of a student's file
        filename = f"<planted {hash((self.kind, self.source))}>"
        linecache.cache[filename] = (len(self.source), None, self.source.splitlines(True), filename)
        exec(compile(self.source, filename, "exec"), names)
        return names[self.name]


def text(node):
    return ast.unparse(node)


def expr(code):
    return ast.parse(code, mode="eval").body


def wrong_ones(node, arguments):
    """Yield the kind of a mistake, and what it makes of an expression."""
    code = text(node)
    if isinstance(node, ast.BinOp):
        left, right = f"({text(node.left)})", f"({text(node.right)})"
        if isinstance(node.op, ast.Add):
            yield "sign", f"{left} - {right}"
            yield "dropped term", left
            yield "dropped term", right
            yield "doubled term", f"{left} + 2 * {right}"
        if isinstance(node.op, ast.Sub):
            yield "sign", f"{left} + {right}"
            yield "sign", f"{right} - {left}"
            yield "dropped term", left
            yield "doubled term", f"{left} - 2 * {right}"
            if "mean" in right or right == "(b)":
                yield "centring", left
        if isinstance(node.op, ast.Mult) and left in ("(2)", "(0.5)", "(-0.5)"):
            yield "factor of two", right if left != "(-0.5)" else f"-{right}"
        if isinstance(node.op, ast.Div):
            if right in ("(2)",):
                yield "factor of two", left
            if "len(" in right:
                yield "batch", left
                yield "batch", f"{left} / {arguments[0]}.size"
        if isinstance(node.op, ast.MatMult):
            for a, b in ((f"{left}.T", right), (left, f"{right}.T"), (right, left)):
                yield "transpose", f"{a} @ {b}".replace(".T.T", "")
        if isinstance(node.op, ast.Pow):
            yield "variance for deviation" if right == "(2)" else "bias correction", left
    if isinstance(node, ast.Call):
        name = text(node.func).rpartition(".")[2]
        first = text(node.args[0]) if node.args else ""
        if name == "exp":
            if first.endswith("/ 2") or first.startswith("0.5 *"):
                inner = first.removesuffix(" / 2").removeprefix("0.5 * ")
                yield "variance for deviation", f"np.exp({inner})"
                yield "deviation for logarithm", inner
            else:
                yield "variance for deviation", f"np.exp({first} / 2)"
                yield "variance for deviation", f"np.exp(2 * {first})"
                yield "deviation for logarithm", first
        if name == "sqrt":
            yield "variance for deviation", first
        if name == "log":
            yield "deviation for logarithm", first
        if name in ("sum", "mean"):
            other = {"sum": "mean", "mean": "sum"}[name]
            yield "batch", code.replace(f".{name}(", f".{other}(", 1)
            if "axis=0" in code:
                yield "axis", code.replace("axis=0", "axis=1")
                yield "axis", code.replace(", axis=0", "").replace("axis=0", "")
            if "axis=1" in code:
                yield "axis", code.replace("axis=1", "axis=0")
                yield "axis", code.replace(", axis=1", "")
        if name == "cov" and "bias=True" in code:
            yield "divisor", code.replace(", bias=True", "")
        if name == "maximum" or name == "minimum":
            yield "dropped term", first
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield "transpose", text(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "sign", text(node.operand)
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Lt, ast.Gt)):
        yield "edge of a comparison", code.replace("<", "§").replace(">", "<").replace("§", ">")
    if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load):
        parts = [text(each) for each in node.elts]
        if len(parts) > 1:
            yield "returned order", f"({', '.join([*parts[1:], parts[0]])},)"


def in_place(function, arguments):
    """Yield the function with an array argument changed before anything else is done."""
    for name in arguments:
        if re.match(r"(x|X|W|W_e|mu|log_var|theta|m|v|z|noisy|target|dy|dz|data)$", name):
            other = copy.deepcopy(function)
            other.body.insert(0, ast.parse(f"{name} -= 0.1 * {name}").body[0])
            yield "in place", other, name
            return


def plant(function):
    """Return all planted mistakes of a right function."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    arguments = [argument.arg for argument in tree.args.args]
    found = []
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.expr)]
    for place, node in enumerate(nodes):
        if any(isinstance(each, ast.Slice) for each in getattr(node, "elts", [])):
            continue
        for kind, code in wrong_ones(node, arguments):
            other = copy.deepcopy(tree)
            target = [each for each in ast.walk(other) if isinstance(each, ast.expr)][place]
            statement = statement_of(tree, node)

            class Put(ast.NodeTransformer):
                def visit(self, each, target=target, code=code):
                    return expr(code) if each is target else self.generic_visit(each)

            source = text(ast.fix_missing_locations(Put().visit(other)))
            found.append(Planted(kind, function.__name__, source, text(statement)))
    for kind, other, _ in in_place(tree, arguments):
        source = text(ast.fix_missing_locations(other))
        found.append(Planted(kind, function.__name__, source, ""))
    unique = {each.source: each for each in found}
    return list(unique.values())


def statement_of(tree, node):
    """Return the innermost statement that holds a node."""
    holders = [s for s in ast.walk(tree) if isinstance(s, ast.stmt) and node in ast.walk(s)]
    return holders[-1]


def is_named(planted, diagnosis):
    """Return whether a diagnosis names a planted mistake, whether falsely, or not at all."""
    if diagnosis is None or not diagnosis.mistake:
        return "unnamed"
    if diagnosis.mistake.startswith("every entry is"):  # seen, and not named
        return "unnamed"
    restored = f"could be: {planted.right}" in diagnosis.hint
    if restored or re.search(KINDS[planted.kind], diagnosis.mistake):
        return "named"
    return "falsely"


def verdict_on(planted, number):
    """Return what becomes of a planted mistake, and the words for it."""
    module = importlib.import_module(f"course.solutions_{number}")
    checks = dict(all_parts())[number][planted.name]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wrong = planted.function(module)
        reply = answer(planted.name, {planted.name: wrong}, checks, Path(f"{number}_x.py"))
    if reply.verdict == "right":  # it makes no difference: a sign within a square
        return "no difference", ""
    return is_named(planted, reply.diagnosis), reply.diagnosis.mistake


def count(number, every=1):
    """Plant mistakes in one part, and count what becomes of them; return the unnamed ones too."""
    module = importlib.import_module(f"course.solutions_{number}")
    counts, others = Counter(), []
    for function in module.SOLUTIONS.values():
        for planted in plant(function)[::every]:
            verdict, mistake = verdict_on(planted, number)
            counts[verdict] += 1
            if verdict != "named":
                others.append((verdict, planted, mistake))
    return counts, others


def main(numbers):
    for number in numbers or dict(all_parts()):
        counts, others = count(number)
        n = counts.total() - counts["no difference"]
        print(f"{number}: {counts['named']}/{n} named, {counts['falsely']} falsely", flush=True)
        for verdict, planted, mistake in others:
            print(f"    {verdict}: {planted.kind} in {planted.name}, {planted.right} -> {mistake}")


if __name__ == "__main__":
    main(sys.argv[1:])
