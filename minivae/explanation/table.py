"""A computation as a table: a row for every array, with its formula, its shape and its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from minivae.edge.checks import Array
from minivae.nn.activations import LeakyReLU, ReLU, Sigmoid, Softplus, Tanh
from minivae.nn.layers import Dense
from minivae.nn.likelihoods import Likelihood
from minivae.nn.networks import Sequential

WIDEST = 119  # characters in a line
NUMBER = 10  # characters in a number
LEGEND = """\
n is the number of examples; "first" begins the first entries. In a line of encoder or decoder,
x is that layer's input and y its output. d before a name: the gradient of the loss by that array.
Training does not need encoder.0.dx, nor what the KL alone would send back: dh_kl and dx_kl."""

# by kind of layer: y, the gradient by each parameter, dx
LAYERS: dict[type, tuple[str, dict[str, str], str]] = {
    Dense: ("x @ W + b", {"W": "x.T @ dy", "b": "sum_n dy"}, "dy @ W.T"),
    Tanh: ("tanh(x)", {}, "dy (1 - y^2)"),
    ReLU: ("max(x, 0)", {}, "dy where y > 0, else 0"),
    LeakyReLU: ("max(x, slope x)", {}, "dy where x > 0, else slope dy"),
    Sigmoid: ("1 / (1 + e^-x)", {}, "dy y (1 - y)"),
    Softplus: ("log(1 + e^x)", {}, "dy / (1 + e^-x)"),
}
UNKNOWN: tuple[str, dict[str, str], str] = ("forward(x)", {}, "backward(dy)")
# by name of likelihood: log_prob, dout
LIKELIHOODS = {
    "bernoulli": ("sum(x out - log(1 + e^out))", "dlog_prob (x - sigmoid(out))"),
    "continuous_bernoulli": ("sum(x out - log((e^out - 1)/out))", "dlog_prob (x - mean(out))"),
    "gaussian": ("log N(x; mean, variance)", "dlog_prob dlog N/dout"),
    "squared_error": ("-sum((x - out)^2)", "dlog_prob 2 (x - out)"),
}


@dataclass(frozen=True)
class Row:
    """One line of a computation.

    Attributes
    ----------
    name : str
        Of the array, as the code has it: ``"log_var"``, ``"encoder.0.y"``, ``"dmu"``.
    formula : str
    value : array
    """

    name: str
    formula: str
    value: Array


@dataclass(frozen=True)
class Explanation:
    """A forward and a backward pass in the order of the code; `str` prints them as a table.

    Attributes
    ----------
    title : str
        Which model, and how large a batch.
    forward : list of Row
        From ``x`` to ``loss``.
    backward : list of Row
        The gradients of the loss, last line first: ``dmu`` is that by ``mu``, and
        ``encoder.0.dW`` that by the parameter ``encoder.0.W``.
    """

    title: str
    forward: list[Row]
    backward: list[Row]

    @property
    def arrays(self) -> dict[str, Array]:
        """Every array of both passes, by its name."""
        return {row.name: row.value for row in (*self.forward, *self.backward)}

    def __str__(self) -> str:
        rows = [*self.forward, *self.backward]
        name = max(len(row.name) for row in rows)
        formula = max(len(row.formula) for row in rows)
        shape = max(len(str(row.value.shape)) for row in rows)
        n_entries = min(3, (WIDEST - name - formula - shape - 4) // (NUMBER + 1) - 3)
        lines = [self.title]
        for title, part in (("forward", self.forward), ("backward", self.backward)):
            heads = "".join(f" {head:>{NUMBER}}" for head in ("mean", "min", "max", "first"))
            lines += ["", f"{title:{name}}  {'formula':{formula}}  {'shape':{shape}}{heads}"]
            for row in part:
                words = f"{row.name:{name}}  {row.formula:{formula}}  {row.value.shape!s:{shape}}"
                lines.append(words + _numbers(row.value, n_entries))
        return "\n".join([*lines, "", LEGEND])


def _numbers(value: Array, n_entries: int) -> str:
    """Return mean, least, largest and the first entries; a scalar once."""
    numbers = [value.mean(), value.min(), value.max(), *value.ravel()[:n_entries]]
    return "".join(
        f" {number:z{NUMBER}.4g}" for number in numbers[: len(numbers) * value.ndim or 1]
    )


class Lines(list[Row]):
    """Rows that grow line by line."""

    def __call__(self, name: str, formula: str, value: Any) -> Any:
        """Add a line, and return its value."""
        self.append(Row(name, formula, np.array(value)))
        return value

    def through(self, part: str, network: Sequential, x: Array) -> Array:
        """Add a line for each layer, and return the output of the last."""
        for i, layer in enumerate(network.layers):
            formula = LAYERS.get(type(layer), UNKNOWN)[0]
            if isinstance(layer, Dense) and "b" not in layer.params:
                formula = "x @ W"
            x = self(f"{part}.{i}.y", formula, layer.forward(x))
        return x

    def back_through(self, part: str, network: Sequential, dy: Array) -> Array:
        """Add a line for each gradient, last layer first, and return that by the input."""
        for i, layer in reversed(list(enumerate(network.layers))):
            _, by_parameter, by_input = LAYERS.get(type(layer), UNKNOWN)
            dx = layer.backward(dy)
            for key, gradient in layer.grads.items():
                self(f"{part}.{i}.d{key}", by_parameter.get(key, "by backward(dy)"), gradient)
            dy = self(f"{part}.{i}.dx", by_input, dx)
        return dy

    def log_prob(self, likelihood: Likelihood, x: Array, out: Array) -> Array:
        """Add the line of ``log p(x | z)``."""
        formula, _ = LIKELIHOODS.get(likelihood.name, ("log p(x | out)", ""))
        return self("log_prob", formula, likelihood.log_prob(x, out))

    def back_through_log_prob(self, likelihood: Likelihood, x: Array, out: Array) -> Array:
        """Add the lines from the loss to `out`, and return the gradient by it."""
        dlog_prob = self("dlog_prob", "-1 / n", np.full(len(x), -1 / len(x), x.dtype))
        dout = likelihood.log_prob_backward(x, out, dlog_prob)
        for key, gradient in likelihood.grads.items():
            self(f"likelihood.d{key}", f"dlog_prob * dlog N/d{key}", gradient)
        _, formula = LIKELIHOODS.get(likelihood.name, ("", "by log_prob_backward"))
        return self("dout", formula, dout)
