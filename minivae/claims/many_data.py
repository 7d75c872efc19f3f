"""Inference on many data: parts of the data, data seen twice, and a start near the answer."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from scipy import stats

from minivae.bayes import mcmc, variational
from minivae.bayes.conjugate import NormalKnownVariance
from minivae.claims import Outcome, claim
from minivae.claims.sampling_rigs import lag_1, standard_error
from minivae.edge.checks import Array


@claim(
    "Metropolis with log p from a minibatch samples the average of exp of the estimates: too wide",
    source="Andrieu and Roberts 2009; derived here",
)
def subsampled_metropolis_is_biased() -> Outcome:
    """An unbiased log p is not enough: its exponential is biased, by Jensen's inequality.

    The state of this chain is a place t together with the estimate that was drawn there. The rule
    of acceptance keeps exp(estimate), so t has the density E exp(estimate), not exp(E estimate) =
    p. Here n = 5 numbers x_i have the density N(t, 1), and a batch of m of them, drawn with
    replacement, stands for all: the estimate is (n / m) sum of log p(x_i | t). For m = 1 the
    density is the equal mixture of the five N(x_i, 1 / n), whose variance is 1 / n + the variance
    of x: the spread of the data, which more data do not reduce. The exact values are the shares of
    five intervals, summed over all n^m batches. All data at once give N(mean x, 1 / n).
    """
    x = np.array([-0.9, -0.2, 0.1, 0.5, 1.1])
    cuts = np.array([-0.8, -0.3, 0.3, 0.8])
    sizes, exact, measured, tolerance, chains = (1, 2, None), [], [], [], []
    for m in sizes:
        chain = mcmc.metropolis(_Subsampled(x, m, seed=1), [0.0], 60_000, step=1.0, rng=0)
        cells = np.digitize(chain.samples[:, 0], cuts)[:, None] == np.arange(5)
        exact.append(np.diff(_mixture_cdf(x, m, cuts), prepend=0, append=1))
        measured.append(cells.mean(axis=0))
        tolerance.append([5 * standard_error(cell) for cell in cells.T])
        chains.append(chain)
    memory = ", ".join(f"{lag_1(chain.samples):.2f}" for chain in chains)

    def draw(ax: Any) -> None:
        t = np.linspace(-2, 2, 201)
        for m, color, chain in zip(sizes, ("C3", "C1", "k"), chains, strict=True):
            label = "all data" if m is None else f"batches of {m} of 5"
            density = np.gradient(_mixture_cdf(x, m, t), t)
            ax.plot(t, density, color=color, label=label)
            ax.hist(chain.samples[:, 0], bins=t[::4], density=True, color=color, alpha=0.25)
        ax.set(xlabel="t", ylabel="density (curves: exact, bars: the chain)")
        ax.legend()

    return Outcome(
        exact,
        measured,
        tolerance,
        because=f"five standard errors by batches; autocorrelation at lag 1: {memory}",
        draw=draw,
    )


class _Subsampled:
    """log p of data N(t, 1) from m of them; from all for None."""

    def __init__(self, x: Array, m: int | None, seed: int) -> None:
        self.x, self.m, self.rng = x, m, np.random.default_rng(seed)

    def __call__(self, t: Array) -> Array:
        seen = self.x if self.m is None else self.x[self.rng.integers(len(self.x), size=self.m)]
        return -0.5 * len(self.x) * np.mean((seen - t) ** 2, axis=1)


def _mixture_cdf(x: Array, m: int | None, t: Array) -> Array:
    """Return the distribution function of the density that is proportional to E exp(estimate).

    A batch b adds exp(-n/2 mean (x_b - t)^2) = exp(-n/2 var x_b) exp(-n/2 (t - mean x_b)^2).
    """
    batches = np.array([x] if m is None else list(product(x, repeat=m)))
    weights = np.exp(-0.5 * len(x) * batches.var(axis=1))
    means = batches.mean(axis=1)
    cdf = stats.norm.cdf(t[:, None], means, 1 / np.sqrt(len(x)))
    return cdf @ weights / weights.sum()


@claim(
    "Data that count k times give the posterior of a KL weight 1 / k: it covers too rarely",
    source="Grünwald and van Ommen 2017; derived here",
)
def copies_sharpen_the_posterior() -> Outcome:
    """Copies add no information, but Bayes' rule takes them for new data.

    The posterior of data that count k times is p(t) p(x | t)^k over its integral, and it minimizes
    -E_q log p(x | t) + KL(q, p) / k: it is the posterior of a VAE's loss with beta = 1 / k. For the
    mean of a normal and a wide prior its variance is v / (n k). So its interval of 95 percent is
    sqrt k too narrow, and covers the true mean with probability 2 Phi(1.96 / sqrt k) - 1. The exact
    values are this coverage for k = 1, 4 and 16, and the mean and variance by a sum over a grid of
    p(t) p(x | t)^k. The measured values come from `NormalKnownVariance.update` on copied data: the
    share of 8,000 data sets whose interval covers.
    """
    ks, n, noise = np.array([1, 4, 16]), 5, 2.0
    rng = np.random.default_rng(0)
    data = rng.normal(0.7, np.sqrt(noise), (8000, n))
    wide = NormalKnownVariance(0.0, 1e6, noise_variance=noise)
    prior = NormalKnownVariance(0.4, 0.5, noise_variance=noise)
    grid = np.linspace(-10, 10, 10_001)
    covers, moments, exact_moments = [], [], []
    for k in ks:
        posteriors = [wide.update(np.repeat(x, k)) for x in data]
        means = np.array([p.mean for p in posteriors])
        deviations = np.sqrt([p.variance for p in posteriors])
        covers.append(np.abs(means - 0.7) < stats.norm.ppf(0.975) * deviations)

        log_p = stats.norm.logpdf(grid, 0.4, np.sqrt(0.5))
        log_p += k * stats.norm.logpdf(data[0][:, None], grid, np.sqrt(noise)).sum(axis=0)
        p = np.exp(log_p - log_p.max())
        p /= p.sum()
        exact_moments.append([p @ grid, p @ grid**2 - (p @ grid) ** 2])
        posterior = prior.update(np.repeat(data[0], k))
        moments.append([posterior.mean, posterior.variance])
    shares = np.mean(covers, axis=1)
    exact = 2 * stats.norm.cdf(stats.norm.ppf(0.975) / np.sqrt(ks)) - 1

    def draw(ax: Any) -> None:
        many = np.geomspace(1, 30, 100)
        ax.semilogx(many, 2 * stats.norm.cdf(1.96 / np.sqrt(many)) - 1, label="exact")
        ax.semilogx(ks, shares, "ko", label="share of 8,000 data sets")
        ax.axhline(0.95, color="0.35", linestyle="--", label="what the interval promises")
        ax.set(xlabel="k, how often each observation counts", ylabel="coverage", ylim=(0, 1))
        ax.legend()

    return Outcome(
        [*exact, *np.ravel(exact_moments)],
        [*shares, *np.ravel(moments)],
        [*5 * np.sqrt(exact * (1 - exact) / 8000), *np.full(6, 1e-9)],
        because="five standard errors of 8,000 data sets; rounding of a sum over a smooth grid",
        draw=draw,
    )


@claim(
    "Variational inference is a warm start for Gibbs sampling: the error left is r^(4 t + 2)",
    source="de Freitas et al. 2001; derived here",
)
def variational_warm_start() -> Outcome:
    """Sweeps forget the start: after t of them the mean is off by r^(2t), the square by r^(4t).

    For a normal pair with variances 1 and correlation r, a sweep draws x given y and then y given
    x. So y after t sweeps is r^(2t) y_0 plus noise of the variance 1 - r^(4t), and E y^2 = 1 +
    r^(4t) (E y_0^2 - 1). A start at y_0 = 4 leaves 15 r^(4t). The best independent Gaussian has the
    right mean and the variance 1 - r^2, and a start from it leaves only -r^2 r^(4t). The measured
    values are averages over 60,000 short chains of the library, which start at 4 or at draws from
    `gaussian_mean_field`, after 1, 2 and 3 sweeps.
    """
    r, t = 0.8, np.array([1, 2, 3])
    rng = np.random.default_rng(0)
    mean, variance, _ = variational.gaussian_mean_field(
        np.zeros(2), np.linalg.inv([[1.0, r], [r, 1.0]])
    )
    noise = np.sqrt(1 - r**2)
    conditionals = [lambda z, rng: rng.normal(r * z[1], noise)]
    conditionals.append(lambda z, rng: rng.normal(r * z[0], noise))
    warm = mean + np.sqrt(variance) * rng.standard_normal((60_000, 2))
    cold = np.full((60_000, 2), 4.0)
    squares = {}
    for name, starts in (("cold", cold), ("warm", warm)):
        paths = [mcmc.gibbs(conditionals, z, 3, rng=rng).samples[:, 1] for z in starts]
        squares[name] = np.array(paths)[:, t - 1] ** 2  # (60000, 3)
    left = {"cold": 15.0, "warm": -(r**2)}
    exact = {name: 1 + left[name] * r ** (4 * t) for name in left}

    def draw(ax: Any) -> None:
        many = np.arange(0, 9)
        for name, label in (("cold", "from y = 4"), ("warm", "from the mean field")):
            curve = np.abs(left[name]) * r ** (4 * many)
            (line,) = ax.semilogy(many, curve, label=f"{label}, exact")
            found = np.abs(squares[name].mean(axis=0) - 1)
            ax.semilogy(t, found, "o", color=line.get_color(), label=f"{label}, 60,000 chains")
        ax.set(xlabel="sweeps t", ylabel="error of E y^2")
        ax.legend()

    values = np.hstack([squares["cold"], squares["warm"]])
    return Outcome(
        [*exact["cold"], *exact["warm"]],
        values.mean(axis=0),
        5 * values.std(axis=0) / np.sqrt(len(values)),
        because="five standard errors of 60,000 independent chains",
        draw=draw,
    )
