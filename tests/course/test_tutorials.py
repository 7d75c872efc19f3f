"""Every tutorial, run as a reader runs it, in its quick mode: all its claims are asserted."""

import ast
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from helpers import ROOT, load_gallery
from matplotlib.image import imread

from minivae.course.cells import read_cells
from minivae.course.files import has_exercises, number_of

TUTORIALS = sorted((ROOT / "tutorials").glob("[0-9]*.py"))

LESSONS = [path for path in TUTORIALS if has_exercises(number_of(path))]
SHOWN = load_gallery().shown_pictures()

each_tutorial = pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


@each_tutorial
def test_it_runs_and_leaves_its_figures_and_nothing_else(path, tmp_path):
    elsewhere, figures = tmp_path / "elsewhere", tmp_path / "figures"
    elsewhere.mkdir()
    settings = {
        "MINIVAE_QUICK": "1",
        "MINIVAE_FIGURES": str(figures),
        "MPLBACKEND": "Agg",
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8",
    }
    finished = subprocess.run(
        [sys.executable, "-W", "error", str(path)],
        cwd=elsewhere,
        env=os.environ | settings,
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr == ""
    drawn = sorted(figures.iterdir())
    shown = {name for name in SHOWN if name.startswith(path.name[:3])}
    assert shown <= {picture.name for picture in drawn}
    assert (2 if path in LESSONS else 1) <= len(drawn) <= 6
    for picture in drawn:
        assert picture.name.startswith(f"{path.name[:2]}_")
        assert picture.suffix in (".png", ".gif")
        assert f"[figure: {picture}]" in finished.stdout
        assert np.ptp(imread(picture)) > 0
    assert len(finished.stdout.splitlines()) > 2 * len(drawn)
    assert list(elsewhere.iterdir()) == []


@each_tutorial
def test_it_asks_for_data_in_one_way(path):
    assert 'MINIVAE_TUTORIAL_DATA"' not in path.read_text("utf-8")


@each_tutorial
def test_it_says_what_it_asks_needs_and_takes(path):
    source = path.read_text("utf-8")
    title, blank, *rest = ast.get_docstring(ast.parse(source)).splitlines()
    assert 10 < len(title) < 100
    assert blank == ""
    text = " ".join(rest)
    assert "?" in text, "the one question"
    assert re.search(r"\b(second|minute)s?\b", text), "how long it runs"
    assert len(re.findall(r"^assert ", source, re.MULTILINE)) >= 3
    lines = [line for line in source.splitlines() if not line.startswith("# ? ")]
    assert 100 < len(lines) <= 335


@each_tutorial
def test_its_cells_can_be_stepped_through(path):
    cells = read_cells(path)
    assert len(cells) >= 8
    for cell in cells[1:]:
        assert cell.title, f"the cell above line {cell.line} has no title"
    for cell in cells:
        compile(cell.code, path, "exec")
        assert len(cell.code.splitlines()) <= 40


@each_lesson
def test_it_ends_with_its_exercises(path):
    command = f"python -m minivae check tutorials/exercises/{path.name}"
    assert command in read_cells(path)[-1].words
    assert (ROOT / "tutorials" / "exercises" / path.name).is_file()


@each_tutorial
def test_it_asks_the_reader_before_it_answers(path):
    questions = [cell.question for cell in read_cells(path) if cell.question]
    assert 1 <= len(questions) <= 3
    for each in questions:
        assert "?" in each or each.startswith("Name"), each
