"""Run the checks of an exercise on a student's functions, and say what is wrong with each."""

from __future__ import annotations

import importlib
import inspect
import sys
import traceback
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from minivae.course.exercises import Check, Exercises
from minivae.course.files import EXERCISES, number_of, read_source
from minivae.edge.checks import ArgumentError

Verdict = Literal["right", "wrong", "not written yet"]


@dataclass(frozen=True)
class Answer:
    """What is said of one function: its name, a verdict, and the lines below it."""

    name: str
    verdict: Verdict
    text: str = ""

    def __str__(self) -> str:
        return "\n    ".join([f"{self.verdict:15s}  {self.name}", *self.text.splitlines()])


def exercises_of(path: Path) -> Exercises:
    """Return the checks for an exercise file, by the number that its name begins with.

    Raises
    ------
    ValueError
        The name begins with no number, or there are no exercises of that number.
    """
    number = number_of(path)
    if not number:
        raise ArgumentError(
            f"{path.name} must begin with the number of its tutorial, like 01_dense_layer.py"
        )
    module = f"minivae.course.checks.tutorial_{int(number):02d}"
    try:
        exercises: Exercises = importlib.import_module(module).EXERCISES
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise ArgumentError(f"there are no exercises {number}; see {EXERCISES}/") from error
    return exercises


def load(path: Path) -> dict[str, Any]:
    """Run a file as the module of its name, and return what it defines.

    Raises
    ------
    ValueError
        The file is not text, has a syntax error, or raises an error; the message shows the line.
    """
    try:
        code = compile(read_source(path), str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        line = (error.text or "").strip()
        raise ArgumentError(f"{path}, line {error.lineno}: {error.msg}\n    {line}") from error
    module = sys.modules[path.stem] = ModuleType(path.stem)  # dataclasses look their module up
    module.__file__ = str(path)
    try:
        exec(code, vars(module))
    except BaseException as error:
        raise ArgumentError(f"{path} cannot be run: {_describe(error, path)}") from error
    return vars(module)


def answer(
    name: str,
    namespace: Mapping[str, Any],
    checks: Sequence[Check],
    path: Path,
    *,
    wrong: Collection[str] = (),
) -> Answer:
    """Return the answer on the function `name` of a student's file, which defines `namespace`.

    `wrong` holds the names of the functions found wrong so far, because this one may call them.
    """
    function = namespace.get(name)
    if not callable(function):
        return Answer(name, "wrong", _missing(name, namespace))
    try:
        for check in checks:
            diagnosis = check(function)
            if diagnosis:
                return Answer(name, "wrong", f"{diagnosis}{_blame(function, wrong)}")
    except NotImplementedError as error:
        frames = _frames(error, path)
        if frames and frames[-1].name not in (name, "<lambda>"):
            return Answer(name, "wrong", f"it calls {frames[-1].name}, which is not written yet")
        return Answer(name, "not written yet")
    except BaseException as error:
        return Answer(name, "wrong", f"it stopped with {_describe(error, path)}")
    return Answer(name, "right")


def _blame(function: Any, wrong: Collection[str]) -> str:
    """Return a line on those of the functions `wrong` that `function` calls, if there are any."""
    called = getattr(getattr(function, "__code__", None), "co_names", ())
    guilty = [name for name in called if name in wrong]
    return f"\nbut it calls {guilty[0]}, which is wrong: mend that first" if guilty else ""


def _missing(name: str, namespace: Mapping[str, Any]) -> str:
    if name in namespace:
        return f"it should be a function, and is {namespace[name]!r:.60}"
    functions = [key for key, value in namespace.items() if inspect.isfunction(value)]
    near = get_close_matches(name, functions, n=1)
    return "there is no function of that name" + (
        f"; is it the one you call {near[0]}?" if near else ""
    )


def _describe(error: BaseException, path: Path) -> str:
    """Return an error in words, with the line of the student's file that raised it."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    frames = _frames(error, path)
    return text + (f"\nline {frames[-1].lineno}: {frames[-1].line}" if frames else "")


def _frames(error: BaseException, path: Path) -> list[traceback.FrameSummary]:
    """Return the frames of an error's traceback that lie in the student's file."""
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if frame.filename == str(path)]
