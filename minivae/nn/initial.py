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


def fan_in(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw uniform weights within ``1 / sqrt(n_in)``, of variance ``1 / (3 n_in)``.

    These are smaller than the other two, and so are the first outputs: a Bernoulli decoder begins
    nearer to 1/2, and what a hardly trained weight adds to the output is smaller.

    References
    ----------
    LeCun, Bottou, Orr, Mueller: Efficient BackProp, in Neural Networks: Tricks of the Trade,
    Springer (1998), section 4.6, for the dependence on n_in; PyTorch's `torch.nn.Linear` draws
    its weights from this distribution.
    """
    n_in, _ = shape
    limit = 1 / np.sqrt(n_in)
    return rng.uniform(-limit, limit, shape)


KINDS = {"fan_in": fan_in, "glorot": glorot, "he": he}


def initial(rng: np.random.Generator, shape: tuple[int, ...], kind: str) -> Array:
    """Return the weights that a layer starts from.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws every weight by `uniform`, `normal` or `standard_normal`, so that a subclass which
        overrides these three sees how many numbers a network needs before it takes the memory.
    shape : (n_in, n_out)
    kind : {"fan_in", "glorot", "he"}

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
