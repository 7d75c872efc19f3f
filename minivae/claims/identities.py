"""Gradients of Gaussian expectations: the identities of Bonnet, Price and Stein, and their limits.

The library's estimators get no random draws here. They are evaluated on a fine grid of noise and
averaged with the normal density, so the averages have no sampling noise.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from scipy import integrate, stats

from minivae.bayes import gradient_estimators as estimators
from minivae.claims import Outcome, claim
from minivae.edge.checks import Array
from minivae.nn.gaussian import reparameterize

EPS = np.linspace(-12, 12, 48_001)[:-1] + 2.5e-4  # midpoints: none is at a step
P = stats.norm.pdf(EPS) * (EPS[1] - EPS[0])


def _of_column(f: Any, z: Array) -> Array:
    return f(z[:, 0])


def _with_a_jump(c: float, z: Array) -> Array:
    return z[:, 0] + 2 * (z[:, 0] > c)


def _mean(values: Array) -> float:
    return float(P @ values[:, 0])


@claim(
    "For smooth f the gradient of E f is E f' for the mean, and E f'' / 2 for the variance",
    source="Bonnet 1964; Price 1958; Stein 1981",
)
def bonnet_price_and_stein() -> Outcome:
    """N(z; mu, v) solves the heat equation dN/dv = N''/2, and dN/dmu = -N'; integrate by parts.

    So d E f / d mu = E f' and d E f / d v = E f'' / 2. Stein's lemma says that E f' eps = sigma E
    f''. The chain rule gives d/d sigma = 2 sigma d/dv. The exact values are E f' and sigma E f''
    for f = sin, tanh and z^4, by scipy's adaptive quadrature. The measured values are the means of
    the library's two estimators over a grid of noise: the path's f' eps, and the score's f (eps^2 -
    1) / sigma.
    """
    functions: dict[str, tuple[Any, Any, Any]] = {
        "sin": (np.sin, np.cos, lambda z: -np.sin(z)),
        "tanh": (
            np.tanh,
            lambda z: 1 - np.tanh(z) ** 2,
            lambda z: -2 * np.tanh(z) * (1 - np.tanh(z) ** 2),
        ),
        "z^4": (lambda z: z**4, lambda z: 4 * z**3, lambda z: 12 * z**2),
    }
    exact, measured = [], []
    for f, df, ddf in functions.values():
        for mu, sigma in ((0.4, 0.7), (-1.0, 1.5)):
            q = stats.norm(mu, sigma)
            slope, curvature = (
                integrate.quad(
                    lambda z, g=g, q=q: g(z) * q.pdf(z), mu - 13 * sigma, mu + 13 * sigma
                )[0]
                for g in (df, ddf)
            )
            path = estimators.reparameterized_gradient(df, mu, sigma, EPS[:, None])
            score = estimators.score_function_gradient(
                partial(_of_column, f), mu, sigma, EPS[:, None]
            )
            exact += [slope, sigma * curvature] * 2
            measured += [_mean(d) for g in (path, score) for d in g]

    def draw(ax: Any) -> None:
        mu = np.linspace(-3, 3, 61)
        for sigma in (0.3, 1.0, 2.0):
            smoothed = [P @ np.tanh(m + sigma * EPS) for m in mu]
            by_path = [
                _mean(
                    estimators.reparameterized_gradient(
                        functions["tanh"][1], m, sigma, EPS[:, None]
                    ).dmu
                )
                for m in mu
            ]
            line = ax.plot(mu, np.gradient(smoothed, mu), label=rf"$\sigma$ = {sigma:g}")[0]
            ax.plot(mu[::4], by_path[::4], "o", color=line.get_color())
        ax.set(xlabel=r"$\mu$", ylabel=r"slope of E tanh; dots: E tanh'")
        ax.legend()

    return Outcome(exact, measured, tolerance=1e-8, because="scipy's quadrature", draw=draw)


@claim(
    "At a jump of f the path gradient misses the jump times the density; the score does not",
    source="derived here; L'Ecuyer 1990",
)
def a_step_breaks_the_path() -> Outcome:
    """For f = 1 if z > c, E f = Phi((mu - c) / sigma) has the slope N(c; mu, sigma^2); E f' is 0.

    Differentiating under the integral requires that f is the integral of its derivative. A jump of
    height h at c adds h N(c) to the true slope, and the path gradient misses it. The same happens
    in a decoder with hard thresholds. For f = z + 2 (z > c) both estimators are measured, with
    respect to mu and sigma. The exact values for mu are 1 and 1 + 2 N(c), and for sigma 0 and 2
    N(c) (c - mu) / sigma.
    """
    exact, measured = [], []
    cases = [(0.0, 1.0, 0.5), (1.0, 0.5, 0.2), (-0.3, 2.0, 1.0)]
    for mu, sigma, c in cases:
        path = estimators.reparameterized_gradient(np.ones_like, mu, sigma, EPS[:, None])
        jump = partial(_with_a_jump, c)
        score = estimators.score_function_gradient(jump, mu, sigma, EPS[:, None])
        missed = 2 * stats.norm(mu, sigma).pdf(c)
        exact += [1, 0, 1 + missed, missed * (c - mu) / sigma]
        measured += [_mean(d) for g in (path, score) for d in g]

    def draw(ax: Any) -> None:
        mu = np.linspace(-3, 3, 200)
        ax.plot(mu, stats.norm.cdf(mu), label="E f, for f = 1 if z > 0")
        ax.plot(mu, stats.norm.pdf(mu), label="its slope, which the score's gradient has")
        ax.plot(mu, 0 * mu, "--", label="the path's gradient: 0")
        ax.set(xlabel=r"$\mu$, for $\sigma$ = 1")
        ax.set_ylabel("expectation, and gradients")
        ax.legend()

    because = "the grid's spacing at the jump"
    return Outcome(exact, measured, tolerance=1e-5, because=because, draw=draw)


@claim(
    "If the support moves with the parameter, the score gradient misses the value of f at its end",
    source="derived here",
)
def a_moving_support_breaks_the_score() -> Outcome:
    """For z uniform on [0, t], d E f / d t = (f(t) - E f) / t, but the score -1/t gives -E f / t.

    The derivative of an integral up to t is the integral of the derivative plus the integrand at t;
    the score gradient lacks this second part, f(t) / t. The path z = t u keeps it: E f'(t u) u. The
    same happens for the library's normal with its tails cut at c standard deviations, which is the
    mistake of clipped noise: the score gradient with respect to sigma misses the mass that crosses
    the ends, and the path gradient does not. For f = z^2 both are exact: d/d sigma of sigma^2 v is
    2 sigma v, where v is the variance of the cut normal, and the mean of the score gradient is
    sigma (E e^4 - v), with scipy's truncated normal. The measured values are the library's
    estimators.
    """
    exact, measured = [], []
    cuts = (0.5, 1.0, 2.0, 4.0)
    for c in cuts:
        inside = np.abs(EPS) < c
        p = P * inside / np.sum(P * inside)
        cut = stats.truncnorm(-c, c)
        sigma, eps = 1.3, EPS[:, None]
        path = estimators.reparameterized_gradient(lambda z: 2 * z, 0, sigma, eps)
        score = estimators.score_function_gradient(lambda z: z[:, 0] ** 2, 0, sigma, eps)
        exact += [2 * sigma * cut.moment(2), sigma * (cut.moment(4) - cut.moment(2))]
        measured += [p @ path.dsigma[:, 0], p @ score.dsigma[:, 0]]

    def draw(ax: Any) -> None:
        c = np.linspace(0.2, 5, 60)
        moments = np.array([[stats.truncnorm(-v, v).moment(n) for n in (2, 4)] for v in c])
        ax.plot(c, 2 * moments[:, 0], label="true slope, and the path's")
        ax.plot(c, moments[:, 1] - moments[:, 0], "--", label="the score's, which looks at no ends")
        ax.set(xlabel="noise is cut at so many deviations", ylabel=r"slope of $E z^2$ by $\sigma$")
        ax.legend()

    because = "the grid's spacing at the cut"
    return Outcome(exact, measured, tolerance=1e-5, because=because, draw=draw)


@claim(
    "With heavy tails the gradient exists, but samples miss it: e^(a z^2) for a near 1/2",
    source="derived here",
)
def heavy_tails_hide_the_gradient() -> Outcome:
    """E e^(a z^2) is finite for a < 1/2, but a large share of its slope is beyond every draw.

    At sigma = 1 the slope with respect to sigma is 2 a E z^2 e^(a z^2), the second moment of N(0, 1
    / (1 - 2 a)) times a constant. For a = .49 this normal is wider by a factor 7, and half of the
    slope comes from |z| > 5, where a million draws have no point. For a > 1/4 one draw has infinite
    variance, so the standard error gives no warning. The exact values are the slope, 2 a (1 - 2
    a)^(-3/2), and the share of it from |z| < 5, by scipy's chi-squared. The measured values are the
    library's estimate on a wide grid, and on a grid cut at 5.
    """
    wide = np.linspace(-200, 200, 400_001)
    exact, measured, shares = [], [], []
    for a in (0.1, 0.3, 0.45, 0.49):
        # f' = 2 a z e^(a z^2); the weight e^(-z^2 / 2) is taken in where nothing overflows
        at = np.abs(wide) < 37 / np.sqrt(0.5 if a < 0.2 else 1.0)
        eps = wide[at][:, None]
        g = estimators.reparameterized_gradient(partial(np.multiply, 2 * a), 0, 1, eps).dsigma[:, 0]
        weights = np.exp((a - 0.5) * eps[:, 0] ** 2) / np.sqrt(2 * np.pi) * (wide[1] - wide[0])
        total = 2 * a * (1 - 2 * a) ** -1.5
        # z^2 under N(0, s^2) weighted by z^2 is s^2 chi-squared of 3 degrees of freedom
        shares.append(stats.chi2(3).cdf(25 * (1 - 2 * a)))
        near = np.abs(eps[:, 0]) < 5
        exact += [1, shares[-1]]
        measured += [weights @ g / total, weights[near] @ g[near] / total]

    def draw(ax: Any) -> None:
        a = np.linspace(0, 0.499, 200)
        ax.plot(a, stats.chi2(3).cdf(25 * (1 - 2 * a)), label="share of the slope within 5")
        ax.axvline(0.25, color="k", ls="--", label="from here on the variance is infinite")
        ax.set(xlabel="a, in f = exp(a z^2)", ylabel="share that a million draws can see")
        ax.legend()

    return Outcome(
        exact, measured, tolerance=1e-3, because="the grid's spacing at the cut", draw=draw
    )


@claim(
    "With separate noise for the sum of each example, the errors in a batch are independent",
    source="Kingma, Salimans and Welling 2015",
)
def local_reparameterization() -> Outcome:
    """One draw of the weights for a batch: sums a_n = x_n w have Cov(a_n, a_m) = x_n S x_m.

    If each sum is drawn separately from a_n ~ N(x_n m, x_n S x_n), its distribution is the same,
    but the covariances are zero. Then the variance of the mean gradient of a batch falls like 1 /
    batch. The exact values are both covariances of three examples. The measured values come from
    200,000 draws with the library's reparameterized normal: draws of the weights, and draws of the
    sums.
    """
    rng, n = np.random.default_rng(0), 200_000
    x = np.array([[1.0, 2, 0.5], [0.8, 1.5, 1.0], [-1, 0.3, 2]])
    m, S = np.array([[0.5, -1, 0.2]]), np.array([[0.4, 0.1, 0.9]])
    weights = _draws(m, np.log(S), rng.standard_normal((n, 3)))
    shared = weights @ x.T
    local = _draws(m @ x.T, np.log(S @ (x**2).T), rng.standard_normal((n, 3)))
    covariance = (x * S) @ x.T
    exact = np.array([covariance, np.diag(np.diag(covariance))])
    measured = [np.cov(a, rowvar=False) for a in (shared, local)]
    scale = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))

    def draw(ax: Any) -> None:
        for a, name in ((shared, "one draw of the weights"), (local, "a draw for each sum")):
            ax.plot(*a[:1500, :2].T, ".", ms=3, alpha=0.5, label=name)
        ax.set(xlabel="sum of example 1", ylabel="sum of example 2")
        ax.legend()

    # a covariance of normals has the variance (s_n^2 s_m^2 + c^2) / n, at most twice the first
    tolerance = np.broadcast_to(5 * np.sqrt(2 / n) * scale, (2, 3, 3))
    because = "five standard errors of 200,000 draws"
    return Outcome(exact, measured, tolerance, because=because, draw=draw)


def _draws(mu: Array, log_var: Array, eps: Array) -> Array:
    """Return a draw of one Gaussian for each row of eps."""
    return reparameterize(*np.broadcast_arrays(mu, log_var, eps))
