"""Markov chains with a known transition matrix: the target, and how fast a chain forgets."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from minivae.bayes import mcmc
from minivae.claims import Outcome, claim
from minivae.claims.sampling_rigs import lag_1, standard_error
from minivae.edge.checks import Array

JOINT = np.array([[0.30, 0.05, 0.10], [0.02, 0.28, 0.25]])  # p(x, y), two and three values


@claim(
    "On a finite space Gibbs keeps p, and a draw costs (1 + l) / (1 - l) sweeps, l its eigenvalue",
    source="Liu, Wong and Kong 1994",
)
def gibbs_on_a_finite_space() -> Outcome:
    """A sweep is the matrix P = P_x P_y of two updates, and p P = p, because each update keeps p.

    The values of x alone form a chain with two states and the matrix sum_y p(y | x) p(x' | y). Its
    second eigenvalue l is the largest squared correlation of a function of x with a function of y,
    and every function of x has the autocorrelation l^lag. So one independent draw of x costs (1 +
    l) / (1 - l) sweeps. The exact values are l by numpy's eigenvalues and p P = p. The measured
    values are the shares of the six states in 40,000 sweeps of the library, the autocorrelations of
    x, and its autocorrelation time.
    """
    y_given_x = JOINT / JOINT.sum(axis=1, keepdims=True)
    x_given_y = (JOINT / JOINT.sum(axis=0)).T  # (y, x)
    of_x = y_given_x @ x_given_y
    eigenvalue = np.sort(np.linalg.eigvals(of_x).real)[0]
    states = [(x, y) for x in range(2) for y in range(3)]
    P = np.array([[x_given_y[y, u] * y_given_x[u, v] for u, v in states] for _, y in states])
    kept = JOINT.ravel() @ P

    conditionals = [
        lambda z, rng: float(rng.random() < x_given_y[int(z[1]), 1]),
        lambda z, rng: float(np.searchsorted(np.cumsum(y_given_x[int(z[0])]), rng.random())),
    ]
    chain = mcmc.gibbs(conditionals, [0, 0], 40_000, rng=0)
    x, y = chain.samples.T
    shares = [(x == u) & (y == v) for u, v in states]
    lags = np.arange(1, 5)
    correlation = chain.autocorrelation(4)[1:, 0]
    time = (1 + eigenvalue) / (1 - eigenvalue)
    # the error of an autocorrelation is about sqrt(tau / n), of a sum of lags a few times this
    error = 5 * np.sqrt(time / 40_000)

    def draw(ax: Any) -> None:
        many = np.arange(13)
        ax.plot(many, eigenvalue**many, "k--", label="eigenvalue ^ lag")
        ax.plot(many, chain.autocorrelation(12)[:, 0], "o", label="of x, measured")
        ax.plot(many, chain.autocorrelation(12)[:, 1], "s", mfc="none", label="of y")
        ax.set(xlabel="lag (sweeps)", ylabel="autocorrelation")
        ax.legend()

    return Outcome(
        exact=[*JOINT.ravel(), *JOINT.ravel(), *eigenvalue**lags, time],
        measured=[
            *kept,
            *(share.mean() for share in shares),
            *correlation,
            chain.autocorrelation_time()[0],
        ],
        tolerance=[
            *np.full(6, 1e-12),
            *(5 * standard_error(share) for share in shares),
            *np.full(4, error),
            6 * error,
        ],
        because=f"rounding; five standard errors; correlation at lag 1 {lag_1(x[:, None]):.2f}",
        draw=draw,
    )


def _metropolis_matrix(x: Array, step: float) -> Array:
    """Return the transition matrix of the walk on the midpoints of a grid, rejections included."""
    moves = stats.norm(0, step).pdf(x[:, None] - x) * (x[1] - x[0])
    P = moves * np.minimum(1, np.exp((x[:, None] ** 2 - x**2) / 2))
    np.fill_diagonal(P, 0)
    np.fill_diagonal(P, 1 - P.sum(axis=1))
    return P


@claim(
    "The Metropolis walk as a matrix: p P = p, and its eigenvalues give the autocorrelation time",
    source="Geyer 1992; derived here",
)
def metropolis_as_a_matrix() -> Outcome:
    """On a grid for N(0, 1) the walk is a matrix P with p_i P_ij = p_j P_ji, so p P = p.

    P is similar to a symmetric matrix with eigenvalues l_n and eigenvectors v_n. A function f has
    the autocorrelation sum_n c_n^2 l_n^lag with c_n = <f, v_n>. So its autocorrelation time is
    sum_n c_n^2 (1 + l_n) / (1 - l_n), a weighted average. The exact value is this sum for f = x and
    steps of 1, 2.4 and 6, on 600 points. The measured value is the library's estimate from 12
    chains of 8,000 steps.
    """
    x = np.linspace(-6, 6, 601)[:-1] + 0.01
    p = stats.norm.pdf(x)
    p /= p.sum()
    steps, exact, found, kept = (1.0, 2.4, 6.0), [], [], []
    for step in steps:
        P = _metropolis_matrix(x, step)
        kept.append(np.abs(p @ P - p).max())
        root = np.sqrt(p)
        values, vectors = np.linalg.eigh(root[:, None] * P / root)
        c = vectors.T @ (root * x)
        slow = values < 1 - 1e-9  # without the eigenvalue 1, whose eigenvector is p
        weights = c[slow] ** 2 / np.sum(c[slow] ** 2)
        exact.append(weights @ ((1 + values[slow]) / (1 - values[slow])))
        rng = np.random.default_rng(0)
        chains = [
            mcmc.metropolis(
                lambda z: -0.5 * z[:, 0] ** 2, rng.standard_normal(1), 8000, step=step, rng=rng
            )
            for _ in range(12)
        ]
        found.append([chain.autocorrelation_time()[0] for chain in chains])
    error = np.std(found, axis=1, ddof=1) / np.sqrt(12)

    def draw(ax: Any) -> None:
        image = ax.imshow(
            _metropolis_matrix(x[::10], 1.0) ** 0.5, cmap="gray_r", extent=(-6, 6, 6, -6)
        )
        ax.figure.colorbar(image, label="root of the chance")
        ax.set(xlabel="to", ylabel="from")

    return Outcome(
        exact=[*np.zeros(3), *exact],
        measured=[*kept, *np.mean(found, axis=1)],
        tolerance=[*np.full(3, 1e-12), *6 * error],
        because="rounding; six standard errors of twelve chains",
        draw=draw,
    )
