"""How good generated images are, by scores that were first tried on images of known quality."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

import minivae as mv
from minivae.edge.checks import Array
from minivae.studies import Bench, Entry, Findings, study
from minivae.studies.bench import Tree, Trial
from minivae.studies.controls import GARBAGE, controls
from minivae.studies.findings import column
from minivae.studies.judge import N_STEPS, SCORES, trained_judge
from minivae.studies.neighbours import nearest
from minivae.studies.pictures import bars, grids, rows
from minivae.studies.words import against, in_seeds

SIZES: dict[str, dict[str, Any]] = {
    "digits": {"n_train": 5000, "n": 1000, "epochs": 40, "n_latent": 10, "hidden": [256]},
    "mnist": {"n_train": 10_000, "n": 1000, "epochs": 20, "n_latent": 16, "hidden": [256]},
    "quick": {"n_train": 1000, "n": 200, "epochs": 8, "n_latent": 5, "hidden": [64]},
}
N_SHOWN = 12  # images in a picture
RANKED = ("real, held out", "blur, 1 pixel", "VAE, N(0, I)", "mixed pixels", "shuffled patches")


@study("Are a VAE's samples better than an autoencoder's, by scores that tell digits from garbage?")
def generation(bench: Bench) -> Findings:
    """Score what a VAE and an autoencoder generate, beside images whose quality is known.

    A small classifier is trained on the real training images; its last hidden layer gives the
    features. 1,000 images of each set are compared with 1,000 held-out ones: the Fréchet distance
    of features of length one, times 100, and of plain features; precision and recall among the
    former; the classifier's mean confidence; the inception score; and the distance in pixels to
    the nearest training image. The controls are the baselines, from held-out real images over
    blur to noise. A model draws codes from N(0, I) and from the Gaussian fitted to its codes, and
    goes from one test image to another of another class: midpoints, the share of ten steps that
    the classifier gives to a third class, the largest step over the mean step. "holes" is the
    share of drawn codes that have no training code near, "continuity" the squared distance that
    an image moves for one standard deviation of code.
    """
    size = bench.choose(SIZES)
    plan = {
        "controls": partial(score_controls, **size),
        "VAE": partial(score_model, kind="VAE", **size),
        "autoencoder": partial(score_model, kind="autoencoder", **size),
    }
    results = bench.measure(plan)
    entries: dict[str, Entry] = {}
    for source, trees in results.items():
        for name in trees[0]["scores"]:
            scores = [tree["scores"][name] for tree in trees]
            measured = {key: column(scores, key) for key in scores[0]}
            entries[name] = Entry(name, measured, baseline=source == "controls")
    return Findings(list(entries.values()), _verdict(entries), _figures(entries, results))


def score_controls(trial: Trial, *, n_train: int, n: int, **_: Any) -> Tree:
    """Score real images, and what is made of them."""
    judge = trained_judge(trial.data, n_train, n, trial.seed)
    rng = np.random.default_rng(trial.seed)
    sets = {"real, held out": judge.held_out} | controls(judge.held_out, judge.labels, rng)
    scores = {name: judge.score(images) for name, images in sets.items()}
    scores["mixed pixels"] |= judge.score_way(lambda a, b, t: (1 - t) * a + t * b)
    return {"scores": scores, "images": _shown(sets)}


def score_model(
    trial: Trial, *, kind: str, n_train: int, n: int, n_latent: int, **training: Any
) -> Tree:
    """Train a model, and score what it draws and what lies between its codes."""
    judge = trained_judge(trial.data, n_train, n, trial.seed)
    model, codes = _train(trial, kind, judge.train, n_latent, **training)
    rng = np.random.default_rng(trial.seed)
    draws = {
        f"{kind}, N(0, I)": rng.standard_normal((n, n_latent)),
        f"{kind}, fitted Gaussian": mv.diagnostics.sample_codes(codes, n, rng=rng),
    }
    sets = {name: model.decode(z) for name, z in draws.items()}
    if kind == "VAE":
        p = sets["VAE, N(0, I)"]
        sets["VAE, N(0, I), x drawn"] = (rng.random(p.shape) < p).astype(p.dtype)

    def between(a: Array, b: Array, t: Array) -> Array:
        return model.decode((1 - t) * model.transform(a) + t * model.transform(b))

    a, b = judge.pairs
    middle = f"{kind}, midpoints"
    sets[middle] = between(a, b, np.full((len(a), 1), 0.5))
    scores = {name: judge.score(images) for name, images in sets.items()}
    for name, z in draws.items():
        scores[name]["holes"] = mv.diagnostics.hole_fraction(z, codes)
    scores[middle] |= judge.score_way(between)
    scores[middle]["continuity"] = mv.diagnostics.continuity(model.decode, codes[:1000], rng=rng)
    shown = _shown(sets)
    neighbours = nearest(shown[f"{kind}, N(0, I)"], judge.train, 1)[:, 0]
    way = judge.way(between, a[:1], b[:1])[:, 0]
    return {"scores": scores, "images": shown, "nearest": judge.train[neighbours], "way": way}


def _train(
    trial: Trial, kind: str, X: Array, n_latent: int, *, epochs: int, hidden: list[int]
) -> tuple[Any, Array]:
    """Return a trained model and its codes of X: draws of the posterior for a VAE."""
    options: dict[str, Any] = {"hidden": hidden, "dtype": np.float32, "rng": trial.seed}
    if kind == "VAE":
        vae = trial.fit(mv.VAE(784, n_latent, **options), X, epochs=epochs)
        return vae, vae.sample_posterior(X, trial.seed)
    model = trial.fit(mv.Autoencoder(784, n_latent, **options), X, epochs=epochs)
    return model, model.transform(X)


def _shown(sets: dict[str, Array]) -> dict[str, Array]:
    """Return the images of each set that a picture shows."""
    return {name: images[:N_SHOWN] for name, images in sets.items()}


def misjudged(entries: Mapping[str, Entry], score: str) -> list[str]:
    """Return the controls that a score puts before a VAE's samples, though they are garbage."""
    sign = 1 if SCORES[score] else -1
    ours = sign * entries["VAE, N(0, I)"].mean(score)
    worse = (*GARBAGE, "ten images repeated")
    return [name for name in worse if sign * entries[name].mean(score) > ours]


def _verdict(entries: dict[str, Entry]) -> str:
    def duel(name: str) -> str:
        ours, theirs = entries[f"VAE, {name}"], entries[f"autoencoder, {name}"]
        values = f"{ours.mean('Fréchet'):.2f} to {theirs.mean('Fréchet'):.2f}"
        seeds = ours.seeds("Fréchet"), theirs.seeds("Fréchet")
        return against(*seeds, f"the autoencoder ({values})", highest=False)

    ranks = [entries[name].seeds("Fréchet") for name in RANKED]
    noise = entries["uniform noise"].seeds("Fréchet")
    held = [list(each) == sorted(each) for each in zip(*ranks, noise, strict=True)]
    wrong = {score: misjudged(entries, score) for score in SCORES}
    fails = [f"{score} ({', '.join(names)})" for score, names in wrong.items() if names]
    right = [score for score, names in wrong.items() if not names]
    return (
        f"By the Fréchet distance the VAE {duel('N(0, I)')} where both draw codes from N(0, I), "
        f"{duel('fitted Gaussian')} where both draw them from a Gaussian fitted to their codes, "
        f"and {duel('midpoints')} half way between two digits. "
        f"That distance keeps the order {' < '.join(RANKED)} < uniform noise {in_seeds(held)}; "
        f"garbage never gets before the VAE's samples by {', '.join(right) or 'no score'}, but it "
        f"does by {'; '.join(fails) or 'no score'}."
    )


def _figures(entries: dict[str, Entry], results: dict[str, list[Tree]]) -> dict[str, Any]:
    controls, vae, autoencoder = (results[each][0] for each in ("controls", "VAE", "autoencoder"))
    shown = vae["images"] | autoencoder["images"] | controls["images"]
    ordered = sorted(entries.values(), key=lambda entry: entry.mean("Fréchet"))
    beside = {
        "VAE, sample": vae["images"]["VAE, N(0, I)"],
        "its nearest training image": vae["nearest"],
        "autoencoder, sample": autoencoder["images"]["autoencoder, N(0, I)"],
        "and its nearest": autoencoder["nearest"],
    }
    ends = vae["way"][[0]], vae["way"][[-1]]
    t = np.linspace(0, 1, N_STEPS)[:, None]
    ways = {
        "VAE": vae["way"],
        "autoencoder": autoencoder["way"],
        "mixed pixels": (1 - t) * ends[0] + t * ends[1],
    }
    label = "100 x Fréchet distance to real images, log scale"
    return {
        "frechet": bars(ordered, "Fréchet", xlabel=label, log_x=True),
        "images": grids({name: images[:9] for name, images in shown.items()}, n_columns=3),
        "nearest": rows(beside),
        "ways": mv.plots.figure_of(mv.plots.interpolation(ways)),
    }
