"""Layers: `forward` computes, and right below it `backward` applies the chain rule to that line.

A layer is two methods and two dicts with the same keys, `params` and `grads`. `backward(dy)`
takes the gradient of the loss with respect to the layer's output, fills `grads` (it overwrites,
it does not add), and returns the gradient with respect to the layer's input.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from minivae.edge.checks import ArgumentError, Array, check_integer, check_real
from minivae.nn.elementwise import sigmoid, softplus

T = TypeVar("T")


class Layer:
    """A differentiable function of a batch, with or without parameters.

    Attributes
    ----------
    params, grads : dict of str to array
        The parameters and, after `backward`, the loss's gradient with respect to each.
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
        """Fill `grads` alone, for a first layer, whose input is data and needs no gradient."""
        self.backward(dy)

    def _add_parameter(self, name: str, value: Array) -> None:
        self.params[name] = value
        self.grads[name] = np.zeros_like(value)

    def _recall(self, dy: Array, n_out: int | None = None) -> Array:
        if self._cache is None:
            raise RuntimeError(f"{type(self).__name__}.backward was called before forward")
        shape = self._cache.shape if n_out is None else (len(self._cache), n_out)
        if dy.shape != shape:
            raise ValueError(f"dy must have the output's shape {shape}, got {dy.shape}")
        return self._cache


class Dense(Layer):
    """The affine map ``y = x @ W + b``.

    Parameters
    ----------
    n_in, n_out : int
        Widths of the input and the output.
    bias : bool
        Whether there is a `b`; it starts at zero.
    init : {"glorot", "he"}
        How `W` starts: uniform with variance ``2 / (n_in + n_out)`` [1]_, which keeps the scale of
        signals and gradients through linear or tanh units; or normal with variance ``2 / n_in``
        [2]_, which makes up for the half that ReLU sets to zero.
    dtype : dtype
        Of `W` and `b`, and so of what comes out when the same goes in.
    rng : int or numpy.random.Generator, optional

    Attributes
    ----------
    params : {"W": array (n_in, n_out), "b": array (n_out,)}

    References
    ----------
    .. [1] Glorot, Bengio: Understanding the difficulty of training deep feedforward neural
       networks, AISTATS 2010, equation 16.
    .. [2] He, Zhang, Ren, Sun: Delving deep into rectifiers, ICCV 2015, equation 10.
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
        shape, rng = (n_in, n_out), np.random.default_rng(rng)
        if init == "glorot":
            limit = np.sqrt(6 / (n_in + n_out))
            W = rng.uniform(-limit, limit, shape)
        elif init == "he":
            W = rng.normal(0, np.sqrt(2 / n_in), shape)
        else:
            raise ArgumentError(f"init must be 'glorot' or 'he', got {init!r}")
        self._add_parameter("W", W.astype(check_dtype(dtype)))
        if bias:
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
        x = np.asarray(x)
        if x.ndim != 2 or x.shape[1] != self.n_in:
            raise ValueError(f"x must have shape (batch, n_in={self.n_in}), got {x.shape}")
        self._cache = x
        y: Array = x @ self.params["W"]  # (batch, n_out)
        if "b" in self.params:
            y += self.params["b"]
        return y

    def backward(self, dy: Array) -> Array:
        """Return the gradient with respect to the input, and fill those of `W` and `b`.

        One weight first: ``y = x w + b`` gives ``dw = x dy``, ``db = dy`` and ``dx = w dy``.
        With many, ``y[n, j] = sum_i x[n, i] W[i, j] + b[j]``: `W[i, j]` is used once by every row
        `n`, so its gradient is the sum ``sum_n x[n, i] dy[n, j]``, which is ``x.T @ dy``; `b[j]`
        likewise collects ``sum_n dy[n, j]``; and `x[n, i]` feeds every output `j`, so
        ``dx[n, i] = sum_j dy[n, j] W[i, j]``, which is ``dy @ W.T``.

        Parameters
        ----------
        dy : array, shape (batch, n_out)

        Returns
        -------
        dx : array, shape (batch, n_in)
        """
        self.backward_params(dy)
        # dx = dy W^T
        return dy @ self.params["W"].T  # (batch, n_in)

    def backward_params(self, dy: Array) -> None:
        """Fill the gradients of `W` and `b` alone: one large product less."""
        x = self._recall(dy, self.n_out)
        # dW = x^T dy,  db = sum_n dy_n
        np.matmul(x.T, dy, out=self.grads["W"])  # (n_in, n_out)
        if "b" in self.params:
            np.sum(dy, axis=0, out=self.grads["b"])  # (n_out,)


class Tanh(Layer):
    """The hyperbolic tangent, applied to each number."""

    def forward(self, x: Array) -> Array:
        """Return ``tanh(x)``."""
        self._cache = np.tanh(x)
        return self._cache

    def backward(self, dy: Array) -> Array:
        """Return ``dy * (1 - y**2)``, the derivative of tanh in terms of its value `y`."""
        y = self._recall(dy)
        return dy * (1 - y * y)


class ReLU(Layer):
    """The rectifier ``max(x, 0)``; its slope at the kink itself is taken as 0."""

    def forward(self, x: Array) -> Array:
        """Return ``max(x, 0)``."""
        self._cache = np.maximum(x, 0)
        return self._cache

    def backward(self, dy: Array) -> Array:
        """Return `dy` where the output was positive, and 0 elsewhere."""
        return dy * (self._recall(dy) > 0)


class LeakyReLU(Layer):
    """``x`` where it is positive, ``slope * x`` elsewhere: no unit is ever dead.

    Parameters
    ----------
    slope : float
        Between 0 and 1.
    """

    def __init__(self, slope: float = 0.01) -> None:
        super().__init__()
        self.slope = check_real("slope", slope, 0, 1)

    def forward(self, x: Array) -> Array:
        """Return ``max(x, slope * x)``."""
        self._cache = np.asarray(x)
        return np.maximum(x, self.slope * self._cache)

    def backward(self, dy: Array) -> Array:
        """Return `dy` where the input was positive, and ``slope * dy`` elsewhere."""
        return np.where(self._recall(dy) > 0, dy, self.slope * dy)


class Sigmoid(Layer):
    """The logistic function ``1 / (1 + exp(-x))``."""

    def forward(self, x: Array) -> Array:
        """Return the sigmoid of `x`, without overflow at any input."""
        self._cache = sigmoid(np.asarray(x))
        return self._cache

    def backward(self, dy: Array) -> Array:
        """Return ``dy * y * (1 - y)``, the derivative in terms of the value `y`."""
        y = self._recall(dy)
        return dy * y * (1 - y)


class Softplus(Layer):
    """The smooth rectifier ``log(1 + exp(x))``."""

    def forward(self, x: Array) -> Array:
        """Return the softplus of `x`, without overflow at any input."""
        self._cache = np.asarray(x)
        return softplus(self._cache)

    def backward(self, dy: Array) -> Array:
        """Return ``dy * sigmoid(x)``."""
        return dy * sigmoid(self._recall(dy))


class Composite:
    """Anything made of parts that have parameters: `Sequential`, and every model.

    `params` and `grads` hold the parts' own arrays, keyed by the part's name, a dot, and the
    part's own key, like ``"encoder.0.W"``.
    """

    @property
    def parts(self) -> Mapping[str, Any]:
        """The parts by name, in the order of computation."""
        raise NotImplementedError

    @property
    def params(self) -> dict[str, Array]:
        """The parameters of every part."""
        return {f"{n}.{k}": a for n, part in self.parts.items() for k, a in part.params.items()}

    @property
    def grads(self) -> dict[str, Array]:
        """The gradients that the last backward pass left in every part."""
        return {f"{n}.{k}": a for n, part in self.parts.items() for k, a in part.grads.items()}


class Sequential(Composite):
    """One layer after the other.

    Parameters
    ----------
    layers : iterable of layers
        Anything with `forward`, `backward`, `params` and `grads`; at least one.
    """

    def __init__(self, layers: Iterable[Any]) -> None:
        self.layers = list(layers)
        if not self.layers:
            raise ArgumentError("layers must hold at least one layer, got none")

    @property
    def parts(self) -> dict[str, Any]:
        """The layers, named by their place: "0", "1", ..."""
        return {str(i): layer for i, layer in enumerate(self.layers)}

    def forward(self, x: Array) -> Array:
        """Return the output of the last layer."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy: Array) -> Array:
        """Apply the chain rule: each layer's input gradient is the one before's output gradient."""
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

    def backward_params(self, dy: Array) -> None:
        """Fill `grads` alone: `backward` without the gradient of the first layer's input."""
        first, *rest = self.layers
        for layer in reversed(rest):
            dy = layer.backward(dy)
        first.backward_params(dy)


ACTIVATIONS: dict[str, type[Layer]] = {
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "tanh": Tanh,
    "sigmoid": Sigmoid,
    "softplus": Softplus,
}


def mlp(
    sizes: Sequence[int],
    *,
    activation: str = "relu",
    dtype: DTypeLike = np.float64,
    rng: int | np.random.Generator | None = None,
) -> Sequential:
    """Return a multilayer perceptron: `Dense` layers with an activation between each two.

    Parameters
    ----------
    sizes : sequence of int
        Widths from input to output; two make a single affine map.
    activation : {"relu", "leaky_relu", "tanh", "sigmoid", "softplus"}
        Not applied to the output. Layers that feed a rectifier start as He et al. have it,
        all others as Glorot and Bengio.
    dtype : dtype
    rng : int or numpy.random.Generator, optional

    Returns
    -------
    Sequential
    """
    if len(sizes) < 2:
        raise ArgumentError(f"sizes must name at least an input and an output width, got {sizes!r}")
    if activation not in ACTIVATIONS:
        raise ArgumentError(f"activation must be one of {sorted(ACTIVATIONS)}, got {activation!r}")
    rng = np.random.default_rng(rng)
    init = "he" if activation.endswith("relu") else "glorot"
    layers: list[Layer] = []
    for n_in, n_out in pairwise(sizes[:-1]):
        layers.append(Dense(n_in, n_out, init=init, dtype=dtype, rng=rng))
        layers.append(ACTIVATIONS[activation]())
    layers.append(Dense(sizes[-2], sizes[-1], dtype=dtype, rng=rng))
    return Sequential(layers)


def cast(thing: T, dtype: DTypeLike) -> T:
    """Return a deep copy of a layer, likelihood or model whose parameters have another dtype.

    Parameters
    ----------
    thing : object with `params` and `grads`
    dtype : dtype
        ``float64`` checks the gradients of a ``float32`` model, ``complex128`` makes complex steps.
    """
    arrays = [*thing.params.values(), *thing.grads.values()]  # type: ignore[attr-defined]
    return copy.deepcopy(thing, {id(array): array.astype(dtype) for array in arrays})


def check_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """Return `dtype` as a NumPy dtype; parameters are ``float32`` or ``float64``."""
    dtype = np.dtype(dtype)
    if dtype not in (np.float32, np.float64):
        raise ArgumentError(f"dtype must be float32 or float64, got {dtype}")
    return dtype
