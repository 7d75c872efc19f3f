"""``minivae course``, ``step``, ``check`` and ``notebooks``: the course in the terminal."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

from minivae.course.answers import Answer
from minivae.course.checker import Limits, check_file
from minivae.course.files import EXERCISES, TUTORIALS, copy_course, find_file, shipped
from minivae.course.marking import as_row, draw_mistakes, mark_folder, print_table, write_table
from minivae.course.stepper import step_through
from minivae.course.tries import Tries
from minivae.edge.checks import ArgumentError, check_real


def copy(out: Path) -> list[Path]:
    """Write the course into the folder `out`, for a student to write in; return the paths."""
    paths = copy_course(out)
    print(f"{len(paths)} files in {out / TUTORIALS}; the commands of the course run in {out}")
    return paths


def step(tutorial: str) -> bool:
    """Step through a tutorial, a path or a number, cell by cell, until the reader leaves."""
    step_through(find_file(tutorial, TUTORIALS))
    return True


def check(
    exercise: str,
    *,
    seconds: float = Limits.seconds,
    watch: bool = False,
    as_json: bool = False,
    out: Path | None = None,
) -> bool:
    """Print what is right and what is wrong in a student's file, or in a folder of them.

    Parameters
    ----------
    exercise : str
        A file, the number of a tutorial, or a folder with the submissions of a class.
    seconds : float
        The time that each function may take.
    watch : bool
        Check again at each save, until Ctrl-C.
    as_json : bool
        Print one line of JSON for each function and nothing else, and count no try.
    out : Path, optional
        A folder for the table and the picture of a class.

    Returns
    -------
    bool
        Whether all is right.
    """
    check_real("--seconds", seconds, 0, 86_400, closed="high")
    if Path(exercise).is_dir():
        return check_class(Path(exercise), Limits(seconds, quiet=True), as_json, out)
    if out:
        raise ArgumentError(f"--out is for a folder of submissions, got {exercise}")
    path = find_file(exercise, EXERCISES)
    if as_json:
        return _print_json(path, Limits(seconds, quiet=True))
    if path.parent == shipped(EXERCISES) != EXERCISES.absolute():
        print("this is the package's own: `minivae course --out DIR` gives you one to write in")
    right = _check_once(path, seconds)
    for _ in _saves(path) if watch else ():
        try:
            right = _check_once(path, seconds)
        except ValueError as error:  # the file may be saved half written
            print(error)
    return right


def _check_once(path: Path, seconds: float) -> bool:
    """Print the answers on a file, each with the hint of its stage."""
    print(path)
    tries, answers = Tries(path), []
    for each in check_file(path, Limits(seconds)):
        print(each.at_stage(tries.stage(each)), flush=True)
        answers.append(each)
    tries.keep()
    print(f"{_n_right(answers)} of {len(answers)} right", flush=True)
    return _n_right(answers) == len(answers)


def _n_right(answers: list[Answer]) -> int:
    return sum(each.verdict == "right" for each in answers)


def _saves(path: Path) -> Iterator[None]:
    """Yield each time that a file is saved."""
    before = path.read_bytes()
    print("--- waiting for the next save; Ctrl-C leaves", flush=True)
    while True:
        time.sleep(0.3)
        now = path.read_bytes() if path.is_file() else before
        if now != before:
            before = now
            print()
            yield
            print("--- waiting for the next save; Ctrl-C leaves", flush=True)


def _print_json(path: Path, limits: Limits) -> bool:
    answers = []
    for each in check_file(path, limits):
        print(json.dumps(as_row(path, each)), flush=True)
        answers.append(each)
    return _n_right(answers) == len(answers)


def check_class(folder: Path, limits: Limits, as_json: bool, out: Path | None) -> bool:
    """Print a table of the submissions in a folder; with `out`, write it and a picture there."""
    rows = []
    for row in mark_folder(folder, limits):
        rows.append(row)
        if as_json:
            print(json.dumps(row), flush=True)
    if not as_json:
        print_table(rows)
    if out:
        write_table(rows, out)
        draw_mistakes(rows, out)
        if not as_json:
            print(f"answers.csv and mistakes.png are in {out}")
    return all(row["answer"] == "right" for row in rows)


def notebooks(out: Path) -> list[Path]:
    """Write tutorials and exercises as notebooks into the folder `out`, and return their paths."""
    from minivae.course.notebooks import write_notebooks

    paths = write_notebooks(out)
    for path in paths:
        print(path)
    return paths


def handouts(out: Path) -> list[Path]:
    """Write each tutorial's derivation as a page of PDF into `out`, and return their paths."""
    from minivae.course.handout import write_handouts

    paths = write_handouts(out)
    for path in paths:
        print(path)
    return paths
