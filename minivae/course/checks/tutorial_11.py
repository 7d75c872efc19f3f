"""Tutorial 11: a measured KL, the gradient of a clip, and Adam's steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from minivae.course.exercises import Exercises, GradientCheck, ValueCheck
from minivae.edge.checks import Array
from minivae.nn import gaussian
from minivae.training.optimizers import Adam

rng = np.random.default_rng(11)
mu = np.array([0.5, -0.3, 0.1])
log_var = np.array([-0.7, 0.4, -1.2])
eps = rng.normal(size=(7, 3))
x = np.array([[-3.0, -0.4, 0.2], [1.9, 2.6, 0.7], [-1.1, 5.0, -2.2], [0.1, 1.5, -0.6]])
gradients = np.array([0.8, -0.3, 0.5, 1.2, -0.9, 0.1])


def measured_kl(mu: Array, log_var: Array, eps: Array, sigma: Array | None = None) -> Any:
    """Return the average of ``log q - log p`` over the library's draws, or draws of `sigma`."""
    mu, log_var = (np.broadcast_to(each, eps.shape) for each in (mu, log_var))
    z = gaussian.reparameterize(mu, log_var, eps) if sigma is None else mu + sigma * eps
    log_p = gaussian.gaussian_log_density(z, np.zeros_like(z), np.zeros_like(z))
    return np.mean(gaussian.gaussian_log_density(z, mu, log_var) - log_p)


def adam_path(gradients: Array, *hyperparameters: float) -> Array:
    """Return the path of a parameter under the library's Adam."""
    adam, theta, path = Adam(*hyperparameters), {"theta": np.zeros(1)}, []
    for g in gradients:
        adam.step(theta, {"theta": np.array([g])})
        path.append(theta["theta"][0])
    return np.array(path)


def right_corrections(beta1: float, beta2: float, t: int) -> tuple[float, float]:
    """Return Adam's own."""
    return 1 - beta1**t, 1 - beta2**t


def right_divisor(v_hat: float, epsilon: float) -> Any:
    """Return Adam's own."""
    return np.sqrt(v_hat) + epsilon


def wrong_adam(corrections: Any = right_corrections, divisor: Any = right_divisor) -> Any:
    """Return a wrong Adam, by its corrections of m and v, or by what it divides by."""

    def path(g: Array, learning_rate: float, beta1: float, beta2: float, epsilon: float) -> Array:
        m = v = theta = 0.0
        places = []
        for t, slope in enumerate(g, start=1):
            m = beta1 * m + (1 - beta1) * slope
            v = beta2 * v + (1 - beta2) * slope**2
            c1, c2 = corrections(beta1, beta2, t)
            theta -= learning_rate * m / c1 / divisor(v / c2, epsilon)
            places.append(theta)
        return np.array(places)

    return path


EXERCISES: Exercises = {
    "kl_by_sampling": [
        ValueCheck(
            measured_kl,
            (mu, log_var, eps),
            returns="kl",
            mistakes={
                "the draws use the variance as a standard deviation: sigma = e^(log_var / 2)": (
                    lambda mu, log_var, eps: measured_kl(mu, log_var, eps, np.exp(log_var))
                ),
                "averaged over the latents: it should be a sum": (
                    lambda mu, log_var, eps: measured_kl(mu, log_var, eps) / len(mu)
                ),
                "this is the formula: measure the KL on the draws": (
                    lambda mu, log_var, eps: gaussian.gaussian_kl(mu[None], log_var[None])[0]
                ),
                "log_var is missing in log q: its first term is log 2 pi + log_var": (
                    lambda mu, log_var, eps: measured_kl(mu, log_var, eps) + log_var.sum() / 2
                ),
            },
            hint="log q - log p at each draw; sum over axis 1, mean over axis 0",
        ),
    ],
    "clip_backward": [
        GradientCheck(
            lambda x, limit: np.clip(x, -limit, limit),
            (x, 0.5),
            wrt=("x",),
            mistakes={
                "the clip's own derivative is missing: it is 0 outside the limits": (
                    lambda x, limit, dy: dy
                ),
                "the lower limit is forgotten": lambda x, limit, dy: dy * (x < limit),
                "this clips dy: dy may be of any size": (
                    lambda x, limit, dy: np.clip(dy, -limit, limit)
                ),
                "the other way round: the gradient passes inside the limits": (
                    lambda x, limit, dy: dy * (np.abs(x) >= limit)
                ),
            },
            hint="dy inside the limits, 0 outside",
        ),
    ],
    "adam_steps": [
        ValueCheck(
            adam_path,
            (gradients, 0.02, 0.9, 0.99, 0.03),
            returns="path",
            mistakes={
                "theta never moves, the step is missing: subtract it": (
                    lambda g, *_: np.zeros(len(g))
                ),
                "epsilon is inside the root: it is added to the root": (
                    wrong_adam(divisor=lambda v_hat, epsilon: np.sqrt(v_hat + epsilon))
                ),
                "epsilon is missing: added to the root, it keeps the step finite": (
                    wrong_adam(divisor=lambda v_hat, epsilon: np.sqrt(v_hat))
                ),
                "not divided by the root of v, but by v": (
                    wrong_adam(divisor=lambda v_hat, epsilon: v_hat + epsilon)
                ),
                "the bias correction is missing: the first step should be the learning rate": (
                    wrong_adam(lambda b1, b2, t: (1.0, 1.0))
                ),
                "the power t is missing in the bias correction: only the first step is right": (
                    wrong_adam(lambda b1, b2, t: (1 - b1, 1 - b2))
                ),
                "the bias of v is not corrected": wrong_adam(lambda b1, b2, t: (1 - b1**t, 1.0)),
                "the bias of m is not corrected": wrong_adam(lambda b1, b2, t: (1.0, 1 - b2**t)),
                "t begins at 1, not at 2": (
                    wrong_adam(lambda b1, b2, t: (1 - b1 ** (t + 1), 1 - b2 ** (t + 1)))
                ),
            },
            hint="print m_hat and v_hat at the first step: they are g and g^2",
        ),
    ],
}
