"""A recurrent layer: the same weights at every step, and backprop through time below it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from minivae.edge.checks import (
    ArgumentError,
    Array,
    as_floats,
    check_dtype,
    check_integer,
    check_rng,
    shown,
)
from minivae.nn.elementwise import sigmoid
from minivae.nn.layers import Layer


class _Steps(NamedTuple):
    """What the way back needs, time first: T steps of B rows."""

    x: Array  # (T, B, n_in)
    h: Array  # (T + 1, B, n_hidden), the state before each step, and the last
    r: Array  # (T, B, n_hidden), and so the next three
    u: Array
    new: Array
    past: Array  # h W_hn + b_hn, what the reset gate multiplies


class GRU(Layer):
    """The gated recurrent unit: a state h that each step blends with a new proposal.

    With the sigmoid s, each step computes the reset gate r, the update gate u, the proposal n and
    the state after it, h'::

        r  = s(x W_xr + b_xr + h W_hr + b_hr)
        u  = s(x W_xu + b_xu + h W_hu + b_hu)
        n  = tanh(x W_xn + b_xn + r (h W_hn + b_hn))
        h' = (1 - u) n + u h

    Sequences of unequal length need no mask here: pad them behind, and read a row's state at its
    own last step. What comes later cannot change it, and gets no gradient from it.

    Parameters
    ----------
    n_in, n_hidden : int
        Widths of the input and of the state.
    dtype : dtype
    rng : int or numpy.random.Generator, optional
        Draws every weight and bias uniformly within ``1 / sqrt(n_hidden)`` of zero.

    Attributes
    ----------
    params : dict
        ``"W_x"`` (n_in, 3 n_hidden), ``"W_h"`` (n_hidden, 3 n_hidden), ``"b_x"`` and ``"b_h"``
        (3 n_hidden,). Their columns are those of r, then u, then n.
    dh0 : array, shape (batch, n_hidden)
        After `backward`, the gradient with respect to the state before the first step.

    References
    ----------
    Cho et al.: Learning phrase representations using RNN encoder-decoder, EMNLP 2014, arXiv
    1406.1078. The reset gate stands behind the product with `W_hn`, as in cuDNN and torch.
    """

    def __init__(
        self,
        n_in: int,
        n_hidden: int,
        *,
        dtype: DTypeLike = np.float64,
        rng: int | np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        self.n_in = check_integer("n_in", n_in, 1)
        self.n_hidden = check_integer("n_hidden", n_hidden, 1)
        rng, limit = check_rng(rng), 1 / np.sqrt(n_hidden)
        width = 3 * n_hidden
        for name, shape in {
            "W_x": (n_in, width),
            "W_h": (n_hidden, width),
            "b_x": (width,),
            "b_h": (width,),
        }.items():
            value = rng.uniform(-limit, limit, shape)
            self._add_parameter(name, value.astype(check_dtype(dtype)))
        self.dh0: Any = None
        self._steps: _Steps | None = None

    def forward(self, x: Array, h0: Array | None = None) -> Array:
        """Return the state after each step.

        Parameters
        ----------
        x : array, shape (batch, steps, n_in)
        h0 : array, shape (batch, n_hidden), optional
            The state before the first step; zero by default.

        Returns
        -------
        array, shape (batch, steps, n_hidden)
        """
        x, h0 = self._check(x, h0)
        b_x, W_h, b_h = (self.params[name] for name in ("b_x", "W_h", "b_h"))
        n = self.n_hidden
        n_rows, n_steps, _ = x.shape
        x = np.ascontiguousarray(x.swapaxes(0, 1))  # (T, B, n_in)
        # x W_x + b_x for all steps at once: it does not depend on the state
        a = _product(x, self.params["W_x"]) + b_x  # (T, B, 3 n)
        h = np.empty((n_steps + 1, n_rows, n), np.result_type(a, h0))
        new, past = np.empty_like(h[1:]), np.empty_like(h[1:])
        gates = np.empty((n_steps, n_rows, 2 * n), h.dtype)
        h[0] = h0
        for t in range(n_steps):
            g = h[t] @ W_h + b_h  # (B, 3 n)
            gates[t] = sigmoid(a[t, :, : 2 * n] + g[:, : 2 * n])
            r, u = gates[t, :, :n], gates[t, :, n:]
            past[t] = g[:, 2 * n :]
            new[t] = np.tanh(a[t, :, 2 * n :] + r * past[t])
            # h' = (1 - u) n + u h
            h[t + 1] = new[t] + u * (h[t] - new[t])
        self._steps = _Steps(x, h, gates[:, :, :n], gates[:, :, n:], new, past)
        return h[1:].swapaxes(0, 1)

    def backward(self, dy: Array) -> Array:
        """Return the gradient with respect to the input; fill `grads` and `dh0`.

        One step first, with dh the gradient with respect to the state h' after it. The last line,
        ``h' = (1 - u) n + u h``, gives ``dn = (1 - u) dh``, ``du = (h - n) dh``, and u dh for h.
        Through tanh and the sigmoids, with a the argument of each::

            da_n = dn (1 - n^2)
            dr   = da_n (h W_hn + b_hn)
            da_r = dr r (1 - r)
            da_u = du u (1 - u)

        So x W_x + b_x receives ``da = [da_r, da_u, da_n]``. But h W_h + b_h enters a_n behind the
        factor r, so it receives ``dg = [da_r, da_u, r da_n]``, and h gets ``u dh + dg W_h^T``.

        Now time. The state after step t is used twice: it is the output y_t, and it is the state
        from which step t + 1 starts. Its gradient is the sum of both: dy_t, plus what step t + 1
        returned for its h. So the steps are walked from the last to the first. Each weight is used
        at every step and row, so its gradient is a sum over both, as in `Dense`:
        ``dW_h = sum_t h_t^T dg_t``, ``db_h = sum_t dg_t``, and with x and da likewise.

        Parameters
        ----------
        dy : array, shape (batch, steps, n_hidden)

        Returns
        -------
        dx : array, shape (batch, steps, n_in)
        """
        da = self._fill(dy)
        # dx_t = da_t W_x^T
        return _product(da, self.params["W_x"].T).swapaxes(0, 1)  # (B, T, n_in)

    def backward_params(self, dy: Array) -> None:
        """Fill `grads` and `dh0` alone: one large product less."""
        self._fill(dy)

    def _fill(self, dy: Array) -> Array:
        """Walk back through time, fill `grads` and `dh0`, and return da, (T, B, 3 n_hidden)."""
        x, h, r, u, new, past = self._recall_steps(dy)
        n, W_h_T = self.n_hidden, np.ascontiguousarray(self.params["W_h"].T)
        da = np.empty((*new.shape[:2], 3 * n), h.dtype)
        dg = np.empty_like(da)
        dh = np.zeros_like(h[0])
        for t in reversed(range(len(new))):
            dh = dh + dy[:, t]
            da_n = dh * (1 - u[t]) * (1 - new[t] * new[t])
            da[t, :, :n] = da_n * past[t] * r[t] * (1 - r[t])
            da[t, :, n : 2 * n] = dh * (h[t] - new[t]) * u[t] * (1 - u[t])
            da[t, :, 2 * n :] = da_n
            dg[t, :, : 2 * n] = da[t, :, : 2 * n]
            dg[t, :, 2 * n :] = da_n * r[t]
            dh = dh * u[t] + dg[t] @ W_h_T
        self.dh0 = dh
        for inputs, d, W, b in ((x, da, "W_x", "b_x"), (h[:-1], dg, "W_h", "b_h")):
            rows = d.reshape(-1, 3 * n)  # (T B, 3 n)
            np.matmul(inputs.reshape(len(rows), -1).T, rows, out=self.grads[W])
            np.sum(rows, axis=0, out=self.grads[b])
        return da

    def _recall_steps(self, dy: Array) -> _Steps:
        if self._steps is None:
            raise RuntimeError("GRU.backward was called before forward")
        n_steps, n_rows, n = self._steps.new.shape
        shape = n_rows, n_steps, n
        if type(dy) is not np.ndarray or dy.shape != shape or dy.dtype.kind not in "fc":
            got = dy.shape if isinstance(dy, np.ndarray) and dy.shape != shape else shown(dy)
            raise ArgumentError(f"dy must have the output's shape {shape}, got {got}")
        return self._steps

    def _check(self, x: Array, h0: Array | None) -> tuple[Array, Any]:
        x = as_floats("x", x)
        if x.ndim != 3 or x.shape[2] != self.n_in or x.shape[1] == 0:
            expected = f"(batch, steps, n_in={self.n_in}) with at least one step"
            raise ArgumentError(f"x must have shape {expected}, got {x.shape}")
        h0 = None if h0 is None else as_floats("h0", h0)
        if h0 is not None and np.shape(h0) != (len(x), self.n_hidden):
            expected = f"(batch, n_hidden) = {(len(x), self.n_hidden)}"
            raise ArgumentError(f"h0 must have shape {expected}, got {np.shape(h0)}")
        return x, 0 if h0 is None else h0


def _product(x: Array, W: Array) -> Array:
    """Return ``x @ W`` for (T, B, n_in), as one product of matrices."""
    y: Array = x.reshape(-1, x.shape[2]) @ W
    return y.reshape(*x.shape[:2], W.shape[1])
