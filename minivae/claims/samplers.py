"""Samplers: the whole distribution of the library's draws against scipy's, by Kolmogorov's test.

The measured value is Kolmogorov's distance times the root of the number of draws. If the
distribution is right, it exceeds 2.2 once in 8,000 times.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from minivae import diagnostics
from minivae.bayes import conjugate
from minivae.claims import Outcome, claim
from minivae.edge.checks import Array
from minivae.linear.probabilistic_pca import ProbabilisticPCA
from minivae.models.vae import VAE
from minivae.nn import likelihoods

N = 20_000
LIMIT = 2.2


def kolmogorov(values: Array, cdf: Any) -> float:
    """Return Kolmogorov's distance of the values from a continuous distribution, times sqrt(n)."""
    return float(stats.kstest(values, cdf).statistic * np.sqrt(len(values)))


def share(values: Array, p: Any) -> float:
    """Return how far the share of ones is from p, scaled so that 2.2 is as rare as above."""
    return float(abs(np.mean(values) - p) / np.sqrt(p * (1 - p) / len(values)) / 1.75)


def truncated_exponential(a: float) -> Any:
    """Return scipy's distribution function of the density proportional to e^(a x) on [0, 1]."""
    size = abs(a)
    falling = stats.truncexpon(b=size, scale=1 / size)
    return falling.cdf if a < 0 else lambda x: 1 - falling.cdf(1 - np.asarray(x))


def _inside(distances: list[float], draw: Any = None) -> Outcome:
    return Outcome(np.full(len(distances), LIMIT), distances, relation="<=", draw=draw)


@claim(
    "Samples of every likelihood have the distribution that its density states",
    source="Loaiza-Ganem and Cunningham 2019; derived here",
)
def likelihood_samples() -> Outcome:
    """A sampler and a density that differ by a sign, a root or a mirror pass separate tests.

    Scipy's distributions are a Bernoulli with probability expit(a); for the continuous Bernoulli,
    whose density is proportional to e^(a x) on [0, 1], a truncated exponential of rate |a|,
    mirrored for a > 0; and a normal with the fixed, the learned or the predicted standard
    deviation. Each has 20,000 draws.
    """
    rng, distances = np.random.default_rng(0), []
    for a in (-2.0, 0.3, 1.7):
        draws = likelihoods.Bernoulli().sample(np.full((N, 1), a), rng)[:, 0]
        distances.append(share(draws, 1 / (1 + np.exp(-a))))
    continuous, mirrored = likelihoods.ContinuousBernoulli(), {}
    for a in (-6.0, -0.5, 1e-3, 2.0, 30.0):
        mirrored[a] = continuous.sample(np.full((N, 1), a), rng)[:, 0]
        distances.append(kolmogorov(mirrored[a], truncated_exponential(a)))
    learned = likelihoods.Gaussian("learned", min_sigma=0.2)
    learned.params["raw_log_var"][...] = 0.8
    deviation = np.sqrt(0.2**2 + np.exp(20 * np.tanh(0.04)))
    out = np.full((N, 1), 1.3)
    raw = np.concatenate([out, np.full((N, 1), -0.9)], axis=1)
    predicted = likelihoods.Gaussian("predicted", min_sigma=0.3)
    for likelihood, output, sigma in (
        (likelihoods.Gaussian(0.5), out, 0.5),
        (learned, out, deviation),
        (predicted, raw, np.sqrt(0.3**2 + np.exp(20 * np.tanh(-0.045)))),
    ):
        draws = likelihood.sample(output, rng)[:, 0]
        distances.append(kolmogorov(draws, stats.norm(1.3, sigma).cdf))

    def draw(ax: Any) -> None:
        x = np.linspace(0, 1, 200)
        for a in (-6.0, 2.0):
            p = np.gradient(truncated_exponential(a)(x), x)
            line = ax.plot(x, p, label=f"e^({a:g} x), scipy's")[0]
            bins = np.linspace(0, 1, 41)
            color = line.get_color()
            ax.hist(mirrored[a], bins, density=True, alpha=0.3, color=color, label="draws")
        ax.set(xlabel="grey value x", ylabel="density")
        ax.legend()

    return _inside(distances, draw)


@claim(
    "Draws of the next observation, each with other parameters, have the predictive distribution",
    source="Gelman et al. 2013, chapters 2 and 3",
)
def predictive_samples() -> Outcome:
    """A parameter is drawn from the posterior, then an observation: a coin, a normal, Student's t.

    Averaged over the parameters, the observation is Bernoulli(a / (a + b)), N(m, v + c), and t with
    2 alpha degrees of freedom and scale^2 = beta (kappa + 1) / (alpha kappa). These are scipy's
    distributions with parameters that are computed here. A sampler that uses one draw of the
    parameters for all observations, or a variance as a standard deviation, does not have them. Each
    has 20,000 draws; the library's own predictive distribution is compared, too.
    """
    coin = conjugate.BetaBernoulli(2, 5)
    normal = conjugate.NormalKnownVariance(0.7, 2, noise_variance=0.5)
    both = conjugate.NormalInverseGamma(0.7, 3, 2.5, 1.3)
    student = stats.t(5, loc=0.7, scale=np.sqrt(1.3 * 4 / (2.5 * 3)))
    draws = {
        "normal": normal.sample_predictive(N, rng=0),
        "Student's t": both.sample_predictive(N, rng=0),
    }
    coins = coin.sample_predictive(N, rng=0)
    distances = [
        share(coins, 2 / 7),
        kolmogorov(draws["normal"], stats.norm(0.7, np.sqrt(2.5)).cdf),
        kolmogorov(draws["Student's t"], student.cdf),
    ]
    at = np.array([-2.0, 0.0, 1.0, 4.0])
    off = [
        *(abs(len(values) - N) for values in (coins, *draws.values())),
        abs(coin.predictive().mean() - 2 / 7),
        *np.abs(normal.predictive().cdf(at) - stats.norm(0.7, np.sqrt(2.5)).cdf(at)),
        *np.abs(both.predictive().cdf(at) - student.cdf(at)),
    ]

    def draw(ax: Any) -> None:
        x = np.linspace(-4, 6, 300)
        for (name, values), law in zip(
            draws.items(), (stats.norm(0.7, np.sqrt(2.5)), student), strict=True
        ):
            line = ax.semilogy(x, law.pdf(x), label=f"{name}, scipy's")[0]
            bins = np.linspace(-4, 6, 51)
            ax.hist(values, bins, density=True, alpha=0.3, color=line.get_color())
        ax.set(xlabel="next observation", ylabel="density", ylim=(1e-4, 1))
        ax.legend()

    return Outcome(
        [*np.full(3, LIMIT), *np.full(len(off), 1e-12)],
        [*distances, *off],
        relation="<=",
        draw=draw,
    )


@claim(
    "Linear-Gaussian models draw from N(mean, W^T W + s2 I), and posteriors from N(mu, sigma^2)",
    source="Tipping and Bishop 1999; Kingma and Welling 2014",
)
def model_samples() -> Outcome:
    """For x = z W + mean + noise, (x - mean) C^-1 (x - mean)^T is chi-squared, C = W^T W + s2 I.

    This holds for probabilistic PCA, for a linear VAE, whose `sample` decodes draws from the prior,
    and for `sample_codes`, whose draws have the moments of the codes. Whitened by C, the draws are
    standard normal in every direction; three directions are tested. Draws from the posterior of a
    VAE are normal for each latent, with the mean and the standard deviation that the encoder
    returns.
    """
    rng = np.random.default_rng(1)
    W, mean, s2 = rng.standard_normal((2, 4)), np.array([1.0, -2, 0, 3]), 0.3
    C, distances = W.T @ W + s2 * np.eye(4), []
    ppca = ProbabilisticPCA(2).fit(rng.standard_normal((20, 4)))
    ppca.W_, ppca.mean_, ppca.noise_variance_ = W, mean, s2
    model = VAE(4, 2, likelihood=likelihoods.Gaussian(np.sqrt(s2)), rng=0)
    model.params["decoder.0.W"][...], model.params["decoder.0.b"][...] = W, mean
    codes = rng.standard_normal((500, 4)) @ W.T @ W + rng.standard_normal((500, 4)) + mean
    moments = codes.mean(axis=0), np.cov(codes, rowvar=False, bias=True)
    for draws, centre, covariance in (
        (ppca.sample(N, rng=2), mean, C),
        (model.sample(N, rng=3), mean, C),
        (diagnostics.sample_codes(codes, N, rng=4), *moments),
    ):
        white = np.linalg.solve(np.linalg.cholesky(covariance), (draws - centre).T).T
        distances.append(kolmogorov(np.sum(white**2, axis=1), stats.chi2(4).cdf))
        for direction in np.eye(4)[:3]:
            distances.append(kolmogorov(white @ direction, stats.norm.cdf))
    model.params["encoder.0.W"][...] = 0
    model.params["encoder.0.b"][...] = [0.5, -1, -1.2, 0.7]
    z = model.sample_posterior(np.zeros((N, 4)), rng=5)
    for i, (mu, raw) in enumerate(((0.5, -1.2), (-1, 0.7))):
        sigma = np.exp(10 * np.tanh(raw / 20))
        distances.append(kolmogorov(z[:, i], stats.norm(mu, sigma).cdf))
    return _inside(distances)
