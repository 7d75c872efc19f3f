"""The derivation of a tutorial on one printed page: its formulas, under the titles of the cells."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from minivae.course.cells import Cell, read_cells
from minivae.course.files import TUTORIALS, numbered_files
from minivae.course.formulas import latex, typeset
from minivae.edge.files import make_folder

PAGE = (8.27, 11.69)  # A4, in inches
MARGIN = 0.09  # of the page's width and height
LARGEST = 12.0  # points


def derivation(cells: list[Cell]) -> Iterator[tuple[str, list[str]]]:
    """Yield the title of each cell that has formulas, and its formulas as lines of LaTeX."""
    for cell in cells:
        lines = cell.words.splitlines()
        blocks = groupby(lines, key=lambda line: line.startswith("    "))
        texts = ["\n".join(block) for indented, block in blocks if indented]
        formulas = [line for text in texts if latex(text) for line in typeset(text)]
        if formulas:
            yield cell.title, formulas


def write_handouts(out: Path) -> list[Path]:
    """Write a page of PDF into `out` for each tutorial that has formulas, and return the paths.

    Raises
    ------
    OSError
        `out` cannot be written.
    """
    from matplotlib.figure import Figure

    make_folder(out)
    paths = []
    for tutorial in numbered_files(TUTORIALS):
        cells = read_cells(tutorial)
        parts = list(derivation(cells))
        if not parts:
            continue
        figure = Figure(figsize=PAGE)
        _fill(figure, cells[0].title, parts)
        path = out / tutorial.with_suffix(".pdf").name
        figure.savefig(path, metadata={"CreationDate": None})
        paths.append(path)
    return paths


def _fill(figure: Any, title: str, parts: list[tuple[str, list[str]]]) -> None:
    """Write the title and all parts onto a page, in the largest letters that fit."""
    rows = 3 + sum(1.6 + len(formulas) for _, formulas in parts)
    step = min((1 - 2 * MARGIN) / rows, 0.032)
    points = min(LARGEST, 0.62 * step * PAGE[1] * 72)
    write = figure.text
    at = 1 - MARGIN
    _shrink(figure, write(MARGIN, at, title, fontsize=points + 3, fontweight="bold", va="top"))
    at -= 2 * step
    for heading, formulas in parts:
        at -= 0.6 * step
        _shrink(figure, write(MARGIN, at, heading, fontsize=points, fontweight="bold", va="top"))
        at -= step
        for formula in formulas:
            text = write(MARGIN + 0.03, at, f"${formula}$", fontsize=points, va="top")
            _shrink(figure, text)
            at -= step


def _shrink(figure: Any, text: Any) -> None:
    """Make a formula smaller if it is wider than the page."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas: Any = FigureCanvasAgg(figure)
    width = text.get_window_extent(canvas.get_renderer()).width
    room = (1 - 2 * MARGIN - 0.03) * PAGE[0] * figure.dpi
    if width > room:
        text.set_fontsize(text.get_fontsize() * room / width)
