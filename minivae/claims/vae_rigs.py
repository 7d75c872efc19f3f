"""Linear VAEs at the minimum of their expected loss, and a spectrum for which latents collapse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minivae.edge.checks import Array
from minivae.linear import vae_is_ppca
from minivae.models import vae
from minivae.nn import likelihoods
from minivae.training import lbfgs

LAM = np.array([12.0, 6.0, 2.6, 1.4, 0.7, 0.3])
N_LATENT = 4
SETTINGS = ((1.0, 1.0), (2.0, 1.0), (1.0, 2.0), (0.5, 4.0), (10.0, 1.0))  # s2, beta


def largest_log_likelihood(lam: Sequence[float] | Array, k: int) -> float:
    """Return the largest mean log-likelihood of probabilistic PCA, from the spectrum alone."""
    lam = np.asarray(lam)
    kept, s2 = lam[:k], lam[k:].mean()
    logs = np.log(kept).sum() + (len(lam) - k) * np.log(s2)
    return float(-0.5 * (len(lam) * (np.log(2 * np.pi) + 1) + logs))


def trained(
    X: Array, n_latent: int, sigma: float | str = "learned", beta: float = 1.0, rng: int = 0
) -> vae.VAE:
    """Return a linear VAE at the minimum of its expected loss."""
    likelihood = likelihoods.Gaussian(sigma)
    model = vae.VAE(X.shape[1], n_latent, likelihood=likelihood, beta=beta, rng=rng)
    vae_is_ppca.fit_linear_vae(model, X)
    return model


def trained_at(X: Array, s2: float, beta: float) -> vae.VAE:
    """Return the trained VAE with four latents, decoder variance s2 and weight beta."""
    return trained(X, N_LATENT, float(np.sqrt(s2)), beta)


def train_encoder(model: vae.VAE, X: Array) -> None:
    """Train the encoder alone to the minimum of the expected loss."""
    encoder = {name: array for name, array in model.params.items() if name.startswith("encoder")}
    rows, eps = vae_is_ppca.with_sigma_points(X, model.n_latent)
    lbfgs.minimize(encoder, lambda: model.loss_and_grads(rows, eps=eps))


def linear_vae(decoder: Array, sigma: float, encoder: Array, offset: Any, variance: Any) -> vae.VAE:
    """Return the VAE ``p(x | z) = N(z A, sigma^2)``, ``q(z | x) = N(x B + offset, variance)``."""
    n_latent, n_features = decoder.shape
    model = vae.VAE(n_features, n_latent, likelihood=likelihoods.Gaussian(sigma))
    raw = 20 * np.arctanh(np.log(np.broadcast_to(variance, n_latent)) / 20)
    model.params["decoder.0.W"][...] = decoder
    model.params["encoder.0.W"][...] = np.hstack([encoder, np.zeros_like(encoder)])
    model.params["encoder.0.b"][...] = [*np.broadcast_to(offset, n_latent), *raw]
    return model
