"""ELBO surgery: the aggregated posterior, and the two parts of the mean KL to the prior."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import integrate, special, stats

from minivae import diagnostics
from minivae.claims import Outcome, claim
from minivae.claims.linear_rigs import data_with_spectrum
from minivae.claims.pictures import along
from minivae.claims.vae_rigs import LAM, N_LATENT, SETTINGS, trained_at


@claim(
    "Over a Gaussian population the aggregated posterior of an optimal linear VAE is the prior",
    source="derived here",
)
def aggregated_posterior_is_the_prior() -> Outcome:
    """q(z), the mean of q(z|x) over the population, has the mean 0 and the covariance I.

    In the direction of a latent the variances of its mean and its noise, 1 - t / lam_i and t /
    lam_i, add up to 1. The means of two latents are uncorrelated, because they are projections on
    different principal axes. For Gaussian data q(z) is Gaussian, too, so it is N(0, I): the linear
    VAE leaves no holes, for every beta. (For finitely many x, q(z) is a mixture with holes: see
    `mixture-of-codes`.) The measured values are the mean and the covariance over 12 rows with the
    moments of the population, and Kolmogorov's distance of |z|^2 from chi-squared over 20,000 draws
    of x and z.
    """
    X, U = data_with_spectrum(LAM, rng=4)
    X = X + np.arange(len(LAM))
    means, covariances, squares, rng = [], [], [], np.random.default_rng(4)
    population = np.arange(len(LAM)) + rng.standard_normal((20_000, len(LAM))) @ (
        U @ np.diag(np.sqrt(LAM)) @ U.T
    )
    for setting in SETTINGS:
        model = trained_at(X, *setting)
        mean, covariance = diagnostics.aggregated_posterior(*diagnostics.posteriors(model, X))
        squares.append(np.sum(model.sample_posterior(population, rng=rng) ** 2, axis=1))
        means.append(mean)
        covariances.append(covariance)
    exact = np.vstack([np.zeros(N_LATENT), np.eye(N_LATENT)])
    measured = [np.vstack(both) for both in zip(means, covariances, strict=True)]
    chi_squared = stats.chi2(N_LATENT)
    distances = [stats.kstest(values, chi_squared.cdf).statistic for values in squares]

    def draw(ax: Any) -> None:
        x = np.linspace(0, 20, 200)
        for values, (s2, beta) in zip(squares, SETTINGS, strict=True):
            label = rf"$s^2 = {s2:g}$, $\beta = {beta:g}$"
            ax.hist(values, bins=80, density=True, histtype="step", alpha=0.6, label=label)
        ax.plot(x, chi_squared.pdf(x), "k--", label="chi-squared, 4 degrees of freedom")
        ax.set(xlabel="$|z|^2$ of codes from all of the population", ylabel="density", xlim=(0, 20))
        ax.legend()

    return Outcome(
        [*np.tile(exact.ravel(), 5), *np.zeros(5)],
        [*np.ravel(measured), *distances],
        tolerance=[*np.full(100, 1e-5), *np.full(5, 2.2 / np.sqrt(20_000))],
        because="where L-BFGS stops; Kolmogorov's distance is larger once in 8,000 times",
        draw=draw,
    )


@claim(
    "For Gaussian x and a linear code, the mean KL is I(x; z) plus the KL of q(z) to the prior",
    source="Hoffman and Johnson 2016",
)
def elbo_surgery_of_gaussians() -> Outcome:
    """For every encoder, mean KL(q(z|x) || p) = I(x; z) + KL(q(z) || p).

    Add and subtract log q(z) in E log q(z|x) / p(z). For a linear encoder z = x V + noise of
    covariance D and Gaussian data, q(z) = N(0, A) with A = V^T S V + D, I = 1/2 log(|A| / |D|) and
    KL(q(z) || p) = 1/2 [tr A - k - log |A|]. The first encoder is the trained one, whose rate is
    all information; the other four are arbitrary. The 12 rows stand for a Gaussian population with
    the same moments; a code of only these rows could tell at most log 12 = 2.48 nats. The exact
    value is I = 1/2 log(|S| |A| / |J|), where J is the joint covariance of x and z.
    """
    X, U = data_with_spectrum(LAM, rng=5)
    S, rng = U @ np.diag(LAM) @ U.T, np.random.default_rng(5)
    model = trained_at(X, 1.0, 1.0)
    exact, measured = [], []
    for trial in range(5):
        W, b = model.params["encoder.0.W"], model.params["encoder.0.b"]
        if trial:
            W[:, :N_LATENT] = rng.standard_normal((len(LAM), N_LATENT))
            W[:, N_LATENT:], b[:] = 0, [*np.zeros(N_LATENT), *rng.uniform(-2, 1, N_LATENT)]
        V, D = W[:, :N_LATENT], np.diag(np.exp(20 * np.tanh(b[N_LATENT:] / 20)))
        A = V.T @ S @ V + D
        joint = np.block([[S, S @ V], [V.T @ S, A]])
        log_A, log_S, log_J = (np.linalg.slogdet(matrix).logabsdet for matrix in (A, S, joint))
        parts = 0.5 * (log_A + log_S - log_J), 0.5 * (np.trace(A) - N_LATENT - log_A)
        exact.append([sum(parts), *parts])
        measured.append(diagnostics.elbo_surgery(*diagnostics.posteriors(model, X)))
    places = ["trained", *(f"random {i}" for i in range(1, 5))]
    names = ["rate", "information", "KL from the prior"]
    draw = along("encoder", places, "nats", exact, measured, names=names)
    because = "rounding of determinants"
    return Outcome(exact, measured, tolerance=1e-8, because=because, draw=draw)


@claim(
    "The mean KL splits into the same two parts for a mixture: by quadrature and Monte Carlo",
    source="Hoffman and Johnson 2016",
)
def elbo_surgery_of_a_mixture() -> Outcome:
    """I(x; z) is the mean KL minus KL(q(z) || p), also if q(z) is not Gaussian.

    Six examples have one-dimensional posteriors with different means and widths. KL(q(z) || p) is
    an integral over the line, and the mean KL is known, so their difference is the exact value of
    I. The estimate draws z from each posterior and averages the log ratio of the density for its
    own x to the mean density over all x. The standard error of the estimate is checked, too: the
    exact value is the standard deviation of the log ratio, by quadrature, over the root of the
    1,800 draws.
    """
    mu = np.array([-3.0, -1.2, -1.0, 0.4, 2.0, 2.3])
    log_var = np.log([0.3, 0.1, 0.9, 0.05, 0.2, 0.6])
    norms = np.sqrt(2 * np.pi * np.exp(log_var))

    def q(z: float) -> float:
        return float(np.mean(np.exp(-0.5 * (z - mu) ** 2 / np.exp(log_var)) / norms))

    def integrand(z: float) -> float:
        return q(z) * (np.log(q(z)) + 0.5 * z**2 + 0.5 * np.log(2 * np.pi))

    marginal = integrate.quad(integrand, -9, 9, points=mu, epsabs=1e-10)[0]
    repeated = [np.repeat(values, 300)[:, None] for values in (mu, log_var)]
    mean_kl = np.mean(mu**2 + np.exp(log_var) - 1 - log_var) / 2
    runs = [diagnostics.mutual_information(*repeated, rng=seed) for seed in range(8)]
    information, stated = np.transpose(runs)
    error = information.std(ddof=1) / np.sqrt(8)
    exact = mean_kl - marginal

    def squared_ratio(z: float) -> float:
        log_p = -0.5 * (z - mu) ** 2 / np.exp(log_var) - np.log(norms)
        log_q = special.logsumexp(log_p) - np.log(6)
        return float(np.mean(np.exp(log_p) * (log_p - log_q) ** 2))

    square = integrate.quad(squared_ratio, -9, 9, points=mu, epsabs=1e-10, limit=200)[0]

    def draw(ax: Any) -> None:
        z = np.linspace(-5, 5, 400)
        densities = np.exp(-0.5 * (z[:, None] - mu) ** 2 / np.exp(log_var)) / norms
        ax.plot(z, densities / len(mu), color="C0", lw=0.8)
        ax.plot(z, densities.mean(axis=1), "C0", lw=2, label="$q(z)$, and its six parts")
        ax.plot(z, np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi), "k--", label="$p(z)$")
        ax.set(xlabel="$z$", ylabel="density")
        ax.legend()

    return Outcome(
        exact=[mean_kl, exact, np.sqrt((square - exact**2) / 1800)],
        measured=[
            diagnostics.kl_per_dimension(*repeated).sum(),
            information.mean(),
            np.mean(stated),
        ],
        tolerance=[1e-12, 7 * error, 7 * np.std(stated, ddof=1) / np.sqrt(8)],
        because="rounding; seven standard errors of eight runs",
        draw=draw,
    )
