"""ELBO surgery: the codes of all examples together, and what the KL to the prior is made of."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import integrate

from minivae import diagnostics
from minivae.claims import Outcome, claim
from minivae.claims.linear_rigs import data_with_spectrum
from minivae.claims.vae_rigs import LAM, N_LATENT, SETTINGS, trained_at


@claim(
    "All posteriors together are exactly the prior, at every level of collapse",
    source="derived here",
)
def aggregated_posterior_is_the_prior() -> Outcome:
    """q(z) = mean of q(z|x) over the data has the mean 0 and the covariance I.

    In a latent's own direction the variances of mean and noise, 1 - t / lam_i and t / lam_i, add up
    to 1; two latents' means are uncorrelated, because they are projections on different principal
    axes. For Gaussian data q(z) is Gaussian too, and so N(0, I) itself: the linear VAE leaves no
    holes, whatever beta is.
    """
    X, _ = data_with_spectrum(LAM, rng=4)
    X = X + np.arange(len(LAM))
    means, covariances = [], []
    for setting in SETTINGS:
        mean, covariance = diagnostics.aggregated_posterior(
            *diagnostics.posteriors(trained_at(X, *setting), X)
        )
        means.append(mean)
        covariances.append(covariance)
    exact = np.vstack([np.zeros(N_LATENT), np.eye(N_LATENT)])
    measured = [np.vstack(both) for both in zip(means, covariances, strict=True)]
    return Outcome(np.broadcast_to(exact, (5, 5, 4)), measured, tolerance=1e-5)


@claim(
    "The mean KL is what the code says of x plus what the codes miss of the prior",
    source="Hoffman and Johnson 2016",
)
def elbo_surgery_of_gaussians() -> Outcome:
    """For any encoder, mean KL(q(z|x) || p) = I(x; z) + KL(q(z) || p).

    Add and subtract log q(z) in E log q(z|x) / p(z). For a linear encoder z = x V + noise of
    covariance D and Gaussian data, q(z) = N(0, A) with A = V^T S V + D, I = 1/2 log(|A| / |D|) and
    KL(q(z) || p) = 1/2 [tr A - k - log |A|]. The first encoder is the
    trained one, which wastes nothing: I is all of its rate. The other four are arbitrary.
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
        log_A, log_D = (np.linalg.slogdet(matrix).logabsdet for matrix in (A, D))
        parts = 0.5 * (log_A - log_D), 0.5 * (np.trace(A) - N_LATENT - log_A)
        exact.append([sum(parts), *parts])
        measured.append(diagnostics.elbo_surgery(*diagnostics.posteriors(model, X)))
    return Outcome(exact, measured, tolerance=1e-8)


@claim(
    "The mean KL splits so for mixtures too: by quadrature and Monte Carlo",
    source="Hoffman and Johnson 2016",
)
def elbo_surgery_of_a_mixture() -> Outcome:
    """I(x; z) is the mean KL less KL(q(z) || p), also where q(z) is no Gaussian.

    Six examples have one-dimensional posteriors of different means and widths. KL(q(z) || p) is an
    integral over the line, and the mean KL is known, so their difference is an exact value of I. It
    is estimated by drawing z from each posterior and asking how much likelier its own x makes it.
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
    mean_kl = diagnostics.kl_per_dimension(*repeated).sum()
    information, error = diagnostics.mutual_information(*repeated, rng=0)

    def draw(ax: Any) -> None:
        z = np.linspace(-5, 5, 400)
        densities = np.exp(-0.5 * (z[:, None] - mu) ** 2 / np.exp(log_var)) / norms
        ax.plot(z, densities / len(mu), color="C0", lw=0.8)
        ax.plot(z, densities.mean(axis=1), "C0", lw=2, label="$q(z)$, and its six parts")
        ax.plot(z, np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi), "k--", label="$p(z)$")
        ax.set(xlabel="$z$", ylabel="density")
        ax.legend()

    return Outcome(mean_kl - marginal, information, tolerance=5 * error, draw=draw)
