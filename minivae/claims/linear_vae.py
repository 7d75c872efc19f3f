"""The linear VAE is probabilistic PCA, and its ELBO also fixes the axes.

Throughout, the data have the covariance ``U diag(lam) U^T``, known by construction; the decoder is
``x = z @ W + b`` with k rows w_i in W, and noise of variance s2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from minivae import datasets
from minivae.claims import Outcome, claim
from minivae.claims.linear_rigs import data_with_spectrum
from minivae.claims.vae_rigs import train_encoder, trained
from minivae.edge.checks import Array
from minivae.linear import probabilistic_pca, vae_is_ppca
from minivae.models import vae
from minivae.nn import likelihoods

LAM = np.array([6.0, 2.6, 1.4, 0.7, 0.5, 0.3])


def largest_log_likelihood(lam: Sequence[float] | Array, k: int) -> float:
    """Return the largest mean log-likelihood of probabilistic PCA, from the spectrum alone."""
    lam = np.asarray(lam)
    kept, s2 = lam[:k], lam[k:].mean()
    logs = np.log(kept).sum() + (len(lam) - k) * np.log(s2)
    return float(-0.5 * (len(lam) * (np.log(2 * np.pi) + 1) + logs))


def log_likelihood(X: Array, W: Array, s2: float) -> float:
    """Return the mean log-likelihood of centred data under N(0, W^T W + s2 I)."""
    covariance = W.T @ W + s2 * np.eye(X.shape[1])
    return float(stats.multivariate_normal(np.zeros(X.shape[1]), covariance).logpdf(X).mean())


@claim(
    "The largest likelihood of probabilistic PCA depends on the spectrum alone",
    source="Tipping and Bishop 1999",
)
def ppca_largest_likelihood() -> Outcome:
    """At its maximum the model's covariance has the k largest lam_i, and the rest's mean as s2.

    The mean log-likelihood of N(0, C) is -1/2 [d log 2 pi + log |C| + tr(C^-1 S)]. The best C has
    the eigenvectors of S, keeps the k largest eigenvalues, and puts s2 = mean of the others in
    their place. Then tr(C^-1 S) = k + (d - k) = d and log |C| = sum_(i <= k) log lam_i +
    (d - k) log s2, with S of divisor N, not N - 1.
    """
    X, _ = data_with_spectrum(LAM, rng=0)
    widths = range(1, len(LAM))
    exact = [largest_log_likelihood(LAM, k) for k in widths]
    models = [probabilistic_pca.ProbabilisticPCA(k).fit(X) for k in widths]
    measured = [model.score(X) for model in models]
    noise = [model.noise_variance_ for model in models]

    def draw(ax: Any) -> None:
        ax.plot(widths, exact, "k--", label="from the spectrum")
        ax.plot(widths, measured, "o", label="of the fitted model")
        ax.set(xlabel="latents $k$", ylabel="mean log-likelihood (nats)")
        ax.legend()

    return Outcome(
        exact=[*exact, *(LAM[k:].mean() for k in widths)],
        measured=[*measured, *noise],
        tolerance=1e-10,
        draw=draw,
    )


@claim("No other linear-Gaussian model is likelier", source="Tipping and Bishop 1999")
def ppca_is_the_maximum() -> Outcome:
    """Every step away from the fitted W and s2, small or large, lowers the likelihood.

    Setting the gradient by W to zero leaves W = U_k (Lam_k - s2 I)^1/2 R for any k eigenvectors;
    only the k largest make a maximum, the others are saddles. Here 300 steps in random directions
    of W and log s2, of lengths from 1e-4 to 1, are tried on the density of the multivariate normal.
    """
    X, _ = data_with_spectrum(LAM, rng=1)
    model = probabilistic_pca.ProbabilisticPCA(2).fit(X)
    rng = np.random.default_rng(1)
    lengths = np.repeat(np.logspace(-4, 0, 25), 12)
    elsewhere = [
        log_likelihood(
            X,
            model.W_ + length * rng.standard_normal(model.W_.shape),
            model.noise_variance_ * np.exp(length * rng.standard_normal()),
        )
        for length in lengths
    ]
    best = model.score(X)

    def draw(ax: Any) -> None:
        ax.loglog(lengths, best - np.array(elsewhere), "o", alpha=0.5)
        ax.set(xlabel="size of the step", ylabel="log-likelihood lost (nats)")

    return Outcome(best, elsewhere, tolerance=1e-12, relation="<=", draw=draw)


@claim(
    "At the optimum of a linear VAE the ELBO is the log-likelihood of probabilistic PCA",
    source="Lucas 2019",
)
def elbo_is_the_log_likelihood() -> Outcome:
    """A linear VAE loses nothing to its bound: its best ELBO is the largest log-likelihood.

    log p(x) - ELBO = KL(q(z|x) || p(z|x)). The posterior of the linear-Gaussian model is
    N(M^-1 W (x - b), s2 M^-1) with M = W W^T + s2 I. Its mean is linear in x, which the encoder can
    be, and its covariance is diagonal if the rows of W are orthogonal, which can be had without
    changing p(x). So the gap can be closed at the maximum of p(x).
    """
    X, _ = data_with_spectrum(LAM, rng=2)
    X = X + np.linspace(-1, 1, len(LAM))
    widths = range(1, 5)
    exact = [largest_log_likelihood(LAM, k) for k in widths]
    models = [trained(X, k) for k in widths]
    measured = [vae_is_ppca.exact_elbo(model, X).elbo.mean() for model in models]

    def draw(ax: Any) -> None:
        ax.plot(widths, exact, "k--", label="largest log-likelihood")
        ax.plot(widths, measured, "o", label="ELBO of the trained VAE")
        ax.set(xlabel="latents $k$", ylabel="nats per example", xticks=widths)
        ax.legend()

    return Outcome(exact, measured, tolerance=1e-8, draw=draw)


@claim(
    "On photograph patches the trained ELBO is the likelihood of probabilistic PCA",
    source="Lucas 2019",
)
def elbo_of_photograph_patches() -> Outcome:
    """The same on data that nobody made Gaussian: 1,000 patches of 6 x 6 pixels, 4 latents.

    Both sides depend on the data through mean and covariance alone, so nothing need be Gaussian.
    The exact value comes from the eigenvalues of the patches' covariance.
    """
    X = datasets.image_patches(1000, size=6, rng=0)
    lam = np.linalg.eigvalsh(np.cov(X, rowvar=False, bias=True))[::-1]
    report = vae_is_ppca.verify_ppca_equivalence(X, 4, rng=0)
    exact = [largest_log_likelihood(lam, 4), lam[4:].mean()]
    return Outcome(exact, [report.elbo, report.noise_variance], tolerance=[1e-6, 1e-8])


@claim("The ELBO fixes the rotation that the likelihood leaves free", source="Lucas 2019")
def elbo_fixes_the_rotation() -> Outcome:
    """W W^T becomes diagonal, with lam_i - s2 on the diagonal, from any start.

    p(x) depends on W^T W alone, so R W is as likely as W for every rotation R. But an encoder of
    diagonal covariance closes the gap only if M = W W^T + s2 I is diagonal. At the maximum
    W = R (Lam_k - s2 I)^1/2 U_k^T, so the rows of W are the principal axes, in some order and of
    either sign, of length (lam_i - s2)^1/2.
    """
    X, U = data_with_spectrum(LAM, rng=3)
    s2 = LAM[2:].mean()
    rows = []
    for seed in range(5):
        W = trained(X, 2, rng=seed).params["decoder.0.W"]
        rows.append(W[np.argsort(-np.sum(W**2, axis=1))])

    def draw(ax: Any) -> None:
        for seed, W in enumerate(rows):
            ends = W @ U[:, :2]
            ax.plot(*ends.T, "o", ms=16 - 3 * seed, mfc="none", label=f"start {seed}")
        ax.axhline(0, color="k", lw=0.8)
        ax.axvline(0, color="k", lw=0.8)
        ax.set(xlabel="along $u_1$", ylabel="along $u_2$", xlim=(-3, 3), ylim=(-3, 3))
        ax.set_title("rows of W: on the principal axes, of either sign", fontsize="medium")
        ax.legend(fontsize="small")

    measured = [W @ W.T for W in rows]
    exact = np.broadcast_to(np.diag(LAM[:2] - s2), (5, 2, 2))
    return Outcome(exact, measured, tolerance=1e-5, draw=draw)


@claim(
    "The trained encoder is the posterior: it shrinks means by s2 / lam and has that variance",
    source="Tipping and Bishop 1999",
)
def trained_encoder_is_the_posterior() -> Outcome:
    """At the optimum M = Lam_k, so E[z_i|x] = w_i.(x - b) / lam_i and Var[z_i|x] = s2 / lam_i.

    Conditioning the joint Gaussian of z and x gives N(M^-1 W (x - b), s2 M^-1) with
    M = W W^T + s2 I, and |w_i|^2 = lam_i - s2 makes M diagonal. With W = (Lam - s2 I)^1/2 U^T the
    mean is (lam_i - s2)^1/2 u_i.(x - b) / lam_i, up to the sign of w_i. What is measured are the
    encoder's own outputs for every row of the data.
    """
    X, U = data_with_spectrum(LAM, rng=4)
    model = trained(X, 3)
    mu, log_var = model.encode(X)
    W, s2 = model.params["decoder.0.W"], LAM[3:].mean()
    order = np.argsort(-np.sum(W**2, axis=1))
    signs = np.sign(np.sum(W[order] * U[:, :3].T, axis=1))
    lam = LAM[:3]
    exact_mu = signs * np.sqrt(lam - s2) / lam * (X @ U[:, :3])
    exact = [exact_mu, np.broadcast_to(s2 / lam, mu.shape)]
    measured = [mu[:, order], np.exp(log_var[:, order])]

    def draw(ax: Any) -> None:
        for i in range(3):
            ax.plot(X @ U[:, i], signs[i] * measured[0][:, i], "o", label=f"$z_{i + 1}$")
            ax.axline((0, 0), slope=np.sqrt(lam[i] - s2) / lam[i], color=f"C{i}", lw=0.8)
        ax.set(xlabel=r"projection $u_i \cdot x$", ylabel=r"encoder's mean $\mu_i(x)$")
        ax.legend()

    return Outcome(exact, measured, tolerance=1e-5, draw=draw)


@claim(
    "Rows of W at an angle cost the ELBO half the log of a ratio of determinants",
    source="derived here",
)
def gap_of_a_rotated_decoder() -> Outcome:
    """The best diagonal q loses 1/2 (sum_i log P_ii - log |P|), with P = I + W W^T / s2.

    P is the precision of p(z|x). Of all diagonal Gaussians with the right mean, N(m, D) has
    KL = 1/2 [tr(P D) - k - log |P| - log |D|], least where D_ii = 1 / P_ii, and tr(P D) is then k.
    It is zero for orthogonal rows alone (Hadamard's inequality). Turning W by an angle leaves p(x)
    as it is, and opens the gap; the encoder is trained for each angle.
    """
    X, U = data_with_spectrum(LAM, rng=5)
    s2 = 0.5
    straight = np.sqrt(LAM[:2] - s2)[:, None] * U[:, :2].T
    angles = np.linspace(0, np.pi / 2, 9)
    exact, measured = [], []
    for angle in angles:
        cos, sin = np.cos(angle), np.sin(angle)
        W = np.array([[cos, sin], [-sin, cos]]) @ straight
        P = np.eye(2) + W @ W.T / s2
        exact.append(0.5 * (np.log(np.diag(P)).sum() - np.linalg.slogdet(P).logabsdet))
        model = vae.VAE(len(LAM), 2, likelihood=likelihoods.Gaussian(np.sqrt(s2)), rng=0)
        model.params["decoder.0.W"][...] = W
        train_encoder(model, X)
        elbo = vae_is_ppca.exact_elbo(model, X).elbo.mean()
        measured.append(log_likelihood(X, W, s2) - elbo)

    def draw(ax: Any) -> None:
        ax.plot(np.degrees(angles), exact, "k--", label="formula")
        ax.plot(np.degrees(angles), measured, "o", label="log-likelihood - best ELBO")
        ax.set(xlabel="rotation of W, degrees", ylabel="gap (nats)")
        ax.legend()

    return Outcome(exact, measured, tolerance=1e-9, draw=draw)
