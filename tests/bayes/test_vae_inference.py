"""The gaps below log p(x), on linear models where each of them is known exactly."""

import numpy as np
import pytest
from helpers import scattered
from scipy import stats

import minivae as mv
from minivae.bayes import LinearGaussianModel, inference_gaps
from minivae.bayes.vae_inference import (
    annealed_log_likelihood,
    elbo_and_likelihood,
    fit_posterior,
    log_joint,
)

SIGMA, D, K = 0.6, 5, 3


@pytest.fixture(scope="module")
def linear():
    """Return a linear VAE whose encoder is wrong, its exact model, and data."""
    rng = np.random.default_rng(0)
    W, b = rng.standard_normal((K, D)), rng.standard_normal(D)
    vae = mv.VAE(D, K, likelihood=mv.Gaussian(SIGMA), rng=0)
    vae.params["decoder.0.W"][...] = W
    vae.params["decoder.0.b"][...] = b
    exact = LinearGaussianModel(W, SIGMA**2)
    M, precision = exact.posterior()
    vae.params["encoder.0.W"][...] = np.hstack([0.9 * M, np.zeros((D, K))])
    log_var = 0.3 - np.log(np.diag(precision))
    raw = 20 * np.arctanh(log_var / 20)  # what bound_log_var makes log_var
    vae.params["encoder.0.b"][...] = np.concatenate([-0.9 * b @ M, raw])
    x = rng.standard_normal((12, K)) @ W + b + SIGMA * rng.standard_normal((12, D))
    return vae, exact, x, b


def truth(exact, x, b):
    return stats.multivariate_normal(b, exact.covariance()).logpdf(x)


def test_the_joint_density_and_its_gradient():
    vae = scattered(mv.VAE(6, 2, hidden=(4,), activation="tanh", rng=0))
    rng = np.random.default_rng(0)
    x, z = rng.random((3, 6)).round(), rng.standard_normal((3, 2))
    f = log_joint(vae, x)
    p = vae.decode(z)
    expected = stats.bernoulli.logpmf(x, p).sum(axis=1) + stats.norm.logpdf(z).sum(axis=1)
    np.testing.assert_allclose(f(z)[0], expected)
    report = mv.check_gradients(
        lambda z: f(z)[0], z, backward=lambda z, dy: dy[:, None] * f(z)[1], rng=0
    )
    assert report.ok, report


def test_annealing_finds_the_exact_likelihood(linear):
    vae, exact, x, b = linear
    error = annealed_log_likelihood(vae, x, n_steps=200, n_chains=32, rng=0) - truth(exact, x, b)
    assert abs(error.mean()) < 0.03
    assert np.sqrt(np.mean(error**2)) < 0.06
    few = annealed_log_likelihood(vae, x, n_steps=1, n_chains=32, rng=0) - truth(exact, x, b)
    assert np.sqrt(np.mean(few**2)) > 0.12


def test_annealing_does_not_depend_on_the_blocks(linear, monkeypatch):
    vae, exact, x, b = linear
    monkeypatch.setattr("minivae.bayes.vae_inference.ROWS", 10)
    error = annealed_log_likelihood(vae, x, n_steps=200, n_chains=32, rng=1) - truth(exact, x, b)
    assert np.sqrt(np.mean(error**2)) < 0.06


def test_the_fitted_posterior_is_the_best_independent_gaussian(linear):
    vae, exact, x, b = linear
    M, precision = exact.posterior()
    mu, log_var = fit_posterior(vae, x, n_steps=400, n_draws=256, rng=0)
    best_log_var = np.broadcast_to(-np.log(np.diag(precision)), log_var.shape)
    np.testing.assert_allclose(mu, (x - b) @ M, atol=0.03)
    np.testing.assert_allclose(log_var, best_log_var, atol=0.06)
    np.testing.assert_allclose(log_var.mean(axis=0), best_log_var[0], atol=0.02)


def test_the_gaps_of_a_linear_model_are_exact(linear):
    vae, exact, x, b = linear
    gaps = inference_gaps(exact, x - b, *vae.encode(x))
    log_p = truth(exact, x, b)
    best = exact.elbo(x - b, *fit_posterior(vae, x, rng=0))
    ours = elbo_and_likelihood(vae, x, *vae.encode(x), n_draws=20_000, rng=0)[0]
    np.testing.assert_allclose(log_p - best, gaps.approximation, atol=0.05)
    np.testing.assert_allclose(best - ours, gaps.amortization, atol=0.05)
    assert np.mean(log_p - best) == pytest.approx(np.mean(gaps.approximation), abs=0.02)
    assert np.mean(gaps.approximation) > 0.15
    assert np.mean(gaps.amortization) > 0.15


def test_importance_sampling_needs_fewer_draws_from_a_better_q(linear):
    vae, exact, x, b = linear
    log_p = truth(exact, x, b)
    zeros = np.zeros((12, K))
    prior = elbo_and_likelihood(vae, x, zeros, zeros, n_draws=50, rng=0)[1]
    encoder = elbo_and_likelihood(vae, x, *vae.encode(x), n_draws=50, rng=0)[1]
    assert np.mean(np.abs(prior - log_p)) > 3 * np.mean(np.abs(encoder - log_p))


def test_importance_sampling_is_that_of_log_likelihood(linear):
    vae, _, x, _ = linear
    own = elbo_and_likelihood(vae, x, *vae.encode(x), n_draws=4000, rng=0)[1]
    np.testing.assert_allclose(own, mv.log_likelihood(vae, x, 4000, rng=1), atol=0.1)


def test_nothing_of_the_model_changes(linear):
    vae, _, x, _ = linear
    before = {name: value.copy() for name, value in vae.params.items()}
    fit_posterior(vae, x, n_steps=3, rng=0)
    annealed_log_likelihood(vae, x, n_steps=3, rng=0)
    for name, value in vae.params.items():
        np.testing.assert_array_equal(value, before[name])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, x: annealed_log_likelihood(m, x, n_chains=0), "n_chains must be at least 1"),
        (lambda m, x: fit_posterior(m, x, n_steps=0), "n_steps must be at least 1"),
        (lambda m, x: fit_posterior(m, x, n_draws=0), "n_draws must be at least 1"),
        (lambda m, x: fit_posterior(m, x[:, :2]), "x must have n_features=5 columns"),
        (lambda m, x: fit_posterior(mv.PCA(2).fit(x), x), "model must be a VAE with a density"),
        (
            lambda m, x: fit_posterior(mv.ConditionalVAE(5, 2, 3), x),
            "model must be a VAE without classes, got n_classes=3",
        ),
    ],
)
def test_bad_input_is_refused(linear, call, message):
    vae, _, x, _ = linear
    with pytest.raises(ValueError, match=message):
        call(vae, x)
