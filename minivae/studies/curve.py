"""A curve in space whose one number is known, and what can be found of it from noisy points."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import minivae as mv
from minivae.edge.checks import Array
from minivae.studies.bench import Tree, Trial

NOISE = 0.05  # standard deviation, in each of three directions
TURN, RISE = 1.5 * np.pi, 1.0  # three quarters of a turn of a helix of radius 1
N_POINTS, N_FINE, BATCH_SIZE, LEARNING_RATE = 1000, 4000, 50, 5e-3


class Points(NamedTuple):
    """Noisy points, shape (n, 3), and the places on the curve, t in [0, 1], they were drawn at."""

    X: Array
    t: Array


def helix(t: Array) -> Array:
    """Return the points of the curve at t, shape (n, 3)."""
    return np.stack([np.cos(TURN * t), np.sin(TURN * t), RISE * t], axis=1)


def draw_points(n: int, rng: np.random.Generator) -> Points:
    """Draw places evenly along the curve, and points near them."""
    t = rng.random(n)
    return Points(helix(t) + NOISE * rng.standard_normal((n, 3)), t)


def nearest_on_curve(X: Array) -> Array:
    """Return for each point the place t whose curve point is nearest, to one part in `N_FINE`."""
    t = np.linspace(0, 1, N_FINE + 1)
    points = helix(t)
    # |x - c|^2 = |x|^2 - 2 x.c + |c|^2
    return t[np.argmin(np.sum(points**2, axis=1) - 2 * X @ points.T, axis=1)]


def on_the_curve(trial: Trial, *, method: str, curve_epochs: int, **size: Any) -> Tree:
    """Measure one way to write points on a curve as one number.

    Parameters
    ----------
    method : {"deep autoencoder", "tanh code alone", "PCA", "the curve itself"}
    """
    rng = np.random.default_rng(trial.seed)
    train, test = draw_points(N_POINTS, rng), draw_points(N_POINTS, rng)
    model: Any
    if method == "the curve itself":
        codes = nearest_on_curve(test.X)
        return _measured(test, codes, helix(codes))
    if method == "PCA":
        model = mv.PCA(1).fit(train.X)
    else:
        hidden = (32,) if method == "deep autoencoder" else ()
        options: dict[str, Any] = {"activation": "tanh", "likelihood": "squared_error"}
        if not hidden:
            options["encoder"] = mv.Sequential([*mv.mlp([3, 1], rng=trial.seed).layers, mv.Tanh()])
        model = mv.Autoencoder(3, 1, hidden=hidden, rng=trial.seed, **options)
        optimizer = mv.Adam(LEARNING_RATE)
        trial.fit(model, train.X, epochs=curve_epochs, batch_size=BATCH_SIZE, optimizer=optimizer)
    return _measured(test, model.transform(test.X)[:, 0], model.reconstruct(test.X))


def _measured(test: Points, codes: Array, rebuilt: Array) -> Tree:
    from scipy.stats import spearmanr

    return {
        "curve error": float(np.mean(np.sum((test.X - rebuilt) ** 2, axis=1))),
        "order along the curve": float(abs(spearmanr(codes, test.t).statistic)),
        "points": test.X,
        "rebuilt": rebuilt[np.argsort(test.t)],
    }
