"""The geometry of normals: Fisher information, natural gradients, and the two KLs."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import optimize, special, stats

from minivae.bayes import conjugate, variational
from minivae.claims import Outcome, claim
from minivae.edge.checks import Array
from minivae.linear.vae_is_ppca import sigma_points
from minivae.nn import gaussian


@claim(
    "The Fisher information is the curvature of the KL: 1 / variance for mu, 1/2 for log_var",
    source="Amari 1998",
)
def fisher_is_the_curvature_of_the_kl() -> Outcome:
    """KL(p_0 || p_t) has a minimum at t = 0, and its Hessian there is E[score score^T].

    The first derivative is minus the mean score, which is zero. The second derivative is minus the
    mean of the second derivative of log p, and integration by parts turns it into the covariance of
    the score. The exact value is this covariance on a grid, with the scores by hand and scipy's
    density. The measured value is the derivative of the library's KL gradient by complex steps, in
    either argument.
    """
    e = np.linspace(-12, 12, 24_001)
    p = stats.norm.pdf(e) * (e[1] - e[0])
    exact, measured = [], []
    for mu, log_var in ((0.3, -1.2), (-2.0, 0.7)):
        sigma = np.exp(log_var / 2)
        # d log N / d mu = eps / sigma,  d log N / d log_var = (eps^2 - 1) / 2
        scores = np.array([e / sigma, (e**2 - 1) / 2])
        fisher = (scores * p) @ scores.T
        point = np.array([[mu]]), np.array([[log_var]])
        for first in (True, False):
            columns = []
            for step in ((1e-30j, 0), (0, 1e-30j)):
                moved = point[0] + step[0], point[1] + step[1]
                a, b = (moved, point) if first else (point, moved)
                one = np.ones(1)
                gradient = gaussian.gaussian_kl_between_backward(a[0], a[1], b[0], b[1], one)
                own = gradient[:2] if first else gradient[2:]
                columns.append([float(g.imag[0, 0]) / 1e-30 for g in own])
            exact.append(fisher)
            measured.append(np.array(columns))
    return Outcome(exact, measured, tolerance=1e-10, because="the grid; rounding")


@claim(
    "One natural-gradient step of length 1 on the ELBO gives the conjugate posterior exactly",
    source="Khan and Lin 2017; Hoffman et al. 2013",
)
def a_natural_step_solves_a_conjugate_model() -> Outcome:
    """For natural parameters, the natural gradient is the gradient with respect to E z and E z^2.

    For q = N(m, v) a step of length 1 sets the precision to -2 d E log p / d v, and moves the mean
    by d E log p / d m times the new variance. If log p is a quadratic function, both are exact
    after one step, however far away q is. The exact values are the posterior of
    `NormalKnownVariance` by scipy's minimiser of -log p and its curvature. The measured value is
    the step from three starts, with the gradients of the library's ELBO over sigma points. The
    picture also shows a plain gradient step of the same length.
    """
    y, prior = np.array([1.2, 0.7, 2.1, 1.5]), (0.7, 2.0, 0.5)

    def minus_log_p(z: Any) -> Any:
        return (z - prior[0]) ** 2 / (2 * prior[1]) + np.sum((y - z) ** 2) / (2 * prior[2])

    best = optimize.minimize_scalar(minus_log_p, bracket=(0, 1), tol=1e-12).x
    h = 1e-2
    curvature = (minus_log_p(best + h) + minus_log_p(best - h) - 2 * minus_log_p(best)) / h**2

    def target(z: Array) -> tuple[Array, Array]:
        residual = y - z
        log_p = -((z[:, 0] - prior[0]) ** 2) / (2 * prior[1])
        log_p = log_p - np.sum(residual**2, axis=1) / (2 * prior[2])
        slope = -(z - prior[0]) / prior[1] + residual.sum(axis=1, keepdims=True) / prior[2]
        return log_p, slope

    starts = np.array([[-3.0, 2.0], [0.5, -4.0], [10.0, 0.0]])
    eps, ends = sigma_points(1), []
    for mu, log_var in starts:
        m, lv = np.array([mu]), np.array([log_var])
        _, dmu, dlog_var = variational.elbo_and_gradient(target, m, lv, eps)
        # the ELBO's dlog_var holds the entropy's 1/2; d/dv = (d/dlv) / v
        dv = (dlog_var[0] - 0.5) / np.exp(log_var)
        variance = 1 / (-2 * dv)
        ends.append([mu + variance * dmu[0], variance])
    posterior = conjugate.NormalKnownVariance(prior[0], prior[1], noise_variance=prior[2]).update(y)

    def draw(ax: Any) -> None:
        for (mu, log_var), (m, v) in zip(starts, ends, strict=True):
            xy = np.exp(log_var / 2)
            ax.annotate("", (m, np.sqrt(v)), (mu, xy), arrowprops={"arrowstyle": "->"})
            ax.plot(mu, xy, "o")
        ax.plot(posterior.mean, np.sqrt(posterior.variance), "k*", ms=14, label="posterior")
        ax.set(xlabel="mean of q", ylabel="deviation of q", yscale="log", xlim=(-4, 11))
        ax.set_title("one natural-gradient step from three places", fontsize="medium")
        ax.legend()

    exact = np.array([best, 1 / curvature])
    return Outcome(
        np.broadcast_to(exact, (4, 2)),
        [*ends, [posterior.mean, posterior.variance]],
        tolerance=1e-7,
        because="the minimiser's; rounding",
        draw=draw,
    )


@claim(
    "KL(p || q) is least at the moments of p, and KL(q || p) near one of the two modes of p",
    source="Bishop 2006, section 10.1.2; Minka 2005",
)
def forward_matches_moments_reverse_seeks_a_mode() -> Outcome:
    """KL(p || q) is large if q misses a part of p, and KL(q || p) if q is where p is not.

    In q's natural parameters the first KL has the gradient E_q[z, z^2] - E_p[z, z^2], which is zero
    if the moments agree. The second KL has a minimum at each of two well separated modes, so the
    result depends on the start. p is .6 N(-.5, .7^2) + .4 N(4.5, .6^2). The exact values are the
    moments of p, and scipy's minimum of KL(q || p) over a grid, from the origin, where the
    library's fit starts, too. The measured values are the minimum of KL(p || q) with the library's
    density, and the library's fit, whose 2,000 noise draws determine it to about a hundredth.
    """
    z = np.linspace(-9, 10, 4001)
    dz = z[1] - z[0]
    parts = [(0.6, -0.5, 0.7), (0.4, 4.5, 0.6)]
    density = sum(w * stats.norm(m, s).pdf(z) for w, m, s in parts)
    mean = np.sum(density * z) * dz
    variance = np.sum(density * (z - mean) ** 2) * dz

    def log_p(z: Array) -> tuple[Array, Array]:
        logs = np.stack([np.log(w) + stats.norm(m, s).logpdf(z[:, 0]) for w, m, s in parts])
        slopes = np.stack([-(z[:, 0] - m) / s**2 for _, m, s in parts])
        total = special.logsumexp(logs, axis=0)
        return total, np.sum(np.exp(logs - total) * slopes, axis=0)[:, None]

    def forward(theta: Array) -> float:
        column = np.broadcast_to(theta[0], (len(z), 1)), np.broadcast_to(theta[1], (len(z), 1))
        return float(-np.sum(density * gaussian.gaussian_log_density(z[:, None], *column)) * dz)

    def reverse(theta: Array) -> float:
        q = stats.norm(theta[0], np.exp(theta[1] / 2))
        return float(np.sum(q.pdf(z) * (q.logpdf(z) - log_p(z[:, None])[0])) * dz)

    options = {"xatol": 1e-9, "fatol": 1e-13, "maxiter": 2000}
    least_forward, least_reverse = (
        optimize.minimize(f, [0.0, 0.0], method="Nelder-Mead", options=options).x
        for f in (forward, reverse)
    )
    fit = variational.fit_mean_field(log_p, 1, n_draws=2000, rng=0)

    def draw(ax: Any) -> None:
        ax.plot(z, density, "k", label="p")
        ax.plot(z, stats.norm(mean, np.sqrt(variance)).pdf(z), label="least KL(p || q)")
        q = stats.norm(fit.mu[0], np.exp(fit.log_var[0] / 2))
        ax.plot(z, q.pdf(z), label="least KL(q || p), near a mode")
        ax.set(xlabel="z", ylabel="density", xlim=(-5, 8))
        ax.legend()

    return Outcome(
        exact=[mean, np.log(variance), *least_reverse],
        measured=[*least_forward, fit.mu[0], fit.log_var[0]],
        tolerance=[1e-5, 1e-5, 0.03, 0.06],
        because="the minimiser's; the fit's noise, one over the root of 2,000",
        draw=draw,
    )
