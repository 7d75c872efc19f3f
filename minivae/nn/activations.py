"""Activations: functions of one number, applied to every number of a batch."""

from __future__ import annotations

import numpy as np

from minivae.edge.checks import Array, as_floats, check_real
from minivae.nn.elementwise import sigmoid, softplus
from minivae.nn.layers import Layer
from minivae.nn.memory import spare


class Tanh(Layer):
    """The hyperbolic tangent, applied to each number."""

    def forward(self, x: Array) -> Array:
        """Return ``tanh(x)``."""
        self._cache = np.tanh(as_floats("x", x))
        return self._cache

    def backward(self, dy: Array) -> Array:
        """Return ``dy * (1 - y**2)``, the derivative of tanh in terms of its value `y`."""
        y = self._recall(dy)
        return dy * (1 - y * y)


class ReLU(Layer):
    """The rectifier ``max(x, 0)``; at 0, where it has no derivative, the derivative counts as 0."""

    def forward(self, x: Array) -> Array:
        """Return ``max(x, 0)``."""
        x = as_floats("x", x)
        self._cache = np.maximum(x, 0, out=spare(x.shape, x))
        return self._cache

    def backward(self, dy: Array) -> Array:
        """Return `dy` where the output was positive, and 0 elsewhere."""
        return np.multiply(dy, self._recall(dy) > 0, out=spare(dy.shape, dy))


class LeakyReLU(Layer):
    """``x`` where it is positive, ``slope * x`` elsewhere, so its derivative is never 0.

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
        self._cache = as_floats("x", x)
        return np.maximum(self._cache, self.slope * self._cache)

    def backward(self, dy: Array) -> Array:
        """Return `dy` where the input was positive, and ``slope * dy`` elsewhere."""
        return np.where(self._recall(dy) > 0, dy, self.slope * dy)


class Sigmoid(Layer):
    """The logistic function ``1 / (1 + exp(-x))``."""

    def forward(self, x: Array) -> Array:
        """Return the sigmoid of `x`, without overflow at any input."""
        self._cache = sigmoid(as_floats("x", x))
        return self._cache

    def backward(self, dy: Array) -> Array:
        """Return ``dy * y * (1 - y)``, the derivative in terms of the value `y`."""
        y = self._recall(dy)
        return dy * y * (1 - y)


class Softplus(Layer):
    """The smooth rectifier ``log(1 + exp(x))``."""

    def forward(self, x: Array) -> Array:
        """Return the softplus of `x`, without overflow at any input."""
        self._cache = as_floats("x", x)
        return softplus(self._cache)

    def backward(self, dy: Array) -> Array:
        """Return ``dy * sigmoid(x)``."""
        return dy * sigmoid(self._recall(dy))


ACTIVATIONS: dict[str, type[Layer]] = {
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "tanh": Tanh,
    "sigmoid": Sigmoid,
    "softplus": Softplus,
}
