"""The tutorials as notebooks; a notebook that is there is never written over."""

import os
import sys
import types
from pathlib import Path

import pytest

from course.terminal import write_course
from minivae.commands import cli
from minivae.course.cells import read_cells
from minivae.course.notebooks import percent_format, write_notebooks


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a course of two tutorials."""
    monkeypatch.chdir(tmp_path)
    write_course(tmp_path)
    return tmp_path


@pytest.fixture
def jupytext(monkeypatch):
    """Stand in for jupytext."""
    stub = types.SimpleNamespace(
        reads=lambda text, fmt: (fmt, text), writes=lambda notebook, fmt: f"{fmt} {notebook}"
    )
    monkeypatch.setitem(sys.modules, "jupytext", stub)


def test_the_percent_format(folder):
    text = percent_format(read_cells(folder / "tutorials" / "01_first.py"))
    assert text.startswith("# %% [markdown]\n# # The title\n#\n# What it asks?\n\n# %%\nimport")
    assert "# ## Numbers\n#\n# Words above the code:\n#\n#     y = x\n# and more" in text
    assert text.count("# %%\n") == 4
    assert text.count("# %% [markdown]\n") == 4


@pytest.mark.usefixtures("jupytext")
def test_notebooks_are_written_by_jupytext(folder, capsys):
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


@pytest.mark.usefixtures("jupytext")
def test_a_notebook_that_is_there_stays_and_nothing_is_written(folder):
    out = folder / "nb"
    out.mkdir()
    (out / "02_second.ipynb").write_text("my answers")
    with pytest.raises(FileExistsError, match=r"02_second\.ipynb is there already: name another"):
        write_notebooks(out)
    assert [path.name for path in out.iterdir()] == ["02_second.ipynb"]
    assert (out / "02_second.ipynb").read_text() == "my answers"


def test_real_notebooks_run_from_top_to_bottom(folder):
    jupytext = pytest.importorskip("jupytext", reason="notebooks need jupytext")
    tutorial = folder / "tutorials" / "01_first.py"
    tutorial.write_text('"""Title."""\n\n# %% A cell\nx = 1\n', encoding="utf-8")
    first, _ = write_notebooks(folder / "nb")
    notebook = jupytext.read(first)
    kinds = [cell.cell_type for cell in notebook.cells]
    assert kinds == ["markdown", "markdown", "code"]
    names = {}
    exec(notebook.cells[-1].source, names)
    assert names["x"] == 1
