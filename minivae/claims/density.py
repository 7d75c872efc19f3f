"""Density estimation: bounds on log p(x), in Gaussian models with a known p(x)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from minivae.claims import Outcome, claim
from minivae.claims.pictures import along
from minivae.claims.sampling_rigs import exact_bound
from minivae.claims.vae_rigs import linear_vae
from minivae.diagnostics import marginal_likelihood
from minivae.edge.checks import Array
from minivae.models import vae

KS = (1, 2, 5, 10, 50)


def _nearly_right() -> tuple[vae.VAE, float]:
    """Return z ~ N(0, 1), x | z ~ N(z, 1), with q = N(x/2 + .3, .8), and log p(x) at x = 1."""
    model = linear_vae(np.eye(1), 1.0, 0.5 * np.eye(1), offset=0.3, variance=0.8)
    return model, float(stats.norm(0, np.sqrt(2)).logpdf(1))


def _draws(model: vae.VAE, k: int, n: int) -> Array:
    """Return n independent draws of log 1/k sum w at x = 1."""
    return marginal_likelihood.importance_weighted_bound(model, np.ones((n, 1)), k, rng=k)


@claim(
    "Importance-weighted bounds rise with k from the ELBO to log p(x)", source="Burda et al. 2016"
)
def importance_weighted_bounds() -> Outcome:
    """The mean of more weights has less noise, so the logarithm of the mean has less bias.

    The mean of k weights is an unbiased estimate of p(x) for every k. By Jensen's inequality the
    expectation of its logarithm is below log p(x), and the difference shrinks with the variance:
    L_1 = ELBO <= L_2 <= ... . In the model z ~ N(0, 1), x ~ N(z, 1) with q = N(x/2 + .3, .8), the
    weights have a closed form. The exact values are L_1, L_2, L_5, L_10 and L_50 at x = 1 by two
    nested quadratures; they rise from -1.6705 to -1.5172, below log p = -1.5155. The measured
    values are means of 20,000 draws; the tolerance is five standard errors.
    """
    model, log_p = _nearly_right()
    nodes, weights = np.polynomial.hermite_e.hermegauss(100)
    z = 0.8 + np.sqrt(0.8) * nodes
    log_w = stats.norm.logpdf(1, z) + stats.norm.logpdf(z) - stats.norm.logpdf(z, 0.8, 0.8**0.5)
    exact = np.array([exact_bound(k, log_w, weights / weights.sum()) for k in KS])
    draws = [_draws(model, k, 20_000) for k in KS]

    def draw(ax: Any) -> None:
        from minivae.plots import importance_bounds

        importance_bounds(
            KS, {"by quadrature": exact, "measured": np.mean(draws, axis=1)}, exact=log_p, ax=ax
        )

    return Outcome(
        exact=exact,
        measured=np.mean(draws, axis=1),
        tolerance=5 * np.std(draws, axis=1) / np.sqrt(20_000),
        because="five standard errors of 20,000 draws",
        draw=draw,
    )


@claim(
    "For large k, where Var(w) is finite, the gap log p(x) - L_k is Var(w) / (2 k p(x)^2)",
    source="Maddison et al. 2017; Domke and Sheldon 2018",
)
def importance_weighted_gap() -> Outcome:
    """For large k the mean weight is m = p(x) (1 + d) with E d = 0 and E d^2 = R / k.

    E log(1 + d) = -E d^2 / 2 + ..., so log p - L_k = R / (2 k) up to O(1/k^2). For a posterior of
    variance s = .5 and a proposal of variance v = .8 whose mean is off by o = .3, R = Var(w) / p^2
    = v / sqrt(s (2v - s)) exp(o^2 / (2v - s)) - 1 = .1707. If 2v <= s, the variance is infinite.
    The measured values are E m / p, which must be 1, and k (log p - L_k), as the mean of d - log(1
    + d), which has far less noise than log(1 + d). The tolerance is a tenth of R/2.
    """
    model, log_p = _nearly_right()
    s, v, o = 0.5, 0.8, 0.3
    R = v / np.sqrt(s * (2 * v - s)) * np.exp(o**2 / (2 * v - s)) - 1
    measured, tolerance, ks = [], [], np.array([10, 20, 50])
    for k in ks:
        log_ratio = _draws(model, int(k), 20_000) - log_p
        ratio = np.exp(log_ratio)
        gap = k * (ratio - 1 - log_ratio)
        errors = 5 * np.std([ratio, gap], axis=1) / np.sqrt(len(gap))
        measured.append([np.mean(ratio), np.mean(gap)])
        tolerance.append(errors + np.array([0, 0.1 * R / 2]))

    def draw(ax: Any) -> None:
        from minivae.plots.style import draw_curves, finish

        draw_curves(ax, ks, {"R / (2 k)": R / 2 / ks})
        ax.plot(ks, np.array(measured)[:, 1] / ks, "k*", markersize=10, label="measured")
        ax.set(xscale="log", yscale="log")
        finish(ax, "importance samples k", "log p(x) - L_k (nats)")

    because = "five standard errors of 20,000 draws; a tenth of R/2 for the next order, 1/k"
    return Outcome([[1, R / 2]] * 3, measured, tolerance, because=because, draw=draw)


@claim("With q = posterior every single draw is exactly log p(x)", source="derived here")
def posterior_proposal_is_exact() -> Outcome:
    """If q(z) = p(z | x), the weight p(x | z) p(z) / q(z) is p(x) for every z.

    For x = z A + s noise with orthogonal rows of A, the posterior has independent coordinates with
    precision m_i = 1 + |a_i|^2 / s^2 and mean x . a_i / (s^2 m_i). The exact value is scipy's
    density of N(0, A^T A + s^2 I). For each of 500 x, the measured values are one draw, the mean of
    7 draws, and the mean of 1,200 draws, which do not fit into one block of the library.
    """
    A, s = np.array([[1.0, 2.0, -1.0], [1.0, 0.0, 1.0]]), 0.7
    m = 1 + np.sum(A * A, axis=1) / s**2
    model = linear_vae(A, s, A.T / (s**2 * m), offset=0, variance=1 / m)
    truth = stats.multivariate_normal(np.zeros(3), A.T @ A + s**2 * np.eye(3))
    x = truth.rvs(500, random_state=0)
    return Outcome(
        exact=[truth.logpdf(x)] * 3,
        measured=[marginal_likelihood.log_likelihood(model, x, k, rng=0) for k in (1, 7, 1200)],
        tolerance=1e-12,
        because="rounding",
    )


def _isotropic(d: int, s: float = 0.5) -> tuple[vae.VAE, Any]:
    """Return z ~ N(0, I), x | z ~ N(z, s^2 I) with the posterior as its encoder, and p(x)."""
    c = 1 + s * s
    model = linear_vae(np.eye(d), s, np.eye(d) / c, offset=0, variance=s * s / c)
    return model, stats.multivariate_normal(np.zeros(d), c * np.eye(d))


@claim(
    "For x = 0 and x | z ~ N(z, s^2 I) the relative variance of naive Monte Carlo is rho^d - 1",
    source="derived here",
)
def naive_monte_carlo_variance() -> Outcome:
    """If z comes from the prior, the weight is p(x | z): its variance grows exponentially with d.

    For x | z ~ N(z, s^2 I) at x = 0 the moments are products over the dimensions: E w^2 / p^2 =
    rho^d with rho = int N(0; z, s^2)^2 N(z; 0, 1) dz / N(0; 0, 1 + s^2)^2 = (1 + s^2) / (s sqrt(2 +
    s^2)), which is 1.667 at s = 1/2. The measured value is the variance of p_hat / p over 200,000
    single draws, in one, two and four dimensions; the tolerance is five standard errors.
    """
    dims, s, n = np.array([1, 2, 4]), 0.5, 200_000
    rho = (1 + s * s) / (s * np.sqrt(2 + s * s))
    measured, tolerance = [], []
    for d in dims:
        model, truth = _isotropic(int(d), s)
        x = np.zeros((n, d))
        log_p_hat = marginal_likelihood.log_likelihood(model, x, 1, rng=0, proposal="prior")
        squares = (np.exp(log_p_hat - truth.logpdf(x[0])) - 1) ** 2
        measured.append(np.mean(squares))
        tolerance.append(5 * np.std(squares) / np.sqrt(n))
    because = "five standard errors of 200,000 draws"
    exact, what = rho**dims - 1, "variance of a draw's weight / p^2"
    draw = along("dimensions", dims.tolist(), what, exact, measured, tolerance=tolerance, log="y")
    return Outcome(exact, measured, tolerance, because=because, draw=draw)


@claim(
    "For x | z ~ N(z, I/4) in 20 dimensions naive Monte Carlo fails, and posterior draws do not",
    source="derived here",
)
def naive_monte_carlo_fails() -> Outcome:
    """In many dimensions, none of 1,000 draws from the prior is near the posterior.

    The relative variance of the mean is (rho^d - 1) / 1000, with rho^20 = 27,000. So log p_hat
    depends on the luckiest draw, and is too low. The measured values are the errors of the
    estimate, averaged over 50 x: smaller than .05 nats at d = 2, below -5 at d = 20, and below -30
    at d = 50. With draws from the encoder, which is the posterior here, the largest error at d = 50
    is rounding.
    """
    dims, errors = np.array([1, 2, 5, 10, 20, 50]), dict[str, list[Array]]()
    for proposal in ("prior", "posterior"):
        errors[proposal] = []
        for d in dims:
            model, truth = _isotropic(int(d))
            x = truth.rvs(50, random_state=0).reshape(50, d)
            estimate = marginal_likelihood.log_likelihood(model, x, 1000, rng=1, proposal=proposal)
            errors[proposal].append(estimate - truth.logpdf(x))
    bias = dict(zip(dims.tolist(), np.mean(errors["prior"], axis=1), strict=True))

    def draw(ax: Any) -> None:
        from minivae.plots.style import draw_curves, finish

        means = {f"draws from the {name}": np.mean(e, axis=1) for name, e in errors.items()}
        draw_curves(ax, dims, means)
        finish(ax, "dimension of z", "error of log p(x), 1,000 draws (nats)")

    return Outcome(
        exact=[0.05, -5, -30, 1e-10],
        measured=[abs(bias[2]), bias[20], bias[50], np.abs(errors["posterior"][-1]).max()],
        relation="<=",
        draw=draw,
    )
