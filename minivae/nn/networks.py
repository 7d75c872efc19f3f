"""Networks: layers in sequence, whose parameters go by the names of their layers."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from minivae.edge.arguments import check_choice, check_has
from minivae.edge.checks import (
    ArgumentError,
    ArgumentTypeError,
    Array,
    check_rng,
    check_widths,
    shown,
)
from minivae.nn.activations import ACTIVATIONS
from minivae.nn.layers import Dense, Layer

T = TypeVar("T")


class Composite:
    """Anything that is made of parts with parameters: `Sequential` and every model.

    `params` and `grads` hold the arrays of the parts themselves, not copies. A key is the name of
    the part, a dot, and the key within the part, like ``"encoder.0.W"``.
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
        if not isinstance(layers, Iterable) or isinstance(layers, np.ndarray):
            raise ArgumentTypeError(f"layers must be a sequence of layers, got {shown(layers)}")
        self.layers = list(layers)
        for layer in self.layers:
            check_has("layers", layer, ("forward", "backward", "params", "grads"), "layers")
        if not self.layers:
            raise ArgumentError("layers must hold at least one layer, got none")

    @property
    def parts(self) -> dict[str, Any]:
        """The layers by their places "0", "1", ..."""
        return {str(i): layer for i, layer in enumerate(self.layers)}

    def forward(self, x: Array) -> Array:
        """Return the output of the last layer."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy: Array) -> Array:
        """Apply the chain rule: what is `dx` of one layer is `dy` of the layer before it."""
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

    def backward_params(self, dy: Array) -> None:
        """Fill `grads` alone: `backward` without the gradient of the first layer's input."""
        first, *rest = self.layers
        for layer in reversed(rest):
            dy = layer.backward(dy)
        getattr(first, "backward_params", first.backward)(dy)


def mlp(
    sizes: Sequence[int],
    *,
    activation: str = "relu",
    init: str | None = None,
    dtype: DTypeLike = np.float64,
    rng: int | np.random.Generator | None = None,
) -> Sequential:
    """Return a multilayer perceptron: `Dense` layers with activations between them.

    Parameters
    ----------
    sizes : sequence of int
        Widths from input to output; two widths make a single affine map.
    activation : {"relu", "leaky_relu", "tanh", "sigmoid", "softplus"}
        The output has no activation.
    init : {"fan_in", "glorot", "he"}, optional
        The weights that every layer starts from: see `minivae.nn.initial`. By default a layer that
        feeds a rectifier starts from those of `he`, every other layer from those of `glorot`.
    dtype : dtype
    rng : int or numpy.random.Generator, optional

    Returns
    -------
    Sequential
    """
    sizes = check_widths("sizes", sizes)
    if len(sizes) < 2:
        raise ArgumentError(f"sizes must name at least an input and an output width, got {sizes}")
    check_choice("activation", activation, sorted(ACTIVATIONS))
    rng = check_rng(rng)
    if init is None:
        inner, last = "he" if activation.endswith("relu") else "glorot", "glorot"
    else:
        inner = last = init
    layers: list[Layer] = []
    for n_in, n_out in pairwise(sizes[:-1]):
        layers.append(Dense(n_in, n_out, init=inner, dtype=dtype, rng=rng))
        layers.append(ACTIVATIONS[activation]())
    layers.append(Dense(sizes[-2], sizes[-1], init=last, dtype=dtype, rng=rng))
    return Sequential(layers)


def cast(thing: T, dtype: DTypeLike) -> T:
    """Return a deep copy of a layer, likelihood or model, with parameters of another dtype.

    Parameters
    ----------
    thing : object with `params` and `grads`
    dtype : dtype
        ``float64`` to check the gradients of a ``float32`` model, ``complex128`` for complex steps.
    """
    arrays = [*thing.params.values(), *thing.grads.values()]  # type: ignore[attr-defined]
    return copy.deepcopy(thing, {id(array): array.astype(dtype) for array in arrays})
