"""What noise on the input teaches: denoisers at each level of noise, and cures against copying."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import minivae as mv
from minivae.edge.checks import Array
from minivae.studies import Bench, Entry, Findings, study
from minivae.studies.bench import Tree, Trial
from minivae.studies.findings import column
from minivae.studies.linear_denoiser import LinearDenoiser
from minivae.studies.overcomplete import CURES, measured, overcomplete
from minivae.studies.pictures import grids, lines, rows
from minivae.studies.words import in_seeds

NETWORK: dict[str, Any] = {"hidden": [256], "n_latent": 64, "cure_epochs": 20}
SIZES: dict[str, dict[str, Any]] = {
    "digits": {"n_train": 3000, "n_test": 1000, "epochs": 15, **NETWORK},
    "mnist": {"n_train": 15_000, "n_test": 2000, "epochs": 8, **NETWORK},
    "quick": {**NETWORK, "n_train": 300, "n_test": 100, "epochs": 2, "cure_epochs": 2},
}
STRENGTHS = ("weak", "medium", "strong")
LEVELS = {
    "gaussian": (0.25, 0.5, 1.0),
    "masking": (0.25, 0.5, 0.75),
    "salt_and_pepper": (0.1, 0.3, 0.5),
}
LABELS = {
    "gaussian": "standard deviation of the noise",
    "masking": "share of missing pixels",
    "salt_and_pepper": "share of replaced pixels",
}
METHODS = ("trained on noise", "trained without noise", "best linear", "3 x 3 median", "nothing")
BATCH_SIZE, LEARNING_RATE = 64, 3e-3
N_SHOWN = 8


@study(
    "How much noise does a denoising autoencoder take away, beside the best linear map, and what "
    "keeps an overcomplete autoencoder from copying?"
)
def denoising(bench: Bench) -> Findings:
    """Train an autoencoder on noisy images of three kinds, and overcomplete ones with three cures.

    The columns `weak`, `medium` and `strong` hold the squared error per test image after denoising:
    Gaussian noise of standard deviation .25, .5, 1; .25, .5, .75 of the pixels missing; .1, .3, .5
    of them replaced by 0 or 1. Each network is trained at its level; the same network trained
    without noise shows what its narrow code does alone. The baselines are the linear map that is
    best for this noise by the moments of the training images, the median of 3 x 3 pixels, and
    doing nothing. The overcomplete autoencoders have 400 rectified code units for images of 14 x 14
    pixels: `copy error` is the squared error on clean images, `noise let through` the share of the
    power of Gaussian noise (.3) that stays in the output, `active units` the share of the code
    that is not zero, `filter smoothness` the correlation of neighbouring weights.
    """
    size = bench.choose(SIZES)
    plan = {
        f"network, {kind}, {strength}": partial(network, kind=kind, level=level, **size)
        for kind, levels in LEVELS.items()
        for strength, level in zip(STRENGTHS, levels, strict=True)
    }
    plan["others"] = partial(others, **size)
    plan |= {f"overcomplete, {cure}": partial(overcomplete, cure=cure, **size) for cure in CURES}
    plan["overcomplete, untrained"] = partial(overcomplete, cure="untrained", **size)
    results = bench.measure(plan)
    entries = {name: _entry(name, results) for name in _names()}
    cured = {
        name: Entry(name, measured(results[name]), baseline=name.endswith("untrained"))
        for name in plan
        if name.startswith("overcomplete")
    }
    verdict = f"{_verdict(entries)} {_verdict_on_cures(cured)}"
    return Findings([*entries.values(), *cured.values()], verdict, _figures(entries, results))


def corruption(kind: str, level: float) -> mv.corruptions.Corruption:
    """Return the corruption of that kind and level."""
    return getattr(mv.corruptions, kind)(level)


def network(trial: Trial, *, kind: str, level: float, **size: Any) -> Tree:
    """Train an autoencoder on noisy images, and measure what it leaves of new noise."""
    noise = corruption(kind, level)
    model = _train(trial, noise, **size)
    test, noisy = _noisy_test(trial, noise, **size)
    rebuilt = model.reconstruct(noisy)
    return {"error": _error(test, rebuilt), "images": _shown(rebuilt)}


def others(trial: Trial, **size: Any) -> Tree:
    """Measure all that needs no training on noise, at every level of noise."""
    from scipy.ndimage import median_filter

    plain, found = _train(trial, None, **size), Tree()
    train = trial.split(size["n_train"], size["n_test"]).train
    for kind, levels in LEVELS.items():
        for strength, level in zip(STRENGTHS, levels, strict=True):
            noise = corruption(kind, level)
            test, noisy = _noisy_test(trial, noise, **size)
            squares = noisy.reshape(-1, 28, 28)
            guesses = {
                "trained without noise": plain.reconstruct(noisy),
                "best linear": LinearDenoiser(train, noise)(noisy),
                "3 x 3 median": median_filter(squares, (1, 3, 3)).reshape(noisy.shape),
                "nothing": noisy,
            }
            for method, guess in guesses.items():
                found[f"{method}, {kind}, {strength}"] = _error(test, guess)
                if strength == "medium":
                    found[f"images, {method}, {kind}"] = _shown(guess)
    return {**found, "images": _shown(test)}


def _train(trial: Trial, noise: Any, **size: Any) -> mv.Autoencoder:
    train = trial.split(size["n_train"], size["n_test"]).train
    model = mv.Autoencoder(
        784, size["n_latent"], hidden=size["hidden"], dtype=np.float32, rng=trial.seed
    )
    options: dict[str, Any] = {"batch_size": BATCH_SIZE, "optimizer": mv.Adam(LEARNING_RATE)}
    return trial.fit(model, train, epochs=size["epochs"], corrupt=noise, **options)


def _noisy_test(trial: Trial, noise: Any, **size: Any) -> tuple[Array, Array]:
    """Return test images and noisy copies; every method sees the same."""
    test = trial.split(size["n_train"], size["n_test"]).test
    return test, noise(test, trial.seed)


def _error(x: Array, guess: Array) -> float:
    """Return the squared error per image."""
    return float(np.mean(np.sum(np.square(x - guess, dtype=float), axis=1)))


def _shown(images: Array) -> Array:
    return np.clip(images[:N_SHOWN], 0, 1).astype(np.float32)


def _names() -> list[str]:
    return [f"{method}, {kind}" for kind in LEVELS for method in METHODS]


def _entry(name: str, results: dict[str, list[Tree]]) -> Entry:
    """Return the row of one method on one kind of noise."""
    method, _, kind = name.partition(", ")
    if method == "trained on noise":
        errors = {s: column(results[f"network, {kind}, {s}"], "error") for s in STRENGTHS}
    else:
        errors = {s: column(results["others"], f"{name}, {s}") for s in STRENGTHS}
    return Entry(name, errors, baseline=not method.startswith("trained"))


def _verdict(entries: dict[str, Entry]) -> str:
    parts, won, lost = [], 0, []
    for kind, levels in LEVELS.items():
        ours, linear, median, nothing = (
            entries[f"{method}, {kind}"]
            for method in ("trained on noise", "best linear", "3 x 3 median", "nothing")
        )
        named = kind.replace("_", " ")
        parts.append(
            f"{ours.mean('medium'):.1f} of {nothing.mean('medium'):.1f} at {named} {levels[1]:g} "
            f"({linear.mean('medium'):.1f}, {median.mean('medium'):.1f})"
        )
        for strength, level in zip(STRENGTHS, levels, strict=True):
            ahead = np.array(ours.seeds(strength)) < np.array(linear.seeds(strength))
            won += bool(ahead.all())
            lost += [] if ahead.any() else [f"{named} {level:g}"]
    return (
        f"Trained on noise, a network leaves a squared error of {', '.join(parts)}, in brackets "
        f"what the best linear map and a median leave; it beats the best linear map in every seed "
        f"at {won} of {len(LEVELS) * len(STRENGTHS)} levels, and loses to it in every seed at "
        f"{', '.join(lost) or 'no level'}."
    )


def _verdict_on_cures(cured: dict[str, Entry]) -> str:
    copying = cured["overcomplete, no cure"]
    through = copying.seeds("noise let through")
    parts = []
    for name, entry in cured.items():
        if name in ("overcomplete, no cure", "overcomplete, untrained"):
            continue
        less = [a < b for a, b in zip(entry.seeds("noise let through"), through, strict=True)]
        parts.append(
            f"{name.removeprefix('overcomplete, ')} {entry.mean('noise let through'):.2f} (less "
            f"{in_seeds(less)}, smoothness {entry.mean('filter smoothness'):.2f})"
        )
    return (
        f"Overcomplete and without a cure, an autoencoder copies images with an error of "
        f"{copying.mean('copy error'):.2f} and lets {np.mean(through):.2f} of the noise through "
        f"(smoothness of its filters {copying.mean('filter smoothness'):.2f}); with "
        f"{', with '.join(parts)}."
    )


def _figures(entries: dict[str, Entry], results: dict[str, list[Tree]]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for kind, levels in LEVELS.items():
        curves = {
            method: {
                level: entries[f"{method}, {kind}"].seeds(s)
                for s, level in zip(STRENGTHS, levels, strict=True)
            }
            for method in METHODS
        }
        figures[f"error-{kind.replace('_', '-')}"] = lines(
            curves, xlabel=LABELS[kind], ylabel="squared error per image", log_y=True
        )
        first = results["others"][0]
        figures[f"images-{kind.replace('_', '-')}"] = rows(
            {
                "clean": first["images"],
                "noisy": first[f"images, nothing, {kind}"],
                "network": results[f"network, {kind}, medium"][0]["images"],
                "best linear": first[f"images, best linear, {kind}"],
                "median": first[f"images, 3 x 3 median, {kind}"],
            }
        )
    filters = {
        name.removeprefix("overcomplete, "): found[0]["filters"]
        for name, found in results.items()
        if name.startswith("overcomplete")
    }
    figures["filters"] = grids(filters, n_columns=6, per_row=5)
    return figures
