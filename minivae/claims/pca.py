"""PCA against `numpy.linalg.svd` and scipy's normal: every number that a fitted PCA reports."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from minivae.claims import Outcome, claim
from minivae.edge.checks import Array
from minivae.linear.pca import PCA

SCALES = np.array([3.0, 2.0, 1.5, 0.8, 0.5, 0.3])


def _tall_and_wide() -> list[Array]:
    """Return data with more rows than columns, and with fewer, whose means are not zero."""
    rng = np.random.default_rng(0)
    tall = rng.standard_normal((40, 6)) * SCALES @ np.linalg.qr(rng.standard_normal((6, 6))).Q
    wide = rng.standard_normal((6, 40)) + np.linspace(-2, 3, 40)
    return [tall + np.linspace(1, -4, 6), wide]


def _svd(X: Array) -> tuple[Array, Array, Array]:
    """Return numpy's factors of the centred data, with scikit-learn's rule for the signs."""
    U, s, V = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    signs = np.sign(V[np.arange(len(V)), np.abs(V).argmax(axis=1)])
    return U * signs, s, V * signs[:, None]


@claim(
    "PCA is the singular value decomposition X - mean = U S V of the data, tall or wide",
    source="Jolliffe 2002",
)
def pca_is_the_singular_value_decomposition() -> Outcome:
    """The components are the rows of V, the scores are U S, the variances are s_i^2 / (N - 1).

    The covariance is V^T S^2 V / (N - 1), so V holds its eigenvectors, each with the sign that
    makes its largest entry positive. The noise variance is the mean of the min(N, m) - k variances
    that are left out. The mean is subtracted before the projection, and added afterwards. The exact
    values come from `numpy.linalg.svd`, for 40 rows of 6 numbers and for 6 rows of 40 numbers.
    """
    exact: list[Array] = []
    measured: list[Array] = []
    for X in _tall_and_wide():
        U, s, V = _svd(X)
        k, variances = 3, s**2 / (len(X) - 1)
        model = PCA(k).fit(X)
        scores = U[:, :k] * s[:k]
        expected: list[Any] = [X.mean(axis=0), V[:k], variances[:k], (s**2 / np.sum(s**2))[:k]]
        expected += [s[:k], variances[k:].mean(), scores, X.mean(axis=0) + scores @ V[:k]]
        names = ("mean_", "components_", "explained_variance_", "explained_variance_ratio_")
        found = [getattr(model, name) for name in (*names, "singular_values_", "noise_variance_")]
        Z = model.transform(X)
        found += [Z, model.inverse_transform(Z)]
        exact.extend(np.ravel(value) for value in expected)
        measured.extend(np.ravel(value) for value in found)

    def draw(ax: Any) -> None:
        X = _tall_and_wide()[0]
        model, s = PCA().fit(X), _svd(X)[1]
        ax.bar(np.arange(1, 7), s**2 / 39, color="0.8", label=r"$s_i^2 / (N - 1)$")
        ax.plot(np.arange(1, 7), model.explained_variance_, "o", label="PCA's variances")
        ax.set(xlabel="component", ylabel="variance")
        ax.legend()

    return Outcome(
        np.concatenate(exact),
        np.concatenate(measured),
        tolerance=1e-11,
        because="rounding of squares, over the gaps of the spectrum",
        draw=draw,
    )


@claim(
    "The density of PCA is a normal with the kept variances, and one noise in all other directions",
    source="Tipping and Bishop 1999",
)
def pca_density_is_a_normal() -> Outcome:
    """`score_samples` is log N(x; mean, C) with C = V^T Lam V + s2 (I - V^T V).

    Along the components the model has the variances of the data, and in all other directions s2.
    This is probabilistic PCA with the divisor N - 1. If all components are kept, C is the
    covariance of the data. The exact values are scipy's multivariate normal with numpy's
    eigenvectors, at the data and at other points.
    """
    X = _tall_and_wide()[0]
    rng = np.random.default_rng(1)
    _, s, V = _svd(X)
    points = np.concatenate([X, X[:10] + rng.standard_normal((10, 6))])
    exact, measured = [], []
    for k in (1, 3, 6):
        lam = s**2 / (len(X) - 1)
        s2 = lam[k:].mean() if k < 6 else 0.0
        C = (V[:k].T * lam[:k]) @ V[:k] + s2 * (np.eye(6) - V[:k].T @ V[:k])
        log_p = stats.multivariate_normal(X.mean(axis=0), C).logpdf(points)
        model = PCA(k).fit(X)
        exact += [*log_p, log_p.mean(), *C.ravel()]
        measured += [*model.score_samples(points), model.score(points)]
        measured += list(model.get_covariance().ravel())
    because = "rounding, over the smallest variance"
    return Outcome(exact, measured, tolerance=1e-10, because=because)


@claim(
    "A share of the variance takes the fewest components that explain more than this share",
    source="Jolliffe 2002",
)
def a_share_takes_the_fewest_components() -> Outcome:
    """`PCA(0.8)` keeps the first k components with (lam_1 + ... + lam_k) / total > .8.

    For six shares, the exact k comes from numpy's cumulative sums; the measured k is the number of
    components that a fitted PCA keeps.
    """
    X = _tall_and_wide()[0]
    s = _svd(X)[1]
    shares = np.array([0.05, 0.3, 0.6, 0.8, 0.95, 0.99])
    explained = np.cumsum(s**2) / np.sum(s**2)
    kept = [PCA(float(share)).fit(X).n_components_ for share in shares]

    def draw(ax: Any) -> None:
        ax.step(np.arange(7), [0, *explained], "k-", where="post", label="explained by the first k")
        ax.plot(kept, shares, "o", label="asked for, and k")
        ax.set(xlabel="components k", ylabel="share of the variance")
        ax.legend()

    return Outcome([1 + np.sum(explained <= share) for share in shares], kept, draw=draw)
