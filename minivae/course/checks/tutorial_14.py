"""Tutorial 14: one step of a walk through weights, models that are left, and p-values."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from minivae.bayes import baoab, euler
from minivae.course.exercises import Exercises, ValueCheck
from minivae.diagnostics.disagreement import effective_models
from minivae.edge.checks import Array

Pair = tuple[Array, Array]
rng = np.random.default_rng(14)
W, V, GRADIENT, EPS = rng.normal(size=(4, 5, 3))
LOG_P = rng.normal(-90, 1.5, (7, 4))
FAR = LOG_P * np.array([[1.0], [20], [1], [1], [50], [1], [1]])  # e^-1800 is 0
STATISTICS = np.array([2.0, 0.0, 1.0, 5.0, 3.0])
NULLS = np.stack([np.arange(19) % k for k in (4, 5, 3, 4, 7)]).astype(float)  # with ties


def step_with(
    *, kick: float = 1, drift: float = 0.5, noise: Callable[[float, float], float] | None = None
) -> Callable[..., Pair]:
    """Return the step with one of its parts wrong."""

    def step(w: Array, v: Array, g: Array, h: float, a: float, eps: Array) -> Pair:
        variance = h * (1 - (1 - a) ** 2) if noise is None else noise(h, a)
        v = v + kick * h * g
        w = w + drift * v
        v = (1 - a) * v + np.sqrt(variance) * eps
        return w + drift * v, v

    return step


def drift_at_once(w: Array, v: Array, g: Array, h: float, a: float, eps: Array) -> Pair:
    """Return the step that drifts only at the end, with the exact noise."""
    v = (1 - a) * (v + h * g) + np.sqrt(h * (1 - (1 - a) ** 2)) * eps
    return w + v, v


def old_velocity(w: Array, v: Array, g: Array, h: float, a: float, eps: Array) -> Pair:
    """Return the step whose two halves of the drift take the same velocity."""
    kicked = v + h * g
    return w + kicked, baoab(w, v, g, h, a, eps)[1]


def squared(w: Array, v: Array, g: Array, h: float, a: float, eps: Array) -> Pair:
    """Return the step that takes h for the step size."""
    return baoab(w, v, g, h**2, a, eps)


def keeps_a(w: Array, v: Array, g: Array, h: float, a: float, eps: Array) -> Pair:
    """Return the step that keeps the share a of the velocity."""
    return baoab(w, v, g, h, 1 - a, eps)


def left(log_p: Array) -> Array:
    """Return the library's number of models that are left."""
    return effective_models(log_p.T)


def weights(log_p: Array) -> Array:
    """Return the weights of the models for each image, shape (n, n_models)."""
    p = np.exp(log_p - log_p.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def fit_for(log_p: Array) -> Array:
    """Return exp(entropy), which counts models too."""
    w = weights(log_p)
    return np.exp(-np.sum(w * np.log(w + 1e-300), axis=1))


def p_of(counted: Callable[[Array, Array], Array], extra: int = 1) -> Callable[..., Array]:
    """Return p-values by another count, or without the arrangement of the data."""

    def p(statistics: Array, nulls: Array) -> Array:
        counts = np.sum(counted(nulls, statistics[:, None]), axis=1)
        return (extra + counts) / (extra + nulls.shape[1])

    return p


reference = p_of(np.greater_equal)

EXERCISES: Exercises = {
    "baoab_step": [
        ValueCheck(
            baoab,
            (W, V, GRADIENT, 0.3, 0.4, EPS),
            returns=("w", "v"),
            mistakes={
                "this is Euler's form: the drift stands on both sides of the noise": euler,
                "the drift is made at the end only: half of it comes before the noise": (
                    drift_at_once
                ),
                "both halves of the drift take the same velocity: the second takes the new one": (
                    old_velocity
                ),
                "the noise's variance is not 2 a h: it is h (1 - (1 - a)^2)": (
                    step_with(noise=lambda h, a: 2 * a * h)
                ),
                "the noise's variance is not a h: it is h (1 - (1 - a)^2)": (
                    step_with(noise=lambda h, a: a * h)
                ),
                "the kick goes downhill: log p is to rise": step_with(kick=-1),
                "half a kick is missing: the kick is h times the gradient": step_with(kick=0.5),
                "both drifts are whole: each is v / 2": step_with(drift=1),
                "h is squared already: it is the square of the step size": squared,
                "friction is what is lost: 1 - a of the velocity is kept": keeps_a,
            },
            hint="v + h g; w + v / 2; (1 - a) v + sqrt(h (1 - (1 - a)^2)) eps; w + v / 2",
        ),
    ],
    "effective_models": [
        ValueCheck(
            left,
            (each,),
            returns="D",
            mistakes={
                "the models are summed over the images: sum over axis 1": lambda log_p: left(
                    log_p.T
                ),
                "the weights are not squared: 1 / sum w^2": lambda log_p: np.ones(len(log_p)),
                "the log likelihoods are weights here: take the exponential": lambda log_p: (
                    np.sum(log_p, axis=1) ** 2 / np.sum(log_p**2, axis=1)
                ),
                "the inverse is missing: D is 1 / sum w^2": lambda log_p: 1 / left(log_p),
                "this is the largest weight's inverse: D is 1 / sum w^2": lambda log_p: (
                    1 / weights(log_p).max(axis=1)
                ),
                "this is e to the entropy of w: D is 1 / sum w^2": fit_for,
                "the sign is wrong: a larger log p is a larger weight": lambda log_p: left(-log_p),
            },
            hint="w = exp(log_p - max) / sum; D = 1 / sum w^2, all over axis 1",
        )
        for each in (LOG_P, FAR)
    ],
    "p_values": [
        ValueCheck(
            reference,
            (STATISTICS, NULLS),
            returns="p",
            mistakes={
                "the data do not count: (1 + count) / (1 + B)": p_of(np.greater_equal, 0),
                "a tie does not count: what equals the statistic reaches it": p_of(np.greater),
                "the count is of smaller ones: count what is at least as large": p_of(
                    np.less_equal
                ),
                "the 1 is missing below: (1 + count) / (1 + B)": lambda statistics, nulls: (
                    reference(statistics, nulls) * (1 + nulls.shape[1]) / nulls.shape[1]
                ),
                "the 1 is missing above: (1 + count) / (1 + B)": lambda statistics, nulls: (
                    reference(statistics, nulls) - 1 / (1 + nulls.shape[1])
                ),
                "this is 1 - p: a large statistic has a small p-value": lambda statistics, nulls: (
                    1 - reference(statistics, nulls)
                ),
            },
            hint="(1 + number of null >= statistic) / (1 + B)",
        ),
    ],
}
