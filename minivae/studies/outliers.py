"""Whether a VAE's density finds outliers, beside ink and other scores that need no VAE."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

import minivae as mv
from minivae.edge.checks import Array
from minivae.studies import Bench, Entry, Findings, study
from minivae.studies.bench import Tree, Trial
from minivae.studies.controls import controls
from minivae.studies.data import load_split, mnist_is_here
from minivae.studies.findings import column, mean_and_spread
from minivae.studies.judge import trained_judge
from minivae.studies.likelihood_pair import COPIES, NOISY, VAE, likelihood_pair
from minivae.studies.pictures import grids, heat, lines
from minivae.studies.strangeness import BASELINES, OF_THE_VAE, Judges
from minivae.studies.words import against, best

SIZES: dict[str, dict[str, Any]] = {
    "digits": {"n_train": 3000, "n": 120, "epochs": 12, "n_latent": 10, "hidden": [256]},
    "mnist": {"n_train": 8000, "n": 200, "epochs": 12, "n_latent": 16, "hidden": [256]},
    "quick": {"n_train": 500, "n": 20, "epochs": 4, "n_latent": 3, "hidden": [32]},
}
CLASSES = {"digits": range(10), "mnist": range(10), "quick": (1, 4)}
N_TEST = {"digits": 2000, "mnist": 4000, "quick": 400}
MEASURES = ("AUROC", "AUPRC", "FPR80")
LIKELIHOOD, INK = "log p(x)", "ink"


@study("Does a VAE's density find outliers better than ink, or than the nearest training image?")
def outliers(bench: Bench) -> Findings:
    """Leave a class of digits out of the training, and see which score calls it strange.

    For each class a VAE is trained on the nine others. Its scores: -log p(x) (importance sampling,
    128 draws), minus the ELBO and its two terms, regret (what a q optimised for the image adds to
    the ELBO), typicality, and complexity (-log p(x) less the length of the compressed image). The
    baselines: total ink; its distance from the mean ink; log p of ten Gaussians on twenty PCA
    codes; the distance to the nearest training image, and to the nearest training code of the
    VAE. AUROC, AUPRC and FPR80 compare as many test images of the held-out class as of the others;
    the first three columns are means over the classes. A VAE of all classes then meets another
    set of digits, pixels of other images, and uniform noise. The last rows are three densities
    with log p of test images (nats) and the Fréchet distance of their samples to real images.
    """
    size, classes = bench.choose(SIZES), bench.choose(CLASSES)
    other = "drawn digits" if bench.data == "mnist" else "MNIST" if mnist_is_here() else ""
    n_test = bench.choose(N_TEST)
    plan: dict[str, partial[Tree]] = {
        f"digit {c}": partial(held_out, digit=c, n_test=n_test, **size) for c in classes
    }
    plan["other sets"] = partial(other_sets, other=other, **size)
    results = bench.measure(plan)
    sets = {name: [tree["scores"] for tree in results[name]] for name in plan if name[0] == "d"}
    for name in results["other sets"][0]["scores"]:
        sets[name] = [tree["scores"][name] for tree in results["other sets"]]
    entries = [_entry(score, sets, len(classes)) for score in (*OF_THE_VAE, *BASELINES)]
    pairs = [tree["pair"]["measured"] for tree in results["other sets"]]
    for name in (VAE, NOISY, COPIES):
        measured = {key: column([pair[name] for pair in pairs], key) for key in pairs[0][name]}
        entries.append(Entry(name, measured, baseline=name != VAE))
    table = {entry.name: entry for entry in entries}
    images = results["other sets"][0]["pair"]["images"]
    return Findings(entries, _verdict(table, classes), _figures(table, sets, classes, images))


def held_out(trial: Trial, *, digit: int, n_train: int, n: int, n_test: int, **model: Any) -> Tree:
    """Train without a class, and compare n test images of it with n of the others."""
    data = trial.split(n_train, n_test)
    train, strange = data.train[data.train_labels != digit], data.test_labels == digit
    judges = _trained(trial, train, **model)
    inside, outside = data.test[~strange][:n], data.test[strange][:n]
    return {"scores": judges.compare(inside, {"outside": outside})["outside"]}


def other_sets(trial: Trial, *, other: str, n_train: int, n: int, **model: Any) -> Tree:
    """Train on all classes, and compare n test images with images of other kinds."""
    judge = trained_judge(trial.data, n_train, 4 * n, trial.seed)
    judges = _trained(trial, judge.train, **model)
    made = controls(judge.held_out, judge.labels, np.random.default_rng(trial.seed))
    strange = {name: made[name][:n] for name in ("pixels of other images", "uniform noise")}
    if other:
        name = "mnist" if other == "MNIST" else "digits"
        strange = {other: load_split(name, n, n, trial.seed).test} | strange
    scores = judges.compare(judge.held_out[:n], strange)
    return {"scores": scores, "pair": likelihood_pair(judges.model, judge, trial.seed)}


def _trained(
    trial: Trial, train: Array, *, n_latent: int, hidden: list[int], epochs: int
) -> Judges:
    model = mv.VAE(784, n_latent, hidden=hidden, dtype=np.float32, rng=trial.seed)
    return Judges(trial.fit(model, train, epochs=epochs), train, trial.seed)


def _entry(score: str, sets: dict[str, list[Tree]], n_classes: int) -> Entry:
    """Return the row of a score: means over the held-out classes, then AUROC of every set."""
    every = {name: [tree[score] for tree in trees] for name, trees in sets.items()}
    classes = list(every.values())[:n_classes]
    values = {
        measure: list(np.mean([column(each, measure) for each in classes], axis=0))
        for measure in MEASURES
    }
    values |= {f"AUROC, {name}": column(each, "AUROC") for name, each in every.items()}
    return Entry(score, values, baseline=score in BASELINES)


def _verdict(table: dict[str, Entry], classes: Sequence[int]) -> str:
    first = best([table[name] for name in OF_THE_VAE], "AUROC")
    plain = best([table[name] for name in BASELINES], "AUROC")
    duel = against(first.seeds("AUROC"), plain.seeds("AUROC"), f"the best baseline, {plain.name}")
    ours, ink = (
        [table[name].mean(f"AUROC, digit {c}") for c in classes] for name in (LIKELIHOOD, INK)
    )
    worst = int(np.argmin(ours))
    noisy, copies, vae = (table[name] for name in (NOISY, COPIES, VAE))
    return (
        f"Averaged over held-out digits the AUROC of -log p(x) is {np.mean(ours):.2f} (of ink "
        f"{np.mean(ink):.2f}), and the best score of the VAE, {first.name} "
        f"({first.mean('AUROC'):.3f}), {duel} ({plain.mean('AUROC'):.3f}); -log p(x) does worst on "
        f"digit {classes[worst]}, {ours[worst]:.2f}, where ink has {ink[worst]:.2f}, and over the "
        f"classes its correlation with ink is {np.corrcoef(ours, ink)[0, 1]:.2f}. "
        f"Likelihood is not sample quality: a density whose samples are noise 99 times in a "
        f"hundred (Fréchet distance {noisy.mean('Fréchet'):.1f}) gives test images "
        f"{noisy.mean('log p'):.1f} nats, the VAE {vae.mean('log p'):.1f} "
        f"({vae.mean('Fréchet'):.1f}), and perfect copies of training images "
        f"{copies.mean('log p'):.1f} ({copies.mean('Fréchet'):.1f})."
    )


def _figures(
    table: dict[str, Entry],
    sets: dict[str, list[Tree]],
    classes: Sequence[int],
    images: dict[str, Array],
) -> dict[str, Any]:
    shown = (LIKELIHOOD, INK, "nearest image", "Gaussians")
    by_ink = sorted(classes, key=lambda c: table[INK].mean(f"AUROC, digit {c}"))
    curves = {
        f"-{name}" if name == LIKELIHOOD else name: {
            str(c): table[name].seeds(f"AUROC, digit {c}") for c in by_ink
        }
        for name in shown
    }
    scores = [*OF_THE_VAE, *BASELINES]
    panels = {
        measure: np.array(
            [[_mean(trees, score, measure) for trees in sets.values()] for score in scores]
        )
        for measure in MEASURES
    }
    titled = {
        f"{name.partition(': ')[2]}, log p {table[name].mean('log p'):.0f}": each
        for name, each in images.items()
    }
    return {
        "ink": lines(curves, {"chance": 0.5}, xlabel="held-out digit, by its ink", ylabel="AUROC"),
        "scores": heat(panels, scores, list(sets)),
        "pair": grids(titled, n_columns=3),
    }


def _mean(trees: list[Tree], score: str, measure: str) -> float:
    return mean_and_spread(column([tree[score] for tree in trees], measure))[0]
