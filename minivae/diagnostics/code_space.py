"""The code space: whether near codes decode to near data, and every likely code to something real.

An autoencoder's code has no natural units or axes: with the encoder ``f(x) @ A`` and the decoder
``g(z @ inv(A))`` nothing changes but the code. So distances between codes are measured in the
codes' own standard deviations, and random codes are drawn along axes that follow the codes: with
the same seed every function returns the same number for every invertible A.

`codes` are those of the data, shape (n_codes, n_latent): draws of the posterior for a VAE.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge.checks import Array, as_batch, check_integer, check_real
from minivae.nn.rows import row_blocks

Function = Callable[[Array], Array]
ROWS = 1000  # decoded at once
NUMBERS = 1 << 22  # in the largest array that is made


def sample_codes(
    codes: ArrayLike, n: int, *, rng: int | np.random.Generator | None = None
) -> Array:
    """Return draws from the Gaussian that has the mean and the covariance of the codes.

    Parameters
    ----------
    codes : array_like, shape (n_codes, n_latent)
    n : int
    rng : int or numpy.random.Generator, optional

    Returns
    -------
    array, shape (n, n_latent)
        For the codes ``codes @ A`` and the same seed, these draws times A.

    Raises
    ------
    ValueError
        The codes do not vary in some direction.
    """
    codes = as_batch(codes, name="codes")
    n, rng = check_integer("n", n, 1), np.random.default_rng(rng)
    axes = _axes(codes, rng)
    return codes.mean(axis=0) + rng.standard_normal((n, codes.shape[1])) @ axes


def decoded_steps(
    decode: Function,
    codes: ArrayLike,
    *,
    delta: float = 1.0,
    rng: int | np.random.Generator | None = None,
) -> Array:
    """Return how far the decoded data move when each code takes a step in a random direction.

    Parameters
    ----------
    decode : callable
        Codes of shape (n, n_latent) to data of shape (n, n_features).
    codes : array_like, shape (n_codes, n_latent)
    delta : float
        Length of the step, in standard deviations of the codes.
    rng : int or numpy.random.Generator, optional

    Returns
    -------
    array, shape (n_codes,)
        ``|g(z + delta u) - g(z)|``, with u uniform on the unit sphere of whitened codes. At
        ``delta=1``, compare it with `nearest_distances` of the data.
    """
    codes = as_batch(codes, name="codes")
    delta, rng = check_real("delta", delta, 0), np.random.default_rng(rng)
    axes, u = _axes(codes, rng), rng.standard_normal(codes.shape)
    ends = codes + delta * (u / np.linalg.norm(u, axis=1, keepdims=True)) @ axes
    steps = [
        np.linalg.norm(decode(ends[rows]) - decode(codes[rows]), axis=1)
        for rows in row_blocks(len(codes), ROWS)
    ]
    return np.concatenate(steps)


def continuity(
    decode: Function,
    codes: ArrayLike,
    *,
    delta: float = 1.0,
    rng: int | np.random.Generator | None = None,
) -> float:
    """Return the mean of ``|g(z + delta u) - g(z)|^2 / delta^2``: small for a smooth decoder.

    For small steps it is the mean of ``|J|_F^2 / n_latent``, with J the decoder's Jacobian by
    whitened codes; for a linear decoder W it is ``tr(W^T C W) / n_latent`` at every `delta`, with
    C the covariance of the codes.

    Parameters
    ----------
    decode, codes, delta, rng
        As in `decoded_steps`.

    Returns
    -------
    float
        Squared data units, for one standard deviation of code.
    """
    steps = decoded_steps(decode, codes, delta=delta, rng=rng)
    return float(np.mean(steps**2) / delta**2)


def cycle_error(encode: Function, decode: Function, z: ArrayLike, codes: ArrayLike) -> float:
    """Return how far codes move when they are decoded and encoded again.

    Parameters
    ----------
    encode, decode : callable
        Data to codes, for a VAE the posterior mean (`transform`), and codes to data.
    z : array_like, shape (n, n_latent)
        Where to look: draws of `sample_codes`, or of the prior.
    codes : array_like, shape (n_codes, n_latent)
        Of the data: they set the unit of length.

    Returns
    -------
    float
        Mean of ``|f(g(z)) - z|^2 / n_latent``, in variances of the codes: 0 where the code keeps
        all of itself, about 1 where the decoder ignores it.
    """
    codes = as_batch(codes, name="codes")
    z = as_batch(z, codes.shape[1], name="z")
    again = [encode(decode(z[rows])) for rows in row_blocks(len(z), ROWS)]
    return float(np.mean(_whitened(np.concatenate(again) - z, codes) ** 2))


def hole_fraction(z: ArrayLike, codes: ArrayLike, *, quantile: float = 0.99) -> float:
    """Return the share of `z` that have no code of the data near them.

    Parameters
    ----------
    z : array_like, shape (n, n_latent)
        Codes that one would decode to make new data.
    codes : array_like, shape (n_codes, n_latent)
        Of the data, at least two.
    quantile : float
        Near means: nearer than this quantile of the distances from each code to the next one. It
        leaves ``1 - quantile`` of the codes themselves in holes.

    Returns
    -------
    float, between 0 and 1
    """
    codes = as_batch(codes, name="codes")
    z = as_batch(z, codes.shape[1], name="z")
    quantile = check_real("quantile", quantile, 0, 1)
    z, codes = _whitened(z, codes), _whitened(codes, codes)
    limit = np.quantile(nearest_distances(codes), quantile)
    return float(np.mean(nearest_distances(z, codes) > limit))


def sample_distance_ratio(samples: ArrayLike, data: ArrayLike) -> float:
    """Return how much further from the data the samples are than the data from each other.

    Parameters
    ----------
    samples : array_like, shape (n, n_features)
        Decoded from codes that were drawn at random.
    data : array_like, shape (n_data, n_features)
        That the model was not trained on.

    Returns
    -------
    float
        The median distance from a sample to the nearest datum, divided by that from a datum to
        the next: 1 for samples like the data, below it for blurred ones, above it for others.
    """
    return float(np.median(nearest_distances(samples, data)) / np.median(nearest_distances(data)))


def nearest_distances(points: ArrayLike, others: ArrayLike | None = None) -> Array:
    """Return the Euclidean distance from every point to the nearest of the others.

    Parameters
    ----------
    points : array_like, shape (n, n_dims)
    others : array_like, shape (n_others, n_dims), optional
        By default the points themselves, of which each then counts all but itself.

    Returns
    -------
    array, shape (n,)
    """
    a: Array = as_batch(points, name="points")
    b = a if others is None else as_batch(others, a.shape[1], name="others")
    check_integer("the number of others", len(b) - (others is None), 1)
    centre = b.mean(axis=0)  # differences of large squares lose digits
    a, b = a - centre, b - centre
    squares, nearest = np.sum(b**2, axis=1), np.empty(len(a))
    at_once = max(1, NUMBERS // len(b))
    for rows in row_blocks(len(a), at_once):
        # |a - b|^2 = |a|^2 + |b|^2 - 2 a.b, and |a|^2 does not change which is the least
        order = squares - 2 * a[rows] @ b.T  # (at_once, n_others)
        if others is None:
            np.fill_diagonal(order[:, rows.start :], np.inf)
        nearest[rows] = np.linalg.norm(a[rows] - b[order.argmin(axis=1)], axis=1)
    return nearest


def _whitened(z: Array, codes: Array) -> Array:
    """Return `z` in coordinates in which the codes have the covariance I."""
    deviations = (codes - codes.mean(axis=0)) / np.sqrt(len(codes))
    R: Array = np.linalg.qr(deviations).R  # R^T R is the covariance
    scales = np.abs(np.diag(R)) if len(R) == codes.shape[1] else np.zeros(1)
    if scales.min() <= len(R) * np.finfo(float).eps * scales.max():
        raise ValueError("codes must vary in every direction, got codes of lower rank")
    return np.linalg.solve(R.T, z.T).T


def _axes(codes: Array, rng: np.random.Generator) -> Array:
    """Return orthogonal axes of the codes' ellipsoid as rows; those of ``codes @ A`` are these @ A.

    Any mixtures of the codes follow A; here they are made orthonormal as the codes measure it.
    """
    n, n_latent = codes.shape
    mixtures = rng.standard_normal((n_latent, n)) @ (codes - codes.mean(axis=0)) / np.sqrt(n)
    whitened = _whitened(mixtures, codes)
    return np.linalg.solve(np.linalg.cholesky(whitened @ whitened.T), mixtures)
