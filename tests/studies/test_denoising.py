"""The best linear denoiser against regression on noisy copies, and what tells copies apart."""

import numpy as np
import pytest

import minivae as mv
from minivae.studies import overcomplete
from minivae.studies.linear_denoiser import LinearDenoiser

c = mv.corruptions
rng = np.random.default_rng(0)
Z = rng.random((400, 2))
X = 0.2 + 0.6 * np.concatenate([Z, Z @ [[0.5], [0.5]], rng.random((400, 1))], axis=1)  # in [0, 1]


@pytest.mark.parametrize(
    "corruption", [c.gaussian(0.3), c.masking(0.4), c.salt_and_pepper(0.3)], ids=repr
)
def test_the_best_linear_map_is_what_regression_on_many_noisy_copies_finds(corruption):
    clean = np.tile(X, (1500, 1))  # 600,000 rows
    noisy = corruption(clean, 1)
    design = np.concatenate([noisy, np.ones((len(noisy), 1))], axis=1)
    fitted = np.linalg.solve(design.T @ design, design.T @ clean)
    ours = LinearDenoiser(X, corruption)
    np.testing.assert_allclose(ours.W, fitted[:-1], atol=5e-3)
    np.testing.assert_allclose(ours(np.zeros((1, 4)))[0], fitted[-1], atol=5e-3)
    error = np.mean(np.sum((ours(noisy) - clean) ** 2, axis=1))
    best = np.mean(np.sum((design @ fitted - clean) ** 2, axis=1))
    assert error == pytest.approx(best, rel=1e-4)
    assert error >= best  # the regression saw these very draws
    assert error < 0.9 * np.mean(np.sum((X - X.mean(axis=0)) ** 2, axis=1))


def test_for_gaussian_noise_it_is_the_wiener_filter():
    lam, U = np.linalg.eigh(np.cov(X, rowvar=False, bias=True))
    W = LinearDenoiser(X, c.gaussian(0.5)).W
    np.testing.assert_allclose(U.T @ W @ U, np.diag(lam / (lam + 0.25)), atol=1e-12)


def test_a_pixel_that_one_image_lights_up_does_not_rule_the_others():
    x = np.concatenate([X, np.zeros((400, 1))], axis=1)
    x[0, 4] = 0.01
    denoiser = LinearDenoiser(x, c.masking(0.5))
    bright = x.mean(axis=0, keepdims=True) + 0.5 * np.eye(5)[4:]
    assert np.abs(denoiser(bright) - denoiser(x.mean(axis=0, keepdims=True))).max() < 0.1


def test_an_unknown_noise_has_no_linear_denoiser():
    with pytest.raises(TypeError, match="there is no linear denoiser for"):
        LinearDenoiser(X, lambda x, rng: x)


def test_smoothness_is_the_correlation_of_neighbours():
    side, rng = overcomplete.SIDE, np.random.default_rng(1)
    noise = rng.standard_normal((500, side, side))
    assert overcomplete.smoothness(noise.reshape(500, -1)) == pytest.approx(0, abs=0.01)
    board = np.indices((side, side)).sum(axis=0).ravel() % 2  # a chess board
    assert overcomplete.smoothness(board[None].astype(float)) == pytest.approx(-1)
    # the mean of two neighbours shares half of its variance with the next along the row
    pairs = (noise[:, :, 1:] + noise[:, :, :-1]) / 2
    padded = np.concatenate([pairs, rng.standard_normal((500, side, 1)) / np.sqrt(2)], axis=2)
    assert overcomplete.smoothness(padded.reshape(500, -1)) == pytest.approx(0.25, abs=0.03)


def test_half_size_is_the_mean_of_four_pixels():
    images = np.random.default_rng(2).random((2, 784))
    small = overcomplete.half_size(images).reshape(2, 14, 14)
    for i, j in ((0, 0), (3, 7), (13, 13)):
        block = images.reshape(2, 28, 28)[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        np.testing.assert_allclose(small[:, i, j], block.mean(axis=(1, 2)))


def test_grey_is_zero():
    shown = overcomplete.in_grey(np.array([[-2.0, 0.0, 1.0], [0.0, 0.0, 0.0]]))
    np.testing.assert_allclose(shown, [[0, 0.5, 0.75], [0.5, 0.5, 0.5]])
