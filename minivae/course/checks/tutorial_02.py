"""Tutorial 02: numerical derivatives, and how far they are from an analytic one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minivae.course.diagnosis import Diagnosis
from minivae.course.exercises import Exercises, Function, ValueCheck
from minivae.edge.checks import Array

Loss = Callable[[Array], Any]

x = np.random.default_rng(0).normal(size=(4, 3))
H = 0.1  # so large that the order of the error shows
analytic = np.array([[1.0, -2.0, 0.5, 3e-7], [0.0, -4.0, 0.0, 1e-9]])
numeric = np.array([[1.1, 2.0, 0.25, 1e-7], [0.0, -5.0, 1e-3, 3e-9]])


def loss(x: Array) -> Any:
    """Return a number whose gradient is `loss_gradient`."""
    return np.sum(np.exp(x) * np.sin(x))


def loss_gradient(x: Array) -> Array:
    """Return the gradient of `loss`, the derivative of each term."""
    return np.exp(x) * (np.sin(x) + np.cos(x))


def coupled_loss(x: Array) -> Any:
    """Return a number in which each entry's gradient depends on the next entry."""
    return np.sum(x**3) + np.sum(x.ravel()[:-1] * x.ravel()[1:])


def coupled_differences(f: Loss, x: Array, h: float) -> Array:
    """Return the central differences of `coupled_loss`: of a cube, 3 x^2 + h^2."""
    flat = np.pad(x.ravel(), 1)
    return (3 * x.ravel() ** 2 + h**2 + flat[:-2] + flat[2:]).reshape(x.shape)


def coupled_forward_differences(f: Loss, x: Array, h: float) -> Array:
    """Return the forward differences of `coupled_loss`: of a cube, 3 x^2 + 3 x h + h^2."""
    return coupled_differences(f, x, h) + 3 * x * h


def all_at_once(f: Loss, x: Array, h: float) -> Array:
    """Return the single difference that comes from moving every entry at once."""
    return np.asarray((f(x + h) - f(x - h)) / (2 * h))


def one_value(f: Loss, x: Array, h: float) -> Array:
    """Return f at x + h over 2 h, from which nothing is subtracted."""
    return coupled_forward_differences(f, x, h) / 2 + f(x) / (2 * h)


def spread(f: Loss, x: Array, h: float) -> Array:
    """Return this single difference in every entry."""
    return np.full(x.shape, all_at_once(f, x, h))


def right_relative_error(analytic: Array, numeric: Array) -> Array:
    """Return the relative error, from the ratio of the smaller to the larger number."""
    small, large = np.sort(np.abs([analytic, numeric]), axis=0)
    ratio = np.divide(small, large, out=np.ones_like(large), where=large > 0)
    return 1 - np.where(analytic * numeric < 0, -ratio, ratio)


def divided(denominator: Callable[[Array, Array], Any]) -> Callable[[Array, Array], Array]:
    """Return the relative error with another denominator; it is 0 where both numbers are 0."""

    def error(analytic: Array, numeric: Array) -> Array:
        largest = np.broadcast_to(denominator(analytic, numeric), analytic.shape)
        difference = np.abs(analytic - numeric)
        return np.divide(difference, largest, out=np.zeros_like(difference), where=largest != 0)

    return error


def agreeing_zeros(function: Function) -> Diagnosis | None:
    """Return what is wrong where both numbers are 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        answer = function(np.array([1.0, 0.0]), np.array([2.0, 0.0]))
    if answer is None or not np.any(np.isnan(answer)):
        return None
    return Diagnosis(
        "the error of 0 against 0 is NaN, and should be 0",
        "0/0: where both numbers are 0 they agree, and there is nothing to divide",
        "np.divide(..., out=zeros, where=larger > 0)",
        known=True,
    )


def to_the_last_digit(function: Function) -> Diagnosis | None:
    """Return what is wrong with a gradient that has fewer digits than the complex step gives."""
    exact = loss_gradient(x)
    error = np.max(np.abs(function(loss, x.copy()) - exact)) / np.max(np.abs(exact))
    if error < 1e-13:
        return None
    return Diagnosis(
        f"the relative error is {error:.0e}, but the complex step reaches 1e-15",
        "a difference of two values, or a step that is too large",
        "f'(x) = Im f(x + ih) / h with h = 1e-30",
        known=True,
    )


EXERCISES: Exercises = {
    "central_difference": [
        ValueCheck(
            coupled_differences,
            (coupled_loss, x, H),
            returns="the gradient",
            mistakes={
                "a forward difference: the second value should be f at x - h, not at x": (
                    coupled_forward_differences
                ),
                "only one value of f: its value on the other side is not subtracted": one_value,
                "all entries moved at once: move one at a time": all_at_once,
                "all entries moved at once, every time: move one at a time": spread,
            },
            hint="move one entry, put it back exactly, then move the next",
        ),
    ],
    "relative_error": [
        agreeing_zeros,
        ValueCheck(
            right_relative_error,
            (analytic, numeric),
            returns="the error",
            mistakes={
                "an absolute error: not divided by the size of the numbers": (
                    lambda a, n: np.abs(a - n)
                ),
                "divided by the sum of both, not by the larger one": (
                    divided(lambda a, n: np.abs(a) + np.abs(n))
                ),
                "divided by the largest number of all, not entry by entry": (
                    divided(lambda a, n: max(np.abs(a).max(), np.abs(n).max()))
                ),
                "no absolute values in the denominator": divided(np.maximum),
                "divided by one of the two alone, not by the larger one": (
                    divided(lambda a, n: np.abs(a))
                ),
                "divided by the numeric one alone, not by the larger one": (
                    divided(lambda a, n: np.abs(n))
                ),
            },
            hint="np.abs for each of the two, then np.maximum",
        ),
    ],
    "complex_step": [
        ValueCheck(
            lambda f, x: loss_gradient(x),
            (loss, x),
            returns="the gradient",
            mistakes={
                "not divided by h = 1e-30": lambda f, x: 1e-30 * loss_gradient(x),
                "all entries moved at once: move one at a time": (
                    lambda f, x: np.asarray(loss_gradient(x).sum())
                ),
                "a real array dropped the imaginary part: use x.astype(complex)": (
                    lambda f, x: np.zeros_like(x)
                ),
                "the real part: the derivative is in the imaginary part": (
                    lambda f, x: np.full(x.shape, 1e30 * f(x))
                ),
            },
            hint="f'(x) = Im f(x + ih) / h",
            rtol=1e-4,
        ),
        to_the_last_digit,
    ],
}
