"""Verdicts: a report says no if the answer is no, and its numbers agree with its arrays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.linalg import subspace_angles

from minivae.claims import Outcome, claim
from minivae.claims.linear_rigs import data_with_spectrum
from minivae.edge.checks import Array
from minivae.gradient_check.check import check_gradients
from minivae.linear.autoencoder_is_pca import verify_pca_equivalence
from minivae.linear.vae_is_ppca import verify_ppca_equivalence

LAM = np.array([5.0, 3.0, 2.0, 1.2, 0.5, 0.2])


@claim(
    "The report on PCA says no to a half-trained model, to a wrong error and to a wrong subspace",
    source="derived here",
)
def verdicts_on_pca() -> Outcome:
    """`verify_pca_equivalence` is tested where the right answer is known to be yes or no.

    After complete training the answer is yes. After three iterations it is no. It is also no if one
    of the two errors or the angle is changed by ten times its limit. The angle, the distance of the
    projectors and the errors are compared with scipy and numpy for the decoder in the report, after
    complete and after incomplete training. The property `unique` is tested with a spectrum that has
    a tie.
    """
    X, U = data_with_spectrum(LAM, rng=20)
    good, half = (verify_pca_equivalence(X, 2, max_iterations=n, rng=1) for n in (1000, 3))
    wrong = [
        replace(good, pca_error=good.pca_error * (1 + 10 * good.max_gap)),
        replace(good, autoencoder_error=good.autoencoder_error * (1 + 10 * good.max_gap)),
        replace(good, autoencoder_error=good.autoencoder_error * (1 - 10 * good.max_gap)),
        replace(good, largest_angle=10 * good.max_angle),
    ]
    tied = verify_pca_equivalence(data_with_spectrum([3.0, 1, 1, 0.5], rng=2)[0], 2, rng=0)
    exact = [1.0, 0, *np.zeros(4), 1, 0]
    measured: list[Any] = [
        good.ok,
        half.ok,
        *(report.ok for report in wrong),
        good.unique,
        tied.unique,
    ]
    for report in (good, half):
        angle = subspace_angles(report.decoder.T, U[:, :2]).max()
        projector = np.linalg.pinv(report.decoder) @ report.decoder
        distance = np.linalg.norm(projector - U[:, :2] @ U[:, :2].T)
        exact += [angle, distance, LAM[2:].sum(), LAM[2:].sum(), angle]
        measured += [report.largest_angle, report.projector_distance, report.discarded_variance]
        measured += [report.pca_error, report.angles[-1]]
    exact.append(0)
    measured.append(np.linalg.norm(good.recovered - good.components))

    def draw(ax: Any) -> None:
        ax.semilogy(good.iterations, good.angles, ".-", label="trained to the end: yes")
        ax.semilogy(half.iterations, half.angles, "o-", label="three iterations: no")
        ax.axhline(good.max_angle, color="k", ls="--", label="allowed")
        ax.set(xlabel="iteration of L-BFGS", ylabel="largest principal angle (rad)")
        ax.legend()

    return Outcome(
        exact, measured, tolerance=1e-6, because="angles, to a root of rounding", draw=draw
    )


@claim(
    "The report on probabilistic PCA says no to a half-trained VAE, a wrong noise and a tilted W",
    source="derived here",
)
def verdicts_on_ppca() -> Outcome:
    """`verify_ppca_equivalence` is tested where the right answer is known to be yes or no.

    After complete training the answer is yes. After two iterations it is no. It is also no if the
    ELBO, the noise or the angle between the rows of W is changed by more than its limit. The limit
    of the parameters is the root of the limit of the ELBO. The likelihood and the noise are
    compared with the spectrum.
    """
    X, _ = data_with_spectrum(LAM, rng=21)
    X = X + np.linspace(0, 2, 6)
    good, half = (verify_ppca_equivalence(X, 2, max_iterations=n, rng=1) for n in (1000, 2))
    wrong = [
        replace(good, elbo=good.elbo - 10 * good.tolerance),
        replace(good, elbo=good.elbo + 10 * good.tolerance),
        replace(good, noise_variance=good.noise_variance * 1.01),
        replace(good, off_diagonal=0.01),
    ]
    s2 = LAM[2:].mean()
    log_det = np.log(LAM[:2]).sum() + 4 * np.log(s2)
    largest = -0.5 * (6 * (np.log(2 * np.pi) + 1) + log_det)
    return Outcome(
        exact=[1, 0, *np.zeros(4), largest, largest, s2, s2],
        measured=[
            good.ok,
            half.ok,
            *(report.ok for report in wrong),
            good.elbo,
            half.log_likelihood,
            good.noise_variance,
            half.predicted_noise_variance,
        ],
        tolerance=1e-6,
        because="what the report allows",
    )


@claim(
    "The gradient check says no to every mistake, and names its place and its likely cause",
    source="derived here",
)
def verdicts_on_gradients() -> Outcome:
    """A right gradient of tanh(x) A passes; eight wrong ones fail, each with a cause or a place.

    The mistakes are a sign, a factor of two, a factor of one half, a sum that is not divided by the
    batch size, a missing gradient, a transpose, noise that is drawn anew, and one entry that is
    wrong by a thousandth, whose index and relative error the report must give. All verdicts are
    compared, whether the named cause is the mistake that was made, the place, and for a product of
    two arguments the name of the argument whose gradient is wrong.
    """
    rng = np.random.default_rng(3)
    x, A = rng.standard_normal((5, 5)), rng.standard_normal((5, 5))

    def f(x: Array) -> Array:
        return np.tanh(x) @ A

    def right(x: Array, dy: Array) -> Array:
        return (dy @ A.T) * (1 - np.tanh(x) ** 2)

    def one_entry(x: Array, dy: Array) -> Array:
        dx = right(x, dy)
        dx[3, 1] *= 1.001
        return dx

    mistakes = {
        "the sign is flipped": lambda x, dy: -right(x, dy),
        "twice too large": lambda x, dy: 2 * right(x, dy),
        "half of what it should be": lambda x, dy: right(x, dy) / 2,
        "not divided by the batch size": lambda x, dy: 5 * right(x, dy),
        "zero everywhere": lambda x, dy: 0 * x,
        "transposed": lambda x, dy: right(x, dy).T,
        "two backward passes differ": lambda x, dy: (
            right(x, dy) + 1e-3 * rng.standard_normal((5, 5))
        ),
    }
    verdicts = []
    for method in ("central", "complex"):
        verdicts.append(check_gradients(f, x, backward=right, method=method, rng=0).ok)
        for cause, wrong in mistakes.items():
            report = check_gradients(f, x, backward=wrong, method=method, rng=0)
            verdicts += [report.ok, cause in str(report)]
    last = check_gradients(f, x, backward=one_entry, rng=0)
    worst = last.worst
    place = [*worst.index, worst.relative_error] if worst else [np.nan] * 3
    second = check_gradients(
        np.multiply, x, A, backward=lambda x, y, dy: (dy * y, 1.01 * dy * x), rng=0
    ).worst
    named = second is not None and second.name == "x2"
    return Outcome(
        exact=[*[1, *[0, 1] * len(mistakes)] * 2, 0, 25, 3, 1, 0.001 / 1.001, 1],
        measured=[*verdicts, last.ok, last.n_checked, *place, named],
        tolerance=1e-6,
        because="what central differences reach",
    )


@claim(
    "At a kink the gradient check accepts any slope between the two sides, and no other slope",
    source="derived here",
)
def verdicts_at_a_kink() -> Outcome:
    """max(x, 0) has no derivative at 0: central differences find 1/2.

    Any number from the left slope, 0, to the right slope, 1, is a subgradient. The check must
    accept it and report the kink; 1.5 and -.5 are not subgradients. Beside the kink, at x = .3, the
    slope is 1 and the check accepts no other number.
    """
    slopes = np.array([-0.5, 0.0, 0.25, 1.0, 1.5])
    at_kink: list[bool] = []
    beside: list[bool] = []
    kinks: list[int] = []
    for slope in slopes:
        for place, verdicts in ((0.0, at_kink), (0.3, beside)):
            report = check_gradients(
                lambda x: np.maximum(x.real, 0) + 0 * x,
                np.full((1, 1), place),
                backward=lambda x, dy, slope=slope: slope * dy,
                rng=0,
            )
            verdicts.append(report.ok)
            if place == 0:
                kinks.append(report.entries[0].n_kinks)
    return Outcome(
        exact=[[0, 1, 1, 1, 0], [0, 0, 0, 1, 0], [0, 1, 1, 1, 0]],
        measured=np.array([at_kink, beside, kinks], float),
    )
