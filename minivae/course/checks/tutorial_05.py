"""Tutorial 05: a broken line of ReLUs, the best linear denoiser, a denoising backward pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from minivae.course.exercises import Exercises, GradientCheck, ValueCheck
from minivae.edge.checks import Array

rng = np.random.default_rng(5)
knots = np.array([-1.0, -0.4, 0.5, 0.7, 1.6, 2.0])
values = rng.normal(size=6)
X = rng.normal(size=(9, 5)) @ rng.normal(size=(5, 5))
X -= X.mean(axis=0)
x = rng.normal(size=(7, 5))
noisy = x + 0.5 * rng.normal(size=x.shape)
W_e = rng.normal(size=(5, 3))
b_e = rng.normal(size=3)
W_d = rng.normal(size=(3, 5))
b_d = rng.normal(size=5)


def by_the_equations(knots: Array, values: Array) -> Array:
    """Return the weights by solving f(knots[j]) = values[j] for them."""
    units = np.maximum(knots[1:, None] - knots[:-1], 0)
    return np.linalg.solve(units, values[1:] - values[0])


def slopes(knots: Array, values: Array) -> Array:
    """Return the slope of each piece."""
    return np.diff(values) / np.diff(knots)


def by_ridge(X: Array, s2: float) -> Array:
    """Return the denoiser from an equivalent least-squares problem: more rows, and no noise."""
    m = X.shape[1]
    longer = np.concatenate([X, np.sqrt(len(X) * s2) * np.eye(m)])
    target = np.concatenate([X, np.zeros((m, m))])
    found: Array = np.linalg.lstsq(longer, target, rcond=None)[0]
    return found


def loss(noisy: Array, x: Array, W_e: Array, b_e: Array, W_d: Array, b_d: Array) -> Any:
    """Return the squared error of the reconstruction, averaged over the rows."""
    x_hat = np.tanh(noisy @ W_e + b_e) @ W_d + b_d
    return np.mean(np.sum((x_hat - x) ** 2, axis=1))


def gradients(
    noisy: Array,
    x: Array,
    W_e: Array,
    b_e: Array,
    W_d: Array,
    b_d: Array,
    *,
    first: Any = None,
    slope: Any = None,
    n: int = 0,
) -> tuple[Array, ...]:
    """Return the gradients with another input for dW_e, another tanh', or another divisor."""
    z = np.tanh(noisy @ W_e + b_e)
    dx_hat = 2 * (z @ W_d + b_d - x) / (n or len(x))
    da = dx_hat @ W_d.T * (1 - z**2 if slope is None else slope(noisy @ W_e + b_e))
    dW_e = (noisy if first is None else first).T @ da
    return dW_e, da.sum(axis=0), z.T @ dx_hat, dx_hat.sum(axis=0)


EXERCISES: Exercises = {
    "relu_weights": [
        ValueCheck(
            by_the_equations,
            (knots, values),
            returns="c",
            mistakes={
                "the slopes themselves, but each unit needs the change of slope": slopes,
                "not divided by the distance of the knots": (
                    lambda knots, values: np.diff(np.diff(values), prepend=0)
                ),
                "the knots are not evenly spaced: divide each by its own distance": (
                    lambda knots, values: np.diff(
                        np.diff(values) * (len(knots) - 1) / (knots[-1] - knots[0]), prepend=0
                    )
                ),
                "the first slope is missing: before the first knot the slope is 0": (
                    lambda knots, values: np.diff(slopes(knots, values))
                ),
                "slope before minus slope after: it should be the other way round": (
                    lambda knots, values: np.append(
                        slopes(knots, values)[:1], -np.diff(slopes(knots, values))
                    )
                ),
            },
            hint="c[0] is the first slope, c[j] is the slope after knot j minus the slope before",
        ),
    ],
    "denoising_map": [
        ValueCheck(
            by_ridge,
            (X, 0.3),
            returns="P",
            mistakes={
                "X^T X is not divided by N: it is N times the covariance": (
                    lambda X, s2: by_ridge(X, s2 / len(X))
                ),
                "s2 was squared, but it is a variance already": lambda X, s2: by_ridge(X, s2**2),
                "the root of s2 was taken, but the formula needs the variance": (
                    lambda X, s2: by_ridge(X, np.sqrt(s2))
                ),
                "divided by N - 1, but a mean over the data divides by N": (
                    lambda X, s2: by_ridge(X, s2 * (len(X) - 1) / len(X))
                ),
                "what is removed, I - P: return P, the part that stays": (
                    lambda X, s2: np.eye(X.shape[1]) - by_ridge(X, s2)
                ),
                "the inverse of the right matrix": lambda X, s2: np.linalg.inv(by_ridge(X, s2)),
            },
            hint="(S + s2 I) P = S, with S = X^T X / N",
        ),
    ],
    "denoising_gradients": [
        GradientCheck(
            loss,
            (noisy, x, W_e, b_e, W_d, b_d),
            wrt=("W_e", "b_e", "W_d", "b_d"),
            with_dy=False,
            mistakes={
                "compared with the noisy input: the target is the clean x": (
                    lambda noisy, x, *weights: gradients(noisy, noisy, *weights)
                ),
                "dW_e uses x, but the encoder saw the noisy input": (
                    lambda noisy, x, *weights: gradients(noisy, x, *weights, first=x)
                ),
                "the derivative of tanh is missing": (
                    lambda noisy, x, *weights: gradients(noisy, x, *weights, slope=np.ones_like)
                ),
                "the derivative of tanh is 1 - z^2, with z after the tanh, not before": (
                    lambda noisy, x, *weights: gradients(
                        noisy, x, *weights, slope=lambda a: 1 - a**2
                    )
                ),
                "averaged over the features too: L sums over them": (
                    lambda noisy, x, *weights: gradients(noisy, x, *weights, n=x.size)
                ),
            },
            hint="dx_hat = 2 (x_hat - x) / N, da = (dx_hat W_d^T) (1 - z^2), dW_e = noisy^T da",
        ),
    ],
}
