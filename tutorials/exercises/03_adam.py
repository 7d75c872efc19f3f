"""Exercises for tutorial 03: momentum, Adam, and the linear autoencoder's gradient.

Fill in the three functions, and run
    python -m minivae check tutorials/exercises/03_adam.py
It answers for each function, and names the first number that is wrong.
"""

import numpy as np


def momentum_step(theta, g, v, lr, mu):
    """Return ``(theta, v)`` after one step of gradient descent with momentum.

    theta, its gradient g and its velocity v are arrays of one shape. Do not change them: return
    new arrays. lr and mu are numbers.

        v <- mu v - lr g,    theta <- theta + v

    Hint: the second line uses the new velocity, from the first line.
    """
    raise NotImplementedError


def adam_step(theta, g, m, v, t, lr):
    """Return ``(theta, m, v)`` after step number t of Adam, with t = 1 for the first.

    theta, its gradient g and the moments m and v are arrays of one shape. Do not change them:
    return new arrays. beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8.

        m <- beta1 m + (1 - beta1) g,    v <- beta2 v + (1 - beta2) g^2

    Then theta moves by -lr times the corrected m, divided by (the root of the corrected v, plus
    epsilon). Derive the correction: if g were always 1, what would m be after t steps from 0?

    Hint: return m and v without the correction.
    """
    raise NotImplementedError


def linear_autoencoder_gradients(x, W_e, W_d):
    """Return ``(dW_e, dW_d)`` for the loss ``mean_n |x_hat_n - x_n|^2`` of a linear autoencoder.

    The code is z = x W_e and the reconstruction x_hat = z W_d. x has shape (batch, n_features), W_e
    (n_features, n_latent), W_d (n_latent, n_features). The loss sums the squares over the features,
    and averages them over the batch.

    Derive: first find dx_hat. Then go back through two dense layers without a bias, the decoder
    first.

    Hint: at W_e = 0, W_d = 0 there is a saddle: check that both your gradients are zero there.
    """
    raise NotImplementedError
