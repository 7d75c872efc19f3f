import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, ortho_group

from minivae.linear.probabilistic_pca import ProbabilisticPCA

SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def fitted(draw):
    """A model and the data it was fitted to: tall or wide, never of too low a rank."""
    n_samples, n_features = draw(st.integers(4, 40)), draw(st.integers(2, 8))
    k = draw(st.integers(1, min(n_samples - 2, n_features - 1)))
    rng = np.random.default_rng(draw(SEEDS))
    X = rng.standard_normal((n_samples, n_features)) * rng.uniform(0.5, 2, n_features)
    X += rng.standard_normal(n_features)
    return ProbabilisticPCA(k).fit(X), X


def gaussian(W, mean, s2):
    return multivariate_normal(mean, W.T @ W + s2 * np.eye(W.shape[1]))


def spectrum(X):
    return np.linalg.eigvalsh(np.cov(X, rowvar=False, bias=True))[::-1]


@settings(max_examples=50, deadline=None)
@given(fitted())
def test_score_samples_is_the_marginal_gaussian(case):
    model, X = case
    elsewhere = 2 * X + 1
    truth = gaussian(model.W_, model.mean_, model.noise_variance_)
    np.testing.assert_allclose(model.score_samples(elsewhere), truth.logpdf(elsewhere), rtol=1e-9)
    assert model.score(X) == pytest.approx(truth.logpdf(X).mean(), rel=1e-10)


@settings(max_examples=50, deadline=None)
@given(fitted())
def test_maximum_likelihood_is_the_function_of_the_spectrum(case):
    model, X = case
    k, (_, d), lam = model.n_components_, X.shape, spectrum(X)
    s2 = lam[k:].mean()
    closed = -0.5 * (d * np.log(2 * np.pi) + np.log(lam[:k]).sum() + (d - k) * np.log(s2) + d)
    assert model.score(X) == pytest.approx(closed, rel=1e-10)
    assert model.noise_variance_ == pytest.approx(s2, rel=1e-10)
    np.testing.assert_allclose(model.mean_, X.mean(axis=0), rtol=1e-10, atol=1e-12)
    C = model.W_.T @ model.W_ + s2 * np.eye(d)
    np.testing.assert_allclose(np.linalg.eigvalsh(C)[::-1][:k], lam[:k], rtol=1e-10)


@settings(max_examples=25, deadline=None)
@given(fitted(), SEEDS)
def test_no_step_in_any_parameter_raises_the_likelihood(case, seed):
    model, X = case
    rng = np.random.default_rng(seed)
    dW, dmean = rng.standard_normal(model.W_.shape), rng.standard_normal(X.shape[1])

    def mean_log_likelihood(t, u, v):
        s2 = model.noise_variance_ * np.exp(v)
        return gaussian(model.W_ + t * dW, model.mean_ + u * dmean, s2).logpdf(X).mean()

    best, h = mean_log_likelihood(0, 0, 0), 1e-3 * np.sqrt(model.noise_variance_)
    for step in np.eye(3):
        for side in (-h, h):
            assert mean_log_likelihood(*(side * step)) < best + 1e-12


def test_scikit_learns_covariance_is_ours_but_for_the_divisor():
    oracle = pytest.importorskip("sklearn.decomposition", reason="scikit-learn is the oracle")
    X = np.random.default_rng(0).standard_normal((30, 6)) * [5, 4, 3, 2, 1, 1]
    theirs = oracle.PCA(2, svd_solver="full").fit(X)
    ours = ProbabilisticPCA(2).fit(X)
    C = ours.W_.T @ ours.W_ + ours.noise_variance_ * np.eye(6)
    np.testing.assert_allclose(C, theirs.get_covariance() * 29 / 30, rtol=1e-10, atol=1e-12)
    cosines = np.sum(ours.W_ * theirs.components_, axis=1) / np.linalg.norm(ours.W_, axis=1)
    np.testing.assert_allclose(cosines, 1, rtol=1e-12)


def test_frozen_numbers():
    # scikit-learn 1.9.1: noise_variance_ and get_covariance()[0] of PCA(2, svd_solver="full"),
    # times (n_samples - 1) / n_samples
    i, j = np.mgrid[1:10, 1:5]
    model = ProbabilisticPCA(2).fit(np.sin(i * j) + i / j)
    C = model.W_.T @ model.W_ + model.noise_variance_ * np.eye(4)
    assert model.noise_variance_ == pytest.approx(0.418356567864249, rel=1e-10)
    np.testing.assert_allclose(
        C[0], [7.14863716756536, 2.87086776337887, 2.43739780079543, 1.55653390584838], rtol=1e-10
    )


@settings(max_examples=40, deadline=None)
@given(fitted())
def test_the_posterior_conditions_the_joint_gaussian(case):
    model, X = case
    W, s2, (k, d) = model.W_, model.noise_variance_, model.W_.shape
    joint = np.block([[np.eye(k), W], [W.T, W.T @ W + s2 * np.eye(d)]])  # of (z, x)
    precision = np.linalg.inv(joint)
    covariance = np.linalg.inv(precision[:k, :k])
    mu = -(X - model.mean_) @ precision[k:, :k] @ covariance
    ours = model.posterior(X)
    np.testing.assert_allclose(ours[1], covariance, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(ours[0], mu, rtol=1e-8, atol=1e-8)


@settings(max_examples=25, deadline=None)
@given(fitted(), SEEDS)
def test_bayes_rule_holds_at_any_code(case, seed):
    model, X = case
    z = np.random.default_rng(seed).standard_normal(model.n_components_)
    mu, covariance = model.posterior(X)
    noise = model.noise_variance_ * np.eye(X.shape[1])
    log_joint = multivariate_normal(np.zeros(len(z))).logpdf(z)
    log_joint += np.array(
        [multivariate_normal(model.decode(z[None])[0], noise).logpdf(x) for x in X]
    )
    log_posterior = np.array([multivariate_normal(m, covariance).logpdf(z) for m in mu])
    np.testing.assert_allclose(
        model.score_samples(X), log_joint - log_posterior, rtol=1e-8, atol=1e-8
    )


@settings(max_examples=25, deadline=None)
@given(fitted(), SEEDS)
def test_a_rotation_of_the_code_leaves_the_likelihood(case, seed):
    model, X = case
    k = model.n_components_
    R = ortho_group(k, seed=seed).rvs() if k > 1 else np.array([[-1.0]])
    scores, (mu, covariance), x_hat = (
        model.score_samples(X),
        model.posterior(X),
        model.reconstruct(X),
    )
    model.W_ = R @ model.W_
    np.testing.assert_allclose(model.score_samples(X), scores, rtol=1e-12)
    np.testing.assert_allclose(model.posterior(X)[0], mu @ R.T, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(model.posterior(X)[1], R @ covariance @ R.T, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(model.reconstruct(X), x_hat, rtol=1e-9, atol=1e-11)


@settings(max_examples=25, deadline=None)
@given(fitted(), st.floats(0.1, 10), st.floats(-10, 10))
def test_shift_and_scale_of_the_data(case, scale, shift):
    model, X = case
    moved = ProbabilisticPCA(model.n_components).fit(scale * X + shift)
    log_volume = X.shape[1] * np.log(scale)
    assert moved.score(scale * X + shift) == pytest.approx(model.score(X) - log_volume, abs=1e-9)
    assert moved.noise_variance_ == pytest.approx(scale**2 * model.noise_variance_, rel=1e-9)
    np.testing.assert_allclose(moved.mean_, scale * model.mean_ + shift, atol=1e-12 * (10 + scale))


@settings(max_examples=40, deadline=None)
@given(fitted())
def test_the_rows_of_W_are_orthogonal_and_reconstruction_shrinks(case):
    model, X = case
    lam, k, s2 = spectrum(X)[: model.n_components_], model.n_components_, model.noise_variance_
    np.testing.assert_allclose(model.W_ @ model.W_.T, np.diag(lam - s2), atol=1e-9)
    U = np.linalg.svd(X - X.mean(axis=0))[2][:k]
    shrunk = (X - X.mean(axis=0)) @ U.T * (1 - s2 / lam) @ U + X.mean(axis=0)
    np.testing.assert_allclose(model.reconstruct(X), shrunk, atol=1e-7)


@pytest.mark.parametrize(("d", "k"), [(4, 1), (5, 2), (8, 5)])
def test_data_alike_in_all_directions_are_all_noise(d, k):
    for scale in (0.1, 0.3, 1.0):
        X = scale * np.vstack([np.eye(d), -np.eye(d)])
        model = ProbabilisticPCA(k).fit(X)
        assert model.noise_variance_ == pytest.approx(scale**2 / d, rel=1e-12)
        np.testing.assert_allclose(model.W_, 0, atol=1e-7 * scale)


def test_samples_have_the_models_moments():
    rng = np.random.default_rng(1)
    model = ProbabilisticPCA(2).fit(rng.standard_normal((50, 5)) * [4, 3, 2, 1, 1] + 7)
    n = 200_000
    X = model.sample(n, rng=2)
    assert X.shape == (n, 5)
    C = model.W_.T @ model.W_ + model.noise_variance_ * np.eye(5)
    mean_error = np.sqrt(np.diag(C) / n)
    covariance_error = np.sqrt((np.outer(np.diag(C), np.diag(C)) + C**2) / n)  # Isserlis
    assert np.all(np.abs(X.mean(axis=0) - model.mean_) < 4.5 * mean_error)
    assert np.all(np.abs(np.cov(X, rowvar=False) - C) < 4.5 * covariance_error)
    again = ProbabilisticPCA(2).fit(X)
    s2_error = model.noise_variance_ * np.sqrt(2 / (3 * n))
    assert abs(again.noise_variance_ - model.noise_variance_) < 4.5 * s2_error


def test_the_seed_decides_the_sample():
    model = ProbabilisticPCA(1).fit(GOOD)
    np.testing.assert_array_equal(model.sample(3, rng=5), model.sample(3, rng=5))
    generator = np.random.default_rng(5)
    np.testing.assert_array_equal(model.sample(3, rng=generator), model.sample(3, rng=5))
    assert not np.array_equal(model.sample(3, rng=generator), model.sample(3, rng=5))
    assert not np.array_equal(model.sample(3), model.sample(3))


def test_the_verbs_of_a_model():
    model = ProbabilisticPCA(3)
    z = model.fit_transform(GOOD)
    np.testing.assert_array_equal(z, model.posterior(GOOD)[0])
    np.testing.assert_array_equal(z, model.encode(GOOD))
    np.testing.assert_array_equal(model.decode(z), model.inverse_transform(z))
    np.testing.assert_array_equal(model.reconstruct(GOOD), model.decode(z))
    np.testing.assert_allclose(model.decode(np.zeros((1, 3)))[0], model.mean_)
    assert (model.n_components_, model.n_features_in_) == (3, 5)


def test_many_rows_uint8_read_only_and_strided():
    X = np.random.default_rng(3).integers(0, 256, (9000, 8), dtype=np.uint8)[::2, ::2]
    X.flags.writeable = False
    before = X.copy()
    model, floats = ProbabilisticPCA(2).fit(X), ProbabilisticPCA(2).fit(X / 255)
    np.testing.assert_allclose(model.W_, floats.W_, rtol=1e-12)
    np.testing.assert_allclose(model.score_samples(X), floats.score_samples(X / 255), rtol=1e-12)
    np.testing.assert_allclose(model.transform(X), floats.transform(X / 255), rtol=1e-12)
    np.testing.assert_array_equal(X, before)


GOOD = np.random.default_rng(4).standard_normal((8, 5))


@pytest.mark.parametrize(
    ("n_components", "error", "message"),
    [
        (0, ValueError, "between 1 and n_features-1=4, got 0"),
        (5, ValueError, "between 1 and n_features-1=4, got 5"),
        (0.5, TypeError, "must be an integer, got 0.5"),
        (True, TypeError, "must be an integer, got True"),
        ("2", TypeError, "must be an integer, got '2'"),
        (None, TypeError, "must be an integer, got None"),
    ],
)
def test_bad_n_components_are_refused_by_fit(n_components, error, message):
    model = ProbabilisticPCA(n_components)
    with pytest.raises(error, match=f"n_components.*{message}"):
        model.fit(GOOD)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (GOOD[0], ValueError, r"X must have shape \(n_samples, n_features\), got shape \(5,\)"),
        (GOOD[:1], ValueError, "number of rows of X must be at least 2, got 1"),
        (GOOD[:, :1], ValueError, "n_components must be between 1 and n_features-1=0, got 2"),
        (
            np.where(np.isin(GOOD, GOOD[3, 2]), np.nan, GOOD),
            ValueError,
            "got nan in row 3, column 2",
        ),
        (np.ones((9, 4)), ValueError, "X must vary, got 9 rows without variance"),
        (GOOD[:3], ValueError, "below the rank of the centred X, which is 2, .* got 2"),
        (GOOD[:, [0, 1, 0, 1]], ValueError, "below the rank of the centred X, which is 2"),
        (GOOD.astype(str), TypeError, "X must hold real numbers"),
    ],
)
def test_bad_data_is_refused(X, error, message):
    with pytest.raises(error, match=message):
        ProbabilisticPCA(2).fit(X)


@pytest.mark.parametrize(
    "verb",
    ["transform", "inverse_transform", "encode", "decode", "reconstruct", "posterior", "score"],
)
def test_verbs_ask_for_a_fit_and_for_the_right_width(verb):
    with pytest.raises(RuntimeError, match="this ProbabilisticPCA is not fitted"):
        getattr(ProbabilisticPCA(2), verb)(GOOD)
    with pytest.raises(ValueError, match=r"must have n_(features|components)=\d columns, got 4"):
        getattr(ProbabilisticPCA(2).fit(GOOD), verb)(GOOD[:, :4])


@pytest.mark.parametrize(("n", "error"), [(0, ValueError), (2.0, TypeError), (True, TypeError)])
def test_a_sample_needs_a_fit_and_a_positive_number(n, error):
    with pytest.raises(RuntimeError, match="not fitted"):
        ProbabilisticPCA(2).sample(3)
    with pytest.raises(error, match="n must be"):
        ProbabilisticPCA(2).fit(GOOD).sample(n)
