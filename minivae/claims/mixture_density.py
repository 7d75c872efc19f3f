"""A decoder makes a mixture of normals of its code: p(x) is a sum or an integral over z."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import integrate, stats

from minivae.claims import Outcome, claim
from minivae.diagnostics import marginal_likelihood
from minivae.edge.checks import Array
from minivae.models.vae import VAE
from minivae.nn.likelihoods import Gaussian

SIGMA, WEIGHTS, MEANS = 0.5, np.array([0.2, 0.5, 0.3]), np.array([-2.0, 0.0, 1.5])
X = np.array([-3.0, -2.0, -0.7, 0.4, 1.5, 2.6])
K, N_REPEATS = 4000, 40  # draws of z, and estimates


def _decoder(steepness: float) -> VAE:
    """Return a VAE of one feature whose decoder rises over the three means, in two steps.

    The steps lie where a standard normal z leaves `WEIGHTS` to the left, between and to the right.
    The encoder ignores x: its q is N(0.3, 1.5^2), wider than the prior.
    """
    model = VAE(1, 1, hidden=(2,), activation="tanh", likelihood=Gaussian(SIGMA))
    places = stats.norm.ppf(np.cumsum(WEIGHTS)[:2])
    rises = np.diff(MEANS) / 2
    model.params["decoder.0.W"][...] = steepness
    model.params["decoder.0.b"][...] = -steepness * places
    model.params["decoder.2.W"][...] = rises[:, None]
    model.params["decoder.2.b"][...] = MEANS[0] + rises.sum()
    model.params["encoder.2.W"][...] = 0
    model.params["encoder.2.b"][...] = [0.3, 20 * np.arctanh(2 * np.log(1.5) / 20)]
    return model


def _estimated(model: VAE, x: Array) -> tuple[Array, Array]:
    """Return the mean of many importance-sampling estimates of log p(x), and its error."""
    rows = np.repeat(x, N_REPEATS)[:, None]
    log_p = marginal_likelihood.log_likelihood(model, rows, K, rng=0).reshape(len(x), N_REPEATS)
    return log_p.mean(axis=1), log_p.std(axis=1) / np.sqrt(N_REPEATS)


def _outcome(exact: Array, model: VAE) -> Outcome:
    measured, errors = _estimated(model, X)

    def draw(ax: Any) -> None:
        fine = np.linspace(-4, 4, 41)
        ax.plot(fine, np.exp(_estimated(model, fine)[0]), "o", label="importance sampling")
        ax.plot(X, np.exp(exact), "kx", markersize=9, label="exact")
        ax.set(xlabel="x", ylabel="p(x)")
        ax.set_ylim(0, 1.4 * ax.get_ylim()[1])
        ax.legend()

    return Outcome(
        exact=exact,
        measured=measured,
        tolerance=5 * errors + 0.002,
        because="five standard errors of 40 estimates, and their bias Var(w) / (2 k p(x)^2)",
        draw=draw,
    )


@claim("A decoder with sharp steps makes a finite mixture of normals", source="derived here")
def steps_make_a_finite_mixture() -> Outcome:
    """If the decoder has the value m_c on the c-th of some intervals of z, p(x) is a finite sum.

    p(x) is the integral of N(x; decoder(z), s^2) over z ~ N(0, 1). The decoder is constant on each
    interval, so p(x) = sum_c P(z in interval c) N(x; m_c, s^2). Two steep tanh units make three
    intervals, with the probabilities .2, .5 and .3. The exact value is the logarithm of this sum,
    with scipy's normals; measured is the library's importance sampling, with a q that ignores x.
    """
    densities = stats.norm.pdf(X[:, None], MEANS, SIGMA)
    return _outcome(np.log(densities @ WEIGHTS), _decoder(1e4))


@claim("A smooth decoder makes an infinite mixture: log p(x) by quadrature", source="derived here")
def smooth_decoders_make_infinite_mixtures() -> Outcome:
    """p(x) is the integral of N(x; f(z), s^2) over z ~ N(0, 1), a normal for every z.

    The decoder f is the same sum of two tanh units, not steep. The exact value is the logarithm of
    the integral, by scipy's adaptive quadrature with f written out; measured is the library's
    importance sampling, whose q ignores x.
    """
    model, steepness = _decoder(1.5), 1.5
    places, rises = stats.norm.ppf(np.cumsum(WEIGHTS)[:2]), np.diff(MEANS) / 2

    def f(z: float) -> float:
        return MEANS[0] + float(np.sum(rises * (1 + np.tanh(steepness * (z - places)))))

    def density(z: float, x: float) -> float:
        return float(stats.norm.pdf(z) * stats.norm.pdf(x, f(z), SIGMA))

    p = [integrate.quad(density, -10, 10, args=(x,), epsabs=1e-10)[0] for x in X]
    return _outcome(np.log(p), model)
