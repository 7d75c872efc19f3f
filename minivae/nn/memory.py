"""Memory for large arrays, used again once nobody holds it.

The system hands out a fresh megabyte page by page, each cleared first, and takes it back when the
array is gone: that costs more than the arithmetic on it. `empty` keeps such memory. It hands it out
again only when no array, view or variable refers to it any more, so an array that was returned
stays its holder's.
"""

from __future__ import annotations

import math
import sys
import threading
from typing import Any

import numpy as np

from minivae.edge.checks import Array

SMALL, LARGE = 1 << 19, 1 << 24  # bytes: NumPy is quick with less, and more is not kept
KEPT = 24  # pieces of memory at most, for each thread
CACHED = (
    64 * 784
)  # so many numbers stay in a core's cache while the lines of a formula pass over them


class _Kept(threading.local):
    """The pieces of one thread, as arrays of bytes, in the order of their last use."""

    def __init__(self) -> None:
        self.pieces: list[Array] = []


_kept = _Kept()


def empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return what `numpy.empty` returns, in memory that was used before where there is such.

    Parameters
    ----------
    shape : tuple of int
    dtype : dtype

    Returns
    -------
    array of that shape, with any numbers
    """
    n_bytes = math.prod(shape) * dtype.itemsize
    if not SMALL <= n_bytes <= LARGE:
        return np.empty(shape, dtype)
    pieces = _kept.pieces
    for i in reversed(range(len(pieces))):  # what was used last may still be in the cache
        if n_bytes <= pieces[i].size <= 2 * n_bytes and _holders(pieces, i) == FREE:
            piece = pieces.pop(i)
            break
    else:
        piece = np.empty(n_bytes, np.uint8)
    pieces.append(piece)
    del pieces[:-KEPT]  # what somebody holds lives on, and is freed as usual
    return piece[:n_bytes].view(dtype).reshape(shape)


def spare(shape: tuple[int, ...], *operands: Array) -> Array | None:
    """Return memory for the result of a large operation, as its ``out=``.

    Parameters
    ----------
    shape : tuple of int
    *operands : array
        What the result is computed from.

    Returns
    -------
    array of that shape and the operands' dtype, or None
        None leaves it to NumPy: the result is small, or the operands have different dtypes.
    """
    dtype = operands[0].dtype
    if math.prod(shape) * dtype.itemsize < SMALL or any(a.dtype != dtype for a in operands):
        return None
    return empty(shape, dtype)


def _holders(pieces: list[Any], i: int) -> int:
    """Return how many references there are to a piece, one of them the list's own."""
    return sys.getrefcount(pieces[i])


FREE = _holders([np.empty(1, np.uint8)], 0)


def cached_rows(a: Array) -> list[slice]:
    """Return slices over the rows of `a`, each with about as many numbers as a cache holds.

    Parameters
    ----------
    a : array, shape (n_rows, n_columns)
    """
    at_once = max(1, CACHED // max(1, a.shape[1]))
    return [slice(start, start + at_once) for start in range(0, len(a), at_once)]
