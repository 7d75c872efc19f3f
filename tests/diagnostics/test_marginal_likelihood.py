import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from minivae import VAE, Autoencoder, Gaussian, LinearAutoencoder
from minivae.diagnostics import marginal_likelihood
from minivae.diagnostics.marginal_likelihood import importance_weighted_bound, log_likelihood
from minivae.linear.pca import PCA
from minivae.linear.probabilistic_pca import ProbabilisticPCA
from minivae.nn.networks import cast


@pytest.fixture
def model():
    return VAE(6, 2, hidden=(5,), activation="tanh", rng=0)


@pytest.fixture
def x():
    return np.random.default_rng(0).integers(0, 2, (20, 6)).astype(float)


@settings(max_examples=25, deadline=None)
@given(
    n_features=st.integers(1, 5),
    n_latent=st.integers(1, 3),
    proposal=st.sampled_from(["posterior", "prior"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_linear_gaussian_model_has_its_closed_form(n_features, n_latent, proposal, seed):
    rng = np.random.default_rng(seed)
    model = VAE(n_features, n_latent, likelihood=Gaussian(0.8), rng=rng)
    model.params["decoder.0.W"][...] *= 0.5
    W, b = model.params["decoder.0.W"], rng.standard_normal(n_features)
    model.params["decoder.0.b"][...] = b
    model.params["encoder.0.W"][...] *= 0.1  # near the prior: the weights stay bounded
    x = rng.standard_normal((3, n_features)) + b
    truth = stats.multivariate_normal(b, W.T @ W + 0.64 * np.eye(n_features)).logpdf(x)
    estimate = log_likelihood(model, x, 20_000, rng, proposal=proposal)
    np.testing.assert_allclose(estimate, truth, atol=0.25)
    assert np.mean(np.abs(estimate - truth)) < 0.15


@pytest.mark.parametrize("proposal", ["posterior", "prior"])
def test_a_decoder_that_ignores_its_code_needs_one_draw_from_the_prior(x, proposal):
    model = VAE(6, 2, rng=0)
    model.params["decoder.0.W"][...] = 0
    model.params["decoder.0.b"][...] = logits = np.linspace(-2, 2, 6)
    if proposal == "posterior":
        model.params["encoder.0.W"][...] = 0  # then q = N(0, I), which is the posterior
    exact = stats.bernoulli.logpmf(x, 1 / (1 + np.exp(-logits))).sum(axis=1)
    for n_samples in (1, 3, 1000):
        estimate = log_likelihood(model, x, n_samples, proposal=proposal)
        np.testing.assert_allclose(estimate, exact, rtol=1e-12)


@pytest.mark.parametrize("n_samples", [1, 3, 50])
def test_blocks_change_nothing(model, x, n_samples, monkeypatch):
    whole = log_likelihood(model, x, n_samples, rng=1)
    assert whole.shape == (20,)
    assert whole.dtype == np.float64
    np.testing.assert_allclose(
        log_likelihood(model, x[:7], n_samples, rng=1), whole[:7], rtol=1e-12
    )
    for rows in (1, 7, 64):
        monkeypatch.setattr(marginal_likelihood, "ROWS", rows)
        np.testing.assert_allclose(log_likelihood(model, x, n_samples, rng=1), whole, rtol=1e-12)


def test_the_seed_decides(model, x):
    first = log_likelihood(model, x, 5, rng=1)
    np.testing.assert_array_equal(first, log_likelihood(model, x, 5, rng=1))
    assert np.all(first != log_likelihood(model, x, 5, rng=2))


def test_the_bound_is_an_average_of_estimates(model, x):
    rng = np.random.default_rng(3)
    estimates = [log_likelihood(model, x, 4, rng) for _ in range(3)]
    bound = importance_weighted_bound(model, x, 4, rng=3, n_repeats=3)
    np.testing.assert_allclose(bound, np.mean(estimates, axis=0), rtol=1e-12)


def test_one_sample_on_average_is_the_elbo(model, x):
    rows = np.repeat(x[:3], 4000, axis=0)
    draws = importance_weighted_bound(model, rows, 1, rng=0).reshape(3, 4000)
    elbo = model.elbo(rows, rng=1).elbo.reshape(3, 4000)
    error = np.hypot(draws.std(axis=1), elbo.std(axis=1)) / np.sqrt(4000)
    assert np.all(np.abs(draws.mean(axis=1) - elbo.mean(axis=1)) < 5 * error)


def test_float32_agrees_with_float64():
    model, rng = VAE(784, 20, hidden=(50,), dtype=np.float32, rng=0), np.random.default_rng(0)
    x, eps = rng.integers(0, 2, (4, 784)), rng.standard_normal((400, 20))
    log_w = []
    for each in (model, cast(model, np.float64)):
        data = x.astype(each.dtype)
        p = each.forward(data, data[:, :0], data, eps.astype(each.dtype))
        log_w.append(p.log_prob + p.log_ratio)
    assert log_w[0].dtype == np.float32
    np.testing.assert_allclose(*log_w, atol=2e-3)  # of about 540 nats


def test_images_and_files_are_read_in_place(model, tmp_path):
    images = 255 * np.random.default_rng(0).integers(0, 2, (9, 6), dtype=np.uint8)
    images.tofile(tmp_path / "images")
    mapped = np.memmap(tmp_path / "images", np.uint8, "r", shape=(9, 6))
    expected = log_likelihood(model, images / 255, 10, rng=0)
    for data in (images, mapped):
        np.testing.assert_allclose(log_likelihood(model, data, 10, rng=0), expected, rtol=1e-12)


def test_memory_grows_neither_with_images_nor_with_samples():
    def peak(n_features, n, n_samples):
        model = VAE(n_features, 10, hidden=(20,), dtype=np.float32, rng=0)
        images = np.broadcast_to(np.uint8(255), (n, n_features))
        tracemalloc.start()
        log_likelihood(model, images, n_samples, rng=0)
        peak = tracemalloc.get_traced_memory()[1] - 8 * n  # the result
        tracemalloc.stop()
        return peak

    assert peak(40, 3, 20_000) < 1.05 * peak(40, 3, 1000)
    assert peak(40, 20_000, 2) < 1.05 * peak(40, 5000, 2)
    assert peak(784, 5000, 1) < 64e6
    assert peak(784, 1, 5000) < 64e6


def test_progress_is_one_line(model, x, capsys, monkeypatch):
    ticks = iter(np.arange(0, 1000, 0.4))
    monkeypatch.setattr(marginal_likelihood.time, "monotonic", lambda: next(ticks))
    log_likelihood(model, x, 1000, rng=0, verbose=True)
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert 3 < printed.count("\r") < 12
    assert "20/20 examples, 1000 samples each: mean log-likelihood -4." in printed
    log_likelihood(model, x, 10, rng=0)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            Autoencoder(6, 2),
            "Autoencoder has no density.*a VAE has one with likelihood 'bernoulli'",
        ),
        (LinearAutoencoder(6, 2), "LinearAutoencoder has no density.*'gaussian'.*ProbabilisticPCA"),
        (VAE(6, 2, likelihood="squared_error"), "likelihood='squared_error' has no density"),
        (PCA(2), r"PCA knows log p\(x\) exactly, call its score_samples"),
        (ProbabilisticPCA(2), r"ProbabilisticPCA knows .*score_samples\(x\)"),
        (object(), "object has no density"),
    ],
)
@pytest.mark.parametrize("function", [log_likelihood, importance_weighted_bound])
def test_models_without_a_density_are_told_which_have_one(function, other, message, x):
    with pytest.raises(ValueError, match=message):
        function(other, x, 10)


def test_refused_arguments(model, x):
    with pytest.raises(ValueError, match="n_samples must be at least 1, got 0"):
        log_likelihood(model, x, 0)
    with pytest.raises(TypeError, match=r"n_samples must be an integer, got 2\.5"):
        log_likelihood(model, x, 2.5)
    with pytest.raises(ValueError, match="proposal must be one of 'posterior', 'prior', got 'q'"):
        log_likelihood(model, x, 1, proposal="q")
    with pytest.raises(ValueError, match="x must have n_features=6 columns, got 3"):
        log_likelihood(model, x[:, :3], 1)
    with pytest.raises(ValueError, match=r"x must lie in \[0, 1\]"):
        log_likelihood(model, 2 * x, 1)
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        importance_weighted_bound(model, x, 0)
    with pytest.raises(ValueError, match="n_repeats must be at least 1, got 0"):
        importance_weighted_bound(model, x, 1, n_repeats=0)
