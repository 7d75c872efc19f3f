"""Variational inference beyond what the claims on it say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special, stats

from minivae.bayes import (
    LinearGaussianModel,
    elbo_and_gradient,
    expected_inference_gaps,
    fit_mean_field,
    gaussian_mean_field,
    inference_gaps,
)
from minivae.gradient_check.check import check_gradients

few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 5)


def gaussian_target(mean, precision):
    def log_density_and_gradient(z):
        force = -(z - mean) @ precision
        return 0.5 * np.sum((z - mean) * force, axis=1), force

    return log_density_and_gradient


def random_precision(n_dims, rng):
    A = rng.standard_normal((n_dims, n_dims))
    return A @ A.T + 0.3 * np.eye(n_dims)


def log_gamma(a, b):
    """Return the density of the log of a gamma(a, rate b) variable, without its constant."""
    return lambda z: (np.sum(a * z - b * np.exp(z), axis=1), a - b * np.exp(z))


# One datum


@few
@given(sizes, seeds)
def test_the_fit_of_a_gaussian_is_its_closed_form(n_dims, seed):
    rng = np.random.default_rng(seed)
    mean, precision = rng.normal(0, 2, n_dims), random_precision(n_dims, rng)
    means, variances, kl_gap = gaussian_mean_field(mean, precision)
    fit = fit_mean_field(gaussian_target(mean, precision), n_dims, n_draws=8, rng=rng)
    np.testing.assert_allclose(fit.mu, means, atol=1e-6)
    np.testing.assert_allclose(np.exp(fit.log_var), variances, rtol=1e-6)
    log_constant = 0.5 * np.linalg.slogdet(2 * np.pi * np.linalg.inv(precision))[1]
    assert log_constant - fit.elbo == pytest.approx(kl_gap, abs=1e-9)


@few
@given(sizes, seeds)
def test_mean_field_variances_are_too_small_and_the_gap_is_the_divergence(n_dims, seed):
    rng = np.random.default_rng(seed)
    mean, precision = rng.normal(0, 2, n_dims), random_precision(n_dims, rng)
    covariance = np.linalg.inv(precision)
    means, variances, kl_gap = gaussian_mean_field(mean, precision)
    q = stats.multivariate_normal(means, np.diag(variances))
    # KL(q || p) = cross entropy - entropy, with E_q of a quadratic from its trace
    p_at_mean = stats.multivariate_normal(mean, covariance).logpdf(means)
    expected = -q.entropy() - p_at_mean + 0.5 * np.trace(precision @ np.diag(variances))
    assert kl_gap == pytest.approx(expected, abs=1e-9)
    assert np.all(variances <= np.diag(covariance) * (1 + 1e-12))


def test_the_gap_by_quadrature():
    precision = np.array([[2, 0.9], [0.9, 1]])
    _, variances, kl_gap = gaussian_mean_field([0, 0], precision)
    nodes, weights = special.roots_hermitenorm(20)
    z = np.stack(np.meshgrid(nodes, nodes), axis=-1).reshape(-1, 2) * np.sqrt(variances)
    log_q = stats.multivariate_normal([0, 0], np.diag(variances)).logpdf(z)
    log_p = stats.multivariate_normal([0, 0], np.linalg.inv(precision)).logpdf(z)
    assert kl_gap == pytest.approx(0.2595969367, abs=1e-10)
    expected = np.outer(weights, weights).ravel() @ (log_q - log_p) / (2 * np.pi)
    assert kl_gap == pytest.approx(expected, abs=1e-10)


def test_the_fit_of_a_log_gamma_is_its_closed_form():
    """The ELBO ``a mu - b exp(mu + var / 2) + log(var) / 2`` is stationary at 1 / a."""
    a, b = 3.0, 2.0
    fit = fit_mean_field(log_gamma(a, b), 2, n_draws=20_000, rng=0)
    mu = np.log(a / b) - 1 / (2 * a)
    elbo = 2 * (a * mu - a + 0.5 * np.log(2 * np.pi * np.e / a))
    np.testing.assert_allclose(fit.mu, mu, atol=2e-3)
    np.testing.assert_allclose(np.exp(fit.log_var), 1 / a, rtol=1e-2)
    assert fit.elbo == pytest.approx(elbo, abs=1e-3)
    log_constant = 2 * np.log(integrate.quad(lambda x: x ** (a - 1) * np.exp(-b * x), 0, 50)[0])
    assert 0.04 < log_constant - fit.elbo < 0.06


def test_the_gradient_of_the_elbo():
    rng = np.random.default_rng(0)
    eps = rng.standard_normal((7, 3))

    def elbo(mu, log_var):
        return np.array(elbo_and_gradient(log_gamma(3, 2), mu, log_var, eps)[0])

    def backward(mu, log_var, dy):
        return tuple(dy * g for g in elbo_and_gradient(log_gamma(3, 2), mu, log_var, eps)[1:])

    mu, log_var = rng.normal(0, 0.5, size=(2, 3))
    check_gradients(elbo, mu, log_var, backward=backward).raise_if_failed()


def test_the_elbo_by_quadrature():
    mu, log_var = np.array([0.3]), np.array([-0.7])
    q = stats.norm(0.3, np.exp(-0.35))
    expected = q.expect(lambda z: 3 * z - 2 * np.exp(z) - q.logpdf(z), lb=-8, ub=8)
    eps = np.random.default_rng(0).standard_normal((400_000, 1))
    elbo, _, _ = elbo_and_gradient(log_gamma(3, 2), mu, log_var, eps)
    assert elbo == pytest.approx(expected, abs=0.01)


def test_a_target_that_is_no_density_is_noticed():
    with pytest.warns(RuntimeWarning, match="the ELBO still changes by .* is the target a density"):
        fit_mean_field(lambda z: (np.zeros(len(z)), np.zeros_like(z)), 2, rng=0)


# All data


def test_linear_gaussian_model_by_quadrature():
    model = LinearGaussianModel(np.array([[1.5]]), 0.6)
    x, q = 0.8, stats.norm(0.24, np.sqrt(0.5))
    log_joint = model.log_joint(np.array([x]))

    def joint(z):
        return stats.norm(1.5 * z, np.sqrt(0.6)).logpdf(x) + stats.norm.logpdf(z)

    z = np.linspace(-2, 2, 5)
    np.testing.assert_allclose(log_joint(z[:, None])[0], joint(z), rtol=1e-12)
    evidence, _ = integrate.quad(lambda z: np.exp(joint(z)), -10, 10)
    assert model.log_marginal([[x]])[0] == pytest.approx(np.log(evidence), rel=1e-9)
    expected = q.expect(lambda z: joint(z) - q.logpdf(z))
    elbo = model.elbo(np.array([[x]]), np.array([[0.24]]), np.log([[0.5]]))
    assert elbo[0] == pytest.approx(expected, rel=1e-8)
    weights, precision = model.posterior()
    mean, _ = integrate.quad(lambda z: z * np.exp(joint(z)) / evidence, -10, 10)
    square, _ = integrate.quad(lambda z: z**2 * np.exp(joint(z)) / evidence, -10, 10)
    assert x * weights[0, 0] == pytest.approx(mean, rel=1e-8)
    assert 1 / precision[0, 0] == pytest.approx(square - mean**2, rel=1e-8)


def random_model(seed, n_latent=2, n_features=3):
    rng = np.random.default_rng(seed)
    return LinearGaussianModel(rng.standard_normal((n_latent, n_features)), 0.5), rng


def draw(model, n, rng):
    z = rng.standard_normal((n, len(model.W)))
    noise = rng.standard_normal((n, model.W.shape[1]))
    return z @ model.W + np.sqrt(model.noise_variance) * noise


@few
@given(seeds, st.integers(1, 3), st.integers(1, 3))
def test_the_gaps_add_up_to_the_divergence_from_the_posterior(seed, n_latent, n_features):
    model, rng = random_model(seed, n_latent, n_features)
    x = draw(model, 4, rng)
    mu, log_var = rng.standard_normal((2, 4, n_latent))
    gaps = inference_gaps(model, x, mu, log_var)
    weights, precision = model.posterior()
    covariance = np.linalg.inv(precision)
    for n in range(4):
        q = stats.multivariate_normal(mu[n], np.diag(np.exp(log_var[n])))
        posterior = stats.multivariate_normal(x[n] @ weights, covariance)
        spread = 0.5 * np.trace(precision @ np.diag(np.exp(log_var[n])))
        divergence = -q.entropy() - posterior.logpdf(mu[n]) + spread
        assert gaps.approximation[n] + gaps.amortization[n] == pytest.approx(divergence, rel=1e-7)
    assert np.min(gaps.amortization) >= 0
    assert np.min(gaps.approximation) >= -1e-10


def test_the_approximation_gap_is_what_inference_for_each_datum_leaves():
    model, rng = random_model(2)
    x = draw(model, 5, rng)
    encoder = rng.standard_normal((3, 2))
    gaps = inference_gaps(model, x, x @ encoder, np.zeros((5, 2)))
    elbos = [fit_mean_field(model.log_joint(row), 2, n_draws=4, rng=rng).elbo for row in x]
    np.testing.assert_allclose(model.log_marginal(x) - elbos, gaps.approximation, atol=1e-8)
    assert gaps.approximation[0] > 0.01
    expected = expected_inference_gaps(model, encoder, np.zeros(2))
    np.testing.assert_allclose(gaps.approximation, expected.approximation, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_expected_gaps_are_averages_over_the_model(seed):
    model, rng = random_model(seed)
    encoder, log_var = rng.normal(0, 0.3, (3, 2)), rng.normal(-1, 0.3, 2)
    x = draw(model, 40_000, rng)
    gaps = inference_gaps(model, x, x @ encoder, np.tile(log_var, (len(x), 1)))
    expected = expected_inference_gaps(model, encoder, log_var)
    error = gaps.amortization.std() / np.sqrt(len(x))
    assert error < 0.02 * expected.amortization
    assert gaps.amortization.mean() == pytest.approx(expected.amortization, abs=4 * error)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fit_mean_field(log_gamma(1, 1), 0), "n_dims must be at least 1, got 0"),
        (lambda: fit_mean_field(log_gamma(1, 1), 5, n_draws=4), "n_draws must be at least 5"),
        (lambda: fit_mean_field(lambda z: (z.sum(), z), 2), r"shape \(batch,\)"),
        (
            lambda: fit_mean_field(lambda z: (np.where(z > 0, 0, -np.inf)[:, 0], z), 1),
            "log density must be finite at the start .* got -inf",
        ),
        (
            lambda: gaussian_mean_field([0, 0], np.eye(3)),
            r"shape \(2, 2\) for mean .* got \(3, 3\)",
        ),
        (lambda: gaussian_mean_field([0, 0], [[1, 2], [0, 1]]), "precision must be symmetric"),
        (
            lambda: gaussian_mean_field([0, 0], [[1, 2], [2, 1]]),
            "precision must have positive eigenvalues, got -1",
        ),
        (
            lambda: expected_inference_gaps(random_model(0)[0], np.ones((2, 3)), np.zeros(2)),
            r"encoder must have shape \(3, 2\), got shape \(2, 3\)",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
