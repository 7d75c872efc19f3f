"""Annealed importance sampling on densities whose integral is known."""

import numpy as np
import pytest
from scipy import stats

from minivae.bayes import LinearGaussianModel, annealed_importance_sampling, annealing

W = np.array([[1.2, -0.4, 0.3], [0.5, 0.9, -0.8]])
MODEL = LinearGaussianModel(W, 0.5)
X = np.array([0.7, -1.1, 0.4])
LOG_P = stats.multivariate_normal(np.zeros(3), W.T @ W + 0.5 * np.eye(3)).logpdf(X)


def weights_over_truth(n_steps, *, n_chains=20_000, step=0.8, rng=0):
    """Return ``w / p(x)`` of chains that start at a q which is wrong in place and in width."""
    mu, log_var = np.tile([0.5, 0.0], (n_chains, 1)), np.full((n_chains, 2), 0.2)
    found = annealed_importance_sampling(
        MODEL.log_joint(X), mu, log_var, n_steps=n_steps, step=step, rng=rng
    )
    return np.exp(found.log_weights - LOG_P), found.acceptance_rate


def assert_mean_is_one(ratio):
    error = ratio.std() / np.sqrt(len(ratio))
    assert abs(ratio.mean() - 1) < 4 * error
    assert error < 0.03


@pytest.mark.parametrize("n_steps", [1, 3, 10])
@pytest.mark.parametrize("step", [0.3, 0.8])
def test_the_mean_weight_is_exact_at_any_number_of_steps(n_steps, step):
    """The sharpest check: not only in the limit."""
    ratio, _ = weights_over_truth(n_steps, step=step)
    assert_mean_is_one(ratio)


def test_a_weight_taken_after_the_move_is_noticed(monkeypatch):
    right = annealing._move

    def late(here, place, b, scale, rng):
        """Move with the density of the step to come."""
        return right(here, place, min(1.0, b + 1 / 3), scale, rng)

    monkeypatch.setattr(annealing, "_move", late)
    ratio, _ = weights_over_truth(3)
    with pytest.raises(AssertionError):
        assert_mean_is_one(ratio)


def test_more_steps_make_the_weights_less_scattered():
    spread = [np.log(weights_over_truth(n, n_chains=2000)[0]).std() for n in (1, 10, 100)]
    assert spread[0] > 2 * spread[1] > 4 * spread[2]


def test_one_step_is_importance_sampling():
    ratio, acceptance_rate = weights_over_truth(1, n_chains=5, rng=3)
    z = [0.5, 0.0] + np.exp(0.1) * np.random.default_rng(3).standard_normal((5, 2))
    q = stats.multivariate_normal([0.5, 0.0], np.exp(0.2)).pdf(z)
    joint = np.exp(MODEL.log_joint(X)(z)[0])
    np.testing.assert_allclose(ratio, joint / q / np.exp(LOG_P))
    assert acceptance_rate == 1


def test_from_the_posterior_every_weight_is_exact():
    """Then q = p up to the integral: nothing is left to anneal, however the chains move."""
    P = np.linalg.inv(np.eye(1) + W[:1] @ W[:1].T / 0.5)
    model = LinearGaussianModel(W[:1], 0.5)
    mu = np.tile(X @ W[:1].T / 0.5 @ P, (7, 1))
    log_var = np.full((7, 1), np.log(P[0, 0]))
    found = annealed_importance_sampling(model.log_joint(X), mu, log_var, n_steps=5, rng=0)
    truth = stats.multivariate_normal(np.zeros(3), W[:1].T @ W[:1] + 0.5 * np.eye(3)).logpdf(X)
    np.testing.assert_allclose(found.log_weights, truth, rtol=1e-12)
    assert 0.7 < found.acceptance_rate <= 1


def test_a_step_that_is_too_large_is_said():
    with pytest.warns(RuntimeWarning, match="none of 40 moves was accepted with step=1000: try"):
        weights_over_truth(3, n_chains=20, step=1000.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_steps": 0}, "n_steps must be at least 1, got 0"),
        ({"n_steps": 3, "step": 0.0}, r"step must be in \(0, inf\), got 0"),
    ],
)
def test_bad_input_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        annealed_importance_sampling(MODEL.log_joint(X), [[0, 0]], [[0, 0]], **options)
