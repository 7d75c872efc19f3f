"""Find out what is wrong with a student's function by mending it: one small change makes it right.

The changes are those of `minivae.course.edits`, tried one after another on the student's own lines.
Whatever change makes the function pass all its checks names the mistake, and the line.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import signal
import textwrap
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from minivae.course.edits import NUMPY, Edit, edits_of

Function = Callable[..., Any]


@dataclass(frozen=True)
class Repair:
    """A change that makes a function right.

    Attributes
    ----------
    mistake : str
        Words for what it mends.
    line : int
        Of the student's file.
    before, after : str
        The student's statement, and what it should be.
    """

    mistake: str
    line: int
    before: str
    after: str


def find_repair(
    function: Function,
    passes: Callable[[Function], bool],
    arguments: Mapping[str, Any],
    *,
    seconds: float = 3.0,
) -> Repair | None:
    """Return the first change that makes a function right, or None.

    Parameters
    ----------
    function : callable
        Whose source can be read.
    passes : callable
        Whether a function is right.
    arguments : dict of str to object
        Example values of the function's arguments, by name.
    seconds : float
        How long to look for it.
    """
    end = time.monotonic() + seconds
    parsed = _parse(function)
    if parsed is None:
        return None
    tree, first_line = parsed
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef)
    namespace = getattr(function, "__globals__", {})
    for edit in edits_of(definition, arguments):
        if time.monotonic() > end:
            return None
        with _applied(edit):
            code = _compile(tree)
            right = code is not None and _is_right(code, definition.name, namespace, passes)
            after = _shown(edit) if right else ""
        if right:
            line = first_line + edit.slots[0].statement.lineno - 1
            return Repair(edit.words, line, _shown(edit), after)
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


@contextlib.contextmanager
def _applied(edit: Edit) -> Iterator[None]:
    before = [slot.get() for slot in edit.slots]
    for slot in edit.slots:
        slot.put(edit.new)
    try:
        yield
    finally:
        for slot, old in zip(edit.slots, before, strict=True):
            slot.put(old)


def _shown(edit: Edit) -> str:
    """Return the statement of an edit as it now stands."""
    slot = edit.slots[0]
    value = slot.get()
    if slot.index is None and isinstance(value, list):  # a block
        return "\n".join(ast.unparse(ast.fix_missing_locations(each)) for each in value)
    text = ast.unparse(ast.fix_missing_locations(slot.statement))
    return text.replace(f"{NUMPY}.", "np.").splitlines()[0]


def _compile(tree: ast.Module) -> CodeType | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code: CodeType = compile(ast.fix_missing_locations(tree), "<repair>", "exec")
            return code
    except (SyntaxError, ValueError, TypeError):
        return None


def _is_right(
    code: CodeType, name: str, namespace: Mapping[str, Any], passes: Callable[[Function], bool]
) -> bool:
    names = {**namespace, NUMPY: np}
    try:
        with _alarm(0.3), contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            exec(code, names)
            return passes(names[name])
    except Exception:
        return False


class _TooLongError(Exception):
    """A changed function takes too long: its loop may never end."""


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise in the block when it takes too long, where the system has such an alarm."""
    main = threading.current_thread() is threading.main_thread()
    if not (main and hasattr(signal, "setitimer")):
        yield
        return

    def stop(*_: Any) -> None:
        raise _TooLongError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
