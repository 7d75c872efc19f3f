"""Exercises for tutorial 11: write three exhibits of the bug museum without their mistakes.

Fill in the three functions, and run
    python -m minivae check tutorials/exercises/11_bug_museum.py
It answers for each function, and names the first number that is wrong.
"""

import numpy as np


def kl_by_sampling(mu, log_var, eps):
    """Return the KL of N(mu, diag(e^log_var)) from N(0, I), measured on draws: one number, in nats.

    mu and log_var have the shape (n_latent,), the noise eps has (n_draws, n_latent). Compute
    z = mu + sigma eps, and average log q(z) - log p(z) over the draws, where

        log q(z) = -1/2 sum_i [ log 2 pi + log_var_i + (z_i - mu_i)^2 / e^log_var_i ]
        log p(z) = -1/2 sum_i [ log 2 pi + z_i^2 ]

    Do not use the formula for the KL: this number is there to check it.

    Hint: sum over the latents, and average over the draws.
    """
    raise NotImplementedError


def clip_backward(x, limit, dy):
    """Return the gradient with respect to x of ``y = np.clip(x, -limit, limit)``.

    x and dy have the same shape. dy is the gradient of the loss with respect to y.

    Derive: how does y change if x moves a little, inside the limits and outside?

    Hint: multiply dy by a comparison of arrays.
    """
    raise NotImplementedError


def adam_steps(gradients, learning_rate, beta1, beta2, epsilon):
    """Return the path of one parameter under Adam, starting at 0: an array of shape (n,).

    gradients, shape (n,), holds the gradient of each step. With m = v = 0 before the first step,
    step t = 1, 2, ..., n is

        m <- beta1 m + (1 - beta1) g            v <- beta2 v + (1 - beta2) g^2
        m_hat = m / (1 - beta1^t)               v_hat = v / (1 - beta2^t)
        theta <- theta - learning_rate m_hat / (sqrt(v_hat) + epsilon)

    Entry t - 1 of the path is theta after step t.

    Hint: write a loop. m and v stay uncorrected from step to step: only m_hat and v_hat are
    corrected.
    """
    raise NotImplementedError
