"""Exercises for tutorial 14: a step of the walk, how many models are left, and p-values.

Fill in the three functions; then
    python -m minivae check tutorials/exercises/14_weights_with_a_posterior.py
answers, function by function, with the first number that is wrong.
"""

import numpy as np


def baoab_step(w, v, gradient, h, friction, eps):
    """Return ``(w, v)`` after one step: kick, half a drift, friction and noise, half a drift.

    w, v, gradient and eps have one shape; gradient is that of log p at w, h the squared step size
    and eps standard normal noise. Without a kick, a velocity from N(0, h) must have this law again.

    Derive: how much noise must the friction be given back? Var v = (1 - a)^2 Var v + s^2.

    Hint: both halves of the drift take v / 2, with the v that there is at the time.
    """
    raise NotImplementedError


def effective_models(log_p):
    """Return how many models are left for each image, ``1 / sum_m w_m^2``, shape (n,).

    log_p, shape (n, n_models), holds log p(x | model). The weights w_m are proportional to p, and
    their sum over the models is 1. Thousands of nats must not overflow, nor become 0 / 0.

    Hint: a constant added to a row changes no weight: take the largest out first.
    """
    raise NotImplementedError


def p_values(statistics, nulls):
    """Return the p-value of each permutation test, shape (n,).

    statistics, shape (n,), belong to the data; nulls, shape (n, B), to B permutations of the labels
    each. A larger statistic means samples that differ more.

    Hint: the data are one of the 1 + B arrangements, and reach their own statistic.
    """
    raise NotImplementedError
