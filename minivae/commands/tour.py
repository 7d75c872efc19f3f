"""``minivae tour``: verify, check every gradient, train a VAE; pictures, a report, a verdict."""

from __future__ import annotations

import platform
import time
from importlib import import_module
from pathlib import Path

import numpy as np

from minivae.commands.data import load_split
from minivae.commands.gradcheck import gradcheck, worst_errors
from minivae.commands.train import baselines, draw, report_test_loss
from minivae.commands.verify import verify
from minivae.edge.files import make_folder, whole_file
from minivae.models.vae import VAE
from minivae.nn.gaussian import gaussian_kl
from minivae.training.callbacks import Progress

Claim = tuple[str, str, bool]


def tour(out: Path, *, quick: bool = False, seed: int = 0) -> bool:
    """Show the purpose of the package, on data that comes with it.

    Parameters
    ----------
    out : Path
        A folder for the pictures and ``report.md``.
    quick : bool
        Use less data and fewer epochs, for the same claims: every step takes a few seconds.
    seed : int

    Returns
    -------
    bool
        Whether every claim holds.
    """
    start = time.monotonic()
    make_folder(out)
    claims = [
        *_verify(out, quick, seed),
        *_gradcheck(seed),
        *_train(out, quick, seed),
    ]
    _title("verdict")
    for statement, measured, holds in claims:
        print(f"{'holds ' if holds else 'FAILED'}  {statement}: {measured}")
    n_seconds = time.monotonic() - start
    _write_report(out, claims, seed, n_seconds)
    everything = all(holds for _, _, holds in claims)
    print(
        f"\n{'Every claim holds.' if everything else 'A claim FAILED.'} "
        f"It took {n_seconds:.0f} s; pictures and report.md are in {out}"
    )
    return everything


def _title(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}")


def _verify(out: Path, quick: bool, seed: int) -> list[Claim]:
    _title("1. verify: a linear autoencoder is PCA")
    print(
        "A linear autoencoder is trained through the package's own layers on 8 x 8 patches of a\n"
        "photograph, and set beside PCA by eigendecomposition. Look at the two errors, which\n"
        "must be the same to nine digits, and at the angle between the two subspaces, which must\n"
        "vanish; the basis vectors differ (bases.png): only the subspace is determined.\n"
    )
    report = verify("patches", 8, out=out, n_samples=2000 if quick else None, seed=seed)
    return [
        (
            "the linear autoencoder's loss is the sum of the discarded eigenvalues",
            f"relative gap {report.relative_gap:.1e}, at most {report.max_gap:.0e}",
            abs(report.relative_gap) <= report.max_gap,
        ),
        (
            "its subspace is the subspace of PCA",
            f"largest angle {report.largest_angle:.1e} rad, at most {report.max_angle:.0e}",
            report.largest_angle <= report.max_angle,
        ),
    ]


def _gradcheck(seed: int) -> list[Claim]:
    _title("2. gradcheck: every gradient is right")
    print(
        "Each gradient that is written by hand is compared, number by number, with central\n"
        "differences and with the complex step. Look at the largest relative errors: a good value\n"
        "is below 1e-7 for the former and 1e-10 for the latter; a bug is above 1e-3.\n"
    )
    rows = gradcheck(seed)
    central, exact = worst_errors(rows)
    measured = f"worst relative error {central:.1e} (central), {exact:.1e} (complex step)"
    return [(f"{len(rows)} hand-written gradients are right", measured, all(r.ok for r in rows))]


def _train(out: Path, quick: bool, seed: int) -> list[Claim]:
    _title("3. train: a VAE learns to draw digits")
    split = load_split("digits", n_train=1000 if quick else 5000, rng=seed)
    levels = baselines(split, 2)
    print(
        "A VAE with two latent dimensions learns drawn digits. The loss is in nats per image:\n"
        "reconstruction, which falls, plus KL, which settles at a few nats of information.\n"
        + "".join(f"{value:8.1f} nats: {name}\n" for name, value in levels.items())
        + "A good loss is far below the mean image, and below PCA with as many dimensions.\n"
    )
    rng = np.random.default_rng(seed)
    model = VAE(784, 2, hidden=(256, 128), dtype=np.float32, rng=rng)
    epochs = 40 if quick else 60
    model.fit(
        split.train,
        epochs=epochs,
        validation=split.test,
        callbacks=[Progress(every=epochs // 10)],
        rng=rng,
    )
    losses = report_test_loss(model, split.test)
    draw(model, split, out)
    mu, log_var = model.encode(split.test)
    kl = [float(np.mean(gaussian_kl(mu[:, [i]], log_var[:, [i]]))) for i in range(2)]
    mean_image, pca, floor = levels.values()
    return [
        (
            "the VAE's held-out loss is below PCA's and above the entropy of the grey values",
            f"{losses['loss']:.1f} nats, between {floor:.1f} and {pca:.1f} "
            f"(the mean image: {mean_image:.1f})",
            floor < losses["loss"] < pca,
        ),
        (
            "both latent dimensions carry information",
            f"KL {kl[0]:.2f} and {kl[1]:.2f} nats, at least 0.5",
            min(kl) >= 0.5,
        ),
    ]


# what is seen, and what it teaches
PICTURES = {
    "bases.png": (
        "PCA's axes, the rows of the decoder, and the decoder's own principal axes, as patches.",
        "The middle patches differ from PCA's, and the last ones agree up to signs: training "
        "finds PCA's subspace, and only an eigendecomposition inside it finds the axes.",
    ),
    "angle.png": (
        "The largest angle between PCA's subspace and the autoencoder's, step by step.",
        "Gradient descent reaches the subspace that the eigenvectors give at once, and the loss "
        "has no other minimum in which it could end.",
    ),
    "loss.png": (
        "The VAE's loss on training and validation digits, beside the losses of simple answers.",
        "A loss means little alone: compare it with the mean image, with PCA of as many "
        "dimensions, and with the entropy of the grey values, below which no model can get.",
    ),
    "loss_parts.png": (
        "The two parts of the loss: the reconstruction on the left, the KL on the right.",
        "The reconstruction falls to the end, while the KL settles at a few nats: so much "
        "information about a digit is worth its price.",
    ),
    "reconstructions.png": (
        "Held-out digits above, their reconstructions below.",
        "Two numbers for each digit keep its kind and slant and lose its details, and some digits "
        "come back as another: blur is the mean of all digits that share a code.",
    ),
    "samples.png": (
        "The decoder's images at codes drawn from the prior.",
        "The KL has pulled the codes towards the prior, so a random code is decoded into a digit "
        "that is in no data set; grey ones lie between the classes.",
    ),
    "codes.png": (
        "The codes of the held-out digits by class, and one and two deviations of the prior.",
        "The model was shown no label, and yet digits of a class lie together: similar images "
        "get similar codes.",
    ),
    "manifold.png": (
        "The decoder's images at evenly spaced quantiles of the prior.",
        "Neighbouring codes give similar images, and a walk from one digit to another passes "
        "through all that lies between them.",
    ),
}


def _write_report(out: Path, claims: list[Claim], seed: int, n_seconds: float) -> None:
    lines = ["# minivae: the tour's report", "", "| claim | measured | |", "|---|---|---|"]
    lines += [f"| {what} | {how} | {'holds' if ok else 'FAILED'} |" for what, how, ok in claims]
    for name, (seen, lesson) in PICTURES.items():
        lines += ["", f"![{seen}]({name})", "", seen, "", f"*What to learn:* {lesson}"]
    lines += ["", "## How it was made", "", f"- seed: {seed}", f"- time taken: {n_seconds:.0f} s"]
    lines += [f"- {name}: {version}" for name, version in _versions().items()]
    with whole_file(out / "report.md") as file:
        file.write(("\n".join(lines) + "\n").encode())


def _versions() -> dict[str, str]:
    """Return what the figures may depend on: libraries, interpreter and machine."""
    packages = "minivae", "numpy", "scipy", "matplotlib"
    versions = {name: str(import_module(name).__version__) for name in packages}
    return versions | {"Python": platform.python_version(), "machine": platform.platform()}
