"""``minivae verify``: compare a linear autoencoder with PCA, on data of your choice."""

from __future__ import annotations

from pathlib import Path

from minivae.commands.data import load_split
from minivae.edge.files import make_folder
from minivae.linear.autoencoder_is_pca import EquivalenceReport, verify_pca_equivalence
from minivae.linear.vae_is_ppca import LinearVAEReport, verify_ppca_equivalence


def verify(
    data: str = "patches",
    n_latent: int = 8,
    *,
    bias: bool = False,
    out: Path | None = None,
    n_samples: int | None = None,
    seed: int = 0,
) -> EquivalenceReport:
    """Train a linear autoencoder on a data set, print the comparison with PCA, and draw it.

    Parameters
    ----------
    data : {"patches", "digits", "mnist"}
    n_latent : int
    bias : bool
        Give the autoencoder biases, and leave the data uncentred.
    out : Path, optional
        A folder for ``bases.png`` and ``angle.png``.
    n_samples : int, optional
        The number of rows.
    seed : int

    Returns
    -------
    EquivalenceReport
    """
    if out is not None:
        make_folder(out)
    X = load_split(data, n_train=n_samples, rng=seed).train
    print(f"{len(X)} rows of {data} with {X.shape[1]} features, {n_latent} latents")
    # digits have hundreds of features and close eigenvalues: the last digits take long
    strict = data == "patches"
    report = verify_pca_equivalence(
        X,
        n_latent,
        centre=not bias,
        bias=bias,
        max_gap=1e-9 if strict else 1e-6,
        max_angle=1e-5 if strict else 1e-2,
        max_iterations=10_000 if strict else 3000,
        rng=seed,
    )
    print(report)
    if out is not None:
        draw(report, out)
    return report


def verify_vae(
    data: str = "patches", n_latent: int = 8, *, n_samples: int | None = None, seed: int = 0
) -> LinearVAEReport:
    """Train a linear-Gaussian VAE on a data set, and print its ELBO beside the exact likelihood.

    Parameters
    ----------
    data : {"patches", "digits", "mnist"}
    n_latent : int
    n_samples : int, optional
        The number of rows.
    seed : int

    Returns
    -------
    LinearVAEReport
    """
    X = load_split(data, n_train=n_samples, rng=seed).train
    print(f"{len(X)} rows of {data} with {X.shape[1]} features, {n_latent} latents")
    strict = data == "patches"
    report = verify_ppca_equivalence(
        X,
        n_latent,
        tolerance=1e-6 if strict else 1e-2,
        max_iterations=10_000 if strict else 3000,
        rng=seed,
    )
    print(report)
    return report


def draw(report: EquivalenceReport, out: Path) -> None:
    """Write a picture of both bases, and one of the angle between them during training."""
    from minivae import plots

    bases = {
        "PCA": report.components,
        "autoencoder: its decoder": report.decoder,
        "autoencoder: its own principal axes": report.recovered,
    }
    plots.save(plots.bases_side_by_side(bases), out / "bases.png")
    angles = plots.angle_history(report.iterations, report.angles, tolerance=report.max_angle)
    plots.save(angles, out / "angle.png")
