"""Exercises for tutorial 05: autoencoders.

Fill in the three functions, and run
    python -m minivae check tutorials/exercises/05_autoencoders.py
It answers for each function, and names the first number that is wrong.
"""

import numpy as np


def relu_weights(knots, values):
    """Return the weights c, shape (n,), of a broken line as a sum of ReLUs:

        f(x) = values[0] + sum_j c[j] max(x - knots[j], 0)

    knots and values have the shape (n + 1,). The knots rise, and are *not* evenly spaced. f must
    be values[j] at knots[j] for every j. The last knot needs no unit.

    Derive: between two knots f has one slope. How does unit j change the slope, and what is the
    slope before the first unit?

    Hint: use `np.diff` twice, the second time with `prepend=0`.
    """
    raise NotImplementedError


def denoising_map(X, s2):
    """Return the best linear denoiser P, shape (m, m), of the centred data X, shape (N, m).

    For noise e of mean 0 and covariance s2 I, P minimises the mean of E |x - (x + e) P|^2 over the
    data.

    Derive: the mean is |X - X P|^2 / N + s2 |P|^2, where |.|^2 is the sum of all squared entries.
    Set its gradient with respect to P to zero.

    Hint: in one dimension P is lam / (lam + s2). `np.linalg.solve` is better than an inverse.
    """
    raise NotImplementedError


def denoising_gradients(noisy, x, W_e, b_e, W_d, b_d):
    """Return ``(dW_e, db_e, dW_d, db_d)`` of the loss of a denoising autoencoder:

        z     = tanh(noisy W_e + b_e)
        x_hat = z W_d + b_d
        L     = 1/N sum_n |x_hat_n - x_n|^2

    noisy and x have the shape (N, m), W_e (m, k), b_e (k,), W_d (k, m), b_d (m,).

    Derive: go backwards through the lines above, one gradient after the other: dx_hat, then dW_d,
    db_d and dz, then through tanh, then dW_e and db_e.

    Hint: the derivative of tanh is 1 - tanh^2, and z is the tanh already. Which of the two inputs
    does dW_e need?
    """
    raise NotImplementedError
