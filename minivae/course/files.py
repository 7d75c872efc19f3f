"""The course's files: in the reader's folder, or else where the package is installed."""

from __future__ import annotations

import tokenize
from difflib import get_close_matches
from pathlib import Path

from minivae.edge.checks import ArgumentError
from minivae.edge.files import make_folder, whole_file

TUTORIALS = Path("tutorials")
EXERCISES = TUTORIALS / "exercises"


def shipped(folder: Path) -> Path:
    """Return the package's own copy of `TUTORIALS` or `EXERCISES`.

    An installed package has it beside this file; in a checkout it is at the top.
    """
    here = Path(__file__).parent / "material"
    top = here if here.is_dir() else Path(__file__).parents[2] / TUTORIALS
    return top / folder.relative_to(TUTORIALS)


def course_folder(folder: Path) -> Path:
    """Return `folder` if it holds a course, or else the package's own folder."""
    return folder if any(folder.glob("[0-9]*.py")) else shipped(folder)


def numbered_files(folder: Path) -> list[Path]:
    """Return the files ``NN_name.py`` of `TUTORIALS` or `EXERCISES`, in the order of their numbers.

    Raises
    ------
    FileNotFoundError
        There are no such files: the package was installed without its course.
    """
    found = sorted(course_folder(folder).glob("[0-9]*.py"))
    if not found:
        raise FileNotFoundError(f"there is no course in {Path.cwd()}, and none in the package")
    return found


def copy_course(out: Path) -> list[Path]:
    """Write the tutorials and the empty exercises into ``out/tutorials``, and return their paths.

    Raises
    ------
    FileExistsError
        `out` holds a course already, which may hold what a student wrote.
    OSError
        `out` cannot be written.
    """
    source, target = shipped(TUTORIALS), out / TUTORIALS
    if target.exists():
        raise FileExistsError(f"{target} is there already: name another --out, or move it away")
    patterns = ("[0-9]*.py", "*.md", f"{EXERCISES.name}/[0-9]*.py")
    files = sorted(path for pattern in patterns for path in source.glob(pattern))
    make_folder(target / EXERCISES.name)
    paths = [target / path.relative_to(source) for path in files]
    for path, copy in zip(files, paths, strict=True):
        with whole_file(copy) as file:
            file.write(path.read_bytes())
    return paths


def number_of(path: Path) -> str:
    """Return the digits at the beginning of a file's name, or "" if it begins otherwise."""
    digits = path.name.partition("_")[0]
    return digits if digits.isdecimal() else ""


def has_exercises(number: str) -> bool:
    """Return whether the tutorial of that number has exercises; 00 is a page to read."""
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
        `name` is empty or a folder, is a tutorial where an exercise is meant or the reverse, or
        asks for the exercises of a tutorial that has none.
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
    raise FileNotFoundError(f"there is no file {name}{_suggestion(path, folder)}")


def _suggestion(path: Path, folder: Path) -> str:
    """Return in words which file may be meant by `path`, which does not exist."""
    names = [each.name for each in course_folder(folder).glob("[0-9]*.py")]
    near = get_close_matches(path.name, names, n=1)
    near = near or [each for each in names if each.startswith(path.name[:2])][:1]
    if not near:
        return ""
    if not folder.is_dir():
        return "; `minivae course --out DIR` writes the course into a folder of yours"
    return f"; did you mean {folder / near[0]}?"


def _refuse_twin(path: Path, folder: Path) -> None:
    """Refuse a tutorial where its exercises are meant, and exercises where the tutorial is."""
    exercises = path.parent / EXERCISES.name / path.name
    tutorial = path.parent.parent / path.name
    if folder == EXERCISES and exercises.is_file():
        raise ArgumentError(f"{path} is a tutorial; its exercises are {exercises}")
    if folder == TUTORIALS and path.parent.name == EXERCISES.name and tutorial.is_file():
        raise ArgumentError(f"{path} holds exercises; the tutorial is {tutorial}")
