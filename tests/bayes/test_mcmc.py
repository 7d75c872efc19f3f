"""Samplers and their chains beyond what the claims on them say."""

import numpy as np
import pytest
from scipy import signal, stats

from minivae.bayes import Chain, gibbs, hmc, leapfrog, metropolis
from minivae.gradient_check.check import check_gradients


def standard_normal(z):
    return -0.5 * np.sum(z**2, axis=1), -z


def logistic(z):
    """A density that is no Gaussian, and allows the complex step."""
    return -np.sum(z + 2 * np.log1p(np.exp(-z)), axis=1), -np.tanh(z / 2)


def standard_error(values, n_batches=50):
    """Of the mean of a chain, by batch means."""
    batches = np.array_split(values, n_batches)
    return np.std([batch.mean() for batch in batches], ddof=1) / np.sqrt(n_batches)


def assert_mean(values, expected):
    """Within four standard errors, which must be small enough to mean something."""
    error = standard_error(values)
    assert error < 0.05 * max(1, abs(expected))
    assert np.mean(values) == pytest.approx(expected, abs=4 * error)


# Metropolis


def test_metropolis_draws_from_a_conjugate_posterior():
    def log_density(z):
        inside = np.all((z > 0) & (z < 1), axis=1)
        p = np.clip(z[:, 0], 1e-12, 1 - 1e-12)
        return np.where(inside, 6 * np.log(p) + 3 * np.log1p(-p), -np.inf)

    chain = metropolis(log_density, [0.6], 40_000, step=0.4, rng=1)
    exact = stats.beta(7, 4)
    thinned = chain.samples[::20, 0]
    assert_mean(chain.samples[:, 0], exact.mean())
    assert_mean((chain.samples[:, 0] - exact.mean()) ** 2, exact.var())
    assert stats.kstest(thinned, exact.cdf).pvalue > 0.01


# Gibbs


def test_gibbs_goes_through_the_coordinates_in_order_and_uses_the_newest():
    chain = gibbs([lambda z, rng: z[1] + 1, lambda z, rng: 2 * z[0]], [9.0, 0.0], 3)
    np.testing.assert_array_equal(chain.samples, [[1, 2], [3, 6], [7, 14]])
    assert chain.acceptance_rate == 1


# Hamiltonian Monte Carlo


def test_leapfrog_is_unstable_from_a_step_of_two():
    z, momentum = np.ones((1, 1)), np.ones((1, 1))
    ends = [
        abs(leapfrog(standard_normal, z, momentum, step=step, n_leapfrog=200)[0][0, 0])
        for step in (1.99, 2.01)
    ]
    assert ends[0] < 30
    assert ends[1] > 1e6


def test_leapfrog_preserves_volume():
    rng = np.random.default_rng(0)
    point = rng.standard_normal(4)
    jacobian = np.empty((4, 4))
    for j in range(4):
        shifted = point.astype(complex)
        shifted[j] += 1e-30j
        q, p, _ = leapfrog(logistic, shifted[None, :2], shifted[None, 2:], step=0.7, n_leapfrog=9)
        jacobian[:, j] = np.concatenate([q[0], p[0]]).imag / 1e-30
    form = np.block([[np.zeros((2, 2)), np.eye(2)], [-np.eye(2), np.zeros((2, 2))]])
    assert np.linalg.det(jacobian) == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(jacobian.T @ form @ jacobian, form, atol=1e-12)
    assert np.linalg.norm(jacobian - np.eye(4)) > 1


@pytest.mark.parametrize(("step", "n_leapfrog"), [(0.5, 3), (1.2, 2), (1.8, 1)])
def test_hmc_acceptance_and_variance_at_every_stable_step(step, n_leapfrog):
    chain = hmc(standard_normal, [0.5], 20_000, step=step, n_leapfrog=n_leapfrog, rng=0)
    # the leapfrog as a matrix on (q, p); in polar coordinates the radius integrates analytically
    kick, drift = np.array([[1, 0], [-step / 2, 1]]), np.array([[1, step], [0, 1]])
    trajectory = np.linalg.matrix_power(kick @ drift @ kick, n_leapfrog)
    angle = np.linspace(0, 2 * np.pi, 20_001)[:-1]
    gained = (np.sum((trajectory @ [np.cos(angle), np.sin(angle)]) ** 2, axis=0) - 1) / 2
    expected = np.mean(1 / (1 + 2 * np.maximum(gained, 0)))
    moved = np.diff(chain.samples[:, 0]) != 0
    assert chain.acceptance_rate == pytest.approx(expected, abs=4 * standard_error(moved))
    assert standard_error(moved) < 0.01
    assert_mean(chain.samples[:, 0], 0)
    assert np.mean(chain.samples**2) == pytest.approx(1, rel=0.05)
    assert_mean(chain.samples[:, 0] ** 2, 1)


def test_a_wrong_gradient_costs_acceptance_and_only_a_check_finds_it():
    def wrong(z):
        log_p, gradient = logistic(z)
        return log_p, 1.6 * gradient

    def check(target):
        return check_gradients(
            lambda z: target(z)[0],
            np.linspace(-2, 2, 6).reshape(3, 2),
            backward=lambda z, dy: dy[:, None] * target(z)[1],
        )

    chains = [
        hmc(target, [0.0], 8_000, step=1.0, n_leapfrog=2, rng=0) for target in (logistic, wrong)
    ]
    for chain in chains:
        assert_mean(chain.samples[:, 0] ** 2 / 10, np.pi**2 / 30)
    assert chains[1].acceptance_rate < chains[0].acceptance_rate - 0.05
    assert check(logistic).ok
    assert not check(wrong).ok


# Chains


def autoregressive(phi, n_samples, n_chains, seed=0):
    noise = np.random.default_rng(seed).standard_normal((n_samples + 500, n_chains))
    return signal.lfilter([np.sqrt(1 - phi**2)], [1, -phi], noise, axis=0)[500:]


@pytest.mark.parametrize("n_samples", [50, 51])
def test_autocorrelation_is_the_sum_of_lagged_products(n_samples):
    values = autoregressive(0.7, n_samples, 2) + 3
    centered = values - values.mean(axis=0)
    expected = [
        np.sum(centered[lag:] * centered[: n_samples - lag], axis=0) for lag in range(n_samples)
    ]
    measured = Chain(values, 1.0).autocorrelation(n_samples - 1)
    np.testing.assert_allclose(measured, np.array(expected) / expected[0], atol=1e-12)


@pytest.mark.parametrize("phi", [0.9, 0.5, 0.0, -0.5])
def test_autocorrelation_time_of_an_autoregression(phi):
    chain = Chain(autoregressive(phi, 100_000, 3), 1.0)
    time = (1 + phi) / (1 - phi)
    np.testing.assert_allclose(chain.autocorrelation_time(), time, rtol=0.12)
    np.testing.assert_allclose(chain.effective_sample_size(), 100_000 / time, rtol=0.15)


def test_autocorrelation_time_stops_at_a_negative_pair_and_lets_none_rise():
    rng = np.random.default_rng(0)
    n_limited = 0
    for _ in range(50):
        chain = Chain(autoregressive(0.6, 301, 1, rng), 1.0)
        correlation = iter(chain.autocorrelation(299)[:, 0])
        time, free_time, smallest = -1, -1, np.inf
        for pair in zip(correlation, correlation, strict=True):
            if sum(pair) <= 0:
                break
            smallest = min(smallest, sum(pair))
            time, free_time = time + 2 * smallest, free_time + 2 * sum(pair)
        assert chain.autocorrelation_time()[0] == pytest.approx(max(time, 1 / np.log10(301)))
        n_limited += free_time > time > 1
    assert n_limited > 3


def test_a_chain_that_cancels_its_errors_counts_for_more_but_not_for_infinity():
    half_a_period = hmc(standard_normal, [1.0], 2000, step=0.1, n_leapfrog=31, rng=0)
    np.testing.assert_allclose(half_a_period.effective_sample_size(), 2000 * np.log10(2000))


def test_effective_sample_size_predicts_the_error_of_the_mean():
    values = autoregressive(0.8, 2000, 1000)
    chain = Chain(values, 1.0)
    predicted = np.mean(values.var(axis=0) / chain.effective_sample_size())
    assert predicted == pytest.approx(values.mean(axis=0).var(), rel=0.12)


def test_a_chain_that_never_moves_says_so():
    with pytest.warns(RuntimeWarning, match="none of 20 proposals was accepted with step=1e\\+06"):
        stuck = metropolis(lambda z: standard_normal(z)[0], [0.1], 20, step=1e6, rng=0)
    with pytest.warns(RuntimeWarning, match="try a tenth of the step"):
        unstable = hmc(standard_normal, [0.1], 20, step=40, n_leapfrog=300, rng=0)
    for chain in (stuck, unstable):
        assert chain.acceptance_rate == 0
        assert np.all(chain.samples == 0.1)
        with pytest.raises(ValueError, match="coordinate 0 never moves"):
            chain.autocorrelation(3)


@pytest.mark.parametrize("sampler", ["metropolis", "gibbs", "hmc"])
def test_the_seed_decides_the_chain_and_the_start_is_left_alone(sampler):
    start = np.zeros(2)

    def run(rng):
        if sampler == "metropolis":
            return metropolis(lambda z: standard_normal(z)[0], start, 9, step=1, rng=rng)
        if sampler == "hmc":
            return hmc(standard_normal, start, 9, step=1, n_leapfrog=2, rng=rng)
        return gibbs([lambda z, rng: rng.normal(z.sum())] * 2, start, 9, rng=rng)

    chain = run(7)
    assert chain.samples.shape == (9, 2)
    np.testing.assert_array_equal(chain.samples, run(np.random.default_rng(7)).samples)
    assert np.any(chain.samples != run(8).samples)
    np.testing.assert_array_equal(start, 0)


def run_metropolis(log_density=lambda z: standard_normal(z)[0], start=(0.0,), n=5, step=1.0):
    return metropolis(log_density, start, n, step=step, rng=0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: run_metropolis(start=[np.nan]), "start must be finite"),
        (lambda: run_metropolis(start=[[0.0]]), r"start must have shape \(n_dims,\)"),
        (lambda: run_metropolis(n=0), "n_samples must be at least 1, got 0"),
        (lambda: run_metropolis(step=0), "step must be in"),
        (
            lambda: run_metropolis(lambda z: -np.sum(z**2) / 2),
            r"what log_density returns must have shape \(batch,\), got shape \(\)",
        ),
        (
            lambda: run_metropolis(lambda z: np.full(len(z), -np.inf)),
            r"log density must be finite at the start \[0.\], got -inf",
        ),
        (
            lambda: run_metropolis(lambda z: np.where(z[:, 0] == 0, 0.0, np.nan)),
            "minus infinity outside its support, got nan",
        ),
        (
            lambda: hmc(lambda z: (np.full(1, np.nan), z), [0.0], 5, step=1, n_leapfrog=1),
            "log density must be finite at the start",
        ),
        (
            lambda: hmc(standard_normal, [0.0], 5, step=1, n_leapfrog=0),
            "n_leapfrog must be at least 1, got 0",
        ),
        (lambda: hmc(standard_normal, [0.0], 5, step=-1, n_leapfrog=1), "step must be in"),
        (lambda: gibbs([], [0.0], 5), "one function for each of the 1 coordinates of start, got 0"),
        (lambda: gibbs([lambda z, rng: np.nan], [0.0], 5), "finite numbers, got .* in sweep 0"),
        (
            lambda: run_metropolis().autocorrelation(5),
            "max_lag must be between 0 and n_samples - 1 = 4, got 5",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
