"""Initial weights: every layer draws its weights here, before training."""

from __future__ import annotations

import numpy as np

from minivae.edge.arguments import check_choice
from minivae.edge.checks import Array


def glorot(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw uniform weights of variance ``2 / (n_in + n_out)``.

    Linear and tanh units then keep the scale of the signals, and of the gradients on their way
    back.

    References
    ----------
    Glorot, Bengio: Understanding the difficulty of training deep feedforward neural networks,
    AISTATS 2010, equation 16.
    """
    n_in, n_out = shape
    limit = np.sqrt(6 / (n_in + n_out))  # a uniform number in [-l, l] has the variance l^2 / 3
    return rng.uniform(-limit, limit, shape)


def he(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw normal weights of variance ``2 / n_in``.

    The 2 makes up for the half of its inputs that ReLU sets to zero.

    References
    ----------
    He, Zhang, Ren, Sun: Delving deep into rectifiers, ICCV 2015, equation 10.
    """
    n_in, _ = shape
    return rng.normal(0, np.sqrt(2 / n_in), shape)


KINDS = {"glorot": glorot, "he": he}


def initial(rng: np.random.Generator, shape: tuple[int, ...], kind: str) -> Array:
    """Return the weights that a layer starts from.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws every weight by `uniform`, `normal` or `standard_normal`, so that a subclass which
        overrides these three sees how many numbers a network needs before it takes the memory.
    shape : (n_in, n_out)
    kind : {"glorot", "he"}

    Returns
    -------
    array, shape (n_in, n_out), float64

    Raises
    ------
    ValueError
        `kind` is not one of `KINDS`.
    """
    check_choice("init", kind, sorted(KINDS))
    return KINDS[kind](rng, shape)
