"""Principal axes against the singular value decomposition, which never squares the data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minivae.linear import principal_axes
from minivae.linear.principal_axes import axes_about


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 6), st.integers(1, 9))
def test_axes_about_any_origin(seed, n, m, rows_at_once):
    rng = np.random.default_rng(seed)
    X, origin = rng.standard_normal((n, m)), 3 * rng.standard_normal(m)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(principal_axes, "ROWS", rows_at_once)
        squares, axes = axes_about(X, origin)
    r = min(n, m)
    lengths = np.linalg.svd(X - origin, compute_uv=False)
    np.testing.assert_allclose(squares, lengths**2, rtol=1e-9, atol=1e-12 * lengths[0] ** 2)
    np.testing.assert_allclose(axes @ axes.T, np.eye(r), atol=1e-12)
    along = (X - origin) @ axes.T  # diagonal scatter, and nothing is left beside the axes
    scale = lengths[0] ** 2
    np.testing.assert_allclose(along.T @ along, np.diag(squares), atol=1e-12 * scale)
    np.testing.assert_allclose(along @ axes, X - origin, atol=1e-6 * lengths[0])


def test_the_principal_axes_are_those_about_the_mean():
    X = np.random.default_rng(0).standard_normal((30, 4)) + np.array([0, 10, 0, -3])
    mean, squares, axes = principal_axes.principal_axes(X)
    np.testing.assert_allclose(mean, X.mean(axis=0), rtol=1e-12)
    for ours, about in zip((squares, axes), axes_about(X, mean), strict=True):
        np.testing.assert_array_equal(ours, about)


def test_rounding_is_no_variance():
    X = np.random.default_rng(1).standard_normal((20, 2)) @ np.ones((2, 5))
    assert np.count_nonzero(axes_about(X, np.zeros(5))[0]) == 1


@pytest.mark.parametrize("shape", [(6, 3), (2, 3)])
def test_rows_equal_to_the_origin_are_refused(shape):
    with pytest.raises(ValueError, match=f"X must vary, got {shape[0]} rows without variance"):
        axes_about(np.ones(shape), np.ones(3))
