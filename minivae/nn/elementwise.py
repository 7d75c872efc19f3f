"""The sigmoid and its integral, accurate and without overflow at any input."""

from __future__ import annotations

import numpy as np

from minivae.edge.checks import Array


def sigmoid(a: Array) -> Array:
    """Return ``1 / (1 + exp(-a))``, accurate in both tails.

    Parameters
    ----------
    a : array of any shape, real or complex

    Returns
    -------
    array of the same shape, between 0 and 1
    """
    # with e = exp(-|a|): 1 / (1 + e) for a >= 0, e / (1 + e) for a < 0
    e = _exp_minus_abs(a)
    y = np.maximum(e, a >= 0)
    e += 1
    y /= e
    return y


def softplus(a: Array) -> Array:
    """Return ``log(1 + exp(a))``, whose derivative is the sigmoid.

    Parameters
    ----------
    a : array of any shape, real or complex

    Returns
    -------
    array of the same shape, positive
    """
    # log(1 + e^a) = max(a, 0) + log(1 + e),  e = e^-|a|
    e = _exp_minus_abs(a)
    # log(1 + e) = log(u) + (e - (u - 1)) / u, where u is 1 + e after rounding: `log` is a fast
    # loop, `log1p` is not on every processor
    u = 1 + e
    e -= u - 1
    e /= u
    y = np.asarray(np.log(u))
    y += e
    y += np.maximum(a, 0)
    return y


def _exp_minus_abs(a: Array) -> Array:
    """Return ``exp(-|a|)``, between 0 and 1; `numpy.abs` would lose a complex step."""
    e = np.asarray(np.multiply(a, -1.0))  # of a float dtype, and an array even for one number
    np.minimum(a, e, out=e)
    return np.exp(e, out=e)
