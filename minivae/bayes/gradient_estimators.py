"""Gradients through samples: estimators of the gradient of an expectation ``E f(z)``.

``z = mu + sigma eps`` is drawn from ``N(mu, diag(sigma^2))``, and the gradient is with respect to
`mu` and `sigma`, the *standard deviation*. Every estimator returns one gradient for each draw. All
estimators have the same mean, but different variances.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge.arguments import check_function, returned_pair
from minivae.edge.checks import (
    ArgumentError,
    Array,
    as_floats,
    as_matrix,
    as_reals,
    check_flag,
    check_real,
)

Function = Callable[[Array], Array]


class GradientSamples(NamedTuple):
    """An estimate of both gradients from each draw, each of shape (n_draws, n_dims)."""

    dmu: Array
    dsigma: Array


def reparameterized_gradient(
    df: Function, mu: ArrayLike, sigma: ArrayLike, eps: ArrayLike
) -> GradientSamples:
    """Differentiate ``E f(z)`` through the sample, as a VAE does.

    In ``E f(z) = E f(mu + sigma eps)`` the distribution of `eps` does not depend on `mu` and
    `sigma`. So the gradient is an expectation, too: ``df/dz dz/dmu = f'(z)`` and
    ``df/dz dz/dsigma = f'(z) eps``.

    Parameters
    ----------
    df : callable
        The gradient of f: ``df(z)`` has the shape of `z`, (n_draws, n_dims).
    mu, sigma : array_like, shape (n_dims,) or scalar
    eps : array_like, shape (n_draws, n_dims)
        Standard normal noise.

    Returns
    -------
    GradientSamples

    Raises
    ------
    ValueError
        `sigma` is not positive, or shapes do not fit.

    References
    ----------
    Kingma, Welling: Auto-Encoding Variational Bayes, arXiv 1312.6114, section 2.4.
    """
    mu, sigma, eps = _check(mu, sigma, eps)
    dz = _call("df", df, mu + sigma * eps, eps.shape)
    return GradientSamples(dz, dz * eps)


def score_function_gradient(
    f: Function, mu: ArrayLike, sigma: ArrayLike, eps: ArrayLike, *, baseline: float = 0.0
) -> GradientSamples:
    """Differentiate ``E f(z)`` through the density of the sample: f itself need not be smooth.

    ``d E f = int f dN = int f N d log N = E[ f(z) d log N(z) ]``. The score ``d log N`` has mean
    zero. So subtracting a constant `baseline` from f changes the variance of the estimator, but not
    its mean.

    Parameters
    ----------
    f : callable
        ``f(z)`` has shape (n_draws,).
    mu, sigma : array_like, shape (n_dims,) or scalar
    eps : array_like, shape (n_draws, n_dims)
        Standard normal noise.
    baseline : float
        A constant that does not depend on these draws.

    Returns
    -------
    GradientSamples

    Raises
    ------
    ValueError
        `sigma` is not positive, or shapes do not fit.

    References
    ----------
    Williams: Simple statistical gradient-following algorithms for connectionist reinforcement
    learning, Machine Learning 8 (1992).
    """
    mu, sigma, eps = _check(mu, sigma, eps)
    value = _call("f", f, mu + sigma * eps, eps.shape[:1])[:, None]
    value = value - check_real("baseline", baseline, -np.inf)
    score_mu, score_sigma = _score(sigma, eps)
    return GradientSamples(value * score_mu, value * score_sigma)


def elbo_gradient(
    dlog_p: Function,
    mu: ArrayLike,
    sigma: ArrayLike,
    eps: ArrayLike,
    *,
    stick_the_landing: bool = False,
) -> GradientSamples:
    """Differentiate the ELBO ``E[ log p(z) - log q(z) ]`` of ``q = N(mu, sigma^2)``.

    `mu` and `sigma` change ``log q(z)`` in two ways: they move the sample z, and they change the
    density at a given z. The second part is the score, which has mean zero. Sticking the landing
    means leaving it out: the rest, ``(d log p/dz - d log q/dz) dz``, is zero for every single draw
    if q = p.

    Parameters
    ----------
    dlog_p : callable
        The gradient of log p: ``dlog_p(z)`` has the shape of `z`, (n_draws, n_dims). A constant
        factor of p does not matter.
    mu, sigma : array_like, shape (n_dims,) or scalar
    eps : array_like, shape (n_draws, n_dims)
        Standard normal noise.
    stick_the_landing : bool
        Whether the score is left out.

    Returns
    -------
    GradientSamples

    Raises
    ------
    ValueError
        `sigma` is not positive, or shapes do not fit.

    References
    ----------
    Roeder, Wu, Duvenaud: Sticking the landing: simple, lower-variance gradient estimators for
    variational inference, NeurIPS 2017, arXiv 1703.09194.
    """
    mu, sigma, eps = _check(mu, sigma, eps)
    check_flag("stick_the_landing", stick_the_landing)
    # d log q / dz = -(z - mu) / sigma^2 = -eps / sigma
    dz = _call("dlog_p", dlog_p, mu + sigma * eps, eps.shape) + eps / sigma
    if stick_the_landing:
        return GradientSamples(dz, dz * eps)
    score_mu, score_sigma = _score(sigma, eps)
    return GradientSamples(dz - score_mu, dz * eps - score_sigma)


def importance_weighted_gradient(
    log_p_and_slope: Callable[[Array], tuple[Array, Array]],
    mu: ArrayLike,
    sigma: ArrayLike,
    eps: ArrayLike,
    *,
    doubly: bool = False,
) -> GradientSamples:
    """Differentiate the bound ``E log( 1/k sum_i p(z_i) / q(z_i) )`` of ``q = N(mu, sigma^2)``.

    With weights ``w_i = p(z_i) / q(z_i)``, normalised to a sum of one, the gradient is
    ``sum_i w_i d log w_i``, from k draws. `mu` and `sigma` act on ``log w_i`` along the path of
    z_i, and through the score of q. Reparameterize the score's term too, and both together are
    ``sum_i w_i^2 (d log p/dz - d log q/dz) dz``: the same on average, and zero where q = p.

    Parameters
    ----------
    log_p_and_slope : callable
        ``(n, n_dims) -> (n,), (n, n_dims)``: log p up to a constant, and its gradient.
    mu, sigma : array_like, shape (n_dims,) or scalar
    eps : array_like, shape (n_draws, k, n_dims)
        Standard normal noise.
    doubly : bool
        Whether the score's term is reparameterized.

    Returns
    -------
    GradientSamples

    Raises
    ------
    ValueError
        `sigma` is not positive, or shapes do not fit.

    References
    ----------
    Burda, Grosse, Salakhutdinov: Importance weighted autoencoders, ICLR 2016, arXiv 1509.00519.
    Tucker, Lawson, Gu, Maddison: Doubly reparameterized gradient estimators for Monte Carlo
    objectives, ICLR 2019, arXiv 1810.04152, for `doubly`.
    """
    eps = as_reals("eps", eps, ("n_draws", "k", "n_dims"))
    check_flag("doubly", doubly)
    shape, (mu, sigma, rows) = eps.shape, _check(mu, sigma, eps.reshape(-1, eps.shape[2]))
    name = "log_p_and_slope"
    said = check_function(name, log_p_and_slope)(mu + sigma * rows)
    log_p, slope = returned_pair(name, said, (rows.shape[:1], rows.shape))
    # log q = -sum log sigma - |eps|^2 / 2, and d log q / dz = -eps / sigma
    log_w = (log_p + 0.5 * np.sum(rows * rows, axis=1)).reshape(shape[:2])
    w = np.exp(log_w - log_w.max(axis=1, keepdims=True))
    w = (w / w.sum(axis=1, keepdims=True)).reshape(-1, 1)
    along = slope + rows / sigma
    if doubly:
        dmu, dsigma = w * w * along, w * w * along * rows
    else:
        score_mu, score_sigma = _score(sigma, rows)
        dmu, dsigma = w * (along - score_mu), w * (along * rows - score_sigma)
    return GradientSamples(*(d.reshape(shape).sum(axis=1) for d in (dmu, dsigma)))


def _score(sigma: Array, eps: Array) -> tuple[Array, Array]:
    """Return ``d log N / dmu`` and ``d log N / dsigma`` at the draws."""
    # log N = -log sigma - (z - mu)^2 / (2 sigma^2):  eps / sigma  and  (eps^2 - 1) / sigma
    return eps / sigma, (eps * eps - 1) / sigma


def _check(mu: ArrayLike, sigma: ArrayLike, eps: ArrayLike) -> tuple[Array, Array, Array]:
    eps = as_matrix(eps, name="eps", columns="n_dims")
    arrays = {"mu": as_reals("mu", mu), "sigma": as_reals("sigma", sigma)}
    for name, value in arrays.items():
        if value.shape not in ((), eps.shape[1:]):
            raise ArgumentError(
                f"{name} must be one finite number, or one for each of the {eps.shape[1]} columns "
                f"of eps, got {value.tolist()}"
            )
    if not np.all(arrays["sigma"] > 0):
        raise ArgumentError(f"sigma must be positive, got {arrays['sigma'].min():g}")
    return arrays["mu"], arrays["sigma"], eps


def _call(name: str, f: Function, z: Array, shape: tuple[int, ...]) -> Array:
    value = as_floats(f"what {name} returns", check_function(name, f)(z))
    if value.shape != shape:
        raise ArgumentError(f"what {name} returns must have shape {shape}, got {value.shape}")
    return value
