"""A linear autoencoder is PCA: the same error, and the same subspace, but not the same axes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge.checks import Array, as_batch, check_integer, check_real
from minivae.linear.pca import align_signs
from minivae.linear.principal_axes import axes_about
from minivae.models.autoencoder import LinearAutoencoder
from minivae.training.lbfgs import fit_lbfgs
from minivae.training.loop import evaluate


@dataclass(frozen=True)
class EquivalenceReport:
    """PCA beside a trained linear autoencoder; errors are squared, summed over features.

    Attributes
    ----------
    pca_error : float
        Mean of ``|x - x_hat|^2`` with PCA's projection.
    autoencoder_error : float
        The same with the trained autoencoder.
    discarded_variance : float
        The sum of the discarded eigenvalues, which theory says both must be.
    largest_angle : float
        Between the two subspaces, radians. Where eigenvalue n_latent is tied with the next, the
        angle from the autoencoder's subspace to the one that all tied eigenvectors span.
    projector_distance : float
        Frobenius norm of the difference of the two orthogonal projectors.
    unique : bool
        Whether there is one best subspace; if not, the projector distance decides nothing.
    components : array, shape (n_latent, n_features)
        PCA's axes.
    decoder : array, shape (n_latent, n_features)
        The autoencoder's, as trained: another basis of the same subspace.
    recovered : array, shape (n_latent, n_features)
        The autoencoder's subspace, turned to its own principal axes.
    iterations, angles : list
        The largest angle while it fell.
    max_gap, max_angle : float
        What `ok` allows.
    max_iterations : int
        How many iterations were allowed.
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
        """The autoencoder's error above the discarded variance, relative to it."""
        return (self.autoencoder_error - self.discarded_variance) / self.discarded_variance

    @property
    def ok(self) -> bool:
        """Whether the errors agree, and the subspaces do."""
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
    """Train a linear autoencoder through its hand-written layers, and set it beside PCA.

    Parameters
    ----------
    X : array_like, shape (n_samples, n_features)
    n_latent : int
        1 <= n_latent < n_features.
    centre : bool
        Subtract the mean first. Without it and without a bias the autoencoder finds the
        eigenvectors of the second moment ``X.T @ X / n_samples``, and that is what it is compared
        with; a bias makes the data's mean irrelevant.
    bias : bool
        Whether the autoencoder has biases.
    max_gap, max_angle : float
        Relative gap of the loss, and angle in radians, that count as the same.
    max_iterations : int
        Of L-BFGS.
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
    The loss of an affine autoencoder depends on the data only through its mean and its second
    moment, so it is trained on a few rows that have the same two (`moment_matched_rows`), and both
    errors are then measured on every row of `X`. If there are biases, these rows are measured from
    the mean and in units of the deviation along the first axis, a change of coordinates that the
    biases then undo; they start about one such deviation from where they belong.
    """
    data = as_batch(X, name="X")
    n_features = data.shape[1]
    check_integer("n_latent", n_latent, 1, n_features - 1, of="n_features-1=")
    check_real("max_gap", max_gap, 0)
    check_real("max_angle", max_angle, 0)
    if centre:
        data = data - data.mean(axis=0)
    origin = data.mean(axis=0) if bias else np.zeros(n_features)
    squares, axes = axes_about(data, origin)
    lam = squares / len(data)
    discarded = float(lam[n_latent:].sum())
    if discarded == 0:
        raise ValueError(
            f"n_latent must leave variance to discard, got {n_latent}: as many axes hold all of X's"
        )
    is_tied = np.abs(lam - lam[n_latent - 1]) <= 1e-9 * lam[0]
    unique = not is_tied[n_latent]
    components = axes[:n_latent]
    target = components if unique else axes[is_tied | (np.arange(len(lam)) < n_latent)]

    rng = np.random.default_rng(rng)
    model = LinearAutoencoder(n_features, n_latent, bias=bias, rng=rng)
    iterations, angles = _train(model, data, origin, target, max_iterations, rng)

    decoder = model.params["decoder.0.W"].copy()
    basis = np.linalg.qr(decoder.T).Q.T  # (n_latent, n_features), orthonormal rows
    turn = axes_about((data - origin) @ basis.T, np.zeros(n_latent))[1]
    projected = (data - origin) @ components.T @ components + origin
    return EquivalenceReport(
        pca_error=float(np.sum((data - projected) ** 2) / len(data)),
        autoencoder_error=evaluate(model, data)["loss"],
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


def moment_matched_rows(Y: Array) -> Array:
    """Return a few rows with the second moment of `Y`, and with mean zero.

    The R of a QR decomposition has ``R.T @ R = Y.T @ Y``; its rows, with both signs, have mean
    zero.
    """
    R = np.linalg.qr(Y, mode="r")
    R *= np.sqrt(len(R) / len(Y))
    return np.concatenate([R, -R])


def _train(
    model: LinearAutoencoder,
    data: Array,
    origin: Array,
    target: Array,
    max_iterations: int,
    rng: np.random.Generator,
) -> tuple[list[int], list[float]]:
    """Train to the minimum; return some iterations, and the largest angle to `target` at each."""
    from scipy.linalg import subspace_angles

    encoder, decoder = (end.layers[0].params for end in (model.encoder, model.decoder))
    biased = "b" in encoder
    rows = moment_matched_rows(data - origin)
    if not biased:  # then the mean plays no part, and half of the rows have the second moment
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
