"""Step through a tutorial in a plain terminal: read a cell, press Enter, see what it does."""

from __future__ import annotations

import io
import os
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from minivae.course.cells import Cell, read_cells

HELP = """\
  Enter   run the cell, and show the next one
  p NAME  print an array with its shape and dtype, or the value of any expression
  b       go back one cell: all before it is run again from the start, quietly
  g N     go to cell N, likewise
  h       this help
  q       leave, as do Ctrl-D and Ctrl-C"""


def step_through(path: Path) -> None:
    """Show a tutorial's cells one by one, and obey what is typed, until the reader leaves."""
    stepper = Stepper(path)
    print(f"{path}: Enter runs a cell, h helps, q leaves")
    stepper.show()
    while True:
        try:
            line = input("> ")
        except (EOFError, KeyboardInterrupt):
            print()
            return
        if not stepper.obey(line):
            return


class Stepper:
    """A tutorial, the next cell to run, and the names that its cells share.

    Parameters
    ----------
    path : Path
        Of the tutorial. It is read again before every cell, so that the reader may change it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cells = read_cells(path)
        self._start()

    def _start(self) -> None:
        self.next = 0
        self.names: dict[str, Any] = {"__name__": "__main__", "__file__": str(self.path)}

    def obey(self, line: str) -> bool:
        """Do what was typed; return False to leave."""
        self.cells = read_cells(self.path)
        command, _, argument = line.strip().partition(" ")
        if command == "":
            if self.next >= len(self.cells):
                return False
            if self.run():
                self.show()
        elif command == "p" and argument:
            self.print(argument)
        elif command == "b":
            self.go_to(self.next)
        elif command == "g" and argument.strip().isdecimal():
            self.go_to(int(argument))
        elif command == "q":
            return False
        else:
            print(HELP)
        return True

    def show(self) -> None:
        """Print the next cell's words and code."""
        if self.next >= len(self.cells):
            print(f"\n--- that was the last of {len(self.cells)} cells; Enter or q leaves")
            return
        cell = self.cells[self.next]
        title = f": {cell.title}" if cell.title else ""
        print(f"\n--- cell {self.next + 1} of {len(self.cells)}{title}\n")
        if cell.words:
            print(f"{cell.words}\n")
        if cell.code:
            print("\n".join(f"    {line}".rstrip() for line in cell.code.splitlines()) + "\n")

    def run(self, *, quiet: bool = False) -> bool:
        """Run the next cell, and return whether it ran through; else it stays the next one."""
        try:
            with _silence() if quiet else nullcontext():
                exec(_compile(self.cells[self.next], self.path), self.names)
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            below = error.__traceback__ and error.__traceback__.tb_next  # without our own line
            print("".join(traceback.format_exception(type(error), error, below)), end="")
            print(f"--- cell {self.next + 1} did not run through; Enter runs it again")
            return False
        self.next += 1
        return True

    def go_to(self, number: int) -> None:
        """Make cell `number`, counted from 1, the next one: all before it is run, quietly."""
        if not 1 <= number <= len(self.cells):
            print(f"there are cells 1 to {len(self.cells)}")
            return
        if number - 1 < self.next:
            self._start()
        while self.next < number - 1 and self.run(quiet=True):
            pass
        self.show()

    def print(self, expression: str) -> None:
        """Print the value of an expression in the tutorial's names."""
        try:
            value = eval(expression, self.names)
            print(describe(expression, value))
        except Exception as error:
            print(f"{type(error).__name__}: {error}")


def describe(name: str, value: Any) -> str:
    """Return a value in a few lines: for an array shape, dtype and shortened numbers."""
    if isinstance(value, np.ndarray):
        numbers = np.array2string(value, precision=4, threshold=60, suppress_small=True)
        return f"{name}: {value.dtype} array of shape {value.shape}\n{numbers}"
    if isinstance(value, Mapping) and any(isinstance(v, np.ndarray) for v in value.values()):
        return "\n".join([f"{name}: {type(value).__name__}", *map(_line, value, value.values())])
    text = str(value) if isinstance(value, np.generic) else repr(value)
    return f"{name}: {type(value).__name__}\n" + (text if len(text) < 500 else f"{text[:500]} ...")


def _line(key: Any, value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"  {key!r}: {value.dtype} array of shape {value.shape}"
    return f"  {key!r}: {value!r:.80}"


def _compile(cell: Cell, path: Path) -> Any:
    """Compile a cell so that an error names the file's own line."""
    return compile("\n" * (cell.line - 1) + cell.code, str(path), "exec")


@contextmanager
def _silence() -> Iterator[None]:
    """Keep back what is printed, and let figures go to a folder that vanishes."""
    before = os.environ.get("MINIVAE_FIGURES")
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(io.StringIO()):
        os.environ["MINIVAE_FIGURES"] = folder
        try:
            yield
        finally:
            os.environ.pop("MINIVAE_FIGURES")
            if before is not None:
                os.environ["MINIVAE_FIGURES"] = before
