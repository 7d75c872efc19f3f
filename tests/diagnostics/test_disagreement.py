"""Scores from a matrix of log likelihoods, on matrices whose scores are known."""

import numpy as np
import pytest
from scipy import stats

from minivae.diagnostics import effective_models, weight_scores
from minivae.diagnostics.disagreement import METHODS


def test_effective_models_of_known_weights():
    one, two, all_of_them = [0, -900, -900, -900], [5, 5, -900, -900], [-700, -700, -700, -700]
    thirds = np.log([0.5, 0.25, 0.25, 1e-300])
    found = effective_models(np.array([one, two, all_of_them, thirds]).T)
    np.testing.assert_allclose(found, [1, 2, 4, 1 / (1 / 4 + 2 / 16)])


@pytest.mark.parametrize("shift", [-1e4, 3.0])
def test_a_constant_changes_no_weight(shift):
    log_p = np.random.default_rng(0).normal(0, 2, (7, 20))
    for method in ("disagreement", "information", "variance"):
        shifted = weight_scores(log_p + shift, method=method)
        np.testing.assert_allclose(shifted, weight_scores(log_p, method=method), atol=1e-9)
    for method in ("waic", "expected_likelihood"):
        shifted = weight_scores(log_p + shift, method=method)
        np.testing.assert_allclose(shifted, weight_scores(log_p, method=method) - shift)


def test_information_is_scipys_divergence_and_bounds_the_disagreement():
    log_p = np.random.default_rng(1).normal(0, 1.5, (6, 50))
    information = weight_scores(log_p, method="information")
    w = np.exp(log_p) / np.exp(log_p).sum(axis=0)
    np.testing.assert_allclose(information, stats.entropy(w, np.full_like(w, 1 / 6)))
    # Renyi's divergence grows with its order: KL <= log( M / D )
    assert np.all(information <= np.log(6 / effective_models(log_p)) + 1e-12)


def test_variance_and_waic_of_a_hand_made_matrix():
    log_p = [[-1.0, -10.0], [-3.0, -10.0]]
    np.testing.assert_allclose(weight_scores(log_p, method="variance"), [2, 0])
    np.testing.assert_allclose(weight_scores(log_p, method="waic"), [4, 10])
    mean = -np.log((np.exp(-1) + np.exp(-3)) / 2)
    np.testing.assert_allclose(weight_scores(log_p, method="expected_likelihood"), [mean, 10])


@pytest.mark.parametrize("method", METHODS)
def test_stranger_is_higher(method):
    """The models agree on the first column, and find the second less probable and disagree."""
    log_p = np.random.default_rng(0).normal([-10, -40], [0.1, 5], (9, 2))
    usual, strange = weight_scores(log_p, method=method)
    assert strange > usual


@pytest.mark.parametrize(
    ("log_p", "method", "message"),
    [
        ([[1.0], [2.0]], "entropy", "method must be one of 'disagreement', 'information', "),
        ([[1.0, 2.0]], "variance", "the number of models in log_p must be at least 2, got 1"),
        ([[np.inf], [1.0]], "waic", "log_p must be finite, got inf in row 0, column 0"),
        ([1.0, 2.0], "waic", r"log_p must have shape \(n_samples, n\), got shape \(2,\)"),
    ],
)
def test_bad_input_is_refused(log_p, method, message):
    with pytest.raises(ValueError, match=message):
        weight_scores(log_p, method=method)
