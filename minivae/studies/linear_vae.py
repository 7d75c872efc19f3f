"""A linear VAE of real data whose every gap is known: what estimates are tried on first."""

from __future__ import annotations

import numpy as np

import minivae as mv
from minivae.edge.checks import Array

SHRINKAGE, EXCESS = 0.97, 0.2  # by which its encoder is wrong


def linear_vae(
    X: Array, n_latent: int, seed: int
) -> tuple[mv.VAE, mv.bayes.LinearGaussianModel, Array]:
    """Return probabilistic PCA as a VAE with a wrong encoder, its exact model, and the mean of x.

    The latents are turned by a random rotation, so that no independent q is right; the encoder's
    means are shrunk and its log variances too large, so that it is not the best one either.
    """
    rng = np.random.default_rng(seed)
    ppca = mv.ProbabilisticPCA(n_latent).fit(X)
    W = np.linalg.qr(rng.standard_normal((n_latent, n_latent))).Q @ ppca.W_
    exact = mv.bayes.LinearGaussianModel(W, ppca.noise_variance_)
    M, precision = exact.posterior()
    log_var = EXCESS - np.log(np.diag(precision))
    sigma = float(np.sqrt(ppca.noise_variance_))
    vae = mv.VAE(X.shape[1], n_latent, likelihood=mv.Gaussian(sigma))
    raw = 20 * np.arctanh(log_var / 20)  # bound_log_var makes it log_var
    vae.params["decoder.0.W"][...] = W
    vae.params["decoder.0.b"][...] = ppca.mean_
    vae.params["encoder.0.W"][...] = np.hstack([SHRINKAGE * M, np.zeros_like(M)])
    vae.params["encoder.0.b"][...] = np.concatenate([-SHRINKAGE * ppca.mean_ @ M, raw])
    return vae, exact, ppca.mean_
