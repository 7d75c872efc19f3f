"""The linear-Gaussian model against the joint Gaussian of (z, x), conditioned by other means."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from minivae.gradient_check.check import check_gradients
from minivae.linear.linear_gaussian import LinearGaussianModel

SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.integers(1, 4)
few = settings(max_examples=25, deadline=None)


def random_model(seed, n_latent=2, n_features=3):
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((n_latent, n_features))
    return LinearGaussianModel(W, rng.uniform(0.1, 2)), rng


@few
@given(SEEDS, SIZES, SIZES)
def test_the_marginal_is_the_gaussian_of_x(seed, n_latent, n_features):
    model, rng = random_model(seed, n_latent, n_features)
    x = rng.standard_normal((5, n_features))
    covariance = model.W.T @ model.W + model.noise_variance * np.eye(n_features)
    np.testing.assert_allclose(model.covariance(), covariance, rtol=1e-14)
    truth = stats.multivariate_normal(np.zeros(n_features), covariance).logpdf(x)
    np.testing.assert_allclose(model.log_marginal(x), truth, rtol=1e-9, atol=1e-9)


@few
@given(SEEDS, SIZES, SIZES)
def test_the_posterior_conditions_the_joint_gaussian(seed, k, d):
    model, rng = random_model(seed, k, d)
    W, s2 = model.W, model.noise_variance
    joint = np.block([[np.eye(k), W], [W.T, W.T @ W + s2 * np.eye(d)]])  # of (z, x)
    precision = np.linalg.inv(joint)
    x = rng.standard_normal((5, d))
    mu = -x @ precision[k:, :k] @ np.linalg.inv(precision[:k, :k])
    A, P = model.posterior()
    np.testing.assert_allclose(model.posterior_mean(x), mu, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(x @ A, mu, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(P, precision[:k, :k], rtol=1e-8, atol=1e-8)


@few
@given(SEEDS, SIZES, SIZES)
def test_the_joint_density_is_prior_times_likelihood(seed, k, d):
    model, rng = random_model(seed, k, d)
    x, z = rng.standard_normal(d), rng.standard_normal((4, k))
    prior = stats.norm.logpdf(z).sum(axis=1)
    likelihood = stats.norm(z @ model.W, np.sqrt(model.noise_variance)).logpdf(x).sum(axis=1)
    np.testing.assert_allclose(model.log_joint(x)(z)[0], prior + likelihood, rtol=1e-10)


def test_the_gradient_of_the_log_joint():
    model, rng = random_model(1)
    log_joint = model.log_joint(rng.standard_normal(3))
    check_gradients(
        lambda z: log_joint(z)[0],
        rng.standard_normal((4, 2)),
        backward=lambda z, dy: dy[:, None] * log_joint(z)[1],
    ).raise_if_failed()


@settings(max_examples=10, deadline=None)
@given(SEEDS, SIZES)
def test_the_elbo_is_an_integral_over_q(seed, n_features):
    model, rng = random_model(seed, 1, n_features)
    x, mu, log_var = rng.standard_normal(n_features), rng.standard_normal(), rng.uniform(-2, 1)
    q, log_joint = stats.norm(mu, np.exp(log_var / 2)), model.log_joint(x)

    def integrand(z):
        return q.pdf(z) * (log_joint(np.array([[z]]))[0][0] - q.logpdf(z))

    truth = integrate.quad(integrand, *q.mean() + np.array([-12, 12]) * q.std())[0]
    elbo = model.elbo(x[None], np.array([[mu]]), np.array([[log_var]]))
    np.testing.assert_allclose(elbo, truth, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LinearGaussianModel(np.ones((1, 2)), 0), "noise_variance must be in"),
        (lambda: LinearGaussianModel(np.ones(2), 1), r"W must have shape .* got shape \(2,\)"),
        (lambda: random_model(0)[0].log_marginal(np.ones((1, 2))), "n_features=3 columns, got 2"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
