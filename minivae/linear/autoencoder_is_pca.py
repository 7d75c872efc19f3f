"""A linear autoencoder is PCA: it has the same error and the same subspace, but other axes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge.checks import (
    ArgumentError,
    Array,
    as_data_set,
    check_flag,
    check_integer,
    check_real,
    check_rng,
)
from minivae.linear.pca import align_signs
from minivae.linear.principal_axes import axes_about, float_blocks, mean_of
from minivae.models.autoencoder import LinearAutoencoder
from minivae.training.lbfgs import fit_lbfgs
from minivae.training.loop import evaluate


@dataclass(frozen=True)
class EquivalenceReport:
    """A trained linear autoencoder compared with PCA.

    Attributes
    ----------
    pca_error : float
        Mean of ``|x - x_hat|^2``, summed over features, with PCA's projection as x_hat.
    autoencoder_error : float
        The same mean with the output of the trained autoencoder as x_hat.
    discarded_variance : float
        The sum of the discarded eigenvalues. In theory both errors equal this sum.
    largest_angle : float
        The largest principal angle between the two subspaces, in radians. If the last kept
        eigenvalue is tied with the next one, it is the largest angle between the autoencoder's
        subspace and the span of all tied eigenvectors.
    projector_distance : float
        Frobenius norm of the difference between the two orthogonal projectors.
    unique : bool
        Whether there is only one best subspace. If not, `projector_distance` says nothing.
    components : array, shape (n_latent, n_features)
        PCA's axes.
    decoder : array, shape (n_latent, n_features)
        The trained decoder's weights: another basis of the same subspace.
    recovered : array, shape (n_latent, n_features)
        The principal axes of the data within the autoencoder's subspace.
    iterations, angles : list
        Some iterations of the training, and the largest angle after each of them.
    max_gap, max_angle : float
        The largest relative gap and the largest angle for `ok`.
    max_iterations : int
        The largest number of iterations that was allowed.
    """

    pca_error: float
    autoencoder_error: float
    discarded_variance: float
    largest_angle: float
    projector_distance: float
    unique: bool
    components: Array = field(repr=False)
    decoder: Array = field(repr=False)
    recovered: Array = field(repr=False)
    iterations: list[int] = field(repr=False)
    angles: list[float] = field(repr=False)
    max_gap: float
    max_angle: float
    max_iterations: int

    @property
    def relative_gap(self) -> float:
        """The autoencoder's error relative to the discarded variance, less 1."""
        return (self.autoencoder_error - self.discarded_variance) / self.discarded_variance

    @property
    def ok(self) -> bool:
        """Whether both the errors and the subspaces agree."""
        pca_gap = abs(self.pca_error / self.discarded_variance - 1)
        return (
            pca_gap <= self.max_gap
            and abs(self.relative_gap) <= self.max_gap
            and self.largest_angle <= self.max_angle
        )

    def __str__(self) -> str:
        lines = [
            f"linear autoencoder against PCA, {len(self.components)} latents: "
            + ("the same" if self.ok else "NOT the same"),
            f"  PCA's error                      {self.pca_error:.12g}",
            f"  autoencoder's error              {self.autoencoder_error:.12g}",
            f"  sum of discarded eigenvalues     {self.discarded_variance:.12g}",
            f"  relative gap of the loss         {self.relative_gap:.1e}  "
            f"(at most {self.max_gap:.0e})",
            f"  largest principal angle          {self.largest_angle:.1e} rad  "
            f"(at most {self.max_angle:.0e})",
            f"  projector distance               {self.projector_distance:.1e}",
            f"  iterations of L-BFGS             {self.iterations[-1]}  "
            f"(at most {self.max_iterations})",
        ]
        if not self.unique:
            lines.append(
                "  the last kept eigenvalue is tied with the first discarded one: the best "
                "subspace is not\n  unique, and the angle is to the span of all tied eigenvectors"
            )
        return "\n".join(lines)


def verify_pca_equivalence(
    X: ArrayLike,
    n_latent: int,
    *,
    centre: bool = True,
    bias: bool = False,
    max_gap: float = 1e-9,
    max_angle: float = 1e-5,
    max_iterations: int = 10_000,
    rng: int | np.random.Generator | None = None,
) -> EquivalenceReport:
    """Train a linear autoencoder with its hand-written gradients, and compare it with PCA.

    Parameters
    ----------
    X : array_like, shape (n_samples, n_features)
    n_latent : int
        1 <= n_latent < n_features.
    centre : bool
        Whether the mean is subtracted first. Without centring and without biases, the autoencoder
        finds the eigenvectors of the second moment ``X.T @ X / n_samples``, and the comparison is
        with these. With biases the mean of the data does not matter.
    bias : bool
        Whether the autoencoder has biases.
    max_gap, max_angle : float
        The largest relative gap of the loss, and the largest angle in radians, for `ok`.
    max_iterations : int
        The largest number of iterations of L-BFGS.
    rng : int or numpy.random.Generator, optional
        Draws the initial weights.

    Returns
    -------
    EquivalenceReport

    Raises
    ------
    ValueError
        An argument is out of its range, or `n_latent` axes already hold all of the variance.

    Notes
    -----
    The loss of an affine autoencoder depends on the data only through their mean and their second
    moment. So the autoencoder is trained on a few rows with the same two moments
    (`moment_matched_rows`); the errors are then measured on every row of `X`.

    With biases, the training rows are shifted and scaled: the mean becomes zero and the standard
    deviation along the first axis becomes one. The biases start about one such deviation from their
    optimum, and after training they undo the change of coordinates.
    """
    X = as_data_set(X)  # a memmap is read in blocks of rows, never copied whole
    n_features = X.shape[1]
    check_integer("n_latent", n_latent, 1, n_features - 1, of="n_features-1=")
    check_flag("centre", centre), check_flag("bias", bias)
    check_real("max_gap", max_gap, 0)
    check_real("max_angle", max_angle, 0)
    mean = mean_of(X)
    shift = mean if centre else np.zeros(n_features)
    origin = mean - shift if bias else np.zeros(n_features)
    squares, axes = axes_about(X, shift + origin)
    lam = squares / len(X)

    def data() -> Iterator[Array]:
        return (x - shift for x in float_blocks(X))

    discarded = float(lam[n_latent:].sum())
    if discarded == 0:
        raise ArgumentError(
            f"n_latent must leave variance to discard, got {n_latent}, and {n_latent} axes hold "
            "all variance of X"
        )
    is_tied = np.abs(lam - lam[n_latent - 1]) <= 1e-9 * lam[0]
    unique = not is_tied[n_latent]
    components = axes[:n_latent]
    target = components if unique else axes[is_tied | (np.arange(len(lam)) < n_latent)]

    rng = check_rng(rng)
    model = LinearAutoencoder(n_features, n_latent, bias=bias, rng=rng)
    iterations, angles = _train(
        model, (x - origin for x in data()), origin, target, max_iterations, rng
    )

    decoder = model.params["decoder.0.W"].copy()
    basis = np.linalg.qr(decoder.T).Q.T  # (n_latent, n_features), orthonormal rows
    codes = np.concatenate([(x - origin) @ basis.T for x in data()])
    turn = axes_about(codes, np.zeros(n_latent))[1]
    errors = np.zeros(2)
    for x in data():
        projected = (x - origin) @ components.T @ components + origin
        errors += np.sum((x - projected) ** 2), len(x) * evaluate(model, x)["loss"]
    pca_error, autoencoder_error = map(float, errors / len(X))
    return EquivalenceReport(
        pca_error=pca_error,
        autoencoder_error=autoencoder_error,
        discarded_variance=discarded,
        largest_angle=angles[-1],
        projector_distance=float(np.linalg.norm(basis.T @ basis - components.T @ components)),
        unique=unique,
        components=align_signs(components),
        decoder=decoder,
        recovered=align_signs(turn @ basis),
        iterations=iterations,
        angles=angles,
        max_gap=max_gap,
        max_angle=max_angle,
        max_iterations=max_iterations,
    )


def moment_matched_rows(blocks: Iterable[Array]) -> Array:
    """Return a few rows with the second moment of the rows of all blocks, and with mean zero.

    The factor R of the QR decomposition of `Y` has ``R.T @ R = Y.T @ Y``. The rows of R and of -R
    together have mean zero.
    """
    R: Array = np.empty((0, 0))
    n = 0
    for Y in blocks:  # R of the rows so far, and a block below it, have the R of all
        R = np.linalg.qr(np.concatenate([R, Y]) if n else Y).R
        n += len(Y)
    R *= np.sqrt(len(R) / n)
    return np.concatenate([R, -R])


def _train(
    model: LinearAutoencoder,
    centred: Iterable[Array],
    origin: Array,
    target: Array,
    max_iterations: int,
    rng: np.random.Generator,
) -> tuple[list[int], list[float]]:
    """Train to the minimum; return some iterations and the largest angle to `target` at each."""
    from scipy.linalg import subspace_angles

    encoder, decoder = (end.layers[0].params for end in (model.encoder, model.decoder))
    biased = "b" in encoder
    rows = moment_matched_rows(centred)
    if not biased:  # without biases only the second moment matters, and half of the rows have it
        rows = rows[: len(rows) // 2]
    unit = np.linalg.norm(rows, 2) / np.sqrt(len(rows))
    if biased:
        encoder["b"][...] = rng.standard_normal(model.n_latent)
        decoder["b"][...] = rng.standard_normal(model.n_features) / np.sqrt(model.n_features)
    iterations: list[int] = []
    angles: list[float] = []

    def record(iteration: int) -> None:
        iterations.append(iteration)
        angles.append(float(subspace_angles(decoder["W"].T, target.T)[0]))

    record(0)
    n_done = fit_lbfgs(
        model,
        rows / unit,
        max_iterations=max_iterations,
        callback=lambda i: record(i) if i > 1.1 * iterations[-1] else None,
    )
    if n_done > iterations[-1]:
        record(n_done)
    if biased:  # unit ((x - origin) / unit W_e + b_e) W_d + unit b_d + origin
        encoder["b"] *= unit
        encoder["b"] -= origin @ encoder["W"]
        decoder["b"] *= unit
        decoder["b"] += origin
    return iterations, angles
