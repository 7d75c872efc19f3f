"""Tutorials as notebooks: a cell of text and a cell of code for each of theirs."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from minivae.course.cells import Cell, read_cells
from minivae.course.files import TUTORIALS, numbered_files
from minivae.edge.checks import MissingPackageError
from minivae.edge.files import make_folder, whole_file


def write_notebooks(out: Path) -> list[Path]:
    """Write every tutorial as ``.ipynb`` into the folder `out`, and return their paths.

    Raises
    ------
    ModuleNotFoundError
        jupytext is not installed.
    FileExistsError
        A notebook of that name exists already, and may hold what a student wrote.
    OSError
        There are no tutorials here, or `out` cannot be written.
    """
    tutorials = numbered_files(TUTORIALS)
    try:
        jupytext: Any = importlib.import_module("jupytext")
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            "notebooks need jupytext, which is not installed; "
            'install it from here with: python -m pip install ".[notebooks]"'
        ) from error
    paths = [out / tutorial.with_suffix(".ipynb").name for tutorial in tutorials]
    for path in paths:
        if path.exists():
            raise FileExistsError(f"{path} is there already: name another --out, or move it away")
    make_folder(out)
    for tutorial, path in zip(tutorials, paths, strict=True):
        notebook = jupytext.reads(percent_format(read_cells(tutorial)), fmt="py:percent")
        with whole_file(path) as file:
            file.write(jupytext.writes(notebook, fmt="ipynb").encode())
    return paths


def percent_format(cells: list[Cell]) -> str:
    """Return cells as jupytext reads them: the words of each as a text cell of its own."""
    lines: list[str] = []
    for i, cell in enumerate(cells):
        if cell.title or cell.words:
            text = _markdown(cell, "#" if i == 0 else "##")
            lines += ["# %% [markdown]", *(f"# {line}".rstrip() for line in text), ""]
        if cell.code:
            lines += ["# %%", cell.code, ""]
    return "\n".join(lines)


def _markdown(cell: Cell, heading: str) -> Iterator[str]:
    """Yield a cell's words as Markdown: a heading, and indented lines as blocks of their own."""
    if cell.title:
        yield f"{heading} {cell.title}"
        yield ""
    before = ""
    for line in cell.words.splitlines():
        if line.startswith("    ") and before and not before.startswith("    "):
            yield ""
        yield line
        before = line
