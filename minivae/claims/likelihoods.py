"""Likelihoods and the KL: closed forms against integrals, and the optimum of each likelihood."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from scipy import integrate, optimize, special, stats

from minivae.claims import Outcome, claim
from minivae.claims.pictures import along
from minivae.edge.checks import Array
from minivae.nn import gaussian, likelihoods

# two Gaussians in three dimensions, as (mu, log_var)
P = np.array([[0.3, -1.0, 0.0]]), np.array([[-0.7, 0.0, np.log(4)]])
Q = np.array([[-0.4, 0.5, 0.0]]), np.array([[0.5, -1.2, -np.log(4)]])
STANDARD = np.zeros((1, 3)), np.zeros((1, 3))


def _scipy_normal(parameters: tuple[Array, Array], i: int) -> Any:
    mu, log_var = parameters
    return stats.norm(mu[0, i], np.exp(log_var[0, i] / 2))


def _kl_by_quadrature(p: tuple[Array, Array], q: tuple[Array, Array]) -> float:
    """Return ``int p log(p / q)``, separately for each dimension."""
    total = 0.0
    for i in range(3):
        a, b = _scipy_normal(p, i), _scipy_normal(q, i)
        total += integrate.quad(
            lambda z, a=a, b=b: a.pdf(z) * (a.logpdf(z) - b.logpdf(z)),
            *(a.mean() + 12 * a.std() * np.array([-1, 1])),
            epsabs=1e-13,
        )[0]
    return total


@claim(
    "The closed form of the KL between two Gaussians equals its integral, and is not symmetric",
    source="derived here",
)
def gaussian_kl_quadrature() -> Outcome:
    """For Gaussians, KL(p||q) = E_p[log p - log q] needs only two moments of p.

    log p - log q is a quadratic function of z, with E_p z = mu1 and E_p (z - mu2)^2 = var1 + (mu1 -
    mu2)^2. So KL = 1/2 [log var2/var1 + (var1 + (mu1 - mu2)^2) / var2 - 1] in each dimension.
    KL(q||p) has another value, because its expectation is over the other density. The exact values
    are integrals of scipy's densities by adaptive quadrature; the third value is the VAE's KL to
    N(0, I).
    """

    def draw(ax: Any) -> None:
        from minivae.plots.style import draw_curves, finish

        a, b, z = stats.norm(0, 1), stats.norm(0, 2), np.linspace(-11, 11, 500)
        curves = {"p = N(0, 1)": a.pdf(z), "q = N(0, 4)": b.pdf(z)}
        for p, q, name in ((a, b, "KL(p||q)"), (b, a, "KL(q||p)")):
            integrand = p.pdf(z) * (p.logpdf(z) - q.logpdf(z))
            curves[f"{name}: area {np.trapezoid(integrand, z):.3f} nats"] = integrand
        draw_curves(ax, z, curves)
        ax.set(xlim=(-7, 7), ylim=(-0.2, 0.75))
        finish(ax, "z", "density; integrand of the KL")

    return Outcome(
        exact=[_kl_by_quadrature(P, Q), _kl_by_quadrature(Q, P), _kl_by_quadrature(P, STANDARD)],
        measured=np.concatenate(
            [
                gaussian.gaussian_kl_between(*P, *Q),
                gaussian.gaussian_kl_between(*Q, *P),
                gaussian.gaussian_kl(*P),
            ]
        ),
        tolerance=1e-10,
        because="the quadrature, over 12 deviations to each side",
        draw=draw,
    )


@claim(
    "The average log ratio of reparameterized samples is the KL", source="Kingma and Welling 2014"
)
def gaussian_kl_monte_carlo() -> Outcome:
    """For samples z = mu + e^(lv/2) eps of p, the mean of log p(z) - log q(z) is the KL.

    Sampler, density and KL must use `log_var` in the same sense. A sampler with e^lv as the
    standard deviation passes every gradient check, and fails here. The exact value is the integral
    by quadrature of scipy's densities; the measured value is the mean over 400,000 samples, in both
    directions.
    """
    eps = np.random.default_rng(0).standard_normal((400_000, 3))
    exact, measured, tolerance = [], [], []
    for p, q in ((P, Q), (Q, P)):
        ps, qs = (np.broadcast_arrays(*each, eps)[:2] for each in (p, q))
        z = gaussian.reparameterize(ps[0], ps[1], eps)
        ratio = gaussian.gaussian_log_density(z, ps[0], ps[1])
        ratio = ratio - gaussian.gaussian_log_density(z, qs[0], qs[1])
        exact.append(_kl_by_quadrature(p, q))
        measured.append(np.mean(ratio))
        tolerance.append(5 * np.std(ratio) / np.sqrt(len(ratio)))
    places = ["KL(p, q)", "KL(q, p)"]
    draw = along("direction", places, "nats", exact, measured, tolerance=tolerance)
    because = "five standard errors of 400,000 samples"
    return Outcome(exact, measured, tolerance, because=because, draw=draw)


def _best_output(likelihood: likelihoods.Likelihood, x: float) -> tuple[float, float]:
    """Return the best decoder output for one pixel `x`, and its ``-log p``."""

    def nll(a: float) -> float:
        return -float(likelihood.log_prob(np.array([[x]]), np.array([[a]]))[0])

    best = optimize.minimize_scalar(nll, bracket=(-1.0, 1.0), tol=1e-12)
    return float(best.x), float(best.fun)


@claim(
    "On grey values the Bernoulli loss is at least the entropy of the pixels",
    source="derived here",
)
def bernoulli_floor() -> Outcome:
    """For a grey value x the best logit is log x/(1-x), and its loss is H(x), not 0.

    -log p = log(1 + e^a) - a x has the slope sigmoid(a) - x, which is zero where sigmoid(a) = x.
    There the loss is -x log x - (1-x) log(1-x) = H(x), the entropy. So the loss of grey images
    cannot reach 0, and losses of data sets with different amounts of grey cannot be compared. The
    exact value is scipy's entropy; the measured value is the minimum that a line search finds.
    """
    x = np.array([0.05, 0.25, 0.5, 0.8, 0.99])
    likelihood = likelihoods.Bernoulli()
    found = [_best_output(likelihood, value) for value in x]

    def draw(ax: Any) -> None:
        from minivae.plots.style import draw_curves, finish

        a = np.linspace(-6, 6, 200)
        losses = {"x = 1: no floor": np.log1p(np.exp(-a))}
        for value, (_, floor) in zip(x[1:4], found[1:4], strict=True):
            loss = -likelihood.log_prob(np.full((200, 1), value), a[:, None])
            losses[f"x = {value:g}: floor {floor:.3f} nats"] = loss
        draw_curves(ax, a, losses)
        ax.plot(*zip(*found[1:4], strict=True), "k*", markersize=10, label="lowest points")
        ax.set(ylim=(0, 4))
        finish(ax, "logit a", "loss of one pixel (nats)")

    return Outcome(
        exact=np.column_stack([special.logit(x), stats.bernoulli(x).entropy()]),
        measured=found,
        tolerance=[1e-5, 1e-10],
        because="a line search finds the place to the root of its rounding",
        draw=draw,
    )


@claim("The continuous Bernoulli integrates to one", source="Loaiza-Ganem and Cunningham 2019")
def continuous_bernoulli_normalised() -> Outcome:
    """e^(a x) on [0, 1] has the integral (e^a - 1) / a, so p = e^(a x - A), A = log((e^a - 1) / a).

    The Bernoulli loss has A = log(1 + e^a) instead, which does not make a density on grey values.
    The formula for A is 0/0 at a = 0 and overflows for large a. The measured value is the integral
    of the library's density by quadrature, from a = -800 through the series around 0 to a = 800.
    """
    likelihood = likelihoods.ContinuousBernoulli()
    sizes = np.array([1e-12, 1e-6, 0.0099, 0.01, 0.0101, 1, 10, 40, 800])
    outputs = np.concatenate([-sizes[::-1], [0], sizes])

    def density(x: float, a: float) -> float:
        return float(np.exp(likelihood.log_prob(np.array([[x]]), np.array([[a]])))[0])

    measured = []
    for a in outputs:
        edge = min(0.5, 30 / max(abs(a), 1))  # for a large a the mass is within 30 / |a| of one end
        pieces = pairwise([0, edge, 1 - edge, 1])
        measured.append(sum(integrate.quad(density, *piece, args=(a,))[0] for piece in pieces))

    def draw(ax: Any) -> None:
        from minivae.plots.style import draw_curves, finish

        x = np.linspace(0, 1, 200)[:, None]
        kinds = (-5.0, -1.0, 0.0, 1.0, 5.0)
        p = {f"a = {a:g}": np.exp(likelihood.log_prob(x, np.full_like(x, a))) for a in kinds}
        draw_curves(ax, x[:, 0], p)
        finish(ax, "grey value x", "density p(x)")

    return Outcome(
        exact=np.ones(len(outputs)),
        measured=measured,
        tolerance=1e-10,
        because="the quadrature",
        draw=draw,
    )


@claim(
    "For grey values the best output differs between the continuous Bernoulli and the Bernoulli",
    source="Loaiza-Ganem and Cunningham 2019",
)
def continuous_bernoulli_optimum() -> Outcome:
    """Each likelihood is largest where its mean is x, and the two means differ.

    The slope of a x - A(a) is x - A'(a) = x - E[x]. The mean of the Bernoulli is sigmoid(a). The
    mean of the continuous Bernoulli is 1 / (1 - e^-a) - 1/a, which is closer to 1/2, so its best
    outputs are larger: 4.80 for x = .8, where the logit is 1.39, and -3.59 for x = .25, where the
    logit is -1.10. The exact value is the root of "mean = x" with the mean by quadrature; the
    measured value is the maximum of the library's density.
    """
    continuous, binary = likelihoods.ContinuousBernoulli(), likelihoods.Bernoulli()

    def mean(a: float) -> float:
        weight, first = (
            integrate.quad(moment, 0, 1, epsrel=1e-13)[0]
            for moment in (lambda x: np.exp(a * x), lambda x: x * np.exp(a * x))
        )
        return first / weight

    x = [0.8, 0.25]
    exact = [optimize.brentq(lambda a, v=v: mean(a) - v, -20, 20, xtol=1e-12) for v in x]

    def draw(ax: Any) -> None:
        from minivae.plots.style import draw_curves, finish

        a = np.linspace(-10, 10, 200)
        means = {"Bernoulli: sigmoid(a)": special.expit(a), "continuous: A'(a)": continuous.mean(a)}
        draw_curves(ax, a, means)
        ax.plot([*special.logit(x), *exact], [*x, *x], "k*", markersize=10, label="x = 0.8, 0.25")
        finish(ax, "output a", "mean of x")

    return Outcome(
        exact=[*exact, *special.logit(x)],
        measured=[_best_output(kind, v)[0] for kind in (continuous, binary) for v in x],
        tolerance=1e-5,
        because="a line search finds the place to the root of its rounding",
        draw=draw,
    )


@claim(
    "The best shared variance of a Gaussian likelihood is the mean squared error",
    source="derived here",
)
def gaussian_shared_variance() -> Outcome:
    """With one variance v for all D pixels, D/2 log(2 pi v) + |r|^2 / (2 v) is least at v = MSE.

    This is -log p for residuals r. Its slope D / (2v) - |r|^2 / (2 v^2) is zero at v = |r|^2 / D,
    where the loss is D/2 [log(2 pi MSE) + 1], D times the entropy of N(0, MSE). The measured value
    is the minimum of the library's loss over v; the exact values are the mean squared error and
    scipy's entropy.
    """
    rng = np.random.default_rng(0)
    x, out = rng.standard_normal((1, 50)), 0.3 * rng.standard_normal((1, 50))

    def nll(log_sigma: float) -> float:
        return -float(likelihoods.Gaussian(float(np.exp(log_sigma))).log_prob(x, out)[0])

    best = optimize.minimize_scalar(nll, bracket=(-1.0, 1.0), tol=1e-12)
    mse = float(np.mean((x - out) ** 2))
    return Outcome(
        exact=[mse, 50 * float(stats.norm(0, np.sqrt(mse)).entropy())],
        measured=[np.exp(2 * best.x), best.fun],
        tolerance=[1e-6, 1e-10],
        because="a line search finds the place to the root of its rounding",
    )
