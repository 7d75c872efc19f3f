"""Step through a tutorial in a plain terminal: read a cell, press Enter, see what it does."""

from __future__ import annotations

import io
import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from minivae.course.cells import Cell, read_cells
from minivae.course.describe import describe
from minivae.course.glossary import find_word, first_uses
from minivae.course.screen import Watched, fit_line, fit_words, fits, width
from minivae.edge.checks import UserError

HELP = """\
  Enter   run the cell, and show the next one; behind a question it shows the answer
  x.sum() any expression is evaluated: an array is printed with its shape and dtype
  p NAME  the same for a name that is a command, like p b; a statement is run
  b       go back one cell: all before it is run again from the start, quietly
  g N     go to cell N, likewise
  w WORD  what a word means: the new words of a cell stand below it
  h       this help
  q       leave, as does Ctrl-D
  Ctrl-C  stop the cell that runs; at the prompt, leave"""

THINK = "--- think, or try it at the prompt; Enter shows the answer"


def step_through(path: Path) -> None:
    """Show a tutorial's cells one by one, and do what the reader types, until the reader leaves."""
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
        The tutorial. It is read again before every cell, so that the reader may change it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cells = read_cells(path)
        self._start()

    def _start(self) -> None:
        self.next, self.shown, self.asked = 0, False, -1
        self.names: dict[str, Any] = {"__name__": "__main__", "__file__": str(self.path)}
        self.names |= {"exit": sys.exit, "quit": sys.exit}  # Python's own close the terminal too

    def obey(self, line: str) -> bool:
        """Do what the reader typed; return False to leave."""
        command, _, argument = line.strip().partition(" ")
        if command == "q":
            return False
        if command == "":
            return self.enter()
        if command == "p" and argument:
            self.print(argument)
        elif command == "b" and self.next == 0:
            print("this is the first cell")
        elif command == "b":
            self.go_to(self.next)
        elif command == "g" and argument.strip().isdecimal():
            self.go_to(int(argument))
        elif command == "w" and argument:
            word = find_word(argument)
            print(word.meaning if word else f"the glossary has no {argument}")
        elif command == "h" or not self.evaluate(line.strip()):
            print(HELP)
        return True

    def evaluate(self, line: str) -> bool:
        """Print the value of an expression, or run a statement; return False if it is neither."""
        try:
            compile(line, "<prompt>", "eval")
        except (SyntaxError, ValueError):
            try:
                code = compile(line, "<prompt>", "exec", dont_inherit=True)
            except (SyntaxError, ValueError):
                return False
            try:
                exec(code, self.names)
            except BaseException as error:
                print(traceback.format_exception_only(error)[-1], end="")
            return True
        self.print(line)
        return True

    def enter(self) -> bool:
        """Run the cell that was shown, and show the next one; return False after the last cell."""
        if not self._is_as_before():
            return True
        if not self.shown:
            self.show()
            return True
        if self.next >= len(self.cells):
            return False
        output: Any = Watched(sys.stdout)
        if self.run(redirect_stdout(output)):
            if output.n_lines and not fits(self._text(), output.n_lines):
                print("\n--- Enter shows the next cell")
            else:
                self.show()
        return True

    def go_to(self, number: int) -> None:
        """Run all cells before cell `number`, from 1 on, without output, and show that cell."""
        if not self._is_as_before():
            return
        if not 1 <= number <= len(self.cells):
            print(f"there are cells 1 to {len(self.cells)}")
            return
        if number - 1 <= self.next:
            self._start()
        while self.next < number - 1:
            if not self.run(_silence()):
                return
        self.show()

    def show(self) -> None:
        """Ask the next cell's question, if it has one, or else print its words and code."""
        question = self.cells[self.next].question if self.next < len(self.cells) else ""
        if question and self.asked != self.next:
            self.asked = self.next
            print(f"\n{fit_words(f'? {question}', width() or 100)}\n\n{THINK}")
            return
        print(self._text())
        self.shown = True

    def run(self, where: AbstractContextManager[Any]) -> bool:
        """Run the next cell, and return whether it ran through; if not, it stays the next."""
        try:
            with where:
                exec(_compile(self.cells[self.next], self.path), self.names)
        except BaseException as error:
            print(self._report(error), end="")
            again = "runs it again" if self.shown else "shows it"
            print(f"--- cell {self.next + 1} did not run through; Enter {again}")
            return False
        self.next, self.shown = self.next + 1, False
        return True

    def print(self, expression: str) -> None:
        """Print the value of an expression, which may use the tutorial's names."""
        try:
            value = eval(expression, self.names)
            print(describe(expression, value))
        except BaseException as error:
            print(traceback.format_exception_only(error)[-1], end="")

    def _is_as_before(self) -> bool:
        """Read the file again; if its cells have changed, show the next one and return False."""
        try:
            cells = read_cells(self.path)
        except (OSError, UserError) as error:
            print(f"--- nothing was run: {error}")
            return False
        before, titles = ([cell.title for cell in each] for each in (self.cells, cells))
        self.cells = cells
        if titles == before:
            return True
        shown = before[self.next : self.next + 1]  # none after the last
        if shown and titles.count(shown[0]) == 1:
            self.next = titles.index(shown[0])
        self.next = min(self.next, len(cells))
        print("--- the cells have moved: nothing was run; this is the next one")
        self.show()
        return False

    def _text(self) -> str:
        """Return the next cell's words and code in the form that is shown."""
        if self.next >= len(self.cells):
            return f"\n--- that was the last of {len(self.cells)} cells; Enter or q leaves"
        cell = self.cells[self.next]
        title = f": {cell.title}" if cell.title else ""
        text = f"\n--- cell {self.next + 1} of {len(self.cells)}{title}\n"
        columns = width()
        words = list(first_uses(self.cells, self.path.name[:2]))[self.next]
        new = ", ".join(word.forms[0] for word in words)
        if cell.words:
            text += f"\n{fit_words(cell.words, columns) if columns else cell.words}\n"
        if cell.code:
            lines = [f"    {line}".rstrip() for line in cell.code.splitlines()]
            if columns:
                lines = [piece for line in lines for piece in fit_line(line, columns)]
            text += "\n" + "\n".join(lines) + "\n"
        if new:
            text += f"\n{fit_words(f'new words (w WORD explains one): {new}', columns or 100)}\n"
        return text

    def _report(self, error: BaseException) -> str:
        """Return an error's traceback, beginning at the tutorial's own line."""
        below = error.__traceback__
        while below and below.tb_frame.f_code.co_filename != str(self.path):
            below = below.tb_next
        return "".join(traceback.format_exception(type(error), error, below))


def _compile(cell: Cell, path: Path) -> Any:
    """Compile a cell so that its line numbers are those of the file."""
    return compile("\n" * (cell.line - 1) + cell.code, str(path), "exec", dont_inherit=True)


@contextmanager
def _silence() -> Iterator[None]:
    """Print nothing, and write figures into a folder that is removed afterwards."""
    before = os.environ.get("MINIVAE_FIGURES")
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(io.StringIO()):
        os.environ["MINIVAE_FIGURES"] = folder
        try:
            yield
        finally:
            os.environ.pop("MINIVAE_FIGURES")
            if before is not None:
                os.environ["MINIVAE_FIGURES"] = before
