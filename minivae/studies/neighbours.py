"""The nearest neighbours of points: which they are, and how they vote."""

from __future__ import annotations

import numpy as np

from minivae.edge.checks import Array, check_integer

NUMBERS = 1 << 22  # in the largest array that is made


def nearest(points: Array, others: Array, k: int) -> Array:
    """Return the rows of `others` that are nearest to each point, the nearest first.

    Parameters
    ----------
    points : array, shape (n, n_dims)
    others : array, shape (n_others, n_dims)
    k : int
        At most n_others.

    Returns
    -------
    array of int, shape (n, k)
    """
    check_integer("k", k, 1, len(others), of="the number of others=")
    centre = others.mean(axis=0)  # differences of large squares lose digits
    points, others = points - centre, others - centre
    squares, rows = np.sum(others**2, axis=1), []
    step = max(1, NUMBERS // len(others))
    for start in range(0, len(points), step):
        # |a - b|^2 = |a|^2 + |b|^2 - 2 a.b, and |a|^2 does not change the order
        order = squares - 2 * points[start : start + step] @ others.T
        first = np.argpartition(order, k - 1, axis=1)[:, :k]
        ranks = np.argsort(np.take_along_axis(order, first, axis=1), axis=1, kind="stable")
        rows.append(np.take_along_axis(first, ranks, axis=1))
    return np.concatenate(rows)


def vote(codes: Array, labels: Array, points: Array, *, k: int = 5, n_classes: int = 10) -> Array:
    """Return the class that most of the k nearest codes have, for each point.

    A tie goes to the class whose neighbours are nearer.

    Parameters
    ----------
    codes : array, shape (n_codes, n_dims)
    labels : array of int, shape (n_codes,)
    points : array, shape (n, n_dims)

    Returns
    -------
    array of int, shape (n,)
    """
    classes = labels[nearest(points, codes, k)]  # (n, k)
    weights = 1 + np.arange(k, 0, -1) / (2 * k * k)  # they add up to less than k + 1
    votes = np.stack([(classes == c) @ weights for c in range(n_classes)], axis=1)
    return votes.argmax(axis=1)
