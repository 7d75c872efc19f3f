"""A small change to a student's function, with words for the mistake that it mends.

A change replaces one expression, or every occurrence of it. No change knows what the function
should compute. A change of a value is a formula (`value_edits`); a change of the code is a new
piece of the syntax tree (`code_edits`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Slot:
    """A place in a tree: a field of a node, or an item of a field that is a list."""

    owner: ast.AST
    field: str
    index: int | None
    statement: ast.stmt

    def get(self) -> Any:
        """Return the content of the slot."""
        value = getattr(self.owner, self.field)
        return value if self.index is None else value[self.index]

    def put(self, new: Any) -> None:
        """Replace the content of the slot."""
        if self.index is None:
            setattr(self.owner, self.field, new)
        else:
            getattr(self.owner, self.field)[self.index] = new


@dataclass(frozen=True)
class Edit:
    """A new content for some slots, and words for the mistake; the smallest `rank` is tried first.

    Attributes
    ----------
    words : str
        The mistake in words; ``TEXT`` stands for the old content.
    new : object
        A piece of the tree, or None if there is a `formula`.
    formula : str
        The new value, in terms of the old one, ``E``, and of another one, ``V``.
    other : str
        The name of ``V`` in messages: a variable, or a size of an argument.
    size : int
        The value of ``V``, if it is a size.
    """

    rank: int
    words: str
    slots: Sequence[Slot]
    new: Any = None
    formula: str = ""
    other: str = ""
    size: int = 0

    def mistake(self) -> str:
        """Return the mistake in words, while the old content is in its place."""
        if "TEXT" not in self.words:
            return self.words
        return self.words.replace("TEXT", f"`{ast.unparse(self.slots[0].get())}`")

    def others(self) -> list[str]:
        """Return the names of the variables in ``V``."""
        return self.other.strip("()").split(", ")

    def replacement(self) -> Any:
        """Return the new piece of the tree."""
        if not self.formula:
            return self.new
        parts = {"E": f"({ast.unparse(self.slots[0].get())})", "V": self.other}
        if self.other.startswith("("):
            first, second = self.others()
            parts |= {"V[0]": first, "V[1]": second}
        text = "".join(parts.get(each, each) for each in _words(self.formula))
        return ast.parse(text, mode="eval").body


def _words(formula: str) -> list[str]:
    """Return a formula cut into the letters E and V, and the text between them."""
    return re.split(r"(V\[\d\]|\bV\b|\bE\b)", formula)


def slots_of(function: ast.FunctionDef) -> list[Slot]:
    """Return the slots of a function that hold an expression to be evaluated."""
    found: list[Slot] = []

    def visit(owner: ast.AST, statement: ast.stmt) -> None:
        for field, value in ast.iter_fields(owner):
            if field in ("targets", "target", "annotation"):
                continue
            items = enumerate(value) if isinstance(value, list) else [(None, value)]
            for index, item in items:
                if isinstance(item, ast.expr):
                    found.append(Slot(owner, field, index, statement))
                if isinstance(item, ast.AST) and not isinstance(item, ast.expr_context):
                    visit(item, item if isinstance(item, ast.stmt) else statement)

    for statement in function.body:
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            visit(statement, statement)
    return [slot for slot in found if not _is_code(slot)]


def _is_code(slot: Slot) -> bool:
    """Return whether an expression is a function or a module, not a value."""
    old = slot.get()
    is_module = isinstance(slot.owner, ast.Attribute) and isinstance(old, ast.Name)
    return slot.field in ("func", "generators") or (is_module and old.id in MODULES)


MODULES = ("np", "numpy", "scipy", "stats", "math")
