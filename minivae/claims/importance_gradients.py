"""Importance-weighted bounds: the noise of their gradients, and a family of bounds on both sides.

The model is z ~ N(0, 1), x | z ~ N(z, 1) at x = 1. Its posterior is N(.5, .5), and the encoder is
N(.8, .8).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from minivae.bayes import gradient_estimators as estimators
from minivae.claims import Outcome, claim
from minivae.claims.sampling_rigs import exact_bound
from minivae.claims.vae_rigs import linear_vae
from minivae.edge.checks import Array
from minivae.models.objectives import ImportanceWeighted

MU, VARIANCE = 0.8, 0.8
LOG_P = float(stats.norm(0, np.sqrt(2)).logpdf(1))
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(120)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def _log_joint(z: Array) -> tuple[Array, Array]:
    """Return log p(x = 1, z) for a column of z, and its derivative with respect to z."""
    log_p = stats.norm.logpdf(1, z[:, 0]) + stats.norm.logpdf(z[:, 0])
    return log_p, 1 - 2 * z


def _bound(k: int, mu: float, sigma: float, b: float = 0.0) -> float:
    """Return L_k by quadrature, for x | z ~ N(z + b, 1)."""
    z = mu + sigma * NODES
    log_w = stats.norm.logpdf(1, z + b) + stats.norm.logpdf(z) - stats.norm.logpdf(z, mu, sigma)
    return exact_bound(k, log_w, WEIGHTS)


def _slopes(k: int, h: float = 1e-3) -> Array:
    """Return the derivatives of L_k with respect to mu, sigma and the decoder's bias."""
    at = np.array([MU, np.sqrt(VARIANCE), 0.0])
    return np.array(
        [(_bound(k, *(at + h * e)) - _bound(k, *(at - h * e))) / (2 * h) for e in np.eye(3)]
    )


def _draws(k: int, n: int) -> tuple[Array, Array]:
    """Return n gradients of the library's loss, with respect to mu and the bias of the decoder."""
    model = linear_vae(np.eye(1), 1.0, 0.5 * np.eye(1), offset=MU - 0.5, variance=VARIANCE)
    model.objective = ImportanceWeighted(k)
    p = model.forward(*model.inputs(np.ones((n, 1)), rng=k))
    gradients = model.backward(p, *model.objective.backward(p, 1.0))
    return -n * gradients.dh[:, 0], -n * gradients.dout.reshape(n, k).sum(axis=1)


@claim(
    "With k weights the encoder's signal-to-noise falls like k^(-1/2), and the decoder's grows",
    source="Rainforth et al. 2018",
)
def gradient_signal_to_noise() -> Outcome:
    """The ratio of mean and deviation has the slope -1/2 for the encoder, 1/2 for the decoder.

    A tighter bound depends less on q: its gradient with respect to the encoder falls like 1/k, but
    the standard deviation falls only like k^(-1/2). The decoder's gradient approaches the gradient
    of log p(x), with a deviation like k^(-1/2). The doubly reparameterized gradient of the encoder
    has a deviation like k^(-3/2), and the slope 1/2. The slopes are measured between k = 64 and
    256, with standard deviations from the library, and means that are derivatives of the exact
    bound, by two nested quadratures.
    """
    ks, ratios = np.array([1, 4, 16, 64, 256]), []
    for k in ks:
        n = max(4000, 200_000 // int(k))
        by_mu, by_bias = _draws(int(k), n)
        eps = np.random.default_rng(k).standard_normal((n, int(k), 1))
        doubly = estimators.importance_weighted_gradient(
            _log_joint, MU, np.sqrt(VARIANCE), eps, doubly=True
        ).dmu[:, 0]
        mean = _slopes(int(k))
        ratios.append(
            np.abs([mean[0], mean[2], mean[0]]) / np.std([by_mu, by_bias, doubly], axis=1)
        )
    curves = np.array(ratios).T
    slopes = np.log(curves[:, -1] / curves[:, -2]) / np.log(4)

    def draw(ax: Any) -> None:
        names = "encoder", "decoder", "encoder, doubly reparameterized"
        for curve, name in zip(curves, names, strict=True):
            ax.loglog(ks, curve, "o-", label=name)
        ax.loglog(ks, 0.5 * ks**-0.5, "k:", label="slopes -1/2 and 1/2")
        ax.loglog(ks, 0.5 * ks**0.5, "k:")
        ax.set(xlabel="importance samples k", ylabel="mean of the gradient / its deviation")
        ax.legend()

    because = "4,000 draws tell a deviation to 2 %; the next order of 1/k"
    return Outcome([-0.5, 0.5, 0.5], slopes, tolerance=0.08, because=because, draw=draw)


@claim(
    "The doubly reparameterized gradient has the bound's slope, and is zero at q = posterior",
    source="Tucker et al. 2019",
)
def doubly_reparameterized_gradient() -> Outcome:
    """The mean of sum_i w_i^2 d log w_i/dz dz is the derivative of L_k, without the score.

    The score's term is E sum_i w_i d log q(z_i) at fixed z_i. It is itself the gradient of an
    expectation over q, and reparameterization turns it into a term along the path. This term
    cancels a part of the path gradient, so that w^2 replaces w. The plain gradient has the same
    mean. The exact values are the derivatives of L_5 with respect to mu and sigma, by quadrature.
    The measured values are both estimators over 200,000 draws, the library's VAE for mu, and the
    largest gradient of 1,000 draws at the posterior, where w_i = 1/5 and log w is constant.
    """
    eps = np.random.default_rng(0).standard_normal((200_000, 5, 1))
    mu_slope, sigma_slope, _ = _slopes(5)
    exact, rows, samples = [], [], {}
    for doubly in (False, True):
        g = estimators.importance_weighted_gradient(
            _log_joint, MU, np.sqrt(VARIANCE), eps, doubly=doubly
        )
        samples["doubly" if doubly else "plain"] = g.dmu[:, 0]
        exact += [mu_slope, sigma_slope]
        rows += [(d.mean(), 5 * d.std() / np.sqrt(len(d))) for d in g]
    by_library = _draws(5, 50_000)[0]
    rows.append((by_library.mean(), 5 * by_library.std() / np.sqrt(50_000)))
    landed = estimators.importance_weighted_gradient(
        _log_joint, 0.5, np.sqrt(0.5), eps[:1000], doubly=True
    )
    exact += [mu_slope, 0, 0]
    rows += [(np.abs(d).max(), 1e-12) for d in landed]
    measured, tolerance = np.transpose(rows)

    def draw(ax: Any) -> None:
        bins = np.linspace(-3, 3, 101)
        for name, values in samples.items():
            ax.hist(values, bins, density=True, histtype="step", label=name)
        ax.axvline(mu_slope, color="k", ls="--", label="slope of the exact bound")
        ax.set(
            xlabel="one draw's gradient with respect to mu, k = 5", ylabel="density", yscale="log"
        )
        ax.legend()

    because = "five standard errors of the draws; rounding"
    return Outcome(exact, measured, tolerance, because=because, draw=draw)


@claim(
    "Renyi's bound falls as alpha grows: above log p(x), log p(x) at 0, the ELBO at 1, then below",
    source="Li and Turner 2016",
)
def renyi_bounds() -> Outcome:
    """L_a = log E_q w^(1-a) / (1 - a) with w = p(x, z) / q(z), and L_1 is the ELBO, E_q log w.

    L_a is the logarithm of a power mean of w, and power means grow with the power 1 - a. At a = 0
    the mean is p(x); for a < 0 the bounds are upper bounds. For a normal q and a normal posterior
    log w is a quadratic function of a standard normal e, and log E e^(c + b e + g e^2 / 2) = c +
    b^2 / (2 - 2 g) - log(1 - g) / 2 for g < 1. For larger g, here from alpha = 2.7 on, the bound is
    minus infinity. The measured values are power means of the library's own log weights, at
    Gauss-Hermite nodes.
    """
    alphas = np.array([-2.0, -1, -0.5, 0, 0.5, 1, 1.5, 2])
    model = linear_vae(np.eye(1), 1.0, 0.5 * np.eye(1), offset=MU - 0.5, variance=VARIANCE)
    p = model.forward(*model.inputs(np.ones((len(NODES), 1)), eps=NODES[:, None]))
    log_w = p.log_prob + p.log_ratio
    measured = [
        WEIGHTS @ log_w if a == 1 else np.log(WEIGHTS @ np.exp((1 - a) * log_w)) / (1 - a)
        for a in alphas
    ]
    # log w = c + b e + curvature e^2 / 2 at z = mu + s e
    s = np.sqrt(VARIANCE)
    c = stats.norm.logpdf(1, MU) + stats.norm.logpdf(MU) - stats.norm.logpdf(0) + np.log(s)
    b, curvature = s * (1 - 2 * MU), 1 - 2 * VARIANCE
    exact = []
    for a in alphas:
        t = 1 - a
        value = c + curvature / 2
        if a != 1:
            inner = t * c + (t * b) ** 2 / (2 - 2 * t * curvature)
            value = (inner - np.log(1 - t * curvature) / 2) / t
        exact.append(value)
    in_order = np.sum(np.diff(measured) < 0)

    def draw(ax: Any) -> None:
        ax.plot(alphas, exact, "k--", label="closed form")
        ax.plot(alphas, measured, "o", label="power means of the library's weights")
        ax.axhline(LOG_P, color="C1", label="log p(x)")
        ax.set(xlabel=r"$\alpha$", ylabel="bound (nats)")
        ax.legend()

    return Outcome(
        [*exact, LOG_P, len(alphas) - 1],
        [*measured, measured[3], in_order],
        tolerance=1e-9,
        because="quadrature",
        draw=draw,
    )
