"""The course as notebooks: each cell of a tutorial becomes a cell of text and a cell of code."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from minivae.course.cells import Cell, read_cells
from minivae.course.files import EXERCISES, TUTORIALS, numbered_files, read_source
from minivae.course.formulas import latex
from minivae.course.glossary import GLOSSARY, Word, first_uses, read_glossary
from minivae.edge.files import make_folder, whole_file

Piece = tuple[str, str]  # "markdown" or "code", and the text of a cell


def write_notebooks(out: Path) -> list[Path]:
    """Write tutorials and exercises as ``.ipynb`` into the folder `out`, and return their paths.

    Raises
    ------
    FileExistsError
        A notebook of that name exists already, and may hold what a student wrote.
    OSError
        `out` cannot be written.
    """
    tutorials = {out / path.with_suffix(".ipynb").name: path for path in numbered_files(TUTORIALS)}
    folder = out / EXERCISES.name
    exercises = {
        folder / path.with_suffix(".ipynb").name: path for path in numbered_files(EXERCISES)
    }
    for path in [*tutorials, *exercises]:
        if path.exists():
            raise FileExistsError(f"{path} is there already: name another --out, or move it away")
    make_folder(folder)
    for path, source in tutorials.items():
        _write(path, list(tutorial_pieces(read_cells(source), source.name[:2])))
    with whole_file(out / GLOSSARY) as file:
        file.write(read_glossary().replace(".py)", ".ipynb)").encode())
    for path, source in exercises.items():
        _write(path, list(exercise_pieces(source)))
    return [*tutorials, *exercises]


def _write(path: Path, pieces: list[Piece]) -> None:
    with whole_file(path) as file:
        file.write(json.dumps(notebook(pieces), indent=1, ensure_ascii=False).encode())


def notebook(pieces: list[Piece]) -> dict[str, Any]:
    """Return a notebook in Jupyter's format 4.5, with Python as its kernel."""
    cells = []
    for number, (kind, text) in enumerate(pieces):
        cell: dict[str, Any] = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}}
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        cells.append(cell | {"source": text.splitlines(keepends=True)})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def tutorial_pieces(cells: list[Cell], part: str) -> Iterator[Piece]:
    """Yield the words and the code of each cell; the first use of a word leads to the glossary."""
    for number, (cell, new) in enumerate(zip(cells, first_uses(cells, part), strict=True)):
        if cell.question:
            yield "markdown", f"**Before you read on:** {cell.question}"
        if cell.title or cell.words:
            heading = f"{'#' if number == 0 else '##'} {cell.title}\n\n" if cell.title else ""
            yield "markdown", heading + _markdown(cell.words, new)
        if cell.code:
            yield "code", cell.code


def _markdown(words: str, new: Sequence[Word] = ()) -> str:
    """Return words as Markdown, with indented lines as formulas or as code."""
    blocks, left = [], list(new)
    for indented, lines in groupby(words.splitlines(), key=lambda line: line.startswith("    ")):
        block = "\n".join(lines)
        if indented:
            blocks.append(latex(block) or block)
            continue
        for word in left.copy():
            linked, n = word.pattern.subn(_link, block, count=1)
            if n:
                block = linked
                left.remove(word)
        blocks.append(block.strip("\n"))
    return "\n\n".join(block for block in blocks if block)


def _link(found: re.Match[str]) -> str:
    return f"[{found[0]}]({GLOSSARY})"


def exercise_pieces(path: Path) -> Iterator[Piece]:
    """Yield the words of an exercise file, each function, and its check in the cell below."""
    text = read_source(path)
    tree = ast.parse(text)
    title = (ast.get_docstring(tree) or "").partition("\n")[0].rstrip(".")
    yield "markdown", f"# {title}\n\nFill in a function, run its cell, then the check below it."
    yield "code", "import numpy as np\n\nfrom minivae.course import check"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield "code", ast.get_source_segment(text, node) or ""
            yield "code", f"check({node.name});"  # without a ; the cell ends in True or False
