import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial import geometric_slerp

from minivae.diagnostics.interpolation import lerp, slerp

SEEDS = st.integers(0, 2**32 - 1)
WAYS = pytest.mark.parametrize("way", [lerp, slerp])


@given(SEEDS, st.integers(2, 6), st.floats(0, 1))
def test_slerp_of_unit_vectors_is_scipys(seed, d, t):
    a, b = np.random.default_rng(seed).standard_normal((2, d))
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    assume(a @ b > -0.999)
    np.testing.assert_allclose(slerp(a, b, t), geometric_slerp(a, b, t), atol=1e-9)
    assert np.linalg.norm(slerp(a, b, t)) == pytest.approx(1, abs=1e-12)


@given(SEEDS, st.floats(0.1, 10), st.floats(0, 1))
def test_slerp_turns_and_stretches_evenly(seed, size, t):
    a, b = np.random.default_rng(seed).standard_normal((2, 4))
    a, b = a / np.linalg.norm(a), size * b / np.linalg.norm(b)
    z = slerp(a, b, t)
    assert np.linalg.norm(z) == pytest.approx((1 - t) + t * size, rel=1e-9)
    angle = np.arccos(a @ b / size)
    assert np.arccos(np.clip(a @ z / np.linalg.norm(z), -1, 1)) == pytest.approx(
        t * angle, abs=1e-6
    )
    np.testing.assert_allclose(z, slerp(b, a, 1 - t), atol=1e-9)


@WAYS
def test_the_ends_are_the_codes(way):
    a, b = np.random.default_rng(0).standard_normal((2, 5, 3))
    np.testing.assert_allclose(way(a, b, 0), a, rtol=1e-12)
    np.testing.assert_allclose(way(a, b, 1), b, rtol=1e-12)


def test_lerp_by_hand():
    np.testing.assert_allclose(lerp([0, 2], [4, 0], [0, 0.25, 1]), [[0, 2], [1, 1.5], [4, 0]])


@pytest.mark.parametrize("factor", [1, 3, 1 + 1e-12])
def test_one_direction_is_a_straight_way(factor):
    a = np.array([0.3, -0.4, 1.2])
    np.testing.assert_allclose(slerp(a, factor * a, 0.25), (0.75 + 0.25 * factor) * a, rtol=1e-12)
    np.testing.assert_array_equal(slerp(a, 0 * a, 0.25), 0.75 * a)
    np.testing.assert_array_equal(slerp(0 * a, 0 * a, 0.25), 0 * a)


def test_nearly_one_direction_loses_no_digits():
    a, b = np.array([1.0, 0.0]), np.array([np.cos(1e-9), np.sin(1e-9)])
    np.testing.assert_allclose(slerp(a, b, 0.5), [1, 0.5e-9], rtol=1e-9)


def test_nearly_opposite_codes_of_different_size_stay_between():
    a, b = np.array([1.0, 0.0]), np.array([-5.0, 1e-5])
    norms = np.linalg.norm(slerp(a, b, np.linspace(0, 1, 11)), axis=1)
    np.testing.assert_allclose(norms, np.linspace(1, 5, 11), rtol=1e-6)


def test_opposite_codes_are_refused():
    for size in (1.0, 2.5):
        with pytest.raises(ValueError, match="a and b must not have opposite directions"):
            slerp([0.6, 0.8], [-0.6 * size, -0.8 * size], 0.5)
    with pytest.raises(ValueError, match="opposite directions"):
        slerp([[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [-1.0, 0.0]], 0.5)


@WAYS
def test_a_number_for_all_or_one_for_each(way):
    a, b = np.random.default_rng(1).standard_normal((2, 3, 4))
    t = [0.2, 0.5, 0.9]
    each = way(a, b, t)
    for i in range(3):
        np.testing.assert_allclose(each[i], way(a[i], b[i], t[i]), rtol=1e-12)
    steps = way(a[0], b[0], t)
    assert steps.shape == (3, 4)
    np.testing.assert_allclose(steps[1], way(a, b, 0.5)[0], rtol=1e-12)


@WAYS
def test_bad_arguments_are_named(way):
    with pytest.raises(ValueError, match=r"a and b must both have shape .* \(3,\) and \(2,\)"):
        way(np.ones(3), np.ones(2), 0.5)
    with pytest.raises(ValueError, match="a and b must both have shape"):
        way(1.0, 2.0, 0.5)
    with pytest.raises(ValueError, match=r"t must be a number or one for each row .* \(3,\)"):
        way(np.ones((2, 4)), np.ones((2, 4)), [0, 0.5, 1])
    with pytest.raises(ValueError, match=r"[abt] must be finite"):
        way([1.0, np.nan], [1.0, 2.0], 0.5)
