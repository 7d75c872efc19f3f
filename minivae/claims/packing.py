"""How many points a code space tells apart: the spheres of its posteriors, packed."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from minivae.claims import Outcome, claim
from minivae.edge.checks import Array
from minivae.nn import gaussian


@claim(
    "A code of I nats keeps about e^I points apart: fewer are found again, more are mixed up",
    source="Shannon 1949; derived here",
)
def sphere_packing() -> Outcome:
    """Posteriors of the variance s^2 fill a prior N(0, 1) of d latents; (1 / s)^d of them fit in.

    The logarithm of this ratio of volumes is I = -d log s, the mutual information of mu and z if mu
    ~ N(0, 1 - s^2) and z = mu + s eps, and the mean KL from the prior. Put N points mu at random,
    draw z for one of them, and guess the nearest mu. Given |z| = r, the true point lies at a
    squared distance b ncx2(d, s^4 r^2 / b) with b = s^2 (1 - s^2), and every other point at (1 -
    s^2) ncx2(d, r^2 / (1 - s^2)). So the guess is right with probability E (1 - F)^(N - 1), where F
    is the distribution function of the other distance at the true one. The exact values are this
    expectation by quadrature for N = e^(I / 2), e^I and e^(3 I / 2), and I. The measured values are
    the share of right guesses among 10,000 draws of `reparameterize`, and the average of
    `gaussian_kl`.
    """
    d, s2 = 4, 0.1
    information = -0.5 * d * np.log(s2)
    rng, n_draws = np.random.default_rng(0), 10_000
    shares = (0.5, 1.0, 1.5)
    sizes = [round(np.exp(share * information)) for share in shares]
    right = [_found_again(size, d, s2, n_draws, rng) for size in sizes]
    exact = np.array([_probability(size, d, s2) for size in sizes])

    mu = np.sqrt(1 - s2) * rng.standard_normal((20_000, d))
    kl = gaussian.gaussian_kl(mu, np.full_like(mu, np.log(s2)))

    def draw(ax: Any) -> None:
        many = np.linspace(0.1, 2, 20)
        for dims in (2, 4, 16):
            variance = s2 ** (4 / dims)  # the same information
            curve = [_probability(np.exp(m * information), dims, variance) for m in many]
            ax.plot(many, curve, label=f"{dims} latents, exact")
        ax.plot(shares, right, "ko", label="4 latents, measured")
        ax.axvline(1, color="0.35", linestyle="--")
        ax.set(xlabel="log N / I", ylabel="share of points that are found again", ylim=(0, 1))
        ax.legend()

    errors = 5 * np.sqrt(exact * (1 - exact) / n_draws)
    return Outcome(
        np.append(exact, information),
        np.append(right, np.mean(kl)),
        np.append(errors, 5 * _deviation_of_kl(d, s2) / np.sqrt(len(mu))),
        because="five standard errors of 10,000 guesses, and of 20,000 KLs",
        draw=draw,
    )


def _found_again(size: int, d: int, s2: float, n_draws: int, rng: np.random.Generator) -> float:
    """Return how often the nearest of `size` new random points is the one that z came from."""
    n_right = 0
    for _ in range(n_draws):
        mu = np.sqrt(1 - s2) * rng.standard_normal((size, d))
        z = gaussian.reparameterize(
            mu[:1], np.full((1, d), np.log(s2)), rng.standard_normal((1, d))
        )
        n_right += np.argmin(np.sum((mu - z) ** 2, axis=1)) == 0
    return n_right / n_draws


def _probability(size: float, d: int, s2: float, n_nodes: int = 100) -> float:
    """Return E (1 - F)^(size - 1) by midpoints in the quantiles of |z|^2 and of the distance."""
    u = (np.arange(n_nodes) + 0.5) / n_nodes
    r2 = stats.chi2.ppf(u, d)[:, None]  # (nodes, 1)
    b = s2 * (1 - s2)
    own = b * stats.ncx2.ppf(u, d, s2**2 * r2 / b)  # (nodes, nodes)
    other: Array = stats.ncx2.cdf(own / (1 - s2), d, r2 / (1 - s2))
    return float(np.mean((1 - other) ** (size - 1)))


def _deviation_of_kl(d: int, s2: float) -> float:
    """Return the standard deviation of KL = |mu|^2 / 2 + constant: |mu|^2 is (1 - s^2) chi^2."""
    return 0.5 * (1 - s2) * np.sqrt(2 * d)
