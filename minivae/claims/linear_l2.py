"""Weight decay on the linear autoencoder fixes the lengths, and reveals the principal directions.

In all claims the loss is ``|x - x @ W_e @ W_d|^2``, averaged over rows, plus the penalty ``l
(|W_e|^2 + |W_d|^2)``. The second moment S of the data has the eigenvalues lam_i with eigenvectors
u_i, known by construction.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minivae.claims import Outcome, claim
from minivae.claims.linear_rigs import at, data_with_spectrum, loss_and_gradient, matrices, trained
from minivae.claims.pictures import along
from minivae.edge.checks import Array
from minivae.models import regularizers
from minivae.models.autoencoder import LinearAutoencoder

LAM = np.array([5.0, 3.0, 2.0, 1.2, 0.5, 0.2])


@claim(
    "The transpose theorem: with L2 every critical point, saddle or minimum, has W_e = W_d^T",
    source="Kunin et al. 2019",
)
def l2_transpose_theorem() -> Outcome:
    """Weight decay l makes encoder and decoder each other's transpose wherever the gradient is 0.

    With P = W_e W_d, the two gradients vanish where S (I - P) W_d^T = l W_e and W_e^T S (I - P) = l
    W_d. W_e^T times the first equation and the second equation times W_d^T have the same left side,
    so W_e^T W_e = W_d W_d^T. Thus the singular values are equal; Kunin et al. show that the
    matrices are, too. Here the equation gradient = 0 is solved from random starts. The solutions,
    some of them saddles, are drawn: each keeps some of the directions, shrunk to 1 - l / lam_i, and
    drops the others.
    """
    from scipy.optimize import least_squares

    weight, lam = 0.3, np.array([4.0, 2.0, 1.0, 0.5])
    X, U = data_with_spectrum(lam, rng=8)
    model = LinearAutoencoder(4, 2, regularizer=regularizers.L2(weight))

    def gradient(theta: Array) -> Array:
        for own, given in zip(matrices(model), np.split(theta, 2), strict=True):
            own[...] = given.reshape(own.shape)
        return loss_and_gradient(model, X)[1]

    rng = np.random.default_rng(0)
    differences, gains = [], []
    for _ in range(16):
        start = 0.7 * rng.standard_normal(16)
        solution = least_squares(gradient, start, xtol=1e-15, ftol=1e-15, gtol=1e-15)
        slopes = gradient(solution.x)
        W_e, W_d = matrices(model)
        differences.append([np.abs(slopes).max(), np.abs(W_e - W_d.T).max()])
        gains.append(np.diag(U.T @ W_e @ W_d @ U))

    def draw(ax: Any) -> None:
        image = ax.imshow(np.unique(np.round(gains, 6), axis=0), cmap="Blues", vmin=0, vmax=1)
        ax.figure.colorbar(image, label="gain $u_i^T W_e W_d u_i$")
        ax.set(xlabel="principal direction $i$", ylabel="critical point that was found")
        ax.set_xticks(range(4), ["1", "2", "3", "4"])

    because = "where the root is found"
    return Outcome(np.zeros((16, 2)), differences, tolerance=1e-8, because=because, draw=draw)


@claim(
    "With L2 the eigenvalues can be read off the singular values of W_d",
    source="Kunin et al. 2019",
)
def l2_singular_values() -> Outcome:
    """At the minimum s_i^2 = 1 - l / lam_i, so lam_i = l / (1 - s_i^2).

    Rotate the code so that W_e = W_d^T has orthogonal columns w_i of lengths s_i. Then the gradient
    vanishes where (1 - s_i^2) S w_i = l w_i, so w_i is an eigenvector u_i of S, and lam_i (1 -
    s_i^2) = l.
    """
    weight = 0.4
    X, _ = data_with_spectrum(LAM, rng=9)
    W_d = matrices(trained(X, 3, regularizer=regularizers.L2(weight)))[1]
    squares = np.linalg.svd(W_d, compute_uv=False) ** 2
    exact = np.concatenate([1 - weight / LAM[:3], LAM[:3]])
    measured = np.concatenate([squares, weight / (1 - squares)])
    what = "squared singular value of the decoder"
    draw = along("eigenvalue", LAM[:3].tolist(), what, 1 - weight / LAM[:3], squares)
    return Outcome(exact, measured, tolerance=1e-6, because="where L-BFGS stops", draw=draw)


@claim(
    "With L2 the singular vectors of W_d are the principal directions", source="Kunin et al. 2019"
)
def l2_recovers_principal_directions() -> Outcome:
    """W_d = O diag(s_i) U_k^T with O orthogonal: its right singular vectors are the u_i.

    Without a penalty O may be any invertible matrix, and the singular vectors mean nothing. The
    lengths s_i differ if the eigenvalues differ, so each vector is determined up to its sign.
    """
    X, U = data_with_spectrum(LAM, rng=10)
    cosines = []
    for penalty in (regularizers.L2(0.4), None):
        W_d = matrices(trained(X, 3, regularizer=penalty))[1]
        vectors = np.linalg.svd(W_d, full_matrices=False)[2]  # (3, 6), as rows
        cosines.append(np.abs(np.sum(vectors.T * U[:, :3], axis=0)))

    def draw(ax: Any) -> None:
        ax.bar(np.arange(1, 4) - 0.2, cosines[0], width=0.4, label="with L2")
        ax.bar(np.arange(1, 4) + 0.2, cosines[1], width=0.4, label="without")
        ax.set(xlabel="direction $i$", ylabel="|cosine| of singular vector $i$ and $u_i$")
        ax.set(xticks=[1, 2, 3], ylim=(0, 1.2))
        ax.legend(loc="upper center", ncols=2)

    return Outcome(np.ones(3), cosines[0], tolerance=1e-6, because="where L-BFGS stops", draw=draw)


@claim(
    "With L2 the least loss is a sum over directions, and rotating the code does not change it",
    source="Kunin et al. 2019",
)
def l2_least_loss() -> Outcome:
    """A kept direction costs 2 l - l^2 / lam_i, and any other direction costs lam_i.

    With s^2 = 1 - l / lam the error is lam (1 - s^2)^2 = l^2 / lam, and the penalty is 2 l s^2 = 2
    l - 2 l^2 / lam. For an orthogonal O, |W_e O|_F and |O^T W_d|_F do not depend on O, so the
    columns of the code are still any rotation of the principal axes.
    """
    weight = 0.4
    X, _ = data_with_spectrum(LAM, rng=11)
    penalty = regularizers.L2(weight)
    W_e, W_d = matrices(trained(X, 3, regularizer=penalty))
    rng = np.random.default_rng(11)
    turns = [np.eye(3), *np.linalg.qr(rng.standard_normal((5, 3, 3))).Q]
    models = [at(W_e @ turn, turn.T @ W_d, regularizer=penalty) for turn in turns]
    exact = np.sum(2 * weight - weight**2 / LAM[:3]) + LAM[3:].sum()
    losses = [model.losses(X)["loss"] for model in models]
    places = ["as trained", *(f"turn {i}" for i in range(1, 6))]
    draw = along("rotation of the code", places, "loss with the penalty", exact, losses)
    because = "where L-BFGS stops"
    return Outcome(np.full(6, exact), losses, tolerance=1e-9, because=because, draw=draw)


@claim(
    "L2 switches off every direction whose variance is below its weight", source="Kunin et al. 2019"
)
def l2_switches_off_weak_directions() -> Outcome:
    """In a code with room for all directions, squared singular values are max(1 - l / lam_i, 0).

    A latent of squared length t along u_i costs lam_i (1 - t)^2 + 2 l t. The slope at t = 0 is 2 (l
    - lam_i). If lam_i <= l, it is not negative, so t = 0 is the best value. A weight above lam_1
    leaves W_e = W_d = 0.
    """
    X, _ = data_with_spectrum(LAM, rng=12)
    weights = np.array([0.05, 0.3, 0.8, 1.6, 2.5, 4.0, 6.0])
    models = [trained(X, 6, regularizer=regularizers.L2(weight)) for weight in weights]
    squares = np.array([np.linalg.svd(matrices(m)[1], compute_uv=False) ** 2 for m in models])
    exact = np.maximum(1 - weights[:, None] / LAM, 0)

    def draw(ax: Any) -> None:
        grid = np.linspace(0, 6.5, 200)
        for i, lam in enumerate(LAM):
            ax.plot(grid, np.maximum(1 - grid / lam, 0), color=f"C{i}", lw=1)
            ax.plot(weights, squares[:, i], "o", color=f"C{i}", label=rf"$\lambda$ = {lam:g}")
        ax.set(xlabel="weight of the penalty", ylabel="squared singular value of $W_d$")
        ax.legend()

    return Outcome(exact, squares, tolerance=1e-6, because="where L-BFGS stops", draw=draw)
