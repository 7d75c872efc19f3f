"""What labels buy: samples of one class, a better bound, and a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from minivae.edge.checks import Array
from minivae.studies import Bench, Entry, Findings, study
from minivae.studies import label_measures as measures
from minivae.studies.bench import Tree
from minivae.studies.findings import column
from minivae.studies.label_measures import N_CLASSES, N_DRAWS
from minivae.studies.pictures import bars, lines, rows
from minivae.studies.words import against, best

SIZES: dict[str, dict[str, Any]] = {
    "digits": {"n_train": 4000, "n": 1000, "epochs": 25, "hidden": [128]},
    "mnist": {"n_train": 15_000, "n": 1000, "epochs": 12, "hidden": [256]},
    "quick": {"n_train": 500, "n": 60, "epochs": 12, "hidden": [32]},
}
LATENTS = {"digits": (2, 8, 20), "mnist": (2, 8, 20), "quick": (2, 8)}
CLASSIFIERS = ("5-NN on raw pixels", "a classifier", "uniform guess")
SHOWN = (5, 2)  # classes, in the picture of samples
COLUMNS = (
    *("ELBO", "KL", "reconstruction", "no label", "squared error", "named", "Fréchet", "changed"),
    *("accuracy", f"accuracy, {N_DRAWS} draws", "probe"),
)


@study("What do labels buy: a better model, samples of one class, a classifier?")
def labels(bench: Bench) -> Findings:
    """Train a conditional VAE beside a VAE of equal size, and use it in both ways.

    The ELBO of test images is in nats: of log p(x | y) with labels, of log p(x) without; "no label"
    is the conditional model's bound of log p(x), its ten classes mixed. KL and reconstruction are
    the two parts of the ELBO, and the squared error belongs to the decoded mean of q. "named" is
    the share of samples of a class that a classifier of images gives to that class, "Fréchet" their
    distance to real images, times 100; "changed" is the share of test images that it gives to the
    class whose label they are decoded with, at the same code. "accuracy" is the share of test
    images whose class argmax ELBO names, with one draw of z (`classify`) or eight; "probe" is that
    of a logistic regression on 1,000 codes. A VAE without labels draws a sample of a class from a
    Gaussian fitted to the codes of that class. The baselines are also a conditional model without
    a code (the mean image of each class), the best linear one (class means and pooled
    probabilistic PCA), and classifiers that generate nothing.
    """
    size, latents = bench.choose(SIZES), bench.choose(LATENTS)
    plan: dict[str, partial[Tree]] = {}
    for k in latents:
        plan[f"conditional VAE, {k} latents"] = partial(measures.conditional, n_latent=k, **size)
    for k in latents:
        plan[f"VAE, {k} latents"] = partial(measures.unconditional, n_latent=k, **size)
    for k in latents:
        plan[f"linear, {k} latents"] = partial(measures.linear, n_latent=k, **size)
    plan["class means"] = partial(measures.class_means, **size)
    plan |= {name: partial(measures.classifier, kind=name, **size) for name in CLASSIFIERS}
    plan["real images"] = partial(measures.real_images, **size)
    results = bench.measure(plan)
    entries = {name: _entry(name, results[name]) for name in plan}
    figures = _figures(entries, latents, results)
    return Findings(list(entries.values()), _verdict(entries, latents), figures)


def _entry(name: str, results: list[Tree]) -> Entry:
    """Return the row of one model."""
    kind, _, latents = name.removesuffix(" latents").partition(", ")
    setting = {"latents": int(latents)} if latents else {}
    measured = {key: column(results, key) for key in COLUMNS if key in results[0]}
    return Entry(name, {**setting, **measured}, baseline=kind != "conditional VAE")


def _verdict(entries: dict[str, Entry], latents: Sequence[int]) -> str:
    ours = [entries[f"conditional VAE, {k} latents"] for k in latents]
    theirs = [entries[f"VAE, {k} latents"] for k in latents]

    def gains(quantity: str, sign: int = 1) -> str:
        pairs = zip(ours, theirs, strict=True)
        moves = [sign * (a.mean(quantity) - b.mean(quantity)) for a, b in pairs]
        return ", ".join(f"{move:+.1f}" for move in moves)

    many = ", ".join(str(k) for k in latents)
    most, rival, linear = ours[-1], theirs[-1], entries[f"linear, {latents[-1]} latents"]
    first = best(ours, "accuracy")
    raw = entries["5-NN on raw pixels"]
    duel = against(first.seeds("accuracy"), raw.seeds("accuracy"), "5-NN")
    eight = f"accuracy, {N_DRAWS} draws"
    return (
        f"As a generative model: with {many} latents labels move the ELBO by {gains('ELBO')} nats "
        f"(a class is worth {np.log(N_CLASSES):.1f} at most) and the cross-entropy of the "
        f"reconstruction by {gains('reconstruction')}, and of {latents[-1]} latents "
        f"{most.mean('named'):.3f} of the samples of a class, drawn from N(0, I), are named "
        f"rightly, at a Fréchet distance of {most.mean('Fréchet'):.2f} (from a Gaussian fitted to "
        f"a VAE's codes of the class: {rival.mean('named'):.3f} and {rival.mean('Fréchet'):.2f}). "
        f"As a classifier: argmax ELBO of {first.name.partition(', ')[2]} names "
        f"{first.mean('accuracy'):.3f} ({first.mean(eight):.3f} with {N_DRAWS} draws), 5-NN on raw "
        f"pixels {raw.mean('accuracy'):.3f}, so that it {duel}; of {latents[-1]} latents it names "
        f"{most.mean('accuracy'):.3f} ({most.mean(eight):.3f}), the linear model of equal size "
        f"{linear.mean('accuracy'):.3f}, class means {entries['class means'].mean('accuracy'):.3f} "
        f"and a classifier {entries['a classifier'].mean('accuracy'):.3f}."
    )


def _figures(
    entries: dict[str, Entry], latents: Sequence[int], results: dict[str, list[Tree]]
) -> dict[str, Any]:
    first = {name: trees[0] for name, trees in results.items()}
    few, most = latents[0], latents[-1]

    def curves(quantity: str, *kinds: str, sign: int = 1) -> dict[str, dict[int, Any]]:
        def seeds(kind: str, k: int) -> Any:
            return sign * np.asarray(entries[f"{kind}, {k} latents"].seeds(quantity))

        return {kind: {k: seeds(kind, k) for k in latents} for kind in kinds}

    both = ("conditional VAE", "VAE")
    axis: dict[str, Any] = {"xlabel": "latents", "log_x": True}
    bound = curves("ELBO", *both, sign=-1)
    bound["conditional VAE, no label"] = curves("no label", both[0], sign=-1)[both[0]]
    means = {"class means": -entries["class means"].mean("ELBO")}
    rebuilt = {"original": first["real images"]["rebuilt"]}
    for k in (few, most):
        rebuilt |= {f"{kind}, {k}": first[f"{kind}, {k} latents"]["rebuilt"] for kind in both}
    samples = {
        f"conditional VAE, {most}": first[f"conditional VAE, {most} latents"]["grid"],
        f"VAE, {most}, its codes": first[f"VAE, {most} latents"]["samples"],
        f"linear, {most}": first[f"linear, {most} latents"]["samples"],
        "real images": first["real images"]["samples"],
    }
    of_a_class = {
        f"{name}: class {c}": np.split(images, N_CLASSES)[c]
        for c in SHOWN
        for name, images in samples.items()
    }
    return {
        "bound": lines(bound, means, ylabel="minus the ELBO (nats per image)", **axis),
        "squared-error": lines(
            curves("squared error", *both, "linear"), ylabel="squared error", **axis
        ),
        "accuracy": bars(list(entries.values()), "accuracy", xlabel="share of classes named"),
        "class-by-style": _class_by_style(first[f"{both[0]}, {few} latents"]["grid"]),
        "samples": rows(of_a_class),
        "rebuilt": rows(rebuilt),
    }


def _class_by_style(images: Array) -> Any:
    """Draw a row for each class, and in each column what one code becomes."""
    return rows({f"class {c}": each for c, each in enumerate(np.split(images, N_CLASSES))})
