"""Rows of a batch: one array beside another, rows repeated and summed, a data set in blocks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from minivae.edge.checks import Array


def beside(a: Array, y: Array) -> Array:
    """Return the columns of `a` followed by the columns of `y`.

    Parameters
    ----------
    a : array, shape (n, n_a)
    y : array, shape (n, n_y)
        Labels as one-hot rows, for example; without any columns the result is `a` itself.

    Returns
    -------
    array, shape (n, n_a + n_y)
    """
    return np.concatenate([a, y], axis=1) if y.shape[1] else a


def repeat_rows(a: Array, k: int) -> Array:
    """Return every row of `a` k times in a row, shape (n k, ...); `a` itself for k = 1."""
    return np.repeat(a, k, axis=0) if k > 1 else a


def sum_rows(a: Array, k: int) -> Array:
    """Return the sum of every k successive rows of `a`; `a` itself for k = 1.

    The sum is the backward pass of `repeat_rows`: a row that is used k times collects k gradients.

    Parameters
    ----------
    a : array, shape (n k, n_columns)
    k : int

    Returns
    -------
    array, shape (n, n_columns)
    """
    return a.reshape(-1, k, a.shape[1]).sum(axis=1) if k > 1 else a


def row_blocks(n_rows: int, at_once: int) -> Iterator[slice]:
    """Yield slices that together cover `n_rows` rows in order, at most `at_once` rows each."""
    for start in range(0, n_rows, at_once):
        yield slice(start, min(start + at_once, n_rows))
