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

from minivae.course.diagnosis import Compared
from minivae.course.edits import Edit, Slot
from minivae.course.exercises import Check, numbers_of, passes

Function = Callable[..., Any]
SECONDS_FOR_A_TRY = 0.2  # of the processor's time


class Bench:
    """A function on which edits are tried.

    A change of the code is compiled. A change of a value needs no new code: a hook stands around
    the expression, and changes its value.

    Parameters
    ----------
    tree : ast.Module
        The source of the function, and nothing else.
    namespace : dict of str to object
        The global names of the function.
    checks : sequence of callable
        The checks that a right function passes.
    """

    def __init__(
        self, tree: ast.Module, namespace: Mapping[str, Any], checks: Sequence[Check]
    ) -> None:
        self.tree, self.namespace, self.checks = tree, dict(namespace), checks
        (definition,) = tree.body
        assert isinstance(definition, ast.FunctionDef)
        self.name = definition.name
        self.places: dict[Hashable, _Place] = {}
        as_given = self._compiled({})
        self.failed = next((c for c in checks if not self._passes(as_given, c)), checks[0])

    def is_right_with(self, edit: Edit) -> bool:
        """Return whether the function passes with an edit."""
        place = self._place(edit.slots)
        if place.is_idle:
            return False
        if edit.formula:
            return place.is_changed_by(edit) and self._is_right(place.function)
        with applied(edit):
            return self._is_right(self._compiled({}))

    def _place(self, slots: Sequence[Slot]) -> _Place:
        """Return the place of an edit, with the values that it has while the function runs."""
        first = slots[0]
        key = id(first.owner), first.field, first.index, len(slots)
        if key not in self.places:
            place = self.places[key] = _Place()
            old = first.get()
            if isinstance(old, ast.expr) and not isinstance(old, NOT_EVALUATED):
                names = ast.Call(ast.Name("locals", ast.Load()), [], [])
                call = ast.Call(ast.Name(HOOK, ast.Load()), [old, names], [])
                with applied(Edit(0, "", slots, call)):
                    place.function = self._compiled({HOOK: place.hook})
                place.is_idle = self._is_idle(place)
        return self.places[key]

    def _is_idle(self, place: _Place) -> bool:
        """Return whether no value at a place can mend the function.

        This is so where a wrong number does not depend on the place, or a right array does
        altogether. Two other values show it; where they stop the function, nothing is known.
        """
        now = self._numbers(place.function)
        place.change = lambda value, _: 1.37 * value + 0.1
        one = self._numbers(place.function)
        place.change = lambda value, _: -value - 0.1
        two = self._numbers(place.function)
        if now is None or one is None or two is None:
            return False
        for (old, wrong), (new, _), (newer, _) in zip(now, one, two, strict=True):
            if not old.shape == new.shape == newer.shape:
                return False
            moved, again = new != old, newer != old
            if np.any(wrong) and not np.all((moved | again)[wrong > 0]):
                return True
            if not np.any(wrong) and np.all(moved & again):
                return True
        return False

    def _compiled(self, names: dict[str, Any]) -> Function | None:
        try:
            code = compile(self.tree, "<repair>", "exec")
            namespace = self.namespace | names
            exec(code, namespace)
            function: Function = namespace[self.name]
            return function
        except Exception:
            return None

    def _is_right(self, function: Function | None) -> bool:
        return all(self._passes(function, check) for check in (self.failed, *self.checks))

    def _passes(self, function: Function | None, check: Check) -> bool:
        return bool(_tried(passes, check, function))

    def _numbers(self, function: Function | None) -> Compared:
        found: Compared = _tried(numbers_of, self.failed, function)
        return found


def _tried(task: Callable[..., Any], check: Check, function: Function | None) -> Any:
    """Return what a task gives for a function; None if it fails, or takes too long."""
    timer = getattr(signal, "setitimer", lambda *_: None)
    try:
        timer(signal.ITIMER_VIRTUAL, SECONDS_FOR_A_TRY)
        return None if function is None else task(check, function)
    except Exception:
        return None
    finally:
        timer(signal.ITIMER_VIRTUAL, 0)


HOOK = "_minivae_hook"
NOT_EVALUATED = (ast.Slice, ast.Starred, ast.Tuple)


class _Place:
    """An expression of a function, or several alike, with a hook around it.

    The first run notes the values that the expression has, and those of the variables there. A
    formula that fails on them, that leaves them as they are, or that gives what another formula
    gave, is not worth a run.
    """

    def __init__(self) -> None:
        self.function: Function | None = None
        self.is_idle = False
        self.moments: list[tuple[Any, dict[str, Any]]] = []
        self.tried: set[Hashable] = set()
        self.change: Callable[[Any, dict[str, Any]], Any] = self._note

    def hook(self, value: Any, names: dict[str, Any]) -> Any:
        """Return what the expression gives with the present change."""
        return self.change(value, names)

    def _note(self, value: Any, names: dict[str, Any]) -> Any:
        if len(self.moments) < 2:  # in a loop the second may differ from the first
            kept = {key: _kept(each) for key, each in names.items()}
            self.moments.append((_kept(value), kept))
            self.tried.add(tuple(_key(value) for value, _ in self.moments))
        return value

    def is_changed_by(self, edit: Edit) -> bool:
        """Set an edit's change, and return whether it gives values that were not there before."""
        self.change = change = _change(edit)
        try:
            news = [change(value, names) for value, names in self.moments]
        except Exception:
            return False
        olds = [value for value, _ in self.moments]
        if any(map(_is_size_become_shape, olds, news)):
            return False
        key = tuple(_key(new) for new in news)
        new = bool(key) and key not in self.tried
        self.tried.add(key)
        return new


def _kept(value: Any) -> Any:
    """Return a copy of an array, because the function may change it later."""
    return value.copy() if isinstance(value, np.ndarray) else value


def _is_size_become_shape(old: Any, new: Any) -> bool:
    """Return whether many integers take the place of one.

    As the shape of an array they may fill the memory, and no timer stops NumPy meanwhile.
    """
    many = isinstance(new, np.ndarray) and new.dtype.kind in "iu" and new.size > 2
    return many and isinstance(old, (int, np.integer))


def _key(value: Any) -> Hashable:
    """Return what tells numbers from others; any other value is like no other."""
    if isinstance(value, (np.ndarray, np.generic, int, float)):
        array = np.asarray(value)
        return array.shape, array.dtype.kind, array.tobytes()
    return object()


def _change(edit: Edit) -> Callable[[Any, dict[str, Any]], Any]:
    """Return an edit's formula as a function of the old value and the variables at its place."""
    formula, other = _formula(edit.formula), edit.other
    if edit.size:
        return lambda value, _: formula(value, edit.size)
    if other.startswith("("):
        first, second = edit.others()
        return lambda value, names: formula(value, (names[first], names[second]))
    if other:
        return lambda value, names: formula(value, names[other])
    return lambda value, _: formula(value, None)


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
