"""``minivae course``, ``step``, ``check`` and ``notebooks``: the course in the terminal."""

from __future__ import annotations

from pathlib import Path

from minivae.course.checker import check_file
from minivae.course.files import EXERCISES, TUTORIALS, copy_course, find_file, shipped
from minivae.course.stepper import step_through
from minivae.edge.checks import check_real


def copy(out: Path) -> list[Path]:
    """Write the course into the folder `out`, for a student to write in; return the paths."""
    paths = copy_course(out)
    print(f"{len(paths)} files in {out / TUTORIALS}; the commands of the course run in {out}")
    return paths


def step(tutorial: str) -> bool:
    """Step through a tutorial, a path or a number, cell by cell, until the reader leaves."""
    step_through(find_file(tutorial, TUTORIALS))
    return True


def check(exercise: str, *, seconds: float = 60.0) -> bool:
    """Print what is right and what is wrong in an exercise file; return whether all is right.

    Parameters
    ----------
    exercise : str
        A path, or a tutorial's number.
    seconds : float
        How long each function may take.
    """
    check_real("--seconds", seconds, 0, 86_400, closed="high")
    path = find_file(exercise, EXERCISES)
    print(path)
    if path.parent == shipped(EXERCISES) != EXERCISES.absolute():
        print("this is the package's own: `minivae course --out DIR` gives you one to write in")
    answers = []
    for each in check_file(path, seconds=seconds):
        print(each, flush=True)
        answers.append(each)
    n_right = sum(each.verdict == "right" for each in answers)
    print(f"{n_right} of {len(answers)} right")
    return n_right == len(answers)


def notebooks(out: Path) -> list[Path]:
    """Write every tutorial as a notebook into the folder `out`, and return their paths."""
    from minivae.course.notebooks import write_notebooks

    paths = write_notebooks(out)
    for path in paths:
        print(path)
    return paths
