"""The two-sample test: its statistics against SciPy, its p-values under the null, its power."""

import numpy as np
import pytest
from helpers import SEEDS, frozen
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import minivae as mv
from minivae.diagnostics import density_ratios
from minivae.diagnostics.density_ratios import (
    classifier_ratio,
    fit_gaussian_vae,
    halves,
    vae_ratio,
)

STATISTICS = ["energy", "classifier", "vae"]


def mean_difference(X, Y):
    return np.abs(X.mean() - Y.mean())


@given(seed=SEEDS, n=st.integers(2, 12), m=st.integers(2, 12))
def test_the_energy_of_one_column_is_scipys(seed, n, m):
    rng = np.random.default_rng(seed)
    X, Y = frozen(rng.standard_normal((n, 1)), 1 + rng.standard_normal((m, 1)))
    report = mv.two_sample_test(X, Y, statistic="energy", n_permutations=3, rng=seed)
    expected = stats.energy_distance(X[:, 0], Y[:, 0]) ** 2
    assert report.statistic == pytest.approx(expected, abs=1e-12)
    assert report.null.shape == (3,)
    assert np.all(report.null > -1e-12)  # an energy distance is never negative


def test_the_energy_of_more_columns_is_that_of_all_pairs():
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((5, 3)), rng.standard_normal((7, 3)) + 1

    def mean_distance(a, b):
        return np.mean([np.linalg.norm(i - j) for i in a for j in b])

    expected = 2 * mean_distance(X, Y) - mean_distance(X, X) - mean_distance(Y, Y)
    report = mv.two_sample_test(X, Y, statistic="energy", rng=0)
    assert report.statistic == pytest.approx(expected)


def test_p_values_are_close_to_scipys():
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((15, 1)), rng.standard_normal((12, 1)) + 0.2
    expected = stats.permutation_test(
        (X[:, 0], Y[:, 0]), mean_difference, alternative="greater", n_resamples=20_000, rng=1
    ).pvalue
    error = 5 * np.sqrt(expected * (1 - expected) / 4000)
    report = mv.two_sample_test(X, Y, statistic=mean_difference, n_permutations=4000, rng=0)
    assert report.statistic == mean_difference(X, Y)
    assert report.p_value == pytest.approx(expected, abs=error)
    assert 0.02 < expected < 0.98


def test_equal_statistics_count_in_spite_of_rounding():
    """Of the arrangements of two equal rows and a third, all that are alike reach the statistic."""
    X, Y = np.array([[0.1], [0.1], [0.3]]), np.array([[0.1], [0.3], [0.3]])
    report = mv.two_sample_test(X, Y, statistic="energy", n_permutations=500, rng=0)
    # X gets 1, 2 of three low rows in 18 of 20 arrangements, and 0 or 3 in 2: all reach the least
    assert report.p_value == 1


def p_values_under_the_null(statistic, monkeypatch, epochs=4):
    """Return 200 p-values of equal distributions, evened out between the multiples of 1/40."""
    monkeypatch.setattr(density_ratios, "EPOCHS", epochs)
    rng, p = np.random.default_rng(0), []
    for _ in range(200):
        X, Y = rng.standard_normal((2, 12, 2))
        report = mv.two_sample_test(X, Y, statistic=statistic, n_permutations=39, rng=rng)
        p.append(report.p_value - rng.random() / 40)
    return p


@pytest.mark.parametrize("statistic", ["classifier", "vae"])
def test_p_values_of_learned_statistics_are_uniform_under_the_null(statistic, monkeypatch):
    p = p_values_under_the_null(statistic, monkeypatch)
    assert stats.kstest(p, "uniform").pvalue > 0.001


def test_they_are_not_if_the_rows_that_are_learned_from_are_permuted(monkeypatch):
    monkeypatch.setattr(density_ratios, "halves", lambda X, Y, rng: [(X, X), (Y, Y)])
    p = p_values_under_the_null("classifier", monkeypatch, epochs=15)
    assert stats.kstest(p, "uniform").pvalue < 1e-6


@pytest.mark.parametrize("statistic", [*STATISTICS, mean_difference])
def test_a_large_shift_is_seen(statistic):
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((60, 3)), rng.standard_normal((50, 3)) + 2
    report = mv.two_sample_test(X, Y, statistic=statistic, n_permutations=99, rng=0)
    assert report.p_value == 0.01
    again = mv.two_sample_test(X, Y, statistic=statistic, n_permutations=99, rng=0)
    np.testing.assert_array_equal(again.null, report.null)


def test_the_report_says_all_in_one_line():
    X, Y = np.random.default_rng(0).standard_normal((2, 20, 2))
    text = str(mv.two_sample_test(X, Y + 9, statistic=mean_difference, n_permutations=19, rng=0))
    assert text.startswith("mean_difference: statistic ")
    assert text.endswith("p = 0.05 with 19 permutations")


# What the learned statistics are made of


@pytest.mark.parametrize("ratio", [classifier_ratio, vae_ratio])
def test_a_learned_ratio_follows_the_exact_one(ratio, monkeypatch):
    """For N(0, I) and N(m, I), log p / q is -m.x + |m|^2 / 2; held-out rows are those of halves."""
    rng, shift = np.random.default_rng(0), np.array([1.0, 0.0, -1.0])
    X, Y = rng.standard_normal((1500, 3)), rng.standard_normal((1500, 3)) + shift
    seen = []

    def remembered(X, Y, rng):
        parts = [(each[:750], each[750:]) for each in (X, Y)]
        seen.extend(held for _, held in parts)
        return parts

    monkeypatch.setattr(density_ratios, "halves", remembered)
    found = np.concatenate(ratio(X, Y, np.random.default_rng(1)))
    exact = -np.concatenate(seen) @ shift + shift @ shift / 2
    assert np.corrcoef(found, exact)[0, 1] > 0.9
    assert np.polyfit(exact, found, 1)[0] == pytest.approx(1, abs=0.25)


def test_the_small_vae_learns_the_density():
    rng = np.random.default_rng(0)
    C = np.array([[1, 0.9], [0.9, 1]])
    X, held = rng.multivariate_normal([0, 0], C, 2000), rng.multivariate_normal([0, 0], C, 500)
    elbo = fit_gaussian_vae(X, np.random.default_rng(0)).elbo(held, rng=0).elbo.mean()
    best, independent = (
        stats.multivariate_normal([0, 0], cov).logpdf(held).mean() for cov in (C, np.eye(2))
    )
    assert independent + 0.6 * (best - independent) < elbo < best + 0.05


@given(seed=SEEDS, n=st.integers(2, 9), m=st.integers(2, 9))
def test_halves_are_all_rows_once_in_common_units(seed, n, m):
    rng = np.random.default_rng(seed)
    X, Y = frozen(rng.standard_normal((n, 2)), 5 + rng.standard_normal((m, 2)))
    X, Y = (np.column_stack([each, np.full(len(each), 7.0)]) for each in (X, Y))
    (x, x_held), (y, y_held) = halves(X, Y, rng)
    assert (len(x), len(y)) == (n // 2, m // 2)
    rows = np.concatenate([x, x_held, y, y_held])
    np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(rows.std(axis=0), [1, 1, 0], atol=1e-12)
    scale = np.concatenate([X, Y])[:, :2].std(axis=0)
    for mixed, given_ in ((rows[:n], X), (rows[n:], Y)):
        back = mixed[:, :2] * scale + np.concatenate([X, Y])[:, :2].mean(axis=0)
        np.testing.assert_allclose(np.sort(back[:, 0]), np.sort(given_[:, 0]))


@pytest.mark.parametrize("statistic", STATISTICS)
def test_two_rows_a_side_are_enough(statistic):
    X, Y = np.random.default_rng(0).standard_normal((2, 2, 3))
    report = mv.two_sample_test(X, Y, statistic=statistic, n_permutations=19, rng=0)
    assert 0 < report.p_value <= 1


# Bad input


@pytest.mark.parametrize(
    ("X", "Y", "options", "message"),
    [
        (np.ones((3, 2)), np.ones((3, 4)), {}, "Y must have n_features=2 columns, got 4"),
        (np.ones((0, 2)), np.ones((3, 2)), {}, "X must have at least one row and one column"),
        (np.ones((3, 2)), np.ones((0, 2)), {}, "Y must have at least one row and one column"),
        (np.ones((1, 2)), np.zeros((3, 2)), {}, "X must have at least 2 rows, got 1"),
        (np.ones((3, 2)), np.zeros((1, 2)), {}, "Y must have at least 2 rows, got 1"),
        (np.ones((3, 2)), np.ones((4, 2)), {}, "X and Y must hold different rows, got the same"),
        (
            np.ones((3, 2)),
            np.zeros((4, 2)),
            {"statistic": "magic"},
            "statistic must be a function or one of energy, vae, classifier, got 'magic'",
        ),
        (
            np.ones((3, 2)),
            np.zeros((4, 2)),
            {"statistic": lambda X, Y: np.nan},
            r"statistic\(X, Y\) must return a finite number, got nan",
        ),
        (
            np.ones((3, 2)),
            np.zeros((4, 2)),
            {"statistic": lambda X, Y: X.mean(axis=0)},
            r"statistic\(X, Y\) must return a finite number, got array",
        ),
        (
            np.ones((3, 2)),
            np.zeros((4, 2)),
            {"n_permutations": 0},
            "n_permutations must be at least 1, got 0",
        ),
        (np.full((3, 2), np.inf), np.zeros((4, 2)), {}, "X must be finite, got inf in row 0"),
    ],
)
def test_bad_input_is_refused(X, Y, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        mv.two_sample_test(X, Y, **options)
    assert "\n" not in str(caught.value)
