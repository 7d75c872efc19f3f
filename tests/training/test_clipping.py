import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minivae import SGD, VAE, Checkpoint
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


# As an option of `fit`

X = np.random.default_rng(0).random((6, 5))


def one_step(**options):
    """Return how far one step of gradient descent with learning rate 1 moves all parameters."""
    model = VAE(5, 2, rng=0)
    before = as_vector(model.params)
    model.fit(X, epochs=1, batch_size=6, optimizer=SGD(1.0), rng=0, **options)
    return as_vector(model.params) - before


def test_fit_clips_the_whole_gradient_before_the_step():
    free = one_step()
    np.testing.assert_allclose(one_step(clip_norm=1e6), free, rtol=0, atol=0)
    clipped = one_step(clip_norm=0.01)
    assert np.linalg.norm(clipped) == pytest.approx(0.01, rel=1e-12)
    np.testing.assert_allclose(clipped, free * 0.01 / np.linalg.norm(free), rtol=1e-10, atol=1e-16)


@pytest.mark.parametrize("limit", [0, -1, np.nan, "long"])
def test_a_limit_that_is_none_is_refused(limit):
    with pytest.raises((ValueError, TypeError), match="clip_norm must be"):
        one_step(clip_norm=limit)


def test_a_run_goes_on_with_the_same_limit_only(tmp_path):
    path = tmp_path / "run.npz"
    options = {"batch_size": 3, "clip_norm": 0.5, "rng": 0}
    whole = VAE(5, 2, rng=0).fit(X, epochs=4, **options)
    VAE(5, 2, rng=0).fit(X, epochs=2, callbacks=[Checkpoint(path)], **options)
    resumed = VAE(5, 2, rng=1).fit(
        X, epochs=4, resume=path, callbacks=[Checkpoint(path)], **options
    )
    np.testing.assert_array_equal(as_vector(resumed.params), as_vector(whole.params))
    with pytest.raises(ValueError, match=r"it was made with clip_norm=0\.5, got None"):
        VAE(5, 2, rng=1).fit(X, epochs=5, resume=path, batch_size=3, callbacks=[Checkpoint(path)])
