"""Two recurrent layers that read a sequence both ways, and what each knows at its end."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from minivae.edge.checks import ArgumentError, Array, as_floats, check_rng
from minivae.nn.networks import Composite
from minivae.nn.recurrent import GRU


class BidirectionalGRU(Composite):
    """The last states of two `GRU`: one reads forward, the other backward.

    Parameters
    ----------
    n_in, n_hidden : int
        Widths of the input, and of the state of each direction.
    dtype : dtype
    rng : int or numpy.random.Generator, optional

    References
    ----------
    Schuster, Paliwal: Bidirectional recurrent neural networks, IEEE Trans. Signal Processing 45
    (1997).
    """

    def __init__(
        self,
        n_in: int,
        n_hidden: int,
        *,
        dtype: DTypeLike = np.float64,
        rng: int | np.random.Generator | None = None,
    ) -> None:
        rng = check_rng(rng)
        self.ahead = GRU(n_in, n_hidden, dtype=dtype, rng=rng)
        self.back = GRU(n_in, n_hidden, dtype=dtype, rng=rng)
        self.n_hidden = n_hidden
        self._order: Any = None  # the steps of each row as `back` reads them
        self._last: Any = None

    @property
    def parts(self) -> dict[str, Any]:
        """The two layers."""
        return {"ahead": self.ahead, "back": self.back}

    def forward(self, x: Array, lengths: ArrayLike | None = None) -> Array:
        """Return the last state of each direction, side by side.

        Parameters
        ----------
        x : array, shape (batch, steps, n_in)
        lengths : array_like of int, shape (batch,), optional
            How many steps of each row are its own; what is behind them is ignored.

        Returns
        -------
        array, shape (batch, 2 n_hidden)
        """
        x = as_floats("x", x)
        lengths = _check_lengths(lengths, x)
        # a row of length n is read in the order n-1, ..., 0: reversed within its own length,
        # because reversing the padded row would read its padding first
        step = np.arange(x.shape[1])
        mirrored = lengths[:, None] - 1 - step  # (batch, steps)
        self._order = np.where(mirrored >= 0, mirrored, step)[:, :, None]
        self._last = lengths - 1
        rows = np.arange(len(x))
        h = self.ahead.forward(x), self.back.forward(np.take_along_axis(x, self._order, axis=1))
        return np.concatenate([each[rows, self._last] for each in h], axis=1)

    def backward(self, dy: Array) -> Array:
        """Return the gradient with respect to the input, which is zero behind a row's own steps.

        Parameters
        ----------
        dy : array, shape (batch, 2 n_hidden)

        Returns
        -------
        dx : array, shape (batch, steps, n_in)
        """
        dh_ahead, dh_back = self._spread(dy)
        dx = self.ahead.backward(dh_ahead)
        # the order is its own inverse: what it took from a place goes back there
        return dx + np.take_along_axis(self.back.backward(dh_back), self._order, axis=1)

    def backward_params(self, dy: Array) -> None:
        """Fill `grads` alone: two large products less."""
        dh_ahead, dh_back = self._spread(dy)
        self.ahead.backward_params(dh_ahead)
        self.back.backward_params(dh_back)

    def _spread(self, dy: Array) -> tuple[Array, Array]:
        """Return the gradient with respect to all states of each: only the last ones have any."""
        if self._order is None:
            raise RuntimeError("BidirectionalGRU.backward was called before forward")
        n_rows, n_steps, _ = self._order.shape
        if dy.shape != (n_rows, 2 * self.n_hidden):
            shape = n_rows, 2 * self.n_hidden
            raise ValueError(f"dy must have the output's shape {shape}, got {dy.shape}")
        dh = np.zeros((2, n_rows, n_steps, self.n_hidden), dy.dtype)
        dh[:, np.arange(n_rows), self._last] = dy.reshape(n_rows, 2, -1).swapaxes(0, 1)
        return dh[0], dh[1]


def _check_lengths(lengths: ArrayLike | None, x: Array) -> Array:
    """Return `lengths` as integers between 1 and the steps of `x`; all steps by default."""
    n_rows, n_steps = x.shape[:2]
    if lengths is None:
        return np.full(n_rows, n_steps)
    lengths = np.asarray(lengths)
    if lengths.shape != (n_rows,) or lengths.dtype.kind not in "iu":
        raise ArgumentError(f"lengths must be {n_rows} integers, one a row, got {lengths!r}")
    if lengths.min() < 1 or lengths.max() > n_steps:
        bad = lengths[(lengths < 1) | (lengths > n_steps)][0]
        raise ArgumentError(f"lengths must be between 1 and steps={n_steps}, got {bad}")
    return lengths
