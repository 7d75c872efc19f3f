"""Tutorial 10: probabilistic PCA, its posterior, and which latents of a linear VAE collapse."""

from __future__ import annotations

from typing import Any

import numpy as np

from minivae.course.exercises import Exercises, Function, ValueCheck
from minivae.diagnostics import gaussian_rate_distortion
from minivae.edge.checks import Array
from minivae.linear import ProbabilisticPCA

rng = np.random.default_rng(10)
X = rng.normal(size=(9, 5)) @ rng.normal(size=(5, 5)) + rng.normal(size=5)
x = rng.normal(size=(7, 4))
W = rng.normal(size=(3, 4))
b = rng.normal(size=4)
S2 = 0.3
LAM = np.array([9.0, 5.0, 2.6, 1.5, 0.4])


def by_ppca(X: Array, k: int) -> tuple[Any, Array]:
    """Return the library's noise variance and covariance."""
    model = ProbabilisticPCA(k).fit(X)
    s2 = model.noise_variance_
    return s2, model.W_.T @ model.W_ + s2 * np.eye(X.shape[1])


def ppca_with(noise: Function, *, subtract: bool = True) -> Function:
    """Return a fit with another rule for the noise, given the discarded eigenvalues."""

    def fit(X: Array, k: int) -> tuple[Any, Array]:
        lam, U = np.linalg.eigh(np.cov(X, rowvar=False, bias=True))
        s2, kept = noise(lam[:-k]), U[:, -k:]
        squares = lam[-k:] - s2 if subtract else lam[-k:]
        return s2, kept * squares @ kept.T + s2 * np.eye(len(lam))

    return fit


def unbiased(X: Array, k: int) -> tuple[Any, Array]:
    """Return the fit of a covariance with the divisor N - 1."""
    s2, C = by_ppca(X, k)
    return s2 * len(X) / (len(X) - 1), C * len(X) / (len(X) - 1)


def not_centred(X: Array, k: int) -> tuple[Any, Array]:
    """Return the fit of the second moment in the place of the covariance."""
    lam, U = np.linalg.eigh(X.T @ X / len(X))
    s2 = lam[:-k].mean()
    return s2, U[:, -k:] * (lam[-k:] - s2) @ U[:, -k:].T + s2 * np.eye(len(lam))


def along_rows(X: Array, k: int) -> tuple[Any, Array]:
    """Return the fit with the rows of eigh's matrix as its directions."""
    lam, U = np.linalg.eigh(np.cov(X, rowvar=False, bias=True))
    s2, kept = lam[:-k].mean(), U[-k:].T
    return s2, kept * (lam[-k:] - s2) @ kept.T + s2 * np.eye(len(lam))


def of_smallest(X: Array, k: int) -> tuple[Any, Array]:
    """Return a fit that keeps the directions of least variance."""
    lam, U = np.linalg.eigh(np.cov(X, rowvar=False, bias=True))
    s2, kept = lam[k:].mean(), U[:, :k]
    return s2, kept * (lam[:k] - s2) @ kept.T + s2 * np.eye(len(lam))


def by_the_joint(x: Array, W: Array, b: Array, s2: float) -> tuple[Array, Array]:
    """Return mean and covariance of z given x, from the joint normal density of both."""
    C = W.T @ W + s2 * np.eye(W.shape[1])
    gain = np.linalg.solve(C, W.T)  # (d, k)
    return (x - b) @ gain, np.eye(len(W)) - W @ gain


def without_prior(x: Array, W: Array, b: Array, s2: float) -> tuple[Array, Array]:
    """Return the least squares solution, which has no prior."""
    return (x - b) @ np.linalg.pinv(W), s2 * np.linalg.inv(W @ W.T)


def only_diagonal(x: Array, W: Array, b: Array, s2: float) -> tuple[Array, Array]:
    """Return the posterior as if the rows of W were orthogonal."""
    squares = np.sum(W**2, axis=1) + s2
    return (x - b) @ W.T / squares, np.diag(s2 / squares)


def with_unit_noise(x: Array, W: Array, b: Array, s2: float) -> tuple[Array, Array]:
    """Return the posterior with I in the place of s2 I."""
    inverse = np.linalg.inv(W @ W.T + np.eye(len(W)))
    return (x - b) @ W.T @ inverse, s2 * inverse


def by_water_filling(lam: Array, s2: float, beta: float) -> tuple[Array, Array]:
    """Return the squared lengths, and each latent's rate by the library's water-filling."""
    t = beta * s2
    rates = [gaussian_rate_distortion([variance], t)[0] for variance in lam]
    return np.maximum(lam - t, 0), np.array(rates)


def at_level(level: Function) -> Function:
    """Return the solution with another threshold."""
    return lambda lam, s2, beta: by_water_filling(lam, level(s2, beta), 1.0)


def never_collapsed(lam: Array, s2: float, beta: float) -> tuple[Array, Array]:
    """Return the formulas of active latents for all latents."""
    return lam - beta * s2, np.log(lam / (beta * s2)) / 2


def lengths_for_squares(lam: Array, s2: float, beta: float) -> tuple[Array, Array]:
    """Return the lengths of W's rows in the place of their squares."""
    squares, kl = by_water_filling(lam, s2, beta)
    return np.sqrt(squares), kl


EXERCISES: Exercises = {
    "fit_ppca": [
        ValueCheck(
            by_ppca,
            (X, 2),
            returns=("s2", "C"),
            mistakes={
                "the covariance has the divisor N - 1: use np.cov(..., bias=True)": unbiased,
                "s2 is the sum of the discarded eigenvalues: it should be their mean": (
                    ppca_with(np.sum)
                ),
                "s2 is the largest discarded eigenvalue: it should be their mean": (
                    ppca_with(np.max)
                ),
                "W is too long: along a kept axis w^2 + s2 is lam, so w^2 is lam - s2": (
                    ppca_with(np.mean, subtract=False)
                ),
                "the directions of smallest variance: eigh's order is rising": of_smallest,
                "X is not centred: subtract the mean of each column": not_centred,
                "the eigenvectors are the columns of eigh's matrix, not its rows": along_rows,
            },
            hint="C = U_k (Lam_k - s2 I) U_k^T + s2 I",
        ),
    ],
    "posterior": [
        ValueCheck(
            by_the_joint,
            (x, W, b, S2),
            returns=("mu", "covariance"),
            mistakes={
                "the prior is missing: M = W W^T + s2 I, not W W^T": without_prior,
                "M holds I in the place of s2 I: M = W W^T + s2 I": with_unit_noise,
                "only the diagonal of M: the rows of W need not be orthogonal": only_diagonal,
                "the covariance is s2 M^-1, but the s2 is missing": (
                    lambda x, W, b, s2: (
                        by_the_joint(x, W, b, s2)[0],
                        by_the_joint(x, W, b, s2)[1] / s2,
                    )
                ),
                "b is not subtracted from x": (
                    lambda x, W, b, s2: by_the_joint(x, W, np.zeros_like(b), s2)
                ),
            },
            hint="mu = (x - b) W^T M^-1, covariance = s2 M^-1",
        ),
    ],
    "collapse": [
        ValueCheck(
            by_water_filling,
            (LAM, 0.7, 2.9),
            returns=("squares", "kl"),
            mistakes={
                "beta is left out: the threshold is beta s2": at_level(lambda s2, beta: s2),
                "divided by beta: the threshold is beta s2": at_level(lambda s2, beta: s2 / beta),
                "s2 was squared, but it is a variance already": (
                    at_level(lambda s2, beta: beta * s2**2)
                ),
                "latents with lam < beta s2 have collapsed: both are 0 there": never_collapsed,
                "the KL of a collapsed latent is 0, not negative": (
                    lambda lam, s2, beta: (
                        by_water_filling(lam, s2, beta)[0],
                        never_collapsed(lam, s2, beta)[1],
                    )
                ),
                "the squared length of a collapsed latent is 0, not negative": (
                    lambda lam, s2, beta: (
                        never_collapsed(lam, s2, beta)[0],
                        by_water_filling(lam, s2, beta)[1],
                    )
                ),
                "beta does not multiply the KL: only the loss does that": (
                    lambda lam, s2, beta: (
                        by_water_filling(lam, s2, beta)[0],
                        beta * by_water_filling(lam, s2, beta)[1],
                    )
                ),
                "these are lengths: return their squares": lengths_for_squares,
                "the KL's half is missing": (
                    lambda lam, s2, beta: (
                        by_water_filling(lam, s2, beta)[0],
                        2 * by_water_filling(lam, s2, beta)[1],
                    )
                ),
            },
            hint="t = beta s2: squares = max(lam - t, 0), kl = log(max(lam / t, 1)) / 2",
        ),
    ],
}
