"""Markov chains: how long they remember the past, and whether they agree on one target.

No tolerance here comes from `Chain.effective_sample_size`, which is itself under test. The errors
come from independent batches or from independent chains.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minivae.bayes import hamiltonian, mcmc
from minivae.bayes.chain import Chain
from minivae.claims import Outcome, claim
from minivae.claims.sampling_rigs import lag_1, r_hat, standard_error
from minivae.edge.checks import Array


@claim(
    "On two normals of correlation rho, Gibbs sampling has the autocorrelation rho^(2 lag)",
    source="derived here",
)
def gibbs_autocorrelation() -> Outcome:
    """Two normals of correlation rho, drawn in turn, form an autoregression of coefficient rho^2.

    x is drawn around rho y, then y around rho x, so a sweep multiplies the old y by rho^2. So the
    autocorrelation at lag k is rho^(2k). Its sum over all lags, positive and negative, is (1 +
    rho^2) / (1 - rho^2): the number of sweeps that one independent sample costs. It is 4.6 at rho =
    .8, and has no bound as rho approaches 1.
    """
    rho, n_chains, n_lags = 0.8, 10, 5

    def draw_given(other: int) -> Any:
        return lambda z, rng: rng.normal(rho * z[other], np.sqrt(1 - rho**2))

    rng = np.random.default_rng(0)
    conditionals = [draw_given(1), draw_given(0)]
    chains = [mcmc.gibbs(conditionals, [0, 0], 6000, rng=rng) for _ in range(n_chains)]
    found = np.array(
        [
            [*chain.autocorrelation(n_lags)[1:, 1], chain.autocorrelation_time()[1]]
            for chain in chains
        ]
    )  # (n_chains, n_lags + 1)
    lags = np.arange(1, n_lags + 1)
    exact = [*rho ** (2 * lags), (1 + rho**2) / (1 - rho**2)]
    error = found.std(axis=0, ddof=1) / np.sqrt(n_chains)

    def draw(ax: Any) -> None:
        from minivae import plots

        plots.autocorrelation(chains[0].autocorrelation(20), ax=ax)
        ax.plot(range(21), rho ** (2 * np.arange(21)), "k--", label="rho^(2 lag)")
        ax.legend()

    return Outcome(
        exact,
        found.mean(axis=0),
        tolerance=5 * error,
        because=f"five standard errors of {n_chains} chains; {r_hat(chains)}",
        draw=draw,
    )


@claim(
    "A first-order autoregression is worth n (1 - a) / (1 + a) independent draws",
    source="Geyer 1992",
)
def autoregression_is_worth_so_many_draws() -> Outcome:
    """The chain x' = a x + sqrt(1 - a^2) eps has the autocorrelations a, a^2, a^3, ...

    Their sum over all lags, positive and negative, is tau = (1 + a) / (1 - a). For a variance of 1,
    the mean of n steps has the variance tau / n, like the mean of n / tau independent draws. This
    is the effective sample size. For a < 0 the errors of steps cancel each other, and each step is
    worth more than one draw. The exact values are tau and n / tau; the measured values are the
    library's estimates from 100 chains of 4,000 steps. The variance of the means of 5,000 such
    chains is measured, too, without the library.
    """
    n_chains, n, rng = 100, 4000, np.random.default_rng(0)
    slopes = np.array([-0.4, 0.0, 0.5, 0.8])
    x = np.empty((n, n_chains, len(slopes)))
    state, total = rng.standard_normal((5000, len(slopes))), 0.0
    for t in range(n):
        noise = rng.standard_normal(state.shape)
        state = slopes * state + np.sqrt(1 - slopes**2) * noise
        total, x[t] = total + state, state[:n_chains]
    chains = [Chain(x[:, i], 1.0) for i in range(n_chains)]
    times = np.array([chain.autocorrelation_time() for chain in chains])
    sizes = np.array([chain.effective_sample_size() for chain in chains])
    exact = (1 + slopes) / (1 - slopes)
    estimates = [times / exact, sizes * exact / n, total**2 / n / exact]
    errors = [values.std(axis=0) / np.sqrt(len(values)) for values in estimates]
    # Geyer's cut leaves out the lags after the first negative pair, and keeps noise before it
    bias = np.array([0.02, 0.02, 0])[:, None]

    def draw(ax: Any) -> None:
        a = np.linspace(-0.6, 0.86, 100)
        ax.plot(a, (1 - a) / (1 + a), label="(1 - a) / (1 + a)")
        ax.boxplot(list((sizes / n).T), positions=slopes, widths=0.05, manage_ticks=False)
        ax.set(xlabel="coefficient a of the autoregression", ylabel="independent draws in a step")
        ax.legend()

    return Outcome(
        exact=np.ones((3, 4)),
        measured=[values.mean(axis=0) for values in estimates],
        tolerance=5 * np.array(errors) + bias,
        because="five standard errors of 100 and of 5,000 chains, and 2 % for Geyer's cut",
        draw=draw,
    )


@claim(
    "Metropolis, Gibbs and Hamiltonian chains agree on the means and covariances of a Gaussian",
    source="Neal 2011",
)
def sampler_moments() -> Outcome:
    """Three samplers with only the target in common find the same means and covariances.

    Each sampler leaves the target invariant: Metropolis and Hamiltonian Monte Carlo by detailed
    balance, Gibbs because a draw from p(x_i given the others) does not change a joint p. The target
    is normal with precision P, so the exact moments are its mean and P^-1.
    """
    precision, mean = np.array([[2.0, 0.9], [0.9, 1.0]]), np.array([1.0, -2.0])
    covariance = np.linalg.inv(precision)

    def target(z: Array) -> tuple[Array, Array]:
        force = -(z - mean) @ precision
        return 0.5 * np.sum((z - mean) * force, axis=1), force

    def draw_given(i: int) -> Any:
        # coordinate i given the other: precision P_ii, mean m_i - P_ij (z_j - m_j) / P_ii
        j, p = 1 - i, precision[i, i]
        return lambda z, rng: rng.normal(
            mean[i] - precision[i, j] * (z[j] - mean[j]) / p, np.sqrt(1 / p)
        )

    chains = {
        "Metropolis": mcmc.metropolis(lambda z: target(z)[0], mean, 30_000, step=1.5, rng=0),
        "Gibbs": mcmc.gibbs([draw_given(0), draw_given(1)], mean, 10_000, rng=0),
        "Hamiltonian": hamiltonian.hmc(target, mean, 6000, step=0.7, n_leapfrog=3, rng=0),
    }
    measured, errors = [], []
    for chain in chains.values():
        x, y = (chain.samples - mean).T
        for values in (x, y, x * x, x * y, y * y):
            measured.append(values.mean())
            errors.append(standard_error(values))

    def draw(ax: Any) -> None:
        from minivae import plots

        plots.chain_trace(chains["Metropolis"].samples[:1000], ax=ax)

    exact = [0, 0, covariance[0, 0], covariance[0, 1], covariance[1, 1]]
    memory = ", ".join(f"{name} {lag_1(chain.samples):.2f}" for name, chain in chains.items())
    return Outcome(
        exact * 3,
        measured,
        tolerance=5 * np.array(errors),
        because=f"five standard errors by batches; autocorrelation at lag 1: {memory}",
        draw=draw,
    )
