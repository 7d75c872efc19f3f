"""Weight decay with a weight for each latent: the linear autoencoder finds the axes, slowly.

The penalty is ``sum_j l_j (|W_e[:, j]|^2 + |W_d[j]|^2)``. The second moment of the data has the
eigenvalues lam_i with eigenvectors u_i, known by construction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minivae.claims import Outcome, claim
from minivae.claims.linear_rigs import at, curvatures, data_with_spectrum, matrices, trained
from minivae.edge.checks import Array
from minivae.models import regularizers
from minivae.models.autoencoder import LinearAutoencoder
from minivae.training import optimizers

INCREASING = [0.2, 0.4, 0.6]
WIDE_GAP, NARROW_GAP = [4.0, 2.0, 1.0, 0.1, 0.05], [4.0, 2.0, 1.0, 0.95, 0.9]


@claim(
    "With a separate weight for each latent, L2 finds the ordered axes",
    source="Bao et al. 2020",
)
def non_uniform_l2_orders_the_axes() -> Outcome:
    """With 0 < l_1 < ... < l_k < lam_k, row j of W_d is +-u_j, with squared length 1 - l_j / lam_j.

    For given singular values s_i the penalty is least without a rotation, and with the largest s_i
    at the smallest weight, because a sum of products is least if one factor falls as the other
    rises. Each latent then solves the problem of a single latent with its weight.
    """
    lam = np.array([5.0, 3.0, 2.0, 1.2, 0.5, 0.2])
    X, U = data_with_spectrum(lam, rng=13)
    penalty = regularizers.NonUniformL2(INCREASING)
    lengths = np.sqrt(1 - np.array(INCREASING) / lam[:3])
    models = [trained(X, 3, rng=seed, regularizer=penalty) for seed in range(3)]
    coordinates = [np.abs(matrices(model)[1] @ U) for model in models]  # (3 latents, 6 directions)
    exact = np.broadcast_to(np.eye(3, 6) * lengths[:, None], (3, 3, 6))
    return Outcome(exact, coordinates, tolerance=1e-6, because="where L-BFGS stops")


@claim(
    "Ordered axes are learned slowly: turning them has a curvature of second order in the penalty",
    source="Bao et al. 2020",
)
def ordered_axes_are_slow() -> Outcome:
    """Gradient descent finds the subspace fast and the axes much later.

    At the minimum W_e = W_d^T has the columns s_j u_j with s_j^2 = 1 - l_j / lam_j. There the
    Hessian consists of small blocks, one for each pair of directions. If direction i is left out, a
    change of a u_i in column j of W_e and b u_i in row j of W_d costs (lam_i s_j^2 + l_j) a^2 - 2
    lam_i a b + lam_j b^2, so the curvature is large for small weights, too. If i and j are both
    kept, the block of a_ij, a_ji, b_ij, b_ji contains a turn of the axes, and its curvature is of
    second order in the weights. The ratio of the two least curvatures says how many times longer
    the axes take than the subspace; it depends on the eigenvalues, and is 28 and 4.6 in the
    picture. The exact values are the blocks' eigenvalues for three sizes of the penalty. The
    measured values are the Hessian's, from the hand-written gradient, and the power by which its
    least eigenvalue falls with the size.
    """
    X, U = data_with_spectrum(WIDE_GAP, rng=14)
    exact, measured = [], []
    for size in (1.0, 1 / 32, 1 / 64):
        weights = size * np.array(INCREASING)
        W = U[:, :3] * np.sqrt(1 - weights / WIDE_GAP[:3])
        model = at(W, W.T, regularizer=regularizers.NonUniformL2(list(weights)))
        exact.append(np.sort(np.concatenate(_curvatures(weights))))
        measured.append(curvatures(model, X))
    order = np.log2(measured[1][0] / measured[2][0])
    return Outcome(
        [*np.ravel(exact), 2],
        [*np.ravel(measured), order],
        tolerance=[*np.full(90, 1e-7), 0.02],
        because="central differences; the penalty's next order",
        draw=_draw_descents,
    )


def _curvatures(weights: Array, spectrum: Sequence[float] = WIDE_GAP) -> tuple[Array, Array]:
    """Return the eigenvalues of the Hessian: within the kept subspace, and out of it."""
    lam, k = np.array(spectrum), len(weights)
    s = np.sqrt(1 - weights / lam[:k])
    kept: list[float] = []
    left_out: list[float] = []
    for j in range(k):
        for i in range(k, len(lam)):
            block = np.array([[lam[i] * s[j] ** 2 + weights[j], -lam[i]], [-lam[i], lam[j]]])
            left_out.extend(2 * np.linalg.eigvalsh(block))
        # alone: lam s^2 (a + b)^2 - 2 l a b + l (a^2 + b^2)
        own, weight = lam[j] * s[j] ** 2, weights[j]
        kept.extend(
            2 * np.linalg.eigvalsh([[own + weight, own - weight], [own - weight, own + weight]])
        )
        for i in range(j):
            # lam_i (a_ij s_j + s_i b_ij)^2 + lam_j (a_ji s_i + s_j b_ji)^2 - 2 l_i a_ij b_ji
            # - 2 l_j a_ji b_ij + l_j a_ij^2 + l_i a_ji^2 + l_i b_ij^2 + l_j b_ji^2
            first, second = np.array([s[j], 0, s[i], 0]), np.array([0, s[i], 0, s[j]])
            block = lam[i] * np.outer(first, first) + lam[j] * np.outer(second, second)
            block += np.diag([weights[j], weights[i], weights[i], weights[j]])
            block[0, 3] = block[3, 0] = -weights[i]
            block[1, 2] = block[2, 1] = -weights[j]
            kept.extend(2 * np.linalg.eigvalsh(block))
    return np.array(kept), np.array(left_out)


def _draw_descents(ax: Any) -> None:
    for spectrum, color in ((WIDE_GAP, "C0"), (NARROW_GAP, "C1")):
        X, U = data_with_spectrum(spectrum, rng=14)
        penalty = regularizers.NonUniformL2(INCREASING)
        descent = _descend(X, U[:, :3], penalty, 0, 6000).clip(1e-9)
        kept, left_out = _curvatures(np.array(INCREASING), spectrum)
        label = f"curvatures {min(left_out):.2g}, {min(kept):.2g}"
        ax.loglog(descent[:, 0], "--", color=color)
        ax.loglog(descent[:, 1], color=color, label=label)
    ax.axhline(1e-6, color="k", lw=0.8, ls=":")
    ax.set(xlabel="step of gradient descent", ylabel=r"$1 - \cos^2$, mean over directions")
    ax.set_title("dashed: subspace; lines: axes", fontsize="medium")
    ax.legend(loc="lower left")


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
