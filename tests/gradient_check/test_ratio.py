"""What a constant ratio of two arrays means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minivae.gradient_check.ratio import constant_ratio, meaning_of, usual_cause

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
    found = constant_ratio(ratio * RIGHT, RIGHT)
    assert found == pytest.approx(ratio, rel=1e-15)
    assert meaning_of(found, SIZES) == mistake
    assert usual_cause(found, SIZES) == ("" if "every entry" in mistake else mistake)


def test_a_size_of_two_is_a_factor_of_two():
    assert meaning_of(2, {"batch size": 2}) == "twice too large"
    assert usual_cause(1, {"batch size": 1}) == ""


def test_of_two_equal_sizes_the_first_is_named():
    words = meaning_of(5, {"batch size": 5, "number of columns": 5})
    assert words == "not divided by the batch size"


def test_there_may_be_no_common_ratio():
    assert constant_ratio(RIGHT + 1, RIGHT) is None
    assert constant_ratio(RIGHT, 0 * RIGHT) is None
    assert constant_ratio(np.full(RIGHT.shape, np.nan), RIGHT) is None


@given(place=st.integers(0, 14), factor=st.sampled_from([-1.0, 0.99, 1.001, 2.0]))
def test_one_entry_off_is_no_common_ratio(place, factor):
    values = 2 * RIGHT
    values.flat[place] *= factor
    assert constant_ratio(values, RIGHT) is None


def test_small_entries_do_not_decide():
    assert constant_ratio(np.array([2.0, 2.0, 1e-9]), np.array([1.0, 1.0, 1e-6])) == 2
