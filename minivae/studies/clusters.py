"""Clusters without labels: k-means, and how well its clusters match the classes."""

from __future__ import annotations

import numpy as np

from minivae.edge.checks import Array

N_STARTS = 5


def k_means(x: Array, points: Array, *, n_clusters: int = 10, seed: int = 0) -> Array:
    """Return the cluster of each point: its nearest centre of k-means on `x`.

    Of five starts by k-means++ the one with the least squared distance is taken.

    Parameters
    ----------
    x : array, shape (n_samples, n_dims)
    points : array, shape (n, n_dims)

    Returns
    -------
    array of int, shape (n,)

    References
    ----------
    Arthur, Vassilvitskii: k-means++: the advantages of careful seeding, SODA 2007.
    """
    from scipy.cluster.vq import kmeans, vq

    if n_clusters == 1:  # scipy takes one centre of one number for a number of clusters
        return np.zeros(len(points), int)
    rng, tries = np.random.default_rng(seed), []
    x, points = np.asarray(x, float), np.asarray(points, float)
    for _ in range(N_STARTS):
        centres, _ = kmeans(x, _far_apart(x, n_clusters, rng))
        tries.append((np.mean(vq(x, centres)[1] ** 2), centres))
    _, centres = min(tries, key=lambda each: each[0])
    return vq(points, centres)[0]


def _far_apart(x: Array, n: int, rng: np.random.Generator) -> Array:
    """Return n rows, each drawn in proportion to its squared distance from those before."""
    chosen = [x[rng.integers(len(x))]]
    squares = np.sum((x - chosen[0]) ** 2, axis=1)
    for _ in range(n - 1):
        chosen.append(x[rng.choice(len(x), p=squares / squares.sum())])
        squares = np.minimum(squares, np.sum((x - chosen[-1]) ** 2, axis=1))
    return np.array(chosen)


def purity(clusters: Array, labels: Array) -> float:
    """Return the share of points that have the commonest class of their cluster."""
    return float(_table(clusters, labels).max(axis=1).sum() / len(labels))


def adjusted_rand_index(clusters: Array, labels: Array) -> float:
    """Return the adjusted Rand index: 1 for equal partitions, 0 on average for chance.

    Of all pairs of points it counts those that are together in both partitions, less the number
    that chance would give.

    References
    ----------
    Hubert, Arabie: Comparing partitions, Journal of Classification 2 (1985), equation 5.
    """
    table = _table(clusters, labels)

    def pairs(n: Array) -> float:
        return float(np.sum(n * (n - 1) / 2))

    both, rows, columns = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    expected = rows * columns / pairs(np.array([len(labels)]))
    most = (rows + columns) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


def _table(clusters: Array, labels: Array) -> Array:
    """Return how many points each pair of a cluster and a class has."""
    table = np.zeros((clusters.max() + 1, labels.max() + 1), int)
    np.add.at(table, (clusters, labels), 1)
    return table
