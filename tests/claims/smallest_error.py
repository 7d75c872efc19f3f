"""The smallest error that the ledger notices, function by function: a maintainer's command.

    python tests/claims/smallest_error.py [NAME ...]

Every number that a function of the numeric rooms computes with, and every value that it returns, is
multiplied by 1.001, one at a time. For the smallest of them that is noticed by a claim the factor
is brought nearer to 1, and for those that are not noticed further from it. A line for each
function says how many of its numbers a claim notices at 1.001, and the smallest change of any that
some claim sees, and which. NAME is a part of a function's name; without one, all are tried, which
takes an hour or two.
"""

import ast
import importlib
import inspect
import os
import pkgutil
import sys
import textwrap
import time
import warnings
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

import minivae  # noqa: E402
from minivae.claims import all_claims  # noqa: E402

ROOMS = ("nn", "models", "linear", "bayes", "diagnostics", "training.optimizers")
ROOMS += ("gradient_check.numeric",)
ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
FACTORS = [1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0]
FIRST = FACTORS.index(1e-3)
SLOWEST = 20.0  # seconds that a claim may take and still be asked


class Scale(ast.NodeTransformer):
    """Multiply one number of a function, by its place among all of them."""

    def __init__(self, place, factor):
        self.place, self.factor, self.seen, self.names = place, factor, -1, []

    def _next(self, node, name):
        self.seen += 1
        self.names.append(name)
        if self.seen != self.place:
            return node
        return ast.BinOp(ast.Constant(self.factor), ast.Mult(), node)

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ARITHMETIC):
            for side in ("left", "right"):
                value = getattr(node, side)
                if isinstance(value, ast.Constant) and isinstance(value.value, int | float):
                    setattr(node, side, self._next(value, f"{ast.unparse(value)} in a formula"))
        return node

    def visit_Return(self, node):
        self.generic_visit(node)
        if node.value is None:
            return node
        values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        for i, value in enumerate(values):
            if not isinstance(value, ast.Constant):
                values[i] = self._next(value, f"returned value {i}")
        if not isinstance(node.value, ast.Tuple):
            node.value = values[0]
        return node


def functions():
    """Yield name and function of everything that computes in the numeric rooms."""
    for found in pkgutil.walk_packages(minivae.__path__, "minivae."):
        if not found.name.removeprefix("minivae.").startswith(ROOMS):
            continue
        module = importlib.import_module(found.name)
        for owner in [module, *(c for c in vars(module).values() if inspect.isclass(c))]:
            if getattr(owner, "__module__", module.__name__) != module.__name__:
                continue
            for name, value in list(vars(owner).items()):
                function = getattr(value, "__func__", getattr(value, "fget", value))
                if inspect.isfunction(function) and function.__module__ == module.__name__:
                    prefix = "" if owner is module else f"{owner.__name__}."
                    yield f"{found.name.removeprefix('minivae.')}: {prefix}{name}", function


def tree_of(function):
    """Return the syntax tree of a function, without its decorators; None if it has a closure."""
    if function.__code__.co_freevars:
        return None
    try:
        source = textwrap.dedent(inspect.getsource(function))
    except OSError:
        return None
    tree = ast.parse(source[source.index("def ") :])
    return tree if isinstance(tree.body[0], ast.FunctionDef) else None


def scaled(function, place, factor):
    """Return the code of a function with one number multiplied, and the names of all of them."""
    tree = tree_of(function)
    transformer = Scale(place, factor)
    tree = ast.fix_missing_locations(transformer.visit(tree))
    namespace = {}
    exec(compile(tree, "<scaled>", "exec"), function.__globals__, namespace)
    return namespace[function.__name__].__code__, transformer.names


def claims_and_calls():
    """Return the claims, fastest first, each with its seconds and the code that it runs."""
    rows = []
    for claim in all_claims().values():
        called, start = set(), time.perf_counter()
        sys.setprofile(lambda frame, event, _, s=called: event == "call" and s.add(frame.f_code))
        try:
            claim.measure()
        finally:
            sys.setprofile(None)
        rows.append((time.perf_counter() - start, claim, called))
    return sorted(rows, key=lambda row: row[0])


def noticed(function, code, claims):
    """Return the first claim that fails, or None; a count that must be an integer raises."""
    right = function.__code__
    function.__code__ = code
    try:
        for claim in claims:
            try:
                if not claim.measure().ok:
                    return claim
            except (TypeError, IndexError):
                raise
            except Exception:  # refused on the way, which is to be noticed
                return claim
    finally:
        function.__code__ = right
    return None


def smallest(function, claims):
    """Return how many are tried, how many noticed at 1.001, and the smallest change and claim."""
    _, names = scaled(function, -1, 1.0)
    seen, counts, best, by = 0, 0, len(FACTORS), None
    for place in range(len(names)):
        level = FIRST
        try:
            claim = noticed(function, scaled(function, place, 1 + FACTORS[level])[0], claims)
        except (TypeError, IndexError):
            counts += 1
            continue
        if claim is not None:
            seen += 1
            while level and noticed(
                function, scaled(function, place, 1 + FACTORS[level - 1])[0], [claim]
            ):
                level -= 1
        else:
            while claim is None and level + 1 < min(best, len(FACTORS)):
                level += 1
                claim = noticed(function, scaled(function, place, 1 + FACTORS[level])[0], claims)
        if claim is not None and level < best:
            best, by = level, claim
    return len(names) - counts, seen, FACTORS[best] if by else None, by


def main(wanted):
    """Print a line for each function whose name contains one of the words."""
    warnings.simplefilter("ignore")
    rows = claims_and_calls()
    for name, function in functions():
        if wanted and not any(word in name for word in wanted):
            continue
        if tree_of(function) is None:
            continue
        claims = [c for t, c, called in rows if function.__code__ in called and t < SLOWEST]
        tried, seen, change, claim = smallest(function, claims)
        if not tried:
            continue
        found = f"{change:.0e} by {claim.name}" if claim else "nothing up to a factor of 2"
        asked = "" if claims else " (no claim calls it)"
        print(f"{name:70s} {seen:2d} of {tried:2d} at 1.001; smallest: {found}{asked}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
