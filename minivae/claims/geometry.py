"""The geometry of Gaussian codes in many dimensions: where codes are, and what is between them."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import integrate, special, stats

from minivae.claims import Outcome, claim
from minivae.diagnostics import interpolation
from minivae.edge.checks import Array
from minivae.nn import gaussian

DIMENSIONS = np.array([2, 8, 20, 50, 512])


def _mean_norm(d: Any) -> Any:
    """Return E|z| for z ~ N(0, I) in d dimensions."""
    return np.sqrt(2) * np.exp(special.gammaln((d + 1) / 2) - special.gammaln(d / 2))


def _draws(n: int, d: int, rng: int) -> Array:
    """Return n draws from N(0, 4 I), divided by its standard deviation."""
    eps = np.random.default_rng(rng).standard_normal((n, d))
    return gaussian.reparameterize(np.zeros((n, d)), np.full((n, d), np.log(4)), eps) / 2


@claim(
    "Codes from N(0, I) lie on a shell of radius sqrt(d), about 0.7 thick", source="Vershynin 2018"
)
def gaussian_norms() -> Outcome:
    """For z ~ N(0, I), E|z| = sqrt(2) Gamma((d + 1) / 2) / Gamma(d / 2), and Var|z| = d - E|z|^2.

    |z|^2 is chi-squared with d degrees of freedom, so |z| has the chi distribution, and its mean is
    a ratio of Gamma functions. As d grows, E|z| approaches sqrt(d) and the variance approaches 1/2:
    relative to its radius, the shell gets thinner and thinner.
    """
    n = 10_000
    norms = [np.linalg.norm(_draws(n, d, rng=d), axis=1) for d in DIMENSIONS]
    mean = _mean_norm(DIMENSIONS)
    deviation = np.sqrt(DIMENSIONS - mean**2)

    def draw(ax: Any) -> None:
        for d, values in zip(DIMENSIONS[:4], norms, strict=False):
            ax.hist(values, bins=40, density=True, histtype="step", label=f"$d = {d}$")
        ax.set(xlabel="$|z|$", ylabel="density")
        ax.legend()

    return Outcome(
        exact=[mean, deviation],
        measured=[np.mean(norms, axis=1), np.std(norms, axis=1)],
        tolerance=5 / np.sqrt(n) * np.stack([deviation, deviation]),
        because="five standard errors of 10,000 draws; a deviation's is below its own size",
        draw=draw,
    )


@claim(
    "In many dimensions almost no Gaussian code is near the origin, where the density is largest",
    source="Vershynin 2018",
)
def the_origin_is_empty() -> Outcome:
    """P(|z| < r) is the integral, up to r, of the density times the surface of the sphere.

    The surface 2 pi^(d/2) r^(d - 1) / Gamma(d / 2) almost vanishes near the origin. The measured
    value integrates over the radius; the exact value is the chi-squared distribution function.
    Within the radius 1 are 39 % of the codes for d = 2, but only 1.7e-10 for d = 20. Within sqrt(d
    / 2), the norm of a midpoint of two codes, is a share of 1.7e-23 for d = 512. The logarithms are
    compared.
    """

    def log_share(d: int, radius: float) -> float:
        log_surface = np.log(2) + d / 2 * np.log(np.pi) - special.gammaln(d / 2)

        def integrand(r: float) -> float:
            z, zeros = np.zeros((1, d)), np.zeros((1, d))
            z[0, 0] = r
            log_density = gaussian.gaussian_log_density(z, zeros, zeros)[0]
            return float(np.exp(log_surface + (d - 1) * np.log(r) + log_density))

        return float(np.log(integrate.quad(integrand, 0, radius, epsabs=0, epsrel=1e-11)[0]))

    radii = [(d, r) for d in DIMENSIONS for r in (1.0, np.sqrt(d / 2)) if d < 512 or r > 1]

    def draw(ax: Any) -> None:
        d = np.arange(1, 101)
        ax.semilogy(d, stats.chi2.cdf(1, d), label="$P(|z| < 1)$")
        ax.semilogy(d, stats.chi2.cdf(d / 2, d), label=r"$P(|z| < \sqrt{d/2})$")
        ax.set(xlabel="dimensions $d$", ylabel="share of the codes", ylim=(1e-16, 1.5))
        ax.legend()

    return Outcome(
        exact=[stats.chi2.logcdf(r**2, d) for d, r in radii],
        measured=[log_share(d, r) for d, r in radii],
        tolerance=1e-8,
        because="of the logarithm, by the quadrature",
        draw=draw,
    )


@claim(
    "The midpoint of two codes on a straight line is too near to the origin",
    source="White 2016",
)
def straight_midpoints_are_atypical() -> Outcome:
    """(a + b) / 2 of two independent codes is N(0, I / 2), so its norm is too small by sqrt(2).

    The mean norm of a midpoint is E|z| / sqrt(2). How unusual such a norm is depends on d. Let q be
    the norm that 1 % of the codes do not reach. The share of midpoints below q is P(|z| < sqrt(2)
    q): it is 2 % for d = 2, and all midpoints for d = 512.
    """
    n = 10_000
    quantiles = stats.chi.ppf(0.01, DIMENSIONS)
    share = stats.chi.cdf(np.sqrt(2) * quantiles, DIMENSIONS)
    norms = []
    for d in DIMENSIONS:
        midpoints = interpolation.lerp(_draws(n, d, rng=d), _draws(n, d, rng=1000 + d), 0.5)
        norms.append(np.linalg.norm(midpoints, axis=1))
    mean = _mean_norm(DIMENSIONS)
    errors = [np.sqrt((DIMENSIONS - mean**2) / 2), np.sqrt(share * (1 - share)) + 1 / np.sqrt(n)]
    return Outcome(
        exact=[mean / np.sqrt(2), share],
        measured=[np.mean(norms, axis=1), np.mean(norms < quantiles[:, None], axis=1)],
        tolerance=5 / np.sqrt(n) * np.stack(errors),
        because="five standard errors of 10,000 pairs",
        draw=lambda ax: _draw_midpoints(ax, n),
    )


@claim(
    "The midpoint of two codes on a great circle, with norms averaged, is as far out as a code",
    source="White 2016; Shoemake 1985 for unit vectors",
)
def spherical_midpoints_are_typical() -> Outcome:
    """The norm on the path goes linearly from |a| to |b|, so at the midpoint it is (|a| + |b|) / 2.

    For independent codes the mean of this norm is E|z|, the mean norm of a code, and its variance
    is half the variance of a code's norm. So the midpoint is on the shell for every d. Its
    direction is (u + v) / |u + v| for the directions u and v of a and b. The usual formula applies
    the weights of the great circle to a and b themselves. At the midpoint this gives (a + b) / (2
    cos(angle / 2)), whose norm has no bound as the angle approaches pi, if |a| and |b| differ.
    """
    n = 4000
    norms = []
    for d in DIMENSIONS:
        midpoints = interpolation.slerp(_draws(n, d, rng=d), _draws(n, d, rng=1000 + d), 0.5)
        norms.append(np.linalg.norm(midpoints, axis=1))
    mean = _mean_norm(DIMENSIONS)
    deviation = np.sqrt((DIMENSIONS - mean**2) / 2)
    return Outcome(
        exact=[mean, deviation],
        measured=[np.mean(norms, axis=1), np.std(norms, axis=1)],
        tolerance=5 / np.sqrt(n) * np.stack([deviation, deviation]),
        because="five standard errors of 4,000 pairs; a deviation's is below its own size",
        draw=lambda ax: _draw_midpoints(ax, n),
    )


@claim(
    "On a great circle the angle grows linearly with t; on a straight line it is slow at both ends",
    source="Shoemake 1985",
)
def great_circles_turn_evenly() -> Outcome:
    """At position t of the path, the direction has turned by t times the angle between a and b.

    In the plane of a and b, let a = |a| e^(0 i) and b = |b| e^(i angle). Then slerp is ((1 - t) |a|
    + t |b|) e^(i t angle), and lerp is (1 - t) |a| + t |b| e^(i angle). The exact values are these
    complex numbers, in the plane that numpy's QR decomposition finds, for angles from .01 to 3.1,
    and for t from 0 to 1 and a little beyond both ends.
    """
    rng = np.random.default_rng(0)
    t = np.array([-0.1, 0, 0.1, 0.25, 0.5, 0.9, 1, 1.2])
    exact, measured = [], []
    for angle in (0.01, 1.0, 2.5, 3.1):
        e1, e2 = np.linalg.qr(rng.standard_normal((7, 2))).Q.T
        a, b = 2 * e1, 0.7 * (np.cos(angle) * e1 + np.sin(angle) * e2)
        ends = 2.0, 0.7 * np.exp(1j * angle)
        ways = ((1 - t) * 2 + t * 0.7) * np.exp(1j * t * angle), (1 - t) * ends[0] + t * ends[1]
        for way, function in zip(ways, (interpolation.slerp, interpolation.lerp), strict=True):
            exact.append(np.outer(way.real, e1) + np.outer(way.imag, e2))
            measured.append(function(a, b, t))

    def draw(ax: Any) -> None:
        part = np.linspace(0, 1, 100)
        u, v = np.array([1.0, 0]), np.array([np.cos(2.5), np.sin(2.5)])
        for function in (interpolation.slerp, interpolation.lerp):
            way = function(u, v, part)
            ax.plot(part, np.degrees(np.arctan2(way[:, 1], way[:, 0])), label=function.__name__)
        ax.set(xlabel="part of the way t", ylabel="angle turned (degrees)")
        ax.legend()

    return Outcome(exact, measured, tolerance=1e-11, because="rounding, over sin(3.1)", draw=draw)


def _draw_midpoints(ax: Any, n: int, d: int = 50) -> None:
    a, b = _draws(n, d, rng=0), _draws(n, d, rng=1)
    for label, z in {
        "a code": a,
        "half way, straight": interpolation.lerp(a, b, 0.5),
        "half way, great circle": interpolation.slerp(a, b, 0.5),
    }.items():
        norms = np.linalg.norm(z, axis=1)
        ax.hist(norms, bins=30, density=True, histtype="step", label=label)
    ax.set(xlabel=f"norm, $d = {d}$", ylabel="density")
    ax.legend()
