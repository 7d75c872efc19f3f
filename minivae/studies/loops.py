"""A VAE for melodies: what a code costs in nats, and what it buys."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import numpy as np

import minivae as mv
from minivae.datasets.loop_source import BAR, STEPS, VOCABULARY
from minivae.edge.checks import Array
from minivae.music import moves, recipe
from minivae.music.decoders import Autoregressive
from minivae.music.pictures import rolls
from minivae.studies import Bench, Entry, Findings, study
from minivae.studies import loop_measures as measures
from minivae.studies.bench import Tree, Trial
from minivae.studies.findings import column
from minivae.studies.pictures import bars, lines
from minivae.studies.words import against

FULL: dict[str, Any] = {
    "n_train": 100_000,
    "n_test": 4000,
    "n_pairs": 300,
    "epochs": 3,
    "n_hidden": 128,
    "n_latent": 64,
}
QUICK: dict[str, Any] = {
    "n_train": 1000,
    "n_test": 200,
    "n_pairs": 10,
    "epochs": 2,
    "n_hidden": 16,
    "n_latent": 8,
}
SIZES = {"digits": FULL, "mnist": FULL, "quick": QUICK}
NATS = ("nats", "KL", "AA", "AA'", "AB")


@study("What does a code of melodies cost in nats, and what does it buy?")
def loops(bench: Bench) -> Findings:
    """Train a hierarchical recurrent VAE on loops whose entropy is known.

    Nats are minus the bound for each test loop, of all and of those whose second bar repeats the
    first (AA), has its rhythm (AA') or is new (AB); the KL is what the code costs of them. `exact`
    and `tokens` are the shares of loops and tokens that come back from their code. `valid` is the
    share that the source could have made: of greedy samples, of the inner points of ways between
    loops, of completed loops. `step` is the share of tokens that change in one of eight steps. The
    baselines are a uniform law, counts of tokens and of pairs, the entropy of the source, a
    recurrent network without a code, and blending loops without a model. The data is the source of
    loops, whatever `data` says.
    """
    size = bench.choose(SIZES)
    plan = {
        "VAE": partial(melody_vae, **size),
        "recurrent, no code": partial(no_code, **size),
        "counts": partial(counts, **size),
    }
    results = bench.measure(plan)
    entries = _entries(results)
    return Findings(list(entries.values()), _verdict(entries), _figures(entries, results))


def melody_vae(trial: Trial, **size: Any) -> Tree:
    """Train the VAE, and measure what it costs and what can be done with its code."""
    train, test, factors = _split(trial.seed, size)
    widths = {"n_latent": size["n_latent"], "n_hidden": size["n_hidden"]}
    model = mv.MelodyVAE(**widths, dtype=np.float32, rng=trial.seed)
    seconds = _train(trial, model, train, size["epochs"])
    rebuilt, n = model.reconstruct(test), size["n_pairs"]
    first, second = test[:n], test[n : 2 * n]
    return {
        **_costs(model, test, factors),
        "exact": float(np.mean(np.all(rebuilt == test, axis=1))),
        "tokens": float(np.mean(rebuilt == test)),
        "CPU seconds": seconds,
        "samples": measures.samples(model, 4 * n, trial.seed),
        "ways": measures.ways_between(model, first, second, trial.seed),
        "completions": measures.completions(model, first[: n // 3 + 1], trial.seed),
        "attributes": measures.attributes(model, train[: 20 * n], first),
        "way": moves.interpolate(model, first[0], second[0], 5),
    }


class Silence:
    """A network that says nothing: zeros, whatever goes in."""

    def __init__(self, n_out: int) -> None:
        self.n_out = n_out
        self.params: dict[str, Array] = {}
        self.grads: dict[str, Array] = {}

    def forward(self, x: Array) -> Array:
        """Return zeros, (batch, n_out)."""
        self.shape = x.shape
        return np.zeros((len(x), self.n_out), x.dtype)

    def backward(self, dy: Array) -> Array:
        """Return zeros: nothing depends on the input."""
        return np.zeros(self.shape, dy.dtype)


def no_code(trial: Trial, **size: Any) -> Tree:
    """Train the same recurrent network without a code: its KL is 0, and its bound is log p(x)."""
    train, test, factors = _split(trial.seed, size)
    options: dict[str, Any] = {"dtype": np.float32, "rng": trial.seed}
    likelihood = Autoregressive(
        VOCABULARY, STEPS, 1, lookback=BAR, n_hidden=size["n_hidden"], **options
    )
    silent: dict[str, Any] = {"encoder": Silence(2), "decoder": Silence(1)}
    model = mv.VAE(STEPS, 1, likelihood=likelihood, **silent, **options)
    seconds = _train(trial, model, train, size["epochs"])
    contexts = np.zeros((4 * size["n_pairs"], 1), np.float32)
    drawn = {
        name: measures.validity(model.likelihood.sample(contexts, trial.seed, temperature=t))
        for name, t in {**measures.TEMPERATURES, "greedy": 1e-6}.items()
    }
    return {**_costs(model, test, factors), "CPU seconds": seconds, "samples": drawn}


def counts(trial: Trial, **size: Any) -> Tree:
    """Count tokens and pairs of tokens, and take the exact nats of the source."""
    train, test, factors = _split(trial.seed, size)
    rows = {
        "uniform tokens, 32 ln 39": np.full(len(test), STEPS * np.log(VOCABULARY)),
        "unigram": measures.unigram_nats(train, test),
        "bigram": measures.bigram_nats(train, test),
        "the source (entropy)": -mv.datasets.loop_log_prob(test),
    }
    return {name: measures.nats_by_repetition(nats, factors) for name, nats in rows.items()}


def _split(seed: int, size: dict[str, Any]) -> tuple[Array, Array, dict[str, Array]]:
    """Return loops to train on and loops to test on, with the latter's factors."""
    n = size["n_train"]
    drawn = mv.datasets.loops(n + size["n_test"], rng=seed)
    factors = {name: values[n:] for name, values in drawn.factors.items()}
    return drawn.tokens[:n], drawn.tokens[n:], factors


def _train(trial: Trial, model: Any, X: Array, epochs: int) -> float:
    """Train, and return the seconds of processor time that it took."""
    start = time.process_time()
    trial.fit(model, X, **recipe.fit_options(len(X), epochs))
    return time.process_time() - start


def _costs(model: Any, test: Array, factors: dict[str, Array]) -> Tree:
    """Return what each kind of loop costs, the bound at beta = 1, and how much of it is KL."""
    bound = [model.elbo(test[i : i + 1000], rng=i) for i in range(0, len(test), 1000)]
    nats = -np.concatenate([each.elbo for each in bound])
    kl = np.concatenate([each.kl for each in bound])
    return {**measures.nats_by_repetition(nats, factors), "KL": float(kl.mean())}


def _entries(results: dict[str, list[Tree]]) -> dict[str, Entry]:
    vae, plain, counted = results["VAE"], results["recurrent, no code"], results["counts"]
    entries = {
        "VAE": Entry("VAE", _columns(vae, (*NATS, "exact", "tokens", "CPU seconds"))),
        "recurrent, no code": Entry(
            "recurrent, no code", _columns(plain, (*NATS, "CPU seconds")), baseline=True
        ),
    }
    for name in counted[0]:
        values = _columns([each[name] for each in counted], ("nats", "AA", "AA'", "AB"))
        entries[name] = Entry(name, values, baseline=True)
    for kind, trees in {"VAE": vae, "recurrent, no code": plain}.items():
        for how in trees[0]["samples"]:
            name = f"samples of {kind}, {how}"
            values = {"valid": column([each["samples"] for each in trees], how)}
            entries[name] = Entry(name, values, baseline=kind != "VAE")
    for group in ("ways", "completions"):
        for name, measured in vae[0][group].items():
            values = _columns([each[group][name] for each in vae], tuple(measured))
            blind = name.startswith("blend") or name.endswith("prior")
            entries[name] = Entry(name, values, baseline=blind)
    for attribute in ("density", "register"):
        trees = [each["attributes"] for each in vae]
        values = {
            "valid": column(trees, f"{attribute} valid"),
            "rises": column(trees, f"{attribute} rises"),
        }
        entries[attribute] = Entry(f"attribute vector, {attribute}", values)
    return entries


def _columns(trees: list[Tree], names: tuple[str, ...]) -> dict[str, list[float]]:
    return {name: column(trees, name) for name in names}


def _verdict(entries: dict[str, Entry]) -> str:
    vae, plain, source = (
        entries[name] for name in ("VAE", "recurrent, no code", "the source (entropy)")
    )
    duel = against(
        vae.seeds("nats"), plain.seeds("nats"), "the network without a code", highest=False
    )
    straight, round_ = entries["straight line"], entries["spherical line"]
    path = against(straight.seeds("valid"), round_.seeds("valid"), "the spherical one")
    blends = [entries[name] for name in entries if name.startswith("blend")]
    return (
        f"A loop costs the VAE {vae.mean('nats'):.1f} nats ({vae.mean('AA'):.1f} where bar 2 "
        f"repeats bar 1, {vae.mean('AB'):.1f} where it is new), the network without a code "
        f"{plain.mean('nats'):.1f} and the source {source.mean('nats'):.1f}: in nats the code "
        f"{duel}. The code brings {vae.mean('exact'):.0%} of loops back exactly, and of the loops "
        f"on a straight line between two codes {straight.mean('valid'):.0%} are valid, which "
        f"{path}; "
        f"of blends without a model at most {max(b.mean('valid') for b in blends):.0%} are."
    )


def _figures(entries: dict[str, Entry], results: dict[str, list[Tree]]) -> dict[str, Any]:
    vae, rows = results["VAE"], list(entries.values())
    figures = {
        "nats": bars(rows, "nats", xlabel="nats per loop"),
        "valid": bars(rows, "valid", xlabel="share of valid loops"),
        "way": rolls(vae[0]["way"]),
    }
    for name, unit in {"density": "notes in a loop", "register": "mean MIDI pitch"}.items():
        values = [each["attributes"][name] for each in vae]
        curve = {x: [v[i] for v in values] for i, x in enumerate(measures.AMOUNTS.tolist())}
        amount = "amount of the attribute vector"
        figures[name] = lines({name: curve}, xlabel=amount, ylabel=unit)
    return figures
