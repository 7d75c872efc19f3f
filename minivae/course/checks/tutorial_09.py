"""Tutorial 09: the weight of the KL, the KL of each code, and the water level."""

from __future__ import annotations

import numpy as np

from minivae import diagnostics
from minivae.course.exercises import Exercises, Function, ValueCheck
from minivae.edge.checks import Array
from minivae.nn import gaussian

rng = np.random.default_rng(9)
mu, log_var = rng.normal(size=(2, 5, 3))
lam = np.array([7.0, 3.0, 1.5, 0.9, 0.2])


def translate_weight(w: float, n_features: int, s2: float) -> tuple[float, float]:
    """Return beta and the variance at which beta is 1, from the error that one nat is worth."""
    error_of_a_nat = w * n_features  # summed over pixels
    return error_of_a_nat / (2 * s2), error_of_a_nat / 2


def translated(beta: Function, variance: Function) -> Function:
    """Return a function that multiplies the two right answers by factors."""

    def translate(w: float, n_features: int, s2: float) -> tuple[float, float]:
        right = translate_weight(w, n_features, s2)
        return right[0] * beta(n_features, s2), right[1] * variance(n_features, s2)

    return translate


def one(n_features: int, s2: float) -> float:
    """Return the factor of a right answer."""
    return 1.0


def kl_of_each_code(mu: Array, log_var: Array) -> Array:
    """Return the library's KL per dimension."""
    return diagnostics.kl_per_dimension(mu, log_var)


def rate_and_error(variances: Array, s2: float, beta: float) -> tuple[float, float]:
    """Return the library's rate and distortion."""
    return diagnostics.gaussian_rate_distortion(variances, beta * s2)


def at_level(level: Function) -> Function:
    """Return rate and error at another water level."""
    return lambda variances, s2, beta: diagnostics.gaussian_rate_distortion(
        variances, level(s2, beta)
    )


def changed(rate: Function, error: Function) -> Function:
    """Return a function with other sums over the numbers, from functions of lam and t."""
    return lambda variances, s2, beta: (
        np.sum(rate(variances, beta * s2)),
        np.sum(error(variances, beta * s2)),
    )


def right_rate(lam: Array, t: float) -> Array:
    """Return the rate of each number."""
    return np.log(np.maximum(lam / t, 1)) / 2


EXERCISES: Exercises = {
    "translate_weight": [
        ValueCheck(
            translate_weight,
            (8e-4, 784, 0.1),
            returns=("beta", "variance"),
            mistakes={
                "the 2 of |x - x_hat|^2 / (2 s2) is missing": translated(
                    lambda n, s2: 2, lambda n, s2: 2
                ),
                "the mean over pixels is used as a sum: n_features is missing": translated(
                    lambda n, s2: 1 / n, lambda n, s2: 1 / n
                ),
                "a standard deviation: it should be the variance": (
                    lambda w, n, s2: (
                        translate_weight(w, n, s2)[0],
                        translate_weight(w, n, s2)[1] ** 0.5,
                    )
                ),
                "s2 is missing from beta": translated(lambda n, s2: s2, one),
                "multiplied by s2, not divided": translated(lambda n, s2: s2**2, one),
                "s2 is a variance already: do not square it again": translated(
                    lambda n, s2: 1 / s2, one
                ),
                "the variance at beta = 1 does not depend on s2": translated(
                    one, lambda n, s2: 1 / s2
                ),
                "upside down: w divides, and should multiply": (
                    lambda w, n, s2: (n / (2 * s2 * w), n / (2 * w))
                ),
            },
            hint="beta = w n_features / (2 s2); then put beta = 1",
        ),
    ],
    "kl_of_each_code": [
        ValueCheck(
            kl_of_each_code,
            (mu, log_var),
            returns="the KL",
            mistakes={
                "summed over the batch: it should be an average": lambda mu, log_var: (
                    len(mu) * kl_of_each_code(mu, log_var)
                ),
                "a KL for each image: average over the batch, axis 0": gaussian.gaussian_kl,
                "log_var is used as a log standard deviation": lambda mu, log_var: kl_of_each_code(
                    mu, 2 * log_var
                ),
                "the standard deviation stands where the variance belongs": lambda mu, log_var: (
                    kl_of_each_code(mu, log_var)
                    + np.mean(np.exp(log_var / 2) - np.exp(log_var), 0) / 2
                ),
                "the KL of the averaged posterior: average the KLs, not mu and log_var": (
                    lambda mu, log_var: kl_of_each_code(
                        mu.mean(axis=0, keepdims=True), log_var.mean(axis=0, keepdims=True)
                    )
                ),
                "mu^2 is missing": lambda mu, log_var: kl_of_each_code(0 * mu, log_var),
                "the -1 is missing: at mu = 0, sigma = 1 the KL is 0": lambda mu, log_var: (
                    kl_of_each_code(mu, log_var) + 0.5
                ),
            },
            hint="one number for each column: the mean over axis 0",
        ),
    ],
    "rate_and_error": [
        ValueCheck(
            rate_and_error,
            (lam, 0.5, 2.4),
            returns=("rate", "error"),
            mistakes={
                "negative rates: below the level the rate is 0": changed(
                    lambda lam, t: np.log(lam / t) / 2, np.minimum
                ),
                "nothing is switched off: below the level the rate is 0, the error lam": changed(
                    lambda lam, t: np.log(lam / t) / 2, lambda lam, t: np.full_like(lam, t)
                ),
                "the error of the numbers below the level is missing: lam each": changed(
                    right_rate, lambda lam, t: np.where(lam > t, t, 0)
                ),
                "the error is t for all: below the level it is lam": changed(
                    right_rate, lambda lam, t: np.full_like(lam, t)
                ),
                "the error counts only numbers below the level: those above leave t each": changed(
                    right_rate, lambda lam, t: np.where(lam > t, 0, lam)
                ),
                "bits, not nats: use np.log, not np.log2": changed(
                    lambda lam, t: right_rate(lam, t) / np.log(2), np.minimum
                ),
                "the factor 1/2 of the rate is missing": changed(
                    lambda lam, t: 2 * right_rate(lam, t), np.minimum
                ),
                "the level is beta s2, not s2": at_level(lambda s2, beta: s2),
                "the level is beta s2, not beta": at_level(lambda s2, beta: beta),
                "the level is beta s2, not s2 / beta": at_level(lambda s2, beta: s2 / beta),
            },
            hint="rate: 1/2 log(max(lam / t, 1)); error: min(lam, t); then both sums",
        ),
    ],
}
