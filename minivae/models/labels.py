"""Class labels as one-hot rows, beside x in an encoder and beside z in a decoder."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from minivae.edge.checks import (
    ArgumentError,
    Array,
    as_data_set,
    as_integers,
    check_integer,
    check_rng,
)
from minivae.nn.rows import row_blocks


def one_hot(y: ArrayLike | None, n_rows: int, n_classes: int, dtype: DTypeLike) -> Array:
    """Return a row for each label, with a 1 at its class; no columns where there are no classes.

    Parameters
    ----------
    y : array_like of int, shape (n_rows,), or None
        Labels from 0 to ``n_classes - 1``; None where there are no classes.
    n_rows, n_classes : int
    dtype : dtype

    Returns
    -------
    array, shape (n_rows, n_classes)

    Raises
    ------
    TypeError, ValueError
        `y` holds other numbers or another number of labels, is missing, or is not wanted.
    """
    rows = np.zeros((n_rows, n_classes), dtype)
    if y is not None or n_classes:
        rows[np.arange(n_rows), check_labels(y, n_rows, n_classes)] = 1
    return rows


def check_labels(
    y: ArrayLike | None, n_rows: int, n_classes: int, *, name: str = "y", of: str = "x"
) -> Array:
    """Return labels as an array of shape (n_rows,), or say why they are none."""
    if n_classes == 0:
        raise ArgumentError(f"{name} must be None: the model was made without n_classes")
    if y is None:
        raise ArgumentError(
            f"{name} must hold a label for each row of {of}: the model has n_classes"
        )
    check_integer("n_rows", n_rows, 0)
    y = as_integers(name, y, "integer labels")
    if y.shape != (n_rows,):
        raise ArgumentError(
            f"{name} must have shape ({n_rows},), a label for each row of {of}, got {y.shape}"
        )
    outside = np.flatnonzero((y < 0) | (y >= n_classes))
    if len(outside):
        raise ArgumentError(
            f"{name} must lie between 0 and n_classes-1={n_classes - 1}, got {y[outside[0]]} "
            f"in row {outside[0]}"
        )
    return y


def labels_of(y: Array | None, rows: Any) -> Array | None:
    """Return the labels of some rows; where there are none, None."""
    return None if y is None else y[rows]


class Labelled:
    """What a VAE with `n_classes` can do besides: tell the class of an example by its ELBO."""

    n_features: int
    n_latent: int
    n_classes: int
    dtype: Any
    likelihood: Any
    elbo: Any

    def class_elbos(self, X: ArrayLike, rng: int | np.random.Generator | None = None) -> Array:
        """Return the ELBO of every example under every label, shape (n_samples, n_classes).

        A row shares its noise among the classes, so that their difference is less noisy.
        """
        if self.n_classes == 0:
            raise ArgumentError(
                "class_elbos and classify need a model that was made with n_classes"
            )
        X = as_data_set(X, self.n_features, self.dtype, interval=self.likelihood.interval)
        rng, elbos = check_rng(rng), np.empty((len(X), self.n_classes), self.dtype)
        for rows in row_blocks(len(X), 1000):
            eps = rng.standard_normal((len(X[rows]), self.n_latent))
            for c in range(self.n_classes):
                y = np.full(len(eps), c)
                elbos[rows, c] = self.elbo(X[rows], eps, y=y).elbo
        return elbos

    def classify(self, X: ArrayLike, rng: int | np.random.Generator | None = None) -> Array:
        """Return the label with the largest ELBO for every row, shape (n_samples,)."""
        return np.argmax(self.class_elbos(X, rng), axis=1)
