"""Rate and distortion: what a code costs in nats, and what it leaves to say about the data."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge.arguments import check_object
from minivae.edge.checks import (
    ArgumentError,
    as_batch,
    as_data_set,
    as_reals,
    check_integer,
    check_real,
    check_rng,
)
from minivae.models.labels import labels_of, one_hot
from minivae.models.vae import VAE
from minivae.nn.rows import row_blocks

ROWS = 1000  # examples at once


class RateDistortion(NamedTuple):
    """What a code costs and what it leaves to say, means per example.

    `rate` is the KL to the prior and `distortion` is ``-log p(x | z)``, both in nats, so that the
    ELBO is minus their sum; `squared_error` is ``|x - E[x | z]|^2``, summed over features. `z` is
    drawn from the posterior.
    """

    rate: float
    distortion: float
    squared_error: float


def rate_distortion(
    model: VAE,
    X: ArrayLike,
    *,
    y: ArrayLike | None = None,
    n_draws: int = 1,
    rng: int | np.random.Generator | None = None,
) -> RateDistortion:
    """Return where a VAE is on the plane of rate and distortion, as means over a data set.

    Parameters
    ----------
    model : VAE
    X : array_like or memmap, shape (n_samples, n_features)
    y : array_like of int, shape (n_samples,), optional
        Class labels, for a model with `n_classes`.
    n_draws : int
        Draws of z for each example.
    rng : int or numpy.random.Generator, optional

    References
    ----------
    Alemi, Poole, Fischer, Dillon, Saurous, Murphy: Fixing a broken ELBO, ICML 2018,
    arXiv 1711.00464.
    """
    check_object("model", model, VAE)
    X = as_data_set(X, model.n_features, model.dtype, interval=model.likelihood.interval)
    y = model.check_labels(y, len(X))
    check_integer("n_draws", n_draws, 1)
    rng = check_rng(rng)
    totals = np.zeros(3)
    for rows in row_blocks(len(X), ROWS):
        x = as_batch(X[rows], dtype=model.dtype)
        hot = one_hot(labels_of(y, rows), len(x), model.n_classes, model.dtype)
        for _ in range(n_draws):
            eps = rng.standard_normal((len(x), model.n_latent), dtype=model.dtype.type)
            p = model.forward(x, hot, x, eps)
            squares = np.sum((x - model.likelihood.mean(p.out)) ** 2, axis=1)
            parts = np.sum(p.kl, axis=1), -p.log_prob, squares
            totals += np.sum(parts, axis=1, dtype=np.float64)
    return RateDistortion(*map(float, totals / (n_draws * len(X))))


def gaussian_rate_distortion(
    variances: ArrayLike, level: float, n_latent: int | None = None
) -> tuple[float, float]:
    """Return rate and distortion of the best code of a Gaussian, by reverse water-filling.

    A component of variance above the water level is coded until an error of `level` is left, at
    ``log(variance / level) / 2`` nats; one below it is not coded at all.

    Parameters
    ----------
    variances : array_like, shape (n_features,)
        The eigenvalues of the covariance.
    level : float
        The distortion of every component that is coded. A linear VAE of variance s2 and KL weight
        beta has ``beta * s2``.
    n_latent : int, optional
        How many components can be coded: those of largest variance. By default all.

    Returns
    -------
    rate : float, in nats
    distortion : float
        Squared error, summed over components.

    References
    ----------
    Cover, Thomas: Elements of information theory, 2nd edition, Wiley 2006, section 10.3.
    """
    lam: Any = np.sort(as_reals("variances", variances, ("n_features",)))[::-1]
    if lam[-1] < 0:
        raise ArgumentError(f"variances must be at least 0, got {lam[-1]:g}")
    level = check_real("level", level, 0)
    k = len(lam) if n_latent is None else check_integer("n_latent", n_latent, 1)
    coded = lam[:k][lam[:k] > level]
    rate = 0.5 * np.sum(np.log(coded / level))
    return float(rate), float(len(coded) * level + lam[len(coded) :].sum())
