"""Many arrays as one vector: parameters of all layers lie one behind the other in memory.

An update of a small model then takes one call of NumPy where it would take one for each array, and
that of a large one walks over even blocks. The arrays keep their names and shapes: they are views.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from minivae.edge.checks import Array


def behind_one_vector(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Return the same arrays, copied into one vector, as views of it.

    Parameters
    ----------
    arrays : dict of str to array
        Arrays of different dtypes are returned as they are.
    """
    if len({array.dtype for array in arrays.values()}) != 1:
        return dict(arrays)
    vector = np.concatenate([array.ravel() for array in arrays.values()])
    views, start = {}, 0
    for name, array in arrays.items():
        views[name] = vector[start : start + array.size].reshape(array.shape)
        start += array.size
    return views


def the_vector_behind(arrays: Mapping[str, Array]) -> Array | None:
    """Return the vector that `arrays` are consecutive pieces of, in their order; None if none is.

    Parameters
    ----------
    arrays : dict of str to array
    """
    pieces = list(arrays.values())
    base = pieces[0].base if pieces else None
    if not isinstance(base, np.ndarray) or base.ndim != 1 or not base.flags.c_contiguous:
        return None
    for piece in pieces:
        if piece.base is not base or piece.dtype != base.dtype or not piece.flags.c_contiguous:
            return None
    if any(_place(q) != _place(p) + p.nbytes for p, q in pairwise(pieces)):
        return None
    start = (_place(pieces[0]) - _place(base)) // base.itemsize
    return base[start : start + sum(piece.size for piece in pieces)]


def join(layers: Iterable[Any]) -> None:
    """Lay the parameters of some layers behind one vector, and their gradients behind another.

    Parameters
    ----------
    layers : iterable of layers
        Each has `params` and `grads`, whose arrays are replaced by views with the same numbers.
    """
    layers = list(layers)
    for kind in ("params", "grads"):
        homes = [getattr(layer, kind) for layer in layers]
        arrays = {f"{i}.{k}": a for i, home in enumerate(homes) for k, a in home.items()}
        if not arrays:
            continue
        for key, view in behind_one_vector(arrays).items():
            i, _, name = key.partition(".")
            homes[int(i)][name] = view


def _place(array: Array) -> int:
    """Return where in memory an array begins."""
    return int(array.__array_interface__["data"][0])
