"""PCA and the linear autoencoder: they share the optimum and the subspace; what the mean changes.

In all claims ``x_hat = x @ W_e @ W_d``. The second moment ``S = X.T @ X / n_samples`` of the data
has the eigenvalues lam_1 >= ... >= lam_m with eigenvectors u_1, ..., u_m, known by construction.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minivae.claims import Outcome, claim
from minivae.claims.linear_rigs import at, data_with_spectrum, matrices, trained
from minivae.claims.pictures import along
from minivae.edge.checks import Array
from minivae.linear import pca


@claim(
    "The direction of largest variance is the direction of least projection error",
    source="Pearson 1901",
)
def maximal_variance_is_minimal_error() -> Outcome:
    """For a unit vector v, the variance along v plus the error of projecting onto v is constant.

    By Pythagoras |x|^2 = (x.v)^2 + |x - (x.v) v|^2 for every x. The mean of the left side is the
    total variance for every v, so the largest variance has the least error. In the plane, with v at
    the angle t from u_1, the two are lam_1 cos^2 t + lam_2 sin^2 t and lam_1 sin^2 t + lam_2 cos^2
    t, and PCA must find t = 0.
    """
    lam = np.array([3.0, 1.0])
    X, U = data_with_spectrum(lam, rng=0)
    angles = np.linspace(-np.pi / 2, np.pi / 2, 91)
    squares = np.stack([np.cos(angles) ** 2, np.sin(angles) ** 2], axis=1)
    exact = np.concatenate([squares @ lam, squares @ lam[::-1], lam])
    variances, errors = [], []
    for t in angles:
        v = U @ [[np.cos(t)], [np.sin(t)]]  # (2, 1)
        model = at(v, v.T)
        variances.append(model.encode(X).var())
        errors.append(model.losses(X)["loss"])
    best = pca.PCA(1).fit(X)
    least = np.mean(np.sum((X - best.reconstruct(X)) ** 2, axis=1))

    def draw(ax: Any) -> None:
        degrees = np.degrees(angles)
        ax.plot(degrees, variances, label="variance along the line")
        ax.plot(degrees, errors, label="error of projecting onto it")
        ax.plot(degrees, np.add(variances, errors), "k:", label="their sum, the total variance")
        ax.set(
            xlabel="angle between the line and $u_1$, degrees", ylabel="mean square", ylim=(0, None)
        )
        ax.legend(loc="lower center")

    measured = np.concatenate([variances, errors, [best.transform(X).var(), least]])
    return Outcome(exact, measured, tolerance=1e-12, because="rounding", draw=draw)


@claim(
    "The least error is the sum of the discarded eigenvalues, for each way to average it",
    source="Eckart and Young 1936; Baldi and Hornik 1989",
)
def least_error_is_discarded_variance() -> Outcome:
    """No product W_e W_d of rank k has an error below the sum of the m - k smallest eigenvalues.

    The error is |X - X W_e W_d|_F^2 / N, and X W_e W_d has rank k. The nearest matrix of rank k is
    X with its m - k smallest singular values s_i set to zero. So the least error is the sum of
    s_i^2 / N = lam_i over i > k, and W_e W_d = sum u_i u_i^T over i <= k attains it. If the error
    is averaged over features, too, it is this sum divided by m. With the eigenvalues of a
    covariance with divisor N - 1, it is their discarded sum times (N - 1) / N.
    """
    lam = np.array([5.0, 3.0, 2.0, 1.2, 0.5, 0.2])
    X, _ = data_with_spectrum(lam, rng=1)
    N, m = X.shape
    widths = range(1, m)
    unbiased = np.linalg.eigvalsh(np.cov(X, rowvar=False))  # smallest first
    exact, measured = [], []
    for k in widths:
        model = trained(X, k)
        squares = (X - model.reconstruct(X)) ** 2
        exact += [lam[k:].sum(), lam[k:].sum() / m, unbiased[: m - k].sum()]
        measured += [model.losses(X)["loss"], squares.mean(), squares.sum() / (N - 1)]

    def draw(ax: Any) -> None:
        ax.bar(widths, exact[::3], color="0.8", label="sum of the discarded eigenvalues")
        ax.plot(widths, measured[::3], "o", label="error of the trained autoencoder")
        ax.set(xlabel="latents $k$", ylabel=r"mean $|x - \hat x|^2$")
        ax.legend()

    return Outcome(exact, measured, tolerance=1e-9, because="where L-BFGS stops", draw=draw)


@claim(
    "A linear autoencoder is PCA if lam_k > lam_(k+1): its W_e W_d projects onto PCA's subspace",
    source="Bourlard and Kamp 1988; Baldi and Hornik 1989",
)
def linear_autoencoder_is_pca() -> Outcome:
    """If lam_k > lam_(k+1), the best W_e W_d is a unique matrix, U_k U_k^T, found from any start.

    The nearest matrix of rank k to X is then unique: X U_k U_k^T. No other critical point is a
    minimum. So training from five random starts ends there, and the error is the sum of the
    discarded eigenvalues. The axes are not PCA's axes, as the picture shows.
    """
    X, U = data_with_spectrum([5.0, 3.0, 2.0, 1.2, 0.5, 0.2], rng=2)
    models = [trained(X, 2, rng=seed) for seed in range(5)]
    projector = U[:, :2] @ U[:, :2].T
    distances = [np.linalg.norm(W_e @ W_d - projector) for W_e, W_d in map(matrices, models)]
    errors = [model.losses(X)["loss"] for model in models]

    def draw(ax: Any) -> None:
        for seed, model in enumerate(models):
            rows = matrices(model)[1] @ U[:, :2]  # the decoder's two axes, in the plane of u_1, u_2
            for row in rows:
                ax.plot([0, row[0]], [0, row[1]], "o-", color=f"C{seed}")
            ax.plot([], [], "o-", color=f"C{seed}", label=f"start {seed}")
        ax.set(xlabel="along $u_1$", ylabel="along $u_2$", aspect="equal")
        ax.set_title("rows of $W_d$: one plane, no common axes", fontsize="medium")
        ax.legend(fontsize="small")

    return Outcome(
        [np.zeros(5), np.full(5, 2.0 + 1.2 + 0.5 + 0.2)],
        [distances, errors],
        tolerance=[[1e-6], [1e-9]],
        because="where L-BFGS stops; an error is off by the square of what the weights are",
        draw=draw,
    )


@claim(
    "Only the subspace is identified: any invertible C gives the same loss",
    source="Baldi and Hornik 1989",
)
def only_the_subspace_is_identified() -> Outcome:
    """W_e = U_k C and W_d = C^-1 U_k^T are a minimum for every invertible k x k matrix C.

    The loss depends only on the product W_e W_d, in which C cancels. So at every C the loss is the
    discarded variance and the gradient is zero. But the axes of the code, the columns of U_k C, can
    be any basis of the subspace, with any lengths and angles.
    """
    lam = np.array([5.0, 3.0, 2.0, 1.2, 0.5, 0.2])
    X, U = data_with_spectrum(lam, rng=3)
    rng = np.random.default_rng(3)
    measured = []
    for _ in range(10):
        C = rng.standard_normal((3, 3))
        losses, grads = at(U[:, :3] @ C, np.linalg.solve(C, U[:, :3].T)).loss_and_grads(X)
        measured.append([losses["loss"], *(np.abs(g).max() for g in grads.values())])
    exact = np.broadcast_to([lam[3:].sum(), 0, 0], (10, 3))
    return Outcome(exact, measured, tolerance=1e-10, because="rounding, with C as it is drawn")


@claim(
    "Biases centre the data: a shift of the data changes nothing",
    source="Bourlard and Kamp 1988",
)
def biases_centre_the_data() -> Outcome:
    """With b_e and b_d the optimum is PCA on centred data, for every mean c.

    For given matrices, the best constant b in x_hat = x W_e W_d + b makes the mean residual zero: b
    = c (I - W_e W_d). Then x - x_hat = (x - c)(I - W_e W_d) is the residual of the centred data. So
    the least loss is the sum of their discarded eigenvalues, and the reconstructions shift with the
    data.
    """
    lam = np.array([4.0, 2.0, 1.0, 0.5])
    X, U = data_with_spectrum(lam, rng=4)
    projection = X @ U[:, :2] @ U[:, :2].T
    exact, measured = [], []
    sizes = [0.0, 1.0, 3.0]
    for size in sizes:
        c = size * np.array([1.0, -1.0, 0.5, 2.0])
        model = trained(X + c, 2, bias=True)
        distance = np.linalg.norm(model.reconstruct(X + c) - (projection + c))
        exact.append([lam[2:].sum(), 0.0])
        measured.append([model.losses(X + c)["loss"], distance])
    names = ["loss", "distance from centred PCA"]
    draw = along("shift of the mean", sizes, "value", exact, measured, names=names)
    return Outcome(exact, measured, tolerance=1e-6, because="where L-BFGS stops", draw=draw)


@claim(
    "Without centring and without biases the second moment replaces the covariance",
    source="Jolliffe 2002",
)
def without_centring_second_moment() -> Outcome:
    """Without biases the discarded eigenvalues are those of X^T X / N, which includes the mean.

    With a mean of length d along u_m, the second moment is the covariance plus d^2 u_m u_m^T, so
    its eigenvalue lam_m becomes lam_m + d^2. If this exceeds lam_k, the mean occupies one of the k
    latents, and the error is sum_(i >= k) lam_i - lam_m. The error of centred data, and of a model
    with biases, is sum_(i > k) lam_i, which is less by lam_k - lam_m.
    """
    lam = np.array([4.0, 2.0, 1.0, 0.5])
    X, U = data_with_spectrum(lam, rng=5)
    distances = np.array([0.0, 0.5, 1.0, 1.5, 2.0, 3.0])
    exact, measured = [], []
    for d in distances:
        shifted = X + d * U[:, 3]
        second_moment = np.sort([*lam[:3], lam[3] + d**2])
        exact.append([second_moment[:2].sum(), lam[2:].sum()])
        models = trained(shifted, 2), trained(shifted, 2, bias=True)
        measured.append([model.losses(shifted)["loss"] for model in models])

    def draw(ax: Any) -> None:
        errors: Array = np.array(measured)
        ax.plot(distances, errors[:, 0], "o-", label="no biases")
        ax.plot(distances, errors[:, 1], "s-", label="with biases")
        ax.set(xlabel="distance of the mean from the origin", ylabel="least error", ylim=(0, None))
        ax.legend()

    return Outcome(exact, measured, tolerance=1e-8, because="where L-BFGS stops", draw=draw)
