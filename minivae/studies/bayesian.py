"""Weights with a posterior: whether models that disagree find outliers, beside plain scores."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

import minivae as mv
from minivae.diagnostics.disagreement import METHODS, weight_scores
from minivae.edge.checks import Array
from minivae.studies import Bench, Entry, Findings, study
from minivae.studies.bench import Tree, Trial
from minivae.studies.pictures import bars, lines
from minivae.studies.words import against, best, in_seeds

SIZES: dict[str, dict[str, Any]] = {
    "digits": {
        **{"n_train": 1500, "n_test": 1400, "n_inside": 200, "n_outside": 100, "n_draws": 20},
        **{"n_latent": 10, "hidden": [128], "epochs": 40, "warm_up": 10, "burn_in": 10},
        "step": 0.03,
    },
    "mnist": {
        **{"n_train": 5000, "n_test": 1500, "n_inside": 200, "n_outside": 100, "n_draws": 20},
        **{"n_latent": 16, "hidden": [128], "epochs": 30, "warm_up": 8, "burn_in": 7},
        "step": 0.02,
    },
    "quick": {
        **{"n_train": 300, "n_test": 200, "n_inside": 40, "n_outside": 15, "n_draws": 5},
        **{"n_latent": 3, "hidden": [32], "epochs": 8, "warm_up": 2, "burn_in": 2},
        "step": 0.01,
    },
}
HELD_OUT = {"digits": (1, 4, 8), "mnist": (0, 1, 4), "quick": (1,)}
N_MODELS = 5  # of the ensemble
LEARNING_RATE = 3e-3  # of Adam for the baselines; at 1e-3 they are slower than the chains
DECODER, BOTH, ENSEMBLE, PLAIN = "decoder sampled", "both sampled", "five VAEs", "plain VAE"


@study("Does a VAE with a posterior of its weights tell strange images from usual ones?")
def bayesian(bench: Bench) -> Findings:
    """Hold out a class, train on the others, and score images of both kinds.

    AUROC is the chance that an image of the held-out class gets the higher score, 1/2 for a score
    that knows nothing; `AUROC` is the mean over the classes. All models are trained for the same
    number of epochs, the baselines at a learning rate at which they learn as fast as the chains.
    "decoder sampled" has a sampled decoder and an encoder trained by Adam; in "both sampled" the
    encoder is sampled too. A quarter of the epochs are Adam, then scale-adapted SGHMC keeps a
    sample after each epoch. The scores are those of `weight_scores`, from log p(x | weights) by
    importance sampling with the same noise for all samples; "latent" ones judge the code of an
    image by x drawn from it. The baselines: a plain VAE, five VAEs from different starts (which
    cost five times as much), and total ink. "log p" is that of usual test images with all samples
    averaged. "lag 1" and "last lag" are distances between samples that are so many epochs apart,
    relative to their length.
    """
    size, held_out = bench.choose(SIZES), bench.choose(HELD_OUT)
    kinds: dict[str, Any] = {
        DECODER: partial(sampled, bayesian_encoder=False),
        BOTH: partial(sampled, bayesian_encoder=True),
        "baselines": partial(baselines, learning_rate=LEARNING_RATE),
    }
    plan = {
        f"{kind}, without {c}": partial(each.func, held_out=c, **each.keywords, **size)
        for c in held_out
        for kind, each in kinds.items()
    }
    results = bench.measure(plan)
    entries: dict[str, Entry] = {}
    for kind in kinds:
        by_class = {c: results[f"{kind}, without {c}"] for c in held_out}
        for name in by_class[held_out[0]][0]["rows"]:
            baseline = kind == "baselines"
            entries[name] = Entry(name, _columns(by_class, name), baseline=baseline)
    lags = {kind: _lags(results, kind, held_out) for kind in (DECODER, BOTH)}
    apart = float(np.mean([r["apart"] for n in plan if "base" in n for r in results[n]]))
    return Findings(
        list(entries.values()), _verdict(entries, held_out, apart), _figures(entries, lags, apart)
    )


def sampled(trial: Trial, *, held_out: int, bayesian_encoder: bool, **size: Any) -> Tree:
    """Sample the weights of a VAE, and measure every score."""
    train, inside, outside = _split(trial, held_out, **size)
    model = mv.BayesianVAE(
        *(784, size["n_latent"]),
        hidden=size["hidden"],
        bayesian_encoder=bayesian_encoder,
        dtype=np.float32,
        rng=trial.seed,
    )
    options = {key: size[key] for key in ("epochs", "warm_up", "burn_in", "step")}
    trial.fit(model, train, **options)
    kind, both = (BOTH if bayesian_encoder else DECODER), (inside, outside)
    log_p = [model.log_likelihoods(x, size["n_draws"], trial.seed) for x in both]
    rows = _scored(kind, log_p)
    latent = [model.code_log_likelihoods(model.transform(x), rng=trial.seed) for x in both]
    for method in ("disagreement", "variance"):
        mean = [np.mean([weight_scores(l, method=method) for l in each], axis=0) for each in latent]  # noqa: E741
        rows[f"{kind}, latent {method}"] = {"AUROC": mv.diagnostics.auroc(*mean)}
    if bayesian_encoder:
        spread = [np.var(model.codes(x), axis=0).sum(axis=1) for x in both]
        rows[f"{kind}, spread of codes"] = {"AUROC": mv.diagnostics.auroc(*spread)}
    lags = model.lag_distances()
    rows[f"{kind}, expected likelihood"] |= {
        "temperature": model.history_["temperature"][-1],
        "lag 1": float(lags[0]),
        "last lag": float(lags[-1]),
    }
    return {"rows": rows, "lags": lags}


def baselines(trial: Trial, *, held_out: int, learning_rate: float, **size: Any) -> Tree:
    """Train five VAEs, of which the first is the plain one, and measure their scores and ink."""
    train, inside, outside = _split(trial, held_out, **size)
    models = []
    for i in range(N_MODELS):
        options: dict[str, Any] = {"hidden": size["hidden"], "dtype": np.float32}
        model = mv.VAE(784, size["n_latent"], rng=100 * i + trial.seed, **options)
        training = {"epochs": size["epochs"], "optimizer": mv.Adam(learning_rate)}
        models.append(trial.fit(model, train, name=f"VAE {i}", **training))
    ensemble, both = mv.bayes.Ensemble(models), (inside, outside)
    log_p = [ensemble.log_likelihoods(x, size["n_draws"], trial.seed) for x in both]
    rows, auroc = _scored(ENSEMBLE, log_p), mv.diagnostics.auroc
    elbo = [np.mean([models[0].elbo(x, rng=i).elbo for i in range(8)], axis=0) for x in both]
    rows |= {
        f"{PLAIN}, minus the ELBO": {"AUROC": auroc(-elbo[0], -elbo[1])},
        f"{PLAIN}, minus log p": {
            "AUROC": auroc(-log_p[0][0], -log_p[1][0]),
            "log p": float(log_p[0][0].mean()),
        },
        "ink": {"AUROC": auroc(inside.sum(axis=1), outside.sum(axis=1))},
    }
    decoders = np.array([_decoder(model) for model in models])
    gram = decoders @ decoders.T  # |a - b|^2 = |a|^2 + |b|^2 - 2 a.b
    length, product = np.mean(np.diag(gram)), np.mean(gram[np.triu_indices(N_MODELS, 1)])
    return {"rows": rows, "apart": float(np.sqrt(2 * (length - product) / length))}


def _decoder(model: mv.VAE) -> Array:
    arrays = [a.ravel() for name, a in model.params.items() if name.startswith("decoder.")]
    return np.concatenate(arrays).astype(float)


def _split(
    trial: Trial,
    held_out: int,
    *,
    n_train: int,
    n_test: int,
    n_inside: int,
    n_outside: int,
    **_: Any,
) -> tuple[Array, Array, Array]:
    """Return the training images of the other classes, test images of them, and outliers."""
    data = trial.split(n_train, n_test)
    usual = data.test_labels != held_out
    return (
        data.train[data.train_labels != held_out],
        data.test[usual][:n_inside],
        data.test[~usual][:n_outside],
    )


def _scored(kind: str, log_p: Sequence[Array]) -> dict[str, dict[str, float]]:
    """Return the AUROC of every score, from the log likelihoods of usual images and outliers."""
    rows = {}
    for method in METHODS:
        inside, outside = (weight_scores(each, method=method) for each in log_p)
        name = f"{kind}, {method.replace('_', ' ')}"
        rows[name] = {"AUROC": mv.diagnostics.auroc(inside, outside)}
        if method == "expected_likelihood":
            rows[name]["log p"] = float(-inside.mean())
    return rows


def _columns(by_class: dict[int, list[Tree]], name: str) -> dict[str, list[float]]:
    """Return the columns of one row: every quantity's mean over the classes, AUROC of each too."""
    seeds = {c: [tree["rows"][name] for tree in trees] for c, trees in by_class.items()}
    columns = {
        quantity: list(
            np.mean([[row[quantity] for row in rows] for rows in seeds.values()], axis=0)
        )
        for quantity in next(iter(seeds.values()))[0]
    }
    each = {f"without {c}": [row["AUROC"] for row in rows] for c, rows in seeds.items()}
    return {"AUROC": columns.pop("AUROC")} | each | columns


def _lags(
    results: dict[str, list[Tree]], kind: str, held_out: Sequence[int]
) -> dict[int, list[float]]:
    """Return distances for each lag, one for each seed, averaged over the classes."""
    found = np.mean(
        [[tree["lags"] for tree in results[f"{kind}, without {c}"]] for c in held_out], axis=0
    )  # (n_seeds, n_lags)
    return {lag + 1: list(found[:, lag]) for lag in range(found.shape[1])}


def _verdict(entries: dict[str, Entry], held_out: Sequence[int], apart: float) -> str:
    winner = best(entries.values(), "AUROC")
    ours, both, variance, elbo, ink = (
        entries[name]
        for name in (
            *(f"{DECODER}, disagreement", f"{BOTH}, disagreement"),
            *(f"{ENSEMBLE}, variance", f"{PLAIN}, minus the ELBO", "ink"),
        )
    )
    duel = against(ours.seeds("AUROC"), elbo.seeds("AUROC"), "it")
    likely, likely_both, several = (
        entries[f"{kind}, expected likelihood"] for kind in (DECODER, BOTH, ENSEMBLE)
    )
    pairs = zip(likely.seeds("lag 1"), likely.seeds("last lag"), strict=True)
    grows = in_seeds([last > 1.05 * first for first, last in pairs])
    classes = ("class " if len(held_out) == 1 else "classes ") + ", ".join(map(str, held_out))
    return (
        f"Averaged over the held-out {classes} the best score is {winner.name} "
        f"(AUROC {winner.mean('AUROC'):.2f}); disagreement has {ours.mean('AUROC'):.2f} with a "
        f"sampled decoder and {both.mean('AUROC'):.2f} with a sampled encoder too, the variance of "
        f"five VAEs {variance.mean('AUROC'):.2f}, ink {ink.mean('AUROC'):.2f}, and minus the ELBO "
        f"of a plain VAE {elbo.mean('AUROC'):.2f} (the decoder's disagreement {duel}). "
        f"So few minutes of sampling are a trajectory, not a stationary posterior: the distance "
        f"between samples is {likely.mean('lag 1'):.2f} at lag 1 and {likely.mean('last lag'):.2f} "
        f"at the last lag (it grows {grows}), where decoders from different starts are "
        f"{apart:.2f} apart, and log p(x) of usual test images is {likely.mean('log p'):.1f} nats "
        f"(encoder too {likely_both.mean('log p'):.1f}), against "
        f"{entries[f'{PLAIN}, minus log p'].mean('log p'):.1f} for one VAE and "
        f"{several.mean('log p'):.1f} for five."
    )


def _figures(
    entries: dict[str, Entry], lags: dict[str, dict[int, list[float]]], apart: float
) -> dict[str, Any]:
    level = {"decoders from different starts": apart}
    ylabel = "distance of samples / their length"
    return {
        "auroc": bars(list(entries.values()), "AUROC", xlabel="mean AUROC"),
        "lags": lines(lags, level, xlabel="lag (epochs)", ylabel=ylabel),
    }
