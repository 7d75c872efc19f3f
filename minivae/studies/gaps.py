"""Where a VAE's bound loses: the encoder, the Gaussian q, and what neither can say of log p(x)."""

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
from minivae.studies.linear_vae import linear_vae
from minivae.studies.pictures import bars, lines, stacked
from minivae.studies.words import in_seeds

SIZES: dict[str, dict[str, Any]] = {
    "digits": {"n_train": 5000, "n_latent": 10, "hidden": [256], "n": 40, "n_steps": 300},
    "mnist": {"n_train": 10_000, "n_latent": 16, "hidden": [256], "n": 100, "n_steps": 300},
    "quick": {"n_train": 500, "n_latent": 3, "hidden": [32], "n": 5, "n_steps": 20},
}
EPOCHS = {"digits": (5, 10, 20, 40), "mnist": (3, 10, 30), "quick": (2, 8)}
N_TEST = 1000  # whose ELBO is averaged; the gaps are those of n of them
N_DRAWS = 500  # of importance sampling
HALVES = ("training", "test")
GAPS = ("amortization gap", "approximation gap")
MISSES = ("IS misses", "IS with best q misses", "IS with prior misses")


@study(
    "How much of log p(x) does the ELBO miss, because of the encoder and because of a Gaussian q?"
)
def gaps(bench: Bench) -> Findings:
    """Take the bound of a VAE apart, early and late in training, on training and on test data.

    All numbers are nats per image. From the ELBO of 1,000 images upward: the amortization gap is
    what a q optimised for each image adds, the approximation gap what annealed importance sampling
    (AIS, from the encoder's q, 16 chains) adds to that; log p(x) is the sum of the three. The gaps
    are means over few images, which the differences allow. An optimised q falls a little short of
    the best one, so the first gap is too small and the second too large by the same amount: see
    the linear VAE. "misses" is what importance sampling
    with 500 draws leaves out of AIS, from the encoder's q, from the best q, or from the prior. The
    baselines: a mean image, which is a VAE without a code; and a linear VAE with a wrong encoder,
    estimated in the same way beside its exact values.
    """
    size, epochs = bench.choose(SIZES), bench.choose(EPOCHS)
    plan: dict[str, partial[Tree]] = {
        f"VAE, {n} epochs": partial(vae_gaps, epochs=n, **size) for n in epochs
    }
    plan["linear VAE"] = partial(linear_gaps, **size)
    plan["mean image"] = partial(mean_image, n_train=size["n_train"])
    results = bench.measure(plan)
    entries: dict[str, Entry] = {}
    for source, trees in results.items():
        for part in trees[0]:
            name = f"{source}, {part}"
            measured = {key: column([tree[part] for tree in trees], key) for key in trees[0][part]}
            entries[name] = Entry(name, measured, baseline=not source.startswith("VAE"))
    return Findings(list(entries.values()), _verdict(entries, epochs), _figures(entries, epochs))


def vae_gaps(
    trial: Trial,
    *,
    epochs: int,
    n_train: int,
    n_latent: int,
    hidden: list[int],
    n: int,
    n_steps: int,
) -> Tree:
    """Train a VAE, and measure its gaps on images that it was trained on and on others."""
    data = trial.split(n_train, N_TEST)
    model = mv.VAE(784, n_latent, hidden=hidden, dtype=np.float32, rng=trial.seed)
    trial.fit(model, data.train, epochs=epochs)
    halves = zip(HALVES, (data.train[:N_TEST], data.test), strict=True)
    return {name: _measured(model, x, n, n_steps, trial.seed) for name, x in halves}


def linear_gaps(
    trial: Trial, *, n_train: int, n_latent: int, n: int, n_steps: int, **_: Any
) -> Tree:
    """Measure the gaps of a linear VAE, and set them beside their exact values."""
    data = trial.split(n_train, N_TEST)
    x = np.asarray(data.test, float)
    model, exact, mean = linear_vae(data.train, n_latent, trial.seed)
    gaps = mv.bayes.inference_gaps(exact, x[:n] - mean, *model.encode(x[:n]))
    values = {
        "ELBO": float(exact.elbo(x - mean, *model.encode(x)).mean()),
        "amortization gap": float(gaps.amortization.mean()),
        "approximation gap": float(gaps.approximation.mean()),
    }
    values["log p"] = sum(values.values())
    return {"estimated": _measured(model, x, n, n_steps, trial.seed), "exact": values}


def mean_image(trial: Trial, *, n_train: int) -> Tree:
    """Say log p(x) of a Bernoulli whose probabilities are the mean image."""
    data = trial.split(n_train, N_TEST)
    p = np.clip(data.train.mean(axis=0, dtype=float), 1e-7, 1 - 1e-7)
    nats = np.log(p) @ data.test.T + np.log1p(-p) @ (1 - data.test).T
    log_p = float(nats.mean())
    return {"test": {"ELBO": log_p, **dict.fromkeys(GAPS, 0.0), "log p": log_p}}


def _measured(model: mv.VAE, x: Array, n: int, n_steps: int, seed: int) -> dict[str, float]:
    """Return the ELBO of x, and the gaps and misses of its first n rows."""
    few, d = x[:n], mv.bayes
    q = model.encode(few)
    best = d.fit_posterior(model, few, rng=seed)
    prior = np.zeros_like(q[0]), np.zeros_like(q[0])
    ways = [
        d.elbo_and_likelihood(model, few, *each, n_draws=N_DRAWS, rng=seed)
        for each in (q, best, prior)
    ]
    annealed = d.annealed_log_likelihood(model, few, n_steps=n_steps, rng=seed)
    (elbo, _), (best_elbo, _), _ = ways
    values = {
        "ELBO": float(model.score(x)),
        "amortization gap": float(np.mean(best_elbo - elbo)),
        "approximation gap": float(np.mean(annealed - best_elbo)),
    }
    values["log p"] = sum(values.values())
    misses = zip(MISSES, ways, strict=True)
    return values | {name: float(np.mean(annealed - log_p)) for name, (_, log_p) in misses}


def _verdict(entries: dict[str, Entry], epochs: Sequence[int]) -> str:
    first, last = epochs[0], epochs[-1]
    train, test = (entries[f"VAE, {last} epochs, {half}"] for half in HALVES)
    early = entries[f"VAE, {first} epochs, test"]
    amortization, approximation = (test.mean(gap) for gap in GAPS)
    pairs = zip(train.seeds(GAPS[0]), test.seeds(GAPS[0]), strict=True)
    wider = in_seeds([theirs > ours for ours, theirs in pairs])
    both = [sum(each.mean(gap) for gap in GAPS) for each in (early, test)]
    linear = [entries[f"linear VAE, {part}"].mean("log p") for part in ("estimated", "exact")]
    return (
        f"On test data the ELBO ({test.mean('ELBO'):.2f} nats) misses "
        f"{amortization + approximation:.2f} of log p(x) ({test.mean('log p'):.2f}): "
        f"{amortization:.2f} because of the encoder, {approximation:.2f} because of a Gaussian q; "
        f"on training data the encoder costs {train.mean(GAPS[0]):.2f} (it costs more on test data "
        f"{wider}), and log p(x) is {train.mean('log p'):.2f}. "
        f"From {first} to {last} epochs log p(x) of test data moves from {early.mean('log p'):.2f} "
        f"to {test.mean('log p'):.2f} and the two gaps from {both[0]:.2f} to {both[1]:.2f}; on a "
        f"linear VAE the same estimate of log p(x) is off by {linear[0] - linear[1]:+.2f}."
    )


def _figures(entries: dict[str, Entry], epochs: Sequence[int]) -> dict[str, Any]:
    curves = {
        f"{name}, {half} data": {
            n: entries[f"VAE, {n} epochs, {half}"].seeds(quantity) for n in epochs
        }
        for name, quantity in (("log p(x)", "log p"), ("ELBO", "ELBO"))
        for half in HALVES
    }
    measured = [entry for entry in entries.values() if not entry.name.startswith("mean image")]
    last = entries[f"VAE, {epochs[-1]} epochs, test"]
    ways = [Entry(name, {"misses": last.seeds(name)}) for name in MISSES]
    label = "nats below AIS, test images, log scale"
    return {
        "gaps": stacked(measured, GAPS, xlabel="log p(x) minus the ELBO (nats per image)"),
        "training": lines(curves, xlabel="epochs", ylabel="nats per image", log_x=True),
        "estimators": bars(ways, "misses", xlabel=label, log_x=True),
    }
