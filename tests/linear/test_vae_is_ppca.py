from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from minivae import datasets
from minivae.linear.probabilistic_pca import ProbabilisticPCA
from minivae.linear.vae_is_ppca import (
    decoder_variance,
    exact_elbo,
    fit_linear_vae,
    sigma_points,
    verify_ppca_equivalence,
    with_sigma_points,
)
from minivae.models.regularizers import L2
from minivae.models.vae import VAE
from minivae.nn.layers import Dense
from minivae.nn.likelihoods import Gaussian
from minivae.nn.networks import mlp
from minivae.training.lbfgs import fit_lbfgs

SEEDS = st.integers(0, 2**32 - 1)


def random_model(seed, n_features=4, n_latent=2, sigma=0.7):
    rng = np.random.default_rng(seed)
    model = VAE(n_features, n_latent, likelihood=Gaussian(sigma), rng=rng)
    for value in model.params.values():
        value += 0.3 * rng.standard_normal(value.shape)
    return model, rng.standard_normal((5, n_features)) + 0.5


@given(st.integers(1, 12))
def test_sigma_points_have_the_moments_of_the_noise(k):
    points = sigma_points(k)
    assert points.shape == (k + 1, k)
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(points.T @ points / len(points), np.eye(k), atol=1e-13)


@settings(max_examples=20)
@given(SEEDS, st.sampled_from([0.7, "learned"]))
def test_exact_elbo_is_the_integral_over_the_noise(seed, sigma):
    model, X = random_model(seed, sigma=sigma)
    nodes, weights = np.polynomial.hermite_e.hermegauss(3)  # exact to degree 5
    eps = np.stack(np.meshgrid(nodes, nodes), axis=-1).reshape(-1, 2)
    weight = np.outer(weights, weights).ravel() / (2 * np.pi)
    ours = exact_elbo(model, X)
    for i, x in enumerate(X):
        theirs = model.elbo(np.tile(x, (9, 1)), eps=eps)
        for part, values in zip(ours, theirs, strict=True):
            assert part[i] == pytest.approx(weight @ values, rel=1e-10)


@settings(max_examples=20)
@given(SEEDS)
def test_exact_elbo_is_a_lower_bound_and_at_the_posterior_the_likelihood(seed):
    model, X = random_model(seed)
    W, b = model.params["decoder.0.W"], model.params["decoder.0.b"]
    W[1] -= (W[1] @ W[0]) / (W[0] @ W[0]) * W[0]
    log_p = multivariate_normal(b, W.T @ W + 0.49 * np.eye(4)).logpdf(X)
    assert np.all(exact_elbo(model, X).elbo < log_p)
    precision = np.sum(W**2, axis=1) + 0.49
    encoder, offset = (model.params[f"encoder.0.{name}"] for name in "Wb")
    encoder[:] = np.hstack([W.T / precision, np.zeros((4, 2))])
    raw = 20 * np.arctanh(np.log(0.49 / precision) / 20)
    offset[:] = [*(-b @ encoder[:, :2]), *raw]
    np.testing.assert_allclose(exact_elbo(model, X).elbo, log_p, rtol=1e-9)


def test_the_gradient_on_sigma_points_is_the_mean_of_noisy_gradients():
    model, X = random_model(0)
    rows, eps = with_sigma_points(X, 2)
    assert rows.shape == (15, 4)
    exact = {name: g.copy() for name, g in model.loss_and_grads(rows, eps=eps)[1].items()}
    rng, draws = np.random.default_rng(1), []
    for _ in range(4000):
        _, grads = model.loss_and_grads(X, rng=rng)
        draws.append(np.concatenate([g.ravel() for g in grads.values()]))
    error = np.std(draws, axis=0) / np.sqrt(len(draws))
    expected = np.concatenate([g.ravel() for g in exact.values()])
    assert np.all(np.abs(np.mean(draws, axis=0) - expected) <= 5 * error + 1e-12)


def test_blocks_of_rows_do_not_show():
    model, _ = random_model(0)
    X = np.random.default_rng(0).standard_normal((3000, 4))
    some = [0, 1364, 1365, 1366, 2999]  # around 4096 // 3
    for whole, part in zip(exact_elbo(model, X), exact_elbo(model, X[some]), strict=True):
        np.testing.assert_allclose(whole[some], part, rtol=1e-12)


@pytest.mark.parametrize(("n", "n_features"), [(60, 5), (6, 9)])
@pytest.mark.parametrize("sigma", [0.5, "learned"])
def test_moment_matched_training_is_training_on_every_row(n, n_features, sigma):
    rng = np.random.default_rng(2)
    X = rng.standard_normal((n, 3)) @ rng.standard_normal((3, n_features)) + 2
    X += 0.3 * rng.standard_normal((n, n_features))
    fast = VAE(n_features, 2, likelihood=Gaussian(sigma), rng=0)
    fit_linear_vae(fast, X)
    slow = VAE(n_features, 2, likelihood=Gaussian(sigma), rng=1)
    rows, eps = with_sigma_points(X, 2)
    fit_lbfgs(slow, rows, eps=eps)
    losses, grads = fast.loss_and_grads(rows, eps=eps)
    assert losses["loss"] == pytest.approx(slow.loss_and_grads(rows, eps=eps)[0]["loss"], rel=1e-9)
    scale = max(1.0, abs(losses["loss"]))
    assert max(np.abs(g).max() for g in grads.values()) < 1e-4 * scale
    assert decoder_variance(fast) == pytest.approx(decoder_variance(slow), rel=1e-5)
    assert fast.encode(X)[1].std(axis=0).max() < 1e-6  # one variance for every x


def test_bytes_are_images_from_0_to_1():
    images = np.random.default_rng(0).integers(0, 256, (30, 5)).astype(np.uint8)
    models = [VAE(5, 2, likelihood=Gaussian(0.1), rng=0) for _ in range(2)]
    for model, X in zip(models, (images, images / 255), strict=True):
        fit_linear_vae(model, X)
    elbos = [exact_elbo(model, images).elbo for model in models]
    np.testing.assert_allclose(*elbos, rtol=1e-6)


@pytest.mark.parametrize(
    ("X", "n_latent"),
    [
        (datasets.image_patches(500, size=6, rng=0), 4),
        (datasets.linear_gaussian(500, 10, 3, rng=0).X, 3),
        (1e4 * datasets.linear_gaussian(500, 6, 1, rng=0).X - 5e5, 1),
        (np.random.default_rng(0).standard_normal((300, 5)), 4),
    ],
    ids=["patches", "linear-Gaussian", "large-units", "nearly-round"],
)
def test_a_linear_vae_is_probabilistic_pca(X, n_latent):
    report = verify_ppca_equivalence(X, n_latent, rng=0)
    assert report.ok, str(report)
    assert -1e-9 * abs(report.elbo) < report.difference < 1e-8  # a bound, and attained
    lam = np.linalg.eigvalsh(np.cov(X, rowvar=False, bias=True))[::-1]
    s2 = lam[n_latent:].mean()
    assert report.log_likelihood == pytest.approx(ProbabilisticPCA(n_latent).fit(X).score(X))
    assert report.noise_variance == pytest.approx(s2, rel=1e-5)
    assert report.predicted_noise_variance == pytest.approx(s2, rel=1e-9)
    assert report.off_diagonal < 1e-5


def test_an_unfinished_training_is_not_the_same():
    X = datasets.linear_gaussian(200, 8, 3, rng=1).X
    report = verify_ppca_equivalence(X, 3, max_iterations=5, rng=0)
    assert not report.ok
    assert report.difference > 1e-3
    assert "3 latents: NOT the same" in str(report)
    assert f"{report.elbo:.12g} nats" in str(report)
    assert "iterations of L-BFGS             5" in str(report)


def test_each_part_of_the_verdict_counts():
    X = datasets.linear_gaussian(200, 5, 2, rng=1).X
    report = verify_ppca_equivalence(X, 2, rng=0)
    assert report.ok
    assert not replace(report, elbo=report.elbo - 1e-5).ok
    assert not replace(report, elbo=report.elbo + 1e-5).ok
    assert not replace(report, off_diagonal=0.01).ok
    assert not replace(report, noise_variance=1.01 * report.noise_variance).ok
    assert replace(report, elbo=report.elbo - 1e-5, tolerance=1e-4).ok


def test_what_has_no_exact_elbo_is_refused():
    X = np.zeros((3, 4))
    for model in (
        VAE(4, 2, hidden=(3,), likelihood="gaussian"),
        VAE(4, 2, likelihood=Gaussian("predicted")),
        VAE(4, 2, likelihood="bernoulli"),
        VAE(4, 2, likelihood="gaussian", decoder=Dense(2, 4)),
        ProbabilisticPCA(2),
    ):
        with pytest.raises(ValueError, match="model must be a VAE with a linear decoder"):
            exact_elbo(model, X)
        with pytest.raises(ValueError, match="model must be a VAE with a linear decoder"):
            fit_linear_vae(model, X)
        with pytest.raises(ValueError, match="model must be a VAE with a linear decoder"):
            decoder_variance(model)
    for options in (
        {"n_importance": 3},
        {"n_classes": 2},
        {"free_nats": 0.5},
        {"free_nats": [0.0, 0.1]},
        {"regularizer": L2(0.1)},
        {"encoder": Dense(4, 4)},
        {"encoder": mlp([4, 3, 4])},
    ):
        with pytest.raises(ValueError, match=r"must have hidden=\(\), n_classes=0, .* got VAE"):
            fit_linear_vae(VAE(4, 2, likelihood="gaussian", **options), X)


def test_bad_arguments_are_named():
    X = np.random.default_rng(0).standard_normal((20, 4))
    with pytest.raises(ValueError, match="n_latent must be between 1 and n_features-1=3, got 4"):
        verify_ppca_equivalence(X, 4)
    with pytest.raises(ValueError, match=r"tolerance must be in \(0, inf\), got 0"):
        verify_ppca_equivalence(X, 2, tolerance=0)
    with pytest.raises(ValueError, match="X must be finite, got nan in row 2, column 1"):
        verify_ppca_equivalence(np.where(np.arange(80).reshape(20, 4) == 9, np.nan, X), 2)
    with pytest.raises(ValueError, match="n_dims must be at least 1, got 0"):
        sigma_points(0)
