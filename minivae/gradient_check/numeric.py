"""A derivative measured from the outside: by central differences, or by the complex step."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from minivae.edge.checks import Array

Output = Callable[[], Array]  # a function of arrays, which each call reads anew
Derivative = Callable[[Output, Array, int, Array], float]

COMPLEX_STEP = 1e-30
STEPS = (4e-3, 4e-4, 4e-5, 4e-6, 4e-7)


def complex_step(f: Output, x: Array, i: int, dy: Array) -> float:
    """Return the derivative of ``sum(dy * f())`` with respect to entry `i` of a complex array `x`.

    A step ih in place of h makes f(x + ih) = f(x) + ih f'(x) - h^2 f''(x) / 2 - ..., whose
    imaginary part is h f'(x) to all digits. Nothing is subtracted, so h may be tiny.

    Raises
    ------
    TypeError
        An operation within `f` drops the imaginary part, or refuses complex numbers.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        try:
            output = output_at(f, x, i, 1j * COMPLEX_STEP)
        except np.exceptions.ComplexWarning as warning:
            raise TypeError(f"the complex step was lost on the way: {warning}") from warning
    if not np.iscomplexobj(output):
        raise TypeError("the complex step was lost on the way: the function's value is real")
    # f'(x) = Im f(x + i h) / h
    return float(np.sum(dy * output.imag) / COMPLEX_STEP)


def central_difference(f: Output, x: Array, i: int, dy: Array) -> float:
    """Return the derivative of ``sum(dy * f())`` with respect to entry `i` of `x`.

    D(h) = (f(x + h) - f(x - h)) / 2h has an error of order h^2, which Richardson's extrapolation
    cancels: (4 D(h/2) - D(h)) / 3. Two of those, one at half the step, estimate what is left. The
    step shrinks until the estimate is small; the derivative with the smallest estimate is returned.
    """

    def central(h: float) -> float:
        change = output_at(f, x, i, h) - output_at(f, x, i, -h)
        return float(np.sum(dy * change.real) / (2 * h))

    best, smallest_error = 0.0, np.inf
    rounding = np.finfo(float).eps * np.sum(np.abs(dy * f()))
    size = max(1.0, abs(x.flat[i]))
    for h in STEPS:
        d1, d2, d4 = central(h * size), central(h * size / 2), central(h * size / 4)
        coarse, fine = (4 * d2 - d1) / 3, (4 * d4 - d2) / 3
        error = abs(fine - coarse) + rounding / (h * size)
        if error < smallest_error:
            best, smallest_error = fine, error
        if error <= 1e-8 * abs(fine):  # otherwise a kink or a strong curvature is near
            break
    return best


DERIVATIVES: dict[str, Derivative] = {"central": central_difference, "complex": complex_step}
TOLERANCES = {"central": 1e-7, "complex": 1e-10}


def numerical_gradient(f: Output, x: Array, dy: Array) -> Array:
    """Return the gradient of ``sum(dy * f())`` with respect to `x`, by central differences.

    Parameters
    ----------
    f : callable
        ``f()`` returns the output for the present values in `x`.
    x : array of float
        It is changed entry by entry, and is the same afterwards.
    dy : array
        The cotangent, of the shape of the output.

    Returns
    -------
    array, of the shape of `x`
    """
    slopes = [central_difference(f, x, i, dy) for i in range(x.size)]
    return np.reshape(slopes, x.shape)


def output_at(f: Output, x: Array, i: int, step: complex) -> Array:
    """Return the output with entry `i` of `x` moved by `step`, and move the entry back."""
    before = x.flat[i]
    x.flat[i] = before + step
    with np.errstate(all="ignore"):  # a step may leave the function's domain; a smaller one stays
        output = np.array(f())
    x.flat[i] = before
    return output
