"""Exercises for tutorial 02: gradient checking.

Fill in the three functions; then
    python -m minivae check tutorials/exercises/02_gradient_checking.py
answers, function by function, with the first number that is wrong.
"""

import numpy as np


def central_difference(f, x, h):
    """Return the gradient of f at x by central differences, an array of x's shape.

    f takes an array of x's shape and returns one number; x may have any shape, and must come back
    as it was.

    Entry i is ``(f(x with x_i + h) - f(x with x_i - h)) / (2 h)``: only that one entry moves.

    Hint: a float copy of x, a loop over `np.ndindex(x.shape)`, two calls of f for each index.
    """
    raise NotImplementedError


def relative_error(analytic, numeric):
    """Return ``|analytic - numeric| / max(|analytic|, |numeric|)`` entry by entry.

    Both are arrays of one shape, and so is the result. Where both are 0 they agree: the error
    there is 0, not 0/0.

    Hint: `np.maximum` compares entry by entry, `np.max` finds one number. `np.divide` takes
    `out=` and `where=`.
    """
    raise NotImplementedError


def complex_step(f, x):
    """Return the gradient of f at x by the complex step, a real array of x's shape.

    f takes an array of x's shape, real or complex, and returns one number.

    Derive: put x_i + ih into Taylor's formula and look at the imaginary part. The error is of
    order h^2 and nothing is subtracted, so that h = 1e-30 gives every digit.

    Hint: an array of real numbers cannot hold x_i + ih: `x.astype(complex)` can.
    """
    raise NotImplementedError
