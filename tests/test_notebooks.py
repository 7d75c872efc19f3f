"""Writing notebooks never writes over what a reader has put into one."""

import sys
import types
from pathlib import Path

import pytest

from minivae.course.notebooks import write_notebooks


@pytest.fixture
def folder(tmp_path, monkeypatch):
    stub = types.SimpleNamespace(
        reads=lambda text, fmt: text, writes=lambda notebook, fmt: notebook
    )
    monkeypatch.setitem(sys.modules, "jupytext", stub)
    monkeypatch.chdir(tmp_path)
    tutorials = Path("tutorials")
    tutorials.mkdir()
    for name in ("01_first.py", "02_second.py"):
        (tutorials / name).write_text('"""Title."""\n\n# %% A cell\nx = 1\n', encoding="utf-8")
    return tmp_path


def test_a_notebook_that_is_there_stays_and_nothing_is_written(folder):
    out = folder / "nb"
    out.mkdir()
    (out / "02_second.ipynb").write_text("my answers")
    with pytest.raises(FileExistsError, match=r"02_second\.ipynb is there already: name another"):
        write_notebooks(out)
    assert [path.name for path in out.iterdir()] == ["02_second.ipynb"]
    assert (out / "02_second.ipynb").read_text() == "my answers"


def test_real_notebooks_run_from_top_to_bottom(folder, monkeypatch):
    monkeypatch.delitem(sys.modules, "jupytext")
    jupytext = pytest.importorskip("jupytext", reason="notebooks need jupytext")
    first, _ = write_notebooks(folder / "nb")
    notebook = jupytext.read(first)
    kinds = [cell.cell_type for cell in notebook.cells]
    assert kinds == ["markdown", "markdown", "code"]
    names = {}
    exec(notebook.cells[-1].source, names)
    assert names["x"] == 1
