"""What the tutorials ask for: a place for their figures, and data."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import ROOT

import minivae as mv
from minivae import plots
from minivae.course import chosen_data, figure_file, show
from minivae.course.cells import read_cells
from minivae.course.glossary import first_uses, glossary
from minivae.course.notebooks import tutorial_pieces

LOSS = {"epoch": [1, 2], "loss": [3.0, 2.0]}


def test_a_figure_goes_where_the_variable_says(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MINIVAE_FIGURES", str(tmp_path / "a" / "b"))
    path = show(plots.loss_curves(LOSS), "loss")
    assert path == tmp_path / "a" / "b" / "loss.png"
    assert path.read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().out == f"[figure: {path}]\n"


def test_figures_need_a_folder(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("MINIVAE_FIGURES", str(tmp_path / "file"))
    with pytest.raises(NotADirectoryError, match=r"MINIVAE_FIGURES must name a folder, and .*file"):
        figure_file("01_x.png")


BACKEND = """
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

class Window(FigureManagerBase):
    @classmethod
    def pyplot_show(cls, *, block=None):
        from matplotlib import pyplot
        print("windows", pyplot.get_figlabels(), block)

class FigureCanvas(FigureCanvasAgg):
    manager_class = Window

FigureManager = Window
"""
SCRIPT = """
from minivae import plots
from minivae.course import chosen_data, figure_file, show
figure = plots.loss_curves({"epoch": [1, 2], "loss": [3.0, 2.0]})
print(show(figure, "first"))
print(show(figure, "second"))
"""


@pytest.mark.parametrize(
    ("backend", "expected"),
    [
        (
            "Agg",
            [
                "[figure: minivae-figures/first.png]",
                "[close the window to go on]",
                "minivae-figures/first.png",
            ],
        ),
        (
            "module://windows",
            [
                "[figure: minivae-figures/first.png]",
                "[close the window to go on]",
                "windows ['first'] True",
                "minivae-figures/first.png",
            ],
        ),
        (
            "module://no_display",
            [
                "[figure: minivae-figures/first.png]",
                "[close the window to go on]",
                "minivae-figures/first.png",
            ],
        ),
    ],
)
def test_a_figure_is_a_window_where_there_can_be_one(tmp_path, backend, expected):
    (tmp_path / "windows.py").write_text(BACKEND, encoding="utf-8")
    (tmp_path / "no_display.py").write_text("raise ImportError('no display')", encoding="utf-8")
    root = str(Path(mv.__file__).parents[1])
    settings = {"MPLBACKEND": backend, "PYTHONPATH": os.pathsep.join([root, str(tmp_path)])}
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        cwd=tmp_path,
        env=os.environ | settings | {"MINIVAE_FIGURES": "", "MINIVAE_WINDOWS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = finished.stdout.splitlines()
    assert lines[: len(expected)] == expected
    assert lines[len(expected) :] == [line.replace("first", "second") for line in expected]


def test_the_data_are_those_that_are_asked_for(monkeypatch):
    monkeypatch.delenv("MINIVAE_TUTORIAL_DATA", raising=False)
    assert chosen_data("patches") == "patches"
    monkeypatch.setenv("MINIVAE_TUTORIAL_DATA", "mnist")
    assert chosen_data("patches") == "mnist"
    monkeypatch.setenv("MINIVAE_TUTORIAL_DATA", "MNIST")
    with pytest.raises(ValueError, match=r"_DATA must be digits or mnist, got 'MNIST'"):
        chosen_data("digits")


def test_the_syllabus_has_a_question_and_an_answer_for_every_part():
    def parts(path):
        lines = path.read_text(encoding="utf-8").splitlines()
        return [line[2:4] for line in lines if line[2:4].isdigit() and line.startswith("| ")]

    expected = [f"{n:02d}" for n in range(1, 15)]
    assert [n for n in parts(ROOT / "tutorials" / "SYLLABUS.md") if n in expected] == expected
    assert parts(ROOT / "tests" / "course" / "exam_answers.md") == expected


def test_the_glossary_is_in_order_and_leads_to_tutorials():
    text = (ROOT / "tutorials" / "GLOSSARY.md").read_text(encoding="utf-8")
    words = re.findall(r"^\| ([^|]+) \| [^|]+ \| \[\d\d\]", text, re.MULTILINE)
    assert len(words) > 30
    assert words == sorted(words, key=str.lower)
    for name in re.findall(r"\(([^)]+\.py)\)", text):
        assert (ROOT / "tutorials" / name).is_file()


def test_every_word_of_the_glossary_is_used_in_the_tutorial_that_explains_it():
    for word in glossary():
        (path,) = (ROOT / "tutorials").glob(f"{word.part}_*.py")
        assert any(word in new for new in first_uses(read_cells(path), word.part)), word


def test_a_notebook_links_a_word_where_it_is_used_first():
    (path,) = (ROOT / "tutorials").glob("08_*.py")
    pieces = tutorial_pieces(read_cells(path), "08")
    text = "".join(words for kind, words in pieces if kind == "markdown")
    assert text.count("[logit](GLOSSARY.md)") == 1
    assert "logit" not in text.partition("[logit](GLOSSARY.md)")[0]
