"""Whose fault an error is: the user's is said in one line, one of ours shows its traceback.

The checks at the public edge raise a `UserError`, so the type of an error tells whose fault it is.
A plain TypeError or ValueError is ours: NumPy raised it, or a check that only our code can fail.
"""

from __future__ import annotations

from pathlib import Path

from minivae.edge.checks import UserError

PACKAGE = Path(__file__).parents[1]


def is_users(error: BaseException) -> bool:
    """Return whether an error comes from what the user gave, so that its message is enough.

    It does if an argument is wrong (`UserError`), if training diverges (`FloatingPointError`), if
    more is asked for than fits into memory (`MemoryError`), or if the system refuses a file, the
    network or a window (`OSError`). The exception are the files of the package itself: if one of
    those cannot be read, the fault is ours.
    """
    if isinstance(error, OSError):
        return not (isinstance(error.filename, str) and _is_within_the_package(error.filename))
    return isinstance(error, UserError | FloatingPointError | MemoryError)


def _is_within_the_package(path: str) -> bool:
    return PACKAGE in Path(path).absolute().parents


def in_words(error: BaseException) -> str:
    """Return an error's message, without the number that the system gives it."""
    if isinstance(error, MemoryError):
        return f"not enough memory: {str(error) or 'choose smaller numbers'}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror + (f": {error.filename}" if error.filename else "")
    return str(error)
