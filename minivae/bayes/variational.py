"""Variational inference for one datum: the closest Gaussian with independent coordinates.

It has the least ``KL(q || p)``. This *reverse* divergence is large where q is large and p is small,
so the best q is rather too narrow than too wide.

References
----------
Bishop (2006), Pattern Recognition and Machine Learning, section 10.1.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minivae.bayes.hamiltonian import LogDensityAndGradient
from minivae.bayes.sampler_checks import start_of
from minivae.edge.arguments import check_function, returned_pair
from minivae.edge.checks import (
    ArgumentError,
    Array,
    as_matrix,
    as_reals,
    as_symmetric,
    check_integer,
    check_rng,
)
from minivae.nn.gaussian import LOG_2PI, reparameterize, reparameterize_backward


@dataclass(frozen=True, eq=False)
class MeanFieldGaussian:
    """The approximation N(mu, diag(exp(log_var))).

    Attributes
    ----------
    mu, log_var : array, shape (n_dims,)
    elbo : float
        In nats. It is the logarithm of the target's integral minus ``KL(q || target)``.
    """

    mu: Array
    log_var: Array
    elbo: float


def fit_mean_field(
    log_density_and_gradient: LogDensityAndGradient,
    n_dims: int,
    *,
    n_draws: int = 200,
    rng: Any = None,
) -> MeanFieldGaussian:
    """Maximise the ELBO over the means and log variances of independent Gaussians.

    The expectation is an average over noise that is drawn once and then fixed. This makes the ELBO
    an ordinary function, which L-BFGS can maximise. The odd moments of the noise are exactly zero
    and its covariance is exactly the identity, so Gaussian targets are fitted without sampling
    error.

    Parameters
    ----------
    log_density_and_gradient : callable
        ``(batch, n_dims) -> (batch,), (batch, n_dims)``. For a posterior, the log density is
        log p(x, z) as a function of z.
    n_dims : int
    n_draws : int
        At least `n_dims`. Each draw is used with both signs.
    rng : seed or Generator

    Returns
    -------
    MeanFieldGaussian
        Its `elbo` is the maximised average. For a target that is not Gaussian, this average is too
        optimistic; `elbo_and_gradient` with new noise gives an unbiased estimate.

    Raises
    ------
    ValueError
        The log density is not finite at draws of the standard normal, where the fit starts.

    Warns
    -----
    RuntimeWarning
        The ELBO still rises at the end. It has no maximum if the target is not a density.

    References
    ----------
    Kingma and Welling (2014), Auto-Encoding Variational Bayes, arXiv 1312.6114, section 2.4.
    """
    from scipy.optimize import minimize

    n_dims = check_integer("n_dims", n_dims, 1)
    n_draws = check_integer("n_draws", n_draws, n_dims)
    eps = _symmetric_noise(n_draws, n_dims, check_rng(rng))

    def loss_and_gradient(parameters: Array) -> tuple[float, Array]:
        mu, log_var = np.split(parameters, 2)
        elbo, dmu, dlog_var = elbo_and_gradient(log_density_and_gradient, mu, log_var, eps)
        return -elbo, -np.concatenate([dmu, dlog_var])

    start = np.zeros(2 * n_dims)  # the standard normal
    start_of("log_density_and_gradient", log_density_and_gradient, eps, gradient=True)
    with np.errstate(over="ignore", invalid="ignore"):  # the line search steps back from there
        result = minimize(
            loss_and_gradient,
            start,
            jac=True,
            method="L-BFGS-B",
            options={"ftol": 0, "gtol": 1e-10, "maxiter": 1000, "maxfun": 5000},
        )
    mu, log_var = np.split(result.x, 2)
    dmu, dlog_var = np.split(result.jac, 2)
    slope = np.abs([dmu * np.exp(log_var / 2), dlog_var]).max()  # per standard deviation of q
    if not slope < 1e-3:
        warnings.warn(
            f"the ELBO still changes by {slope:.2g} nats per standard deviation: is the target a "
            "density, and is its gradient right?",
            RuntimeWarning,
            stacklevel=2,
        )
    return MeanFieldGaussian(mu, log_var, elbo=-float(result.fun))


def elbo_and_gradient(
    log_density_and_gradient: LogDensityAndGradient, mu: Array, log_var: Array, eps: Array
) -> tuple[float, Array, Array]:
    """Return ``E_q[log p(z) - log q(z)]`` and its gradient, averaged over fixed noise.

    Parameters
    ----------
    log_density_and_gradient : callable
        ``(batch, n_dims) -> (batch,), (batch, n_dims)``.
    mu, log_var : array, shape (n_dims,)
    eps : array, shape (n_draws, n_dims)
        Standard normal noise.

    Returns
    -------
    elbo : float, in nats
    dmu, dlog_var : array, shape (n_dims,)
    """
    name, f, eps = "log_density_and_gradient", log_density_and_gradient, as_matrix(eps, name="eps")
    mu = as_reals("mu", mu, eps.shape[1:], finite=False)
    log_var = as_reals("log_var", log_var, eps.shape[1:], finite=False)
    means, log_vars = (np.broadcast_to(each, eps.shape) for each in (mu, log_var))
    z = reparameterize(means, log_vars, eps)  # (n_draws, n_dims)
    log_p, dz = returned_pair(name, check_function(name, f)(z), (z.shape[:1], z.shape))
    dmu, dlog_var = reparameterize_backward(means, log_vars, eps, dz)
    # the entropy of q is 1/2 sum_i [ 1 + log 2 pi + lv_i ]
    elbo = log_p.mean() + 0.5 * np.sum(1 + LOG_2PI + log_var)
    return float(elbo), dmu.mean(axis=0), dlog_var.mean(axis=0) + 0.5


def gaussian_mean_field(mean: ArrayLike, precision: ArrayLike) -> tuple[Array, Array, float]:
    """Return the mean-field optimum for a Gaussian target, in closed form.

    The means are exact. Variance i is ``1 / precision[i, i]``, the variance of coordinate i *given*
    all others, which is never larger than its marginal variance.

    Parameters
    ----------
    mean : array_like, shape (n_dims,)
    precision : array_like, shape (n_dims, n_dims)
        The inverse of the target's covariance.

    Returns
    -------
    means, variances : array, shape (n_dims,)
    kl_gap : float
        ``KL(q || target)`` in nats: the cost of independent coordinates.

    Raises
    ------
    ValueError
        `precision` is not symmetric and positive definite, or has not the size of `mean`.

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, section 10.1.2.
    """
    means = as_reals("mean", mean, ("n_dims",))
    precision = as_symmetric("precision", precision, of="mean", n=len(means))
    smallest = np.linalg.eigvalsh(precision)[0]
    if smallest <= 0:
        raise ArgumentError(f"precision must have positive eigenvalues, got {smallest:g}")
    diagonal = np.diag(precision)
    kl_gap = 0.5 * (np.log(diagonal).sum() - np.linalg.slogdet(precision)[1])
    return means, 1 / diagonal, float(kl_gap)


def _symmetric_noise(n_draws: int, n_dims: int, rng: np.random.Generator) -> Array:
    """Return normal draws with both signs and covariance I, shape (2 n_draws, n_dims)."""
    orthonormal, _ = np.linalg.qr(rng.standard_normal((n_draws, n_dims)))
    eps = np.sqrt(n_draws) * orthonormal
    return np.concatenate([eps, -eps])
