"""An exercise that a student may hand in piece by piece: each named array is judged alone."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from minivae.course.diagnosis import (
    Compared,
    Diagnosis,
    Parts,
    all_right,
    as_parts,
    compare,
    compared,
)
from minivae.course.exercises import Function
from minivae.edge.checks import Array


@dataclass(frozen=True)
class PartsCheck:
    """The student's function must return a dict of arrays, with those that are done so far.

    Parameters
    ----------
    reference : callable
        ``reference(*inputs)`` returns all arrays, in the order in which they are computed.
    inputs : tuple
        The arguments. Every call gets a fresh copy.
    mistakes : dict of str to (dict of str to callable)
        For an array: a mistake in words, and a function that makes it from the right arrays.
    hint : str
        The right formula, which is shown at the third wrong try.
    find : str
        A way to find a mistake, which is shown at the second wrong try.
    """

    reference: Function
    inputs: tuple[Any, ...]
    mistakes: Mapping[str, Mapping[str, Callable[[Parts], Array]]] = field(default_factory=dict)
    hint: str = ""
    find: str = "move one of its numbers by 1e-6: the change of the loss over 1e-6 is its gradient"

    def __call__(self, function: Function) -> Diagnosis | None:
        """Return what is wrong with the first wrong array, or which arrays are still to come."""
        answer = function(*copy.deepcopy(self.inputs))
        if not isinstance(answer, Mapping):
            return Diagnosis("a dict of arrays should be returned, by the names above")
        unknown = [name for name in answer if name not in self.expected]
        if unknown:
            return Diagnosis(
                f"there is no gradient {unknown[0]}; there are {', '.join(self.expected)}"
            )
        right, wrong = [], None
        for name in (name for name in self.expected if name in answer):
            found = self._judge(name, answer[name])
            right += [] if found else [name]
            wrong = wrong or found
        missing = [name for name in self.expected if name not in answer]
        done = f"right: {', '.join(right) or 'none yet'}"
        if wrong:
            return replace(wrong, found=f"{wrong.found}\n{done}", hint=self.hint, find=self.find)
        if missing:
            return Diagnosis(f"{done}\nstill to come: {', '.join(missing)}", known=True)
        return None

    def _judge(self, name: str, value: Any) -> Diagnosis | None:
        wrong = {
            words: {name: make(self.expected)}
            for words, make in self.mistakes.get(name, {}).items()
        }
        batch = next(iter(self.expected.values())).shape
        return compare({name: self.expected[name]}, value, wrong, batch=batch)

    @cached_property
    def expected(self) -> Parts:
        """The right arrays, by name."""
        return as_parts(self.reference(*copy.deepcopy(self.inputs)), "")

    def passes(self, function: Function) -> bool:
        """Return whether every array that was handed in is right."""
        return all_right(self.compared(function))

    def compared(self, function: Function) -> Compared:
        """Return each array that was handed in, and where it is wrong; None if there is none."""
        answer = function(*copy.deepcopy(self.inputs))
        if not answer or not isinstance(answer, Mapping):
            return None
        return compared(
            {name: each for name, each in self.expected.items() if name in answer}, answer
        )

    def arguments(self, function: Function) -> dict[str, Any]:
        """Return no arguments, because they come in one dict."""
        return {}
