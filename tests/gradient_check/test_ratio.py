"""What a constant ratio of two arrays means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minivae.gradient_check.ratio import constant_ratio

RIGHT = np.random.default_rng(0).uniform(0.5, 2.0, (5, 3)) * np.array([1, -1, 1])
SIZES = {"batch size": 5, "number of columns": 3}


@pytest.mark.parametrize(
    ("ratio", "mistake"),
    [
        (-1, "the sign is flipped"),
        (2, "twice too large"),
        (0.5, "half of what it should be"),
        (-2, "the sign is flipped, and twice too large"),
        (-0.5, "the sign is flipped, and half of what it should be"),
        (5, "not divided by the batch size"),
        (1 / 5, "divided by the batch size once too often"),
        (3, "not divided by the number of columns"),
        (1 / 3, "divided by the number of columns once too often"),
        (1.001, "every entry is 1.001 times what it should be"),
        (-np.pi, "every entry is -3.1415927 times what it should be"),
        (0, "every entry is 0 times what it should be"),
    ],
)
def test_a_ratio_is_named(ratio, mistake):
    found, words = constant_ratio(ratio * RIGHT, RIGHT, SIZES)
    assert found == pytest.approx(ratio, rel=1e-15)
    assert words == mistake


def test_a_size_of_two_is_a_factor_of_two():
    assert constant_ratio(2 * RIGHT, RIGHT, {"batch size": 2})[1] == "twice too large"
    assert constant_ratio(RIGHT, RIGHT, {"batch size": 1}) is None


def test_of_two_equal_sizes_the_first_is_named():
    words = constant_ratio(5 * RIGHT, RIGHT, {"batch size": 5, "number of columns": 5})[1]
    assert words == "not divided by the batch size"


def test_what_is_right_or_has_no_common_ratio_has_no_name():
    assert constant_ratio(RIGHT, RIGHT, SIZES) is None
    assert constant_ratio(RIGHT + 1, RIGHT, SIZES) is None
    assert constant_ratio(RIGHT, 0 * RIGHT, SIZES) is None
    assert constant_ratio(np.full(RIGHT.shape, np.nan), RIGHT, SIZES) is None


def test_a_single_number_is_a_multiple_of_any_other():
    assert constant_ratio(np.array(3.1), np.array(1.0), SIZES) is None
    assert constant_ratio(np.array(-1.0), np.array(1.0), SIZES)[1] == "the sign is flipped"


@given(place=st.integers(0, 14), factor=st.sampled_from([-1.0, 0.99, 1.001, 2.0]))
def test_one_entry_off_is_no_common_ratio(place, factor):
    values = 2 * RIGHT
    values.flat[place] *= factor
    assert constant_ratio(values, RIGHT, SIZES) is None


def test_small_entries_do_not_decide():
    right = np.array([1.0, 1.0, 1e-6])
    assert constant_ratio(np.array([2.0, 2.0, 1e-9]), right, SIZES)[1] == "twice too large"
