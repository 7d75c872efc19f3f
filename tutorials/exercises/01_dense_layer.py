"""Exercises for tutorial 01: a dense layer and the chain rule.

Fill in the three functions, and run
    python -m minivae check tutorials/exercises/01_dense_layer.py
It answers for each function, and names the first number that is wrong.
"""

import numpy as np


def dense_forward(x, W, b):
    """Return ``y[n, j] = sum_i x[n, i] W[i, j] + b[j]``.

    x has shape (batch, n_in), W (n_in, n_out), b (n_out,); y has shape (batch, n_out).

    Hint: use one matrix product, and let NumPy add b to every row. You need no loop.
    """
    raise NotImplementedError


def dense_backward(x, W, b, dy):
    """Return ``(dx, dW, db)``, the gradients of the loss with respect to x, W and b.

    dy is the gradient of the loss with respect to y, with y's shape (batch, n_out). Each gradient
    has the shape of its array: dx (batch, n_in), dW (n_in, n_out), db (n_out,).

    Derive: with one number each, y = x w + b gives dx = w dy, dw = x dy, db = dy. Then write
    y[n, j] as the sum above. For each number in x, W and b, ask which y[n, j] it enters: its
    gradient is the sum over all of them.

    Hint: every row of the batch uses the weight W[i, j] once, and the bias b[j] once.
    """
    raise NotImplementedError


def mean_squared_error_backward(x, W, b, target):
    """Return ``(dW, db)`` for the loss ``mean_n sum_j (y[n, j] - target[n, j])**2``.

    y is the dense layer's output for x. The squares are summed over the outputs j, and averaged
    over the rows n of the batch. target has the shape of y.

    Derive: first find dL/dy, with the chain rule for a square and the 1/batch of the mean. The
    rest is `dense_backward`, which you have.

    Hint: call your own two functions above.
    """
    raise NotImplementedError
