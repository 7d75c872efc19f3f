import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from minivae.linear.pca import PCA, align_signs

SEEDS = st.integers(0, 2**32 - 1)
SHAPES = st.tuples(st.integers(3, 40), st.integers(2, 12))  # tall and wide


def spread_data(n_samples, n_features, seed):
    """Data with a known spectrum, whose gaps leave each component well determined."""
    rng = np.random.default_rng(seed)
    rank = min(n_samples - 1, n_features)
    ones_first = np.column_stack([np.ones(n_samples), rng.standard_normal((n_samples, rank))])
    left = np.linalg.qr(ones_first).Q[:, 1:]  # orthonormal, and orthogonal to the mean
    right = np.linalg.qr(rng.standard_normal((n_features, rank))).Q
    singular_values = 5 * 0.7 ** np.arange(rank)
    X = left * singular_values @ right.T + rng.standard_normal(n_features)
    return X, singular_values


def close(actual, expected):
    scale = np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-10 * scale)


@settings(max_examples=60, deadline=None)
@given(SHAPES, SEEDS, st.data())
def test_every_number_is_that_of_scikit_learn(shape, seed, data):
    oracle = pytest.importorskip("sklearn.decomposition", reason="scikit-learn is the oracle")
    X, _ = spread_data(*shape, seed)
    rank = min(shape[0] - 1, shape[1])
    k = data.draw(st.integers(1, rank))
    theirs = oracle.PCA(k, svd_solver="full").fit(X)
    ours = PCA(k).fit(X)
    for name in (
        "components_",
        "explained_variance_",
        "explained_variance_ratio_",
        "singular_values_",
        "mean_",
    ):
        close(getattr(ours, name), getattr(theirs, name))
    largest = theirs.explained_variance_[0]
    np.testing.assert_allclose(
        ours.noise_variance_, theirs.noise_variance_, rtol=1e-10, atol=1e-15 * largest
    )
    for name in ("n_components_", "n_features_in_", "n_samples_"):
        assert getattr(ours, name) == getattr(theirs, name)
    close(ours.transform(X), theirs.transform(X))
    close(ours.inverse_transform(ours.transform(X)), theirs.inverse_transform(theirs.transform(X)))
    close(ours.get_covariance(), theirs.get_covariance())
    if k == shape[1] or k < rank:
        close(ours.score_samples(X), theirs.score_samples(X))
        close(ours.score(X), theirs.score(X))


@settings(max_examples=40, deadline=None)
@given(SHAPES, SEEDS, st.floats(1e-3, 1 - 1e-9))
def test_a_fraction_keeps_as_many_components_as_scikit_learn(shape, seed, fraction):
    oracle = pytest.importorskip("sklearn.decomposition", reason="scikit-learn is the oracle")
    X, singular_values = spread_data(*shape, seed)
    shares = np.cumsum(singular_values**2) / np.sum(singular_values**2)
    if np.abs(shares - fraction).min() > 1e-9:
        theirs = oracle.PCA(fraction, svd_solver="full").fit(X)
        assert PCA(fraction).fit(X).n_components_ == theirs.n_components_


@pytest.mark.parametrize(
    ("shape", "components", "variances", "noise", "scores"),
    [
        (
            (9, 4),
            [
                [0.854820436660717, 0.367131889959596, 0.310751419904571, 0.194755619865431],
                [0.152786822194966, -0.563718494441922, -0.240225052781657, 0.775351255885839],
            ],
            [10.82511134496139, 0.700923712713085],
            0.47065113884728044,
            [-5.406134268595084, -6.076511744374663, -4.781369948962999],
        ),
        (
            (4, 7),
            [
                [
                    0.304992524071248,
                    0.593666137938541,
                    0.175398904818751,
                    0.059579823566995,
                    0.720086323591871,
                    -0.030072808907462,
                    -0.028228681836982,
                ],
                [
                    0.392274106309057,
                    -0.537492508025571,
                    0.028816889692385,
                    0.681463728480834,
                    0.220169748145371,
                    -0.035186130558368,
                    0.205637596725899,
                ],
            ],
            [2.422359057676705, 1.217935277841129],
            0.20217310011375803,
            [-4.103161435371776, -4.261489960639057, -5.114248111803039],
        ),
    ],
)
def test_frozen_numbers(shape, components, variances, noise, scores):
    # scikit-learn 1.9.1, PCA(2, svd_solver="full")
    i, j = np.mgrid[1 : shape[0] + 1, 1 : shape[1] + 1]
    X = np.sin(i * j) + i / j
    pca = PCA(2).fit(X)
    close(pca.components_, components)
    close(pca.explained_variance_, variances)
    close(pca.noise_variance_, noise)
    close(pca.score_samples(X)[:3], scores)


@settings(max_examples=40, deadline=None)
@given(SHAPES, SEEDS)
def test_the_spectrum_it_was_given_and_that_of_the_svd(shape, seed):
    X, singular_values = spread_data(*shape, seed)
    pca = PCA().fit(X)
    svd = np.linalg.svd(X - X.mean(axis=0), compute_uv=False)
    close(pca.singular_values_[: len(singular_values)], singular_values)
    close(pca.singular_values_, svd)
    close(pca.explained_variance_.sum(), X.var(axis=0, ddof=1).sum())
    close(pca.explained_variance_ratio_.sum(), 1.0)
    assert pca.noise_variance_ == 0
    close(pca.components_ @ pca.components_.T, np.eye(min(shape)))  # the null axis of wide X too


def test_the_whole_covariance_and_its_density():
    X, _ = spread_data(30, 5, seed=1)
    pca = PCA().fit(X)
    covariance = np.cov(X, rowvar=False)
    close(pca.get_covariance(), covariance)
    truth = multivariate_normal(X.mean(axis=0), covariance).logpdf(X)
    close(pca.score_samples(X), truth)


@settings(max_examples=30, deadline=None)
@given(SHAPES, SEEDS, st.data())
def test_the_density_is_the_gaussian_of_its_covariance(shape, seed, data):
    X, _ = spread_data(*shape, seed)
    rank = min(shape[0] - 1, shape[1])
    pca = PCA(data.draw(st.integers(1, max(1, rank - 1)))).fit(X)
    truth = multivariate_normal(pca.mean_, pca.get_covariance()).logpdf(X + 0.1)
    close(pca.score_samples(X + 0.1), truth)


@settings(max_examples=40, deadline=None)
@given(SHAPES, SEEDS, st.data())
def test_reconstruction_error_is_the_sum_of_the_discarded_eigenvalues(shape, seed, data):
    X, _ = spread_data(*shape, seed)
    k = data.draw(st.integers(1, min(shape)))
    error = np.mean(np.sum((X - PCA(k).fit(X).reconstruct(X)) ** 2, axis=1))
    eigenvalues = np.linalg.eigvalsh(np.cov(X, rowvar=False, bias=True))[::-1]
    assert error == pytest.approx(eigenvalues[k:].sum(), rel=1e-10, abs=1e-12)


def test_no_other_plane_reconstructs_better():
    X, _ = spread_data(25, 6, seed=2)
    centred, rng = X - X.mean(axis=0), np.random.default_rng(3)
    pca = PCA(2).fit(X)
    least = np.sum((X - pca.reconstruct(X)) ** 2)
    for _ in range(20):
        Q = np.linalg.qr(pca.components_.T + 0.1 * rng.standard_normal((6, 2))).Q
        assert np.sum((centred - centred @ Q @ Q.T) ** 2) > least


@settings(max_examples=30, deadline=None)
@given(SHAPES, SEEDS, st.floats(0.01, 100), st.floats(-100, 100))
def test_shift_moves_only_the_mean_and_scale_only_the_lengths(shape, seed, scale, shift):
    X, singular_values = spread_data(*shape, seed)
    rank = len(singular_values)
    pca, moved = PCA().fit(X), PCA().fit(scale * X + shift)
    tolerance = 1e-11 * (1 + abs(shift) / scale) / 0.7**rank  # the shift rounds the data
    np.testing.assert_allclose(
        moved.components_[:rank], pca.components_[:rank], rtol=0, atol=tolerance
    )
    np.testing.assert_allclose(
        moved.singular_values_[:rank],
        scale * pca.singular_values_[:rank],
        rtol=tolerance,
    )
    close(moved.mean_, scale * pca.mean_ + shift)


def test_a_large_offset_costs_no_more_than_the_rounding_of_the_data():
    X, singular_values = spread_data(30, 5, seed=4)
    pca = PCA().fit(X + 1e6)
    np.testing.assert_allclose(pca.singular_values_, singular_values, rtol=1e-8)


@pytest.mark.parametrize("shape", [(50, 6), (5, 40)])
def test_what_the_data_do_not_span_has_variance_zero(shape):
    rng = np.random.default_rng(5)
    X = rng.standard_normal((shape[0], 2)) @ rng.standard_normal((2, shape[1]))
    pca = PCA().fit(X)
    assert np.array_equal(np.nonzero(pca.singular_values_)[0], [0, 1])
    close(pca.components_ @ pca.components_.T, np.eye(min(shape)))
    close(pca.reconstruct(X), X)


def test_constant_columns_stay_out_of_the_components():
    X, _ = spread_data(30, 4, seed=6)
    X = np.column_stack([X, np.full(30, 0.1), np.full(30, 1e9)])
    pca = PCA().fit(X)
    assert np.count_nonzero(pca.explained_variance_) == 4
    assert np.abs(pca.components_[:4, 4:]).max() < 1e-15
    assert pca.mean_[4] == 0.1


def test_align_signs_makes_each_rows_largest_entry_positive():
    rows = np.array([[1.0, -3.0, 2.0], [4.0, -3.0, 2.0], [0.0, 0.0, 0.0]])
    before = rows.copy()
    np.testing.assert_array_equal(align_signs(rows), [[-1, 3, -2], [4, -3, 2], [0, 0, 0]])
    np.testing.assert_array_equal(rows, before)


def test_the_verbs_of_a_model():
    X, _ = spread_data(20, 5, seed=7)
    pca = PCA(3)
    z = pca.fit_transform(X)
    np.testing.assert_array_equal(z, pca.transform(X))
    np.testing.assert_array_equal(pca.encode(X), z)
    np.testing.assert_array_equal(pca.decode(z), pca.inverse_transform(z))
    np.testing.assert_array_equal(pca.reconstruct(X), pca.decode(z))
    close(pca.reconstruct(pca.reconstruct(X)), pca.reconstruct(X))  # a projection
    close(np.cov(z, rowvar=False), np.diag(pca.explained_variance_))


def test_it_stands_in_a_pipeline():
    reason = "scikit-learn's pipeline is the host"
    pipeline = pytest.importorskip("sklearn.pipeline", reason=reason)
    linear_model = pytest.importorskip("sklearn.linear_model", reason=reason)
    X, _ = spread_data(20, 5, seed=8)
    chain = pipeline.make_pipeline(PCA(3), linear_model.LinearRegression()).fit(X, X[:, 0])
    direct = linear_model.LinearRegression().fit(PCA(3).fit_transform(X), X[:, 0])
    close(chain.predict(X), direct.predict(PCA(3).fit_transform(X)))


def test_blocks_of_a_memmap_give_the_same_in_little_memory(tmp_path):
    rng = np.random.default_rng(9)
    X = rng.integers(0, 256, (20_000, 64), dtype=np.uint8)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    whole = X / 255
    tracemalloc.start()
    pca = PCA(3).fit(mapped)
    z, scores = pca.transform(mapped), pca.score_samples(mapped)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < whole.nbytes
    covariance = np.cov(whole, rowvar=False)
    close(pca.mean_, whole.mean(axis=0))
    close(pca.explained_variance_, np.linalg.eigvalsh(covariance)[:-4:-1])
    close(z, (whole - whole.mean(axis=0)) @ pca.components_.T)
    close(scores, multivariate_normal(pca.mean_, pca.get_covariance()).logpdf(whole))


@pytest.mark.parametrize("shape", [(30, 5), (5, 30)])
def test_read_only_strided_float32_and_integer_data(shape):
    X, _ = spread_data(*shape, seed=10)
    wide = np.repeat(X, 2, axis=1)
    wide.flags.writeable = False
    strided = wide[::-1, ::2]
    before = strided.copy()
    pca = PCA(2).fit(strided)
    close(pca.components_, PCA(2).fit(X).components_)
    pca.inverse_transform(pca.transform(strided))
    np.testing.assert_array_equal(strided, before)
    single = PCA(2).fit(X.astype(np.float32))
    assert single.components_.dtype == np.float64
    np.testing.assert_allclose(single.explained_variance_, pca.explained_variance_, rtol=1e-5)
    whole = np.round(100 * X).astype(int)
    close(PCA(2).fit(whole).components_, PCA(2).fit(whole.tolist()).components_)


GOOD = spread_data(8, 5, seed=11)[0]


def with_a_bad_value(value):
    X = np.zeros((5000, 3))
    X[4500, 1] = value
    return X


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (GOOD[0], ValueError, r"X must have shape \(n_samples, n_features\), got shape \(5,\)"),
        (GOOD[None], ValueError, r"got shape \(1, 8, 5\)"),
        (np.empty((0, 3)), ValueError, r"at least one row and one column, got shape \(0, 3\)"),
        (GOOD[:1], ValueError, "number of rows of X must be at least 2, got 1"),
        (np.full((9, 3), 0.1), ValueError, "X must vary, got 9 rows without variance"),
        (np.full((3, 9), 0.1), ValueError, "X must vary, got 3 rows without variance"),
        (with_a_bad_value(np.nan), ValueError, "finite, got nan in row 4500, column 1"),
        (with_a_bad_value(-np.inf), ValueError, "finite, got -inf in row 4500, column 1"),
        ([["a", "b"], ["c", "d"]], TypeError, "X must hold real numbers"),
        (GOOD.astype(object), TypeError, "X must hold real numbers, got dtype object"),
        (GOOD + 0j, TypeError, "X must hold real numbers, got dtype complex128"),
    ],
)
def test_bad_data_is_refused(X, error, message):
    with pytest.raises(error, match=message):
        PCA().fit(X)


@pytest.mark.parametrize(
    ("n_components", "error", "message"),
    [
        (0, ValueError, r"between 1 and min\(n_samples, n_features\)=5, got 0"),
        (-1, ValueError, "got -1"),
        (6, ValueError, r"between 1 and min\(n_samples, n_features\)=5, got 6"),
        (0.0, ValueError, r"must be in \(0, 1\), got 0"),
        (1.0, ValueError, r"must be in \(0, 1\), got 1"),
        (2.5, ValueError, r"must be in \(0, 1\), got 2.5"),
        (float("nan"), ValueError, "got nan"),
        (True, TypeError, "None, an integer or a fraction, got True"),
        ("mle", TypeError, "None, an integer or a fraction, got 'mle'"),
    ],
)
def test_bad_n_components_are_refused_by_fit_and_leave_no_model(n_components, error, message):
    pca = PCA(n_components)
    with pytest.raises(error, match=f"n_components.*{message}"):
        pca.fit(GOOD)
    with pytest.raises(RuntimeError, match="not fitted"):
        pca.transform(GOOD)


@pytest.mark.parametrize(
    "verb", ["transform", "inverse_transform", "encode", "decode", "reconstruct", "score_samples"]
)
def test_verbs_ask_for_a_fit_and_for_the_right_width(verb):
    with pytest.raises(RuntimeError, match=r"this PCA is not fitted: call fit\(X\) first"):
        getattr(PCA(2), verb)(GOOD)
    with pytest.raises(ValueError, match=r"must have n_(features|components)=\d columns, got 4"):
        getattr(PCA(2).fit(GOOD), verb)(GOOD[:, :4])


def test_a_covariance_needs_a_fit():
    with pytest.raises(RuntimeError, match="not fitted"):
        PCA().get_covariance()


@pytest.mark.parametrize(
    ("X", "n_components"),
    [(GOOD.T, None), (GOOD.T, 4), (np.column_stack([GOOD, GOOD]), None), (GOOD[:, [0, 0]], 1)],
)
def test_a_singular_model_has_no_density(X, n_components):
    pca = PCA(n_components).fit(X)
    with pytest.raises(ValueError, match="no density, its covariance is singular"):
        pca.score_samples(X)
