"""What a code is good for: classes from few labels, and clusters from none."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

import minivae as mv
from minivae.edge.checks import Array
from minivae.studies import Bench, Entry, Findings, study
from minivae.studies.bench import Tree, Trial
from minivae.studies.clusters import adjusted_rand_index, k_means, purity
from minivae.studies.findings import column
from minivae.studies.neighbours import vote
from minivae.studies.pictures import bars, lines
from minivae.studies.softmax import logistic_regression
from minivae.studies.words import against, best

SIZES: dict[str, dict[str, Any]] = {
    "digits": {"n_train": 4000, "n_test": 1000, "epochs": 25, "hidden": [256], "batch_size": 128},
    "mnist": {"n_train": 20_000, "n_test": 2000, "epochs": 15, "hidden": [256], "batch_size": 128},
    "quick": {"n_train": 500, "n_test": 100, "epochs": 10, "hidden": [32], "batch_size": 32},
}
LABELS = {"digits": [100, 1000], "mnist": [100, 1000, 10_000], "quick": [50, 100]}
LATENTS = {"digits": (2, 5, 10, 20), "mnist": (2, 5, 10, 20), "quick": (2, 10)}
KINDS = ("VAE", "autoencoder", "PCA")


@study(
    "Are a VAE's codes better than raw pixels for telling classes from few labels, or from none?"
)
def downstream(bench: Bench) -> Findings:
    """Train without labels, then classify and cluster the codes of test images.

    Every code is taken as it is: the posterior mean for a VAE. With 100, 1,000 (and on MNIST
    10,000) labelled training images, 5 nearest neighbours and logistic regression with a penalty
    of |W|^2 / 2 name the class of each test image; the share that they name rightly is the
    accuracy. k-means with ten clusters sees no label; purity and the adjusted Rand index say how
    its clusters of test images match the classes. The baselines are PCA of equal size, the raw
    pixels, and a uniform guess.
    """
    size, labels, latents = bench.choose(SIZES), bench.choose(LABELS), bench.choose(LATENTS)
    plan: dict[str, partial[Tree]] = {}
    for kind in KINDS:
        for k in latents:
            code = partial(usefulness, kind=kind, n_latent=k, labels=labels, **size)
            plan[f"{kind}, {k} numbers"] = code
    plan["raw pixels"] = partial(usefulness, kind="raw", n_latent=784, labels=labels, **size)
    plan["uniform guess"] = partial(guess, labels=labels, **size)
    results = bench.measure(plan)
    entries = {name: _entry(name, results[name]) for name in plan}
    figures = _figures(entries, latents, labels)
    return Findings(list(entries.values()), _verdict(entries, latents, labels), figures)


def usefulness(
    trial: Trial, *, kind: str, n_latent: int, labels: Sequence[int], **size: Any
) -> Tree:
    """Train a model without labels, and measure what its codes are good for."""
    data = trial.split(size["n_train"], size["n_test"])
    encode = _encoder(trial, kind, n_latent, data.train, size)
    codes, points = encode(data.train), encode(data.test)
    scores: Tree = {}
    for n in labels:
        known, classes = codes[:n], data.train_labels[:n]
        guesses = {
            "5-NN": vote(known, classes, points),
            "logistic": logistic_regression(known, classes, points),
        }
        for method, guessed in guesses.items():
            scores[f"{method}, {n} labels"] = float(np.mean(guessed == data.test_labels))
    return scores | _matches(k_means(codes, points, seed=trial.seed), data.test_labels)


def guess(trial: Trial, *, labels: Sequence[int], **size: Any) -> Tree:
    """Draw a class, and a cluster, for each test image."""
    truth = trial.split(size["n_train"], size["n_test"]).test_labels
    drawn = np.random.default_rng(trial.seed).integers(10, size=len(truth))
    accuracy = float(np.mean(drawn == truth))
    names = [f"{method}, {n} labels" for n in labels for method in ("5-NN", "logistic")]
    return dict.fromkeys(names, accuracy) | _matches(drawn, truth)


def _encoder(trial: Trial, kind: str, n_latent: int, train: Array, size: dict[str, Any]) -> Any:
    """Return the function from images to codes, trained on `train`."""
    if kind == "raw":
        return lambda x: x
    if kind == "PCA":
        return mv.PCA(n_latent).fit(train).transform
    make = mv.VAE if kind == "VAE" else mv.Autoencoder
    model = make(784, n_latent, hidden=size["hidden"], dtype=np.float32, rng=trial.seed)
    trial.fit(model, train, epochs=size["epochs"], batch_size=size["batch_size"])
    return model.transform


def _matches(clusters: Array, labels: Array) -> Tree:
    return {
        "purity": purity(clusters, labels),
        "adjusted Rand": adjusted_rand_index(clusters, labels),
    }


def _entry(name: str, results: list[Tree]) -> Entry:
    """Return the row of one code."""
    kind, _, numbers = name.removesuffix(" numbers").partition(", ")
    setting = {"size": int(numbers)} if numbers else {}
    measured = {key: column(results, key) for key in results[0]}
    return Entry(name, {**setting, **measured}, baseline=kind not in ("VAE", "autoencoder"))


def _verdict(entries: dict[str, Entry], latents: Sequence[int], labels: Sequence[int]) -> str:
    most = latents[-1]
    few, many = (f"5-NN, {n} labels" for n in (labels[0], labels[-1]))
    ours, raw = entries[f"VAE, {most} numbers"], entries["raw pixels"]
    few_labels = best(entries.values(), few)
    clusters = best(entries.values(), "adjusted Rand")
    rivals = {
        "raw pixels": "raw pixels",
        f"autoencoder, {most} numbers": "the autoencoder",
        f"PCA, {most} numbers": "PCA",
    }
    duels = [
        against(ours.seeds(many), entries[each].seeds(many), name) for each, name in rivals.items()
    ]
    return (
        f"With {labels[-1]} labels, 5-NN on the VAE's {most} numbers (accuracy "
        f"{ours.mean(many):.3f}; raw pixels {raw.mean(many):.3f}) {duels[0]}, {duels[1]} and "
        f"{duels[2]}, both of equal size. "
        f"With {labels[0]} labels the best code is {few_labels.name} ({few_labels.mean(few):.3f}; "
        f"raw pixels {raw.mean(few):.3f}), and without labels the clusters of {clusters.name} "
        f"match the classes best (adjusted Rand index {clusters.mean('adjusted Rand'):.3f}; raw "
        f"pixels {raw.mean('adjusted Rand'):.3f})."
    )


def _figures(
    entries: dict[str, Entry], latents: Sequence[int], labels: Sequence[int]
) -> dict[str, Any]:
    figures = {}
    for score in [f"5-NN, {labels[-1]} labels", f"logistic, {labels[0]} labels", "adjusted Rand"]:
        curves = {
            kind: {k: entries[f"{kind}, {k} numbers"].seeds(score) for k in latents}
            for kind in KINDS
        }
        levels = {name: entries[name].mean(score) for name in ("raw pixels", "uniform guess")}
        title = score if score == "adjusted Rand" else f"accuracy, {score}"
        name = score.lower().replace(", ", "-").replace(" ", "-")
        figures[name] = lines(curves, levels, xlabel="numbers in a code", ylabel=title, log_x=True)
    figures["clusters"] = bars(list(entries.values()), "purity", xlabel="purity of ten clusters")
    return figures
