"""The arguments of the course's commands."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from minivae.commands import course
from minivae.commands.parsing import add_out, command


def add_course(commands: Any) -> None:
    """Add ``course``, ``step``, ``check``, ``notebooks`` and ``handouts``."""
    text = "write the tutorials and the empty exercises into a folder of yours"
    copy = command(commands, "course", text, "--out my-course", seed=False)
    add_out(copy, "minivae-course")
    copy.set_defaults(run=lambda chosen: course.copy(chosen.out))

    text = "step through a tutorial in the terminal, cell by cell"
    step = command(commands, "step", text, "7", seed=False)
    step.add_argument("tutorial", help="the number of a tutorial, or a file")
    step.set_defaults(run=lambda chosen: course.step(chosen.tutorial))

    text = "check your answers to a tutorial's exercises"
    example = "tutorials/exercises/01_dense_layer.py"
    check = command(commands, "check", text, example, seed=False)
    check.add_argument("exercise", help="your file, its number, or a folder of submissions")
    help = "how long each function may take (default 5)"
    check.add_argument("--seconds", type=float, default=5.0, metavar="N", help=help)
    check.add_argument("--watch", action="store_true", help="check again at each save")
    check.add_argument("--json", action="store_true", help="one line of JSON for each function")
    help = "of a folder of submissions: write its table and a picture there"
    check.add_argument("--out", type=Path, metavar="DIR", help=help)

    def run_check(chosen: argparse.Namespace) -> bool:
        options = {"seconds": chosen.seconds, "watch": chosen.watch, "as_json": chosen.json}
        return course.check(chosen.exercise, out=chosen.out, **options)

    check.set_defaults(run=run_check)

    text = "write tutorials and exercises as notebooks"
    notebooks = command(commands, "notebooks", text, "--out notebooks", seed=False)
    add_out(notebooks, "notebooks")
    notebooks.set_defaults(run=lambda chosen: course.notebooks(chosen.out))

    text = "write each tutorial's derivation as one page to print"
    handouts = command(commands, "handouts", text, "--out handouts", seed=False)
    add_out(handouts, "handouts")
    handouts.set_defaults(run=lambda chosen: course.handouts(chosen.out))
