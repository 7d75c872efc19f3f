"""A computation as a table: a row for every array, with its formula, its shape and its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from minivae.edge.checks import Array
from minivae.explanation.formulas import LAYERS, UNKNOWN
from minivae.nn.layers import Dense

WIDEST = 119  # characters in a line
NUMBER = 10  # characters in a number
LEGEND = """\
n is the number of examples; "first" begins the first entries. In a line of encoder or decoder,
x is that layer's input and y its output. d before a name means the gradient of the loss with
respect to that array. Training does not need encoder.0.dx and deps, nor dh_kl and dx_kl, which
are what the KL alone would send back."""


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
    """Rows that grow line by line; a name without a formula is left out."""

    def __init__(self, formulas: dict[str, str]) -> None:
        super().__init__()
        self.formulas = formulas

    def __call__(self, name: str, value: Any, formula: str | None = None) -> None:
        """Add a line."""
        formula = self.formulas.get(name) if formula is None else formula
        if formula is not None:
            self.append(Row(name, formula, np.array(value)))


class Watched:
    """A network that keeps a row for each of its layers, forward and backward."""

    def __init__(self, part: str, network: Any) -> None:
        self.part, self.network = part, network
        self.params, self.grads = network.params, network.grads
        # a network of the caller's own counts as one layer
        self.layers = getattr(network, "layers", [network])
        self.forward_rows: list[Row] = []
        self.backward_rows: list[Row] = []

    def forward(self, x: Array) -> Array:
        """Return the output of the last layer."""
        for i, layer in enumerate(self.layers):
            formula = LAYERS.get(type(layer), UNKNOWN)[0]
            if isinstance(layer, Dense) and "b" not in layer.params:
                formula = "x @ W"
            x = layer.forward(x)
            self.forward_rows.append(Row(f"{self.part}.{i}.y", formula, np.array(x)))
        self.output = x
        return x

    def backward(self, dy: Array) -> Array:
        """Return the gradient with respect to the input."""
        self.dy, add = dy, self.backward_rows.append
        for i, layer in reversed(list(enumerate(self.layers))):
            _, with_respect_to, dx = LAYERS.get(type(layer), UNKNOWN)
            dy = layer.backward(dy)
            for key, gradient in layer.grads.items():
                formula = with_respect_to.get(key, "by backward(dy)")
                add(Row(f"{self.part}.{i}.d{key}", formula, np.array(gradient)))
            add(Row(f"{self.part}.{i}.dx", dx, np.array(dy)))
        return dy
