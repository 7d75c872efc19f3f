"""Exercises for tutorial 08: a VAE on digits.

Fill in the three functions, and run
    python -m minivae check tutorials/exercises/08_a_vae_on_digits.py
It answers for each function, and names the first number that is wrong.
"""

import numpy as np


def vae_loss(x, logits, mu, log_var):
    """Return the loss of a batch in nats per image, one number: minus the mean ELBO.

    x and logits have the shape (batch, n_features), mu and log_var (batch, n_latent).

    For one image, with p_d = 1 / (1 + e^-logit_d),
        -log p(x | z) = -sum_d [ x_d log p_d + (1 - x_d) log(1 - p_d) ]
        KL            = sum_i [ mu_i^2 + e^log_var_i - 1 - log_var_i ] / 2
    and the loss is their sum, averaged over the batch alone.

    Hint: a logit of 800 must do no harm. Insert p into the first line: each pixel then costs
    log(1 + e^a) - x a, and `np.logaddexp(0, a)` is log(1 + e^a) without overflow.
    """
    raise NotImplementedError


def manifold_codes(n, low, high):
    """Return n * n two-dimensional codes, shape (n * n, 2), for a map that follows the prior.

    Along each axis the n values are z = Phi^-1(u), with u in even steps from low to high. Phi is
    the distribution function of N(0, 1).

    The codes are in reading order, row by row from the top left of the map: z_1 grows to the right
    within a row, and z_2 is largest in the first row and falls from row to row.

    Hint: `scipy.stats.norm` has Phi as `cdf`, and its inverse as `ppf`. See also `np.meshgrid` and
    `np.stack`.
    """
    raise NotImplementedError


def slerp(a, b, t):
    """Return the code at part t of the way from a to b, on a great circle if |a| = |b|.

    a and b have the shape (n_latent,), and their directions are neither equal nor opposite. t is
    one number.

    The angle between a and b is w, with cos w = a . b / (|a| |b|). The direction at t is
        [ sin((1 - t) w) a / |a| + sin(t w) b / |b| ] / sin w
    and the norm goes evenly from |a| to |b|: it is (1 - t) |a| + t |b|.

    Derive: show that this direction has norm 1, and the angle t w to a. Try a = (1, 0) and
    b = (cos w, sin w).

    Hint: `np.arccos` returns radians. w is the angle between the directions of a and b, so divide
    by the norms first.
    """
    raise NotImplementedError
