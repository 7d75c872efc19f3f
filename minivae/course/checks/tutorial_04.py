"""Tutorial 04: PCA's reconstruction, the linear autoencoder's gradients, the angle of planes."""

from __future__ import annotations

from typing import Any

import numpy as np

from minivae.course.exercises import Exercises, GradientCheck, ValueCheck
from minivae.edge.checks import Array
from minivae.linear.pca import PCA

rng = np.random.default_rng(4)
X = rng.normal(size=(9, 4)) * [3.0, 2.0, 1.0, 0.5] + [1.0, -2.0, 0.5, 3.0]
W_e = rng.normal(size=(4, 3))
W_d = rng.normal(size=(3, 4))
A = 0.3 * rng.normal(size=(3, 7)) * [[1.0], [2.0], [0.5]]
B = A + 0.15 * rng.normal(size=(3, 7))


def by_pca(X: Array, k: int) -> Array:
    """Return the library's reconstruction."""
    return PCA(k).fit(X).reconstruct(X)


def directions(X: Array) -> Array:
    """Return the principal directions as rows, in falling order of variance."""
    return PCA().fit(X).components_


def without_centring(X: Array, k: int) -> Array:
    """Return the projection onto the first eigenvectors of the second moment."""
    V = np.linalg.svd(X).Vh[:k]
    return X @ V.T @ V


def half_a_centring(X: Array, k: int) -> Array:
    """Return points that are not centred, projected onto directions of the centred data."""
    V = directions(X)[:k]
    return X @ V.T @ V


def without_the_mean(X: Array, k: int) -> Array:
    """Return the reconstruction of the centred data."""
    return by_pca(X, k) - X.mean(axis=0)


def along_the_smallest(X: Array, k: int) -> Array:
    """Return the projection onto the directions of least variance."""
    V, mean = directions(X)[-k:], X.mean(axis=0)
    return (X - mean) @ V.T @ V + mean


def rows_for_columns(X: Array, k: int) -> Array:
    """Return the projection onto rows of the matrix whose columns are the eigenvectors."""
    mean = X.mean(axis=0)
    V = np.linalg.eigh(np.cov(X, rowvar=False))[1][::-1][:k]
    return (X - mean) @ V.T @ V + mean


def loss(X: Array, W_e: Array, W_d: Array) -> Any:
    """Return the squared error, summed over features and averaged over rows."""
    return np.mean(np.sum((X @ W_e @ W_d - X) ** 2, axis=1))


def gradients(X: Array, W_e: Array, W_d: Array, n: int = 0) -> tuple[Array, Array]:
    """Return the gradients, divided by n rows; 0 stands for all rows."""
    dx_hat = 2 * (X @ W_e @ W_d - X) / (n or len(X))
    return X.T @ dx_hat @ W_d.T, W_e.T @ X.T @ dx_hat


def angles(A: Array, B: Array) -> Array:
    """Return the principal angles in falling order, by SciPy."""
    from scipy.linalg import subspace_angles

    found: Array = subspace_angles(A.T, B.T)
    return found


def of_bases_as_they_are(A: Array, B: Array) -> Any:
    """Return the angle that wrongly takes the bases for orthonormal."""
    return np.arccos(np.linalg.svd(A @ B.T, compute_uv=False)[-1])


def of_unit_rows(A: Array, B: Array) -> Any:
    """Return the angle that wrongly takes rows of length 1 for orthogonal."""
    A, B = (basis / np.linalg.norm(basis, axis=1, keepdims=True) for basis in (A, B))
    return np.arccos(np.linalg.svd(A @ B.T, compute_uv=False)[-1])


EXERCISES: Exercises = {
    "pca_reconstruct": [
        ValueCheck(
            by_pca,
            (X, 2),
            returns="x_hat",
            mistakes={
                "nothing is centred: subtract the mean first, and add it last": without_centring,
                "half a centring: the projection needs centred data too": half_a_centring,
                "the mean is not added again": without_the_mean,
                "the directions of smallest variance: eigh's order is rising": along_the_smallest,
                "rows of eigh's matrix: its eigenvectors are the columns": rows_for_columns,
            },
            hint="(X - mean) @ U @ U.T + mean, with the last k columns of eigh's matrix as U",
        ),
    ],
    "autoencoder_gradients": [
        GradientCheck(
            loss,
            (X, W_e, W_d),
            wrt=("W_e", "W_d"),
            with_dy=False,
            mistakes={
                "averaged over the features too: L sums over them": (
                    lambda X, W_e, W_d: gradients(X, W_e, W_d, X.size)
                ),
                "dW_e does not pass through the decoder: dz = dx_hat W_d^T": (
                    lambda X, W_e, W_d: (
                        X.T @ (2 * (X @ W_e @ W_d - X) / len(X)) @ W_e,
                        gradients(X, W_e, W_d)[1],
                    )
                ),
                "the signs are flipped: the gradient of L holds x_hat - x": (
                    lambda X, W_e, W_d: tuple(-g for g in gradients(X, W_e, W_d))
                ),
                "the factor 2 of the square is missing": (
                    lambda X, W_e, W_d: tuple(g / 2 for g in gradients(X, W_e, W_d))
                ),
            },
            hint="dx_hat = 2 (x_hat - X) / N, dW_d = z^T dx_hat, dW_e = X^T (dx_hat W_d^T)",
        ),
    ],
    "largest_angle": [
        ValueCheck(
            lambda A, B: angles(A, B)[0],
            (A, B),
            returns="the angle",
            mistakes={
                "the smallest angle: the largest one has the smallest cosine": (
                    lambda A, B: angles(A, B)[-1]
                ),
                "a cosine is not yet an angle": lambda A, B: np.cos(angles(A, B)[0]),
                "the angle is in degrees, and should be in radians": lambda A, B: np.degrees(
                    angles(A, B)[0]
                ),
                "the bases are not orthonormal: use QR first": of_bases_as_they_are,
                "rows of length 1 are not yet orthogonal: use QR first": of_unit_rows,
            },
            hint="np.linalg.qr(A.T).Q has the basis vectors of A's plane as columns",
        ),
    ],
}
