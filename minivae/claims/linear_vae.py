"""The linear VAE is probabilistic PCA, and its ELBO also fixes the axes.

In all claims the data have the covariance ``U diag(lam) U^T``, known by construction. The decoder
is ``x = z @ W + b`` with the k rows w_i of W, and noise of variance s2.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from scipy import linalg, optimize, stats

from minivae import datasets
from minivae.claims import Outcome, claim
from minivae.claims.linear_rigs import data_with_spectrum
from minivae.claims.vae_rigs import largest_log_likelihood, train_encoder, trained
from minivae.edge.checks import Array
from minivae.linear import probabilistic_pca, vae_is_ppca
from minivae.models import vae
from minivae.nn import likelihoods

LAM = np.array([6.0, 2.6, 1.4, 0.7, 0.5, 0.3])


def log_likelihood(X: Array, W: Array, s2: float) -> float:
    """Return the mean log-likelihood of centred data under N(0, W^T W + s2 I)."""
    covariance = W.T @ W + s2 * np.eye(X.shape[1])
    return float(stats.multivariate_normal(np.zeros(X.shape[1]), covariance).logpdf(X).mean())


@claim(
    "The largest likelihood of probabilistic PCA depends on the spectrum alone",
    source="Tipping and Bishop 1999",
)
def ppca_largest_likelihood() -> Outcome:
    """At the maximum the covariance has the k largest lam_i, and s2 is the mean of the others.

    The mean log-likelihood of N(0, C) is -1/2 [d log 2 pi + log |C| + tr(C^-1 S)]. The best C has
    the eigenvectors of S. It keeps the k largest eigenvalues, and replaces the others by their mean
    s2. Then tr(C^-1 S) = k + (d - k) = d, and log |C| = sum_(i <= k) log lam_i + (d - k) log s2. S
    has the divisor N, not N - 1.
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
        because="rounding",
        draw=draw,
    )


@claim(
    "No W and s2 with isotropic noise have a larger likelihood than those of probabilistic PCA",
    source="Tipping and Bishop 1999",
)
def ppca_is_the_maximum() -> Outcome:
    """Other eigenvectors, steps away, and optimizers from elsewhere all find smaller likelihoods.

    Where the gradient with respect to W is zero, W = U_I (Lam_I - s2 I)^1/2 R for a set I of k
    eigenvectors with lam_i >= s2, the mean of the rest. Only the set of the k largest makes a
    maximum. The claim tries all such sets, 300 steps in random directions of W and log s2, with
    lengths from 1e-4 to 1, and scipy's L-BFGS from five starts, on the density of scipy's
    multivariate normal. The last number shows that factor analysis, with a noise variance for each
    feature, has a larger likelihood.
    """
    X, U = data_with_spectrum(LAM, rng=1)
    model = probabilistic_pca.ProbabilisticPCA(2).fit(X)
    best, rng = model.score(X), np.random.default_rng(1)
    lengths = np.repeat(np.logspace(-4, 0, 25), 12)
    elsewhere = [
        log_likelihood(
            X,
            model.W_ + length * rng.standard_normal(model.W_.shape),
            model.noise_variance_ * np.exp(length * rng.standard_normal()),
        )
        for length in lengths
    ]
    others = []
    for kept in list(combinations(range(len(LAM)), 2))[1:]:
        s2 = np.delete(LAM, kept).mean()
        if LAM[list(kept)].min() >= s2:
            W = np.sqrt(LAM[list(kept)] - s2)[:, None] * U[:, kept].T
            others.append(log_likelihood(X, W, s2))
    found = [_most_likely(X, 2, 1, rng) for _ in range(5)]
    factors = max(_most_likely(X, 2, len(LAM), rng) for _ in range(3))

    def draw(ax: Any) -> None:
        ax.loglog(lengths, best - np.array(elsewhere), "o", alpha=0.5, label="a step away")
        for i, value in enumerate(others):
            label = "other eigenvectors" if i == 0 else ""
            ax.axhline(best - value, color="C1", lw=0.8, label=label)
        ax.set(xlabel="size of the step", ylabel="log-likelihood lost (nats)")
        ax.legend()

    below = [*elsewhere, *others, *found]
    return Outcome(
        exact=[*np.full(len(below), best), factors],
        measured=[*below, best + 0.01],
        tolerance=[*np.full(len(elsewhere), 1e-12), *np.full(len(others) + 5, 1e-9), 0],
        because="rounding",
        relation="<=",
        draw=draw,
    )


def _most_likely(X: Array, k: int, n_variances: int, rng: np.random.Generator) -> float:
    """Return the best log-likelihood that scipy finds, with one noise variance or with many."""
    S, d = X.T @ X / len(X), X.shape[1]

    def loss(theta: Array) -> tuple[float, Array]:
        W, noise = theta[: k * d].reshape(k, d), np.exp(theta[k * d :])
        C = W.T @ W + np.diag(np.broadcast_to(noise, d))
        inverse = np.linalg.inv(C)
        G = (inverse - inverse @ S @ inverse) / 2  # the gradient with respect to C
        of_noise = np.diag(G) * noise if n_variances > 1 else [np.trace(G) * noise[0]]
        value = 0.5 * (np.linalg.slogdet(2 * np.pi * C)[1] + np.trace(inverse @ S))
        return value, np.concatenate([(2 * W @ G).ravel(), of_noise])

    start = rng.standard_normal(k * d + n_variances)
    bounds = [(None, None)] * (k * d) + [(-5, 5)] * n_variances
    found = optimize.minimize(loss, start, jac=True, bounds=bounds, options={"ftol": 1e-14})
    return float(-found.fun)


@claim(
    "A linear VAE is probabilistic PCA: its best ELBO is the largest log-likelihood",
    source="Lucas et al. 2019; Dai et al. 2018",
)
def linear_vae_is_probabilistic_pca() -> Outcome:
    """At its optimum a linear VAE loses nothing to its bound: the ELBO is the log-likelihood.

    log p(x) - ELBO = KL(q(z|x) || p(z|x)). The posterior of the linear-Gaussian model is N(M^-1 W
    (x - b), s2 M^-1) with M = W W^T + s2 I. Its mean is linear in x, as the encoder is. Its
    covariance is diagonal if the rows of W are orthogonal, and a rotation makes them orthogonal
    without changing p(x). So the KL can be zero at the maximum of p(x).
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

    return Outcome(exact, measured, tolerance=1e-8, because="where L-BFGS stops", draw=draw)


@claim(
    "On patches of a photograph the trained ELBO is the likelihood of probabilistic PCA",
    source="Lucas et al. 2019",
)
def elbo_of_photograph_patches() -> Outcome:
    """The data need not be Gaussian: 1,000 patches of 6 x 6 pixels, with 4 latents.

    Both sides depend on the data only through the mean and the covariance. The exact value comes
    from the eigenvalues of the covariance of the patches.
    """
    X = datasets.image_patches(1000, size=6, rng=0)
    lam = np.linalg.eigvalsh(np.cov(X, rowvar=False, bias=True))[::-1]
    report = vae_is_ppca.verify_ppca_equivalence(X, 4, rng=0)
    exact = [largest_log_likelihood(lam, 4), lam[4:].mean()]
    measured = [report.elbo, report.noise_variance]
    return Outcome(exact, measured, tolerance=[1e-6, 1e-8], because="where L-BFGS stops")


@claim(
    "If lam_1 > ... > lam_k > s2, the best ELBO fixes the rotation that p(x) leaves free",
    source="Lucas et al. 2019",
)
def elbo_fixes_the_rotation() -> Outcome:
    """W W^T becomes diagonal, with lam_i - s2 on the diagonal, from any start.

    p(x) depends only on W^T W, so R W has the same likelihood as W for every rotation R. But an
    encoder with a diagonal covariance matches the posterior only if M = W W^T + s2 I is diagonal.
    At the maximum W = R (Lam_k - s2 I)^1/2 U_k^T. So the rows of W are the principal axes, in some
    order and with either sign, with the lengths (lam_i - s2)^1/2.
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
    return Outcome(exact, measured, tolerance=1e-5, because="where L-BFGS stops", draw=draw)


@claim(
    "The trained encoder is the posterior: it shrinks means by s2 / lam, and has this variance",
    source="Tipping and Bishop 1999",
)
def trained_encoder_is_the_posterior() -> Outcome:
    """At the optimum M = Lam_k, so E[z_i|x] = w_i.(x - b) / lam_i and Var[z_i|x] = s2 / lam_i.

    Conditioning the joint Gaussian of z and x gives N(M^-1 W (x - b), s2 M^-1) with M = W W^T + s2
    I, and |w_i|^2 = lam_i - s2 makes M diagonal. With W = (Lam - s2 I)^1/2 U^T the mean is (lam_i -
    s2)^1/2 u_i.(x - b) / lam_i, up to the sign of w_i. The measured values are the encoder's
    outputs for every row of the data.
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

    return Outcome(exact, measured, tolerance=1e-5, because="where L-BFGS stops", draw=draw)


@claim(
    "Conditioning the joint normal of z and x gives the p(z | x) of probabilistic PCA",
    source="Tipping and Bishop 1999; Bishop 2006, section 2.3.1",
)
def ppca_posterior_by_conditioning() -> Outcome:
    """E[z|x] = W C^-1 (x - mean) and Cov[z|x] = I - W C^-1 W^T, with C = W^T W + s2 I.

    These rules hold for every joint normal, and invert a matrix as large as the data. The library
    inverts a matrix as large as the code instead: the mean is M^-1 W (x - mean) and the covariance
    is s2 M^-1, with M = W W^T + s2 I. The exact values are scipy's solution of the large system,
    with W and s2 from numpy's eigenvectors. `reconstruct` decodes the shrunken mean.
    """
    X, U = data_with_spectrum(LAM, rng=6)
    X = X + np.linspace(-1, 2, len(LAM))
    model = probabilistic_pca.ProbabilisticPCA(3).fit(X)
    s2 = LAM[3:].mean()
    axes = U[:, :3].T
    largest = axes[np.arange(3), np.abs(axes).argmax(axis=1)]
    W = np.sqrt(LAM[:3] - s2)[:, None] * axes * np.sign(largest)[:, None]
    C = W.T @ W + s2 * np.eye(len(LAM))
    gain = linalg.solve(C, W.T)  # (features, latents)
    mean = X.mean(axis=0)
    mu = (X - mean) @ gain
    covariance = np.eye(3) - W @ gain
    found_mu, found_covariance = model.posterior(X)
    log_p = stats.multivariate_normal(mean, C).logpdf(X)
    exact = [W, mu, covariance, mu @ W + mean, log_p, mu, mu @ W + mean]
    measured = [model.W_, found_mu, found_covariance, model.reconstruct(X), model.score_samples(X)]
    measured += [model.transform(X), model.inverse_transform(mu)]

    def draw(ax: Any) -> None:
        ellipse = np.linalg.cholesky(covariance[:2, :2]) @ [
            np.cos(np.linspace(0, 2 * np.pi, 100)),
            np.sin(np.linspace(0, 2 * np.pi, 100)),
        ]
        ax.plot(*found_mu[:, :2].T, "k.", label="means of p(z | x), for each x")
        for row in mu[:: len(mu) // 4]:
            ax.plot(*(row[:2, None] + ellipse), "C0", lw=0.8)
        ax.set(xlabel="$z_1$", ylabel="$z_2$", aspect="equal")
        ax.set_title("with one standard deviation around some of them", fontsize="medium")
        ax.legend()

    return Outcome(
        np.concatenate([np.ravel(value) for value in exact]),
        np.concatenate([np.ravel(value) for value in measured]),
        tolerance=1e-10,
        because="rounding, over the gaps of the spectrum",
        draw=draw,
    )


@claim(
    "If the rows of W are not orthogonal, the ELBO loses half the log of a ratio of determinants",
    source="derived here",
)
def gap_of_a_rotated_decoder() -> Outcome:
    """The best diagonal q loses 1/2 (sum_i log P_ii - log |P|), with P = I + W W^T / s2.

    P is the precision of p(z|x). For a diagonal Gaussian N(m, D) with the right mean m, KL = 1/2
    [tr(P D) - k - log |P| - log |D|]. It is least if D_ii = 1 / P_ii, and then tr(P D) = k. The
    loss is zero only for orthogonal rows (Hadamard's inequality). A rotation of W does not change
    p(x), but opens this gap. The encoder is trained for each angle.
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

    return Outcome(exact, measured, tolerance=1e-9, because="where L-BFGS stops", draw=draw)
