"""A q for each example, on linear models where the best one and its gaps are known exactly."""

import numpy as np
import pytest
from helpers import linear_vae
from scipy import stats

import minivae as mv
from minivae.bayes import inference_gaps
from minivae.diagnostics.posterior_fit import elbo_and_likelihood, fit_posterior


@pytest.fixture(scope="module")
def linear():
    return linear_vae()


def truth(exact, x, b):
    return stats.multivariate_normal(b, exact.covariance()).logpdf(x)


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
    zeros = np.zeros((12, 3))
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
    for name, value in vae.params.items():
        np.testing.assert_array_equal(value, before[name])


def test_float32_gives_nearly_the_same_in_float64():
    found = []
    for dtype in (np.float32, np.float64):
        model = mv.VAE(20, 3, hidden=(8,), dtype=np.float64, rng=0)
        model = mv.nn.networks.cast(model, dtype)
        x = np.random.default_rng(0).random((6, 20)).astype(dtype)
        mu, log_var = fit_posterior(model, x, n_steps=5, rng=0)
        values = elbo_and_likelihood(model, x, mu, log_var, n_draws=50, rng=0)
        found.append([mu, log_var, *values])
        assert {each.dtype for each in found[-1]} == {np.dtype(float)}
    for single, double in zip(*found, strict=True):
        np.testing.assert_allclose(single, double, atol=1e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
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
