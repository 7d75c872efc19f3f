"""The product regularizer on the linear autoencoder, and its equivalence with noise on the input.

In all claims ``P = W_e @ W_d``. The second moment ``S = X.T @ X / n_samples`` of the data has the
eigenvalues lam_i with eigenvectors u_i, known by construction.
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
from minivae.training import optimizers

LAM = np.array([4.0, 2.0, 1.0, 0.5])
NOISE_VARIANCE = 0.7


@claim(
    "A penalty l |W_e W_d|^2 shrinks direction i by lam_i / (lam_i + l)", source="Kunin et al. 2019"
)
def product_regularizer() -> Outcome:
    """The loss is least at P = U_k diag(lam_i / (lam_i + l)) U_k^T, for a code of any width k.

    For P of full rank the loss tr (I - P)^T S (I - P) + l |P|^2 has a zero gradient where (S + l I)
    P = S, which is the ridge regression of the data on themselves. Along u_i a gain g costs lam_i
    (1 - g)^2 + l g^2. This is least at g_i = lam_i / (lam_i + l), where it is l g_i; a direction
    that is left out costs lam_i. A code of width k keeps the directions that save most, lam_i - l
    g_i = lam_i g_i, and these are the first k.
    """
    weight = 0.7
    X, U = data_with_spectrum(LAM, rng=15)
    ridge = np.linalg.solve(X.T @ X / len(X) + weight * np.eye(4), X.T @ X / len(X))
    exact, measured = [], []
    for k in (1, 2, 3, 4):
        model = trained(X, k, regularizer=regularizers.ProductL2(weight))
        W_e, W_d = matrices(model)
        best = ridge @ U[:, :k] @ U[:, :k].T
        gains = LAM[:k] / (LAM[:k] + weight)
        exact.append([weight * gains.sum() + LAM[k:].sum(), 0.0])
        measured.append([model.losses(X)["loss"], np.linalg.norm(W_e @ W_d - best)])
    names = ["loss", "distance from the best product"]
    draw = along("width of the code", [1, 2, 3, 4], "value", exact, measured, names=names)
    because = "where L-BFGS stops"
    return Outcome(exact, measured, tolerance=[1e-9, 1e-6], because=because, draw=draw)


@claim(
    "Denoising is the product regularizer whose weight is the noise variance",
    source="Bishop 1995; Pretorius et al. 2018",
)
def denoising_is_product_regularizer() -> Outcome:
    """E |x - (x + e) P|^2 = |x (I - P)|^2 + s^2 |P|_F^2 if E e = 0 and E e^T e = s^2 I.

    The cross term has mean zero, and E |e P|^2 = tr P^T E[e^T e] P = s^2 |P|^2. The loss is a
    quadratic function of e, so its expectation is the plain average over any points with these two
    moments. The 2 m points +-s sqrt(m) along the axes have them, so no random draws are needed. The
    identity holds for all weights, and so for the gradients, too. The exact values are the right
    side and its derivatives in matrix form, tr (I - P)^T S (I - P) + s^2 |P|^2 with S = U diag(lam)
    U^T. The measured values are both of the library's losses: of noisy rows, and with the penalty.
    """
    X, U = data_with_spectrum(LAM, rng=16)
    S = U @ np.diag(LAM) @ U.T
    m = X.shape[1]
    e = np.sqrt(NOISE_VARIANCE * m) * np.concatenate([np.eye(m), -np.eye(m)])  # (2 m, m)
    noisy, clean = (X[:, None] + e).reshape(-1, m), np.repeat(X, 2 * m, axis=0)
    penalty = regularizers.ProductL2(NOISE_VARIANCE)
    exact, measured = [], []
    for seed in range(5):
        W_e, W_d = matrices(LinearAutoencoder(m, 2, rng=seed))
        P = W_e @ W_d
        rest = np.eye(m) - P
        dP = 2 * (NOISE_VARIANCE * P - S @ rest)
        loss = np.trace(rest.T @ S @ rest) + NOISE_VARIANCE * np.sum(P**2)
        exact.append([loss, *(dP @ W_d.T).ravel(), *(W_e.T @ dP).ravel()])
        by_noise = loss_and_gradient(at(W_e, W_d), noisy, target=clean)
        by_penalty = loss_and_gradient(at(W_e, W_d, regularizer=penalty), X)
        measured.append([[loss, *slopes] for loss, slopes in (by_noise, by_penalty)])
    both = np.repeat(np.array(exact)[:, None], 2, axis=1)
    return Outcome(both, measured, tolerance=1e-12, because="rounding")


@claim(
    "Trained on noisy copies, the autoencoder learns the shrinkage of the product regularizer",
    source="Pretorius et al. 2018",
)
def denoising_training() -> Outcome:
    """Minibatches with fresh noise of variance s^2 lead to the gains lam_i / (lam_i + s^2), i <= k.

    Every step sees one draw of the noise, and the average over many steps approaches the
    expectation. The least expected loss is s^2 sum_(i <= k) g_i + sum_(i > k) lam_i. Without noise
    the gains would be 1. The tolerance of two parts in a hundred is for the noise that is left in
    the weights.
    """
    X, U = data_with_spectrum(LAM, rng=17)
    model = LinearAutoencoder(4, 2, rng=0)

    def add_noise(x: Array, rng: np.random.Generator) -> Array:
        return x + np.sqrt(NOISE_VARIANCE) * rng.standard_normal(x.shape)

    many = np.tile(X, (64, 1))  # (512, 4): the noise is averaged over 64 copies of each row
    model.fit(
        many, epochs=800, batch_size=512, optimizer=optimizers.SGD(0.01), corrupt=add_noise, rng=0
    )
    W_e, W_d = matrices(model)
    expected = at(W_e, W_d, regularizer=regularizers.ProductL2(NOISE_VARIANCE)).losses(X)["loss"]
    gains = LAM / (LAM + NOISE_VARIANCE)
    learned = np.diag(U.T @ W_e @ W_d @ U)

    def draw(ax: Any) -> None:
        grid = np.linspace(0, 4.5, 100)
        ax.plot(grid, grid / (grid + NOISE_VARIANCE), "k:", label=r"$\lambda / (\lambda + s^2)$")
        ax.plot(LAM, learned, "o", label="trained on noisy copies, 2 latents")
        ax.set(xlabel=r"eigenvalue $\lambda_i$", ylabel="gain $u_i^T W_e W_d u_i$")
        ax.legend(loc="center right")

    exact = np.array([NOISE_VARIANCE * gains[:2].sum() + LAM[2:].sum(), *gains[:2]])
    return Outcome(
        exact,
        [expected, *learned[:2]],
        tolerance=2e-2 * exact,
        because="2 % for the noise of the last steps that is left in the weights",
        draw=draw,
    )
