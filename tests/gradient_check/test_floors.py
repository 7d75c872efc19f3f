"""The relative error and its floor: each rule of the floor on its own."""

import numpy as np
import pytest

from minivae.gradient_check.floors import error_floors, relative_errors
from minivae.gradient_check.problem import Problem
from minivae.gradient_check.report import Slopes


def errors_of(analytic, numeric, value=0.0, arrays=None):
    """Return the relative errors of gradients by name; the function's value is `value`."""
    arrays = {name: np.zeros(len(each)) for name, each in analytic.items()} | (arrays or {})
    problem = Problem(lambda: np.array([value]), lambda dy: {}, arrays, n_rows=1)
    slopes = [
        Slopes(name, np.array(analytic[name]), np.arange(len(each)), np.array(each))
        for name, each in numeric.items()
    ]
    floors = error_floors(problem, slopes, dy=np.array([-1.0]))
    pairs = zip(slopes, floors, strict=True)
    return {each.name: relative_errors(each, floor) for each, floor in pairs}


def test_a_large_entry_is_judged_by_itself():
    errors = errors_of({"W": [2.0, -0.5]}, {"W": [1.0, 0.5]})
    np.testing.assert_allclose(errors["W"], [0.5, 2.0])


def test_a_small_entry_is_judged_by_its_array():
    """1e-9 apart, beside a largest entry of 4: the floor is 4e-3."""
    errors = errors_of({"W": [4.0, 2e-9]}, {"W": [4.0, 1e-9]})
    np.testing.assert_allclose(errors["W"], [0.0, 1e-9 / 4e-3])


def test_a_small_array_is_judged_by_all():
    """1e-9 apart, beside a largest entry of 3 in another array: the floor is 3e-6."""
    errors = errors_of({"W": [3.0], "b": [2e-9]}, {"W": [3.0], "b": [1e-9]})
    np.testing.assert_allclose(errors["b"], [1e-9 / 3e-6])


def test_where_the_value_is_large_its_rounding_counts():
    """A value of 10 has the floor 1e-4, and less where an entry is so large that steps are."""
    errors = errors_of({"x": [0.0] * 2}, {"x": [1e-9] * 2}, 10.0, {"x": np.array([0.5, -200.0])})
    np.testing.assert_allclose(errors["x"], [1e-9 / 1e-4, 1e-9 / 5e-7])


def test_zero_against_zero_is_no_error():
    assert errors_of({"b": [0.0]}, {"b": [0.0]})["b"] == 0


@pytest.mark.parametrize("name", ["W", "b"])
def test_a_number_that_is_none_is_infinitely_wrong_and_hides_no_other(name):
    numeric = {"W": [1.0, 2.0], "b": [1.0, 2.0]}
    numeric[name] = [np.nan, 2.0]
    errors = errors_of({"W": [1.0, 2.0], "b": [1.0, 2.0]}, numeric)
    assert errors.pop(name).tolist() == [np.inf, 0.0]
    assert [each.tolist() for each in errors.values()] == [[0.0, 0.0]]
