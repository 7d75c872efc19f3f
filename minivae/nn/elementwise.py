"""The sigmoid and its integral, softplus, accurate and without overflow at any input.

Both are functions of ``e = exp(-|a|)``, which lies between 0 and 1. Whoever needs both of the same
`a`, as a forward and a backward pass do, computes `e` once and passes it on.
"""

from __future__ import annotations

import numpy as np

from minivae.edge.checks import Array


def softplus_by_definition(a: Array) -> Array:
    """Return ``log(1 + exp(a))`` for real `a`: the definition, which `softplus` computes faster."""
    # for a > 0 the factor e^a is taken out: log(1 + e^a) = a + log(1 + e^-a)
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
    array of the same shape, positive
    """
    y = log1p(exp_minus_abs(a) if e is None else e)
    y += np.maximum(a, 0)
    return y


def log1p(e: Array) -> Array:
    """Return ``log(1 + e)`` for `e` between 0 and 1, faster than `numpy.log1p`.

    Parameters
    ----------
    e : array of any shape, real or complex

    Returns
    -------
    array of the same shape, not smaller than 0
    """
    # u is 1 + e after rounding, and d = e - (u - 1) is what the rounding has cut off; then
    # log(1 + e) = log(u + d) = log(u) + d / u, because d^2 is below the last digit
    u = np.asarray(1 + e)
    d = np.asarray(u - 1)
    np.subtract(e, d, out=d)
    d /= u
    np.log(u, out=u)
    u += d
    return u


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


def exp_minus_abs(a: Array) -> Array:
    """Return ``exp(-|a|)``, between 0 and 1; `numpy.abs` would lose a complex step."""
    e = np.asarray(np.multiply(a, -1.0))  # of a float dtype, and an array even for one number
    np.minimum(a, e, out=e)
    return np.exp(e, out=e)
