"""What can be measured of loops: what they cost by counts, and how good the ways between are."""

from __future__ import annotations

from typing import Any

import numpy as np

import minivae as mv
from minivae.datasets.loop_source import BAR, FACTORS, VOCABULARY
from minivae.edge.checks import Array
from minivae.music import moves
from minivae.studies.bench import Tree

BLENDS = {"coin": "a coin for each token", "switch": "switching once", "pitch": "mean pitch"}
TEMPERATURES = {"greedy": 0.0, "temperature .5": 0.5, "temperature 1": 1.0}
POINTS = np.linspace(0, 1, 9)
AMOUNTS = np.linspace(-1, 1, 9)


def nats_by_repetition(nats: Array, factors: dict[str, Array]) -> Tree:
    """Return the mean of nats, over all loops and over each kind of repetition."""
    kinds = {
        kind: float(nats[factors["repetition"] == i].mean())
        for i, kind in enumerate(FACTORS["repetition"])
    }
    return {"nats": float(nats.mean()), **kinds}


def unigram_nats(train: Array, test: Array) -> Array:
    """Return what each test loop costs by the counts of tokens in the training data."""
    counts = np.bincount(train.ravel(), minlength=VOCABULARY) + 1.0
    return -np.log(counts / counts.sum())[test].sum(axis=1)


def bigram_nats(train: Array, test: Array) -> Array:
    """Return what each test loop costs by the counts of tokens after tokens; -1 is the start."""
    counts = np.ones((VOCABULARY + 1, VOCABULARY))
    np.add.at(counts, (_before(train), train), 1)
    log_p = np.log(counts / counts.sum(axis=1, keepdims=True))
    return -log_p[_before(test), test].sum(axis=1)


def _before(tokens: Array) -> Array:
    start = np.full((len(tokens), 1), VOCABULARY)
    return np.concatenate([start, tokens[:, :-1]], axis=1)


def validity(tokens: Array) -> float:
    """Return the share of loops that the source could have made."""
    return float(np.mean(np.isfinite(mv.datasets.loop_log_prob(tokens))))


def samples(model: Any, n: int, rng: int) -> Tree:
    """Return how valid samples from the prior are."""
    result = {}
    for name, temperature in TEMPERATURES.items():
        options: dict[str, Any] = {"temperature": temperature} if temperature else {"mean": True}
        result[name] = validity(model.sample(n, rng, **options))
    return result


def ways_between(model: Any, first: Array, second: Array, rng: int) -> dict[str, Tree]:
    """Return for each way how valid its inner points are, and how much each step changes.

    A step's change is the share of tokens that differ; the mean over pairs of the mean step, and
    of the largest one.
    """
    a, b = model.transform(first), model.transform(second)
    ways = {f"{name} line": _decoded(model, path, a, b) for name, path in moves.PATHS.items()}
    coins = np.random.default_rng(rng)
    for way, name in BLENDS.items():
        pairs = zip(first, second, strict=True)
        blended = [[moves.blend(x, y, t, way, coins) for t in POINTS] for x, y in pairs]
        ways[f"blend by {name}"] = np.array(blended)
    result = {}
    for name, loops in ways.items():  # (pairs, points, 32)
        change = np.mean(loops[:, 1:] != loops[:, :-1], axis=2)
        result[name] = {
            "valid": validity(loops[:, 1:-1].reshape(-1, loops.shape[2])),
            "step": float(change.mean()),
            "largest step": float(change.max(axis=1).mean()),
        }
    return result


def _decoded(model: Any, path: Any, a: Array, b: Array) -> Array:
    return np.stack([model.decode(path(a, b, t)) for t in POINTS], axis=1)


def attributes(model: Any, X: Array, some: Array) -> Tree:
    """Return what an attribute vector does: the attribute's mean at each amount, and validity."""
    result: Tree = {}
    for attribute in (moves.density, moves.register):
        vector = moves.attribute_vector(model, X, attribute(X))
        loops = [model.decode(model.transform(some) + amount * vector) for amount in AMOUNTS]
        values = [float(np.nanmean(attribute(each))) for each in loops]
        name = attribute.__name__
        result[name] = np.array(values)
        result[f"{name} rises"] = float(np.mean(np.diff(values) > 0))
        result[f"{name} valid"] = validity(np.concatenate(loops))
    return result


def completions(model: Any, loops: Array, rng: int) -> dict[str, Tree]:
    """Return how valid loops are whose first bar was given: z inferred from it, or from p(z)."""
    random = np.random.default_rng(rng)
    inferred = [moves.complete(model, loop[:BAR], 1, rng=random)[0] for loop in loops]
    z = random.standard_normal((len(loops), model.n_latent))
    blind = model.draw(z, random, temperature=0.5, given=loops[:, :BAR])
    return {
        "complete a bar, z inferred": {"valid": validity(np.array(inferred))},
        "complete a bar, z from the prior": {"valid": validity(blind)},
    }
