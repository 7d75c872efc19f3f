"""Gradients through samples: two unbiased estimators, and the variance of each."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from minivae.bayes import gradient_estimators as estimators
from minivae.claims import Outcome, claim
from minivae.edge.checks import Array

N_DRAWS = 1_000_000
FIVE_ERRORS = "five standard errors of a million draws"


def _square(z: Array) -> Array:
    return np.sum(z * z, axis=1)


def _twice(z: Array) -> Array:
    return 2 * z


def _noise(n_dims: int = 1, n: int = N_DRAWS) -> Array:
    return np.random.default_rng(0).standard_normal((n, n_dims))


def _mean_of(samples: Array) -> tuple[float, float]:
    """Return the mean, and five standard errors of the mean."""
    return float(np.mean(samples)), float(5 * np.std(samples) / np.sqrt(samples.size))


def _variance_of(samples: Array) -> tuple[float, float]:
    """Return the variance, and five standard errors of it, sqrt((m4 - m2^2) / n)."""
    squares = (samples - np.mean(samples)) ** 2
    return _mean_of(squares)


@claim(
    "The reparameterized gradient of a smooth f is unbiased, and so is the score-function gradient",
    source="Williams 1992; Kingma and Welling 2014",
)
def reparameterized_gradient_is_unbiased() -> Outcome:
    """Averaged over draws, both estimators give the derivative of the expectation.

    The first estimator differentiates f along the path z = mu + s eps. The second one does not
    differentiate f, but the density: int f dN = E[f d log N]. For z ~ N(mu, s^2) the expectations
    are known: E z^2 = mu^2 + s^2 and E sin z = sin(mu) e^(-s^2/2). The exact values are their
    derivatives with respect to mu and s, at three points; the tolerance is five standard errors of
    a million draws.
    """
    eps, exact, rows = _noise(), [], []
    functions: list[tuple[Any, Any]] = [(_square, _twice), (lambda z: np.sin(z[:, 0]), np.cos)]
    for mu, s in ((1.0, 1.0), (0.5, 2.0), (-1.0, 0.3)):
        damping = np.exp(-s * s / 2)
        truths = [(2 * mu, 2 * s), (np.cos(mu) * damping, -s * np.sin(mu) * damping)]
        for (f, df), truth in zip(functions, truths, strict=True):
            exact += [*truth, *truth]
            for gradient in (
                estimators.reparameterized_gradient(df, mu, s, eps),
                estimators.score_function_gradient(f, mu, s, eps),
            ):
                rows += [_mean_of(gradient.dmu), _mean_of(gradient.dsigma)]
    measured, tolerance = zip(*rows, strict=True)

    def draw(ax: Any) -> None:
        few = np.arange(1, 2001)
        for name, gradient in (
            ("reparameterized", estimators.reparameterized_gradient(_twice, 1, 1, eps[:2000])),
            ("score function", estimators.score_function_gradient(_square, 1, 1, eps[:2000])),
        ):
            ax.semilogx(few, np.cumsum(gradient.dmu[:, 0]) / few, label=name)
        ax.axhline(2, color="0.35", linestyle="--", label="d/dmu (mu^2 + s^2) = 2")
        ax.set(xlabel="draws", ylabel="mean gradient with respect to mu, for f = z^2", ylim=(0, 6))
        ax.legend()

    return Outcome(exact, measured, tolerance, because=FIVE_ERRORS, draw=draw)


@claim(
    "The reparameterized gradient has less variance for z^2, but more variance for sin(20 z)",
    source="derived here",
)
def estimator_variances() -> Outcome:
    """For f = z^2 and mu = s = 1 the variances (path, score) are 4, 30 for mu and 12, 136 for s.

    With e standard normal and z = mu + s e, the two gradients with respect to mu are 2z and z^2 e /
    s, and with respect to s they are 2z e and z^2 (e^2 - 1) / s. The means of their squares follow
    from E e^2 = 1, E e^4 = 3, E e^6 = 15 and E e^8 = 105. Minus the square of the true gradient, (2
    mu)^2 or (2 s)^2, the variances are 4 s^2 and mu^4/s^2 + 14 mu^2 + 15 s^2 for mu, and 4 mu^2 + 8
    s^2 and 2 mu^4/s^2 + 60 mu^2 + 74 s^2 for s. This order is not a law: f = sin 20 z has small
    values and a large slope, and for mu the variances are 199.9 and .50 (the exact values are E of
    the squares by quadrature). The measured values are the sample variances of a million draws.
    """
    eps, exact, rows = _noise(), [], []
    for mu, s in ((1.0, 1.0), (1.5, 0.5)):
        path = estimators.reparameterized_gradient(_twice, mu, s, eps)
        score = estimators.score_function_gradient(_square, mu, s, eps)
        rows += [_variance_of(g) for g in (path.dmu, path.dsigma, score.dmu, score.dsigma)]
        exact += [4 * s**2, 4 * mu**2 + 8 * s**2]
        exact += [mu**4 / s**2 + 14 * mu**2 + 15 * s**2, 2 * mu**4 / s**2 + 60 * mu**2 + 74 * s**2]
    wave = estimators.reparameterized_gradient(lambda z: 20 * np.cos(20 * z), 1, 1, eps)
    score = estimators.score_function_gradient(lambda z: np.sin(20 * z[:, 0]), 1, 1, eps)
    rows += [_variance_of(g.dmu) for g in (wave, score)]
    exact += _exact_variances_of_a_wave()
    measured, tolerance = zip(*rows, strict=True)

    def draw(ax: Any) -> None:
        from minivae.plots.style import draw_curves, finish

        few, bins = eps[:100_000], np.linspace(-10, 24, 69)
        curves = {}
        for name, gradient in (
            ("f'(z)", estimators.reparameterized_gradient(_twice, 1, 1, few)),
            ("f(z) (z - mu) / s^2", estimators.score_function_gradient(_square, 1, 1, few)),
        ):
            label = f"{name}: mean {np.mean(gradient.dmu):.2f}, variance {np.var(gradient.dmu):.1f}"
            curves[label] = np.histogram(gradient.dmu, bins, density=True)[0]
        draw_curves(ax, (bins[1:] + bins[:-1]) / 2, curves)
        ax.axvline(2, color="0.35", linestyle="--", label="the true gradient, 2")
        ax.set(yscale="log", ylim=(1e-4, 10))
        finish(ax, "one draw's gradient with respect to mu, for f = z^2, mu = s = 1", "density")

    return Outcome(exact, measured, tolerance, because=FIVE_ERRORS, draw=draw)


def _exact_variances_of_a_wave() -> list[float]:
    """Return both variances for mu, with f = sin 20 z at mu = s = 1, by the trapezoidal rule."""
    e = np.linspace(-12, 12, 40_001)
    p = stats.norm.pdf(e) * (e[1] - e[0])
    samples = 20 * np.cos(20 * (1 + e)), np.sin(20 * (1 + e)) * e
    return [float(p @ g**2 - (p @ g) ** 2) for g in samples]


@claim(
    "A constant baseline lowers the variance of the score-function gradient: here from 30 to 14",
    source="derived here",
)
def score_function_baseline() -> Outcome:
    """Subtracting b from f keeps the mean, because the score has mean zero, but not the variance.

    Var[(f - b) g] = E[f^2 g^2] - 2 b E[f g^2] + b^2 E[g^2] - (true gradient)^2 is least at b = E[f
    g^2] / E[g^2]. For f = z^2 at mu = s = 1 this is mu^2 + 3 s^2 = 4, not E f = 2. The variances at
    b = 0, 2 and 4 are 30, 18 and 14, and the mean is 2 for each. The variance of the
    reparameterized gradient is 4. The exact value is the parabola 30 - 8 b + b^2.
    """
    eps, baselines = _noise(), np.array([0.0, 2.0, 4.0, 6.0])
    samples = [
        estimators.score_function_gradient(_square, 1, 1, eps, baseline=b).dmu for b in baselines
    ]
    variances, errors = zip(*[_variance_of(g) for g in samples], strict=True)
    means, mean_errors = zip(*[_mean_of(g) for g in samples], strict=True)

    def draw(ax: Any) -> None:
        from minivae.plots.style import draw_curves, draw_level, finish

        b = np.linspace(-1, 7, 100)
        draw_curves(ax, b, {"30 - 8 b + b^2": 30 - 8 * b + b * b})
        ax.plot(baselines, variances, "k*", markersize=10, label="measured")
        draw_level(ax, 4, "the reparameterized gradient's")
        ax.set(ylim=(0, 42))
        finish(ax, "baseline b", "variance of the gradient with respect to mu")

    return Outcome(
        exact=[30 - 8 * baselines + baselines**2, np.full(4, 2.0)],
        measured=[variances, means],
        tolerance=[errors, mean_errors],
        because=FIVE_ERRORS,
        draw=draw,
    )


@claim(
    "For |z|^2 the score-function variance grows like d^2, and like d with the baseline E f",
    source="derived here",
)
def estimator_dimension_growth() -> Outcome:
    """In d dimensions, most of f = |z|^2 is noise for the gradient of a single coordinate.

    At mu = 0 the reparameterized gradient with respect to mu_1 is 2 z_1, whose variance is 4 s^2 in
    every dimension. The score-function gradient is |z|^2 e_1 s^-1, and E |e|^4 e_1^2 = (d + 2)(d +
    4), so its variance is s^2 (d+2)(d+4), which is 528 at d = 20. With the baseline E f = d the
    variance is E (|e|^2 - d)^2 e_1^2 = 2 d + 8. By symmetry E |e|^2n e_1^2 = E |e|^(2n+2) / d; the
    exact values are these moments of scipy's chi-squared distribution.
    """
    dims, s = np.array([1, 2, 5, 10, 20]), 1.0
    exact = []
    for d in dims:
        one, two, three = (float(stats.chi2(d).moment(n)) / d for n in (1, 2, 3))
        exact.append([4 * s**2, s**2 * three, s**2 * (three - 2 * d * two + d**2 * one)])
    rows = []
    for d in dims:
        eps = _noise(int(d), 200_000)
        path = estimators.reparameterized_gradient(_twice, np.zeros(d), s, eps)
        score = estimators.score_function_gradient(_square, np.zeros(d), s, eps)
        based = estimators.score_function_gradient(_square, np.zeros(d), s, eps, baseline=float(d))
        rows.append([_variance_of(g.dmu[:, 0]) for g in (path, score, based)])
    measured, tolerance = np.moveaxis(np.array(rows), 2, 0)

    def draw(ax: Any) -> None:
        from minivae.plots.style import draw_curves, finish

        truths = np.array(exact).T
        names = "reparameterized", "score function", "score function, baseline d"
        draw_curves(ax, dims, dict(zip(names, truths, strict=True)))
        ax.plot(dims, measured, "k*", markersize=10)
        ax.set(xscale="log", yscale="log")
        ax.set_xticks(dims, [str(d) for d in dims])
        ax.set_xticks([], minor=True)
        finish(ax, "dimension d", "variance by mu_1 (stars: measured)")

    because = "five standard errors of 200,000 draws"
    return Outcome(exact, measured, tolerance, because=because, draw=draw)


def _normal_score(m: float, t: float) -> Any:
    """Return d log p / dz of p = N(m, t^2)."""
    return lambda z: -(z - m) / t**2


@claim(
    "Sticking the landing: if q is the posterior, the gradient of every draw is zero",
    source="Roeder et al. 2017",
)
def sticking_the_landing() -> Outcome:
    """If q = p, log p(z) - log q(z) is zero at every z, and so is its derivative along z.

    The full gradient has a further term, -d log q at fixed z. Its mean is zero, but its variance is
    not, so the full gradient is noisy at the optimum and a stochastic optimizer does not come to
    rest there. The measured values are the largest gradients of a million draws with respect to mu
    and s, without this term.
    """
    gradient = estimators.elbo_gradient(
        _normal_score(0.5, 0.8), 0.5, 0.8, _noise(), stick_the_landing=True
    )
    return Outcome([0, 0], [np.abs(g).max() for g in gradient], 1e-12, because="rounding")


@claim(
    "Away from the optimum both ELBO gradients have the same mean, and known variances",
    source="derived here",
)
def elbo_gradient_variances() -> Outcome:
    """For q = N(mu, s^2) and p = N(m, t^2) the mean is -(mu - m)/t^2 for mu, and 1/s - s/t^2 for s.

    The path gradient with respect to mu is -(z - m)/t^2 + e/s, with variance (s/t^2 - 1/s)^2. The
    full gradient lacks e/s and has the variance s^2/t^4, which is less if s^2 < t^2/2. So sticking
    the landing pays off near the optimum, but not everywhere. At mu = 0, s = 1, m = .5, t = .8 the
    two variances are .316 and 2.441. At q = p the full gradient still has the variance 1/s^2, and
    with respect to log s, where it is 1 - e^2, the variance 2. Over a million draws, both means for
    both parameters and these four variances are measured.
    """
    m, t, eps = 0.5, 0.8, _noise()
    path = estimators.elbo_gradient(_normal_score(m, t), 0, 1, eps, stick_the_landing=True)
    full = estimators.elbo_gradient(_normal_score(m, t), 0, 1, eps)
    landed = estimators.elbo_gradient(_normal_score(m, t), m, t, eps)
    means = [_mean_of(g) for g in (path.dmu, full.dmu, path.dsigma, full.dsigma)]
    variances = [_variance_of(g) for g in (path.dmu, full.dmu, landed.dmu, t * landed.dsigma)]
    exact = [m / t**2] * 2 + [1 - 1 / t**2] * 2
    exact += [(1 / t**2 - 1) ** 2, 1 / t**4, 1 / t**2, 2]
    measured, tolerance = zip(*means, *variances, strict=True)

    def draw(ax: Any) -> None:
        from minivae.plots.style import draw_curves, finish

        s, few, curves = np.geomspace(0.3, 2, 30), eps[:20_000], {}
        for name, stick in (("full", False), ("sticking the landing", True)):
            samples = [
                estimators.elbo_gradient(_normal_score(m, t), m, v, few, stick_the_landing=stick)
                for v in s
            ]
            curves[name] = np.array([np.var(gradient.dmu) for gradient in samples])
        draw_curves(ax, s, curves)
        ax.axvline(t, color="0.35", linestyle="--", label="q = p")
        ax.set(ylim=(-0.2, 6))
        finish(ax, "standard deviation s of q", "variance of the gradient with respect to mu")

    return Outcome(exact, measured, tolerance, because=FIVE_ERRORS, draw=draw)
