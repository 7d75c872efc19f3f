"""The submissions of a class: a row for each function, a table, and the most frequent mistakes."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from minivae.course.answers import Answer
from minivae.course.checker import Limits, check_file
from minivae.course.find import part_of
from minivae.edge.checks import UserError
from minivae.edge.files import make_folder, whole_file

Row = dict[str, str]
COLUMNS = ("file", "exercise", "function", "answer", "mistake", "entry", "line")
MARKS = {"right": "+", "wrong": "-", "not written yet": "."}


def as_row(path: Path, answer: Answer) -> Row:
    """Return an answer as plain text: the exercise, the verdict, the mistake, the wrong entry."""
    found = answer.diagnosis
    kind = found.mistake.partition(": ")[0] if found else ""
    if found and not kind:  # the function calls a wrong one
        kind = found.found.partition("\n")[2]
    return {
        "file": str(path),
        "exercise": part_of(answer.name),
        "function": answer.name,
        "answer": answer.verdict,
        "mistake": kind,
        "entry": found.found if found else "",
        "line": found.line if found else "",
    }


def mark_folder(folder: Path, limits: Limits) -> Iterator[Row]:
    """Yield the rows of all Python files in a folder and its subfolders, in order.

    A file that cannot be run or holds no exercise gets one row that says so.

    Raises
    ------
    FileNotFoundError
        The folder holds no Python file.
    """
    paths = sorted(path for path in folder.rglob("*.py") if path.is_file())
    if not paths:
        raise FileNotFoundError(f"there is no Python file in {folder}")
    for path in paths:
        shown = path.relative_to(folder)
        try:
            for answer in check_file(path, limits):
                yield as_row(shown, answer)
        except (UserError, OSError) as error:
            row = dict.fromkeys(COLUMNS, "")
            yield row | {"file": str(shown), "answer": "wrong", "entry": str(error)}


def print_table(rows: Sequence[Row]) -> None:
    """Print a line for each file: + is a right function, - a wrong one, . one not written yet."""
    files = list(dict.fromkeys(row["file"] for row in rows))
    width = max(len(file) for file in files)
    for file in files:
        mine = [row for row in rows if row["file"] == file]
        marks = "".join(MARKS[row["answer"]] for row in mine)
        n_right = sum(row["answer"] == "right" for row in mine)
        first = next((row for row in mine if row["answer"] == "wrong"), None)
        words = f"{first['function']}: {first['mistake'] or first['entry']}" if first else ""
        print(f"{file:{width}s}  {marks}  {n_right}/{len(mine)}  {words.partition(chr(10))[0]}")
    for (function, mistake), n in _mistakes(rows).most_common(10):
        print(f"{n:4d} times  {function}: {mistake}")


def _mistakes(rows: Sequence[Row]) -> Counter[tuple[str, str]]:
    wrong = (row for row in rows if row["answer"] == "wrong" and row["function"])
    return Counter((row["function"], row["mistake"] or "not recognised") for row in wrong)


def write_table(rows: Sequence[Row], out: Path) -> Path:
    """Write all rows as ``answers.csv`` into the folder `out`, and return its path."""
    make_folder(out)
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    path = out / "answers.csv"
    with whole_file(path) as file:
        file.write(text.getvalue().encode())
    return path


def draw_mistakes(rows: Sequence[Row], out: Path, n_shown: int = 15) -> Path:
    """Draw how often each mistake occurs, as ``mistakes.png`` in `out`, and return its path."""
    from matplotlib.ticker import MaxNLocator

    from minivae.plots import figure_of, new_axes, save
    from minivae.plots.style import COLORS, finish

    common = _mistakes(rows).most_common(n_shown)[::-1]
    ax = new_axes()
    labels = [f"{function}: {mistake:.46}" for (function, mistake), _ in common]
    figure_of(ax).set_size_inches(9, 1.2 + 0.32 * max(len(labels), 1))
    ax.barh(range(len(labels)), [n for _, n in common], color=COLORS[0])
    ax.set_yticks(range(len(labels)), labels, fontsize=8)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    n_files = len({row["file"] for row in rows})
    finish(ax, f"submissions, of {n_files}", "")
    make_folder(out)
    return save(ax, out / "mistakes.png")
