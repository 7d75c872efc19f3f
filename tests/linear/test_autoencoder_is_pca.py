import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import subspace_angles
from scipy.stats import ortho_group

from minivae import PCA, LinearAutoencoder, datasets, verify_pca_equivalence
from minivae.linear import autoencoder_is_pca
from minivae.linear.autoencoder_is_pca import moment_matched_rows
from minivae.nn import layers

SEEDS = st.integers(0, 2**32 - 1)


def with_spectrum(eigenvalues, n=40, rng=0, mean=0.0):
    """Return data whose covariance (divisor n) has these eigenvalues, up to rounding."""
    rng = np.random.default_rng(rng)
    m = len(eigenvalues)
    A = rng.standard_normal((n, m))
    Z = np.linalg.qr(A - A.mean(axis=0)).Q * np.sqrt(n)  # mean 0, covariance I
    return Z * np.sqrt(eigenvalues) @ ortho_group.rvs(m, random_state=rng) + mean


def discarded(second_moment, n_latent):
    return np.linalg.eigvalsh(second_moment)[:-n_latent].sum()


def covariance(X):
    return np.cov(X, rowvar=False, bias=True)


def squared_error(X, X_hat):
    return np.mean(np.linalg.norm(X - X_hat, axis=1) ** 2)


# Photograph patches


@pytest.fixture(scope="module")
def patches():
    return datasets.image_patches(3000, rng=0)


@pytest.fixture(scope="module")
def report(patches):
    return verify_pca_equivalence(patches, 8, rng=0)


def test_patches_to_nine_digits(report):
    assert report.ok
    assert report.unique
    assert abs(report.relative_gap) <= 1e-9
    assert report.largest_angle <= 1e-5
    assert report.projector_distance <= 1e-4


def test_errors_are_the_discarded_eigenvalues(patches, report):
    truth = discarded(covariance(patches), 8)
    assert report.discarded_variance == pytest.approx(truth, rel=1e-11)
    assert report.pca_error == pytest.approx(truth, rel=1e-11)
    assert report.autoencoder_error == pytest.approx(truth, rel=1e-9)
    assert report.relative_gap == pytest.approx(report.autoencoder_error / truth - 1, abs=1e-11)
    by_pca = squared_error(patches, PCA(8).fit(patches).reconstruct(patches))
    assert report.pca_error == pytest.approx(by_pca, rel=1e-11)


def test_subspaces_agree_by_other_means(patches, report):
    axes = PCA(8).fit(patches).components_
    angle = subspace_angles(report.decoder.T, axes.T).max()
    assert report.largest_angle == pytest.approx(angle, abs=1e-11)
    difference = np.linalg.pinv(report.decoder) @ report.decoder - axes.T @ axes
    assert report.projector_distance == pytest.approx(np.linalg.norm(difference), abs=1e-11)
    # no error is smaller than that of the decoder's own subspace
    X = patches - patches.mean(axis=0)
    z = np.linalg.lstsq(report.decoder.T, X.T, rcond=None)[0]
    assert squared_error(X, z.T @ report.decoder) <= report.autoencoder_error * (1 + 1e-12)


def test_the_axes_are_recovered_though_the_decoder_has_others(patches, report):
    axes = PCA(8).fit(patches).components_
    np.testing.assert_allclose(report.components, axes, atol=1e-9)
    np.testing.assert_allclose(report.recovered, axes, atol=1e-5)
    cosines = report.decoder @ axes.T / np.linalg.norm(report.decoder, axis=1, keepdims=True)
    assert np.all(np.sort(np.abs(cosines), axis=1)[:, -2] > 0.1)  # each row mixes several axes


def test_the_angle_falls(report):
    assert report.iterations[0] == 0
    assert np.all(np.diff(report.iterations) > 0)
    assert len(report.angles) == len(report.iterations) > 20
    assert report.angles[0] > 0.5
    assert report.angles[-1] == report.largest_angle


def test_the_report_as_text(report):
    text = str(report)
    assert "8 latents: the same" in text
    assert "not\n  unique" not in text
    for value in (report.pca_error, report.autoencoder_error, report.discarded_variance):
        assert f"{value:.12g}" in text
    assert f"{report.relative_gap:.1e}  (at most 1e-09)" in text
    assert f"{report.largest_angle:.1e} rad  (at most 1e-05)" in text
    assert f"{report.projector_distance:.1e}" in text
    assert f"{report.iterations[-1]}  (at most 10000)" in text


# Training that goes wrong


def test_a_training_cut_short_is_not_the_same(patches):
    report = verify_pca_equivalence(patches, 8, max_iterations=5, rng=0)
    assert not report.ok
    assert report.relative_gap > 1e-3
    assert "NOT the same" in str(report)
    assert "5  (at most 5)" in str(report)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_shortest_training(n):
    report = verify_pca_equivalence(with_spectrum([3, 2, 1]), 1, max_iterations=n, rng=0)
    assert report.iterations[-1] <= n
    assert len(report.iterations) == len(set(report.iterations)) == len(report.angles)


def test_each_of_the_three_conditions_counts(report):
    def changed(**values):
        return type(report)(**{**vars(report), **values})

    assert changed().ok
    assert not changed(pca_error=report.pca_error * (1 + 2e-9)).ok
    assert not changed(pca_error=report.pca_error * (1 - 2e-9)).ok
    assert not changed(autoencoder_error=report.autoencoder_error * (1 + 2e-9)).ok
    assert not changed(autoencoder_error=report.autoencoder_error * (1 - 2e-9)).ok
    assert not changed(largest_angle=2e-5).ok
    assert not changed(autoencoder_error=np.nan).ok
    assert not changed(largest_angle=np.nan).ok
    assert changed(projector_distance=1.0).ok


def flipped(dW, x, dy):
    dW *= -1


def without_the_last_row(dW, x, dy):
    dW -= np.outer(x[-1], dy[-1])


def of_the_absolute_input(dW, x, dy):
    dW[...] = np.abs(x).T @ dy


def never_filled(dW, x, dy):
    dW[...] = 0


@pytest.mark.parametrize(
    "bug", [flipped, without_the_last_row, of_the_absolute_input, never_filled]
)
def test_a_wrong_gradient_is_not_the_same(monkeypatch, bug):
    right = layers.Dense.backward_params

    def wrong(self, dy):
        right(self, dy)
        bug(self.grads["W"], self._cache, dy)

    X = with_spectrum([5, 3, 2, 1, 0.5])
    assert verify_pca_equivalence(X, 2, rng=0).ok
    monkeypatch.setattr(layers.Dense, "backward_params", wrong)
    report = verify_pca_equivalence(X, 2, rng=0)
    assert not report.ok
    assert "NOT the same" in str(report)


def test_a_wrong_gradient_of_the_code_is_not_the_same(monkeypatch):
    right = layers.Dense.backward
    monkeypatch.setattr(layers.Dense, "backward", lambda self, dy: -right(self, dy))
    assert not verify_pca_equivalence(with_spectrum([5, 3, 2, 1, 0.5]), 2, rng=0).ok


def test_errors_are_measured_on_all_of_the_data(monkeypatch):
    monkeypatch.setattr(
        autoencoder_is_pca, "moment_matched_rows", lambda blocks: next(iter(blocks))[:8]
    )
    report = verify_pca_equivalence(with_spectrum([5, 3, 2, 1, 0.5]), 2, rng=0)
    assert report.autoencoder_error > 1.01 * report.discarded_variance
    assert not report.ok


# Other data


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.integers(2, 6), st.data())
def test_any_spectrum_with_gaps(seed, m, data):
    rng = np.random.default_rng(seed)
    spectrum = np.cumprod(rng.uniform(0.4, 0.8, m)) * rng.choice([1e-3, 1, 1e3])
    n_latent = data.draw(st.integers(1, m - 1))
    X = with_spectrum(spectrum, rng=rng, mean=rng.standard_normal(m))
    report = verify_pca_equivalence(X, n_latent, bias=data.draw(st.booleans()), rng=seed)
    assert report.ok, str(report)
    assert report.discarded_variance == pytest.approx(spectrum[n_latent:].sum(), rel=1e-9)


@pytest.mark.parametrize("scale", [1e-9, 1e9])
@pytest.mark.parametrize("bias", [False, True])
def test_any_unit(scale, bias):
    X = with_spectrum([5, 3, 2, 1, 0.5], mean=0.1) * scale
    report = verify_pca_equivalence(X, 2, centre=not bias, bias=bias, rng=0)
    assert report.ok, str(report)
    assert report.autoencoder_error == pytest.approx(3.5 * scale**2, rel=1e-9)


def test_wide_data():
    X = np.random.default_rng(0).standard_normal((7, 12)) * np.linspace(3, 1, 12)
    report = verify_pca_equivalence(X, 3, rng=0)
    assert report.ok
    assert report.discarded_variance == pytest.approx(discarded(covariance(X), 3), rel=1e-10)
    assert report.decoder.shape == (3, 12)


def test_uncentred_without_bias_is_the_second_moment():
    X = with_spectrum([5, 3, 2, 1], mean=np.array([3.0, -2, 1, 0]))
    report = verify_pca_equivalence(X, 2, centre=False, rng=0)
    assert report.ok
    truth = discarded(X.T @ X / len(X), 2)
    assert report.autoencoder_error == pytest.approx(truth, rel=1e-9)
    assert report.pca_error == pytest.approx(truth, rel=1e-11)
    centred = squared_error(X, PCA(2).fit(X).reconstruct(X))
    assert report.pca_error > 1.01 * centred  # an axis is spent on the mean
    leading = np.linalg.svd(X)[2][:2]
    assert subspace_angles(report.decoder.T, leading.T).max() < 1e-5


def test_a_bias_makes_the_mean_irrelevant():
    X = with_spectrum([5, 3, 2, 1])
    reports = [
        verify_pca_equivalence(X + shift, 2, centre=False, bias=True, rng=0)
        for shift in (0.0, np.array([3.0, -2, 1, 7]), 1000.0, 1e5)
    ]
    for report in reports:
        assert report.ok
        assert report.discarded_variance == pytest.approx(3, rel=1e-10)
        np.testing.assert_allclose(report.recovered, reports[0].components, atol=1e-5)


def test_biases_of_many_features():
    """Where biases and weights differ in scale, L-BFGS takes several times as long."""
    X = datasets.digits(40, rng=0).images
    report = verify_pca_equivalence(X, 2, centre=False, bias=True, max_iterations=200, rng=0)
    assert report.ok, str(report)


def test_centring_makes_the_mean_irrelevant():
    X = with_spectrum([5, 3, 2, 1], mean=100.0)
    report = verify_pca_equivalence(X, 2, rng=0)
    assert report.ok
    assert report.pca_error == pytest.approx(3, rel=1e-10)


def test_a_tie_at_the_cut_is_said_and_passes():
    X = with_spectrum([4, 2, 2, 1])
    reports = [verify_pca_equivalence(X, 2, rng=seed) for seed in range(2)]
    for report in reports:
        assert report.ok
        assert not report.unique
        assert report.autoencoder_error == pytest.approx(3, rel=1e-9)
        assert "tied" in str(report)
        assert "not\n  unique" in str(report)
    found = subspace_angles(reports[0].decoder.T, reports[1].decoder.T)
    assert found.max() > 0.1  # two best subspaces, and both are right


def test_a_tie_does_not_excuse_a_wrong_subspace():
    report = verify_pca_equivalence(with_spectrum([4, 2, 2, 1]), 2, max_iterations=3, rng=0)
    assert not report.unique
    assert report.largest_angle > 1e-3
    assert not report.ok


@pytest.mark.parametrize("n_latent", [1, 3])
def test_a_tie_elsewhere_changes_nothing(n_latent):
    report = verify_pca_equivalence(with_spectrum([4, 2, 2, 1]), n_latent, rng=0)
    assert report.unique
    assert report.ok


def test_one_seed_one_report_and_the_data_unchanged():
    X = with_spectrum([3, 2, 1], mean=1.0)
    before = X.copy()
    X.setflags(write=False)
    first, second = (verify_pca_equivalence(X, 1, rng=7) for _ in range(2))
    np.testing.assert_array_equal(first.decoder, second.decoder)
    assert first.angles == second.angles
    np.testing.assert_array_equal(X, before)
    other = verify_pca_equivalence(X, 1, rng=8)
    assert not np.array_equal(first.decoder, other.decoder)


@pytest.mark.skipif("MINIVAE_DATA" not in os.environ, reason="needs MNIST: MINIVAE_DATA is not set")
def test_mnist():
    images = datasets.mnist("train")[0][:500]
    report = verify_pca_equivalence(
        images, 8, max_gap=1e-4, max_angle=3e-2, max_iterations=300, rng=0
    )
    assert report.ok, str(report)
    truth = discarded(covariance(images / 255), 8)
    assert report.autoencoder_error == pytest.approx(truth, rel=1e-4)
    assert report.pca_error == pytest.approx(truth, rel=1e-10)


# The rows that stand for all


@settings(max_examples=50, deadline=None)
@given(SEEDS, st.integers(1, 12), st.integers(1, 6))
def test_matched_rows_have_mean_and_second_moment(seed, n, m):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, m)) + rng.standard_normal(m)
    rows = moment_matched_rows([X])
    assert len(rows) == 2 * min(n, m)
    np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-12)
    for some in (rows, rows[: min(n, m)]):
        np.testing.assert_allclose(some.T @ some / len(some), X.T @ X / n, atol=1e-12)


@pytest.mark.parametrize("bias", [False, True])
def test_matched_rows_have_the_loss_and_gradient_of_all(bias):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 4)) + rng.standard_normal(4)
    model = LinearAutoencoder(4, 2, bias=bias, rng=rng)
    for value in model.params.values():
        value += rng.standard_normal(value.shape)
    losses, grads = model.loss_and_grads(X)
    expected = {name: gradient.copy() for name, gradient in grads.items()}
    origin = X.mean(axis=0) if bias else np.zeros(4)
    of_rows, grads = model.loss_and_grads(origin + moment_matched_rows([X - origin]))
    assert of_rows["loss"] == pytest.approx(losses["loss"], rel=1e-12)
    for name, gradient in grads.items():
        np.testing.assert_allclose(gradient, expected[name], rtol=1e-10, atol=1e-10)


# Bad input


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n_latent": 0}, ValueError, "n_latent must be between 1 and n_features-1=3, got 0"),
        ({"n_latent": 4}, ValueError, "n_latent must be between 1 and n_features-1=3, got 4"),
        ({"n_latent": 1.5}, TypeError, "n_latent must be an integer, got 1.5"),
        ({"n_latent": True}, TypeError, "n_latent must be an integer, got True"),
        ({"max_gap": 0}, ValueError, r"max_gap must be in \(0, inf\), got 0"),
        ({"max_angle": -1.0}, ValueError, r"max_angle must be in \(0, inf\), got -1.0"),
        ({"max_iterations": 0}, ValueError, "max_iterations must be at least 1, got 0"),
        ({"X": np.ones(4)}, ValueError, r"X must have shape \(n_samples, n_features\), got"),
        (
            {"X": [[1.0, np.nan]], "n_latent": 1},
            ValueError,
            "X must be finite, got nan in row 0",
        ),
        ({"X": np.ones((5, 4))}, ValueError, "X must vary, got 5 rows without variance"),
        ({"X": np.eye(4)[:3]}, ValueError, "leave variance to discard, got 2, and 2 axes hold"),
        ({"X": with_spectrum([2, 1, 0, 0])}, ValueError, "leave variance to discard, got 2"),
    ],
)
def test_bad_input(arguments, error, message):
    arguments = {"X": with_spectrum([4, 3, 2, 1]), "n_latent": 2, **arguments}
    with pytest.raises(error, match=message):
        verify_pca_equivalence(**arguments)
