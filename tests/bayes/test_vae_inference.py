"""Annealing on linear models, where log p(x) is known exactly."""

import numpy as np
import pytest
from helpers import linear_vae, scattered
from scipy import stats

import minivae as mv
from minivae.bayes.vae_inference import annealed_log_likelihood, log_joint


@pytest.fixture(scope="module")
def linear():
    return linear_vae()


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
    monkeypatch.setattr("minivae.diagnostics.posterior_fit.ROWS", 10)
    error = annealed_log_likelihood(vae, x, n_steps=200, n_chains=32, rng=1) - truth(exact, x, b)
    assert np.sqrt(np.mean(error**2)) < 0.06


def test_nothing_of_the_model_changes(linear):
    vae, _, x, _ = linear
    before = {name: value.copy() for name, value in vae.params.items()}
    annealed_log_likelihood(vae, x, n_steps=3, rng=0)
    for name, value in vae.params.items():
        np.testing.assert_array_equal(value, before[name])


def test_no_chain_is_refused(linear):
    with pytest.raises(ValueError, match="n_chains must be at least 1"):
        annealed_log_likelihood(linear[0], linear[2], n_chains=0)
