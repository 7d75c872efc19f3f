"""Codes of finitely many examples: how much they tell, and how far their mixture is from the prior.

N posteriors have the same width, and their means are placed so that the mixture has the prior's
mean and variance for every N. All quantities are integrals over the line.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats
from scipy.special import logsumexp

from minivae import diagnostics
from minivae.claims import Outcome, claim
from minivae.edge.checks import Array

Z = np.linspace(-9, 9, 60_001)
DZ = Z[1] - Z[0]
P = stats.norm.pdf(Z)


def _means(n: int, variance: float) -> Array:
    """Return n means with average 0, whose variance and the posterior variance add up to 1."""
    mu = stats.norm.ppf((np.arange(n) + 0.5) / n)
    return mu * np.sqrt((1 - variance) / np.mean(mu**2))


def _by_quadrature(mu: Array, variance: float) -> tuple[float, float]:
    """Return I(x; z) and KL(q(z) || p) of the mixture."""
    log_q = stats.norm.logpdf(Z[:, None], mu, np.sqrt(variance))
    log_mixture = logsumexp(log_q, axis=1) - np.log(len(mu))
    mixture = np.exp(log_mixture)
    entropy_given_x = stats.norm(0, np.sqrt(variance)).entropy()
    information = -np.sum(mixture * log_mixture) * DZ - entropy_given_x
    marginal = np.sum(mixture * (log_mixture - stats.norm.logpdf(Z))) * DZ
    return float(information), float(marginal)


@claim(
    "The code of one of N examples tells at most log N nats, and codes without overlap tell log N",
    source="Hoffman and Johnson 2016",
)
def information_of_finitely_many() -> Outcome:
    """I(x; z) = H(x) - H(x | z) <= H(x) = log N, where x is one of N examples.

    As the posteriors narrow, the mean KL grows without bound, but the information about x does not
    exceed log N. The rest is KL(q(z) || p), because of the holes between the codes. Twelve
    posteriors have variances from .9 to 1e-4. The exact value is the entropy of their mixture minus
    the entropy of one posterior, by quadrature. The measured values are the library's estimate with
    one draw for each of 300 copies, averaged over 16 runs, and how often I and the estimate are at
    most log 12.
    """
    variances = np.array([0.9, 0.3, 0.03, 5e-3, 1e-4])
    exact, measured, errors, rates = [], [], [], []
    for variance in variances:
        mu = _means(12, variance)
        exact.append(_by_quadrature(mu, variance)[0])
        rows = np.repeat(mu, 25)[:, None], np.full((300, 1), np.log(variance))
        runs = [diagnostics.mutual_information(*rows, rng=seed) for seed in range(16)]
        estimates = np.array([run[0] for run in runs])
        measured.append(estimates.mean())
        errors.append(5 * max(estimates.std(ddof=1) / 4, 1e-9))
        rates.append(diagnostics.kl_per_dimension(*rows)[0])
    below = np.sum(np.array([exact, measured]) <= np.log(12) + 1e-9)

    def draw(ax: Any) -> None:
        ax.semilogx(variances, rates, "s-", label="mean KL(q(z|x) || p), the rate")
        ax.semilogx(variances, exact, "k--", label="I(x; z) by quadrature")
        ax.semilogx(variances, measured, "o", label="I(x; z), the library's estimate")
        ax.axhline(np.log(12), color="0.5", ls=":", label="log 12")
        ax.invert_xaxis()
        ax.set(xlabel="variance of each posterior", ylabel="nats")
        ax.legend()

    return Outcome(
        [*exact, 2 * len(variances)],
        [*measured, below],
        tolerance=[*errors, 0],
        because="five standard errors of sixteen runs",
        draw=draw,
    )


@claim(
    "A mixture of codes with the prior's moments is not the prior: KL(q(z) || p) = mean KL - I",
    source="Hoffman and Johnson 2016",
)
def mixture_of_codes() -> Outcome:
    """KL(q(z) || p) of 12 narrow codes is near 1 nat, though both moments are the prior's.

    `elbo_surgery` replaces q(z) by the normal with its moments, and reports 0 here, which is a
    lower bound. Its information is too large by the same amount, and can exceed log 12. The exact
    value is KL(q(z) || p) by quadrature; the measured value is the library's mean KL minus I by
    quadrature, for 3, 12 and 48 codes. The last measured value is the marginal KL of the surgery:
    it is 0 in each case, and the sum of the two parts does not reveal this.
    """
    cases = [(3, 0.1), (12, 0.001), (12, 0.3), (48, 0.01)]
    exact, measured, surgeries = [], [], []
    for n, variance in cases:
        mu = _means(n, variance)
        information, marginal = _by_quadrature(mu, variance)
        rows = mu[:, None], np.full((n, 1), np.log(variance))
        exact.append(marginal)
        measured.append(diagnostics.kl_per_dimension(*rows).sum() - information)
        surgeries.append(diagnostics.elbo_surgery(*rows).marginal_kl)

    def draw(ax: Any) -> None:
        ax.plot(Z, P, "k--", label="prior")
        for n, variance in cases[:3]:
            log_q = stats.norm.logpdf(Z[:, None], _means(n, variance), np.sqrt(variance))
            kl = _by_quadrature(_means(n, variance), variance)[1]
            label = f"{n} codes of variance {variance:g}: KL {kl:.2f}"
            ax.plot(Z, np.exp(log_q).mean(axis=1), label=label)
        ax.set(xlabel="z", ylabel="density", xlim=(-4, 4), ylim=(0, 1.5))
        ax.legend()

    return Outcome(
        [*exact, *np.zeros(4)],
        [*measured, *surgeries],
        tolerance=1e-8,
        because="the trapezoidal rule, which is exact to rounding for smooth densities",
        draw=draw,
    )
