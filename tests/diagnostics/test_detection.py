"""Areas and rates against SciPy, scikit-learn where it is installed, and two normals."""

import numpy as np
import pytest
from helpers import SEEDS, frozen
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from minivae.diagnostics import auprc, auroc, false_positive_rate

SCORES = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=12)  # with ties


@given(SCORES, SCORES)
def test_auroc_is_scipys_mann_whitney_statistic(inside, outside):
    a, b = frozen(inside, outside)
    expected = stats.mannwhitneyu(b, a).statistic / (len(a) * len(b))
    assert auroc(a, b) == pytest.approx(expected, abs=1e-12)
    assert auroc(a, b) + auroc(b, a) == pytest.approx(1, abs=1e-12)


@given(seed=SEEDS, n=st.integers(2, 20), m=st.integers(2, 20), decimals=st.integers(0, 3))
def test_both_areas_are_scikit_learns(seed, n, m, decimals):
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=n).round(decimals), rng.normal(1, 1, m).round(decimals)
    truth, scores = np.repeat([0, 1], [n, m]), np.concatenate([a, b])
    assert auroc(a, b) == pytest.approx(metrics.roc_auc_score(truth, scores), abs=1e-12)
    expected = metrics.average_precision_score(truth, scores)
    assert auprc(a, b) == pytest.approx(expected, abs=1e-12)


@given(SCORES, SCORES, st.sampled_from([0.2, 0.5, 0.8, 1.0]))
def test_the_rate_is_the_least_over_all_thresholds(inside, outside, recall):
    thresholds = [*inside, *outside, -9, 9]
    rates = [
        np.mean(np.array(inside) >= t)
        for t in thresholds
        if np.mean(np.array(outside) >= t) >= recall - 1e-9
    ]
    assert false_positive_rate(inside, outside, recall=recall) == min(rates)


def test_two_normals_one_deviation_apart():
    rng = np.random.default_rng(0)
    a, b = rng.normal(0, 1, 200_000), rng.normal(1, 1, 200_000)
    assert auroc(a, b) == pytest.approx(stats.norm.cdf(1 / np.sqrt(2)), abs=0.004)
    expected = stats.norm.sf(1 + stats.norm.ppf(0.2))  # 0.437
    assert false_positive_rate(a, b) == pytest.approx(expected, abs=0.006)


def test_scores_that_part_all_and_scores_that_know_nothing():
    assert (auroc([0, 1], [2, 3]), auprc([0, 1], [2, 3])) == (1, 1)
    assert false_positive_rate([0, 1], [2, 3]) == 0
    assert (auroc([5, 5, 5], [5]), auprc([5, 5, 5], [5])) == (0.5, 0.25)
    assert false_positive_rate([5, 5, 5], [5]) == 1
    assert auroc([2], [-np.inf, np.inf]) == 0.5


@pytest.mark.parametrize("measure", [auroc, auprc, false_positive_rate])
@pytest.mark.parametrize(
    ("inside", "outside", "error", "message"),
    [
        (
            [],
            [1.0],
            ValueError,
            r"inside must have shape \(n,\), got shape \(0,\)",
        ),
        ([1.0], [[1.0]], ValueError, r"outside must have shape \(n,\), got shape \(1, 1\)"),
        ([1.0], [0.0, np.nan], ValueError, "outside must be numbers, got nan in entry 1"),
        (["a"], [0.0], TypeError, "inside must hold real numbers, got dtype <U1"),
    ],
)
def test_bad_input_is_refused(measure, inside, outside, error, message):
    with pytest.raises(error, match=message):
        measure(inside, outside)


def test_a_recall_above_one_is_refused():
    with pytest.raises(ValueError, match=r"recall must be in \(0, 1\], got 1.2"):
        false_positive_rate([0.0], [1.0], recall=1.2)
