"""Variational inference: the loss from independent coordinates, and the loss from an encoder."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special, stats

from minivae.bayes import amortization, variational
from minivae.bayes.hamiltonian import LogDensityAndGradient
from minivae.claims import Outcome, claim
from minivae.claims.pictures import along
from minivae.edge.checks import Array
from minivae.linear.linear_gaussian import LinearGaussianModel

PRECISION = np.array([[2.0, 0.9], [0.9, 1.0]])
MEAN = np.array([1.0, -2.0])


@claim(
    "Mean-field inference finds the right means, but variances that are too small",
    source="Bishop 2006, section 10.1.2",
)
def mean_field_variances() -> Outcome:
    """For precision P the best independent Gaussian has the right means, and variances 1 / P_ii.

    E_q of the log target is -1/2 sum_i P_ii (var_i + ...), and the entropy of q is 1/2 sum_i log
    var_i. The derivative with respect to var_i is zero at var_i = 1 / P_ii. This is the variance of
    coordinate i *given* the others, which is never larger than its marginal variance (P^-1)_ii. The
    measured values come from a fit that knows only log densities and gradients.
    """
    fit = variational.fit_mean_field(_gaussian_target(MEAN, PRECISION), 2, rng=0)
    variances = np.exp(fit.log_var)

    def draw(ax: Any) -> None:
        angle = np.linspace(0, 2 * np.pi, 200)
        circle = np.stack([np.cos(angle), np.sin(angle)])
        target = MEAN[:, None] + np.linalg.cholesky(np.linalg.inv(PRECISION)) @ circle
        ax.plot(*target, label="target")
        ax.plot(*(fit.mu[:, None] + np.sqrt(variances)[:, None] * circle), "--", label="mean field")
        ax.set(xlabel="z1", ylabel="z2", aspect="equal", title="one standard deviation")
        ax.legend()

    return Outcome(
        exact=[*MEAN, *1 / np.diag(PRECISION)],
        measured=[*fit.mu, *variances],
        tolerance=1e-6,
        because="where L-BFGS stops",
        draw=draw,
    )


@claim(
    "In two dimensions independence costs the mutual information; in three it can cost more",
    source="derived here",
)
def mean_field_gap() -> Outcome:
    """In two dimensions KL(q || p) is -1/2 log(1 - rho^2), the mutual information of z1 and z2.

    With the variances 1 / P_ii of q, KL(q || p) = 1/2 (sum_i log P_ii - log |P|). In two dimensions
    |P| = P_11 P_22 (1 - rho^2). In more dimensions the gap is the total correlation of a normal
    with the covariance P, not the total correlation of the target: 1.132 nats instead of .731, for
    P_ij = .8 P_ii. The measured values are the library's closed form, and the log constant of the
    target minus the ELBO of a fit. The exact value in three dimensions is E_q log(q / p) over
    Gauss-Hermite nodes, with scipy's densities.
    """
    rho = np.array([0.3, 0.9 / np.sqrt(2), 0.95])
    closed_form, by_fit = [], []
    for r in rho:
        precision = np.array([[2.0, r * np.sqrt(2)], [r * np.sqrt(2), 1.0]])
        closed_form.append(variational.gaussian_mean_field(MEAN, precision)[2])
        fit = variational.fit_mean_field(_gaussian_target(MEAN, precision), 2, rng=0)
        log_constant = np.log(2 * np.pi) - 0.5 * np.linalg.slogdet(precision)[1]
        by_fit.append(log_constant - fit.elbo)

    def draw(ax: Any) -> None:
        x = np.linspace(0, 0.99, 200)
        ax.plot(x, -0.5 * np.log(1 - x**2), label="-1/2 log(1 - rho^2)")
        ax.plot(rho, by_fit[:3], "ko", label="log constant - ELBO of the fit")
        ax.set(xlabel="correlation rho of the target", ylabel="gap (nats)")
        ax.legend()

    exact = list(-0.5 * np.log(1 - rho**2))
    P = np.array([[1.0, 0.8, 0.8], [0.8, 1.0, 0.8], [0.8, 0.8, 1.0]])
    exact.append(_independence_by_quadrature(P))
    closed_form.append(variational.gaussian_mean_field(np.zeros(3), P)[2])
    fit = variational.fit_mean_field(_gaussian_target(np.zeros(3), P), 3, rng=0)
    by_fit.append(1.5 * np.log(2 * np.pi) - 0.5 * np.linalg.slogdet(P)[1] - fit.elbo)
    return Outcome(
        [*exact, *exact],
        [*closed_form, *by_fit],
        tolerance=1e-9,
        because="where L-BFGS stops; rounding",
        draw=draw,
    )


def _independence_by_quadrature(P: Array) -> float:
    """Return E_q log(q / p) for p with precision P and q with variances 1 / P_ii."""
    nodes, weights = special.roots_hermitenorm(4)  # exact for a quadratic
    d = len(P)
    eps = np.stack(np.meshgrid(*[nodes] * d, indexing="ij"), axis=-1).reshape(-1, d)
    weights = np.prod(np.meshgrid(*[weights / weights.sum()] * d, indexing="ij"), axis=0).ravel()
    scale = 1 / np.sqrt(np.diag(P))
    p = stats.multivariate_normal(np.zeros(d), np.linalg.inv(P))
    return float(
        weights @ (stats.norm(0, scale).logpdf(eps * scale).sum(1) - p.logpdf(eps * scale))
    )


@claim("log p(x) - ELBO = approximation gap + amortization gap", source="Cremer et al. 2018")
def inference_gaps_add_up() -> Outcome:
    """Every ELBO loses the cost of independence, plus the cost of one encoder for all x.

    log p(x) - ELBO = (log p(x) - ELBO of the best q for this x) + (this ELBO - the encoder's ELBO).
    The measured values are the library's sum of the gaps and, for the first gap alone, its closed
    form. The exact values are log p(x) + E_q[log q(z) - log p(x, z)] by quadrature; for the first
    gap, log p(x) minus the ELBO of a q that is fitted to each x.
    """
    rng = np.random.default_rng(0)
    model = LinearGaussianModel(np.array([[1.0, 1, 0], [0.5, 1, 0.5]]), 0.5)
    x, encoder = rng.normal(0, 1.5, (5, 3)), 0.25 * model.W.T
    variances = np.array([0.3, 0.2])
    log_var = np.tile(np.log(variances), (5, 1))
    gaps = amortization.inference_gaps(model, x, x @ encoder, log_var)

    covariance = model.W.T @ model.W + 0.5 * np.eye(3)
    log_p = stats.multivariate_normal(np.zeros(3), covariance).logpdf(x)
    missed = log_p - [_elbo_by_quadrature(model.W, row, row @ encoder, variances) for row in x]
    best = [variational.fit_mean_field(model.log_joint(row), 2, rng=0).elbo for row in x]

    def draw(ax: Any) -> None:
        ax.bar(range(5), gaps.approximation, label="approximation gap")
        ax.bar(range(5), gaps.amortization, bottom=gaps.approximation, label="amortization gap")
        ax.plot(range(5), missed, "ko", label="log p(x) - ELBO")
        ax.set(xlabel="example x", ylabel="gap (nats)", xticks=range(5))
        ax.legend()

    return Outcome(
        exact=[*missed, *(log_p - best)],
        measured=[*(gaps.approximation + gaps.amortization), *gaps.approximation],
        tolerance=1e-8,
        because="where L-BFGS stops; rounding of the quadrature",
        draw=draw,
    )


@claim(
    "In one dimension the loss from an encoder has a closed form",
    source="derived here",
)
def amortization_gap() -> Outcome:
    """For x = w z + noise of variance s2, an encoder N(a x, q) loses a KL between two normals.

    The posterior is N(m x, v) with m = w / (w^2 + s2) and v = s2 / (w^2 + s2), and x has the
    variance w^2 + s2. So the average of KL(N(a x, q) || N(m x, v)) over x is (q/v - 1 - log(q/v)) /
    2 + (a - m)^2 (w^2 + s2) / (2 v). The measured values are log p(x) - ELBO, averaged over x by
    three Gauss-Hermite nodes, which are exact for a quadratic function, and the library's average.
    """
    w, s2, q = 1.5, 0.6, 0.5
    model = LinearGaussianModel(np.array([[w]]), s2)
    slopes = np.linspace(0, 1, 11)
    m, v = w / (w**2 + s2), s2 / (w**2 + s2)
    exact = (q / v - 1 - np.log(q / v)) / 2 + (slopes - m) ** 2 * (w**2 + s2) / (2 * v)

    nodes, weights = special.roots_hermitenorm(3)
    x, log_var = np.sqrt(w**2 + s2) * nodes[:, None], np.full((3, 1), np.log(q))
    missed = [model.log_marginal(x) - model.elbo(x, a * x, log_var) for a in slopes]
    averages = np.array(missed) @ weights / weights.sum()
    in_closed_form = [
        sum(amortization.expected_inference_gaps(model, np.array([[a]]), log_var[0]))
        for a in slopes
    ]

    def draw(ax: Any) -> None:
        ax.plot(slopes, exact, label="closed form")
        ax.plot(slopes, averages, "ko", label="mean of log p(x) - ELBO")
        ax.axvline(m, color="0.35", linestyle="--", label="slope of the posterior mean")
        ax.set(xlabel="slope a of the encoder", ylabel="amortization gap (nats)", ylim=(0, None))
        ax.legend(loc="upper center")

    return Outcome(
        [exact, exact], [averages, in_closed_form], tolerance=1e-10, because="rounding", draw=draw
    )


@claim(
    "Each of the two inference gaps can be zero while the other is not",
    source="derived here",
)
def one_gap_without_the_other() -> Outcome:
    """A rotated decoder has only the approximation gap, a shrunken encoder only the other one.

    If the rows of W are orthogonal, the posterior precision I + W W^T / s2 is diagonal, and an
    independent q can be exact. A rotation of the rows does not change p(x), but the product of the
    diagonal of the precision then exceeds the product of its eigenvalues. The gap is 1/2 (sum log
    P_ii - log |P|), here with eigenvalues 9 and 3 and diagonal entries 6 and 6. An encoder that
    shrinks its means by a fifth loses (1/5)^2 / 2 tr[P cov(means)]. The covariance of the means is
    I - P^-1, the prior's minus the posterior's, so this loss is (tr P - 2) / 50.
    """
    aligned = np.array([[2.0, 0, 0], [0, 1, 0]])
    rotated = np.array([[1, 1], [-1, 1]]) / np.sqrt(2) @ aligned
    measured = []
    for W in (aligned, rotated):
        model = LinearGaussianModel(W, 0.5)
        weights, precision = model.posterior()
        log_var = -np.log(np.diag(precision))
        for shrink in (1, 0.8):
            measured.append(amortization.expected_inference_gaps(model, shrink * weights, log_var))
    rotation_gap, shrinking_gap = 0.5 * np.log(36 / 27), (12 - 2) / 50
    exact = np.array([(a, b) for a in (0, rotation_gap) for b in (0, shrinking_gap)])
    places = ["as it should be", "encoder shrunken", "decoder rotated", "both"]
    names = ["approximation gap", "amortisation gap"]
    return Outcome(
        draw=along("model", places, "nats", exact, measured, names=names),
        exact=exact,
        measured=measured,
        tolerance=1e-12,
        because="rounding",
    )


def _elbo_by_quadrature(W: Array, x: Array, mu: Array, variances: Array) -> float:
    """Return E_q[log p(x, z) - log q(z)] for noise of variance .5 and two latent dimensions."""
    nodes, weights = special.roots_hermitenorm(4)  # exact for a quadratic
    eps = np.stack(np.meshgrid(nodes, nodes), axis=-1).reshape(-1, 2)
    z = mu + np.sqrt(variances) * eps  # (16, 2)
    log_likelihood = stats.norm(z @ W, np.sqrt(0.5)).logpdf(x).sum(axis=1)
    log_ratio = stats.norm.logpdf(z) - stats.norm(mu, np.sqrt(variances)).logpdf(z)
    elbo = log_likelihood + log_ratio.sum(axis=1)
    return float(np.outer(weights, weights).ravel() @ elbo / (2 * np.pi))


def _gaussian_target(mean: Array, precision: Array) -> LogDensityAndGradient:
    def log_density_and_gradient(z: Array) -> tuple[Array, Array]:
        force = -(z - mean) @ precision
        return 0.5 * np.sum((z - mean) * force, axis=1), force

    return log_density_and_gradient
