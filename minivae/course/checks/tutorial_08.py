"""Tutorial 08: the loss of a VAE, a map of its code, and the way from one code to another."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from minivae.course.diagnosis import Diagnosis
from minivae.course.exercises import Exercises, Function, ValueCheck
from minivae.diagnostics import interpolation
from minivae.edge.checks import Array
from minivae.nn import gaussian
from minivae.nn.likelihoods import Bernoulli

rng = np.random.default_rng(8)
x, logits = rng.uniform(size=(5, 7)), 2 * rng.normal(size=(5, 7))
mu, log_var = rng.normal(size=(2, 5, 3))
a, b = np.array([2.0, 0.5, -1.0, 0.3]), np.array([-0.4, 1.5, 0.8, 2.2])


def reconstruction(x: Array, logits: Array) -> Array:
    """Return the library's -log p(x | z) of each image."""
    return -Bernoulli().log_prob(x, logits)


def vae_loss(x: Array, logits: Array, mu: Array, log_var: Array) -> Any:
    """Return the library's loss."""
    return np.mean(reconstruction(x, logits) + gaussian.gaussian_kl(mu, log_var))


def loss_with(pixels: float = 1, codes: float = 1) -> Function:
    """Return the loss with other weights on its two terms."""

    def loss(x: Array, logits: Array, mu: Array, log_var: Array) -> Any:
        kl = gaussian.gaussian_kl(mu, log_var)
        return np.mean(pixels * reconstruction(x, logits) + codes * kl)

    return loss


def of_large_logits(function: Function) -> Diagnosis | None:
    """Return what is wrong where e^logit overflows."""
    ink = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    large = np.array([[800.0, -800.0, 900.0], [-900.0, 800.0, 800.0]])
    zeros = np.zeros((2, 2))
    with np.errstate(all="ignore"):
        answer = function(ink, large, zeros, zeros)
    if np.isclose(answer, 400):
        return None
    return Diagnosis(
        f"for logits of 800 and more the loss is {answer:.6g}, and should be 400",
        "exp overflows, or log(0): use np.logaddexp(0, logits)",
        known=True,
    )


def manifold_codes(n: int, low: float, high: float) -> Array:
    """Return the map's codes, as `minivae.plots.manifold_grid`."""
    return grid(ndtri(np.linspace(low, high, n)))


def grid(z: Array, *, downward: bool = True) -> Array:
    """Return all pairs of the values in reading order."""
    second = z[::-1] if downward else z
    return np.stack([np.tile(z, len(z)), np.repeat(second, len(z))], axis=1)


def even_in_z(n: int, low: float, high: float) -> Array:
    """Return codes in even steps of z, between the right ends."""
    return grid(np.linspace(ndtri(low), ndtri(high), n))


def way_with(norm_of_direction: bool = True, degrees: bool = False) -> Function:
    """Return a way like slerp, with a mistake in its angle."""

    def way(a: Array, b: Array, t: float) -> Array:
        lengths = np.linalg.norm(a), np.linalg.norm(b)
        cosine = a @ b / (lengths[0] * lengths[1] if norm_of_direction else 1)
        w = np.arccos(cosine) * (180 / np.pi if degrees else 1)
        ends = np.sin((1 - t) * w) * a / lengths[0] + np.sin(t * w) * b / lengths[1]
        return np.asarray(((1 - t) * lengths[0] + t * lengths[1]) * ends / np.sin(w))

    return way


def direction(a: Array, b: Array, t: float) -> Array:
    """Return the unit vector that `slerp` scales."""
    code = interpolation.slerp(a, b, t)
    return code / np.linalg.norm(code)


def weights_on_codes(a: Array, b: Array, t: float) -> Array:
    """Return the formula for unit vectors, used on vectors of any norm."""
    w = np.arccos(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
    return np.asarray((np.sin((1 - t) * w) * a + np.sin(t * w) * b) / np.sin(w))


EXERCISES: Exercises = {
    "vae_loss": [
        ValueCheck(
            vae_loss,
            (x, logits, mu, log_var),
            returns="the loss",
            mistakes={
                "the pixels are averaged: the ELBO sums them": loss_with(pixels=1 / 7),
                "the KL is averaged over the codes: the ELBO sums it": loss_with(codes=1 / 3),
                "both terms are averaged over columns: the ELBO sums them": loss_with(1 / 7, 1 / 3),
                "the KL is subtracted: the loss adds it": loss_with(codes=-1),
                "the factor 1/2 of the KL is missing": loss_with(codes=2),
                "the KL is summed over the batch, but the other term is averaged": loss_with(
                    codes=5
                ),
                "the KL is missing": loss_with(codes=0),
                "log_var is used as a log standard deviation": (
                    lambda x, logits, mu, log_var: vae_loss(x, logits, mu, 2 * log_var)
                ),
                "only the ink has a cost: (1 - x) log(1 - p) is missing": (
                    lambda x, logits, mu, log_var: (
                        loss_with(pixels=0)(x, logits, mu, log_var)
                        + np.mean(np.sum(x * np.log1p(np.exp(-logits)), axis=1))
                    )
                ),
            },
            hint="sum over axis 1 in both terms, then one mean over the batch",
        ),
        of_large_logits,
    ],
    "manifold_codes": [
        ValueCheck(
            manifold_codes,
            (5, 0.05, 0.9),
            returns="the grid",
            mistakes={
                "even steps of z: take even steps of u, then z = ppf(u)": even_in_z,
                "the grid holds u itself: z = ppf(u)": (
                    lambda n, low, high: grid(np.linspace(low, high, n))
                ),
                "cdf is used, but its inverse is needed: ppf": (
                    lambda n, low, high: grid(ndtr(np.linspace(low, high, n)))
                ),
                "the grid from -15 to 15, where no code ever was": (
                    lambda n, low, high: grid(np.linspace(-15, 15, n))
                ),
                "z_2 grows from row to row: the first row is the top of the map": (
                    lambda n, low, high: grid(ndtri(np.linspace(low, high, n)), downward=False)
                ),
                "z_1 and z_2 are swapped: z_1 changes within a row of the map": (
                    lambda n, low, high: manifold_codes(n, low, high)[:, ::-1]
                ),
            },
            hint="u = linspace(low, high, n), z = ppf(u), then all pairs of z and z[::-1]",
        ),
    ],
    "slerp": [
        ValueCheck(
            interpolation.slerp,
            (a, b, 0.3),
            returns="the code",
            mistakes={
                "the straight way: (1 - t) a + t b": interpolation.lerp,
                "from b to a: at t = 0 it must be a": (
                    lambda a, b, t: interpolation.slerp(a, b, 1 - t)
                ),
                "the angle is in degrees: np.sin takes radians": way_with(degrees=True),
                "the angle of a and b, not of their directions: divide by the norms": way_with(
                    norm_of_direction=False
                ),
                "the direction alone, of norm 1: the norm should go from |a| to |b|": direction,
                "a and b are not divided by their norms": weights_on_codes,
                "not divided by sin w": lambda a, b, t: (
                    interpolation.slerp(a, b, t)
                    * np.sin(np.arccos(a @ b / (np.linalg.norm(a) * np.linalg.norm(b))))
                ),
            },
            hint="two unit vectors, the angle between them, then the direction and its norm",
        ),
    ],
}
