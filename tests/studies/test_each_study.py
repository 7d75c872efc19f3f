"""Every study runs to its end, and what it returns holds together: tiny, so nothing is learned."""

import re

import numpy as np
import pytest
from matplotlib.image import imread

import minivae as mv
from minivae import studies
from minivae.studies import (
    bayesian,
    blur,
    denoising,
    depth,
    downstream,
    gaps,
    generation,
    kl_weight,
    labels,
    latent_dimension,
    loops,
    outliers,
    two_samples,
)

TINY = {
    bayesian: {
        **{"n_train": 160, "n_test": 80, "n_inside": 12, "n_outside": 6, "n_draws": 2},
        **{"n_latent": 2, "hidden": [8], "epochs": 5, "warm_up": 1, "burn_in": 1, "step": 0.003},
    },
    latent_dimension: {"n_train": 70, "n_test": 30, "epochs": 1, "hidden": [8], "n_draws": 2},
    downstream: {"n_train": 120, "n_test": 30, "epochs": 1, "hidden": [8], "batch_size": 32},
    generation: {"n_train": 200, "n": 60, "epochs": 1, "n_latent": 2, "hidden": [8]},
    denoising: {**denoising.NETWORK, "n_train": 70, "n_test": 20, "epochs": 1, "cure_epochs": 1},
    depth: {**depth.DEEP, "n_train": 70, "n_test": 30, "epochs": 1, "curve_epochs": 1},
    loops: {
        **loops.QUICK,
        "n_train": 100,
        "n_test": 60,
        "n_pairs": 4,
        "epochs": 1,
        "n_hidden": 6,
        "n_latent": 3,
    },
    blur: {"n_train": 300, "n": 70, "epochs": 1, "hidden": [8]},
    labels: {"n_train": 200, "n": 70, "epochs": 1, "hidden": [8]},
    kl_weight: {"n_train": 200, "n": 70, "epochs": 1, "hidden": [8]},
    outliers: {"n_train": 150, "n": 10, "epochs": 1, "n_latent": 2, "hidden": [8]},
    two_samples: {"n_pool": 150, "n": 12, "n_tests": 1, "n_refitted": 1},
    gaps: {"n_train": 150, "n_latent": 2, "hidden": [8], "n": 2, "n_steps": 3},
}


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    for module, size in TINY.items():
        monkeypatch.setitem(module.SIZES, "quick", size)
    monkeypatch.setattr(latent_dimension, "N_IMAGES", 3)
    monkeypatch.setitem(blur.DENSITIES, "quick", {"n_points": 200, "epochs": 1})
    monkeypatch.setattr(gaps, "N_TEST", 20)
    monkeypatch.setattr(gaps, "N_DRAWS", 5)
    monkeypatch.setattr(two_samples, "N_REFITS", 1)
    monkeypatch.setitem(outliers.N_TEST, "quick", 300)


def test_every_study_is_tried_here():
    tried = {module.__name__.rpartition(".")[2].replace("_", "-") for module in TINY}
    assert studies.all_studies().keys() >= tried


@pytest.mark.parametrize("module", TINY, ids=lambda module: module.__name__.rpartition(".")[2])
def test_a_study_runs_and_goes_on(module, tmp_path, monkeypatch):
    name = module.__name__.rpartition(".")[2].replace("_", "-")
    found = mv.studies.run(name, seeds=1, quick=True, out=tmp_path)
    rows = found.rows
    assert {row["baseline"] for row in rows} == {"yes", "no"}
    for row in rows:
        assert list(row) == found.columns
        numbers = [value for value in row.values() if isinstance(value, int | float)]
        assert numbers
        assert np.all(np.isfinite(numbers))
    assert len(re.findall(r"\.(?: |$)", found.verdict)) == 2  # sentences
    for picture in found.figures:
        pixels = imread(tmp_path / f"{picture}.png")[:, :, :3]
        assert min(pixels.shape[:2]) > 100
        assert np.std(pixels) > 0.02
    files = {f"{picture}.png" for picture in found.figures} | {"parts", "report.md", "table.csv"}
    assert {path.name for path in tmp_path.iterdir()} == files
    assert not list(tmp_path.glob("parts/*.checkpoint"))

    def trained(*arguments, **options):
        raise AssertionError("what is finished must not be trained again")

    monkeypatch.setattr(mv.VAE, "fit", trained)
    again = mv.studies.run(name, seeds=1, quick=True, out=tmp_path)
    assert (again.rows, again.verdict) == (rows, found.verdict)
