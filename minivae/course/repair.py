"""Find the mistake in a student's function by mending it: one small change makes it right.

The changes of `minivae.course.edits` are tried one after another on the student's own lines. The
first change that makes the function pass all its checks names the mistake and the line.
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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np

from minivae.course.candidates import edits_of
from minivae.course.edits import Edit, Slot, slots_of

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
    function: Function,
    passes: Callable[[Function], bool],
    arguments: Mapping[str, Any],
    *,
    seconds: float = 5.0,
) -> Repair | None:
    """Return the first change that makes a function right, or None.

    Parameters
    ----------
    function : callable
        A function whose source can be read.
    passes : callable
        ``passes(function)`` says whether a function is right.
    arguments : dict of str to object
        Example values of the function's arguments, by name.
    seconds : float
        The processor time for the search.
    """
    parsed = _parse(function)
    if parsed is None:
        return None
    tree, first_line = parsed
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef)
    bench = _Bench(tree, definition, function.__globals__, passes)
    end = time.process_time() + seconds
    silent = contextlib.redirect_stdout(io.StringIO())
    with silent, np.errstate(all="ignore"), _alarm():
        for edit in edits_of(definition, arguments):
            if time.process_time() > end:
                return None
            if bench.is_right_with(edit):
                line = first_line + edit.slots[0].statement.lineno - 1
                mistake, before = edit.mistake(), _shown(edit)
                with _applied(edit):
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


class _Bench:
    """A function on which edits are tried.

    A change of a value needs no new code: every expression goes through a hook, which changes the
    value at the places of the edit, and nowhere else.
    """

    def __init__(
        self,
        tree: ast.Module,
        definition: ast.FunctionDef,
        namespace: Mapping[str, Any],
        passes: Callable[[Function], bool],
    ) -> None:
        self.tree, self.name, self.passes = tree, definition.name, passes
        self.namespace = dict(namespace)
        self.keys: dict[tuple[int, str, int | None], int] = {}
        self.active: set[int] = set()
        self.change: Callable[[Any, dict[str, Any]], Any] = lambda value, _: value
        self.hooked = self._hook(slots_of(definition))

    def _hook(self, slots: Sequence[Slot]) -> Function | None:
        """Return the function with a hook around every expression."""
        kept = [(slot, slot.get()) for slot in slots]
        for number, (slot, old) in enumerate(kept):
            if isinstance(old, (ast.Slice, ast.Starred, ast.Tuple)):
                continue
            self.keys[id(slot.owner), slot.field, slot.index] = number
            names = ast.Call(ast.Name("locals", ast.Load()), [], [])
            inputs = [ast.Constant(number), old, names]
            slot.put(_located(ast.Call(ast.Name(HOOK, ast.Load()), inputs, []), old))
        function = self._compiled({HOOK: self._at})
        for slot, old in kept:
            slot.put(old)
        return function

    def _at(self, number: int, value: Any, names: dict[str, Any]) -> Any:
        return self.change(value, names) if number in self.active else value

    def is_right_with(self, edit: Edit) -> bool:
        """Return whether the function passes with an edit."""
        if edit.formula:
            places = ((id(slot.owner), slot.field, slot.index) for slot in edit.slots)
            self.active = {self.keys.get(place, -1) for place in places}
            formula, other, size = _formula(edit.formula), edit.other, edit.size
            if size:
                self.change = lambda value, _: formula(value, size)
            elif other.startswith("("):
                a, b = edit.others()
                self.change = lambda value, names: formula(value, (names[a], names[b]))
            elif other:
                self.change = lambda value, names: formula(value, names[other])
            else:
                self.change = lambda value, _: formula(value, None)
            return self._passes(self.hooked)
        with _applied(edit):
            return self._passes(self._compiled({}))

    def _compiled(self, names: dict[str, Any]) -> Function | None:
        try:
            code = compile(self.tree, "<repair>", "exec")
            namespace = self.namespace | names
            exec(code, namespace)
            function: Function = namespace[self.name]
            return function
        except Exception:
            return None

    def _passes(self, function: Function | None) -> bool:
        try:
            if hasattr(signal, "setitimer"):
                signal.setitimer(signal.ITIMER_VIRTUAL, 0.2)
            return function is not None and self.passes(function)
        except Exception:
            return False


HOOK = "_minivae_hook"


@cache
def _formula(text: str) -> Callable[[Any, Any], Any]:
    formula: Callable[[Any, Any], Any] = eval(f"lambda E, V: {text}", {"np": np})
    return formula


def _located(new: ast.AST, old: ast.AST) -> Any:
    """Return a piece of a tree whose new nodes have the line numbers of the old one."""
    if not hasattr(new, "lineno"):
        if "lineno" in new._attributes:
            ast.copy_location(new, old)
        for child in ast.iter_child_nodes(new):
            _located(child, old)
    return new


@contextlib.contextmanager
def _applied(edit: Edit) -> Iterator[None]:
    before, new = [slot.get() for slot in edit.slots], edit.replacement()
    for slot in edit.slots:
        slot.put(_located(new, slot.statement) if isinstance(new, ast.AST) else new)
    try:
        yield
    finally:
        for slot, old in zip(edit.slots, before, strict=True):
            slot.put(old)


def _shown(edit: Edit) -> str:
    """Return the statement that an edit changes, in its present form."""
    slot = edit.slots[0]
    value = slot.get()
    if slot.index is None and isinstance(value, list):  # the slot is a block
        return "; ".join(ast.unparse(each).splitlines()[0] for each in value)
    return ast.unparse(slot.statement).splitlines()[0]


class _TooLongError(Exception):
    """A changed function takes too long: its loop may never end."""


@contextlib.contextmanager
def _alarm() -> Iterator[None]:
    """Raise `_TooLongError` when the alarm goes off, on systems that have alarms."""
    main = threading.current_thread() is threading.main_thread()
    if not (main and hasattr(signal, "setitimer")):
        yield
        return

    def stop(*_: Any) -> None:
        raise _TooLongError

    before = signal.signal(signal.SIGVTALRM, stop)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
