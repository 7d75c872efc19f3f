"""``minivae train``: an autoencoder or a VAE on a data set of your choice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from minivae.commands.data import Split, load_split
from minivae.edge.checks import ArgumentError, Array, as_batch
from minivae.edge.files import make_folder
from minivae.models.autoencoder import Autoencoder
from minivae.models.vae import VAE
from minivae.nn.likelihoods import Gaussian, Likelihood
from minivae.training.callbacks import Checkpoint, CodeRecorder, EarlyStopping
from minivae.training.loop import evaluate
from minivae.training.optimizers import Adam

LIKELIHOODS: dict[str, str | Likelihood] = {
    "bernoulli": "bernoulli",
    "continuous_bernoulli": "continuous_bernoulli",
    "gaussian": Gaussian("learned"),
    "gaussian_predicted": Gaussian("predicted"),
    "squared_error": "squared_error",
}


def train(
    kind: str,
    out: Path,
    *,
    data: str = "digits",
    n_latent: int = 2,
    hidden: Sequence[int] = (),
    activation: str = "relu",
    init: str | None = None,
    likelihood: str = "bernoulli",
    beta: float = 1.0,
    epochs: int = 10,
    batch_size: int = 128,
    learning_rate: float = 1e-3,
    patience: int | None = None,
    dtype: str = "float32",
    n_samples: int | None = None,
    film: bool = False,
    resume: bool = False,
    seed: int = 0,
) -> Autoencoder | VAE:
    """Train a model with a line for every epoch, and write checkpoint and pictures into `out`.

    Parameters
    ----------
    kind : {"ae", "vae"}
    out : Path
        A folder for ``model.npz``, the pictures, and ``checkpoint.npz``, which can be resumed.
    data : {"digits", "mnist", "patches"}
    n_latent, hidden, activation, init, beta, dtype
        The model's arguments.
    likelihood : str
        A key of `LIKELIHOODS`; a Gaussian has a learned variance.
    epochs, batch_size, learning_rate
        The arguments of training with Adam.
    patience : int, optional
        Stop after so many epochs without improvement, and keep the model of the best one.
    n_samples : int, optional
        The number of rows to train on.
    film : bool
        Write ``codes.gif`` too, a film of the held-out rows' codes from epoch to epoch.
    resume : bool
        Continue from the checkpoint in `out`.
    seed : int

    Returns
    -------
    Autoencoder or VAE

    Raises
    ------
    ValueError
        An argument is out of its range, or there is nothing to film.
    OSError
        There is nothing to resume, or `out` cannot be written.
    """
    if film and (data == "patches" or n_latent < 2):
        raise ArgumentError(
            "--film shows classes in a plane: it needs digits or mnist and a --latent of at least "
            f"2, got {data} and {n_latent}"
        )
    if kind == "ae" and beta != 1:
        raise ArgumentError(f"--beta is for vae, got {beta} for ae")
    checkpoint = out / "checkpoint.npz"
    if resume and not checkpoint.is_file():
        raise FileNotFoundError(f"there is nothing to resume: {checkpoint} does not exist")
    split = load_split(data, n_train=n_samples, rng=seed)
    rng = np.random.default_rng(seed)
    options: dict[str, Any] = {"beta": beta} if kind == "vae" else {}
    model = (VAE if kind == "vae" else Autoencoder)(
        split.train.shape[1],
        n_latent,
        hidden=hidden,
        activation=activation,
        init=init,
        likelihood=LIKELIHOODS[likelihood],
        dtype=dtype,
        rng=rng,
        **options,
    )
    make_folder(out)
    print(f"{len(split.train)} rows of {data} to train on, {len(split.test)} to test on\n{model}")
    stopping = [] if patience is None else [EarlyStopping(patience)]
    films = [CodeRecorder(split.test[:500], every=max(1, epochs // 40))] if film else []
    model.fit(
        split.train,
        epochs=epochs,
        batch_size=batch_size,
        optimizer=Adam(learning_rate),
        validation=split.test,
        callbacks=[*stopping, *films, Checkpoint(checkpoint)],
        rng=rng,
        verbose=True,
        resume=checkpoint if resume else None,
    )
    model.save(out / "model.npz")
    report_test_loss(model, split.test)
    draw(model, split, out)
    for recorder in films:
        draw_film(recorder, split, out, unit=_unit(model))
    print(f"model.npz, checkpoint.npz and pictures are in {out}")
    return model


def report_test_loss(model: Autoencoder | VAE, test: Array) -> dict[str, float]:
    """Print the loss on the test rows, per example and per feature, and return its parts."""
    losses = evaluate(model, test)
    parts = ", ".join(f"{name} {value:.4f}" for name, value in losses.items() if name != "loss")
    print(
        f"test loss {losses['loss']:.4f} {_unit(model)}"
        + (f" ({parts})" if parts else "")
        + f", {losses['loss'] / test.shape[1]:.5f} per feature"
    )
    return losses


def baselines(split: Split, n_latent: int) -> dict[str, float]:
    """Return the losses of simple answers, in Bernoulli nats per image.

    Parameters
    ----------
    split : Split
        Data in [0, 1], or ``uint8``.
    n_latent : int
        The number of PCA's components. Its reconstructions are clipped to [0.001, 0.999].

    Returns
    -------
    dict of str to float
        The loss of the mean image, of PCA, and the entropy of the grey values, a lower bound.
    """
    from scipy.special import entr

    from minivae.linear.pca import PCA

    x = as_batch(split.test)
    pca = PCA(n_latent).fit(split.train)

    def cross_entropy(p: Array) -> float:
        p = np.clip(p, 1e-3, 1 - 1e-3)
        return float(-np.mean(np.sum(x * np.log(p) + (1 - x) * np.log1p(-p), axis=1)))

    return {
        "mean image": cross_entropy(pca.mean_),
        f"PCA with {n_latent}": cross_entropy(pca.reconstruct(x)),
        "entropy of the grey values": float(np.mean(np.sum(entr(x) + entr(1 - x), axis=1))),
    }


def draw(model: Autoencoder | VAE, split: Split, out: Path, *, seed: int = 0) -> None:
    """Write pictures of losses, reconstructions, codes and samples, and a manifold if 2-D."""
    from minivae import plots

    x = as_batch(split.test)
    codes = model.transform(x)
    levels = baselines(split, model.n_latent) if model.likelihood.name == "bernoulli" else None
    unit = _unit(model)
    plots.save(plots.loss_curves(model.history_, baselines=levels, unit=unit), out / "loss.png")
    plots.save(
        plots.reconstructions(x[:12], model.reconstruct(x[:12])), out / "reconstructions.png"
    )
    if split.test_labels is not None and model.n_latent >= 2:
        scatter = plots.latent_scatter(codes, split.test_labels, prior=isinstance(model, VAE))
        plots.save(scatter, out / "codes.png")
    if isinstance(model, VAE):
        plots.save(plots.loss_parts(model.history_), out / "loss_parts.png")
        plots.save(plots.image_grid(model.sample(64, seed, mean=True)), out / "samples.png")
        if model.n_latent == 2:
            images = model.decode(plots.manifold_grid(15))
            plots.save(plots.manifold(images), out / "manifold.png")


def draw_film(recorder: CodeRecorder, split: Split, out: Path, *, unit: str) -> None:
    """Write a film of the codes that a recorder holds, beside the loss."""
    from minivae import plots

    labels = np.asarray(split.test_labels)[: len(recorder.x)]
    plots.animate_codes(recorder.frames, labels, recorder.history, out / "codes.gif", unit=unit)


def _unit(model: Autoencoder | VAE) -> str:
    squared = model.likelihood.name == "squared_error"
    return "squared error per example" if squared else "nats per example"
