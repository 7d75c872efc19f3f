"""Outlier scores from models that disagree: what each says of x, as a matrix of log likelihoods.

The models are samples from a posterior of the weights, or an ensemble of trained models. Row m of
the matrix holds ``log p(x | theta_m)``. The models are weighted by how well they explain one x::

    w_m = p(x | theta_m) / sum_j p(x | theta_j)

These weights are the posterior of the models after x is seen, if all were equally probable before.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge.arguments import check_choice
from minivae.edge.checks import Array, as_batch, check_integer


def effective_models(log_p: ArrayLike) -> Array:
    """Return how many models are left when each is weighted by p(x | theta_m): D(x) = 1 / sum w^2.

    Parameters
    ----------
    log_p : array_like, shape (n_models, n)
        In nats. A constant added to a column changes nothing.

    Returns
    -------
    array, shape (n,)
        Between 1, where one model explains x far better than all others, and n_models.

    References
    ----------
    Daxberger, Hernandez-Lobato: Bayesian variational autoencoders for unsupervised
    out-of-distribution detection, arXiv 1912.05651.
    """
    log_w = _log_weights(_checked(log_p))
    return np.exp(-np.logaddexp.reduce(2 * log_w, axis=0))


def weight_scores(log_p: ArrayLike, *, method: str = "disagreement") -> Array:
    """Return a score of each example, the higher the stranger.

    Parameters
    ----------
    log_p : array_like, shape (n_models, n)
        In nats, from two models at least.
    method : str
        ``"disagreement"``: minus `effective_models`. ``"information"``: the Kullback-Leibler
        divergence of the weights w from equal weights, in nats: what x tells about the models.
        ``"variance"``: the variance of log p(x | theta) over the models, with divisor
        n_models - 1. ``"waic"``: that variance minus the mean of log p(x | theta).
        ``"expected_likelihood"``: minus the log of the mean of p(x | theta).

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    ValueError
        There is no such method, or `log_p` is not a finite matrix of two rows.

    References
    ----------
    Daxberger, Hernandez-Lobato: arXiv 1912.05651, for the first two. Choi, Jang, Alemi: WAIC, but
    why? Generative ensembles for robust anomaly detection, arXiv 1810.01392.
    """
    return METHODS[check_choice("method", method, METHODS)](_checked(log_p))


def _disagreement(log_p: Array) -> Array:
    return -effective_models(log_p)


def _information(log_p: Array) -> Array:
    # KL(w || 1 / M) = log M + sum w log w
    log_w = _log_weights(log_p)
    return np.log(len(log_p)) + np.sum(np.exp(log_w) * log_w, axis=0)


def _variance(log_p: Array) -> Array:
    return np.var(log_p, axis=0, ddof=1)


def _waic(log_p: Array) -> Array:
    return _variance(log_p) - np.mean(log_p, axis=0)


def _expected_likelihood(log_p: Array) -> Array:
    return np.log(len(log_p)) - np.logaddexp.reduce(log_p, axis=0)


METHODS: dict[str, Callable[[Array], Array]] = {
    "disagreement": _disagreement,
    "information": _information,
    "variance": _variance,
    "waic": _waic,
    "expected_likelihood": _expected_likelihood,
}


def _log_weights(log_p: Array) -> Array:
    return log_p - np.logaddexp.reduce(log_p, axis=0)


def _checked(log_p: ArrayLike) -> Array:
    log_p = as_batch(log_p, name="log_p", columns="n")
    check_integer("the number of models in log_p", len(log_p), 2)
    return log_p
