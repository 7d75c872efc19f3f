"""Exercises for tutorial 02: gradient checking.

Fill in the three functions, and run
    python -m minivae check tutorials/exercises/02_gradient_checking.py
It answers for each function, and names the first number that is wrong.
"""

import numpy as np


def central_difference(f, x, h):
    """Return the gradient of f at x by central differences, an array of x's shape.

    f takes an array of x's shape and returns one number. x may have any shape, and must not be
    changed.

    Entry i is ``(f(x with x_i + h) - f(x with x_i - h)) / (2 h)``: only that one entry moves.

    Hint: make a float copy of x, loop over `np.ndindex(x.shape)`, and call f twice for each index.
    """
    raise NotImplementedError


def relative_error(analytic, numeric):
    """Return ``|analytic - numeric| / max(|analytic|, |numeric|)`` entry by entry.

    Both arrays and the result have the same shape. Where both entries are 0 they agree: there the
    error is 0, not 0/0.

    Hint: `np.maximum` compares entry by entry, and `np.max` returns one number. `np.divide` takes
    `out=` and `where=`.
    """
    raise NotImplementedError


def complex_step(f, x):
    """Return the gradient of f at x by the complex step, a real array of x's shape.

    f takes an array of x's shape, real or complex, and returns one number.

    Derive: put x_i + ih into Taylor's formula and look at the imaginary part. The error is of
    order h^2, and nothing is subtracted, so h = 1e-30 gives every digit.

    Hint: a real array cannot hold x_i + ih, but `x.astype(complex)` can.
    """
    raise NotImplementedError
