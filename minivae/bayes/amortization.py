"""What an encoder costs: the approximation gap and the amortization gap.

Even the best Gaussian with independent coordinates, fitted to one x, has an ELBO below log p(x):
the difference is the approximation gap. An encoder that serves all x with one function has a still
lower ELBO: the further loss is the amortization gap. Both gaps have a closed form in a
linear-Gaussian model, whose posterior is N(x A, P^-1).

References
----------
Cremer, Li and Duvenaud (2018), Inference Suboptimality in Variational Autoencoders,
arXiv 1801.03558.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minivae.bayes.variational import gaussian_mean_field
from minivae.edge.arguments import check_object
from minivae.edge.checks import Array, as_batch, as_reals
from minivae.linear.linear_gaussian import LinearGaussianModel


class InferenceGaps(NamedTuple):
    """The two parts of ``log p(x) - ELBO`` in nats, for each x or averaged over all x."""

    approximation: Any
    amortization: Any


def inference_gaps(
    model: LinearGaussianModel, x: Array, mu: Array, log_var: Array
) -> InferenceGaps:
    """Split ``log p(x) - ELBO`` into the two gaps, by their definition.

    The ELBO of the best mean-field q for each x is where the approximation gap ends and the
    amortization gap begins.

    Parameters
    ----------
    model : LinearGaussianModel
    x : array, shape (batch, n_features)
    mu, log_var : array, shape (batch, n_latent)
        The output of an encoder for x.

    Returns
    -------
    InferenceGaps
        Two arrays of shape (batch,), without negative entries.

    References
    ----------
    Cremer, Li and Duvenaud (2018), section 2.2.
    """
    A, P = check_object("model", model, LinearGaussianModel).posterior()
    x = as_batch(x, len(A))
    best_mu = x @ A
    best_log_var = np.broadcast_to(-np.log(np.diag(P)), best_mu.shape)
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
        Two floats: the averages over all x of the model.
    """
    A, P = check_object("model", model, LinearGaussianModel).posterior()
    encoder = as_reals("encoder", encoder, A.shape)
    log_var = as_reals("log_var", log_var, (len(P),))
    _, _, approximation = gaussian_mean_field(np.zeros(len(P)), P)
    # KL(N(x B, Q) || N(x A, P^-1)), averaged over x ~ N(0, C), less the approximation gap is
    # 1/2 { sum_j [ P_jj Q_j - 1 - log(P_jj Q_j) ] + tr[(B - A)^T C (B - A) P] }, B = encoder
    log_ratio = log_var + np.log(np.diag(P))
    error = encoder - A
    misplaced = np.trace(error.T @ model.covariance() @ error @ P)
    amortization = 0.5 * (np.sum(np.expm1(log_ratio) - log_ratio) + misplaced)
    return InferenceGaps(approximation, float(amortization))
