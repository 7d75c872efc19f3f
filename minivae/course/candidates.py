"""All the changes to try on a student's function, the likeliest first."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from minivae.course.code_edits import changes_of_code, changes_of_statements
from minivae.course.edits import Edit, Slot, slots_of
from minivae.course.value_edits import (
    changes_by_numbers,
    changes_with_a_name,
    changes_with_two_names,
    plain_changes,
    sizes_of,
)


def edits_of(function: ast.FunctionDef, arguments: Mapping[str, Any]) -> Iterator[Edit]:
    """Yield all changes to try, the likeliest first.

    There are many with variables, most of them with two: each stage is made when it is needed.

    Parameters
    ----------
    function : ast.FunctionDef
    arguments : dict of str to object
        The function's arguments by name, with example values, whose shapes give the sizes.
    """
    slots = slots_of(function)
    names = sorted(arguments.keys() | _local_names(function))
    sizes, numbers = list(sizes_of(arguments)), _small_numbers(function)
    same = list(_repeated(slots))

    first = [*changes_of_statements(function)]
    for slot in slots:
        first += [*changes_of_code(slot), *plain_changes((slot,), names, sizes)]
    first += [_later(edit) for each in same for edit in plain_changes(each, names, sizes)]
    yield from sorted(first, key=_rank)

    second: list[Edit] = []
    for slot in slots:
        second += [*changes_with_a_name((slot,), names), *changes_by_numbers(slot, names, numbers)]
    second += [_later(edit) for each in same for edit in changes_with_a_name(each, names)]
    yield from sorted(second, key=_rank)

    for places in [*((slot,) for slot in slots), *same]:
        yield from changes_with_two_names(places, names)


def _rank(edit: Edit) -> int:
    return edit.rank


def _later(edit: Edit) -> Edit:
    """Return a change of all places at once, with a slightly larger rank than a change of one."""
    return replace(edit, rank=edit.rank + 1)


def _local_names(function: ast.FunctionDef) -> set[str]:
    nodes = (node for node in ast.walk(function) if isinstance(node, ast.Name))
    return {node.id for node in nodes if isinstance(node.ctx, ast.Store)}


def _small_numbers(function: ast.FunctionDef) -> list[float]:
    """Return the numbers between 0 and 1 in a function, such as weights and epsilons."""
    nodes = (node for node in ast.walk(function) if isinstance(node, ast.Constant))
    return sorted(
        {node.value for node in nodes if type(node.value) is float and 0 < node.value < 1}
    )


def _repeated(slots: Sequence[Slot]) -> Iterator[tuple[Slot, ...]]:
    """Yield the slots of every expression that occurs more than once."""
    groups: dict[str, list[Slot]] = {}
    for slot in slots:
        if not isinstance(slot.get(), ast.Constant):
            groups.setdefault(ast.dump(slot.get()), []).append(slot)
    yield from (tuple(group) for group in groups.values() if len(group) > 1)
