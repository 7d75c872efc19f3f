"""Tutorial 03: a step with momentum, a step of Adam, the gradient of a linear autoencoder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minivae.course.exercises import Exercises, Function, GradientCheck, ValueCheck
from minivae.edge.checks import Array
from minivae.models.autoencoder import LinearAutoencoder
from minivae.training.optimizers import SGD, Adam

rng = np.random.default_rng(0)
theta, g, velocity = rng.normal(size=(3, 5))
m, v = rng.normal(size=5), rng.uniform(0.5, 2, size=5)
first_g = np.array([5.0, 1e-8, 0.3, 1e-3, 2.0])  # the second is as small as epsilon
x = rng.normal(size=(7, 4))
W_e, W_d = rng.normal(size=(4, 3)), rng.normal(size=(3, 4))
at_rest = np.zeros(5)


def momentum_step(theta: Array, g: Array, v: Array, lr: float, mu: float) -> tuple[Array, Array]:
    """Return the parameter and the velocity after the library's step."""
    optimizer, params = SGD(lr, momentum=mu), {"theta": theta}
    velocity = {"theta": v}
    optimizer.load_state_dict({**optimizer.state_dict(), "t": 1, "velocity": velocity})
    optimizer.step(params, {"theta": g})
    return params["theta"], optimizer.state_dict()["velocity"]["theta"]


def adam_step(
    theta: Array, g: Array, m: Array, v: Array, t: int, lr: float
) -> tuple[Array, Array, Array]:
    """Return the parameter and both moments after the library's step; the library keeps sums."""
    optimizer, params = Adam(lr), {"theta": theta}
    sums = {"M": {"theta": m / 0.1}, "V": {"theta": v / 0.001}}
    optimizer.load_state_dict({**optimizer.state_dict(), "t": t - 1, **sums})
    optimizer.step(params, {"theta": g})
    state = optimizer.state_dict()
    return params["theta"], state["M"]["theta"] * 0.1, state["V"]["theta"] * 0.001


def adam_with(
    direction: Callable[[Array, Array, int], Array],
    mean: Function = lambda m, g: 0.9 * m + 0.1 * g,
    square: Function = lambda v, g: 0.999 * v + 0.001 * g**2,
) -> Function:
    """Return a function that steps like Adam, in another direction or with other moments."""

    def step(theta: Array, g: Array, m: Array, v: Array, t: int, lr: float) -> Any:
        m, v = mean(m, g), square(v, g)
        return theta - lr * direction(m, v, t), m, v

    return step


def right_direction(m: Array, v: Array, t: int) -> Array:
    """Return the direction of Algorithm 1: its step divided by the learning rate."""
    return m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


def corrected_moments(theta: Array, g: Array, m: Array, v: Array, t: int, lr: float) -> Any:
    """Return the right step, but the corrected moments."""
    theta, m, v = adam_step(theta, g, m, v, t, lr)
    return theta, m / (1 - 0.9**t), v / (1 - 0.999**t)


ADAM_MISTAKES = {
    "no bias correction: m / (1 - beta1**t) and v / (1 - beta2**t)": adam_with(
        lambda m, v, t: m / (np.sqrt(v) + 1e-8)
    ),
    "every step has the bias correction of step 1: ** t is missing": adam_with(
        lambda m, v, t: right_direction(m, v, 1)
    ),
    "only m is corrected: v needs it too": adam_with(
        lambda m, v, t: m / (1 - 0.9**t) / (np.sqrt(v) + 1e-8)
    ),
    "epsilon is inside the root": adam_with(
        lambda m, v, t: m / (1 - 0.9**t) / np.sqrt(v / (1 - 0.999**t) + 1e-8)
    ),
    "epsilon is added before the correction of v": adam_with(
        lambda m, v, t: m / (1 - 0.9**t) / ((np.sqrt(v) + 1e-8) / np.sqrt(1 - 0.999**t))
    ),
    "divided by the corrected v, not by its root": adam_with(
        lambda m, v, t: m / (1 - 0.9**t) / (v / (1 - 0.999**t) + 1e-8)
    ),
    "the two weights are swapped: beta1 multiplies the old m": adam_with(
        right_direction, mean=lambda m, g: 0.1 * m + 0.9 * g
    ),
    "v averages the gradient, not its square": adam_with(
        right_direction, square=lambda v, g: 0.999 * v + 0.001 * g
    ),
    "uphill: theta moves along the gradient, not against it": adam_with(
        lambda m, v, t: -right_direction(m, v, t)
    ),
    "the corrected moments are returned: the next step corrects them again": corrected_moments,
}


def loss(x: Array, W_e: Array, W_d: Array) -> Any:
    """Return the library's loss."""
    model = LinearAutoencoder(*W_e.shape)
    model.params["encoder.0.W"][...], model.params["decoder.0.W"][...] = W_e, W_d
    return model.losses(x)["loss"]


def back_through_the_encoder(x: Array, W_e: Array, W_d: Array) -> tuple[Array, Array]:
    """Return gradients that pass through the encoder's weights instead of the decoder's."""
    dx_hat = 2 * (x @ W_e @ W_d - x) / len(x)
    return x.T @ dx_hat @ W_e, (x @ W_e).T @ dx_hat


EXERCISES: Exercises = {
    "momentum_step": [
        ValueCheck(
            momentum_step,
            (theta, g, velocity, 0.1, 0.9),
            returns=("theta", "v"),
            mistakes={
                "theta moves by the old velocity": lambda theta, g, v, lr, mu: (
                    theta + v,
                    mu * v - lr * g,
                ),
                "uphill: the velocity gains + lr g": lambda theta, g, v, lr, mu: (
                    theta + mu * v + lr * g,
                    mu * v + lr * g,
                ),
                "the velocity follows another convention, theta <- theta - lr v": (
                    lambda theta, g, v, lr, mu: (theta - lr * (mu * v + g), mu * v + g)
                ),
                "an average, (1 - mu) g: this velocity is a sum": (
                    lambda theta, g, v, lr, mu: (
                        theta + mu * v - (1 - mu) * lr * g,
                        mu * v - (1 - mu) * lr * g,
                    )
                ),
                "no momentum: the old velocity is not used": (
                    lambda theta, g, v, lr, mu: (theta - lr * g, -lr * g)
                ),
            },
            hint="v <- mu v - lr g, then theta <- theta + v",
        ),
    ],
    "adam_step": [
        ValueCheck(
            adam_step,
            (theta, first_g, at_rest, at_rest, 1, 0.1),
            returns=("theta", "m", "v"),
            mistakes=ADAM_MISTAKES,
            hint="in step 1, from rest, the corrected moments are g and g^2",
        ),
        ValueCheck(
            adam_step,
            (theta, g, m, v, 4, 0.1),
            returns=("theta", "m", "v"),
            mistakes=ADAM_MISTAKES,
            hint="this is step 4, and your step 1 is right",
        ),
    ],
    "linear_autoencoder_gradients": [
        GradientCheck(
            loss,
            (x, W_e, W_d),
            wrt=("W_e", "W_d"),
            with_dy=False,
            mistakes={"dz is dx_hat @ W_d.T, not dx_hat @ W_e": back_through_the_encoder},
            hint="dx_hat = 2 (x_hat - x) / batch, dW_d = z^T dx_hat, dz = dx_hat W_d^T",
        ),
    ],
}
