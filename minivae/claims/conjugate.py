"""Conjugate models: closed forms of posterior, prediction and evidence, all integrated."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import integrate, special, stats

from minivae.bayes import conjugate
from minivae.claims import Outcome, claim

COINS = [1, 0, 1, 1, 0, 1, 1, 1]
REALS = [1.2, 0.7, 2.1, 1.5]


@claim("A coin's posterior adds counts to pseudo-counts", source="Gelman et al. 2013, chapter 2")
def beta_bernoulli() -> Outcome:
    """With s ones in n tosses, the prior Beta(a, b) becomes the posterior Beta(a + s, b + n - s).

    The prior times the likelihood, p^(a-1) (1-p)^(b-1) p^s (1-p)^(n-s), is the same function with
    larger exponents. Its integral B(a+s, b+n-s), divided by the prior's B(a, b), is the evidence.
    The mean (a+s) / (a+b+n) is the probability of a one. All of this is measured; the exact values
    integrate the prior times the likelihood over p.
    """
    prior = conjugate.BetaBernoulli(2, 5)
    posterior = prior.update(COINS)
    density = stats.beta(posterior.a, posterior.b).pdf
    p = np.linspace(0.02, 0.98, 49)

    def joint(p: Any) -> Any:
        return stats.beta.pdf(p, 2, 5) * p**6 * (1 - p) ** 2

    evidence = integrate.quad(joint, 0, 1)[0]
    chance = integrate.quad(lambda p: p * joint(p), 0, 1)[0] / evidence

    def draw(ax: Any) -> None:
        ax.plot(p, stats.beta(2, 5).pdf(p), "--", label="prior Beta(2, 5)")
        ax.plot(p, density(p), label=f"posterior Beta({posterior.a:g}, {posterior.b:g})")
        ax.plot(p[::4], joint(p[::4]) / evidence, "k.", label="prior x likelihood / evidence")
        ax.set(xlabel="chance of a one", ylabel="density", title="six ones in eight tosses")
        ax.legend()

    return Outcome(
        exact=[evidence, chance, *joint(p) / evidence],
        measured=[np.exp(prior.log_evidence(COINS)), posterior.predictive().mean(), *density(p)],
        tolerance=1e-10,
        because="the quadrature's own estimate of its error",
        draw=draw,
    )


@claim(
    "For the mean of a normal, the precisions of prior and data add up",
    source="Gelman et al. 2013, chapter 2",
)
def normal_mean() -> Outcome:
    """With a known noise variance c, the prior N(m, v) becomes a normal with 1/v' = 1/v + n/c.

    The logarithm of the prior times the likelihood is a quadratic function of the mean. Its
    curvature is the sum of all precisions, and its peak is the average of all means with the
    precisions as weights. The next observation adds its own noise, so its variance is v' + c. The
    exact values integrate over the mean.
    """
    prior = conjugate.NormalKnownVariance(0.7, 2, noise_variance=0.5)
    posterior = prior.update(REALS)
    predictive = posterior.predictive()
    values = np.array([-1.0, 0.5, 1.3, 3.0])

    def joint(mean: float, data: list[float]) -> float:
        likelihood = stats.norm.pdf(data, mean, np.sqrt(0.5)).prod()
        return float(stats.norm.pdf(mean, 0.7, np.sqrt(2)) * likelihood)

    def integral(data: list[float], power: int = 0) -> float:
        return integrate.quad(lambda m: m**power * joint(m, data), -5, 8, epsabs=1e-15)[0]

    evidence = integral(REALS)
    mean, square = integral(REALS, 1) / evidence, integral(REALS, 2) / evidence
    next_ones = [integral([*REALS, value]) / evidence for value in values]
    return Outcome(
        exact=[np.log(evidence), mean, square - mean**2, *next_ones],
        measured=[
            prior.log_evidence(REALS),
            posterior.mean,
            posterior.variance,
            *predictive.pdf(values),
        ],
        tolerance=1e-8,
        because="the quadrature's own estimate of its error",
    )


@claim(
    "With mean and variance unknown, the next observation is Student's t",
    source="Murphy 2007",
)
def normal_inverse_gamma() -> Outcome:
    """With variance InvGamma(alpha, beta) and mean N(m, variance / kappa), the next value is t.

    Given the variance, the next value is N(m, variance (1 + 1/kappa)). Averaged over an
    inverse-gamma variance, a normal becomes Student's t, here with 2 alpha degrees of freedom and
    scale^2 = beta (kappa + 1) / (alpha kappa). The exact value is the double integral of the prior
    times the likelihood: p(next given data) = p(data and next) / p(data).
    """
    prior = conjugate.NormalInverseGamma(0.7, 3, 2.5, 1.3)
    predictive = prior.update(REALS).predictive()
    values = np.array([-1.0, 0.0, 1.1, 3.0, 5.0])
    log_variance, u = np.linspace(-6, 12, 401)[:, None], np.linspace(-9, 9, 201)
    variance = np.exp(log_variance)
    mean = 1.1 + np.sqrt(variance) * u  # (401, 201): near the posterior, however wide it is
    cell = (log_variance[1] - log_variance[0]) * (u[1] - u[0]) * variance**1.5

    def integral(data: list[float]) -> float:
        given = stats.norm(0.7, np.sqrt(variance / 3)).pdf(mean)
        p = stats.invgamma(2.5, scale=1.3).pdf(variance) * given
        for value in data:
            p = p * stats.norm(mean, np.sqrt(variance)).pdf(value)
        return float(np.sum(p * cell))

    evidence = integral(REALS)

    def draw(ax: Any) -> None:
        x = np.linspace(-3, 5.2, 200)
        normal = stats.norm(np.mean(REALS), np.std(REALS, ddof=1))
        ax.semilogy(x, predictive.pdf(x), label="Student's t")
        ax.semilogy(x, normal.pdf(x), "--", label="normal with the estimates plugged in")
        ax.semilogy(values, exact[1:], "ko", label="by integration")
        ax.set(xlabel="next observation", ylabel="density", ylim=(1e-5, 2))
        ax.legend()

    exact = [np.log(evidence), *(integral([*REALS, value]) / evidence for value in values)]
    measured = [prior.log_evidence(REALS), *predictive.pdf(values)]
    return Outcome(exact, measured, tolerance=1e-8, because="integration on a grid", draw=draw)


@claim("The evidence is the product of one-step predictions", source="Dawid 1984")
def evidence_one_step_at_a_time() -> Outcome:
    """The evidence says how well a model predicted each observation from the earlier ones.

    By the product rule p(y1, y2, ...) = p(y1) p(y2 given y1) p(y3 given y1, y2) ..., and each
    factor is the predictive density of a model that has been updated with all earlier observations.
    So the evidence needs no second data set to penalise a model that is too flexible. The exact
    value is the density of all data at once, from scipy: a beta-binomial for one order of the ones,
    a normal in n dimensions, and Student's t in n dimensions.
    """
    models: list[tuple[Any, list[Any]]] = [
        (conjugate.BetaBernoulli(2, 5), COINS),
        (conjugate.NormalKnownVariance(0.7, 2, noise_variance=0.5), REALS),
        (conjugate.NormalInverseGamma(0.7, 3, 2.5, 1.3), REALS),
    ]
    identity, ones = np.eye(4), np.ones((4, 4))
    at_once = [
        stats.betabinom(8, 2, 5).logpmf(6) - np.log(special.comb(8, 6)),
        stats.multivariate_normal([0.7] * 4, 0.5 * identity + 2 * ones).logpdf(REALS),
        stats.multivariate_t([0.7] * 4, 1.3 / 2.5 * (identity + ones / 3), df=5).logpdf(REALS),
    ]
    steps = []
    for prior, data in models:
        predictives = [prior.predictive()]
        predictives += [prior.update(data[:n]).predictive() for n in range(1, len(data))]
        log_density = [
            p.logpmf(y) if data is COINS else p.logpdf(y)
            for p, y in zip(predictives, data, strict=True)
        ]
        steps.append(np.sum(log_density))

    def draw(ax: Any) -> None:
        x = np.linspace(-3, 4, 300)
        for n, (p, y) in enumerate(zip(predictives, REALS, strict=True)):
            line = ax.plot(x, p.pdf(x), label=f"given {n}")[0]
            ax.plot(y, p.pdf(y), "o", color=line.get_color())
        ax.set(xlabel="next observation", ylabel="density", title="the dots' product: evidence")
        ax.legend(title="observations")

    evidences = [prior.log_evidence(data) for prior, data in models]
    return Outcome(
        exact=[at_once, at_once],
        measured=[evidences, steps],
        tolerance=1e-11,
        because="rounding",
        draw=draw,
    )
