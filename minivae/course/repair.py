"""Find the mistake in a student's function by mending it: one small change makes it right.

The changes of `minivae.course.edits` are tried one after another on the student's own lines. The
first change that makes the function pass all its checks names the mistake and the line.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from minivae.course.bench import Bench, alarm, applied
from minivae.course.candidates import edits_of
from minivae.course.edits import Edit
from minivae.course.exercises import Check, example_arguments

Function = Callable[..., Any]


@dataclass(frozen=True)
class Repair:
    """A change that makes a function right.

    Attributes
    ----------
    mistake : str
        The mistake in words.
    line : int
        The number of the line in the student's file.
    before, after : str
        The student's statement, and the right one.
    """

    mistake: str
    line: int
    before: str
    after: str


def find_repair(
    function: Function, checks: Sequence[Check], *, seconds: float = 5.0
) -> Repair | None:
    """Return the first change that makes a function right, or None.

    Parameters
    ----------
    function : callable
        A function whose source can be read.
    checks : sequence of callable
        The checks that a right function passes.
    seconds : float
        The processor time for the search.
    """
    parsed = _parse(function)
    if parsed is None:
        return None
    tree, first_line = parsed
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef)
    end = time.process_time() + seconds
    silent = contextlib.redirect_stdout(io.StringIO())
    with silent, np.errstate(all="ignore"), alarm():
        bench = Bench(tree, function.__globals__, checks)
        for edit in edits_of(definition, example_arguments(checks, function)):
            if time.process_time() > end:
                return None
            if bench.is_right_with(edit):
                line = first_line + edit.slots[0].statement.lineno - 1
                mistake, before = edit.mistake(), _shown(edit)
                with applied(edit):
                    return Repair(mistake, line, before, _shown(edit))
    return None


def _parse(function: Function) -> tuple[ast.Module, int] | None:
    """Return a function's source as a tree, and the number of its first line."""
    if not isinstance(function, FunctionType) or function.__closure__:
        return None
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError, IndentationError):
        return None
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.FunctionDef):
        return None
    tree.body[0].decorator_list.clear()
    return tree, first


def _shown(edit: Edit) -> str:
    """Return the statement that an edit changes, in its present form."""
    slot = edit.slots[0]
    value = slot.get()
    if slot.index is None and isinstance(value, list):  # the slot is a block
        return "; ".join(ast.unparse(each).splitlines()[0] for each in value)
    return ast.unparse(slot.statement).splitlines()[0]
