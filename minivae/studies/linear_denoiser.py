"""The best linear denoiser of each corruption, in closed form from the moments of the data."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

import minivae as mv
from minivae.edge.checks import ArgumentTypeError, Array

FLOOR = 1e-3


class Response(NamedTuple):
    """What a corruption makes of a value x: ``E[noisy | x] = gain * x + offset``.

    `variance` is the mean over the data of ``Var[noisy | x]``, one number for each feature.
    """

    gain: float
    offset: float
    variance: Array


class LinearDenoiser:
    """The affine map with the least mean squared error on noisy copies of `X`.

    With the covariance S of the data, and noise whose features are independent given x, noisy data
    have the covariance ``C = gain^2 S + diag(variance)``, and with clean data ``gain * S``. So the
    best matrix is ``gain * S C^-1``; for Gaussian noise it is ``S (S + sigma^2 I)^-1``. The noise
    counts with a variance of at least `FLOOR`: otherwise a pixel that few images light up, as in
    masking noise, would seem to tell all about the others.

    Parameters
    ----------
    X : array, shape (n_samples, n_features)
    corruption : gaussian, masking or salt_and_pepper of `minivae.corruptions`

    References
    ----------
    Wiener: Extrapolation, interpolation, and smoothing of stationary time series, MIT Press (1949).
    """

    def __init__(self, X: Array, corruption: mv.corruptions.Corruption) -> None:
        X = np.asarray(X, float)
        self.mean, S = X.mean(axis=0), np.cov(X, rowvar=False, bias=True)
        gain, offset, variance = response(X, corruption)
        self.noisy_mean = gain * self.mean + offset
        C = gain**2 * S + np.diag(np.maximum(variance, FLOOR))
        self.W = np.linalg.solve(C, gain * S)

    def __call__(self, noisy: Array) -> Array:
        """Return the guess of the clean rows, shape (n_samples, n_features)."""
        return (noisy - self.noisy_mean) @ self.W + self.mean


def response(X: Array, corruption: mv.corruptions.Corruption) -> Response:
    """Return how noisy values depend on clean ones, on average over the data."""
    if isinstance(corruption, mv.corruptions.Gaussian):
        return Response(1.0, 0.0, np.full(X.shape[1], corruption.sigma**2))
    if isinstance(corruption, mv.corruptions.Masking):
        p, salt = corruption.p, 0.0
    elif isinstance(corruption, mv.corruptions.SaltAndPepper):
        p, salt = corruption.p, corruption.p / 2  # the probability of a 1
    else:
        raise ArgumentTypeError(f"there is no linear denoiser for {corruption!r}")
    expected = (1 - p) * X + salt  # E[noisy | x]
    squares = (1 - p) * X**2 + salt  # E[noisy^2 | x]
    return Response(1 - p, salt, np.mean(squares - expected**2, axis=0))
