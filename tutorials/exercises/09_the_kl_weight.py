"""Exercises for tutorial 09: the KL weight.

Fill in the three functions, and run
    python -m minivae check tutorials/exercises/09_the_kl_weight.py
It answers for each function, and names the first number that is wrong.
"""

import numpy as np


def translate_weight(w, n_features, s2):
    """Return ``(beta, variance)``, two numbers, for the loss  mean squared error + w KL.

    The mean is over the n_features pixels. For Gaussian pixels of variance s2, the loss
        |x - x_hat|^2 / (2 s2) + beta KL
    must have the same minima: find its beta. variance is the value of s2 that makes beta equal
    to 1.

    Hint: |x - x_hat|^2 is n_features times the mean. Which factor turns the first term of the loss
    into |x - x_hat|^2 / (2 s2)?
    """
    raise NotImplementedError


def kl_of_each_code(mu, log_var):
    """Return the KL to N(0, 1) of every code, averaged over the batch, shape (n_latent,).

    mu and log_var have the shape (batch, n_latent). For one image and one code
        KL = (mu^2 + sigma^2 - 1 - log sigma^2) / 2

    Hint: log_var is log sigma^2. Which axis is the batch?
    """
    raise NotImplementedError


def rate_and_error(variances, s2, beta):
    """Return ``(rate, error)``, two numbers: the best code of independent normal numbers.

    variances, shape (n,), holds the variance lam of each number, an eigenvalue of a covariance.
    There may be as many codes as numbers. For each number, with the level t = beta s2,
        above the level, lam > t:   rate 1/2 log(lam / t) in nats, error t
        otherwise:                  rate 0, error lam
    and the two results are the sums over all numbers.

    Derive: minimise lam e^(-2R) / (2 s2) + beta R over R >= 0.

    Hint: with `np.maximum` and `np.minimum` you need no loop and no if.
    """
    raise NotImplementedError
