"""The sigmoid and its integral, accurate and without overflow at any input."""

from __future__ import annotations

import numpy as np

from minivae._checks import Array


def sigmoid(a: Array) -> Array:
    """Return ``1 / (1 + exp(-a))``, accurate in both tails.

    Parameters
    ----------
    a : array of any shape, real or complex

    Returns
    -------
    array of the same shape, between 0 and 1
    """
    e = np.exp(np.minimum(a, -a))  # exp(-|a|) <= 1; np.abs would lose a complex step
    return np.maximum(e, a >= 0) / (1 + e)


def softplus(a: Array) -> Array:
    """Return ``log(1 + exp(a))``, whose derivative is the sigmoid.

    Parameters
    ----------
    a : array of any shape, real or complex

    Returns
    -------
    array of the same shape, positive
    """
    # log(1 + e^a) = max(a, 0) + log(1 + e^-|a|)
    return np.maximum(a, 0) + np.log1p(np.exp(np.minimum(a, -a)))
