"""The mean and the principal axes of a data set, by eigendecomposition, in passes over its rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from minivae.edge.checks import ArgumentError, Array, as_batch, check_integer
from minivae.nn.rows import row_blocks

ROWS = 4096  # converted at once


def float_blocks(X: Array) -> Iterator[Array]:
    """Yield blocks of rows of `X`, checked and as float64: a memmap is never copied whole."""
    return (as_batch(X[rows], name="X") for rows in row_blocks(len(X), ROWS))


def principal_axes(X: Array) -> tuple[Array, Array, Array]:
    """Return the mean of `X`, and the squared singular values and axes of ``X - mean``.

    Parameters
    ----------
    X : array, shape (n_samples, n_features)
        As `as_data_set` returns it.

    Returns
    -------
    mean : array, shape (n_features,)
    squares, axes
        As `axes_about` returns them for this mean.
    """
    check_integer("the number of rows of X", len(X), 2)
    mean = mean_of(X)
    return mean, *axes_about(X, mean)


def mean_of(X: Array) -> Array:
    """Return the mean of the rows of `X`, shape (n_features,)."""
    origin: Array = as_batch(X[:1])[0]  # then a constant column has a deviation of exactly zero
    return origin + sum((x - origin).sum(axis=0) for x in float_blocks(X)) / len(X)


def axes_about(X: Array, origin: Array) -> tuple[Array, Array]:
    """Return the squared singular values of ``X - origin`` and their axes, largest first.

    Parameters
    ----------
    X : array, shape (n_samples, n_features)
        As `as_data_set` returns it. Only a wide `X`, with fewer rows than columns, is converted
        whole.
    origin : array, shape (n_features,)

    Returns
    -------
    squares : array, shape (r,), with r = min(n_samples, n_features)
        The eigenvalues of the scatter matrix ``(X - origin).T @ (X - origin)``. The error of each
        is about 1e-16 times the largest, and a value that may be only rounding is set to zero.
    axes : array, shape (r, n_features)
        Its eigenvectors as orthonormal rows, of either sign.

    Raises
    ------
    ValueError
        Every row of `X` equals `origin`.
    """
    n_samples, n_features = X.shape
    if n_samples < n_features:
        centred = as_batch(X) - origin
        squares, U = np.linalg.eigh(centred @ centred.T)
        # X.T u_i = s_i v_i; QR divides by s_i, and completes the basis where s_i = 0
        axes = np.linalg.qr(centred.T @ U[:, ::-1]).Q.T
    else:
        scatter = sum((x - origin).T @ (x - origin) for x in float_blocks(X))
        squares, V = np.linalg.eigh(scatter)
        axes = V[:, ::-1].T
    squares = squares[::-1]
    if squares[0] <= 0:
        raise ArgumentError(f"X must vary, got {n_samples} rows without variance")
    rounding = len(squares) * np.finfo(float).eps * squares[0]
    return np.where(squares > rounding, squares, 0.0), axes
