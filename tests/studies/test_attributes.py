"""Slant and thickness measured from pixels, against the factors that digits were drawn with."""

import numpy as np
import pytest

import minivae as mv
from minivae.studies.attributes import (
    MEASURES,
    directions,
    shear,
    slant,
    steepness,
    thicken,
    thickness,
    within,
)


@pytest.fixture(scope="module")
def digits():
    return mv.datasets.digits(1000, rng=0)


@pytest.mark.parametrize(("name", "least"), [("thickness", 0.98), ("slant", 0.85)])
def test_measures_follow_the_known_factors(digits, name, least):
    """The rotation leans a digit too, so the slant is not all that leans it."""
    measured = within(MEASURES[name](digits.images), digits.labels)
    own = {
        factor: np.corrcoef(measured, within(values, digits.labels))[0, 1]
        for factor, values in digits.factors.items()
    }
    assert own[name] > least
    assert max(MEASURES, key=lambda factor: abs(own[factor])) == name
    (other,) = MEASURES.keys() - {name}
    assert abs(own[other]) < 0.15


def test_a_bar_has_its_width_and_no_slant():
    image = np.zeros((28, 28))
    image[4:24, 12:16] = 1  # 20 high, 4 wide
    assert thickness(image.reshape(1, -1))[0] == pytest.approx(2 * 80 / 48, rel=0.05)
    assert slant(image.reshape(1, -1))[0] == pytest.approx(0, abs=1e-9)


def test_a_shear_moves_the_slant_by_as_much(digits):
    x = digits.images[:50]
    np.testing.assert_allclose(slant(shear(x, 0.2)), slant(x) + 0.2, atol=0.02)
    np.testing.assert_array_equal(shear(x, 0), x)


def test_dilation_thickens_and_erosion_thins(digits):
    x = digits.images[:50]
    assert np.all(thickness(thicken(x, 0.5)) > thickness(x))
    assert np.mean(thickness(thicken(x, -0.5)) < thickness(x)) > 0.95
    np.testing.assert_array_equal(thicken(x, 0), x)


def test_steepness_is_that_of_a_point_and_of_a_ramp():
    point = np.zeros((1, 28, 28))
    point[0, 10, 10] = 1
    assert steepness(point, 2) == pytest.approx(4)
    assert steepness(point, 1) == pytest.approx(2 + np.sqrt(2))
    ramp = np.zeros((1, 28, 28)) + np.arange(28) / 10
    inside, right, ends = 27 * 28 * 0.01, 28 * 2.7**2, 2 * np.sum((np.arange(28) / 10) ** 2)
    assert steepness(ramp.reshape(1, -1), 2) == pytest.approx(inside + right + ends)


def test_a_direction_is_the_slope_in_its_class():
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=6000)
    a = rng.standard_normal(6000) * 2 + 5 * labels
    steps = np.array([[0.5, -1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 2.0]])
    codes = (a - 5 * labels)[:, None] * steps[labels] + 10 * labels[:, None]
    codes += 0.1 * rng.standard_normal(codes.shape)
    np.testing.assert_allclose(directions(codes, a, labels), 2 * steps, atol=0.1)
