"""Calibration: the rank of the truth among draws is uniform, for every sampler and posterior."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy import stats

from minivae.bayes import conjugate, hamiltonian, langevin, mcmc
from minivae.claims import Outcome, claim
from minivae.claims.calibration_rigs import (
    N_DRAWS,
    Experiment,
    Run,
    around,
    draw_ranks,
    p_values,
    ranks,
)
from minivae.claims.vae_rigs import trained
from minivae.edge.checks import Array
from minivae.linear.probabilistic_pca import ProbabilisticPCA

N_REPETITIONS = 1000
ONCE_IN = 1e-4  # the least p-value that passes
X = np.array([0.0, 1.0, 2.5])  # of the line y = a + b x + noise, with a and b from N(0, 1)
NOISE = 0.7


def _log_likelihood(theta: Array, y: Array) -> Array:
    return stats.norm.logpdf(y, theta[..., :1] + theta[..., 1:] * X, NOISE).sum(axis=-1)


def _with_likelihood(theta: Array, y: Array) -> Array:
    """Return both parameters, the log likelihood, and the log of its product with the prior."""
    log_p = _log_likelihood(theta, y)
    log_joint = log_p - 0.5 * np.sum(theta**2, axis=-1)
    return np.concatenate([theta, log_p[..., None], log_joint[..., None]], axis=-1)


def _of_a_line(
    run_of: Callable[..., tuple[Run, Run]], rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draw a line and data from it; a chain on the posterior starts from this line."""
    theta = rng.standard_normal(2)
    y = rng.normal(theta[0] + theta[1] * X, NOISE)

    def target(z: Array) -> tuple[Array, Array]:
        residual = y - z[:, :1] - z[:, 1:] * X
        log_p = -0.5 * np.sum(z**2, axis=1) - 0.5 * np.sum(residual**2, axis=1) / NOISE**2
        slopes = np.stack([residual.sum(axis=1), residual @ X], axis=1) / NOISE**2
        return log_p, slopes - z

    forward, backward = run_of(target, y, rng)
    draws = around(theta, forward, backward, rng)
    return _with_likelihood(theta, y), _with_likelihood(draws, y)


def _metropolis(target: Any, y: Array, rng: Any, power: float = 1.0) -> Any:
    def run(start: Array, n: int) -> Array:
        chain = mcmc.metropolis(lambda z: power * target(z)[0], start, 6 * n, step=0.6, rng=rng)
        return chain.samples[5::6]

    return run, run


def _hamiltonian(target: Any, y: Array, rng: Any) -> Any:
    def run(start: Array, n: int) -> Array:
        return hamiltonian.hmc(target, start, n, step=0.35, n_leapfrog=3, rng=rng).samples

    return run, run


def _langevin(target: Any, y: Array, rng: Any) -> Any:
    """Return SGHMC with a new velocity for each state, as the start cannot tell its velocity."""

    def run(start: Array, n: int) -> Array:
        states = [start]
        for _ in range(n):
            chain = langevin.sghmc(
                target, states[-1], 1, step=0.1, friction=0.3, burn_in=4, rng=rng
            )
            states.append(chain.samples[0])
        return np.array(states[1:])

    return run, run


def _gibbs(target: Any, y: Array, rng: Any) -> Any:
    """Return sweeps over a, then b; backwards in time they are over b, then a."""
    precision = np.eye(2) + np.array([[3, X.sum()], [X.sum(), X @ X]]) / NOISE**2
    mean = np.linalg.solve(precision, [y.sum(), X @ y]) / NOISE**2

    def draw(z: Array, rng: np.random.Generator, i: int) -> float:
        shift = precision[i, 1 - i] * (z[1 - i] - mean[1 - i]) / precision[i, i]
        return rng.normal(mean[i] - shift, 1 / np.sqrt(precision[i, i]))

    def run(start: Array, n: int) -> Array:
        sweep = [partial(draw, i=0), partial(draw, i=1)]
        return mcmc.gibbs(sweep, start, 2 * n, rng=rng).samples[1::2]

    def back(start: Array, n: int) -> Array:
        # coordinate 0 of the reversed chain is b
        sweep = [
            lambda z, rng: draw(z[::-1], rng, 1),
            lambda z, rng: draw(z[::-1], rng, 0),
        ]
        return mcmc.gibbs(sweep, start[::-1], 2 * n, rng=rng).samples[1::2, ::-1]

    return run, back


def _coin(rng: np.random.Generator) -> tuple[Array, Array]:
    p = rng.beta(2, 5)
    tosses = rng.binomial(1, p, 4)
    posterior = conjugate.BetaBernoulli(2, 5).update(tosses)
    chances = rng.beta(posterior.a, posterior.b, N_DRAWS)

    def both(p: Any) -> Array:
        return np.stack([p, stats.bernoulli.logpmf(tosses, p[..., None]).sum(axis=-1)], axis=-1)

    return both(np.array(p)), both(chances)


def _normal(rng: np.random.Generator) -> tuple[Array, Array]:
    mean = rng.normal(0.7, 1)
    y = rng.normal(mean, np.sqrt(0.5), 1)
    posterior = conjugate.NormalKnownVariance(0.7, 1, noise_variance=0.5).update(y)
    means = rng.normal(posterior.mean, np.sqrt(posterior.variance), N_DRAWS)

    def both(m: Any) -> Array:
        return np.stack([m, stats.norm.logpdf(y, m[..., None], np.sqrt(0.5)).sum(-1)], axis=-1)

    return both(np.array(mean)), both(means)


def _normal_inverse_gamma(rng: np.random.Generator) -> tuple[Array, Array]:
    def draws(m: float, kappa: float, alpha: float, beta: float, n: int) -> Array:
        variance = beta / rng.gamma(alpha, size=n)
        return np.stack([rng.normal(m, np.sqrt(variance / kappa)), variance], axis=-1)

    truth = draws(0.7, 3, 2.5, 1.3, 1)
    y = rng.normal(truth[0, 0], np.sqrt(truth[0, 1]), 3)
    p = conjugate.NormalInverseGamma(0.7, 3, 2.5, 1.3).update(y)

    def all_three(t: Array) -> Array:
        log_p = stats.norm.logpdf(y, t[:, :1], np.sqrt(t[:, 1:])).sum(axis=1)
        return np.column_stack([t, log_p])

    found = draws(p.mean, p.kappa, p.alpha, p.beta, N_DRAWS)
    return all_three(truth)[0], all_three(found)


def _codes(posterior_draws: Any, W: Array, mean: Array, s2: float, rng: Any) -> Any:
    """Draw a code and an x; draws of the code given x are ranked, together with log p(x | z)."""
    z = rng.standard_normal(len(W))
    x = rng.normal(z @ W + mean, np.sqrt(s2))

    def with_likelihood(z: Array) -> Array:
        squares = np.sum((x - z @ W - mean) ** 2, axis=-1)
        return np.concatenate([z, -squares[..., None]], axis=-1)

    return with_likelihood(z), with_likelihood(posterior_draws(x, rng))


def _of_ppca() -> Experiment:
    model = ProbabilisticPCA(2).fit(_correlated())

    def draws(x: Array, rng: np.random.Generator) -> Array:
        mu, covariance = model.posterior(x[None])
        return rng.multivariate_normal(mu[0], covariance, N_DRAWS)

    return partial(_codes, draws, model.W_, model.mean_, model.noise_variance_)


def _of_a_linear_vae() -> Experiment:
    model = trained(_correlated(), 2, sigma=0.8)

    def draws(x: Array, rng: np.random.Generator) -> Array:
        return model.sample_posterior(np.tile(x, (N_DRAWS, 1)), rng=rng)

    decoder = model.params["decoder.0.W"], model.params["decoder.0.b"]
    return lambda rng: _codes(draws, *decoder, 0.64, rng)


def _correlated() -> Array:
    rng = np.random.default_rng(0)
    return rng.standard_normal((60, 2)) @ [[2, 1, 0, 1], [0, 1, 1.5, -1]] + rng.normal(
        [1, 0, -2, 0], 0.8, (60, 4)
    )


def _predicted(draw_truth: Any, prior: Any, n: int, rng: np.random.Generator) -> Any:
    """Draw n observations and the next one, which is ranked among draws from the predictive."""
    *y, following = draw_truth(rng, n + 1)
    draws = prior.update(y).sample_predictive(N_DRAWS, rng)
    centre = np.mean(y)
    truth = np.array([following, abs(following - centre)])
    return truth, np.column_stack([draws, np.abs(draws - centre)])


def _coins(rng: np.random.Generator, n: int) -> Array:
    return rng.binomial(1, rng.beta(2, 5), n)


def _normals(rng: np.random.Generator, n: int) -> Array:
    return rng.normal(rng.normal(0.7, 1), np.sqrt(0.5), n)


def _students(rng: np.random.Generator, n: int) -> Array:
    variance = 1.3 / rng.gamma(2.5)
    return rng.normal(rng.normal(0.7, np.sqrt(variance / 3)), np.sqrt(variance), n)


CHAINS: dict[str, Experiment] = {
    "Metropolis": partial(_of_a_line, _metropolis),
    "Gibbs": partial(_of_a_line, _gibbs),
    "Hamiltonian": partial(_of_a_line, _hamiltonian),
    "SGHMC": partial(_of_a_line, _langevin),
}
POSTERIORS: dict[str, Experiment] = {
    "beta, of a coin": _coin,
    "normal mean": _normal,
    "normal-inverse-gamma": _normal_inverse_gamma,
}
PREDICTIONS: dict[str, Experiment] = {
    "the next toss": partial(_predicted, _coins, conjugate.BetaBernoulli(2, 5), 4),
    "normal": partial(
        _predicted, _normals, conjugate.NormalKnownVariance(0.7, 1, noise_variance=0.5), 1
    ),
    "Student's t": partial(
        _predicted, _students, conjugate.NormalInverseGamma(0.7, 3, 2.5, 1.3), 3
    ),
}


def codes() -> dict[str, Experiment]:
    """Return the experiments with models that are fitted first."""
    return {"probabilistic PCA": _of_ppca(), "linear VAE": _of_a_linear_vae()}


def _even(experiments: dict[str, Experiment], wrong: dict[str, Experiment]) -> Outcome:
    """Return the p-values of the experiments; the picture shows the last statistic."""
    found = {
        name: ranks(each, N_REPETITIONS, np.random.default_rng(0))
        for name, each in experiments.items()
    }

    def draw(ax: Any) -> None:
        histograms = {name: values[:, -1] for name, values in found.items()}
        for name, each in wrong.items():
            histograms[name] = ranks(each, N_REPETITIONS, np.random.default_rng(0))[:, -1]
        draw_ranks(ax, histograms)

    measured = np.concatenate([p_values(values) for values in found.values()])
    return Outcome(np.full(len(measured), ONCE_IN), measured, relation=">=", draw=draw)


@claim(
    "A draw from the posterior that starts a chain has a uniform rank among the chain's states",
    source="Geweke 2004; Gandy and Scott 2020",
)
def chains_are_calibrated() -> Outcome:
    """A parameter from the prior, with data from it, is a draw from the posterior of these data.

    A chain whose stationary distribution is the posterior cannot tell this state from its other
    states. So the rank of the state among them is uniform, for Metropolis, Gibbs, Hamiltonian and
    SGHMC chains (the last with steps so small that its variances are exact up to 1 %). The ranked
    quantities are a and b of a line, the likelihood, which reveals a chain that ignores the data,
    and the likelihood times the prior. 1,000 chains have 16 states each, some steps apart. The
    measured values are the p-values of chi-squared tests, which must not be below 1 in 10,000. A
    chain on p^.8 is wider than p: the likelihood of its first state is too high among the others,
    as the picture shows.
    """
    wrong: dict[str, Experiment] = {
        "Metropolis on p^.8": partial(_of_a_line, partial(_metropolis, power=0.8))
    }
    return _even(CHAINS, wrong)


@claim(
    "Every conjugate posterior is calibrated: the truth has a uniform rank among its draws",
    source="Cook et al. 2006; Talts et al. 2018",
)
def posteriors_are_calibrated() -> Outcome:
    """With truth from the prior and data from the truth, posterior draws are exchangeable with it.

    The models are a coin with 4 tosses, a normal mean with one observation, and both parameters of
    a normal with 3 observations. The parameters and the likelihood are ranked, with 1,000
    repetitions and chi-squared tests. In the picture the prior stands in for the posterior. Only
    the ranks of the likelihood reveal this mistake; the ranks of the parameter would be uniform.
    """

    def prior_for_posterior(rng: np.random.Generator) -> tuple[Array, Array]:
        p = rng.beta(2, 5, N_DRAWS + 1)
        tosses = rng.binomial(1, p[0], 4)
        log_p = stats.bernoulli.logpmf(tosses, p[:, None]).sum(axis=1)
        both = np.stack([p, log_p], axis=-1)
        return both[0], both[1:]

    return _even(POSTERIORS, {"the prior for the coin": prior_for_posterior})


@claim(
    "Every conjugate prediction is calibrated: the next value has a uniform rank among its draws",
    source="Dawid 1984; Talts et al. 2018",
)
def predictions_are_calibrated() -> Outcome:
    """The next observation and draws from the right predictive are exchangeable.

    So the rank of the next observation among the draws is uniform. Ranked are the next observation
    and its distance from the mean of the earlier ones; ties of coins are broken at random. In the
    picture a plug-in prediction stands in for the predictive: the next observation is too often
    beyond all draws.
    """

    def plugged_in(rng: np.random.Generator) -> tuple[Array, Array]:
        *y, following = _students(rng, 4)
        draws = rng.normal(np.mean(y), np.std(y), N_DRAWS)
        return np.array([abs(following - np.mean(y))]), np.abs(draws - np.mean(y))[:, None]

    return _even(PREDICTIONS, {"estimates plugged in": plugged_in})


@claim(
    "Posteriors of codes are calibrated: probabilistic PCA's, and an optimal linear VAE's encoder",
    source="Talts et al. 2018; Lucas et al. 2019",
)
def codes_are_calibrated() -> Outcome:
    """Draw z from the prior, x from the decoder, and draws of z given x: the rank of z is uniform.

    For a linear VAE this holds only at its optimum, where the encoder is the exact posterior of the
    decoder. The picture shows an encoder with half the variance: its draws are too near to their
    mean, and the true code is too often outside of them all.
    """
    model = trained(_correlated(), 2, sigma=0.8)
    decoder = model.params["decoder.0.W"], model.params["decoder.0.b"]

    def too_narrow(x: Array, rng: np.random.Generator) -> Array:
        mu, log_var = model.encode(np.tile(x, (N_DRAWS, 1)))
        return mu + np.exp(log_var / 2) * rng.standard_normal(mu.shape) / np.sqrt(2)

    return _even(
        codes(), {"half the variance": lambda rng: _codes(too_narrow, *decoder, 0.64, rng)}
    )
