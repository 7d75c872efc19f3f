"""The code space: whether near codes decode to near data, and all likely codes to real data.

An autoencoder's code has no natural units or axes: the encoder ``f(x) @ A`` with the decoder
``g(z @ inv(A))`` has other codes, but the same reconstructions. So distances between codes are
measured in standard deviations of the codes, and random codes are drawn along axes that follow the
codes. With the same seed every function returns the same number for every invertible A.

`codes` has shape (n_codes, n_latent) and holds the codes of the data. For a VAE they are draws from
the posteriors.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge.arguments import check_function, returned
from minivae.edge.checks import (
    ArgumentError,
    Array,
    as_batch,
    as_matrix,
    check_integer,
    check_real,
    check_rng,
)
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
        With ``codes @ A`` instead of the codes and the same seed, the draws are multiplied by A.

    Raises
    ------
    ValueError
        The codes do not vary in some direction.
    """
    codes = as_matrix(codes, name="codes")
    n, rng = check_integer("n", n, 1), check_rng(rng)
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
        It maps codes of shape (n, n_latent) to data of shape (n, n_features).
    codes : array_like, shape (n_codes, n_latent)
    delta : float
        The length of the step, in standard deviations of the codes.
    rng : int or numpy.random.Generator, optional

    Returns
    -------
    array, shape (n_codes,)
        ``|g(z + delta u) - g(z)|``, with u uniform on the unit sphere of whitened codes. For
        ``delta=1``, compare these distances with `nearest_distances` of the data.
    """
    codes = as_matrix(codes, name="codes")
    delta, rng = check_real("delta", delta, 0), check_rng(rng)
    axes, u = _axes(codes, rng), rng.standard_normal(codes.shape)
    ends = codes + delta * (u / np.linalg.norm(u, axis=1, keepdims=True)) @ axes
    check_function("decode", decode)
    steps = []
    for rows in row_blocks(len(codes), ROWS):
        shape: tuple[int | str, ...] = (len(codes[rows]), "n_features")
        end, start = (returned("decode", decode(z[rows]), shape) for z in (ends, codes))
        steps.append(np.linalg.norm(end - start, axis=1))
    return np.concatenate(steps)


def continuity(
    decode: Function,
    codes: ArrayLike,
    *,
    delta: float = 1.0,
    rng: int | np.random.Generator | None = None,
) -> float:
    """Return the mean of ``|g(z + delta u) - g(z)|^2 / delta^2``: small for a smooth decoder.

    For small steps the value is the mean of ``|J|_F^2 / n_latent``, where J is the Jacobian of the
    decoder with respect to whitened codes. For a linear decoder W and codes of covariance C it is
    ``tr(W^T C W) / n_latent``, at every `delta`.

    Parameters
    ----------
    decode, codes, delta, rng
        As in `decoded_steps`.

    Returns
    -------
    float
        In squared units of the data, for a step of one standard deviation of the codes.
    """
    steps = decoded_steps(decode, codes, delta=delta, rng=rng)
    return float(np.mean(steps**2) / delta**2)


def cycle_error(encode: Function, decode: Function, z: ArrayLike, codes: ArrayLike) -> float:
    """Return how far codes move when they are decoded and encoded again.

    Parameters
    ----------
    encode, decode : callable
        They map data to codes, and codes to data. For a VAE, `encode` here is the posterior mean,
        its method `transform`.
    z : array_like, shape (n, n_latent)
        The codes to decode: draws from `sample_codes`, or from the prior.
    codes : array_like, shape (n_codes, n_latent)
        The codes of the data, whose covariance is the unit of length.

    Returns
    -------
    float
        Mean of ``|f(g(z)) - z|^2 / n_latent``, in variances of the codes. It is 0 if every code
        comes back unchanged, and about 1 if the decoder ignores the code.
    """
    codes = as_matrix(codes, name="codes")
    z = as_matrix(z, codes.shape[1], name="z")
    check_function("encode", encode), check_function("decode", decode)
    again = []
    for rows in row_blocks(len(z), ROWS):
        data = returned("decode", decode(z[rows]), (len(z[rows]), "n_features"))
        again.append(returned("encode", encode(data), z[rows].shape))
    return float(np.mean(_whitened(np.concatenate(again) - z, codes) ** 2))


def hole_fraction(z: ArrayLike, codes: ArrayLike, *, quantile: float = 0.99) -> float:
    """Return the share of the rows of `z` that have no code of the data near them.

    Parameters
    ----------
    z : array_like, shape (n, n_latent)
        The codes to decode into new data.
    codes : array_like, shape (n_codes, n_latent)
        The codes of the data, at least two.
    quantile : float
        A distance is near if it is below this quantile of the distances from each code of the data
        to the nearest other one. By this definition, a share of ``1 - quantile`` of the codes of
        the data lies in holes, too.

    Returns
    -------
    float, between 0 and 1
    """
    codes = as_matrix(codes, name="codes")
    z = as_matrix(z, codes.shape[1], name="z")
    quantile = check_real("quantile", quantile, 0, 1)
    z, codes = _whitened(z, codes), _whitened(codes, codes)
    limit = np.quantile(nearest_distances(codes), quantile)
    return float(np.mean(nearest_distances(z, codes) > limit))


def sample_distance_ratio(samples: ArrayLike, data: ArrayLike) -> float:
    """Return the distance of samples from the data, relative to the distances within the data.

    Parameters
    ----------
    samples : array_like, shape (n, n_features)
        Decoded random codes.
    data : array_like, shape (n_data, n_features)
        Data that the model was not trained on.

    Returns
    -------
    float
        The median distance from a sample to the nearest datum, divided by the median distance from
        a datum to the nearest other datum. It is 1 for samples like the data, below 1 for blurred
        samples, and above 1 for samples unlike the data.
    """
    data = as_batch(data, name="data")
    samples = as_batch(samples, data.shape[1], name="samples")
    return float(np.median(nearest_distances(samples, data)) / np.median(nearest_distances(data)))


def nearest_distances(points: ArrayLike, others: ArrayLike | None = None) -> Array:
    """Return the Euclidean distance from every point to the nearest other point.

    Parameters
    ----------
    points : array_like, shape (n, n_dims)
    others : array_like, shape (n_others, n_dims), optional
        By default, the others of a point are all points but itself.

    Returns
    -------
    array, shape (n,)
    """
    a: Array = as_batch(points, name="points")
    b = a if others is None else as_batch(others, a.shape[1], name="others")
    check_integer("the number of rows of others or other points", len(b) - (others is None), 1)
    centre = b.mean(axis=0)  # because the difference between large squares loses digits
    a, b = a - centre, b - centre
    squares, nearest = np.sum(b**2, axis=1), np.empty(len(a))
    at_once = max(1, NUMBERS // len(b))
    for rows in row_blocks(len(a), at_once):
        # |a - b|^2 = |a|^2 + |b|^2 - 2 a.b, where |a|^2 does not change which b is nearest
        order = squares - 2 * a[rows] @ b.T  # (at_once, n_others)
        if others is None:
            np.fill_diagonal(order[:, rows.start :], np.inf)
        nearest[rows] = np.linalg.norm(a[rows] - b[order.argmin(axis=1)], axis=1)
    return nearest


def _whitened(z: Array, codes: Array) -> Array:
    """Return `z` in the coordinates in which the codes have the covariance I."""
    deviations = (codes - codes.mean(axis=0)) / np.sqrt(len(codes))
    R: Array = np.linalg.qr(deviations).R  # R^T R is the covariance
    scales = np.abs(np.diag(R)) if len(R) == codes.shape[1] else np.zeros(1)
    if scales.min() <= len(R) * np.finfo(float).eps * scales.max():
        raise ArgumentError("codes must vary in every direction, got codes of lower rank")
    return np.linalg.solve(R.T, z.T).T


def _axes(codes: Array, rng: np.random.Generator) -> Array:
    """Return random axes as rows, orthonormal in the coordinates in which the codes are whitened.

    They are mixtures of the codes, so that the axes of ``codes @ A`` are these axes times A.
    """
    n, n_latent = codes.shape
    mixtures = rng.standard_normal((n_latent, n)) @ (codes - codes.mean(axis=0)) / np.sqrt(n)
    whitened = _whitened(mixtures, codes)
    return np.linalg.solve(np.linalg.cholesky(whitened @ whitened.T), mixtures)
