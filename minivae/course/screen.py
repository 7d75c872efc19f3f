"""Printing: which characters a terminal shows, how much was printed, and whether it fits."""

from __future__ import annotations

import io
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable
from contextlib import suppress
from itertools import groupby
from typing import Any, TextIO


def print_any_character() -> None:
    r"""Print a character that the terminal's encoding lacks as ``\xe9``, not as an error."""
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def fits(text: str, n_lines: int) -> bool:
    """Return whether `text` and `n_lines` more lines fit on the screen; without one, they do."""
    if not sys.stdout.isatty():
        return True
    screen = shutil.get_terminal_size()
    n_rows = sum(1 + max(len(line) - 1, 0) // screen.columns for line in text.split("\n"))
    return n_rows + n_lines < screen.lines  # the prompt takes one


def width() -> int | None:
    """Return the number of characters in a line of the terminal, or None without a terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def fit_words(text: str, columns: int) -> str:
    """Return prose with its paragraphs and the items of its lists filled anew.

       Indented lines keep their line breaks; one that is too long is broken at a gap between two of
    its columns.
    """
    lines: list[str] = []
    for kind, block in groupby(text.splitlines(), key=_kind):
        if kind == "words":
            for item in re.split(r"\n(?=\d\. |- )", "\n".join(block)):
                lines += textwrap.wrap(
                    item, columns, break_long_words=False, break_on_hyphens=False
                )
        else:
            lines += [part for line in block for part in fit_line(line, columns)]
    return "\n".join(lines)


def _kind(line: str) -> str:
    return "indented" if line.startswith("    ") or not line.strip() else "words"


def fit_line(line: str, columns: int) -> list[str]:
    """Return a line of code or a formula in pieces that fit, broken at gaps or else at spaces."""
    indent = line[: len(line) - len(line.lstrip())]
    pieces, rest = [], line.rstrip()
    while len(rest) > columns:
        gaps = [m.start() for m in re.finditer(r"(?<=\S) {3,}", rest) if m.start() <= columns]
        cut = gaps[-1] if gaps else rest.rfind(" ", len(indent) + 8, columns + 1)
        if cut < 0:
            break
        pieces.append(rest[:cut].rstrip())
        rest = f"{indent}        {rest[cut:].strip()}"
    return [*pieces, rest]


class Watched:
    """A stream that passes on what is printed, counts its lines, and cannot be closed.

    Attributes
    ----------
    n_lines : int
        The number of line ends printed so far.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.n_lines = 0
        self._last = "\n"

    def write(self, text: str) -> int:
        """Print text."""
        self.n_lines += text.count("\n")
        self._last = text[-1:] or self._last
        return self.stream.write(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Print pieces of text."""
        self.write("".join(lines))

    def end_line(self) -> None:
        """End the line if it is not empty, and flush the stream."""
        with suppress(OSError, ValueError):  # the stream below may be closed
            self.write("" if self._last == "\n" else "\n")
            self.stream.flush()

    def close(self) -> None:
        """Do nothing, because others print to this stream too."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)
