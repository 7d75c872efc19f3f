"""Distances and densities under maps: Frechet's distance between normals, and log |det J|."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import integrate, linalg, stats

from minivae.claims import Outcome, claim
from minivae.diagnostics import frechet_distance
from minivae.edge.checks import Array
from minivae.nn import layers
from minivae.nn.activations import Tanh
from minivae.nn.networks import Sequential, cast


def _sample(mean: Array, covariance: Array) -> Array:
    """Return rows with exactly the given mean and, with divisor n - 1, the given covariance."""
    d = len(mean)
    rows = np.concatenate([np.eye(d), -np.eye(d)]) * np.sqrt((2 * d - 1) / 2)
    return rows @ linalg.sqrtm(covariance).real + mean


@claim(
    "Frechet's distance of normals is the least transport cost: by quantiles, and by sqrtm",
    source="Dowson and Landau 1982; Bures 1969",
)
def frechet_is_the_least_transport() -> Outcome:
    """On the line, the cheapest map from p to q in the mean square takes quantiles to quantiles.

    For normals its cost is (m1 - m2)^2 + (s1 - s2)^2. In more dimensions the cost is |m1 - m2|^2 +
    tr(C1 + C2 - 2 (C1^1/2 C2 C1^1/2)^1/2), and the map is linear. The exact values are the integral
    of the squared difference of scipy's quantiles, scipy's `sqrtm` of the product, and 0 for equal
    sets. The measured value is the library's distance between sets of rows with exactly these
    moments.
    """
    rng = np.random.default_rng(0)
    cases = [((0.5, 1.2), (-1.0, 0.4)), ((0.0, 2.0), (0.3, 2.0)), ((1.0, 0.1), (1.0, 3.0))]
    exact, measured = [], []
    for (m1, s1), (m2, s2) in cases:
        p, q = stats.norm(m1, s1), stats.norm(m2, s2)
        cost = integrate.quad(lambda u, p=p, q=q: (p.ppf(u) - q.ppf(u)) ** 2, 0, 1, limit=200)[0]
        exact.append(cost)
        rows = [_sample(np.array([m]), np.array([[s * s]])) for m, s in ((m1, s1), (m2, s2))]
        measured.append(frechet_distance(*rows))
    for d in (2, 4):
        A, B = (np.cov(rng.standard_normal((3 * d, d)), rowvar=False) for _ in range(2))
        a, b = rng.standard_normal((2, d))
        root = linalg.sqrtm(A @ B).real
        exact += [(a - b) @ (a - b) + np.trace(A + B - 2 * root), 0]
        measured += [frechet_distance(_sample(a, A), _sample(b, B))]
        measured += [frechet_distance(_sample(a, A), _sample(a, A))]

    def draw(ax: Any) -> None:
        (m1, s1), (m2, s2) = cases[0]
        u = np.linspace(0.02, 0.98, 25)
        for x, y in zip(stats.norm(m1, s1).ppf(u), stats.norm(m2, s2).ppf(u), strict=True):
            ax.plot([x, y], [1, 0], color="0.6", lw=0.8)
        z = np.linspace(-4, 5, 300)
        ax.plot(z, 1 + stats.norm(m1, s1).pdf(z), label="from N(.5, 1.2^2)")
        ax.plot(z, -0.5 * stats.norm(m2, s2).pdf(z), label="to N(-1, .4^2)")
        ax.set(xlabel="quantiles move straight across", yticks=[])
        ax.set_ylabel("densities")
        ax.legend()

    return Outcome(
        exact, measured, tolerance=1e-7, because="quadrature; a root of rounding", draw=draw
    )


@claim(
    "The density of y = f(z) is p(z) / |det J|, with J by complex steps or by backward passes",
    source="Squire and Trapp 1998; Rezende and Mohamed 2015",
)
def change_of_variables() -> Outcome:
    """A volume dz becomes the volume |det J| dz, and keeps its probability.

    f consists of the library's layers: affine, tanh, affine, with two inputs and two outputs. By
    hand log |det J| = log |det A| + sum log(1 - tanh^2) + log |det B|. The measured values are the
    log determinants of two Jacobians: the columns of one are complex steps through the layers, the
    rows of the other are backward passes. The integral of the density over y, which must be 1, is
    measured, too, on a grid that numpy's inverse maps back to z.
    """
    rng = np.random.default_rng(1)
    net = Sequential([layers.Dense(2, 2, rng=rng), Tanh(), layers.Dense(2, 2, rng=rng)])
    A, B = np.array([[0.8, 0.3], [-0.2, 0.9]]), np.array([[1.5, 0.4], [-0.6, 1.2]])
    for name, value in {"0.W": A, "0.b": [0.1, -0.3], "2.W": B, "2.b": [0.5, 0.2]}.items():
        net.params[name][...] = value
    z = rng.standard_normal((20, 2))

    def log_det(z: Array) -> Array:
        slopes = 1 - np.tanh(z @ A + [0.1, -0.3]) ** 2
        return np.log(np.abs(np.linalg.det(A) * np.linalg.det(B))) + np.log(slopes).sum(axis=-1)

    complex_net = cast(net, np.complex128)
    columns = [complex_net.forward(z + 1e-30j * e).imag / 1e-30 for e in np.eye(2)]
    by_step = np.linalg.slogdet(np.stack(columns, axis=-1)).logabsdet
    net.forward(z)
    rows = [net.backward(np.broadcast_to(e, z.shape).copy()) for e in np.eye(2)]
    by_backward = np.linalg.slogdet(np.stack(rows, axis=1)).logabsdet

    # all y are within B's image of the open square; its midpoints
    t = np.tanh(np.linspace(-9, 9, 1200)[:-1] + 9 / 1199)
    weights = (1 - t**2) * (18 / 1199)  # dt of the midpoints
    square = np.stack(np.meshgrid(t, t, indexing="ij"), axis=-1)
    y = square @ B + [0.5, 0.2]
    back = (np.arctanh((y - [0.5, 0.2]) @ np.linalg.inv(B)) - [0.1, -0.3]) @ np.linalg.inv(A)
    density = np.exp(stats.norm.logpdf(back).sum(axis=-1) - log_det(back))
    total = np.sum(density * np.outer(weights, weights)) * abs(np.linalg.det(B))

    def draw(ax: Any) -> None:
        draws = net.forward(np.random.default_rng(2).standard_normal((3000, 2)))
        some = y[::8, ::8], density[::8, ::8]
        mesh = ax.pcolormesh(some[0][..., 0], some[0][..., 1], some[1], cmap="Blues")
        ax.figure.colorbar(mesh, label="p(z) / |det J|")
        ax.plot(*draws.T, ".", ms=2, color="C1", label="draws of f(z)")
        ax.set(xlabel="$y_1$", ylabel="$y_2$")
        ax.legend()

    return Outcome(
        [*log_det(z), *log_det(z), 1],
        [*by_step, *by_backward, total],
        tolerance=[*np.full(40, 1e-12), 1e-4],
        because="rounding; the grid",
        draw=draw,
    )
