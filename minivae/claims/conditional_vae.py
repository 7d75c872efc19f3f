"""The linear conditional VAE: class means, and one probabilistic PCA within all classes.

The decoder is ``x = z @ W + V[y] + b``. The classes differ in their means, their sizes and their
covariances, so that to pool the covariances is not the same as to take one of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from minivae.claims import Outcome, claim
from minivae.claims.linear_rigs import data_with_spectrum
from minivae.claims.vae_rigs import largest_log_likelihood
from minivae.edge.checks import Array
from minivae.linear import vae_is_ppca
from minivae.models import vae
from minivae.nn import likelihoods
from minivae.training import lbfgs

SPECTRA = ([6.0, 1.4, 0.7, 0.5, 0.3], [4.0, 3.0, 0.6, 0.4, 0.2], [2.0, 2.0, 2.0, 0.3, 0.3])
SIZES = (1, 3, 2)  # copies of the 10 rows of each class
N_FEATURES, N_CLASSES = 5, 3


def three_classes() -> tuple[Array, Array, Array, Array]:
    """Return the data, their labels, the class means, and the pooled covariance within classes."""
    means = 3 * np.random.default_rng(0).standard_normal((N_CLASSES, N_FEATURES))
    within = [data_with_spectrum(lam, rng=c)[0] for c, lam in enumerate(SPECTRA)]
    copies = [np.tile(rows, (n, 1)) for rows, n in zip(within, SIZES, strict=True)]
    y = np.repeat(np.arange(N_CLASSES), [len(rows) for rows in copies])
    rest = np.concatenate(copies)
    return rest + means[y], y, means, rest.T @ rest / len(rest)


def trained(X: Array, y: Array, n_latent: int) -> vae.ConditionalVAE:
    """Return a linear conditional VAE at the minimum of its expected loss."""
    model = vae.ConditionalVAE(
        N_FEATURES, n_latent, N_CLASSES, likelihood=likelihoods.Gaussian("learned"), rng=1
    )
    rows, eps = vae_is_ppca.with_sigma_points(X, n_latent)
    labels = np.repeat(y, n_latent + 1)
    lbfgs.minimize(model.params, lambda: model.loss_and_grads(rows, y=labels, eps=eps))
    return model


def exact_elbos(model: vae.ConditionalVAE, X: Array, y: Array) -> Array:
    """Return the ELBO of each example under its label, averaged exactly over the noise."""
    rows, eps = vae_is_ppca.with_sigma_points(X, model.n_latent)
    elbos = model.elbo(rows, eps, y=np.repeat(y, model.n_latent + 1)).elbo
    return elbos.reshape(len(X), -1).mean(axis=1)


@claim(
    "A linear conditional VAE is class means plus probabilistic PCA pooled within the classes",
    source="derived here; the model: Sohn et al. 2015",
)
def linear_conditional_vae() -> Outcome:
    """Its best ELBO is the largest log-likelihood of pPCA with the covariance within classes.

    Given y, x is N(m_y, C) with m_y = V_y + b free for every class, and C = W^T W + s2 I shared.
    For any C the best m_y is the mean of the class. What is left is -1/2 [d log 2 pi + log |C| +
    tr(C^-1 S)] with S = sum_c n_c / N S_c, the covariance within classes. So W and s2 are those of
    probabilistic PCA on S, and the encoder, which sees x and y, can be the posterior: its mean is
    linear in x - m_y. The data have three classes of different sizes and covariances.
    """
    X, y, means, S = three_classes()
    lam = np.linalg.eigvalsh(S)[::-1]
    widths = (1, 2)
    models = [trained(X, y, k) for k in widths]
    best = [largest_log_likelihood(lam, k) for k in widths]
    elbos = [exact_elbos(model, X, y).mean() for model in models]
    exact, measured = [*best], [*elbos]
    for k, model in zip(widths, models, strict=True):
        s2 = lam[k:].mean()
        W = model.params["decoder.0.W"]
        exact += [s2, *means.ravel(), *(lam[:k] - s2)]
        measured += [
            vae_is_ppca.decoder_variance(model),
            *(W[k:] + model.params["decoder.0.b"]).ravel(),
            *-np.sort(-np.sum(W[:k] ** 2, axis=1)),
        ]
    total = np.linalg.eigvalsh(np.cov(X, rowvar=False, bias=True))[::-1]

    def draw(ax: Any) -> None:
        ax.plot(widths, best, "k--", label="class means and pPCA within classes")
        ax.plot(widths, elbos, "o", label="ELBO of the trained conditional VAE")
        without = [largest_log_likelihood(total, k) for k in widths]
        ax.plot(widths, without, "k:", label="pPCA of all data, without labels")
        ax.set(xlabel="latents $k$", ylabel="nats per example", xticks=widths)
        ax.legend()

    n = len(best)
    tolerance = [*np.full(n, 1e-8), *np.full(len(exact) - n, 1e-5)]
    return Outcome(exact, measured, tolerance, because="where L-BFGS stops", draw=draw)


@claim(
    "At the optimum the ELBO under every label is log p(x | y): argmax is a linear discriminant",
    source="derived here",
)
def class_elbos_are_exact() -> Outcome:
    """The encoder is the posterior under wrong labels too, because its mean is linear in x - m_y.

    So no ELBO under any label loses anything, and the label with the largest one has the largest
    p(x | y). All classes share C, so the difference of two of them is linear in x: it is Fisher's
    discriminant, with a covariance of k directions and isotropic noise. The exact values are
    scipy's densities N(m_y, C) with the class means, and with C from numpy's eigenvectors of the
    pooled covariance within classes.
    """
    k = 2
    X, y, means, S = three_classes()
    lam, U = np.linalg.eigh(S)
    s2 = lam[:-k].mean()
    C = U @ np.diag([*np.full(len(lam) - k, s2), *lam[-k:]]) @ U.T
    model = trained(X, y, k)
    exact = [stats.multivariate_normal(mean, C).logpdf(X) for mean in means]
    measured = [exact_elbos(model, X, np.full(len(X), c)) for c in range(N_CLASSES)]

    def draw(ax: Any) -> None:
        for c in range(N_CLASSES):
            ax.plot(exact[c], measured[c], "osv"[c], mfc="none", label=f"label {c}")
        ax.axline((0, 0), slope=1, color="k", lw=0.8)
        ax.set(xlabel=r"log p(x | y), exact (nats)", ylabel="ELBO under the label (nats)")
        ax.legend()

    scale = np.maximum(1, np.abs(exact))
    return Outcome(exact, measured, 1e-5 * scale, because="where L-BFGS stops", draw=draw)
