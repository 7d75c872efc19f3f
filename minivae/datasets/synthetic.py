"""Data from a linear-Gaussian model with known parameters."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minivae.edge.checks import check_integer, check_real, check_rng

Floats = NDArray[np.float64]


class LinearGaussian(NamedTuple):
    """A data set and its model: ``X = z @ W + mean + noise``.

    Attributes
    ----------
    X : ndarray, shape (n, n_features)
    W : ndarray, shape (n_latent, n_features)
    mean : ndarray, shape (n_features,)
    sigma2 : float
        The variance of the noise.
    z : ndarray, shape (n, n_latent)
        The standard normal latent codes.
    """

    X: Floats
    W: Floats
    mean: Floats
    sigma2: float
    z: Floats


def linear_gaussian(
    n: int, n_features: int, n_latent: int, *, noise: float = 0.5, rng: Any = None
) -> LinearGaussian:
    """Draw from the model of probabilistic PCA, x = z W + mean + noise, with known parameters.

    The rows of `W` are orthogonal and have the lengths n_latent, ..., 2, 1. So the covariance
    ``W.T @ W + sigma2 * I`` has the rows as eigenvectors, with the distinct eigenvalues
    ``length**2 + sigma2``; all other eigenvalues are ``sigma2``.

    Parameters
    ----------
    n : int
        The number of samples, at least 1.
    n_features : int
        At least 1.
    n_latent : int
        From 1 to `n_features`.
    noise : float
        The standard deviation of the noise, at least 0.
    rng : seed or Generator, optional
        The same seed gives the same model and the same samples.

    Returns
    -------
    LinearGaussian
        ``X``, ``W``, ``mean``, ``sigma2``, ``z``.

    Raises
    ------
    TypeError, ValueError
        An argument has the wrong type, or is out of range.

    References
    ----------
    Tipping and Bishop (1999), "Probabilistic principal component analysis", JRSS B 61(3).
    """
    n = check_integer("n", n, 1)
    n_features = check_integer("n_features", n_features, 1)
    n_latent = check_integer("n_latent", n_latent, 1, n_features, of="n_features=")
    noise = check_real("noise", noise, 0, closed="low")
    rng = check_rng(rng)
    directions = np.linalg.qr(rng.standard_normal((n_features, n_latent))).Q.T  # orthonormal rows
    W = np.arange(n_latent, 0, -1)[:, None] * directions
    mean = rng.standard_normal(n_features)
    z = rng.standard_normal((n, n_latent))
    X = z @ W + mean + noise * rng.standard_normal((n, n_features))
    return LinearGaussian(X, W, mean, noise**2, z)
