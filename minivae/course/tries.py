"""The wrong tries at each function, kept beside the student's file: each brings one more hint."""

from __future__ import annotations

import ast
import hashlib
import json
from contextlib import suppress
from pathlib import Path

from minivae.course.answers import Answer
from minivae.course.files import read_source
from minivae.edge.files import whole_file

NAME = ".minivae-tries.json"
LAST_STAGE = 3


class Tries:
    """The wrong tries at the functions of one file. They are lost if nothing can be written there.

    Parameters
    ----------
    path : Path
        The student's file.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.memory = path, path.with_name(NAME)
        try:
            self.all: dict[str, list[str]] = json.loads(self.memory.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.all = {}

    def stage(self, answer: Answer) -> int:
        """Count an answer, and return the stage of the hint: 1 at the first wrong try, up to 3.

        An unchanged function counts once, and a right answer starts the count anew.
        """
        key = f"{self.path.name}:{answer.name}"
        seen = self.all.get(key, [])
        if answer.verdict == "wrong":
            digest = hashlib.sha256(self._source(answer.name).encode()).hexdigest()[:16]
            seen = seen if digest in seen else [*seen, digest]
        elif answer.verdict == "right":
            seen = []
        self.all[key] = seen
        return max(1, min(len(seen), LAST_STAGE))

    def keep(self) -> None:
        """Write the tries into their file."""
        with suppress(OSError), whole_file(self.memory) as file:
            file.write(json.dumps(self.all, indent=1).encode())

    def _source(self, name: str) -> str:
        """Return the text of a function, or of the whole file if the function is not found."""
        text = read_source(self.path)
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return ast.get_source_segment(text, node) or text
        return text
