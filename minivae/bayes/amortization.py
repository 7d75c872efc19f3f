"""What an encoder costs: the two gaps between log p(x) and the ELBO.

A linear-Gaussian model has every quantity in closed form::

    z ~ N(0, I),  x given z ~ N(z W, noise_variance I),  z given x ~ N(x M, P^-1)
    P = I + W W^T / noise_variance,  M = W^T P^-1 / noise_variance

The best independent Gaussian for *one* x loses the approximation gap. An encoder that serves all
x with one function loses the amortization gap on top.

References
----------
Cremer, Li and Duvenaud (2018), Inference Suboptimality in Variational Autoencoders,
arXiv 1801.03558.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from minivae.bayes.hamiltonian import LogDensityAndGradient
from minivae.bayes.variational import gaussian_mean_field
from minivae.edge.checks import Array, as_batch, check_real
from minivae.nn.gaussian import LOG_2PI, gaussian_kl, gaussian_log_density


class InferenceGaps(NamedTuple):
    """The two parts of ``log p(x) - ELBO``, in nats: for each x, or averaged over all."""

    approximation: Any
    amortization: Any


@dataclass(frozen=True, eq=False)
class LinearGaussianModel:
    """A linear decoder with known weights and noise.

    Parameters
    ----------
    W : array, shape (n_latent, n_features)
    noise_variance : float
    """

    W: Array
    noise_variance: float

    def __post_init__(self) -> None:
        as_batch(self.W, name="W")
        check_real("noise_variance", self.noise_variance, 0)

    def covariance(self) -> Array:
        """Return the covariance of x, shape (n_features, n_features)."""
        return self.W.T @ self.W + self.noise_variance * np.eye(self.W.shape[1])

    def posterior(self) -> tuple[Array, Array]:
        """Return M, shape (n_features, n_latent), and P, shape (n_latent, n_latent)."""
        precision = np.eye(len(self.W)) + self.W @ self.W.T / self.noise_variance
        return np.linalg.solve(precision, self.W / self.noise_variance).T, precision

    def log_marginal(self, x: Array) -> Array:
        """Return log p(x) of rows x, shape (batch,)."""
        x, covariance = as_batch(x, self.W.shape[1]), self.covariance()
        distance = np.sum(x * np.linalg.solve(covariance, x.T).T, axis=1)
        return -0.5 * (x.shape[1] * LOG_2PI + np.linalg.slogdet(covariance)[1] + distance)

    def log_joint(self, x: Array) -> LogDensityAndGradient:
        """Return ``z -> log p(x, z)`` and its gradient, for one x of shape (n_features,)."""
        zeros = np.zeros(1)

        def log_density_and_gradient(z: Array) -> tuple[Array, Array]:
            residual = x - z @ self.W  # (batch, n_features)
            log_likelihood = gaussian_log_density(residual, zeros, self._log_noise())
            log_prior = gaussian_log_density(z, zeros, zeros)
            return log_likelihood + log_prior, residual @ self.W.T / self.noise_variance - z

        return log_density_and_gradient

    def elbo(self, x: Array, mu: Array, log_var: Array) -> Array:
        """Return the ELBO of x with q(z) = N(mu, diag(exp(log_var))), shape (batch,)."""
        n_latent, n_features = self.W.shape
        x, mu = as_batch(x, n_features), as_batch(mu, n_latent, name="mu")
        log_var = as_batch(log_var, n_latent, name="log_var")
        log_likelihood = gaussian_log_density(x, mu @ self.W, self._log_noise())
        # E|x - z W|^2 = |x - mu W|^2 + sum_j var_j |W_j|^2
        spread = np.exp(log_var) @ np.sum(self.W**2, axis=1)
        return log_likelihood - spread / (2 * self.noise_variance) - gaussian_kl(mu, log_var)

    def _log_noise(self) -> Array:
        return np.log([self.noise_variance])


def inference_gaps(
    model: LinearGaussianModel, x: Array, mu: Array, log_var: Array
) -> InferenceGaps:
    """Split ``log p(x) - ELBO`` at the best mean-field q, by the definition.

    Parameters
    ----------
    model : LinearGaussianModel
    x : array, shape (batch, n_features)
    mu, log_var : array, shape (batch, n_latent)
        What an encoder says about x.

    Returns
    -------
    InferenceGaps
        Two arrays of shape (batch,), neither negative.

    References
    ----------
    Cremer, Li and Duvenaud (2018), section 2.2.
    """
    M, precision = model.posterior()
    x = as_batch(x, len(M))
    best_mu = x @ M
    best_log_var = np.broadcast_to(-np.log(np.diag(precision)), best_mu.shape)
    best = model.elbo(x, best_mu, best_log_var)
    return InferenceGaps(model.log_marginal(x) - best, best - model.elbo(x, mu, log_var))


def expected_inference_gaps(
    model: LinearGaussianModel, encoder: Array, log_var: Array
) -> InferenceGaps:
    """Return the gaps of the encoder ``N(x @ encoder, diag(exp(log_var)))``, in closed form.

    Parameters
    ----------
    model : LinearGaussianModel
    encoder : array, shape (n_features, n_latent)
    log_var : array, shape (n_latent,)
        The same for every x.

    Returns
    -------
    InferenceGaps
        Two floats: averages over all x of the model.
    """
    M, precision = model.posterior()
    if encoder.shape != M.shape:
        raise ValueError(f"encoder must have shape {M.shape}, got {encoder.shape}")
    _, _, approximation = gaussian_mean_field(np.zeros(len(precision)), precision)
    # KL(N(x A, Q) || N(x M, P^-1)) averaged over x ~ N(0, C), less the approximation gap:
    # 1/2 { sum_j [ P_jj Q_j - 1 - log(P_jj Q_j) ] + tr[(A - M)^T C (A - M) P] }
    log_ratio = log_var + np.log(np.diag(precision))
    error = encoder - M
    misplaced = np.trace(error.T @ model.covariance() @ error @ precision)
    amortization = 0.5 * (np.sum(np.expm1(log_ratio) - log_ratio) + misplaced)
    return InferenceGaps(approximation, float(amortization))
