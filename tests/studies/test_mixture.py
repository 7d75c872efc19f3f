"""The mixture of Gaussians: its density by SciPy and by quadrature, and what EM does."""

import numpy as np
import pytest
from scipy import integrate, stats

from minivae.studies.mixture import GaussianMixture


@pytest.fixture(scope="module")
def X():
    rng = np.random.default_rng(0)
    first = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], 600)
    return np.concatenate([first, rng.multivariate_normal([6, 0], 0.2 * np.eye(2), 200)])


def test_the_density_is_scipys_and_integrates_to_one(X):
    model = GaussianMixture(3).fit(X[:, :1], n_steps=5)
    parts = zip(model.weights, model.means[:, 0], model.covariances[:, 0, 0], strict=True)
    x = np.linspace(-3, 8, 7)
    expected = sum(w * stats.norm(m, np.sqrt(v)).pdf(x) for w, m, v in parts)
    np.testing.assert_allclose(np.exp(model.score_samples(x[:, None])), expected)
    total, _ = integrate.quad(
        lambda x: np.exp(model.score_samples([[x]])[0]), -20, 25, limit=200, points=[0, 6]
    )
    assert total == pytest.approx(1, abs=1e-6)


def test_the_density_of_correlated_columns_is_scipys(X):
    model = GaussianMixture(2).fit(X, n_steps=3)
    normals = map(stats.multivariate_normal, model.means, model.covariances)
    expected = sum(w * n.pdf(X) for w, n in zip(model.weights, normals, strict=True))
    np.testing.assert_allclose(np.exp(model.score_samples(X)), expected)


def test_em_never_loses_and_finds_the_parts(X):
    model = GaussianMixture(2).fit(X)
    assert np.all(np.diff(model.history) > -1e-4)  # the floor of the covariances costs a little
    order = np.argsort(model.means[:, 0])
    np.testing.assert_allclose(model.weights[order], [0.75, 0.25], atol=0.01)
    np.testing.assert_allclose(model.means[order], [[0, 0], [6, 0]], atol=0.15)
    np.testing.assert_allclose(model.covariances[order][0], [[1, 0.8], [0.8, 1]], atol=0.15)


def test_one_part_is_the_normal_of_the_data(X):
    model = GaussianMixture(1).fit(X, n_steps=1)
    C = np.cov(X.T, bias=True)
    np.testing.assert_allclose(model.means, [X.mean(axis=0)])
    np.testing.assert_allclose(model.covariances[0], C + 1e-3 * np.trace(C) / 2 * np.eye(2))
