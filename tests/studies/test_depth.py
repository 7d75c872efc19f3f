"""The curve whose number is known, and the share of codes along an axis, in closed form."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from minivae.studies import curve, depth
from minivae.studies.bench import Trial

FINE = {"xatol": 1e-9}


def test_the_nearest_point_of_the_curve_is_what_a_search_finds():
    points = curve.draw_points(40, np.random.default_rng(0))
    for x, t in zip(points.X, curve.nearest_on_curve(points.X), strict=True):

        def distance(s, x=x):
            return np.sum((x - curve.helix(np.array([s]))[0]) ** 2)

        starts = [(i / 20, (i + 1) / 20) for i in range(20)]
        searches = [minimize_scalar(distance, bounds=ends, options=FINE) for ends in starts]
        assert distance(t) == pytest.approx(min(s.fun for s in searches), abs=1e-6)


def test_points_near_the_curve_leave_the_noise_of_two_directions():
    # Across the curve the noise has two dimensions; along it, it only moves the nearest point.
    found = curve.on_the_curve(
        Trial("digits", 0, None, print), method="the curve itself", curve_epochs=1
    )
    expected = 2 * curve.NOISE**2
    spread = 2 * curve.NOISE**2 / np.sqrt(curve.N_POINTS)  # of a mean of chi^2 with 2 degrees
    assert abs(found["curve error"] - expected) < 5 * spread
    assert found["order along the curve"] > 0.998


def test_pca_of_the_curve_leaves_the_two_smaller_eigenvalues():
    found = curve.on_the_curve(Trial("digits", 1, None, print), method="PCA", curve_epochs=1)
    t = (np.arange(100_000) + 0.5) / 100_000
    S = np.cov(curve.helix(t), rowvar=False, bias=True) + curve.NOISE**2 * np.eye(3)
    assert found["curve error"] == pytest.approx(np.linalg.eigvalsh(S)[:2].sum(), rel=0.1)


def test_even_directions_lie_near_an_axis_as_often_as_the_angles_say():
    # |z_2| <= r |z_1| or |z_1| <= r |z_2|: eight angles of atan(r) in a whole turn
    z = np.random.default_rng(2).standard_normal((10_000, 8))
    share = 8 * np.arctan(depth.NEAR) / (2 * np.pi)
    near = depth.near_an_axis(z)
    assert near.shape == (28,)
    np.testing.assert_allclose(near, share, atol=5 * np.sqrt(share / 10_000))
    rectified = np.maximum(z, 0)  # three quarters have a zero, and the rest are even
    near = depth.near_an_axis(rectified)
    np.testing.assert_allclose(near, 0.75 + 0.25 * share, atol=5 * np.sqrt(0.19 / 10_000))
