"""Clipping: a gradient that is too long is shortened, and keeps its direction."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from minivae.edge.checks import Array


def clip_by_norm(grads: Mapping[str, Array], limit: float) -> float:
    """Shorten all gradients together, in place, to a norm of at most `limit`.

    Through many steps of a recurrent network a gradient is a product of many Jacobians. It can
    grow exponentially with their number, and one such step would undo many good ones.

    Parameters
    ----------
    grads : dict of str to array
    limit : float
        The largest Euclidean norm of all of them, taken as one vector.

    Returns
    -------
    float
        The norm before. Where it is not finite, the gradients stay as they are.

    References
    ----------
    Pascanu, Mikolov, Bengio: On the difficulty of training recurrent neural networks, ICML 2013,
    arXiv 1211.5063.
    """
    norm = math.sqrt(sum(float(np.sum(np.square(g, dtype=float))) for g in grads.values()))
    if limit < norm < math.inf:
        for g in grads.values():
            g *= limit / norm
    return norm
