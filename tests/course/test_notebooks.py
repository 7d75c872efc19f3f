"""The course as notebooks: they run; a notebook that is there is never written over."""

import builtins
import contextlib
import io
import json
import os
import re
import sys
import types
from itertools import groupby
from pathlib import Path

import pytest
from helpers import ROOT
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.mathtext import MathTextParser

from course.terminal import write_course
from minivae.commands import cli
from minivae.course import check, handout, show_file
from minivae.course.cells import read_cells
from minivae.course.formulas import latex
from minivae.course.notebooks import exercise_pieces, notebook, tutorial_pieces, write_notebooks

TUTORIALS = sorted((ROOT / "tutorials").glob("[0-9]*.py"))
LESSON = ROOT / "tutorials" / "01_dense_layer.py"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a course of two tutorials."""
    monkeypatch.chdir(tmp_path)
    write_course(tmp_path)
    return tmp_path


def test_words_become_text_and_formulas_latex(folder):
    pieces = list(tutorial_pieces(read_cells(folder / "tutorials" / "01_first.py"), "01"))
    assert pieces[0] == ("markdown", "# The title\n\nWhat it asks?")
    assert pieces[1] == ("code", "import numpy as np")
    words = "## Numbers\n\nWords above the code:\n\n$$\ny = x\n$$\n\nand more of them."
    assert pieces[2] == ("markdown", words)


def test_every_notebook_is_written_with_its_kernel(folder, capsys):
    assert cli.main(["notebooks", "--out", "nb"]) == 0
    names = ["01_first.ipynb", "02_second.ipynb", os.path.join("exercises", "01_first.ipynb")]
    assert capsys.readouterr().out.split() == [os.path.join("nb", name) for name in names]
    written = json.loads(Path("nb", names[0]).read_text("utf-8"))
    assert written["metadata"]["kernelspec"]["name"] == "python3"
    assert (written["nbformat"], written["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in written["cells"]}) == len(written["cells"])


def test_it_is_jupyters_own_format(folder):
    nbformat = pytest.importorskip("nbformat", reason="Jupyter's own reader is not installed")
    nbformat.validate(notebook(list(tutorial_pieces(read_cells(TUTORIALS[0]), "01"))))


def test_a_notebook_that_is_there_stays_and_nothing_is_written(folder):
    out = folder / "nb"
    out.mkdir()
    (out / "02_second.ipynb").write_text("my answers")
    with pytest.raises(FileExistsError, match=r"02_second\.ipynb is there already: name another"):
        write_notebooks(out)
    assert [path.name for path in out.iterdir()] == ["02_second.ipynb"]
    assert (out / "02_second.ipynb").read_text() == "my answers"


def run(pieces, names):
    """Run the cells of a notebook, and return what each prints."""
    printed = []
    for kind, text in pieces:
        if kind == "code":
            with contextlib.redirect_stdout(io.StringIO()) as output:
                exec(text, names)
            printed.append(output.getvalue())
    return printed


def test_a_tutorial_runs_without_threads_processes_and_sockets(tmp_path, monkeypatch):
    import multiprocessing
    import socket
    import subprocess
    import threading

    def refuse(*args, **kwargs):
        raise OSError("there is no such thing in a browser")

    for owner, name in [
        (threading.Thread, "start"),
        (subprocess, "Popen"),
        (socket, "socket"),
        (multiprocessing.Process, "start"),
    ]:
        monkeypatch.setattr(owner, name, refuse)
    monkeypatch.setenv("MINIVAE_FIGURES", str(tmp_path))
    monkeypatch.setenv("MINIVAE_QUICK", "1")
    printed = run(tutorial_pieces(read_cells(LESSON), "01"), {"__name__": "__main__"})
    assert printed[1] == "y = 0.5, loss = 2.25\n"
    path = ROOT / "tutorials" / "exercises" / LESSON.name
    assert run(exercise_pieces(path), {})[2].split() == ["not", "written", "yet", "dense_forward"]


def test_a_function_is_checked_where_it_stands(capsys):
    def dense_forward(x, W, b):
        return x @ W - b

    assert not check(dense_forward)
    printed = capsys.readouterr().out
    assert "likely mistake: a sign is flipped\n" in printed
    assert "hint" not in printed
    with pytest.raises(ValueError, match="no exercise with a function called refuse"):
        check(refuse)


def refuse():
    pass


def test_a_notebook_shows_its_pictures(tmp_path, monkeypatch, capsys):
    shown = []
    module = types.SimpleNamespace(Image=lambda filename: filename, HTML=str, display=shown.append)
    monkeypatch.setitem(sys.modules, "IPython", types.ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    shell = types.SimpleNamespace(kernel=None)
    monkeypatch.setattr(builtins, "get_ipython", lambda: shell, raising=False)
    show_file(tmp_path / "a.png")
    assert shown == []  # a terminal
    shell.kernel = "a notebook's"
    show_file(tmp_path / "a.png")
    (tmp_path / "film.gif").write_bytes(b"GIF89a")
    show_file(tmp_path / "film.gif")
    assert shown == [
        str(tmp_path / "a.png"),
        '<img alt="film" src="data:image/gif;base64,R0lGODlh">',
    ]
    assert capsys.readouterr().out.count("[figure: ") == 3


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem[:2])
def test_no_sign_of_a_formula_is_taken_for_markdown(path):
    for kind, text in tutorial_pieces(read_cells(path), path.stem[:2]):
        if kind == "markdown":
            prose = re.sub(r"(?s)\$\$.*?\$\$|^    .*?$", "", text, flags=re.MULTILINE)
            item = r"(?:[-+*]|\d+\.) "
            assert not re.search(rf"^(?!{item}).+\n{item}", prose, re.MULTILINE)
            assert not re.search(r"[\w)]\*[\w(]", prose)  # 2*3 and 4*5: emphasis between


# Formulas


@pytest.mark.parametrize(
    ("plain", "tex"),
    [
        ("dW = x^T dy", r"dW = x^\top \, dy"),
        ("L = 1/N sum_n |x_n - x_hat_n|^2", r"L = 1/N \, \sum _{n} |x_{n} - \hat{x}_{n}|^{2}"),
        ("w <- w - lr dw", r"w \leftarrow w - \mathrm{lr} \, dw"),
        ("z = mu + e^(log_var / 2) eps", r"z = \mu + e^{\mathrm{log\_var} / 2} \, \varepsilon"),
        ("a = sqrt(v / (1 - 0.9^t))", r"a = \sqrt{v / (1 - 0.9^{t})}"),
        ("p = 1 if all is well", r"p = 1 \text{ if all is well }"),
        ("dW[i, j] = x[n]", r"dW_{ij} = x_{n}"),
        ("h = 6e-6", r"h = 6 \cdot 10^{-6}"),
    ],
)
def test_a_formula_becomes_latex(plain, tex):
    assert latex(f"    {plain}") == f"$$\n{tex}\n$$"


def test_lines_are_aligned_and_a_table_stays_as_it_is():
    assert latex("    a = 1\n    bc = 2   d = 3").splitlines() == [
        "$$",
        r"\begin{aligned}",
        r"a & = 1 \\",
        r"\text{ bc } & = 2 \qquad d = 3",
        r"\end{aligned}",
        "$$",
    ]
    assert latex("    word   another\n    x = 1   2") == ""
    assert latex("    y = x @ W") == ""  # code


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_every_formula_can_be_typeset(path):
    parser = MathTextParser("agg")
    for cell in read_cells(path):
        lines = cell.words.splitlines()
        for indented, block in groupby(lines, key=lambda line: line.startswith("    ")):
            for line in latex("\n".join(block)).splitlines() if indented else ():
                if line != "$$" and not line.startswith((r"\begin", r"\end")):
                    formula = line.replace("&", "").removesuffix(r"\\").strip()
                    parser.parse(f"${formula}$")


# Handouts


def test_a_derivation_fits_one_page(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["handouts", "--out", "pages"]) == 0
    pages = sorted(Path("pages").iterdir())
    assert [str(page) for page in pages] == capsys.readouterr().out.split()
    assert len(pages) >= 9
    for page in pages:
        assert (
            page.read_bytes().count(b"/Type /Page ") + page.read_bytes().count(b"/Type /Page\n")
            == 1
        )


def test_all_of_a_derivation_is_inside_the_page():
    from matplotlib.figure import Figure

    for tutorial in TUTORIALS:
        cells = read_cells(tutorial)
        figure = Figure(figsize=handout.PAGE)
        handout._fill(figure, cells[0].title, list(handout.derivation(cells)))
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        for text in figure.texts:
            box = text.get_window_extent(canvas.get_renderer()).transformed(
                figure.transFigure.inverted()
            )
            assert box.x0 > 0.05
            assert box.x1 < 0.96
            assert box.y0 > 0.03
            assert box.y1 < 0.97
