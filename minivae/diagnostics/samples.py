"""How good samples are: scores that compare them with real data by the features of a classifier.

Each score fails on some kind of garbage, so report several, and beside them the scores of data
whose quality is known. Feature vectors of length one separate real images from garbage best.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge.checks import ArgumentError, Array, as_batch, check_integer

NUMBERS = 1 << 22  # in the largest array that is made


def frechet_distance(features: ArrayLike, others: ArrayLike) -> float:
    """Return the Fréchet distance between two sets as if each were Gaussian: 0 for equal moments.

    ``|m1 - m2|^2 + tr(C1 + C2 - 2 (C1^(1/2) C2 C1^(1/2))^(1/2))`` with means m and covariances C.
    Small sets lie apart by chance: compare sets of equal size, and two halves of the real data.

    Parameters
    ----------
    features, others : array_like, shape (n, n_dims) and (m, n_dims)
        At least two rows each.

    Returns
    -------
    float
        Squared units of the features.

    References
    ----------
    Dowson, Landau: The Fréchet distance between multivariate normal distributions, Journal of
    Multivariate Analysis 12 (1982). Heusel et al.: GANs trained by a two time-scale update rule
    converge to a local Nash equilibrium, NIPS 2017, arXiv 1706.08500, for its use on features.
    """
    a = as_batch(features, name="features")
    b = as_batch(others, a.shape[1], name="others")
    for name, rows in (("features", a), ("others", b)):
        check_integer(f"the number of {name}", len(rows), 2)
    C1, C2 = np.atleast_2d(np.cov(a.T)), np.atleast_2d(np.cov(b.T))
    root = _symmetric_root(C1)
    # the eigenvalues of C1^(1/2) C2 C1^(1/2) are those of C1 C2
    e = np.linalg.eigvalsh(root @ C2 @ root)
    shift = a.mean(axis=0) - b.mean(axis=0)
    cross = np.sum(np.sqrt(np.maximum(e, 0)))
    return float(shift @ shift + np.trace(C1) + np.trace(C2) - 2 * cross)


def precision_and_recall(
    real: ArrayLike, generated: ArrayLike, *, n_neighbours: int = 3
) -> tuple[float, float]:
    """Return how many samples lie among the data, and how much of the data the samples reach.

    Each point of a set has a ball that reaches to its `n_neighbours`-th nearest other point of the
    set. Precision is the share of samples inside a ball of the real data, recall the share of real
    data inside a ball of the samples.

    Parameters
    ----------
    real, generated : array_like, shape (n, n_dims) and (m, n_dims)
        Features; sets of equal size.
    n_neighbours : int
        Below both sizes.

    Returns
    -------
    precision, recall : float, between 0 and 1

    References
    ----------
    Kynkäänniemi et al.: Improved precision and recall metric for assessing generative models,
    NeurIPS 2019, arXiv 1904.06991.
    """
    a = as_batch(real, name="real")
    b = as_batch(generated, a.shape[1], name="generated")
    most = min(len(a), len(b)) - 1
    k = check_integer("n_neighbours", n_neighbours, 1, most, of="one less than the smaller set=")
    return _share_inside(b, a, k), _share_inside(a, b, k)


def inception_score(probabilities: ArrayLike) -> float:
    """Return how many classes the samples show clearly: 1 for one class or for none at all.

    ``exp( H(mean_n p_n) - mean_n H(p_n) )`` with H the entropy; at most the number of classes.

    Parameters
    ----------
    probabilities : array_like, shape (n, n_classes)
        What a classifier says of each sample; rows add up to one.

    References
    ----------
    Salimans et al.: Improved techniques for training GANs, NIPS 2016, arXiv 1606.03498.
    """
    p = as_batch(probabilities, name="probabilities", interval=(0, 1))
    sums = p.sum(axis=1)
    if np.max(np.abs(sums - 1)) > 1e-4:
        row = int(np.argmax(np.abs(sums - 1)))
        raise ArgumentError(
            f"probabilities must add up to 1 in each row, got {sums[row]} in row {row}"
        )
    return float(np.exp(_entropy(p.mean(axis=0)) - np.mean(_entropy(p))))


def _entropy(p: Array) -> Array:
    """Return ``-sum_c p_c log p_c`` over the last axis, in nats; 0 log 0 is 0."""
    return -np.sum(p * np.log(np.where(p > 0, p, 1)), axis=-1)


def _symmetric_root(C: Array) -> Array:
    """Return the positive semidefinite R with R R = C."""
    values, vectors = np.linalg.eigh(C)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def _share_inside(points: Array, centres: Array, k: int) -> float:
    """Return the share of points inside the ball of at least one centre."""
    # The nearest point to each centre is the centre itself.
    radii = np.concatenate([np.partition(d, k, axis=1)[:, k] for d in _distances(centres, centres)])
    inside = [np.any(d <= radii, axis=1) for d in _distances(points, centres)]
    return float(np.mean(np.concatenate(inside)))


def _distances(points: Array, others: Array) -> list[Array]:
    """Return the distances of every point to all others, a few points at a time."""
    step = max(1, NUMBERS // others.size)
    blocks = (points[i : i + step, None] for i in range(0, len(points), step))
    return [np.linalg.norm(block - others, axis=2) for block in blocks]
