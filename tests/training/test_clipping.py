import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minivae.training.clipping import clip_by_norm


def gradients(seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return {n: rng.standard_normal(s).astype(dtype) for n, s in [("W", (3, 4)), ("b", (4,))]}


def as_vector(grads):
    return np.concatenate([g.ravel() for g in grads.values()]).astype(float)


@given(seed=st.integers(0, 2**32), limit=st.floats(1e-3, 1e3))
def test_the_norm_is_at_most_the_limit_and_the_direction_stays(seed, limit):
    grads = gradients(seed)
    before = as_vector(grads)
    arrays = dict(grads)
    norm = clip_by_norm(grads, limit)
    after = as_vector(grads)
    assert norm == pytest.approx(np.linalg.norm(before), rel=1e-14)
    expected = before if norm <= limit else before * (limit / np.linalg.norm(before))
    np.testing.assert_allclose(after, expected, rtol=1e-13)
    assert np.linalg.norm(after) <= limit * (1 + 1e-12) or norm <= limit
    assert all(grads[name] is array for name, array in arrays.items())


def test_it_is_one_norm_over_all_arrays_not_one_each():
    grads = {"a": np.array([3.0]), "b": np.array([4.0])}
    assert clip_by_norm(grads, 1.0) == 5
    np.testing.assert_allclose([grads["a"][0], grads["b"][0]], [0.6, 0.8], rtol=1e-15)


def test_short_gradients_stay_bit_for_bit():
    grads, same = gradients(0), gradients(0)
    clip_by_norm(grads, 100.0)
    for name in grads:
        np.testing.assert_array_equal(grads[name], same[name])


def test_float32_stays_float32_and_does_not_overflow():
    grads = {"W": np.full(4, 1e30, np.float32)}
    assert clip_by_norm(grads, 2.0) == pytest.approx(2e30, rel=1e-6)
    assert grads["W"].dtype == np.float32
    np.testing.assert_allclose(grads["W"], 1, rtol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_stays_to_be_reported(bad):
    grads = {"W": np.array([1.0, bad]), "b": np.array([2.0])}
    assert not math.isfinite(clip_by_norm(grads, 0.1))
    np.testing.assert_array_equal(grads["W"], [1, bad])
    assert grads["b"][0] == 2


def test_zero_and_no_gradients_have_the_norm_zero():
    assert clip_by_norm({"W": np.zeros(3)}, 1.0) == 0
    assert clip_by_norm({}, 1.0) == 0
