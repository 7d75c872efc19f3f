"""Weight decay with a weight for each latent: the linear autoencoder finds the axes, slowly.

The penalty is ``sum_j l_j (|W_e[:, j]|^2 + |W_d[j]|^2)``; the data's second moment has the
eigenvalues lam_i with eigenvectors u_i, known by construction.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minivae.claims import Outcome, claim
from minivae.claims.linear_rigs import data_with_spectrum, matrices, trained
from minivae.edge.checks import Array
from minivae.models import regularizers
from minivae.models.autoencoder import LinearAutoencoder
from minivae.training import optimizers

INCREASING = [0.2, 0.4, 0.6]


@claim(
    "With a weight of its own for each latent L2 finds the ordered axes", source="Bao et al. 2020"
)
def non_uniform_l2_orders_the_axes() -> Outcome:
    """With 0 < l_1 < ... < l_k < lam_k, row j of W_d is +-u_j, of squared length 1 - l_j / lam_j.

    For given singular values s_i the penalty is least without a rotation, and with the largest
    s_i where the weight is least: a sum of products is least when one factor falls as the other
    rises. Each latent then has the problem of a single one with its own weight.
    """
    lam = np.array([5.0, 3.0, 2.0, 1.2, 0.5, 0.2])
    X, U = data_with_spectrum(lam, rng=13)
    penalty = regularizers.NonUniformL2(INCREASING)
    lengths = np.sqrt(1 - np.array(INCREASING) / lam[:3])
    models = [trained(X, 3, rng=seed, regularizer=penalty) for seed in range(3)]
    coordinates = [np.abs(matrices(model)[1] @ U) for model in models]  # (3 latents, 6 directions)
    exact = np.broadcast_to(np.eye(3, 6) * lengths[:, None], (3, 3, 6))
    return Outcome(exact, coordinates, tolerance=1e-6)


@claim("The axes take more than ten times the steps of the subspace", source="Bao et al. 2020")
def ordered_axes_are_slow() -> Outcome:
    """Gradient descent finds the subspace at once and the axes, eventually.

    Leaving the subspace costs reconstruction: a curvature of the size lam_k - lam_(k+1). Turning
    latents i and j inside it by an angle t costs only penalty,
    2 sin^2 t (l_j - l_i) (s_i^2 - s_j^2) with s_i^2 = 1 - l_i / lam_i: for small weights a
    curvature of their second order. Counted are the steps until 1 - mean cos^2 of the angle to the
    subspace, and to the nearest latent's axis, is below 1e-6.
    """
    X, U = data_with_spectrum([4.0, 2.0, 1.0, 0.1, 0.05], rng=14)
    directions = U[:, :3]
    ordered, even = regularizers.NonUniformL2(INCREASING), regularizers.L2(0.4)
    descents = [_descend(X, directions, ordered, seed, 4000) for seed in range(2)]
    counts = [np.sum(distances > 1e-6, axis=0) for distances in descents]  # subspace, axes
    ratios = [axes / subspace for subspace, axes in counts]

    def draw(ax: Any) -> None:
        uniform = _descend(X, directions, even, 0, len(descents[0]))
        ax.loglog(descents[0][:, 0].clip(1e-9), label="subspace")
        ax.loglog(descents[0][:, 1].clip(1e-9), label="axes, a weight for each latent")
        ax.loglog(uniform[:, 1].clip(1e-9), label="axes, one weight for all")
        ax.axhline(1e-6, color="k", lw=0.8, ls=":")
        ax.set(xlabel="step of gradient descent", ylabel=r"$1 - \cos^2$, mean over directions")
        ax.legend(loc="lower left")

    return Outcome(np.full(2, 10.0), ratios, relation=">=", draw=draw)


def _descend(X: Array, directions: Array, penalty: Any, seed: int, n_steps: int) -> Array:
    """Return the distances from subspace and axes after each step, until both are small."""
    n_features, n_latent = directions.shape
    model = LinearAutoencoder(n_features, n_latent, regularizer=penalty, rng=seed)
    optimizer, distances = optimizers.SGD(0.1), []
    for _ in range(n_steps):
        optimizer.step(model.params, model.loss_and_grads(X)[1])
        W_d = matrices(model)[1]
        basis = np.linalg.qr(W_d.T).Q
        axes = W_d / np.linalg.norm(W_d, axis=1, keepdims=True)
        off_subspace = 1 - np.sum((basis.T @ directions) ** 2) / n_latent
        off_axes = 1 - np.mean(np.max((axes @ directions) ** 2, axis=0))
        distances.append([off_subspace, off_axes])
        if max(distances[-1]) < 1e-6:
            break
    return np.array(distances)
