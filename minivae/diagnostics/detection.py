"""How well a score tells outliers from ordinary examples, where it is known which are which.

A higher score is stranger, as in `minivae.outlier_scores`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge.checks import ArgumentError, Array, as_reals, check_real


def auroc(inside: ArrayLike, outside: ArrayLike) -> float:
    """Return the chance that an outlier has the higher score: 1/2 for a score that knows nothing.

    It is the area under the receiver operating characteristic, and the Mann-Whitney statistic
    divided by the number of pairs. A tie counts as one half.

    Parameters
    ----------
    inside, outside : array_like, shape (n,) and (m,)
        The scores of ordinary examples, and those of outliers.

    Returns
    -------
    float, between 0 and 1
    """
    a, b = np.sort(_scores("inside", inside)), _scores("outside", outside)
    below, not_above = (np.searchsorted(a, b, side) for side in ("left", "right"))
    return float(np.mean(below + not_above) / (2 * len(a)))


def auprc(inside: ArrayLike, outside: ArrayLike) -> float:
    """Return the average precision: the mean share of outliers among what scores no lower.

    The mean is over the outliers. A score that knows nothing has about the share of outliers in
    all examples, so compare only what has the same share.

    Parameters
    ----------
    inside, outside : array_like, shape (n,) and (m,)

    Returns
    -------
    float, between 0 and 1
    """
    a, b = np.sort(_scores("inside", inside)), np.sort(_scores("outside", outside))
    n_inside, n_outside = (len(each) - np.searchsorted(each, b) for each in (a, b))
    return float(np.mean(n_outside / (n_inside + n_outside)))


def false_positive_rate(inside: ArrayLike, outside: ArrayLike, *, recall: float = 0.8) -> float:
    """Return the share of ordinary examples that are called outliers with most outliers found.

    Parameters
    ----------
    inside, outside : array_like, shape (n,) and (m,)
    recall : float
        The least share of outliers to find. The threshold is the highest score that finds it; what
        has this score or a higher one is called an outlier.

    Returns
    -------
    float, between 0 and 1
        For ``recall=0.8`` it is known as FPR80.
    """
    a, b = _scores("inside", inside), np.sort(_scores("outside", outside))[::-1]
    recall = check_real("recall", recall, 0, 1, closed="high")
    # rounding must not ask for one more outlier: 0.8 * 5 may be a little above 4
    threshold = b[int(np.ceil(recall * len(b) - 1e-9)) - 1]
    return float(np.mean(a >= threshold))


def _scores(name: str, values: Any) -> Array:
    """Return scores as an array of shape (n,), or say what is wrong with them."""
    scores = as_reals(name, values, ("n",), finite=False)
    if np.isnan(scores).any():
        raise ArgumentError(f"{name} must be numbers, got nan in entry {np.isnan(scores).argmax()}")
    return scores
