"""Information: how many nats a VAE's code carries, and which latent dimensions carry them.

`mu` and `log_var` are the output of `posteriors` for a data set, each (n_samples, n_latent).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge.arguments import check_object
from minivae.edge.checks import (
    ArgumentError,
    Array,
    as_data_set,
    as_matrix,
    as_reals,
    as_same_shape,
    as_symmetric,
    check_flag,
    check_real,
    check_rng,
)
from minivae.models.objectives import log_mean_exp
from minivae.models.vae import VAE
from minivae.nn.gaussian import gaussian_kl, log_density, reparameterize
from minivae.nn.rows import row_blocks

ROWS = 1000  # examples at once
NUMBERS = 1 << 22  # in the largest array that is made


class ElboSurgery(NamedTuple):
    """The mean KL to the prior and its two parts, in nats.

    ``mean_kl = mutual_information + marginal_kl``. The mutual information is what a code tells
    about its x. The marginal KL is the divergence of the aggregated posterior, the mixture of the
    codes of all x, from the prior.
    """

    mean_kl: float
    mutual_information: float
    marginal_kl: float


def posteriors(model: VAE, X: ArrayLike) -> tuple[Array, Array]:
    """Return ``(mu, log_var)`` of q(z | x) for a whole data set, each (n_samples, n_latent).

    Parameters
    ----------
    model : VAE
    X : array_like or memmap, shape (n_samples, n_features)
        It is read in blocks of rows, never copied whole.
    """
    check_object("model", model, VAE)
    X = as_data_set(X, model.n_features, model.dtype)
    blocks = [model.encode(X[rows]) for rows in row_blocks(len(X), ROWS)]
    mu, log_var = map(np.concatenate, zip(*blocks, strict=True))
    return mu, log_var


def kl_per_dimension(mu: ArrayLike, log_var: ArrayLike) -> Array:
    """Return the mean KL to the prior for every latent dimension, in nats.

    A latent dimension has collapsed if its KL is near zero.

    Returns
    -------
    array, shape (n_latent,)
        The sum over the latent dimensions is the rate.
    """
    mu, log_var = _posteriors(mu, log_var)
    return gaussian_kl(mu[:, :, None], log_var[:, :, None]).mean(axis=0)


def active_units(mu: ArrayLike, *, threshold: float = 0.01, rotate: bool = False) -> int:
    """Return the number of latent dimensions whose posterior mean varies with x.

    Parameters
    ----------
    mu : array_like, shape (n_samples, n_latent)
        Posterior means, or the codes of any model.
    threshold : float
        A dimension is active if its variance over the data is above this threshold.
    rotate : bool
        Whether the count is along the principal axes of `mu` instead of its coordinates. A rotation
        of the code spreads one active direction over many coordinates, but does not change the
        count along the principal axes.

    References
    ----------
    Burda, Grosse, Salakhutdinov: Importance weighted autoencoders, ICLR 2016, arXiv 1509.00519.
    """
    mu = as_matrix(mu, name="mu")
    check_flag("rotate", rotate)
    check_real("threshold", threshold, 0, closed="low")
    centred = mu - mu.mean(axis=0)
    if rotate:
        variances = np.linalg.eigvalsh(centred.T @ centred / len(mu))
    else:
        variances = np.mean(centred**2, axis=0)
    return int(np.count_nonzero(variances > threshold))


def aggregated_posterior(mu: ArrayLike, log_var: ArrayLike) -> tuple[Array, Array]:
    """Return the mean and the covariance of ``q(z)``, the mixture of q(z | x) over the data.

    Returns
    -------
    mean : array, shape (n_latent,)
    covariance : array, shape (n_latent, n_latent)
    """
    mu, log_var = _posteriors(mu, log_var)
    mean = mu.mean(axis=0)
    # Cov z = Cov_x E[z|x] + E_x Cov[z|x]
    between = (mu - mean).T @ (mu - mean) / len(mu)
    return mean, between + np.diag(np.exp(log_var).mean(axis=0))


def kl_to_prior(mean: ArrayLike, covariance: ArrayLike) -> float:
    """Return ``KL( N(mean, covariance) || N(0, I) )`` in nats, for a full covariance.

    Parameters
    ----------
    mean : array_like, shape (n_latent,)
    covariance : array_like, shape (n_latent, n_latent)

    Raises
    ------
    ValueError
        The covariance is not positive definite.
    """
    mean = as_reals("mean", mean, ("n_latent",))
    covariance = as_symmetric("covariance", covariance, of="mean", n=len(mean))
    # KL = 1/2 [ tr C + m^T m - k - log |C| ]
    return float(0.5 * (np.trace(covariance) + mean @ mean - len(mean) - _log_det(covariance)))


def elbo_surgery(mu: ArrayLike, log_var: ArrayLike) -> ElboSurgery:
    """Split the mean KL, with a Gaussian of the same moments for the aggregated posterior.

    For Gaussian data and a linear encoder the aggregated posterior is this Gaussian. Otherwise the
    mutual information is an upper bound and the marginal KL is a lower bound, because no density
    with the same moments has a larger entropy than the Gaussian. Their sum is always exact.

    References
    ----------
    Hoffman, Johnson: ELBO surgery: yet another way to carve up the variational evidence lower
    bound, NIPS workshop on Advances in Approximate Bayesian Inference, 2016.
    """
    mu, log_var = _posteriors(mu, log_var)
    mean, covariance = aggregated_posterior(mu, log_var)
    # I(x; z) = H(z) - H(z | x); a Gaussian's entropy is half its log determinant plus a constant
    information = 0.5 * (_log_det(covariance) - np.mean(np.sum(log_var, axis=1)))
    mean_kl = float(gaussian_kl(mu, log_var).mean())
    return ElboSurgery(mean_kl, float(information), kl_to_prior(mean, covariance))


def mutual_information(
    mu: ArrayLike, log_var: ArrayLike, *, rng: int | np.random.Generator | None = None
) -> tuple[float, float]:
    """Estimate how many nats a code tells about the example that it belongs to.

    ``I = mean_n E_{z ~ q(z | x_n)} [ log q(z | x_n) - log( 1/N sum_m q(z | x_m) ) ]``. The estimate
    has one draw z for each example, and evaluates all N densities at each draw. I is at most log N.

    Parameters
    ----------
    mu, log_var : array_like, shape (n_samples, n_latent)
        The time grows with the square of `n_samples`; the memory does not.
    rng : int or numpy.random.Generator, optional

    Returns
    -------
    estimate, standard_error : float
        In nats. The standard error accounts for the random draws, not for the choice of the data.

    References
    ----------
    Hoffman, Johnson: ELBO surgery: yet another way to carve up the variational evidence lower
    bound, NIPS workshop on Advances in Approximate Bayesian Inference, 2016.
    """
    mu, log_var = _posteriors(mu, log_var)
    z = reparameterize(mu, log_var, check_rng(rng).standard_normal(mu.shape))
    at_once = max(1, NUMBERS // mu.size)
    ratios = []
    for rows in row_blocks(len(mu), at_once):
        own = log_density(z[rows], mu[rows], log_var[rows])
        every = log_density(z[rows, None], mu, log_var)  # (at_once, n_samples)
        ratios.append(own - log_mean_exp(every))
    ratio = np.concatenate(ratios)
    return float(ratio.mean()), float(ratio.std() / np.sqrt(len(ratio)))


def _posteriors(mu: ArrayLike, log_var: ArrayLike) -> tuple[Array, Array]:
    """Return both as float64 matrices with the same shape."""
    mu, log_var = as_matrix(mu, name="mu"), as_matrix(log_var, name="log_var")
    as_same_shape(mu=mu, log_var=log_var)
    return mu, log_var


def _log_det(covariance: Array) -> float:
    try:
        root = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        raise ArgumentError(
            "covariance of mu must be positive definite, got one with a direction that never varies"
        ) from None
    return float(2 * np.sum(np.log(np.diag(root))))
