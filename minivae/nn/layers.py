"""Layers: `forward` computes, and right below it `backward` applies the chain rule to that line.

A layer is two methods and two dicts with the same keys, `params` and `grads`. `backward(dy)`
takes the gradient of the loss with respect to the layer's output, fills `grads` (it overwrites,
it does not add), and returns the gradient with respect to the layer's input.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from minivae.edge.checks import (
    ArgumentError,
    Array,
    as_floats,
    check_dtype,
    check_flag,
    check_integer,
    check_rng,
    shown,
)
from minivae.nn.initial import initial
from minivae.nn.memory import spare


class Layer:
    """A differentiable function of a batch, with or without parameters.

    Attributes
    ----------
    params, grads : dict of str to array
        The parameters and, after `backward`, the gradient of the loss with respect to each.
    """

    def __init__(self) -> None:
        self.params: dict[str, Array] = {}
        self.grads: dict[str, Array] = {}
        self._cache: Array | None = None

    def forward(self, x: Array) -> Array:
        """Return the output for a batch, and remember what `backward` needs."""
        raise NotImplementedError

    def backward(self, dy: Array) -> Array:
        """Fill `grads` and return the gradient with respect to the last input of `forward`."""
        raise NotImplementedError

    def backward_params(self, dy: Array) -> None:
        """Fill `grads` alone: the input of a first layer is data, and needs no gradient."""
        self.backward(dy)

    def _add_parameter(self, name: str, value: Array) -> None:
        self.params[name] = value
        self.grads[name] = np.zeros_like(value)

    def _recall(self, dy: Array, n_out: int | None = None) -> Array:
        if self._cache is None:
            raise RuntimeError(f"{type(self).__name__}.backward was called before forward")
        shape = self._cache.shape if n_out is None else (len(self._cache), n_out)
        if type(dy) is not np.ndarray or dy.shape != shape or dy.dtype.kind not in "fc":
            got = dy.shape if isinstance(dy, np.ndarray) and dy.shape != shape else shown(dy)
            raise ArgumentError(f"dy must have the output's shape {shape}, got {got}")
        return self._cache


class Dense(Layer):
    """The affine map ``y = x @ W + b``.

    Parameters
    ----------
    n_in, n_out : int
        Widths of the input and the output.
    bias : bool
        Whether there is a `b`; it starts at zero.
    init : {"glorot", "he", "fan_in"}
        How `W` starts: see `minivae.nn.initial`. Glorot suits linear and tanh units, He suits ReLU.
    dtype : dtype
        The dtype of `W` and `b`; an input of this dtype gives an output of this dtype.
    rng : int or numpy.random.Generator, optional

    Attributes
    ----------
    params : {"W": array (n_in, n_out), "b": array (n_out,)}
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        *,
        bias: bool = True,
        init: str = "glorot",
        dtype: DTypeLike = np.float64,
        rng: int | np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        self.n_in = check_integer("n_in", n_in, 1)
        self.n_out = check_integer("n_out", n_out, 1)
        W = initial(check_rng(rng), (n_in, n_out), init)
        self._add_parameter("W", W.astype(check_dtype(dtype)))
        if check_flag("bias", bias):
            self._add_parameter("b", np.zeros(n_out, dtype))

    def forward(self, x: Array) -> Array:
        """Return ``x @ W + b``.

        Parameters
        ----------
        x : array, shape (batch, n_in)

        Returns
        -------
        array, shape (batch, n_out)
        """
        x = as_floats("x", x)
        if x.ndim != 2 or x.shape[1] != self.n_in:
            raise ArgumentError(f"x must have shape (batch, n_in={self.n_in}), got {x.shape}")
        self._cache, W = x, self.params["W"]
        y: Array = np.matmul(x, W, out=spare((len(x), self.n_out), x, W))  # (batch, n_out)
        if "b" in self.params:
            y += self.params["b"]
        return y

    def backward(self, dy: Array) -> Array:
        """Return the gradient with respect to the input, and fill the gradients of `W` and `b`.

        One weight first: ``y = x w + b`` gives ``dw = x dy``, ``db = dy`` and ``dx = w dy``.
        With many, ``y[n, j] = sum_i x[n, i] W[i, j] + b[j]``. Every row `n` uses `W[i, j]` once, so
        the gradient of `W[i, j]` is the sum ``sum_n x[n, i] dy[n, j]``, which is ``x.T @ dy``; in
        the same way `b[j]` collects ``sum_n dy[n, j]``. And `x[n, i]` feeds every output `j`, so
        ``dx[n, i] = sum_j dy[n, j] W[i, j]``, which is ``dy @ W.T``.

        Parameters
        ----------
        dy : array, shape (batch, n_out)

        Returns
        -------
        dx : array, shape (batch, n_in)
        """
        self.backward_params(dy)
        W = self.params["W"]
        # dx = dy W^T
        return np.matmul(dy, W.T, out=spare((len(dy), self.n_in), dy, W))  # (batch, n_in)

    def backward_params(self, dy: Array) -> None:
        """Fill the gradients of `W` and `b` alone, which saves one large product."""
        x = self._recall(dy, self.n_out)
        # dW = x^T dy,  db = sum_n dy_n
        np.matmul(x.T, dy, out=self.grads["W"])  # (n_in, n_out)
        if "b" in self.params:
            np.add.reduce(dy, axis=0, out=self.grads["b"])  # (n_out,)
