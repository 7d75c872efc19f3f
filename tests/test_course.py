"""What else belongs to the course: its notebooks, its figures, and the explorer."""

import os
import subprocess
import sys
import types
from pathlib import Path

import pytest
from course_terminal import write_course

import minivae as mv
from minivae import cli, plots
from minivae.course import show
from minivae.course.cells import read_cells
from minivae.course.notebooks import percent_format


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a course of two tutorials."""
    monkeypatch.chdir(tmp_path)
    write_course(tmp_path)
    return tmp_path


def test_the_percent_format(folder):
    text = percent_format(read_cells(folder / "tutorials" / "01_first.py"))
    assert text.startswith("# %% [markdown]\n# # The title\n#\n# What it asks?\n\n# %%\nimport")
    assert "# ## Numbers\n#\n# Words above the code:\n#\n#     y = x\n# and more" in text
    assert text.count("# %%\n") == 4
    assert text.count("# %% [markdown]\n") == 4


def test_notebooks_are_written_by_jupytext(folder, monkeypatch, capsys):
    stub = types.SimpleNamespace(
        reads=lambda text, fmt: (fmt, text), writes=lambda notebook, fmt: f"{fmt} {notebook}"
    )
    monkeypatch.setitem(sys.modules, "jupytext", stub)
    assert cli.main(["notebooks", "--out", "nb"]) == 0
    written = sorted((folder / "nb").iterdir())
    assert [path.name for path in written] == ["01_first.ipynb", "02_second.ipynb"]
    assert written[0].read_text("utf-8").startswith("ipynb ('py:percent', '# %% [markdown]")
    assert capsys.readouterr().out.split() == [
        os.path.join("nb", "01_first.ipynb"),
        os.path.join("nb", "02_second.ipynb"),
    ]


@pytest.mark.usefixtures("folder")
def test_without_jupytext_the_reader_is_told_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "jupytext", None)
    assert cli.main(["notebooks", "--out", "nb"]) == 2
    error = capsys.readouterr().err
    assert "jupytext, which is not installed" in error
    assert "pip install" in error
    assert not Path("nb").exists()


def test_exploring_a_saved_model_from_the_command_line(tmp_path, capsys):
    mv.VAE(784, 2, rng=0).save(tmp_path / "model.npz")
    picture = tmp_path / "window.png"
    assert cli.main(["explore", str(tmp_path / "model.npz"), "--out", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert cli.main(["explore", str(tmp_path / "model.npz")]) == 2
    assert "no window can be opened" in capsys.readouterr().err
    assert cli.main(["explore", str(tmp_path / "nothing.npz")]) == 2


# Figures


LOSS = {"epoch": [1, 2], "loss": [3.0, 2.0]}


def test_a_figure_goes_where_the_variable_says(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MINIVAE_FIGURES", str(tmp_path / "a" / "b"))
    path = show(plots.loss_curves(LOSS), "loss")
    assert path == tmp_path / "a" / "b" / "loss.png"
    assert path.read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().out == f"[figure: {path}]\n"


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
from minivae.course import show
figure = plots.loss_curves({"epoch": [1, 2], "loss": [3.0, 2.0]})
print(show(figure, "first"))
print(show(figure, "second"))
"""


@pytest.mark.parametrize(
    ("backend", "expected"),
    [
        ("Agg", ["[figure: minivae-figures/first.png]", "minivae-figures/first.png"]),
        ("module://windows", ["windows ['first'] True", "None"]),
        (
            "module://no_display",
            ["[figure: minivae-figures/first.png]", "minivae-figures/first.png"],
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
        env=os.environ | settings | {"MINIVAE_FIGURES": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = finished.stdout.splitlines()
    assert lines[:2] == expected
    assert lines[2:] == [line.replace("first", "second") for line in expected]
