"""The critical points of the linear autoencoder: the minimum, and saddles with known curvature.

Each point here has ``W_e = W_d.T``. The columns of W_e are the eigenvectors u_i of the data's
second moment for i in a set I of at most k indices; the other columns are zero. The curvature is
measured from the Hessian, by central differences of the hand-written gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minivae.claims import Outcome, claim
from minivae.claims.linear_rigs import at, curvatures, data_with_spectrum, loss_and_gradient
from minivae.claims.pictures import along
from minivae.edge.checks import Array

LAM = np.array([6.0, 4.5, 3.2, 2.1, 1.2, 0.5])
K = 3
SETS = [(0, 1, 2), (0, 1, 3), (0, 2, 3), (3, 4, 5), (0, 1), (1,), ()]


def _critical_point(U: Array, kept: tuple[int, ...]) -> Any:
    """Return the autoencoder whose product is the sum of u_i u_i^T over `kept`."""
    W_e = np.zeros((len(U), K))
    W_e[:, : len(kept)] = U[:, kept]
    return at(W_e, W_e.T)


@claim(
    "The loss of a critical point is the variance of the directions that it leaves out",
    source="Baldi and Hornik 1989",
)
def critical_values() -> Outcome:
    """At W_e = W_d^T = [u_i : i in I] the gradient is zero and the loss is sum lam_i, i not in I.

    With P = W_e W_d the gradients are -2 S (I - P) W_d^T and -2 W_e^T S (I - P). P projects onto
    eigenvectors of S, so it commutes with S, and (I - P) W_e = 0. So both gradients vanish. The
    residual of the data is their part along the other eigenvectors.
    """
    X, U = data_with_spectrum(LAM, rng=6)
    exact, measured = [], []
    for kept in SETS:
        model = _critical_point(U, kept)
        loss, slopes = loss_and_gradient(model, X)
        exact.append([np.delete(LAM, kept).sum(), 0.0])
        measured.append([loss, np.abs(slopes).max()])
    places = ["".join(str(i + 1) for i in kept) or "none" for kept in SETS]
    names = ["loss", "largest slope"]
    draw = along("eigenvectors kept", places, "value", exact, measured, names=names)
    return Outcome(exact, measured, tolerance=1e-12, because="rounding", draw=draw)


@claim(
    "Every critical point but the best is a saddle, with a known number of directions down",
    source="Kunin et al. 2019",
)
def saddle_curvature() -> Outcome:
    """The number of negative curvatures is sum_j (i_j - j) + (k - l)(m - l) for I = {i_0 < ... }.

    Here l is the number of indices in I. A column u_i can turn towards any u_p that is left out,
    and the loss falls if lam_p > lam_i; of the eigenvalues before i_j, i_j - j are left out. Each
    of the k - l unused columns can grow along any of the m - l directions left out, and the loss
    falls. The sum is zero only for I = {0, ..., k - 1}, so there are no other minima. For l = k
    another k^2 directions are flat: the directions of W_e C, C^-1 W_d.
    """
    X, U = data_with_spectrum(LAM, rng=6)
    m = len(LAM)
    exact, measured, values = [], [], []
    for kept in SETS:
        unused = K - len(kept)
        ways_down = sum(i - j for j, i in enumerate(kept)) + unused * (m - len(kept))
        model = _critical_point(U, kept)
        bends = curvatures(model, X)
        exact.append(ways_down)
        measured.append(np.sum(bends < -1e-6))
        if unused == 0:
            exact.append(K**2)
            measured.append(np.sum(np.abs(bends) < 1e-6))
        values.append((ways_down, model.losses(X)["loss"], kept))

    def draw(ax: Any) -> None:
        for ways_down, loss, kept in values:
            label = "{" + ", ".join(str(i + 1) for i in kept) + "}"
            ax.plot(ways_down, loss, "o", color="C0" if ways_down else "C1")
            ax.annotate(label, (ways_down, loss), xytext=(8, -4), textcoords="offset points")
        ax.set(xlabel="directions of negative curvature", ylabel=r"mean $|x - \hat x|^2$")
        ax.set_title("each labelled with the principal directions it keeps", fontsize="medium")
        ax.margins(0.15)

    return Outcome(exact, measured, draw=draw)


@claim(
    "The origin is a saddle point with gradient zero: never start there",
    source="Baldi and Hornik 1989",
)
def origin_is_a_saddle() -> Outcome:
    """At W_e = W_d = 0 the gradient is exactly zero, and curvatures are +-2 lam_i, k times each.

    To second order in the weights the loss is tr S - 2 tr(S W_e W_d). For one column a of W_e and
    its row b of W_d, the quadratic form -2 a^T S b has the Hessian [[0, -2 S], [-2 S, 0]], whose
    eigenvalues are 2 lam_i and -2 lam_i. Gradient descent that starts at the origin stays there,
    although half of all directions lead down.
    """
    X, U = data_with_spectrum(LAM, rng=6)
    model = _critical_point(U, ())
    slopes, bends = loss_and_gradient(model, X)[1], curvatures(model, X)
    exact = np.repeat(np.concatenate([-2 * LAM, 2 * LAM[::-1]]), K)
    tolerance = np.repeat([0.0, 1e-6], [len(slopes), len(exact)])
    return Outcome(
        np.concatenate([np.zeros_like(slopes), exact]),
        np.concatenate([slopes, bends]),
        tolerance,
        because="central differences of the gradient; the gradient itself is exactly 0",
    )
