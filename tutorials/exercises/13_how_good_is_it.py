"""Exercises for tutorial 13: a distance of two clouds, a score of scores, and two bounds.

Fill in the three functions, and run
    python -m minivae check tutorials/exercises/13_how_good_is_it.py
It answers for each function, and names the first number that is wrong.
"""

import numpy as np


def frechet_distance(a, b):
    """Return the Fréchet distance of two sets of features, one number.

    a has the shape (n, n_features), b (m, n_features). With the means m_a, m_b of the columns and
    their variances v_a, v_b, and with all covariances between columns taken for 0,

        d = |m_a - m_b|^2 + sum over columns of (sqrt(v_a) - sqrt(v_b))^2

    The variances have the divisors n and m.

    Hint: each set has its own number of rows. What is |m|^2 of a vector?
    """
    raise NotImplementedError


def auroc(inside, outside):
    """Return the chance that a strange example scores higher than an ordinary one.

    inside, shape (n,), holds the scores of ordinary examples, and outside, shape (m,), those of
    strange ones. The chance is over all n m pairs, and a tie counts one half.

    Hint: ``outside[:, None] - inside`` has the shape (m, n).
    """
    raise NotImplementedError


def bounds_from_weights(log_w):
    """Return ``(elbo, log_p)``, the two estimates for each example, both of shape (batch,).

    log_w, shape (batch, k), holds log w = log p(x, z) - log q(z | x) for k draws of z from q.

        elbo:   the mean of log w                       log_p:   log of the mean of w

    For images log w is some hundred nats below 0.

    Derive: take the largest log w of a row out of the sum, and put it back after the logarithm.

    Hint: ``np.exp(-800)`` is 0, and its logarithm is minus infinity.
    """
    raise NotImplementedError
