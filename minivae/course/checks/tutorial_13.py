"""Tutorial 13: the Frechet distance, the AUROC, and two estimates from the same weights."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp
from scipy.stats import mannwhitneyu

from minivae.course.diagnosis import Diagnosis
from minivae.course.exercises import Exercises, Function, ValueCheck
from minivae.edge.checks import Array

rng = np.random.default_rng(13)
a, b = 1.5 * rng.normal(size=(7, 4)), 0.6 * rng.normal(size=(9, 4)) + [1.0, -0.5, 0.3, 0.8]
inside, outside = rng.integers(0, 9, size=8) / 4, rng.integers(2, 12, size=6) / 4
log_w = -3 + rng.normal(size=(5, 7))


def frechet_distance(a: Array, b: Array) -> float:
    """Return the distance of the matched quantile functions: of two normals it is the same."""
    return apart(a.mean(axis=0), b.mean(axis=0), a.std(axis=0), b.std(axis=0))


def apart(m_a: Array, m_b: Array, s_a: Array, s_b: Array) -> float:
    """Return the squared length from (m_a, s_a) to (m_b, s_b)."""
    return float(np.linalg.norm(np.concatenate([m_a - m_b, s_a - s_b])) ** 2)


def from_moments(of: Function) -> Function:
    """Return a distance of other means and deviations."""
    return lambda a, b: float(of(a.mean(axis=0) - b.mean(axis=0), a, b))


def widths(a: Array, b: Array, ddof: int = 0) -> Array:
    """Return the differences of the deviations, squared."""
    return (a.std(axis=0, ddof=ddof) - b.std(axis=0, ddof=ddof)) ** 2


def auroc(inside: Array, outside: Array) -> float:
    """Return SciPy's Mann-Whitney statistic over the number of pairs."""
    statistic = mannwhitneyu(outside, inside, method="asymptotic").statistic
    return float(statistic / (len(inside) * len(outside)))


def pairs(count: Function) -> Function:
    """Return a mean over the differences of all pairs."""
    return lambda inside, outside: float(np.mean(count(outside[:, None] - inside)))


def bounds_from_weights(log_w: Array) -> tuple[Array, Array]:
    """Return NumPy's mean, and SciPy's logarithm of a mean."""
    return log_w.mean(axis=1), logsumexp(log_w, axis=1, b=1 / log_w.shape[1])


def other(elbo: Function | None = None, log_p: Function | None = None) -> Function:
    """Return the bounds with one of them made in another way."""

    def bounds(log_w: Array) -> tuple[Array, Array]:
        right = bounds_from_weights(log_w)
        return elbo(log_w) if elbo else right[0], log_p(log_w) if log_p else right[1]

    return bounds


def stays_finite(function: Function) -> Diagnosis | None:
    """Return what is wrong with estimates from large negative numbers."""
    with np.errstate(all="ignore"):
        _, log_p = function(log_w - 1000)
    if np.all(np.isfinite(np.asarray(log_p, float))):
        return None
    right = bounds_from_weights(log_w - 1000)[1]
    return Diagnosis(
        f"for log_w 1000 nats lower log_p[0] is {np.asarray(log_p, float).flat[0]:.4g}, and should "
        f"be {right[0]:.8g}",
        "all exponentials of a row are 0, or one is infinite: a constant is missing, subtract the "
        "largest log w of each row first",
        hint=LARGEST_FIRST,
        find="print np.exp(-1000)",
        known=True,
    )


LARGEST_FIRST = "top = the largest of each row; log_p = top + log(mean of e^(log_w - top))"


EXERCISES: Exercises = {
    "frechet_distance": [
        ValueCheck(
            frechet_distance,
            (a, b),
            returns="d",
            mistakes={
                "variances where deviations belong: take their roots first": from_moments(
                    lambda m, a, b: np.sum(m**2) + np.sum((a.var(axis=0) - b.var(axis=0)) ** 2)
                ),
                "the root of the distance is returned: d is a squared length": (
                    lambda a, b: frechet_distance(a, b) ** 0.5
                ),
                "the divisor is n - 1 or m - 1: divide by n and by m": from_moments(
                    lambda m, a, b: np.sum(m**2) + np.sum(widths(a, b, 1))
                ),
                "the mean over columns, of which the sum is wanted": (
                    lambda a, b: frechet_distance(a, b) / a.shape[1]
                ),
                "the length of the mean is not squared: |m|^2 is its sum of squares": from_moments(
                    lambda m, a, b: np.linalg.norm(m) + np.sum(widths(a, b))
                ),
                "the sum of the differences is squared, not each difference": from_moments(
                    lambda m, a, b: np.sum(m) ** 2 + np.sum(widths(a, b))
                ),
                "the means alone: the part of the deviations is missing": from_moments(
                    lambda m, a, b: np.sum(m**2)
                ),
                "the deviations alone: the part of the means is missing": from_moments(
                    lambda m, a, b: np.sum(widths(a, b))
                ),
                "the deviations of one set alone: each term is a difference": from_moments(
                    lambda m, a, b: np.sum(m**2) + np.sum(a.var(axis=0))
                ),
                "one mean for all columns: each column has its own, along axis 0": (
                    lambda a, b: apart(
                        *(np.array([f(x)]) for f in (np.mean, np.std) for x in (a, b))
                    )
                ),
            },
            hint="np.sum((m_a - m_b)**2) + np.sum((std_a - std_b)**2), both along axis 0",
        ),
    ],
    "auroc": [
        ValueCheck(
            auroc,
            (inside, outside),
            returns="the AUROC",
            mistakes={
                "wins alone are counted: a tie counts one half": pairs(lambda d: d > 0),
                "ties alone are counted, and wins are missing: a win counts one": pairs(
                    lambda d: (d == 0) / 2
                ),
                "ties count as won: each counts one half": pairs(lambda d: d >= 0),
                "the other way round: a strange example should score higher": (
                    lambda inside, outside: 1 - auroc(inside, outside)
                ),
                "the sum over all pairs: the chance is their mean": (
                    lambda inside, outside: auroc(inside, outside) * len(inside) * len(outside)
                ),
                "divided by one number of examples: there are n m pairs, of which the mean is": (
                    lambda inside, outside: auroc(inside, outside) * len(outside)
                ),
                "divided by the strange ones alone: there are n m pairs": (
                    lambda inside, outside: auroc(inside, outside) * len(inside)
                ),
                "only rows of equal number are compared: compare every pair": (
                    lambda inside, outside: float(
                        np.mean((np.sign(outside - inside[: len(outside)]) + 1) / 2)
                    )
                ),
                "the mean difference of the scores: how large a win is does not matter": pairs(
                    lambda d: d
                ),
                "wins less losses: that is 2 AUROC - 1": pairs(np.sign),
            },
            hint="the mean of (outside[:, None] > inside) + (outside[:, None] == inside) / 2",
        ),
    ],
    "bounds_from_weights": [
        ValueCheck(
            bounds_from_weights,
            (log_w,),
            returns=("elbo", "log_p"),
            mistakes={
                "log_p is a sum of weights: divide it by k, or subtract log k": other(
                    log_p=lambda log_w: logsumexp(log_w, axis=1)
                ),
                "the mean is over the batch: it is over the k draws, axis 1": lambda log_w: tuple(
                    f for f in bounds_from_weights(log_w.T)
                ),
                "the constant is not put back: add the largest log w after the logarithm": other(
                    log_p=lambda log_w: bounds_from_weights(log_w)[1] - log_w.max(axis=1)
                ),
                "the weight, not its logarithm: take the logarithm of the mean": other(
                    log_p=lambda log_w: np.exp(bounds_from_weights(log_w)[1])
                ),
                "the largest weight alone: it is the mean of all that counts": other(
                    log_p=lambda log_w: log_w.max(axis=1)
                ),
                "the mean of the logarithms twice: the mean comes before the logarithm": other(
                    log_p=lambda log_w: log_w.mean(axis=1)
                ),
                "the elbo is a sum: it is the mean of log w over the draws": other(
                    elbo=lambda log_w: log_w.sum(axis=1)
                ),
                "the divisor is the batch, where k draws belong: subtract log k": other(
                    log_p=lambda log_w: logsumexp(log_w, axis=1) - np.log(len(log_w))
                ),
            },
            hint=LARGEST_FIRST,
        ),
        stays_finite,
    ],
}
