"""Functions of one number, accurate and without overflow at any input.

Softplus is ``log(1 + exp(a))``, and the sigmoid is its derivative. Where a forward pass takes the
one and its backward pass the other, both are given ``e = exp(-|a|)``, which is computed once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minivae.edge.checks import Array

FEW = 200  # numbers for which a call of NumPy costs more than its arithmetic


def softplus_by_definition(a: Array) -> Array:
    """Return ``log(1 + exp(a))`` for real `a`: `softplus` computes the same numbers faster."""
    # log(1 + e^a) = a + log(1 + e^-a), which does not overflow for a > 0
    return np.maximum(a, 0) + np.log1p(np.exp(-np.abs(a)))


def softplus(a: Array, e: Array | None = None) -> Array:
    """Return ``log(1 + exp(a))``, whose derivative is the sigmoid.

    Parameters
    ----------
    a : array of any shape, real or complex
    e : array of the same shape, optional
        ``exp_minus_abs(a)``, where it is known already.

    Returns
    -------
    array of the same shape, not negative
    """
    # log(1 + e^a) = max(a, 0) + log(1 + e)
    y = log1p(exp_minus_abs(a) if e is None else e)
    y += np.maximum(a, 0)
    return y


def log1p(e: Array) -> Array:
    """Return ``log(1 + e)`` for `e` from 0 on, of large arrays faster than `numpy.log1p`.

    Parameters
    ----------
    e : array of any shape, real or complex

    Returns
    -------
    array of the same shape
    """
    if e.size < FEW and e.dtype.kind == "f":
        return np.asarray(np.log1p(e))
    # u is 1 + e after rounding, and d = e - (u - 1) is what the rounding has cut off; then
    # log(1 + e) = log(u + d) = log(u) + d / u, because d^2 is below the last digit
    u = np.asarray(1 + e)
    d = np.asarray(u - 1)
    np.subtract(e, d, out=d)
    d /= u
    np.log(u, out=u)
    u += d
    return u


def sum_log1p(e: Array) -> Array:
    """Return ``sum_j log(1 + e[n, j])`` for `e` between 0 and 1, with few logarithms.

    Parameters
    ----------
    e : array, shape (n, n_columns), real or complex

    Returns
    -------
    array, shape (n,)
    """
    # log(1 + p) + log(1 + q) = log(1 + p + q + p q): each halving leaves half the logarithms, and
    # no digit is lost, because every term is positive; after four, a number is below 2^16
    left_over: Any = 0
    for _ in range(4):
        half = e.shape[1] // 2
        if half < 16:
            break
        if e.shape[1] % 2:
            left_over = left_over + log1p(e[:, -1])
        p, q = e[:, :half], e[:, half : 2 * half]
        e = p * q
        e += p
        e += q
    total = log1p(e).sum(axis=1)
    return total + left_over if np.ndim(left_over) else total


def sigmoid(a: Array, e: Array | None = None) -> Array:
    """Return ``1 / (1 + exp(-a))``, accurate in both tails.

    Parameters
    ----------
    a : array of any shape, real or complex
    e : array of the same shape, optional
        ``exp_minus_abs(a)``, where it is known already.

    Returns
    -------
    array of the same shape, between 0 and 1
    """
    # 1 / (1 + e) for a >= 0, e / (1 + e) for a < 0
    e = exp_minus_abs(a) if e is None else e
    y = np.maximum(e, a >= 0)
    y /= 1 + e
    return y


def exp_minus_abs(a: Array, out: Array | None = None) -> Array:
    """Return ``exp(-|a|)``, between 0 and 1; `numpy.abs` would lose a complex step."""
    e = np.asarray(np.multiply(a, -1.0, out=out))  # a float, and an array even for one number
    np.minimum(a, e, out=e)
    return np.exp(e, out=e)


def unit_log_integral(a: Array) -> Array:
    """Return ``log( integral of exp(a x) over 0 <= x <= 1 )``, whose derivative is `unit_mean`.

    Parameters
    ----------
    a : array of any shape, real or complex

    Returns
    -------
    array of the same shape
    """
    # log[ (e^a - 1) / a ] = max(a, 0) + log(1 - e^-|a|) - log |a|
    small, b = _away_from_zero(a)
    size = np.maximum(b, -b)
    log_integral = np.maximum(b, 0) + np.log(-np.expm1(-size)) - np.log(size)
    series = a / 2 + a**2 / 24 - a**4 / 2880
    return np.where(small, series, log_integral)


def unit_mean(a: Array) -> Array:
    """Return the mean of x for the density on [0, 1] that is proportional to ``exp(a x)``.

    Parameters
    ----------
    a : array of any shape, real or complex

    Returns
    -------
    array of the same shape, between 0 and 1
    """
    # 1 / (1 - e^-a) - 1 / a
    small, b = _away_from_zero(a)
    size = np.maximum(b, -b)
    mean = np.where(b > 0, 1, -np.exp(-size)) / -np.expm1(-size) - 1 / b
    return np.where(small, 0.5 + a / 12 - a**3 / 720, mean)


def _away_from_zero(a: Array) -> tuple[Array, Array]:
    """Return where |a| < 0.01, and `a` with ones there: a series replaces the formula."""
    small = np.maximum(a, -a) < 0.01
    return small, np.where(small, 1, a)
