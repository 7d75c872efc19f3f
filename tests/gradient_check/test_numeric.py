"""Numerical derivatives against known ones."""

import numpy as np
import pytest

from minivae.gradient_check.numeric import central_difference, complex_step, numerical_gradient

rng = np.random.default_rng(0)
X = rng.normal(size=(3, 2))
DY = rng.normal(size=(3, 2))


def waves(x):
    return np.exp(np.sin(3 * x))


def slopes_of_waves(x):
    return waves(x) * 3 * np.cos(3 * x)


def test_central_differences_have_nine_digits():
    x = X.copy()
    exact = DY * slopes_of_waves(X)
    slopes = numerical_gradient(lambda: waves(x), x, DY)
    np.testing.assert_allclose(slopes, exact, rtol=0, atol=1e-9 * np.max(np.abs(exact)))
    assert np.array_equal(x, X)


def test_extrapolation_leaves_no_error_in_a_cube():
    """(f(x + h) - f(x - h)) / 2h is 3 x^2 + h^2, and the extrapolation takes h^2 away."""
    x = np.array([1.5])
    slope = central_difference(lambda: x**3, x, 0, np.ones(1))
    assert slope == pytest.approx(3 * 1.5**2, rel=1e-12)


def test_the_complex_step_has_all_digits():
    x = X.astype(complex)
    exact = DY * slopes_of_waves(X)
    for i in range(x.size):
        slope = complex_step(lambda: waves(x), x, i, DY)
        assert slope == pytest.approx(exact.flat[i], rel=1e-14)
    assert np.array_equal(x, X)


def test_a_gradient_gathers_all_outputs():
    """Here each entry moves every output: the gradient is ``A.T @ dy``, exactly."""
    A, x, dy = rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=4)
    np.testing.assert_allclose(numerical_gradient(lambda: A @ x, x, dy), A.T @ dy, rtol=1e-10)


@pytest.mark.parametrize("distance", [1e-2, 1e-4, 1e-6])
def test_the_step_shrinks_until_a_kink_is_out_of_reach(distance):
    x = np.array([distance])
    slope = central_difference(lambda: np.maximum(x, 0) + x**2, x, 0, np.ones(1))
    assert slope == pytest.approx(1 + 2 * distance, rel=1e-7)
