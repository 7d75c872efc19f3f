import math

import numpy as np
import pytest
from helpers import SEEDS, SIZES
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from minivae import check_gradients
from minivae.nn.variances import (
    FixedVariance,
    LearnedVariance,
    PredictedVariance,
    floored_log_var,
    floored_log_var_backward,
    variance_from,
)


@pytest.mark.parametrize("method", ["central", "complex"])
@settings(max_examples=25)
@given(seed=SEEDS, n=SIZES, scale=st.sampled_from([0.1, 3.0, 30.0]), floor=st.floats(-14, 2))
def test_gradients_of_the_floor(method, seed, n, scale, floor):
    raw = scale * np.random.default_rng(seed).standard_normal((n, 3))
    check_gradients(
        lambda raw: floored_log_var(raw, floor),
        raw,
        backward=lambda raw, dy: floored_log_var_backward(raw, floor, dy),
        method=method,
        rng=seed,
    ).raise_if_failed()


@given(raw=st.floats(-100, 100), floor=st.floats(-14, 2))
def test_the_floor_is_added_to_the_variance(raw, floor):
    log_var = floored_log_var(np.array([raw]), floor)
    bounded = 20 * math.tanh(raw / 20)
    np.testing.assert_allclose(log_var, np.logaddexp(floor, bounded), rtol=1e-12, atol=1e-12)
    assert log_var >= floor


def test_each_kind_reads_its_own_layout_of_the_output():
    out = np.arange(8.0).reshape(2, 4)
    mean, log_var = FixedVariance(0.5).mean_and_log_var(out)
    np.testing.assert_array_equal(mean, out)
    np.testing.assert_allclose(np.exp(log_var), 0.25)

    learned = LearnedVariance(1e-9, np.float64)
    learned.params["raw_log_var"][...] = 0.01  # where the ceiling bends nothing
    mean, log_var = learned.mean_and_log_var(out)
    np.testing.assert_array_equal(mean, out)
    np.testing.assert_allclose(log_var, [0.01], rtol=1e-6)

    mean, log_var = PredictedVariance(1e-9).mean_and_log_var(out / 1000)
    np.testing.assert_array_equal(mean, [[0, 0.001], [0.004, 0.005]])
    np.testing.assert_allclose(log_var, [[0.002, 0.003], [0.006, 0.007]], rtol=1e-6)


def test_the_three_kinds_agree_where_they_name_one_variance():
    """One density by three ways; then the gradients of the means agree too."""
    rng = np.random.default_rng(0)
    mean, dmean, dlog_var = rng.standard_normal((3, 4, 2))
    raw, tiny = 0.7, 1e-9
    sigma = math.exp(10 * math.tanh(raw / 20))
    learned = variance_from("learned", tiny, np.float64)
    learned.params["raw_log_var"][...] = raw
    both = np.hstack([mean, np.full_like(mean, raw)])
    kinds = [
        (variance_from(sigma, tiny, np.float64), mean),
        (learned, mean),
        (variance_from("predicted", tiny, np.float64), both),
    ]
    for variance, out in kinds:
        means, log_var = variance.mean_and_log_var(out)
        law = stats.norm(means, np.exp(0.5 * log_var))
        np.testing.assert_allclose(law.logpdf(1.3), stats.norm(mean, sigma).logpdf(1.3), rtol=1e-12)
        dout = variance.mean_and_log_var_backward(out, dmean, dlog_var)
        assert dout.shape == out.shape
        np.testing.assert_array_equal(dout[:, :2], dmean)
    # what is predicted at each place adds up where one parameter serves all places
    np.testing.assert_allclose(learned.grads["raw_log_var"], [dout[:, 2:].sum()], rtol=1e-12)


def test_only_a_learned_variance_has_a_parameter_and_only_a_predicted_one_widens_the_decoder():
    kinds = [variance_from(sigma, 1e-3, np.float32) for sigma in (2, "learned", "predicted")]
    assert [type(v) for v in kinds] == [FixedVariance, LearnedVariance, PredictedVariance]
    assert [list(v.params) for v in kinds] == [[], ["raw_log_var"], []]
    assert [list(v.grads) for v in kinds] == [[], ["raw_log_var"], []]
    assert [v.n_outputs(7) for v in kinds] == [7, 7, 14]
    assert kinds[1].params["raw_log_var"].dtype == kinds[1].grads["raw_log_var"].dtype == np.float32


@pytest.mark.parametrize("sigma", ["fixed", "Learned", ""])
def test_an_unknown_kind_is_named(sigma):
    message = f"sigma must be a number, 'learned' or 'predicted', got {sigma!r}"
    with pytest.raises(ValueError, match=message):
        variance_from(sigma, 1e-3, np.float64)
