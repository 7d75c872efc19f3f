"""The glossary of the course, and where each of its words is used first in a tutorial."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from minivae.course.cells import Cell
from minivae.course.files import TUTORIALS, read_source, shipped

GLOSSARY = "GLOSSARY.md"


@dataclass(frozen=True)
class Word:
    """A word of the glossary: the forms it takes, its meaning, and the part that explains it."""

    forms: tuple[str, ...]
    meaning: str
    part: str

    @property
    def pattern(self) -> re.Pattern[str]:
        """What finds the word in a text, in singular or plural."""
        forms = "|".join(map(re.escape, self.forms))
        return re.compile(rf"(?<![\w`./\[-])({forms})(?:s|es)?(?![\w`(\]])", re.IGNORECASE)


def read_glossary() -> str:
    """Return the text of the glossary."""
    path = TUTORIALS / GLOSSARY
    return read_source(path if path.is_file() else shipped(TUTORIALS) / GLOSSARY)


def glossary() -> list[Word]:
    """Return the words of the glossary, in its order."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| \[(\d\d)\]", read_glossary(), re.MULTILINE)
    return [Word(_forms(term), meaning, part) for term, meaning, part in rows]


def _forms(term: str) -> tuple[str, ...]:
    """Return the forms of a term, without its symbol: of "evidence p(x)" the first word."""
    return tuple(re.sub(r" (p\(.*|z.*|divergence)$", "", each) for each in term.split(", "))


def first_uses(cells: Sequence[Cell], part: str) -> Iterator[list[Word]]:
    """Yield for each cell of a part the known words that no cell before it uses.

    A word is known from the part on that explains it; part 00, the page, knows all of them.
    """
    left = [word for word in glossary() if part == "00" or word.part <= part]
    for cell in cells:
        prose = "\n".join(line for line in cell.words.splitlines() if not line.startswith("    "))
        found = [word for word in left if word.pattern.search(prose)]
        left = [word for word in left if word not in found]
        yield found


def find_word(text: str) -> Word | None:
    """Return the word of the glossary that has this form, or None."""
    return next((word for word in glossary() if word.pattern.fullmatch(text.strip())), None)
