"""tutorials/00_the_whole_vae.py: it is one page, needs NumPy alone, and notices each mistake."""

import ast

import numpy as np
import pytest
from helpers import ROOT

from minivae.course.cells import read_cells

PAGE = ROOT / "tutorials" / "00_the_whole_vae.py"
SOURCE = PAGE.read_text("utf-8")
SLOPE, LIBRARY = "Is every gradient right?", "Does minivae agree?"


def test_the_page_is_one_page():
    page = SOURCE[SOURCE.index("# %% The data") : SOURCE.index("# %% What is it worth?")]
    assert len(page.rstrip().splitlines()) <= 150


def packages(source):
    """Return the packages that a piece of source imports."""
    nodes = list(ast.walk(ast.parse(source)))
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    return {module.partition(".")[0] for module in modules}


def test_only_its_last_cell_imports_minivae():
    *before, last = SOURCE.partition(f"# %% {LIBRARY}")
    assert packages(before[0]) == {"os", "pathlib", "numpy", "matplotlib"}
    assert packages(last) == {"minivae"}


def cells_that_fail(tmp_path, replacements):
    """Return which of the page's two checks fail, on few faces and after two steps of training."""
    source = SOURCE
    for old, new in {"4000": "200", "range(1, 2401)": "range(1, 3)", **replacements}.items():
        assert old in source, f"the page has no {old!r}"
        source = source.replace(old, new)
    path = tmp_path / "page.py"
    path.write_text(source, encoding="utf-8")
    names, failed = {}, []
    for cell in read_cells(path):
        if cell.title in ("New faces", "What is it worth?"):
            continue
        try:
            with np.errstate(over="ignore"):  # with the KL's sign flipped, the weights run away
                exec(compile(cell.code, path, "exec"), names)
        except AssertionError:
            failed.append(cell.title)
    return failed


def test_both_checks_pass(tmp_path):
    assert cells_that_fail(tmp_path, {}) == []


ONLY_FORWARD_OR_BACKWARD = {
    "the KL's sign": {"mean(gaussian_kl": "mean(-gaussian_kl"},
    "the KL's sign in the gradient": {"(mu, log_var, dkl)\n": "(mu, log_var, -dkl)\n"},
    "the KL's half": {"log_var, axis=1) / 2": "log_var, axis=1)"},
    "the half of dlog_var": {"eps / 2": "eps"},
    "variance for deviation, forward": {"mu + np.exp(log_var / 2)": "mu + np.exp(log_var)"},
    "a path to mu": {"dmu_z + dmu_kl": "dmu_z"},
    "the bound's derivative": {" * (1 - (log_var / 20) ** 2)": ""},
    "the rectifier's derivative": {"dh1 * (h1 > 0)": "dh1"},
    "a mean for a sum": {"np.sum(dy, axis=0)": "np.mean(dy, axis=0)"},
}
FORWARD_AND_BACKWARD = {
    "the KL's sign": {
        "mean(gaussian_kl": "mean(-gaussian_kl",
        "(mu, log_var, dkl)\n": "(mu, log_var, -dkl)\n",
    },
    "the KL's half": {
        "log_var, axis=1) / 2": "log_var, axis=1)",
        "dkl[:, None] * mu": "2 * dkl[:, None] * mu",
        "(np.exp(log_var) - 1) / 2": "(np.exp(log_var) - 1)",
    },
    "variance for deviation": {"np.exp(log_var / 2)": "np.exp(log_var)", "eps / 2": "eps"},
    "no bound": {"20 * np.tanh(raw / 20)": "raw", " * (1 - (log_var / 20) ** 2)": ""},
    "a sum over the batch": {"loss = np.mean": "loss = np.sum", "1 / len(x)": "1.0"},
    "Adam's correction without t": {"beta2**t": "beta2"},
    "Adam's epsilon inside the root": {"np.sqrt(v_hat) + epsilon": "np.sqrt(v_hat + epsilon)"},
}


@pytest.mark.parametrize("name", ONLY_FORWARD_OR_BACKWARD)
def test_both_checks_notice_a_gradient_that_is_not_that_of_the_loss(tmp_path, name):
    assert cells_that_fail(tmp_path, ONLY_FORWARD_OR_BACKWARD[name]) == [SLOPE, LIBRARY]


@pytest.mark.parametrize("name", FORWARD_AND_BACKWARD)
def test_the_library_notices_what_is_wrong_on_both_ways(tmp_path, name):
    assert cells_that_fail(tmp_path, FORWARD_AND_BACKWARD[name]) == [LIBRARY]
