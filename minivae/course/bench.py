"""A student's function on a bench: change one place of it, run it, and see whether it is right."""

from __future__ import annotations

import ast
import contextlib
import signal
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from minivae.course.edits import Edit, Slot, slots_of

Function = Callable[..., Any]
Change = Callable[[int, Any, dict[str, Any]], Any]
SECONDS_FOR_A_TRY = 0.2  # of the processor's time


class Bench:
    """A function on which edits are tried.

    A change of a value needs no new code: every expression goes through a hook, which changes the
    value at the places of the edit, and nowhere else. One run without a change notes the values
    that each place has. A formula that fails on them, that leaves them as they are, or that gives
    what another formula gave, is not tried.

    Parameters
    ----------
    tree : ast.Module
        The source of the function, and nothing else.
    namespace : dict of str to object
        The global names of the function.
    passes : callable
        ``passes(function)`` says whether a function is right.
    """

    def __init__(
        self, tree: ast.Module, namespace: Mapping[str, Any], passes: Callable[[Function], bool]
    ) -> None:
        self.tree, self.passes, self.namespace = tree, passes, dict(namespace)
        (definition,) = tree.body
        assert isinstance(definition, ast.FunctionDef)
        self.name = definition.name
        self.keys: dict[tuple[int, str, int | None], int] = {}
        self.hooked = self._hook(slots_of(definition))
        self.moments: dict[int, list[tuple[Any, dict[str, Any]]]] = {}
        self.tried: set[Hashable] = set()
        self.active, self.change = set(self.keys.values()), self._note
        self._passes(self.hooked)

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
        return self.change(number, value, names) if number in self.active else value

    def _note(self, number: int, value: Any, names: dict[str, Any]) -> Any:
        """Note the first two values at a place, with those of the variables there."""
        moments = self.moments.setdefault(number, [])
        if len(moments) < 2:
            moments.append((_kept(value), {key: _kept(each) for key, each in names.items()}))
        return value

    def is_right_with(self, edit: Edit) -> bool:
        """Return whether the function passes with an edit."""
        if not edit.formula:
            with applied(edit):
                return self._passes(self._compiled({}))
        places = ((id(slot.owner), slot.field, slot.index) for slot in edit.slots)
        self.active = {self.keys.get(place, -1) for place in places}
        formula, other = _formula(edit.formula), _other(edit)
        self.change = lambda _, value, names: formula(value, other(names))
        return self._is_new() and self._passes(self.hooked)

    def _is_new(self) -> bool:
        """Return whether the present change gives values that were not tried at these places."""
        place = min(self.active)
        moments = self.moments.get(place, [])
        try:
            values = [self.change(place, value, names) for value, names in moments]
        except Exception:
            return False
        if not moments or all(map(_same, values, (value for value, _ in moments))):
            return False
        key = (*sorted(self.active), *map(_key, values))
        new = key not in self.tried
        self.tried.add(key)
        return new

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
        timer = getattr(signal, "setitimer", lambda *_: None)
        try:
            timer(signal.ITIMER_VIRTUAL, SECONDS_FOR_A_TRY)
            return function is not None and self.passes(function)
        except Exception:
            return False
        finally:
            timer(signal.ITIMER_VIRTUAL, 0)


HOOK = "_minivae_hook"


def _kept(value: Any) -> Any:
    """Return a copy of an array, because the function may change it later."""
    return value.copy() if isinstance(value, np.ndarray) else value


def _same(new: Any, old: Any) -> bool:
    return new is old or _key(new) == _key(old)


def _key(value: Any) -> Hashable:
    """Return what tells numbers from others; any other value is like no other."""
    if isinstance(value, (np.ndarray, np.generic, int, float)):
        array = np.asarray(value)
        return array.shape, array.dtype.kind, array.tobytes()
    return object()


def _other(edit: Edit) -> Callable[[dict[str, Any]], Any]:
    """Return a function that takes an edit's other value out of the variables at its place."""
    if edit.size:
        return lambda _: edit.size
    if edit.other.startswith("("):
        first, second = edit.others()
        return lambda names: (names[first], names[second])
    if edit.other:
        return lambda names: names[edit.other]
    return lambda _: None


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
def applied(edit: Edit) -> Iterator[None]:
    """Put an edit into the tree for a while."""
    before, new = [slot.get() for slot in edit.slots], edit.replacement()
    for slot in edit.slots:
        slot.put(_located(new, slot.statement) if isinstance(new, ast.AST) else new)
    try:
        yield
    finally:
        for slot, old in zip(edit.slots, before, strict=True):
            slot.put(old)


class _TooLongError(Exception):
    """A changed function takes too long: its loop may never end."""


@contextlib.contextmanager
def alarm() -> Iterator[None]:
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
