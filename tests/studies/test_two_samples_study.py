"""The study of two samples: what is drawn, and what the refitted statistic measures."""

import numpy as np
import pytest
from scipy import stats

from minivae.studies.bench import Trial
from minivae.studies.two_samples import CHANGES, FACTORS, elbo_difference, run_tests, sampler

N_POOL = 1500


@pytest.fixture(scope="module")
def trial():
    return Trial("digits", 0, None, print)


def drawn(trial, n=500, **change):
    return sampler(trial, N_POOL, **change)(n, np.random.default_rng(0))


def test_without_a_change_the_samples_are_alike_and_share_no_row(trial):
    X, Y = drawn(trial)
    assert X.shape == Y.shape == (500, 10)
    assert not {row.tobytes() for row in X} & {row.tobytes() for row in Y}
    for x, y in zip(X.T, Y.T, strict=True):
        assert stats.ks_2samp(x, y).pvalue > 1e-4
    np.testing.assert_allclose(X.std(axis=0), 1, atol=0.15)


def test_shift_and_scale_are_those_of_the_codes(trial):
    _, plain = drawn(trial)
    _, changed = drawn(trial, shift=0.2, scale=1.5)
    np.testing.assert_allclose(changed, 0.2 + 1.5 * plain)


@pytest.mark.parametrize("change", [*list(CHANGES.values())[4:], *FACTORS.values()])
def test_what_is_cut_off_is_missing_in_y_alone(trial, change):
    data = trial.split(N_POOL, N_POOL)
    if "without" in change:
        lacking = data.train_labels == change["without"]
    else:
        values = data.train_factors[change["factor"]]
        lacking = values < np.quantile(values, change["cut"])
        assert np.mean(lacking) == pytest.approx(change["cut"], abs=0.01)
    codes, _ = sampler(trial, N_POOL)(N_POOL, np.random.default_rng(1))
    order = np.random.default_rng(1).permutation(N_POOL)
    row_of = {code.tobytes(): row for code, row in zip(codes, order, strict=True)}
    X, Y = drawn(trial, **change)
    assert len(Y) == 500
    assert not np.any(lacking[[row_of[y.tobytes()] for y in Y]])
    assert np.any(lacking[[row_of[x.tobytes()] for x in X]])


def test_each_test_sees_a_large_shift_and_no_null(trial):
    found = run_tests(trial, n_pool=400, n=40, n_tests=2, shift=3.0)
    for name, p in found["p"].items():
        assert p.shape == (2,)
        assert np.all(p < 0.02), name
        assert 0 < found["seconds"][name] < 60


def test_the_refitted_statistic_is_large_for_samples_that_differ():
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((2, 100, 3))
    near, far = elbo_difference(X, Y), elbo_difference(X, Y + 3)
    # own minus other's log density of N(0, I) and N(3, I): 2 KL = |3|^2 at most, by bounds
    assert near < 3 < 10 < far
    assert elbo_difference(X, Y) == near
