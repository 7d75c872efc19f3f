"""Linear VAEs with a fixed decoder variance: posterior collapse, rate and distortion.

The data have the covariance ``U diag(lam) U^T``. A VAE with decoder variance s2 and weight beta of
the KL is trained on them. Only the product ``t = beta * s2`` matters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.linalg import hadamard

from minivae import diagnostics
from minivae.claims import Outcome, claim
from minivae.claims.linear_rigs import data_with_spectrum
from minivae.claims.pictures import along
from minivae.claims.vae_rigs import LAM, N_LATENT, SETTINGS, trained_at
from minivae.edge.checks import Array
from minivae.linear import vae_is_ppca
from minivae.models import vae

LEVELS = np.array([s2 * beta for s2, beta in SETTINGS])


def _falling(values: Any) -> Array:
    """Return each row in falling order, because the order of the latents is random."""
    return -np.sort(-np.asarray(values), axis=-1)


def _rate_and_squared_error(model: vae.VAE, X: Array) -> tuple[float, float]:
    """Return the mean KL, and the squared error that the exact reconstruction term implies."""
    _, reconstruction, kl = map(np.mean, vae_is_ppca.exact_elbo(model, X))
    s2 = vae_is_ppca.decoder_variance(model)
    # -log p = d/2 log(2 pi s2) + error / (2 s2)
    error = -2 * s2 * reconstruction - s2 * X.shape[1] * np.log(2 * np.pi * s2)
    return float(kl), float(error)


def _draw_levels(ax: Any, curve: Callable[[Array, float], Array], values: Array) -> None:
    """Draw a curve over lam for every level t, and on it the values of the trained models."""
    lam = np.linspace(0.01, LAM[0], 400)
    for t, measured in dict(zip(LEVELS.tolist(), values, strict=True)).items():
        (line,) = ax.plot(lam, curve(lam, t), lw=0.8)
        ax.plot(LAM[:N_LATENT], measured, "o", color=line.get_color(), label=f"$t = {t:g}$")
    ax.set_xlabel(r"eigenvalue $\lambda_i$")
    ax.legend()


@claim(
    "Directions with variance below beta * s2 collapse; others keep |w_i|^2 = lam_i - beta * s2",
    source="Lucas et al. 2019",
)
def collapse_of_weights() -> Outcome:
    """With t = beta s2, the rows of the decoder have |w_i|^2 = max(lam_i - t, 0).

    For orthogonal rows along the axes, the expected loss times s2 is a sum over latents. With the
    best encoder, a latent with |w_i|^2 = g costs 1/2 [t log(1 + g / t) - lam_i g / (g + t)], up to
    a constant. The derivative with respect to g has the sign of g + t - lam_i. So the best g is
    lam_i - t, or 0 if this is negative. Posterior collapse is then the optimum, not a failure of
    training. Five pairs (s2, beta) with three different t are trained.
    """
    X, _ = data_with_spectrum(LAM, rng=0)
    weights = [trained_at(X, *setting).params["decoder.0.W"] for setting in SETTINGS]
    lengths = _falling([np.sum(W**2, axis=1) for W in weights])
    exact = np.maximum(LAM[:N_LATENT] - LEVELS[:, None], 0)

    def draw(ax: Any) -> None:
        _draw_levels(ax, lambda lam, t: np.maximum(lam - t, 0), lengths)
        ax.set_ylabel("$|w_i|^2$")

    return Outcome(exact, lengths, tolerance=1e-5, because="where L-BFGS stops", draw=draw)


@claim(
    "The posterior variance of a latent is t / lam_i, or 1 if the latent has collapsed",
    source="Lucas et al. 2019",
)
def collapse_of_posteriors() -> Outcome:
    """q(z_i|x) has the variance min(t / lam_i, 1), and its mean varies by max(1 - t / lam_i, 0).

    The best variance is t / (|w_i|^2 + t), and |w_i|^2 + t = max(lam_i, t). The best mean is w_i.(x
    - b) / (|w_i|^2 + t), with variance (lam_i - t) lam_i / lam_i^2 = 1 - t / lam_i. The two
    variances add up to the prior's variance, 1, for active and for collapsed latents.
    """
    X, _ = data_with_spectrum(LAM, rng=1)
    codes = [diagnostics.posteriors(trained_at(X, *setting), X) for setting in SETTINGS]
    of_means = _falling([mu.var(axis=0) for mu, _ in codes])
    within = -_falling([-np.exp(log_var).mean(axis=0) for _, log_var in codes])
    ratio = np.minimum(LEVELS[:, None] / LAM[:N_LATENT], 1)

    def draw(ax: Any) -> None:
        _draw_levels(ax, lambda lam, t: np.minimum(t / lam, 1), within)
        ax.set_ylabel("variance of $q(z_i | x)$")

    return Outcome(
        [ratio, 1 - ratio],
        [within, of_means],
        tolerance=1e-5,
        because="where L-BFGS stops",
        draw=draw,
    )


@claim(
    "An optimal linear VAE is on a Gaussian's rate-distortion curve, by reverse water-filling",
    source="derived here; the curve: Cover and Thomas 2006",
)
def reverse_water_filling() -> Outcome:
    """The rate is 1/2 sum log(lam_i / t) over active latents, and each of them has the error t.

    A collapsed latent has no rate, and leaves an error of lam_i. An active latent costs KL = 1/2
    [mean^2 + variance - 1 - log variance] = 1/2 log(lam_i / t) on average, because mean^2 and
    variance add up to 1. The share c = 1 - t / lam_i of x is reconstructed, with the noise of z, so
    the error is (1 - c)^2 lam_i + |w_i|^2 t / lam_i = t. No code of this rate has a smaller error.
    """
    X, _ = data_with_spectrum(LAM, rng=2)
    exact, stated = [], []
    for t in [*LEVELS, 0.5]:
        active = LAM[:N_LATENT][LAM[:N_LATENT] > t]
        rest = LAM.sum() - active.sum()
        exact.append([np.log(active / t).sum() / 2, len(active) * t + rest])
        stated.append(diagnostics.gaussian_rate_distortion(LAM, t, N_LATENT))
    measured = [_rate_and_squared_error(trained_at(X, *setting), X) for setting in SETTINGS]

    def draw(ax: Any) -> None:
        levels = np.geomspace(0.02, LAM[0], 300)
        curve = np.array([diagnostics.gaussian_rate_distortion(LAM, t) for t in levels])
        ax.plot(*curve.T, "k-", lw=0.8, label="Shannon's bound")
        for (rate, error), (s2, beta) in zip(measured, SETTINGS, strict=True):
            ax.plot(
                rate, error, "o", ms=9, mfc="none", label=f"$s^2$ = {s2:g}, $\\beta$ = {beta:g}"
            )
        ax.set(xlabel="rate (nats)", ylabel=r"distortion, $|x - \hat x|^2$", xlim=(0, 6))
        ax.legend()

    return Outcome(
        [*exact[:-1], *exact],
        [*measured, *stated],
        tolerance=1e-6,
        because="where L-BFGS stops",
        draw=draw,
    )


@claim(
    "On the frontier of rate and distortion, each nat of rate lowers the distortion by beta",
    source="Alemi et al. 2018",
)
def slope_of_the_frontier() -> Outcome:
    """The slope dD / dR is -beta, with D = -log p(x|z) and R = KL, both in nats.

    Training minimises D + beta R, so dD + beta dR = 0 along the curve of optima, at each beta. The
    derivative is measured by training again with beta smaller and larger by 0.1 %, at four values
    of beta where four, three or two latents are active.
    """
    X, _ = data_with_spectrum(LAM, rng=3)
    betas, step = np.array([0.5, 1.0, 2.0, 5.0]), 1e-3
    slopes = []
    for beta in betas:
        ends = [trained_at(X, 1.0, beta * (1 + sign * step)) for sign in (-1, 1)]
        parts = np.array([[np.mean(p) for p in vae_is_ppca.exact_elbo(m, X)] for m in ends])
        _, reconstruction, kl = np.diff(parts, axis=0)[0]
        slopes.append(-reconstruction / kl)
    because = "the third derivative times the square of the step, .1 %"
    draw = along("beta", betas.tolist(), "slope dD / dR of the frontier", -betas, slopes)
    return Outcome(-betas, slopes, tolerance=1e-4 * betas, because=because, draw=draw)


@claim(
    "The number of active units at the threshold 0.01 is the number of eigenvalues above t / 0.99",
    source="derived here; the count: Burda et al. 2016",
)
def active_units_are_eigenvalues() -> Outcome:
    """The mean of an active latent varies by 1 - t / lam_i, so it counts if lam_i > t / 0.99.

    The threshold misses an active latent whose lam_i is between t and t / 0.99, such as 1.005 at t
    = 1 here. A rotation of the code spreads the active directions over all coordinates. Then the
    count along coordinates is 4 at every level, but the count along the principal axes of the means
    does not change.
    """
    lam = np.array([4.0, 2.0, 1.015, 1.005, 0.5, 0.2])
    X, _ = data_with_spectrum(lam, rng=6)
    turn = hadamard(N_LATENT) / 2
    levels = np.array([0.3, 0.9, 1.0, 1.5, 3.0])
    exact, measured = [], []
    for t in levels:
        mu, _ = diagnostics.posteriors(trained_at(X, t, 1.0), X)
        count = int(np.sum(lam[:N_LATENT] > t / 0.99))
        exact.append([count, N_LATENT, count])
        measured.append(
            [
                diagnostics.active_units(mu),
                diagnostics.active_units(mu @ turn),
                diagnostics.active_units(mu @ turn, rotate=True),
            ]
        )

    def draw(ax: Any) -> None:
        counts = np.array(measured)
        t = np.linspace(0.2, 4, 400)
        ax.step(t, [np.sum(lam[:N_LATENT] > level / 0.99) for level in t], "k-", lw=0.8)
        ax.plot(levels, counts[:, 0], "o", ms=10, mfc="none", label="as trained")
        ax.plot(levels, counts[:, 1], "s", ms=4, label="rotated, by coordinates")
        ax.plot(levels, counts[:, 2], "x", label="rotated, by principal axes")
        ax.set(xlabel="level $t$", ylabel="active units")
        ax.legend()

    return Outcome(exact, measured, tolerance=0, draw=draw)
