"""The variance of a Gaussian likelihood: fixed, learned, or predicted by the decoder.

Each kind says what mean and log variance the decoder's output `out` stands for. Right below, its
backward pass takes the gradients of both to `out`, and to the parameter where there is one.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import DTypeLike

from minivae.edge.checks import ArgumentError, Array, check_dtype, check_real
from minivae.nn.elementwise import sigmoid, softplus
from minivae.nn.gaussian import bound_log_var, bound_log_var_backward


class Variance:
    """What the three kinds share.

    Attributes
    ----------
    params, grads : dict of str to array
        Empty, unless the variance is learned.
    """

    def __init__(self) -> None:
        self.params: dict[str, Array] = {}
        self.grads: dict[str, Array] = {}

    def n_outputs(self, n_features: int) -> int:
        """Return the width of `out` for data of `n_features` columns."""
        return n_features

    def mean_and_log_var(self, out: Array) -> tuple[Array, Array]:
        """Return the mean, shape (batch, n_features), and a log variance that broadcasts to it."""
        raise NotImplementedError

    def mean_and_log_var_backward(self, out: Array, dmean: Array, dlog_var: Array) -> Array:
        """Return ``dout``, and fill `grads`; `dmean`, `dlog_var` have shape (batch, n_features)."""
        raise NotImplementedError


class FixedVariance(Variance):
    """The variance ``sigma**2`` for every feature of every example."""

    def __init__(self, sigma: float) -> None:
        super().__init__()
        self.log_var = 2 * math.log(sigma)

    def mean_and_log_var(self, out: Array) -> tuple[Array, Array]:
        """Return `out`, and the log variance as an array of shape ()."""
        return out, np.asarray(self.log_var, out.dtype)

    def mean_and_log_var_backward(self, out: Array, dmean: Array, dlog_var: Array) -> Array:
        """Return `dmean`, because `out` is the mean and the log variance is a constant."""
        return dmean


class LearnedVariance(Variance):
    """One variance for every feature of every example: a parameter.

    Attributes
    ----------
    params : {"raw_log_var": array (1,)}
        It starts at 0; the variance is then near 1.
    """

    def __init__(self, min_sigma: float, dtype: DTypeLike) -> None:
        super().__init__()
        self.floor = 2 * math.log(min_sigma)
        self.params["raw_log_var"] = np.zeros(1, check_dtype(dtype))
        self.grads["raw_log_var"] = np.zeros(1, dtype)

    def mean_and_log_var(self, out: Array) -> tuple[Array, Array]:
        """Return `out`, and the log variance, shape (1,)."""
        return out, floored_log_var(self.params["raw_log_var"], self.floor)

    def mean_and_log_var_backward(self, out: Array, dmean: Array, dlog_var: Array) -> Array:
        """Return `dmean`, and fill the gradient of the parameter."""
        d_raw = floored_log_var_backward(self.params["raw_log_var"], self.floor, dlog_var)
        self.grads["raw_log_var"][...] = np.sum(d_raw)  # every number of the batch uses it
        return dmean


class PredictedVariance(Variance):
    """One variance for each feature of each example: `out` holds means, then raw log variances."""

    def __init__(self, min_sigma: float) -> None:
        super().__init__()
        self.floor = 2 * math.log(min_sigma)

    def n_outputs(self, n_features: int) -> int:
        """Return twice `n_features`."""
        return 2 * n_features

    def mean_and_log_var(self, out: Array) -> tuple[Array, Array]:
        """Return the mean and the log variance, each (batch, n_features)."""
        mean, raw = np.split(out, 2, axis=1)
        return mean, floored_log_var(raw, self.floor)

    def mean_and_log_var_backward(self, out: Array, dmean: Array, dlog_var: Array) -> Array:
        """Return the gradients with respect to both halves of `out`, side by side."""
        _, raw = np.split(out, 2, axis=1)
        d_raw = floored_log_var_backward(raw, self.floor, dlog_var)
        return np.concatenate([dmean, d_raw], axis=1)


def variance_from(sigma: float | str, min_sigma: float, dtype: DTypeLike) -> Variance:
    """Return the kind of variance that `sigma` names: see `Gaussian`.

    Raises
    ------
    TypeError, ValueError
        `sigma` is neither a positive number, nor ``"learned"``, nor ``"predicted"``.
    """
    if not isinstance(sigma, str):
        return FixedVariance(check_real("sigma", sigma, 0))
    if sigma == "learned":
        return LearnedVariance(min_sigma, dtype)
    if sigma == "predicted":
        return PredictedVariance(min_sigma)
    raise ArgumentError(f"sigma must be a number, 'learned' or 'predicted', got {sigma!r}")


def floored_log_var(raw: Array, floor: float) -> Array:
    """Return ``log( exp(floor) + exp(bound_log_var(raw)) )``: a smooth floor and a smooth ceiling.

    Parameters
    ----------
    raw : array of any shape
        Any real numbers, such as a network puts out.
    floor : float
        The least log variance.

    Returns
    -------
    log_var : array of the same shape
    """
    # log( e^f + e^b ) = f + log( 1 + e^(b - f) )
    return floor + softplus(bound_log_var(raw) - floor)


def floored_log_var_backward(raw: Array, floor: float, dlog_var: Array) -> Array:
    """Return ``d_raw``: the derivative of ``f + softplus(b - f)`` is ``sigmoid(b - f)``."""
    dbounded = dlog_var * sigmoid(bound_log_var(raw) - floor)
    return bound_log_var_backward(np.broadcast_to(raw, dbounded.shape), dbounded)
