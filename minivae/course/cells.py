"""A tutorial as cells: some words, and the few lines of code that they explain."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from minivae.course.files import read_source
from minivae.edge.checks import ArgumentError

MARK = "# %%"
ASKED = "? "  # in a comment: a question to the reader, who sees the cell after it


@dataclass(frozen=True)
class Cell:
    """A step of a tutorial.

    Attributes
    ----------
    title : str
        The text on the cell's first line, after the mark.
    words : str
        The comment block below the title. The first cell takes both from the file's docstring.
    code : str
        The rest of the cell.
    line : int
        The number of the file's line on which the code begins, counted from 1.
    question : str
        What the reader is asked before the cell is shown, from the comment lines that begin with
        a question mark.
    """

    title: str
    words: str
    code: str
    line: int
    question: str = ""


def read_cells(path: Path) -> list[Cell]:
    """Return the cells of a tutorial, in order.

    Raises
    ------
    ValueError
        The file has no cells, or is not text.
    """
    lines = read_source(path).splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith(MARK)]
    if not starts:
        raise ArgumentError(f"{path} has no cells: none of its lines begins with {MARK!r}")
    cells = [_first_cell(lines[: starts[0]])]
    cells += [_cell(lines[a:b], a) for a, b in zip(starts, [*starts[1:], len(lines)], strict=True)]
    return [cell for cell in cells if cell.title or cell.words or cell.code]


def _first_cell(lines: list[str]) -> Cell:
    """Return the lines above the first mark as a cell: the docstring, and perhaps imports."""
    source = "\n".join(lines)
    try:
        tree = ast.parse(source)
        words, code_starts = ast.get_docstring(tree), tree.body[0].end_lineno if tree.body else 0
    except SyntaxError:  # running the cell will show where
        words = None
    if not words or not code_starts:
        return Cell("", "", *_code(lines, 0))
    title, _, rest = words.partition("\n")
    return Cell(title.rstrip("."), rest.strip("\n"), *_code(lines[code_starts:], code_starts))


def _cell(lines: list[str], offset: int) -> Cell:
    n = next((i for i, line in enumerate(lines) if i and not line.startswith("#")), len(lines))
    title = lines[0].removeprefix(MARK).removeprefix(" [markdown]").strip()
    comments = [line.removeprefix("#").removeprefix(" ") for line in lines[1:n]]
    words = "\n".join(line for line in comments if not line.startswith(ASKED)).strip("\n")
    question = " ".join(line.removeprefix(ASKED) for line in comments if line.startswith(ASKED))
    return Cell(title, words, *_code(lines[n:], offset + n), question)


def _code(lines: list[str], offset: int) -> tuple[str, int]:
    """Return lines of code without blank lines around them, and the number of the first."""
    while lines and not lines[0].strip():
        lines, offset = lines[1:], offset + 1
    return "\n".join(lines).rstrip(), offset + 1
