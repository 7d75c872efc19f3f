"""Samplers and their chains against closed forms, quadrature and AR(1) processes."""

import numpy as np
import pytest
from scipy import integrate, signal, stats

from minivae.bayes import Chain, gibbs, hmc, leapfrog, metropolis
from minivae.gradcheck import check_gradients


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


def random_walk(step, n_samples=40_000, seed=0):
    rng = np.random.default_rng(seed)
    start = rng.standard_normal(1)  # from the target: stationary at once
    return metropolis(lambda z: standard_normal(z)[0], start, n_samples, step=step, rng=rng)


# Metropolis


@pytest.mark.parametrize(("step", "anchor"), [(0.5, 0.84404), (2.38, 0.44491), (10, 0.12567)])
def test_metropolis_acceptance_rate_is_an_arctangent(step, anchor):
    chain = random_walk(step)
    moved = np.diff(chain.samples[:, 0]) != 0
    assert chain.acceptance_rate == pytest.approx(moved.mean(), abs=1e-4)
    assert 2 / np.pi * np.arctan(2 / step) == pytest.approx(anchor, abs=5e-6)
    assert chain.acceptance_rate == pytest.approx(anchor, abs=4 * standard_error(moved))
    assert standard_error(moved) < 0.004


def test_metropolis_is_in_detailed_balance():
    chain = random_walk(1.5, n_samples=100_000)
    cells = np.digitize(chain.samples[:, 0], [-1, 0, 0.5])
    flow = np.zeros((4, 4))
    np.add.at(flow, (cells[:-1], cells[1:]), 1)
    both_ways = flow + flow.T
    assert both_ways.min() > 100
    assert np.max(np.abs(flow - flow.T) / np.sqrt(both_ways)) < 4


@pytest.mark.parametrize("step", [0.5, 2.38])
def test_a_rejected_step_repeats_the_state(step):
    """Without the repeats each state counts by its chance to be left: .93 or 1.13, not 1."""
    values = random_walk(step, n_samples=60_000).samples[:, 0]
    without_repeats = values[1:][np.diff(values) != 0]

    x = np.linspace(-6, 6, 401)
    y = x[:, None] + np.linspace(-6, 6, 2001) * step
    accepted = np.minimum(1, np.exp((x[:, None] ** 2 - y**2) / 2))
    leaving = integrate.simpson(stats.norm(x[:, None], step).pdf(y) * accepted, x=y, axis=1)
    weights = leaving * stats.norm.pdf(x)
    wrong_variance = np.sum(weights * x**2) / np.sum(weights)
    assert abs(wrong_variance - 1) > 0.04
    assert_mean(values**2, 1)
    assert np.mean(without_repeats**2) == pytest.approx(wrong_variance, abs=0.05)


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


def test_gibbs_autocorrelation_is_the_squared_correlation():
    rho = 0.8

    def draw(other):
        return lambda z, rng: rng.normal(rho * z[other], np.sqrt(1 - rho**2))

    chain = gibbs([draw(1), draw(0)], [0.0, 0.0], 60_000, rng=0)
    lags = np.arange(4)[:, None]
    np.testing.assert_allclose(chain.autocorrelation(3), rho ** (2 * lags) + [[0, 0]], atol=0.02)
    expected = (1 + rho**2) / (1 - rho**2)
    np.testing.assert_allclose(chain.autocorrelation_time(), expected, rtol=0.1)
    assert chain.acceptance_rate == 1
    x, y = chain.samples.T
    for values, moment in [(x, 0), (x**2, 1), (y**2, 1), (x * y, rho)]:
        assert_mean(values, moment)


# Hamiltonian Monte Carlo


@pytest.mark.parametrize("step", [0.1, 1.0, 1.9])
def test_leapfrog_conserves_the_modified_energy_of_an_oscillator(step):
    z, momentum = np.array([[1.0], [-0.3]]), np.array([[0.4], [2.0]])
    energies = []
    for n_leapfrog in range(50):
        q, p, _ = leapfrog(standard_normal, z, momentum, step=step, n_leapfrog=n_leapfrog)
        energies.append(p**2 / 2 + q**2 / 2 * (1 - step**2 / 4))
    assert np.max(np.ptp(energies, axis=0)) < 1e-13


def test_leapfrog_is_unstable_from_a_step_of_two():
    z, momentum = np.ones((1, 1)), np.ones((1, 1))
    ends = [
        abs(leapfrog(standard_normal, z, momentum, step=step, n_leapfrog=200)[0][0, 0])
        for step in (1.99, 2.01)
    ]
    assert ends[0] < 30
    assert ends[1] > 1e6


@pytest.mark.parametrize("target", [standard_normal, logistic])
def test_leapfrog_energy_error_is_of_second_order(target):
    z, momentum = np.array([[1.0, -0.5]]), np.array([[0.7, 1.5]])
    start_energy = (momentum**2).sum() / 2 - target(z)[0][0]

    def largest_error(step):
        errors = []
        for n_leapfrog in range(1, round(4 / step) + 1):
            _, p, log_p = leapfrog(target, z, momentum, step=step, n_leapfrog=n_leapfrog)
            errors.append((p**2).sum() / 2 - log_p[0] - start_energy)
        return np.abs(errors).max()

    assert largest_error(0.1) / largest_error(0.05) == pytest.approx(4, rel=0.1)


@pytest.mark.parametrize("target", [standard_normal, logistic])
def test_leapfrog_leads_back(target):
    rng = np.random.default_rng(0)
    z, momentum = rng.standard_normal((2, 5, 3))
    end, end_momentum, log_p = leapfrog(target, z, momentum, step=0.3, n_leapfrog=20)
    back, back_momentum, _ = leapfrog(target, end, -end_momentum, step=0.3, n_leapfrog=20)
    np.testing.assert_allclose(back, z, atol=1e-12)
    np.testing.assert_allclose(back_momentum, -momentum, atol=1e-12)
    np.testing.assert_array_equal(log_p, target(end)[0])
    assert np.min(np.linalg.norm(end - z, axis=1)) > 0.1


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


def test_hmc_moments_of_a_correlated_gaussian():
    precision = np.array([[2.0, 0.9], [0.9, 1.0]])
    mean, covariance = np.array([1.0, -2.0]), np.linalg.inv(precision)

    def target(z):
        force = -(z - mean) @ precision
        return 0.5 * np.sum((z - mean) * force, axis=1), force

    chain = hmc(target, mean, 10_000, step=0.7, n_leapfrog=3, rng=2)
    centered = chain.samples - mean
    for i, j in [(0, 0), (0, 1), (1, 1)]:
        assert_mean(centered[:, i] * centered[:, j], covariance[i, j])
    for i in range(2):
        assert_mean(chain.samples[:, i], mean[i])


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
        (lambda: run_metropolis(start=[[0.0]]), r"start must be .* shape \(n_dims,\)"),
        (lambda: run_metropolis(n=0), "n_samples must be at least 1, got 0"),
        (lambda: run_metropolis(step=0), "step must be in"),
        (
            lambda: run_metropolis(lambda z: -np.sum(z**2) / 2),
            r"shape \(batch,\) .* got shape \(\) for \(1, 1\)",
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
        (lambda: gibbs([], [0.0], 5), "one for each of start's 1 coordinates, got 0"),
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
