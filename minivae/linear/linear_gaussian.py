"""The linear-Gaussian model: every quantity of Bayesian inference has a closed form in it.

With weights W and noise variance s2, and with x measured from its mean::

    z ~ N(0, I),   x given z ~ N(z W, s2 I)         the model
    x ~ N(0, C),   C = W^T W + s2 I                 the marginal
    z given x ~ N(x W^T M^-1, s2 M^-1)              the posterior
    M = W W^T + s2 I

M has n_latent rows and columns, C has n_features: only M is ever inverted.

References
----------
Tipping, Bishop: Probabilistic principal component analysis, Journal of the Royal Statistical
Society B 61 (1999) 611-622, section 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from minivae.edge.checks import Array, as_matrix, as_reals, check_real
from minivae.nn.gaussian import LOG_2PI, gaussian_kl, log_density


@dataclass(frozen=True, eq=False)
class LinearGaussianModel:
    """A linear decoder with known weights and known noise.

    Parameters
    ----------
    W : array, shape (n_latent, n_features)
    noise_variance : float
        The variance s2 of each feature given z.
    """

    W: Array
    noise_variance: float

    def __post_init__(self) -> None:
        as_matrix(self.W, name="W", columns="n_features")
        check_real("noise_variance", self.noise_variance, 0)

    def covariance(self) -> Array:
        """Return the covariance of x, shape (n_features, n_features)."""
        return self.W.T @ self.W + self.noise_variance * np.eye(self.W.shape[1])

    def posterior_mean(self, x: Array) -> Array:
        """Return the mean of p(z given x) for each row of x, shape (batch, n_latent)."""
        x = as_matrix(x, self.W.shape[1], name="x", columns="n_features")
        return np.linalg.solve(self._M(), self.W @ x.T).T

    def posterior(self) -> tuple[Array, Array]:
        """Return A and P of the posterior ``N(x A, P^-1)``.

        Returns
        -------
        A : array, shape (n_features, n_latent)
        P : array, shape (n_latent, n_latent)
            The precision, which is the same for every x.
        """
        return self.posterior_mean(np.eye(self.W.shape[1])), self._M() / self.noise_variance

    def log_marginal(self, x: Array) -> Array:
        """Return log p(x) of each row of x, shape (batch,), in nats."""
        n_latent, n_features = self.W.shape
        x, s2 = as_matrix(x, n_features, name="x", columns="n_features"), self.noise_variance
        mu = self.posterior_mean(x)
        # |C| = |M| s2^(n_features - n_latent)
        log_det = np.linalg.slogdet(self._M()).logabsdet + (n_features - n_latent) * np.log(s2)
        # x^T C^-1 x = |x - mu W|^2 / s2 + |mu|^2
        distance = ((x - mu @ self.W) ** 2).sum(axis=1) / s2 + (mu**2).sum(axis=1)
        return -0.5 * (n_features * LOG_2PI + log_det + distance)

    def log_joint(self, x: Array) -> Callable[[Array], tuple[Array, Array]]:
        """Return ``z -> log p(x, z)`` and its gradient, for one x of shape (n_features,)."""
        zeros, x = np.zeros(1), as_reals("x", x, self.W.shape[1:])

        def log_density_and_gradient(z: Array) -> tuple[Array, Array]:
            residual = x - z @ self.W  # (batch, n_features)
            log_likelihood = log_density(residual, zeros, self._log_noise())
            log_prior = log_density(z, zeros, zeros)
            return log_likelihood + log_prior, residual @ self.W.T / self.noise_variance - z

        return log_density_and_gradient

    def elbo(self, x: Array, mu: Array, log_var: Array) -> Array:
        """Return the ELBO of each row of x with q(z) = N(mu, diag(exp(log_var))), in nats.

        Parameters
        ----------
        x : array, shape (batch, n_features)
        mu, log_var : array, shape (batch, n_latent)

        Returns
        -------
        array, shape (batch,)
        """
        n_latent, n_features = self.W.shape
        x = as_matrix(x, n_features, name="x", columns="n_features")
        mu = as_reals("mu", mu, (len(x), n_latent))
        log_var = as_reals("log_var", log_var, (len(x), n_latent))
        log_likelihood = log_density(x, mu @ self.W, self._log_noise())
        # E|x - z W|^2 = |x - mu W|^2 + sum_j var_j |W_j|^2
        spread = np.exp(log_var) @ np.sum(self.W**2, axis=1)
        return log_likelihood - spread / (2 * self.noise_variance) - gaussian_kl(mu, log_var)

    def _M(self) -> Array:
        M: Array = self.W @ self.W.T + self.noise_variance * np.eye(len(self.W))
        return M

    def _log_noise(self) -> Array:
        return np.log([self.noise_variance])
