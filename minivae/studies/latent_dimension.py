"""How many latents a VAE uses: the bound, the units that stay active, and whether it overfits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

import minivae as mv
from minivae.edge.checks import Array
from minivae.studies import Bench, Entry, Findings, study
from minivae.studies.bench import Tree, Trial
from minivae.studies.findings import column
from minivae.studies.pictures import grids, lines
from minivae.studies.words import against, best, in_seeds

SIZES: dict[str, dict[str, Any]] = {
    "digits": {"n_train": 4000, "n_test": 4000, "epochs": 40, "hidden": [128], "n_draws": 500},
    "mnist": {"n_train": 20_000, "n_test": 5000, "epochs": 20, "hidden": [256], "n_draws": 500},
    "quick": {"n_train": 500, "n_test": 100, "epochs": 10, "hidden": [32], "n_draws": 20},
}
LATENTS = {"digits": (2, 5, 10, 20, 50, 100), "mnist": (2, 5, 10, 20, 50, 100), "quick": (2, 20)}
FEW = {"digits": (2, 20, 100), "mnist": (2, 20, 100), "quick": (2, 20)}  # of an autoencoder
BATCH_SIZE, LEARNING_RATE = 64, 3e-3  # extra latents switch off late: after 2,000 steps
COLUMNS = ("ELBO", "log p", "active units", "overfit", "reconstruction", "squared error")
CLIPS = (1e-3, 3e-3, 1e-2, 3e-2)  # PCA leaves [0, 1]
N_IMAGES = 100  # whose log p(x) is estimated
N_SAMPLES = 16  # in the picture


@study(
    "How many latents does a VAE need, where do extra ones switch off, and do they overfit as an "
    "autoencoder's do?"
)
def latent_dimension(bench: Bench) -> Findings:
    """Train a VAE and an autoencoder of each number of latents, all else equal.

    All numbers but the active units are nats per image of the test data, or squared errors. The
    ELBO and log p(x) (importance sampling with 500 draws, 100 images) belong to the VAE, the
    reconstruction to every model: the cross-entropy of the image rebuilt from its code. What
    overfits shows in `overfit`: the test loss minus the training loss, of minus the ELBO for the
    VAE and of the reconstruction for the others. The baselines are PCA of equal size, clipped to
    probabilities; the mean image, which is a VAE without a code; and a perfect copy, whose
    cross-entropy is the entropy of the grey values, below which nothing can go.
    """
    size, latents, few = bench.choose(SIZES), bench.choose(LATENTS), bench.choose(FEW)
    plan = {f"VAE, {k} latents": partial(vae, n_latent=k, **size) for k in latents}
    for k in few:
        plan[f"autoencoder, {k} latents"] = partial(autoencoder, n_latent=k, **size)
    plan |= {f"PCA, {k} latents": partial(pca, n_latent=k, **size) for k in latents}
    plan |= {
        "mean image": partial(mean_image, **size),
        "a perfect copy": partial(perfect_copy, **size),
    }
    results = bench.measure(plan)
    entries = {name: _entry(name, results[name]) for name in plan}
    figures = _figures(entries, latents, few, results)
    return Findings(list(entries.values()), _verdict(entries, latents), figures)


def vae(trial: Trial, *, n_latent: int, **size: Any) -> Tree:
    """Train a VAE, and measure its bound, its likelihood and its code."""
    train, test = trial.split(size["n_train"], size["n_test"])[:2]
    model = mv.VAE(784, n_latent, hidden=size["hidden"], dtype=np.float32, rng=trial.seed)
    _fit(trial, model, train, size["epochs"])
    log_p = mv.log_likelihood(model, test[:N_IMAGES], size["n_draws"], trial.seed)
    return {
        "ELBO": model.score(test),
        "log p": float(log_p.mean()),
        "active units": mv.diagnostics.active_units(model.transform(test)),
        "overfit": model.score(train) - model.score(test),
        **_errors(test, model.reconstruct(test)),
        "samples": model.sample(N_SAMPLES, trial.seed, mean=True),
    }


def autoencoder(trial: Trial, *, n_latent: int, **size: Any) -> Tree:
    """Train an autoencoder of the same widths, and measure what it rebuilds."""
    train, test = trial.split(size["n_train"], size["n_test"])[:2]
    model = mv.Autoencoder(784, n_latent, hidden=size["hidden"], dtype=np.float32, rng=trial.seed)
    _fit(trial, model, train, size["epochs"])
    return _train_and_test(train, model.reconstruct(train), test, model.reconstruct(test))


def _fit(trial: Trial, model: Any, train: Array, epochs: int) -> None:
    optimizer = mv.Adam(LEARNING_RATE)
    trial.fit(model, train, epochs=epochs, batch_size=BATCH_SIZE, optimizer=optimizer)


def pca(trial: Trial, *, n_latent: int, **size: Any) -> Tree:
    """Fit PCA with as many components, and clip what it rebuilds as the training data like best."""
    train, test = trial.split(size["n_train"], size["n_test"])[:2]
    model = mv.PCA(n_latent).fit(train)
    rebuilt = model.reconstruct(train)
    least = min(CLIPS, key=lambda clip: _cross_entropy(train, np.clip(rebuilt, clip, 1 - clip)))
    test_rebuilt = np.clip(model.reconstruct(test), least, 1 - least)
    return _train_and_test(train, np.clip(rebuilt, least, 1 - least), test, test_rebuilt)


def mean_image(trial: Trial, **size: Any) -> Tree:
    """Rebuild every image as the mean image: the ELBO of a VAE that has no code."""
    train, test = trial.split(size["n_train"], size["n_test"])[:2]
    mean = train.mean(axis=0, keepdims=True)
    errors = _train_and_test(train, mean, test, mean)
    return {"ELBO": -errors["reconstruction"], "log p": -errors["reconstruction"], **errors}


def perfect_copy(trial: Trial, **size: Any) -> Tree:
    """Rebuild every image as itself."""
    test = trial.split(size["n_train"], size["n_test"]).test
    return _errors(test, test)


def _train_and_test(train: Array, train_rebuilt: Array, test: Array, test_rebuilt: Array) -> Tree:
    errors = _errors(test, test_rebuilt)
    known = _cross_entropy(train, train_rebuilt)
    return {"overfit": errors["reconstruction"] - known, **errors}


def _errors(x: Array, x_hat: Array) -> Tree:
    """Return the two costs of a reconstruction, per image."""
    squares = np.sum(np.square(x - x_hat, dtype=float), axis=1)
    return {"reconstruction": _cross_entropy(x, x_hat), "squared error": float(squares.mean())}


def _cross_entropy(x: Array, x_hat: Array) -> float:
    """Return the mean over images of ``-sum x log p + (1 - x) log(1 - p)``, in nats."""
    from scipy.special import xlog1py, xlogy

    p = np.clip(np.asarray(x_hat, float), 1e-7, 1 - 1e-7)
    return float(-np.mean(np.sum(xlogy(x, p) + xlog1py(1 - x, -p), axis=1)))


def _entry(name: str, results: list[Tree]) -> Entry:
    """Return the row of one model."""
    kind, _, latents = name.removesuffix(" latents").partition(", ")
    measured = {key: column(results, key) for key in COLUMNS if key in results[0]}
    setting = {"latents": int(latents)} if latents else {}
    return Entry(name, {**setting, **measured}, baseline=kind not in ("VAE", "autoencoder"))


def _verdict(entries: dict[str, Entry], latents: Sequence[int]) -> str:
    most = latents[-1]
    vaes = [entries[f"VAE, {k} latents"] for k in latents]
    winner, ours = best(vaes, "ELBO"), vaes[-1]
    autoencoder, pca = entries[f"autoencoder, {most} latents"], entries[f"PCA, {most} latents"]
    duels = [
        against(each.seeds("squared error"), pca.seeds("squared error"), "PCA", highest=False)
        for each in (ours, autoencoder)
    ]
    gaps = [each.seeds("overfit") for each in (ours, autoencoder)]
    less = [mine < theirs for mine, theirs in zip(*gaps, strict=True)]
    return (
        f"The ELBO is highest with {winner.values['latents']} latents ({winner.mean('ELBO'):.1f} "
        f"nats; {entries['mean image'].mean('ELBO'):.1f} without any), and of {most} latents "
        f"{ours.mean('active units'):.1f} stay active, at {ours.mean('ELBO'):.1f} nats. "
        f"With {most} latents the loss on test data is higher than on training data by "
        f"{ours.mean('overfit'):.1f} nats for the VAE and {autoencoder.mean('overfit'):.1f} for "
        f"the autoencoder (the VAE's gap is smaller {in_seeds(less)}), and in squared error the "
        f"VAE {duels[0]} and the autoencoder {duels[1]}, all of equal size."
    )


def _figures(
    entries: dict[str, Entry],
    latents: Sequence[int],
    few: Sequence[int],
    results: dict[str, list[Tree]],
) -> dict[str, Any]:
    def curve(kind: str, quantity: str, sign: int = 1) -> dict[int, Any]:
        sizes = few if kind == "autoencoder" else latents
        rows = {k: entries[f"{kind}, {k} latents"].seeds(quantity) for k in sizes}
        return {k: sign * np.asarray(row) for k, row in rows.items()}

    axis: dict[str, Any] = {"xlabel": "latents", "log_x": True}
    nats = {
        "VAE, minus the ELBO": curve("VAE", "ELBO", -1),
        "VAE, minus log p(x)": curve("VAE", "log p", -1),
        "VAE, reconstruction": curve("VAE", "reconstruction"),
        "autoencoder, reconstruction": curve("autoencoder", "reconstruction"),
        "PCA, reconstruction": curve("PCA", "reconstruction"),
    }
    levels = {
        name: entries[name].mean("reconstruction") for name in ("mean image", "a perfect copy")
    }
    overfit = {kind: curve(kind, "overfit") for kind in ("VAE", "autoencoder", "PCA")}
    active = {
        "active units of the VAE": curve("VAE", "active units"),
        "all latents": {k: [k] for k in latents},
    }
    samples = {f"{k} latents": results[f"VAE, {k} latents"][0]["samples"] for k in latents}
    gap = "test minus training loss (nats per image)"
    return {
        "losses": lines(nats, levels, ylabel="test data (nats per image)", **axis),
        "overfit": lines(overfit, {"no overfit": 0.0}, ylabel=gap, **axis),
        "active-units": lines(active, ylabel="latents that move with x", **axis),
        "samples": grids(samples, per_row=3),
    }
