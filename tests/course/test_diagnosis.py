"""Diagnoses of a student's answer, and the checks that make them."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minivae as mv
from minivae.course.diagnosis import Diagnosis, compare
from minivae.course.exercises import GradientCheck, ValueCheck

rng = np.random.default_rng(0)
RIGHT = rng.uniform(0.5, 2.0, (5, 3))
SUMMED = RIGHT.sum(axis=0)


# Diagnoses


def diagnose(got, right=RIGHT, **options):
    return compare({"dW": right}, got, {}, batch=(5, 3), **options)


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (0 * RIGHT, "zero everywhere"),
        (-RIGHT, "the sign is flipped"),
        (RIGHT / 2, "half of what it should be (a factor of 2 is missing)"),
        (RIGHT * 2, "twice too large (a factor of 1/2 is missing)"),
        (-RIGHT / 2, "flipped, and half of what it should be (a factor of 2 is missing)"),
        (-RIGHT * 2, "the sign is flipped, and twice too large (a factor of 1/2 is missing)"),
        (RIGHT * 5, "not divided by the batch size (a factor of 1/5 is missing)"),
        (RIGHT / 5, "divided by the batch size once too often (a factor of 5 is missing)"),
        (RIGHT * 3, "not divided by the number of columns (a factor of 1/3 is missing)"),
        (RIGHT / 3, "divided by the number of columns once too often (a factor of 3 is missing)"),
        (RIGHT[:, ::-1], "in reversed order"),
        (RIGHT.T, "transposed"),
        (RIGHT**2, "a variance for a standard deviation"),
        (RIGHT**0.5, "a standard deviation for a variance"),
        (np.exp(RIGHT), "is it a logarithm"),
        (np.log(RIGHT), "an exp is missing"),
        (RIGHT + 1.5, "off by the same 1.5: a constant term"),
        (RIGHT * 1.25, "every entry is 1.25 times what it should be"),
        (RIGHT.sum(), "summed over everything"),
        (RIGHT.mean(), "averaged over everything"),
        (RIGHT.ravel(), "the right numbers in the wrong shape"),
    ],
)
def test_a_common_mistake_is_recognised(got, words):
    assert words in diagnose(got).mistake


def test_a_square_matrix_may_be_transposed_too():
    square = rng.normal(size=(4, 4))
    assert diagnose(square.T, square).mistake == "transposed"


@pytest.mark.parametrize(
    ("right", "words"),
    [
        (RIGHT.sum(axis=0), "not summed over the batch, axis 0"),
        (RIGHT.mean(axis=0), "not averaged over the batch, axis 0"),
        (RIGHT.sum(axis=1), "not summed over axis 1"),
        (RIGHT.mean(axis=1, keepdims=True), "not averaged over axis 1"),
        (RIGHT.sum(axis=0, keepdims=True), "not summed over the batch, axis 0"),
        (RIGHT.sum(), "not summed over all axes"),
        (RIGHT.mean(), "not averaged over all axes"),
    ],
)
def test_a_missing_sum_is_recognised(right, words):
    assert diagnose(RIGHT, np.asarray(right)).mistake == words


@given(
    factor=st.floats(-9, 9).filter(lambda f: abs(f - 1) > 1e-3),
    seed=st.integers(0, 999),
    shape=st.tuples(st.integers(1, 4), st.integers(1, 4)),
)
def test_a_wrong_answer_is_never_right_and_the_right_one_never_wrong(factor, seed, shape):
    right = np.random.default_rng(seed).uniform(0.5, 2, shape)
    assert diagnose(right.copy(), right) is None
    assert diagnose(factor * right, right) is not None


def test_where_a_guess_is_not_finite_it_is_no_guess():
    zero_and_more = np.array([0.0, 0.5, 900.0])  # its log and its exp are not finite
    assert diagnose([7.0, -3.0, 100.0], zero_and_more).mistake == ""
    assert "0.11111111 times" in diagnose(zero_and_more / 9, zero_and_more).mistake
    assert "1.000003 times" in diagnose(zero_and_more * (1 + 3e-6), zero_and_more).mistake
    assert "a logarithm?" in diagnose(np.exp([0.0, 0.5, 9.0]), np.array([0.0, 0.5, 9.0])).mistake


def test_the_first_wrong_entry_is_shown_with_both_numbers():
    got = RIGHT.copy()
    got[2, 1] = 7.0
    got[4, 0] = 100.0
    assert diagnose(got).found == f"dW[2, 1] is 7, and should be {RIGHT[2, 1]:.8g}"
    assert diagnose(got).mistake == ""
    assert diagnose(2.0, np.array(3.0)).found == "dW is 2, and should be 3"


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_wrong(bad):
    got = RIGHT.copy()
    got[1, 2] = bad
    assert diagnose(got).found.startswith(f"dW[1, 2] is {bad:g}")
    assert diagnose(np.full_like(RIGHT, bad), RIGHT) is not None


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (None, "nothing was returned"),
        ((RIGHT, RIGHT), "one value should be returned, dW, got a tuple of 2"),
        ("one", "not made of real numbers"),
        (RIGHT + 0j, "dW is not made of real numbers: an array of dtype complex128 was returned"),
        (RIGHT.astype(object), "real numbers: an array of dtype object was returned"),
        (RIGHT.astype(str), "real numbers: an array of dtype <U"),
        ([[1.0, None]], "real numbers: a list that NumPy makes an array of dtype object"),
        ([[1.0], [1.0, 2.0]], "real numbers: a list with rows of different lengths"),
        ((row for row in RIGHT), "real numbers: a generator was returned"),
        (np.ma.masked_all_like(RIGHT), "real numbers: an array with masked entries"),
        (np.ma.array(RIGHT, mask=True), "real numbers: an array with masked entries"),
        ({"dV": RIGHT}, "keys should be ['dW'], got ['dV']"),
        (RIGHT[:2], "dW has shape (2, 3), and should have (5, 3)"),
    ],
)
def test_an_answer_of_the_wrong_kind(got, words):
    assert words in diagnose(got).found


def test_lists_scalars_and_dicts_are_answers_too():
    assert diagnose(RIGHT.tolist()) is None
    assert diagnose({"dW": RIGHT}) is None
    assert diagnose(np.float64(3), np.array(3.0)) is None
    assert compare({"a": RIGHT, "b": SUMMED}, [RIGHT, SUMMED], {}) is None


def test_several_values():
    expected = {"a": RIGHT, "b": SUMMED, "c": np.array(2.0)}
    assert compare(expected, (RIGHT, SUMMED, 2), {}) is None
    assert "3 values should be returned, (a, b, c), got 2" in compare(expected, (1, 2), {}).found
    assert "got 1" in compare(expected, RIGHT, {}).found
    assert "wrong order: (b, c, a)" in compare(expected, (SUMMED, 2, RIGHT), {}).mistake
    second = compare(expected, (RIGHT, -SUMMED, 3), {})
    assert second.found.startswith("b[0] is")
    assert second.mistake == "the sign is flipped"


def test_a_known_mistake_comes_before_the_common_ones():
    known = {"forgot the two of the square": {"dW": RIGHT / 2}}
    assert compare({"dW": RIGHT}, RIGHT / 2, known).mistake == "forgot the two of the square"
    assert compare({"dW": RIGHT}, RIGHT / 3, known).mistake.startswith("every entry is 0.333")


def test_a_hint_goes_with_whatever_is_wrong():
    check = ValueCheck(lambda x: x, (RIGHT,), hint="look at x")
    assert check(lambda x: x + 1).hint == "look at x"
    slopes = GradientCheck(lambda x: x * x, (RIGHT,), ("x",), hint="look at x")
    assert slopes(lambda x, dy: x * dy).hint == "look at x"


def test_a_diagnosis_in_words():
    assert (
        str(Diagnosis("x is 1", "a sign", "look")) == "x is 1\nlikely mistake: a sign\nhint: look"
    )
    assert str(Diagnosis("x is 1")) == "x is 1"


# Checks


def test_a_value_check_finds_an_argument_changed_in_place():
    check = ValueCheck(lambda x, y: x - y["b"], (RIGHT, {"b": SUMMED}))

    def changes_a_dict(x, y):
        y["b"] *= -1
        return x + y["b"]

    assert check(lambda x, y: x - y["b"]) is None
    assert str(check(changes_a_dict)).startswith("y was changed in place\nlikely mistake: an arg")
    assert np.all(SUMMED > 0)


def test_a_value_check_finds_answers_that_depend_on_the_call():
    noise = np.random.default_rng(0)
    check = ValueCheck(lambda x: x, (RIGHT,))
    assert "different answers" in check(lambda x: x + noise.normal()).found


@pytest.mark.parametrize(
    ("convert", "words"),
    [
        (iter, "a list_iterator was returned"),
        (lambda rows: (row for row in rows), "a generator was returned"),
        (lambda rows: np.array(rows, object), "an array of dtype object was returned"),
        (lambda rows: np.array(rows, str), "an array of dtype <U"),
        (lambda rows: np.ma.array(rows, mask=True), "an array with masked entries was returned"),
    ],
)
def test_a_value_check_says_what_was_returned(convert, words):
    found = ValueCheck(lambda x: x, (RIGHT,))(lambda x: convert(x.tolist())).found
    assert found.startswith("the value is not made of real numbers: ")
    assert words in found


@pytest.mark.parametrize("kinds", [*permutations([iter, list, tuple, np.array, dict.fromkeys], 2)])
def test_answers_of_two_kinds_are_different_answers(kinds):
    calls = iter(kinds)
    found = ValueCheck(lambda x: x, (SUMMED,))(lambda x: next(calls)(x)).found
    assert "different answers" in found


def test_a_value_check_of_something_with_a_state():
    def four_steps(step, theta):
        velocity = np.zeros_like(theta)
        for _ in range(4):
            theta, velocity = step(theta, velocity)
        return theta

    def library(theta):
        optimizer, params = mv.SGD(0.1, momentum=0.9), {"theta": theta}
        for _ in range(4):
            optimizer.step(params, {"theta": params["theta"].copy()})
        return params["theta"]

    def momentum(theta, velocity):
        velocity = 0.9 * velocity - 0.1 * theta
        return theta + velocity, velocity

    def forgetful(theta, velocity):
        return 0.9 * theta, velocity

    forgotten = {"the velocity is forgotten": forgetful}
    check = ValueCheck(library, (RIGHT,), "theta", mistakes=forgotten, run=four_steps)
    assert check(momentum) is None
    assert check(forgetful).mistake == "the velocity is forgotten"


def test_a_value_check_of_moments():
    def moments(draw, mu, log_var):
        eps = np.random.default_rng(0).normal(size=(20_000, 2))
        z = draw(np.tile(mu, (len(eps), 1)), np.tile(log_var, (len(eps), 1)), eps)
        return z.mean(axis=0), z.var(axis=0)

    check = ValueCheck(
        lambda mu, log_var: (mu, np.exp(log_var)),
        (np.array([1.0, -1.0]), np.array([0.5, -1.0])),
        returns=("mean", "variance"),
        run=moments,
        atol=0.08,  # five standard errors
    )
    assert check(mv.reparameterize) is None
    wide = check(lambda mu, log_var, eps: mu + np.exp(log_var) * eps)
    assert wide.found.startswith("variance[0] is 2.7")


@pytest.mark.parametrize("with_dy", [True, False])
def test_a_gradient_check_knows_the_gradient(with_dy):
    A = rng.normal(size=(3, 4))

    def forward(x, A):
        y = np.tanh(x @ A)
        return y if with_dy else np.sum(y * y)

    def backward(x, A, dy=None):
        y = np.tanh(x @ A)
        dy = (2 * y if dy is None else dy) * (1 - y * y)
        return dy @ A.T, x.T @ dy

    check = GradientCheck(forward, (RIGHT, A), ("x", "A"), with_dy=with_dy)
    assert check(backward) is None

    def forgets_a_square(*inputs):
        dx, dA = backward(*inputs)
        return dx, dA * (1 + 1e-4)

    assert check(forgets_a_square).found.startswith("dA[0, 0] is")
    swapped = check(lambda *inputs: backward(*inputs)[::-1])
    assert "wrong order: (dA, dx)" in swapped.mistake
