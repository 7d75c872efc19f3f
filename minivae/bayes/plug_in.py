"""Plug-in prediction treats the estimates as the truth, and its intervals are too narrow.

A new observation differs from the *estimated* mean by the noise and by the error of the estimate.
The plug-in interval ignores the error, and treats the estimated standard deviation as exact.
Student's t distribution accounts for both:
``NormalInverseGamma.from_reference_prior(data).predictive().interval(level)``.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

from numpy.typing import ArrayLike

from minivae.edge.checks import ArgumentError, Array, as_reals, check_integer, check_real


def plug_in_interval(data: ArrayLike, level: float = 0.95, *, ddof: int = 1) -> tuple[Array, Array]:
    """Return the central interval of a normal with the mean and standard deviation of `data`.

    Parameters
    ----------
    data : array_like, shape (..., n)
        At least two observations along the last axis; leading axes are separate data sets.
    level : float
        The coverage that the interval claims, between 0 and 1.
    ddof : int
        1 for the usual standard deviation, 0 for the maximum-likelihood estimate.

    Returns
    -------
    low, high : array, shape (...)
        The ends of the interval for the next observation.
    """
    data = as_reals("data", data)
    if not data.ndim or data.shape[-1] < 2 or not data.size:
        raise ArgumentError(
            "data must have at least 2 observations along its last axis, "
            f"got the number of observations {data.shape[-1] if data.ndim else 1}"
        )
    half_width = _quantile(level) * data.std(axis=-1, ddof=check_integer("ddof", ddof, 0, 1))
    center = data.mean(axis=-1)
    return center - half_width, center + half_width


def plug_in_coverage(n: int, level: float = 0.95, *, ddof: int = 1) -> float:
    """Return the probability that the plug-in interval of `n` observations contains the next one.

    The observations are independent and normal.

    Parameters
    ----------
    n : int
        The number of observations, at least 2.
    level, ddof
        As in `plug_in_interval`.

    Returns
    -------
    float
        It does not depend on the true mean and variance.
    """
    from scipy import stats

    n, ddof = check_integer("n", n, 2), check_integer("ddof", ddof, 0, 1)
    # (next - mean) / (s sqrt(1 + 1/n)) is Student's t with n - 1 degrees of freedom
    s_multiple = _quantile(level) * sqrt((n - 1) / (n - ddof))
    return float(1 - 2 * stats.t(n - 1).sf(s_multiple / sqrt(1 + 1 / n)))


def _quantile(level: float) -> float:
    """Return half the width of the central interval of the standard normal."""
    return NormalDist().inv_cdf(0.5 + check_real("level", level, 0, 1) / 2)
