"""The likelihood of probabilistic PCA as a landscape: its stationary points and their curvature."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from minivae.claims import Outcome, claim
from minivae.claims.linear_rigs import data_with_spectrum
from minivae.edge.checks import Array
from minivae.linear.probabilistic_pca import ProbabilisticPCA

LAM = np.array([5.0, 3.2, 1.9, 1.0, 0.4])
K = 2


def _stationary(X: Array, U: Array, kept: tuple[int, ...]) -> tuple[ProbabilisticPCA, Array]:
    """Return the model whose W has the columns (lam_i - s2)^(1/2) u_i, and its parameters."""
    model = ProbabilisticPCA(K).fit(X)
    s2 = np.delete(LAM, kept).mean()
    W = np.zeros((K, len(LAM)))
    W[: len(kept)] = np.sqrt(LAM[list(kept)] - s2)[:, None] * U[:, kept].T
    return model, np.append(W.ravel(), np.log(s2))


def _score(model: ProbabilisticPCA, X: Array, theta: Array) -> float:
    model.W_, model.noise_variance_ = theta[:-1].reshape(K, -1), float(np.exp(theta[-1]))
    return model.score(X)


def _slope_and_curvatures(model: Any, X: Array, theta: Array, h: float = 1e-3) -> tuple[Any, Any]:
    """Return the largest derivative and the eigenvalues of the Hessian, by central differences."""
    n, steps = len(theta), h * np.eye(len(theta))
    f = {0: _score(model, X, theta)}
    up, down = ([_score(model, X, theta + sign * e) for e in steps] for sign in (1, -1))
    H = np.empty((n, n))
    for i in range(n):
        H[i, i] = (up[i] + down[i] - 2 * f[0]) / h**2
        for j in range(i):
            both = _score(model, X, theta + steps[i] + steps[j])
            neither = _score(model, X, theta - steps[i] - steps[j])
            mixed = both + neither - up[i] - up[j] - down[i] - down[j] + 2 * f[0]
            H[i, j] = H[j, i] = mixed / (2 * h**2)
    slope = np.max(np.abs(np.subtract(up, down))) / (2 * h)
    return slope, np.linalg.eigvalsh(H)


@claim(
    "Any k eigenvectors with lam_i > s2 are stationary points; all but the best are saddles",
    source="Tipping and Bishop 1999, appendix A",
)
def ppca_stationary_points() -> Outcome:
    """At W = (Lam_I - s2)^(1/2) U_I^T, s2 the mean of the other eigenvalues, the gradient is zero.

    The likelihood there depends only on the eigenvalues: -1/2 [d log 2 pi + sum_I log lam_i + (d -
    l) log s2 + d]. It rises if a kept u_i turns towards a u_j that is left out and has lam_j >
    lam_i. It also rises if an unused row of W grows along a u_j with lam_j > s2. This gives the
    number of positive curvatures, which is zero for the k largest eigenvalues. The measured values
    are the library's mean log-likelihood, its largest derivative, and the signs of the eigenvalues
    of its Hessian.
    """
    X, U = data_with_spectrum(LAM, rng=30)
    exact, measured, points = [], [], []
    for size in range(K + 1):
        for kept in combinations(range(len(LAM)), size):
            left_out = np.delete(LAM, kept)
            s2 = left_out.mean()
            if any(LAM[i] <= s2 for i in kept):
                continue
            model, theta = _stationary(X, U, kept)
            log_det = np.log(LAM[list(kept)]).sum() + len(left_out) * np.log(s2)
            value = -0.5 * (len(LAM) * (np.log(2 * np.pi) + 1) + log_det)
            ways_up = sum(int(np.sum(left_out > LAM[i])) for i in kept)
            ways_up += (K - size) * int(np.sum(left_out > s2))
            slope, curvatures = _slope_and_curvatures(model, X, theta)
            exact.append([value, 0, ways_up])
            measured.append([_score(model, X, theta), slope, np.sum(curvatures > 1e-3)])
            points.append((ways_up, value, kept))

    def draw(ax: Any) -> None:
        for ways_up, value, kept in points:
            label = "{" + ", ".join(str(i + 1) for i in kept) + "}"
            ax.plot(ways_up, value, "o", color="C0" if ways_up else "C1")
            ax.annotate(label, (ways_up, value), xytext=(8, -4), textcoords="offset points")
        ax.set(xlabel="directions of positive curvature", ylabel="mean log-likelihood (nats)")
        ax.set_title("each labelled with the eigenvectors it keeps", fontsize="medium")
        ax.margins(0.15)

    return Outcome(
        exact,
        measured,
        tolerance=[1e-10, 1e-5, 0],
        because="rounding; central differences",
        draw=draw,
    )
