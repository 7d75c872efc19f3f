"""Where the course's files are: below the folder in which the reader works."""

from __future__ import annotations

import tokenize
from difflib import get_close_matches
from pathlib import Path

from minivae.edge.checks import ArgumentError

TUTORIALS = Path("tutorials")
EXERCISES = TUTORIALS / "exercises"


def numbered_files(folder: Path) -> list[Path]:
    """Return the files ``NN_name.py`` of `folder`, in the order of their numbers.

    Raises
    ------
    FileNotFoundError
        There are none: most likely the reader is in another folder.
    """
    found = sorted(folder.glob("[0-9]*.py"))
    if not found:
        raise FileNotFoundError(
            f"there is nothing in {folder}/ here, in {Path.cwd()}: go to minivae's own folder, "
            f"which holds README.md and tutorials/"
        )
    return found


def number_of(path: Path) -> str:
    """Return the digits at the beginning of a file's name, or "" if it begins otherwise."""
    digits = path.name.partition("_")[0]
    return digits if digits.isdecimal() else ""


def has_exercises(number: str) -> bool:
    """Return whether the tutorial of that number is a lesson; 00 is a page to read."""
    return int(number) > 0


def read_source(path: Path) -> str:
    """Return the text of a Python file, in the encoding that it declares, or else in UTF-8.

    Raises
    ------
    ValueError
        The file is not text.
    """
    try:
        with tokenize.open(path) as file:
            text = file.read()
    except (SyntaxError, UnicodeDecodeError) as error:
        raise ArgumentError(f"{path} is not a text file: {error}") from error
    before, nul, _ = text.partition("\0")
    if nul:
        line = before.count("\n") + 1
        raise ArgumentError(f"{path} is not a text file: line {line} holds a null byte")
    return text


def find_file(name: str, folder: Path) -> Path:
    """Return the file that `name` means: a path, or the number of a file in `folder`.

    Raises
    ------
    ValueError
        It is empty, a folder, a tutorial where an exercise is meant, or the other way round; or
        it asks for the exercises of a tutorial that has none.
    FileNotFoundError
        There is no such file; the message names the nearest, or all that there are.
    """
    path = Path(name)
    if not name.strip():
        raise ArgumentError("no file was named: give its path, or the number of a tutorial")
    if path.is_dir():
        raise ArgumentError(f"{name} is a folder: give a file, or the number of a tutorial")
    number = name if name.isdecimal() else number_of(path)
    if folder == EXERCISES and number and not has_exercises(number):
        raise ArgumentError(f"tutorial {number} is a page to read: it has no exercises")
    if path.is_file():
        _refuse_twin(path, folder)
        return path
    if name.isdecimal():
        found = numbered_files(folder)
        same = [each for each in found if int(number_of(each) or -1) == int(name)]
        if same:
            return same[0]
        there = "".join(f"\n  {each}" for each in found)
        raise FileNotFoundError(f"{folder}/ has no number {name}; there are{there}")
    names = [each.name for each in folder.glob("[0-9]*.py")]
    near = get_close_matches(path.name, names, n=1)
    near = near or [each for each in names if each.startswith(path.name[:2])][:1]
    suggestion = f"; did you mean {folder / near[0]}?" if near else ""
    raise FileNotFoundError(f"there is no file {name}{suggestion}")


def _refuse_twin(path: Path, folder: Path) -> None:
    """Refuse a tutorial where its exercises are meant, and exercises where the tutorial is."""
    exercises = path.parent / EXERCISES.name / path.name
    tutorial = path.parent.parent / path.name
    if folder == EXERCISES and exercises.is_file():
        raise ArgumentError(f"{path} is a tutorial; its exercises are {exercises}")
    if folder == TUTORIALS and path.parent.name == EXERCISES.name and tutorial.is_file():
        raise ArgumentError(f"{path} holds exercises; the tutorial is {tutorial}")
