"""An autoencoder with more code units than pixels, and what keeps it from copying its input."""

from __future__ import annotations

from typing import Any

import numpy as np

import minivae as mv
from minivae.edge.checks import Array
from minivae.studies.bench import Tree, Trial
from minivae.studies.findings import column

SIDE, N_CODE = 14, 400  # 196 pixels
NOISE, L1, L2, L2_BESIDE_L1 = 0.3, 0.1, 0.01, 0.01
CURES: dict[str, dict[str, Any]] = {
    "no cure": {},
    "noise": {"corrupt": mv.corruptions.gaussian(NOISE)},
    "L2": {"regularizer": mv.regularizers.L2(L2)},
    "sparsity": {"regularizer": mv.regularizers.SparseCode(L1, L2_BESIDE_L1)},
}
COLUMNS = ("copy error", "noise let through", "active units", "filter smoothness")
BATCH_SIZE, LEARNING_RATE, MOST = 50, 2e-3, 3000
N_FILTERS = 36


def overcomplete(trial: Trial, *, cure: str, **size: Any) -> Tree:
    """Train an overcomplete autoencoder with a cure, and measure how it copies, and its filters."""
    images = trial.split(size["n_train"], size["n_test"])
    train, test = half_size(images.train[:MOST]), half_size(images.test)
    options = dict(CURES.get(cure, {}))
    layers = mv.mlp([SIDE**2, N_CODE], dtype=np.float32, rng=trial.seed).layers
    model = mv.Autoencoder(
        SIDE**2,
        N_CODE,
        encoder=mv.Sequential([*layers, mv.ReLU()]),
        likelihood="squared_error",
        regularizer=options.pop("regularizer", None),
        dtype=np.float32,
        rng=trial.seed + 1,
    )
    if cure != "untrained":
        options |= {"batch_size": BATCH_SIZE, "optimizer": mv.Adam(LEARNING_RATE)}
        trial.fit(model, train, epochs=size["cure_epochs"], **options)
    rebuilt = model.reconstruct(test)
    noisy = mv.corruptions.gaussian(NOISE)(test, trial.seed)
    moved = model.reconstruct(noisy) - rebuilt
    filters = model.params["encoder.0.W"].T  # (n_code, pixels)
    largest = np.argsort(-np.linalg.norm(filters, axis=1))[:N_FILTERS]
    return {
        "copy error": float(np.mean(np.sum((test - rebuilt) ** 2, axis=1))),
        "noise let through": float(np.sum(moved**2) / np.sum((noisy - test) ** 2)),
        "active units": float(np.mean(model.transform(test) > 0)),
        "filter smoothness": smoothness(filters),
        "filters": in_grey(filters[largest]),
    }


def measured(results: list[Tree]) -> dict[str, list[float]]:
    """Return the columns of the table, one number for each seed."""
    return {key: column(results, key) for key in COLUMNS}


def half_size(images: Array) -> Array:
    """Return images of 28 x 28 pixels as images of 14 x 14, each pixel the mean of four."""
    return images.reshape(-1, SIDE, 2, SIDE, 2).mean(axis=(2, 4)).reshape(len(images), SIDE**2)


def smoothness(filters: Array) -> float:
    """Return the correlation of the weights of neighbouring pixels: 0 for noise, 1 for a ramp.

    All filters count together, each by its power, so filters that are switched off do not count.
    """
    images = filters.reshape(-1, SIDE, SIDE)
    images = images - images.mean(axis=(1, 2), keepdims=True)
    pairs = [(images[:, 1:], images[:, :-1]), (images[:, :, 1:], images[:, :, :-1])]
    products = sum(np.sum(a * b) for a, b in pairs)
    powers = sum((np.sum(a * a) + np.sum(b * b)) / 2 for a, b in pairs)
    return float(products / powers)


def in_grey(filters: Array) -> Array:
    """Return filters as images in [0, 1] for a picture: grey is a weight of zero."""
    largest = np.abs(filters).max(axis=1, keepdims=True)
    return 0.5 + 0.5 * filters / np.maximum(largest, 1e-12)
