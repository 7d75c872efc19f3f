"""Find the exercises that a student's file holds, by its functions or by its number."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from minivae.course import checks
from minivae.course.exercises import Check, Exercises
from minivae.course.files import EXERCISES, number_of, read_source
from minivae.edge.checks import ArgumentError

Part = tuple[str, Exercises]


@cache
def all_parts() -> tuple[Part, ...]:
    """Return the exercises of every tutorial by its number, like ``"07"``."""
    found = sorted(module.name for module in pkgutil.iter_modules(checks.__path__))
    modules = (importlib.import_module(f"{checks.__name__}.{name}") for name in found)
    return tuple((m.__name__[-2:], m.EXERCISES) for m in modules)


def exercises_of(path: Path) -> dict[str, list[Check]]:
    """Return the checks of all exercises that a file holds, by the names of their functions.

    If the file defines a function of an exercise, it is checked for all functions of that tutorial,
    whatever the name of the file. If it defines none, the number of the file decides.

    Raises
    ------
    ValueError
        The file defines no such function, and its name begins with no number of a tutorial.
    """
    defined = set(_functions(path)) if path.is_file() else set()
    parts = [exercises for _, exercises in all_parts() if defined & exercises.keys()]
    if not parts:
        parts = [_by_number(path)]
    return {name: list(each) for exercises in parts for name, each in exercises.items()}


def part_of(function: str) -> str:
    """Return the number of the tutorial that has an exercise of that name."""
    return next(number for number, exercises in all_parts() if function in exercises)


def _by_number(path: Path) -> Exercises:
    number = number_of(path)
    if not number:
        raise ArgumentError(
            f"{path.name} holds no function of an exercise, and its name does not begin with the "
            f"number of a tutorial, like 01_dense_layer.py"
        )
    for part, exercises in all_parts():
        if int(part) == int(number):
            return exercises
    raise ArgumentError(f"there are no exercises {number}; see {EXERCISES}/")


def _functions(path: Path) -> Iterator[str]:
    """Yield the names that a file defines or assigns, or nothing if it has a syntax error."""
    try:
        tree = ast.parse(read_source(path))
    except (SyntaxError, ValueError, OSError):
        return
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
