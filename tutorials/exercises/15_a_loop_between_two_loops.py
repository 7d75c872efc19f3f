"""Exercises for tutorial 15: a recurrent step, its gradients, and teacher forcing.

Fill in the three functions; then
    python -m minivae check tutorials/exercises/15_a_loop_between_two_loops.py
answers, function by function, with the first number that is wrong.
"""

import numpy as np


def gru_step(x, h, W_x, W_h, b_x, b_h):
    """Return the state after one step of a gated recurrent unit, shape (batch, n).

    x has the shape (batch, n_in) and h, the state before, (batch, n); W_x has (n_in, 3 n), W_h
    (n, 3 n), b_x and b_h (3 n,). The columns of all four are those of r, then u, then the proposal:

        r  = s(x W_xr + b_xr + h W_hr + b_hr)
        u  = s(x W_xu + b_xu + h W_hu + b_hu)
        n  = tanh(x W_xn + b_xn + r (h W_hn + b_hn))
        h' = (1 - u) n + u h

    Hint: both products can be made for all three at once, and then cut in three.
    """
    raise NotImplementedError


def gru_step_backward(x, h, W_x, W_h, b_x, b_h, dy):
    """Return ``(dx, dh)``, the gradients with respect to x and to the state before the step.

    dy, shape (batch, n), is the gradient of the loss with respect to the state after it.

    Derive: from the last line to the first. h is used in five places: in the blend, in both gates,
    and in the proposal, behind r.

    Hint: let da_n be the gradient with respect to tanh's argument. What x W_xn receives is da_n;
    what h W_hn receives is not.
    """
    raise NotImplementedError


def teacher_forcing(tokens, n_tokens, lag):
    """Return what a decoder sees of the past, shape (batch, steps, n_tokens).

    tokens, shape (batch, steps), are integers from 0 to n_tokens - 1. At step t the decoder sees
    the token of step t - lag as a one-hot row, and a row of zeros where there is none yet.

    Hint: ``np.eye(n_tokens)[tokens]`` is one-hot. No step may see itself or what comes later.
    """
    raise NotImplementedError
