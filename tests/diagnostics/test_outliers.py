"""Outlier scores: on a linear model, where each is known exactly, and against other libraries."""

import gzip

import numpy as np
import pytest
from helpers import SEEDS, linear_vae, scattered
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, spatial, stats

import minivae as mv
from minivae.bayes import inference_gaps
from minivae.diagnostics import outliers

METHODS = list(outliers.METHODS)


@pytest.fixture(scope="module")
def linear():
    return linear_vae()


@pytest.fixture(scope="module")
def log_p(linear):
    _, exact, x, b = linear
    return stats.multivariate_normal(b, exact.covariance()).logpdf(x)


def test_log_likelihood_is_that_of_the_normal(linear, log_p, monkeypatch):
    vae, _, x, _ = linear
    monkeypatch.setattr(outliers, "N_SAMPLES", 5000)
    scores = mv.outlier_scores(vae, x, rng=0)
    np.testing.assert_allclose(scores, -log_p, atol=0.05)


def test_a_model_that_knows_log_p_is_asked_for_it():
    X = np.random.default_rng(0).standard_normal((30, 5)) * [3, 2, 1, 0.5, 0.4]
    pca = mv.PCA(2).fit(X)
    expected = stats.multivariate_normal(pca.mean_, pca.get_covariance()).logpdf(X)
    np.testing.assert_allclose(mv.outlier_scores(pca, X), -expected)
    typical = mv.outlier_scores(pca, X[:3], method="typicality", reference=X)
    np.testing.assert_allclose(typical, np.abs(expected[:3] - expected.mean()))


def test_elbo_and_its_terms_are_those_of_the_linear_model(linear, monkeypatch):
    vae, exact, x, b = linear
    monkeypatch.setattr(outliers, "N_DRAWS", 4000)
    mu, log_var = vae.encode(x)
    elbo = exact.elbo(x - b, mu, log_var)
    np.testing.assert_allclose(mv.outlier_scores(vae, x, method="elbo", rng=0), -elbo, atol=0.15)
    kl = mv.outlier_scores(vae, x, method="kl")
    for i in range(3):
        parts = []
        for m, s in zip(mu[i], np.exp(log_var[i] / 2), strict=True):
            q = stats.norm(m, s)
            ratio = lambda z, q=q: q.pdf(z) * (q.logpdf(z) - stats.norm.logpdf(z))  # noqa: E731
            parts.append(integrate.quad(ratio, m - 12 * s, m + 12 * s, epsabs=1e-10)[0])
        assert kl[i] == pytest.approx(sum(parts), abs=1e-8)
    reconstruction = mv.outlier_scores(vae, x, method="reconstruction", rng=0)
    np.testing.assert_allclose(reconstruction + kl, -elbo, atol=0.15)


def test_regret_is_the_amortization_gap_of_the_linear_model(linear, monkeypatch):
    vae, exact, x, b = linear
    gap = inference_gaps(exact, x - b, *vae.encode(x)).amortization
    monkeypatch.setattr(outliers, "FIT", {"n_steps": 200, "n_draws": 64})
    monkeypatch.setattr(outliers, "FRESH", 5000)
    regret = mv.outlier_scores(vae, x, method="regret", rng=0)
    np.testing.assert_allclose(regret, gap, atol=0.04)
    assert gap.max() - gap.min() > 0.15


def test_few_steps_find_most_of_the_regret(linear):
    vae, exact, x, b = linear
    gap = inference_gaps(exact, x - b, *vae.encode(x)).amortization
    regret = mv.outlier_scores(vae, x, method="regret", rng=0)
    assert regret.mean() == pytest.approx(gap.mean(), abs=0.1)
    assert np.corrcoef(regret, gap)[0, 1] > 0.6


def test_reconstruction_of_an_autoencoder_and_of_pca():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (7, 6)).astype(float)
    model = scattered(mv.Autoencoder(6, 2, hidden=(4,), rng=0))
    p = model.reconstruct(x)
    scores = mv.outlier_scores(model, x, method="reconstruction")
    np.testing.assert_allclose(scores, -stats.bernoulli.logpmf(x, p).sum(axis=1))
    X = rng.standard_normal((20, 4))
    pca = mv.PCA(2).fit(X)
    scores = mv.outlier_scores(pca, X, method="reconstruction")
    _, squares, *_ = np.linalg.lstsq(pca.components_.T, (X - X.mean(axis=0)).T)
    np.testing.assert_allclose(scores, squares)


@given(seed=SEEDS, n=st.integers(1, 9), m=st.integers(1, 20))
def test_nearest_is_that_of_scipys_tree(seed, n, m):
    rng = np.random.default_rng(seed)
    X, reference = rng.standard_normal((n, 3)), rng.standard_normal((m, 3))
    scores = mv.outlier_scores(None, X, method="nearest", reference=reference)
    np.testing.assert_allclose(scores, spatial.cKDTree(reference).query(X)[0], atol=1e-9)


def test_complexity_takes_off_the_length_of_the_file():
    """The same pixels in gzip's format, which has 12 bytes more than zlib's."""
    images = mv.datasets.digits(8, rng=0).images.astype(float)
    images[0], images[1] = 0.5, np.random.default_rng(0).random(784)
    pca = mv.PCA(3).fit(images)
    lengths = [
        8 * (len(gzip.compress(np.rint(255 * image).astype("u1").tobytes())) - 12)
        for image in images
    ]
    taken = -pca.score_samples(images) - mv.outlier_scores(pca, images, method="complexity")
    np.testing.assert_allclose(taken / np.log(2), lengths, rtol=1e-9)
    assert taken[0] < 200 < 4000 < taken[1]  # nats: one grey level, and noise


def test_ink_is_the_sum_and_bytes_are_scaled():
    X = np.zeros((3, 10))
    X[1, :4], X[2] = 0.25, 1
    np.testing.assert_allclose(mv.outlier_scores(None, X, method="ink"), [0, 1, 10])
    black = np.full((1, 10), 255, np.uint8)
    np.testing.assert_allclose(mv.outlier_scores(None, black, method="ink"), [10])


@pytest.mark.parametrize("method", METHODS)
def test_every_score_calls_noise_strange_and_keeps_its_seed(method):
    digits = mv.datasets.digits(300, rng=0).images
    noise = np.random.default_rng(0).random((20, 784), dtype=np.float32)
    vae = mv.VAE(784, 3, hidden=(32,), dtype=np.float32, rng=0).fit(digits[:250], epochs=3, rng=0)
    options = {"method": method, "reference": digits[:250], "rng": 0}
    inside, outside = (mv.outlier_scores(vae, X, **options) for X in (digits[250:], noise))
    assert (inside.shape, inside.dtype) == ((50,), np.float64)
    np.testing.assert_array_equal(mv.outlier_scores(vae, noise, **options), outside)
    separation = mv.diagnostics.auroc(inside, outside)
    # the last three are no measure of noise: an encoder that knows little treats all images alike
    assert separation > 0.95 or method in ("complexity", "kl", "regret"), separation


# Bad input


def models():
    X = np.random.default_rng(0).random((9, 4))
    return {
        "an autoencoder": mv.Autoencoder(4, 2, rng=0),
        "PCA": mv.PCA(2).fit(X),
        "a conditional VAE": mv.ConditionalVAE(4, 2, 3, rng=0),
        "a VAE without density": mv.VAE(4, 2, likelihood="squared_error", rng=0),
        "no model": None,
    }


CAN = {
    "an autoencoder": {"reconstruction"},
    "PCA": {"log_likelihood", "reconstruction", "typicality", "complexity"},
    "a conditional VAE": set(),
    "a VAE without density": {"reconstruction", "kl"},
    "no model": set(),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", CAN)
def test_a_model_does_a_score_or_raises(name, method):
    X, model = np.random.default_rng(1).random((3, 4)), models()[name]
    if method in CAN[name] | {"nearest", "ink"}:
        assert mv.outlier_scores(model, X, method=method, reference=X, rng=0).shape == (3,)
        return
    with pytest.raises(ValueError, match=r"^model must (be a VAE|have a decoder)") as caught:
        mv.outlier_scores(model, X, method=method, reference=X, rng=0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        (
            np.ones((2, 4)),
            {"method": "magic"},
            "method must be one of log_likelihood, .*, ink, got",
        ),
        (np.ones((2, 4)), {"method": "nearest"}, "reference must hold training data for method='n"),
        (np.ones((2, 4)), {"method": "typicality"}, "reference must hold training data"),
        (
            np.ones((2, 4)),
            {"method": "nearest", "reference": np.ones((2, 3))},
            "reference must have n_features=4 columns, got 3",
        ),
        (np.ones((0, 4)), {}, "X must have at least one row"),
        (np.ones((2, 3)), {}, "x must have n_features=4 columns, got 3"),
        (np.full((2, 4), 2.0), {"method": "complexity"}, r"X must lie in \[0, 1\], got 2.0"),
        (np.full((2, 4), np.nan), {"method": "ink"}, "X must be finite, got nan in row 0"),
    ],
)
def test_bad_input_is_refused(X, options, message):
    with pytest.raises(ValueError, match=message):
        mv.outlier_scores(mv.VAE(4, 2, rng=0), X, **options)
