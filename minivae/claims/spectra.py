"""PCA's subspace: its optimality, its change under perturbations, its limits with few samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import subspace_angles

from minivae.claims import Outcome, claim
from minivae.edge.checks import Array
from minivae.linear.pca import PCA


@claim(
    "No matrix of rank k is nearer than PCA's, in the Frobenius norm and in the spectral norm",
    source="Eckart and Young 1936; Mirsky 1960",
)
def eckart_young_mirsky() -> Outcome:
    """X minus its first k singular triples has the norms (sum_(i>k) s_i^2)^(1/2) and s_(k+1).

    Any other matrix B of rank k has a null space that intersects the span of the first k + 1 right
    singular vectors. There X - B equals X, so its spectral norm is at least s_(k+1). A similar
    argument for each singular value gives the Frobenius norm. The exact values are numpy's singular
    values for each k. The measured values are both norms of the part that a fitted PCA does not
    reconstruct, and the number of 200 rivals, projections on other subspaces, that are nearer:
    none.
    """
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 6)) * [3, 2.5, 1.5, 1, 0.6, 0.3] + 1
    centred = X - X.mean(axis=0)
    s = np.linalg.svd(centred, compute_uv=False)
    exact: list[float] = []
    measured: list[float] = []
    rivals: list[list[float]] = []
    nearer = 0
    for k in range(1, 6):
        model = PCA(k).fit(X)
        rest = X - model.reconstruct(X)
        norms = np.linalg.norm(rest), np.linalg.norm(rest, 2)
        exact += [np.sqrt(np.sum(s[k:] ** 2)), s[k]]
        measured += [float(norm) for norm in norms]
        for size in np.repeat([0.01, 0.1, 1.0, 10.0], 10):
            other = model.components_ + size * rng.standard_normal((k, 6))
            Q = np.linalg.qr(other.T).Q
            miss = centred - centred @ Q @ Q.T
            rival = np.linalg.norm(miss), np.linalg.norm(miss, 2)
            nearer += int(np.sum(np.array(rival) < np.array(norms) - 1e-12))
            rivals.append([k, float(rival[0])])

    def draw(ax: Any) -> None:
        ax.plot(*np.transpose(rivals), ".", color="0.6", label="projections on other subspaces")
        ax.plot(range(1, 6), measured[::2], "o-", label="PCA, Frobenius norm")
        ax.plot(range(1, 6), measured[1::2], "s-", label="PCA, spectral norm")
        ax.set(xlabel="rank k", ylabel="what is not reconstructed")
        ax.legend()

    return Outcome([*exact, 0], [*measured, nearer], tolerance=1e-10, because="rounding", draw=draw)


@claim(
    "An error E of the covariance turns PCA's subspace by an angle of sine |E| / gap at most",
    source="Davis and Kahan 1970",
)
def davis_kahan() -> Outcome:
    """sin(angle) <= |E| / d, with d from a kept eigenvalue to the nearest perturbed one left out.

    In the plane the angle is known: with E off the diagonal, tan 2 t = 2 e / (lam_1 - lam_2), and
    the bound becomes an equality as e vanishes. In eight dimensions, 100 random perturbations of
    all sizes are tried. The measured values are PCA's angles for data with the perturbed
    covariance, against the formula in the plane; and the sines of scipy's angles divided by their
    bounds, which must not exceed 1.
    """
    lam = np.array([2.0, 1.0])
    sizes = np.array([1e-4, 0.01, 0.1, 0.3, 0.6])
    exact = 0.5 * np.arctan2(2 * sizes, lam[0] - lam[1])
    turned = []
    for e in sizes:
        model = PCA(1).fit(_rows_of(np.array([[lam[0], e], [e, lam[1]]])))
        turned.append(np.arctan2(model.components_[0, 1], model.components_[0, 0]))
    rng, ratios = np.random.default_rng(0), []
    spectrum = np.array([5.0, 4, 2.5, 1.2, 1, 0.8, 0.5, 0.3])
    for size in np.geomspace(1e-3, 0.6, 100):
        E = rng.standard_normal((8, 8))
        E = size * (E + E.T) / np.linalg.norm(E + E.T, 2)
        S = np.diag(spectrum) + E
        if np.linalg.eigvalsh(S)[0] <= 0:
            continue
        model = PCA(3).fit(_rows_of(S))
        sine = np.sin(subspace_angles(model.components_.T, np.eye(8)[:, :3]).max())
        gap = spectrum[2] - np.linalg.eigvalsh(S)[-4]
        ratios.append((size / gap, sine))
    bounds, sines = np.array(ratios).T
    violated = np.sum(sines > bounds * (1 + 1e-6))

    def draw(ax: Any) -> None:
        ax.loglog(bounds, sines, "o", label="100 random perturbations")
        ax.loglog(bounds, bounds, "k--", label="sine = |E| / gap")
        ax.set(xlabel="|E| / gap", ylabel="sine of the largest angle")
        ax.legend()

    return Outcome([*exact, 0], [*turned, violated], tolerance=1e-9, because="rounding", draw=draw)


def _rows_of(S: Array) -> Array:
    """Return centred rows whose covariance is S."""
    values, vectors = np.linalg.eigh(S)
    rows = np.sqrt(len(S) * values)[:, None] * vectors.T
    return np.concatenate([rows, -rows])


@claim(
    "With gamma dimensions per sample PCA sees an extra variance l only above sqrt(gamma)",
    source="Johnstone and Lu 2009; Paul 2007",
)
def pca_below_the_threshold() -> Outcome:
    """For covariance I + l u u^T, cos^2 of PCA's first axis to u nears (1 - g/l^2) / (1 + g/l).

    This holds for l > sqrt(g), where g is the number of dimensions per sample. For a smaller l, the
    largest sample eigenvalue is noise, and its eigenvector tells nothing about u. The measured
    values are means over 12 data sets of 600 rows and 300 features, on both sides of sqrt(g) = .71.
    Convergence is slow at the threshold itself, and no point is near it.
    """
    n, p, repeats = 600, 300, 12
    g = p / n
    spikes = np.array([0.2, 0.35, 1.2, 2.0, 4.0, 8.0])
    rng, found = np.random.default_rng(0), []
    for spike in spikes:
        cosines = []
        for _ in range(repeats):
            X = rng.standard_normal((n, p))
            X[:, 0] *= np.sqrt(1 + spike)
            cosines.append(PCA(1).fit(X).components_[0, 0] ** 2)
        found.append(cosines)
    exact = np.where(spikes > np.sqrt(g), (1 - g / spikes**2) / (1 + g / spikes), 0)
    error = np.std(found, axis=1, ddof=1) / np.sqrt(repeats)

    def draw(ax: Any) -> None:
        spike = np.linspace(0.01, 8.5, 400)
        curve = np.maximum((1 - g / spike**2) / (1 + g / spike), 0)
        ax.plot(spike, curve, "k--", label="(1 - g/l^2) / (1 + g/l), or 0")
        ax.plot(spikes, np.mean(found, axis=1), "o", label="PCA, mean of 12 data sets")
        ax.axvline(np.sqrt(g), color="0.5", ls=":", label="threshold sqrt(g)")
        ax.set(xlabel="spike l", ylabel=r"$\cos^2$ of PCA's axis and the true one")
        ax.legend()

    return Outcome(
        exact,
        np.mean(found, axis=1),
        tolerance=5 * error + 5 / n,
        because="five standard errors of 12 data sets, and 5 / n for what is left of the limit",
        draw=draw,
    )
