"""Exercises for tutorial 01: a dense layer and the chain rule.

Fill in the three functions; then
    python -m minivae check tutorials/exercises/01_dense_layer.py
answers, function by function, with the first number that is wrong.
"""

import numpy as np


def dense_forward(x, W, b):
    """Return ``y[n, j] = sum_i x[n, i] W[i, j] + b[j]``.

    x has shape (batch, n_in), W (n_in, n_out), b (n_out,); y has shape (batch, n_out).

    Hint: one matrix product, and a sum that NumPy stretches over the rows. No loop.
    """
    raise NotImplementedError


def dense_backward(x, W, b, dy):
    """Return ``(dx, dW, db)``, the gradients of the loss with respect to x, W and b.

    dy is the gradient of the loss with respect to y, with y's shape (batch, n_out). Each gradient
    has the shape of its array: dx (batch, n_in), dW (n_in, n_out), db (n_out,).

    Derive: with one number each, y = x w + b gives dx = w dy, dw = x dy, db = dy. Then write
    y[n, j] as the sum above, and ask of each number in x, W and b which y[n, j] it enters:
    its gradient is the sum over all of those.

    Hint: one weight W[i, j] is used once in every row of the batch, and so is b[j].
    """
    raise NotImplementedError


def mean_squared_error_backward(x, W, b, target):
    """Return ``(dW, db)`` for the loss ``mean_n sum_j (y[n, j] - target[n, j])**2``.

    y is the dense layer's output for x. The squares are summed over the outputs j, and averaged
    over the rows n of the batch. target has the shape of y.

    Derive: dL/dy first, with the chain rule for a square and the 1/batch of the mean; what
    follows is `dense_backward`, which you have.

    Hint: your own two functions above may be called.
    """
    raise NotImplementedError
