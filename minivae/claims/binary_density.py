"""The density of black and white pixels: with a code of one dimension, p(x) is an integral.

The model is a small VAE with random weights and a Bernoulli decoder. It has three binary pixels, so
there are eight images.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import integrate, special, stats

from minivae.claims import Outcome, claim
from minivae.claims.pictures import along
from minivae.claims.sampling_rigs import exact_bound
from minivae.diagnostics import marginal_likelihood
from minivae.edge.checks import Array
from minivae.models import vae

IMAGES = np.array([[i, j, k] for i in (0.0, 1.0) for j in (0.0, 1.0) for k in (0.0, 1.0)])
NAMES = ["".join(str(int(pixel)) for pixel in x) for x in IMAGES]
GRID = np.linspace(-12, 12, 2001)
WEIGHTS = stats.norm.pdf(GRID) * (GRID[1] - GRID[0])  # WEIGHTS @ f(GRID) = E f(z), z ~ N(0, 1)


def _model() -> vae.VAE:
    """Return the VAE, with random weights so large that its bounds are loose."""
    model, rng = vae.VAE(3, 1, hidden=(5,), activation="tanh"), np.random.default_rng(10)
    for value in model.params.values():
        value[...] = rng.standard_normal(value.shape)
    return model


def _log_p_given(model: vae.VAE, x: Array, z: Any) -> Array:
    """Return log p(x | z) of one image at many codes, by hand and with scipy's Bernoulli."""
    hidden = _affine(model, "decoder.0", np.reshape(z, (-1, 1)))
    chances = special.expit(_affine(model, "decoder.2", np.tanh(hidden)))  # (n, 3)
    return stats.bernoulli.logpmf(x, chances).sum(axis=1)


def _by_library(model: vae.VAE, x: Array, z: Array) -> Array:
    out = model.decoder.forward(z[:, None])
    return model.likelihood.log_prob(np.broadcast_to(x, out.shape), out)


def _affine(model: vae.VAE, name: str, x: Array) -> Array:
    return x @ model.params[f"{name}.W"] + model.params[f"{name}.b"]


def _expectation(q: Any, f: Any) -> float:
    """Return E f(z) under one of scipy's normals, by adaptive quadrature."""
    ends = q.mean() + 12 * q.std() * np.array([-1, 1])
    return integrate.quad(lambda z: q.pdf(z) * f(z), *ends, epsabs=1e-12, limit=200)[0]


def _log_p(model: vae.VAE, x: Array) -> float:
    """Return log p(x) = log E p(x | z), z ~ N(0, 1)."""
    return float(np.log(_expectation(stats.norm(), lambda z: np.exp(_log_p_given(model, x, z)[0]))))


def _proposal(model: vae.VAE, x: Array) -> Any:
    """Return q(z | x) as one of scipy's distributions, by hand."""
    hidden = np.tanh(_affine(model, "encoder.0", x[None]))
    mu, raw = _affine(model, "encoder.2", hidden)[0]
    return stats.norm(mu, np.exp(10 * np.tanh(raw / 20)))


@claim("A Bernoulli decoder's p(x) sums to one over all x", source="derived here")
def binary_density_sums_to_one() -> Outcome:
    """Every p(x | z) sums to one over the eight images, and so does the average over z.

    Two sums of p(x) are measured. The first uses Gauss-Hermite quadrature over z with 60 nodes; its
    tolerance is rounding. The second uses the importance-sampling estimator, with 50 draws for each
    image and 2,000 repetitions; its tolerance is five standard errors. The estimator is unbiased
    for p, though not for log p, with any number of draws.
    """
    model = _model()
    model.params["encoder.2.b"][1] += 4  # a q that is wider than the prior has bounded weights
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights /= np.sqrt(2 * np.pi)
    by_quadrature = sum(np.exp(_by_library(model, x, nodes)) @ weights for x in IMAGES)
    rows = np.repeat(IMAGES, 2000, axis=0)
    sums = (
        np.exp(marginal_likelihood.log_likelihood(model, rows, 50, rng=0))
        .reshape(8, 2000)
        .sum(axis=0)
    )
    measured = [by_quadrature, np.mean(sums)]
    tolerance = [1e-13, 5 * np.std(sums) / np.sqrt(2000)]
    places = ["by quadrature", "by importance sampling"]
    draw = along("p(x)", places, "sum over 8 images", 1, measured, tolerance=tolerance)
    return Outcome(
        exact=[1, 1],
        measured=measured,
        tolerance=tolerance,
        draw=draw,
        because="rounding; five standard errors of 2,000 sums",
    )


@claim("ELBO <= L_4 <= L_16 <= log p(x) for every binary image", source="Burda et al. 2016")
def binary_bounds_in_order() -> Outcome:
    """For every encoder and decoder, a larger k makes the bound tighter for every x.

    Take any 4 of 16 weights. Averaged over all choices, their mean is the mean of all 16. The
    logarithm is concave, so E log(mean of 4) <= E log(mean of 16). The measured values are the
    library's L_1, L_4 and L_16, each averaged over 4,000 draws for each of the eight images, and
    how many of these 24 are below the next bound. The exact values are the three bounds by
    quadrature.
    """
    model, ks, n = _model(), (1, 4, 16), 4000
    rows = np.repeat(IMAGES, n, axis=0)
    draws = [marginal_likelihood.importance_weighted_bound(model, rows, k, rng=k) for k in ks]
    measured, spread = (f(np.reshape(draws, (3, 8, n)), axis=2) for f in (np.mean, np.std))
    exact = np.empty((4, 8))
    for i, x in enumerate(IMAGES):
        q = _proposal(model, x)
        z = q.mean() + q.std() * GRID
        log_w = _log_p_given(model, x, z) + stats.norm.logpdf(z) - q.logpdf(z)
        exact[:3, i] = [exact_bound(k, log_w, WEIGHTS) for k in ks]
        exact[3, i] = _log_p(model, x)

    def draw(ax: Any) -> None:
        from minivae.plots.style import COLORS, MARKERS, finish

        for i, name in enumerate(("ELBO", "L_4", "L_16")):
            ax.plot(NAMES, exact[3] - exact[i], MARKERS[i], color=COLORS[i], label=name)
        ax.plot(NAMES, (exact[3] - measured).T, "k*", markersize=4)
        ax.set_ylim(0, None)
        finish(ax, "image", "log p(x) - bound (nats; stars: measured)")

    return Outcome(
        exact=[*exact[:3].ravel(), 24],
        measured=[*measured.ravel(), np.sum(measured < exact[1:])],
        tolerance=[*5 * spread.ravel() / np.sqrt(n), 0],
        because="five standard errors of 4,000 draws",
        draw=draw,
    )


@claim("log p(x) = ELBO + KL(q || posterior), term by term", source="Kingma and Welling 2014")
def binary_elbo_and_gap() -> Outcome:
    """For every x, log p(x) minus the ELBO is the KL from q to the posterior.

    log p(x) = log p(x, z) / q(z) + log q(z) / p(z | x) at every z. Averaged over q, the first term
    is E log p(x | z) - KL(q || prior), the ELBO, and the second term is KL(q || posterior). The
    measured values are the library's reconstruction, averaged over its noise on a grid; its KL in
    closed form; and their difference plus KL(q || posterior), with the posterior normalised on this
    grid. The exact values are the same two terms and log p(x), by adaptive quadrature with scipy's
    densities.
    """
    model, exact, measured, gaps = _model(), [], [], []
    for x in IMAGES:
        q = _proposal(model, x)
        exact.append(
            [
                _expectation(q, lambda z, x=x: _log_p_given(model, x, z)[0]),
                _expectation(q, lambda z, q=q: q.logpdf(z) - stats.norm.logpdf(z)),
                _log_p(model, x),
            ]
        )
        parts = model.elbo(np.repeat(x[None], len(GRID), axis=0), eps=GRID[:, None])
        reconstruction, kl = WEIGHTS @ parts.reconstruction, parts.kl[0]
        z = q.mean() + q.std() * GRID
        normaliser = WEIGHTS @ np.exp(_log_p_given(model, x, GRID))
        log_posterior = _log_p_given(model, x, z) + stats.norm.logpdf(z) - np.log(normaliser)
        gaps.append(WEIGHTS @ (q.logpdf(z) - log_posterior))
        measured.append([reconstruction, kl, reconstruction - kl + gaps[-1]])

    def draw(ax: Any) -> None:
        from minivae.plots.style import COLORS, finish

        surprise = -np.array(exact)[:, 2]
        ax.bar(NAMES, surprise, color=COLORS[3], label="-log p(x)")
        ax.bar(NAMES, gaps, bottom=surprise, color=COLORS[1], label="KL(q || posterior)")
        ax.set_ylim(0, 1.3 * np.max(surprise + gaps))
        finish(ax, "image", "minus the ELBO (nats)")

    return Outcome(exact, measured, tolerance=1e-9, because="quadrature", draw=draw)
