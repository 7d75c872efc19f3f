"""Tutorial 01: a dense layer, its backward pass, and the gradient of a loss through it."""

from __future__ import annotations

from typing import Any

import numpy as np

from minivae.course.exercises import Exercises, GradientCheck, ValueCheck
from minivae.edge.checks import Array
from minivae.nn.layers import Dense

rng = np.random.default_rng(0)
x = rng.normal(size=(5, 3))
W = rng.normal(size=(3, 4))
b = rng.normal(size=4)
target = rng.normal(size=(5, 4))


def forward(x: Array, W: Array, b: Array) -> Array:
    """Return the library's dense layer."""
    layer = Dense(*W.shape)
    layer.params.update(W=W, b=b)
    return layer.forward(x)


def loss(x: Array, W: Array, b: Array, target: Array) -> Any:
    """Return the squared error, summed over the outputs and averaged over the batch."""
    return np.mean(np.sum((forward(x, W, b) - target) ** 2, axis=1))


def error_in_every_row(x: Array, W: Array, b: Array, target: Array) -> tuple[Array, Array]:
    """Return the gradients of a loss that averages over the outputs too."""
    dy = 2 * (forward(x, W, b) - target) / target.size
    return x.T @ dy, dy.sum(axis=0)


EXERCISES: Exercises = {
    "dense_forward": [
        ValueCheck(
            forward,
            (x, W, b),
            returns="y",
            mistakes={"the bias is not added": lambda x, W, b: x @ W},
            hint="y = x @ W + b",
        ),
    ],
    "dense_backward": [
        GradientCheck(
            forward,
            (x, W, b),
            wrt=("x", "W", "b"),
            mistakes={
                "the gradients are averaged over the batch, but dy already holds the 1/batch": (
                    lambda x, W, b, dy: (dy @ W.T, x.T @ dy / len(x), dy.mean(axis=0))
                ),
            },
            hint="dx[n, i] = sum_j dy[n, j] W[i, j], dW[i, j] = sum_n x[n, i] dy[n, j]",
        ),
    ],
    "mean_squared_error_backward": [
        GradientCheck(
            loss,
            (x, W, b, target),
            wrt=("W", "b"),
            with_dy=False,
            mistakes={
                "averaged over the outputs, but the loss is a sum over them": error_in_every_row
            },
            hint="dL/dy = 2 (y - target) / batch",
        ),
    ],
}
