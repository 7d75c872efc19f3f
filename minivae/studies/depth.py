"""What depth brings: a lecture's table, PCA of equal size, a curve, and what needs no depth."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import minivae as mv
from minivae.edge.checks import Array
from minivae.studies import Bench, Entry, Findings, study
from minivae.studies.bench import Tree, Trial
from minivae.studies.curve import on_the_curve
from minivae.studies.findings import column
from minivae.studies.latent_dimension import mean_image, pca
from minivae.studies.pictures import grids, rows, scatters
from minivae.studies.words import against, in_seeds

DEEP: dict[str, Any] = {"lecture": [64, 32], "wide": [256, 128]}  # hidden layers of an encoder
SIZES: dict[str, dict[str, Any]] = {
    "digits": {"n_train": 3000, "n_test": 1000, "epochs": 25, "curve_epochs": 150, **DEEP},
    "mnist": {"n_train": 15_000, "n_test": 5000, "epochs": 10, "curve_epochs": 150, **DEEP},
    "quick": {"n_train": 300, "n_test": 100, "epochs": 2, "curve_epochs": 5, **DEEP},
}
BATCH_SIZE, LEARNING_RATE = 64, 2e-3
CURVE = ("deep autoencoder", "tanh code alone", "PCA", "the curve itself")
CODES = ("linear code", "rectified code", "even directions")
NEAR = 0.05  # of an axis: the smaller number is at most so much of the larger one
COLUMNS = ("loss", "loss per pixel", "squared error", "pixel spread", "on an axis", "zeros")
ON_CURVE = ("curve error", "order along the curve")
PAIRS = np.array([(i, j) for j in range(8) for i in range(j)])  # of the latents
N_SHOWN = 8


@study(
    "What does depth bring an autoencoder and a VAE, what does PCA of equal size do, and what do "
    "an untrained network and a ReLU on the code show?"
)
def depth(bench: Bench) -> Findings:
    """Train shallow and deep autoencoders and VAEs of equal codes, and look at three by-ways.

    The table of a lecture anew: 8 latents, no hidden layer or 64 and 32 units, `loss` in nats per
    test image (the autoencoder's cross-entropy; minus the VAE's ELBO, with one sample), beside PCA
    clipped to probabilities and the mean image. After Hinton and Salakhutdinov (2006), 30 latents
    and hidden layers of 256 and 128 units against PCA of 30, by the squared error per image. After
    Kramer (1991), points near three quarters of a turn of a helix as one number: `curve error` is
    the squared error per point beside the distance to the curve itself, `order along the curve`
    the rank correlation of the code with the place on it. `pixel spread` is the standard deviation
    of the pixels that codes from N(0, I) are decoded to (uniform noise: .289). `on an axis` is
    the mean share, over all pairs of 8 latents, of codes whose smaller number is at most 5 % of the
    larger one, for the usual linear code, for one with a ReLU, and for even directions; `zeros` is
    the share of numbers in the code that are exactly zero.
    """
    size = bench.choose(SIZES)
    plan: dict[str, partial[Tree]] = {}
    for kind in ("autoencoder", "VAE"):
        for name, hidden in ((kind, []), (f"deep {kind}", size["lecture"])):
            options: dict[str, Any] = {"kind": kind, "n_latent": 8, "hidden": hidden}
            plan[f"{name}, 8 latents"] = partial(network, **options, **size)
    for name, hidden in (("autoencoder", []), ("deep autoencoder", size["wide"])):
        options = {"kind": "autoencoder", "n_latent": 30, "hidden": hidden}
        plan[f"{name}, 30 latents"] = partial(network, **options, **size)
    options = {"kind": "VAE", "n_latent": 8, "hidden": size["lecture"], "untrained": True}
    plan["untrained deep VAE"] = partial(network, **options, **size)
    plan |= {f"PCA, {k} latents": partial(pca, n_latent=k, **size) for k in (8, 30)}
    plan["mean image"] = partial(mean_image, **size)
    plan |= {kind: partial(code, kind=kind, **size) for kind in CODES}
    plan |= {f"curve, {method}": partial(on_the_curve, method=method, **size) for method in CURVE}
    results = bench.measure(plan)
    entries = {name: _entry(name, results[name]) for name in plan}
    return Findings(list(entries.values()), _verdict(entries), _figures(results))


def network(
    trial: Trial,
    *,
    kind: str,
    n_latent: int,
    hidden: list[int],
    untrained: bool = False,
    **size: Any,
) -> Tree:
    """Train a model, or leave it as it starts, and measure its loss and what it draws."""
    train, test = trial.split(size["n_train"], size["n_test"])[:2]
    make = mv.VAE if kind == "VAE" else mv.Autoencoder
    model = make(784, n_latent, hidden=hidden, dtype=np.float32, rng=trial.seed)
    if not untrained:
        _fit(trial, model, train, size["epochs"])
    rebuilt, loss = model.reconstruct(test), -model.score(test)
    z = np.random.default_rng(trial.seed).standard_normal((100, n_latent))
    decoded = model.decode(z)
    return {
        "loss": loss,
        "loss per pixel": loss / 784,
        "squared error": float(np.mean(np.sum((test - rebuilt) ** 2, axis=1))),
        **({"pixel spread": float(decoded.std())} if kind == "VAE" else {}),
        "decoded": decoded[:16],
        "originals": test[:N_SHOWN],
        "rebuilt": rebuilt[:N_SHOWN],
    }


def code(trial: Trial, *, kind: str, **size: Any) -> Tree:
    """Measure how many codes lie along an axis, with and without a ReLU on the code."""
    split = trial.split(size["n_train"], size["n_test"])
    if kind == "even directions":
        z = np.random.default_rng(trial.seed).standard_normal((len(split.test), 8))
        return {"on an axis": float(np.mean(near_an_axis(z))), "zeros": 0.0}
    model = mv.Autoencoder(784, 8, hidden=size["lecture"], dtype=np.float32, rng=trial.seed)
    if kind == "rectified code":
        model.encoder.layers.append(mv.ReLU())
    _fit(trial, model, split.train, size["epochs"])
    z = model.transform(split.test)
    near = near_an_axis(z)
    pair = PAIRS[np.argmax(near)]
    return {
        "loss": -model.score(split.test),
        "on an axis": float(np.mean(near)),
        "zeros": float(np.mean(z == 0)),
        "codes": z[:, pair],
        "labels": split.test_labels,
    }


def near_an_axis(z: Array) -> Array:
    """Return for each pair of latents the share of codes near one of its two axes.

    Near means that the smaller of the two numbers is at most `NEAR` of the larger one.
    """
    pairs = np.abs(z[:, PAIRS])  # (n, 28, 2)
    return np.mean(pairs.min(axis=2) <= NEAR * pairs.max(axis=2), axis=0)


def _fit(trial: Trial, model: Any, train: Array, epochs: int) -> None:
    optimizer = mv.Adam(LEARNING_RATE)
    trial.fit(model, train, epochs=epochs, batch_size=BATCH_SIZE, optimizer=optimizer)


def _entry(name: str, results: list[Tree]) -> Entry:
    """Return the row of one thing that is compared."""
    values = {key: column(results, key) for key in (*COLUMNS, *ON_CURVE) if key in results[0]}
    if "reconstruction" in results[0]:  # of PCA and the mean image
        losses = column(results, "reconstruction")
        values = {"loss": losses, "loss per pixel": [x / 784 for x in losses]} | values
    baselines = ("PCA", "mean image", "untrained", "even directions", "curve itself")
    return Entry(name, values, baseline=any(word in name for word in baselines))


def _verdict(entries: dict[str, Entry]) -> str:
    def mean(name: str, quantity: str) -> float:
        return entries[name].mean(quantity)

    parts = []
    for kind in ("autoencoder", "VAE"):
        shallow, deep = entries[f"{kind}, 8 latents"], entries[f"deep {kind}, 8 latents"]
        duel = against(deep.seeds("loss"), shallow.seeds("loss"), "the shallow one", highest=False)
        parts.append(
            f"the deep {kind} {duel} ({deep.mean('loss'):.1f} and {shallow.mean('loss'):.1f} nats)"
        )
    deep, flat = entries["deep autoencoder, 30 latents"], entries["PCA, 30 latents"]
    duel = against(deep.seeds("squared error"), flat.seeds("squared error"), "PCA", highest=False)
    bent, straight = entries["curve, deep autoencoder"], entries["curve, PCA"]
    rectified, linear = (
        entries[kind].seeds("on an axis") for kind in ("rectified code", "linear code")
    )
    more = [a > b for a, b in zip(rectified, linear, strict=True)]
    return (
        f"With 8 latents {parts[0]} and {parts[1]}; with 30 the deep autoencoder {duel} in squared "
        f"error ({deep.mean('squared error'):.2f} and {flat.mean('squared error'):.2f}, without "
        f"hidden layers {mean('autoencoder, 30 latents', 'squared error'):.2f}), and one number on "
        f"a curve costs it {bent.mean('curve error'):.4f}, PCA {straight.mean('curve error'):.4f} "
        f"and the curve itself {mean('curve, the curve itself', 'curve error'):.4f}. An untrained "
        f"VAE draws grey (pixels spread by {mean('untrained deep VAE', 'pixel spread'):.3f}, after "
        f"training {mean('deep VAE, 8 latents', 'pixel spread'):.3f}, uniform noise .289), and "
        f"with a ReLU on the code, which makes {mean('rectified code', 'zeros'):.2f} of its "
        f"numbers zero, {np.mean(rectified):.2f} of the codes lie along an axis, without it "
        f"{np.mean(linear):.2f} (more {in_seeds(more)}; even directions "
        f"{mean('even directions', 'on an axis'):.2f})."
    )


def _figures(results: dict[str, list[Tree]]) -> dict[str, Any]:
    first = {name: found[0] for name, found in results.items()}
    networks = [name for name in first if name.endswith("latents") and "rebuilt" in first[name]]
    rebuilt = {"original": first[networks[0]]["originals"]}
    rebuilt |= {name: first[name]["rebuilt"] for name in networks}
    drawn = {
        name: first[name]["decoded"]
        for name in ("untrained deep VAE", "VAE, 8 latents", "deep VAE, 8 latents")
    }
    noise = np.random.default_rng(0).random((16, 784))
    codes = {
        kind: (first[kind]["codes"], first[kind]["labels"])
        for kind in ("linear code", "rectified code")
    }
    seen = {"points": first["curve, PCA"]["points"][:, :2]}
    seen |= {method: first[f"curve, {method}"]["rebuilt"][:, :2] for method in CURVE}
    return {
        "reconstructions": rows(rebuilt),
        "drawn": grids({**drawn, "uniform noise": noise}),
        "codes": scatters(codes),
        "curve": paths(seen),
    }


def paths(seen: dict[str, Array]) -> Any:
    """Draw points, and in two of three directions what each method rebuilds of them."""
    from matplotlib import rc_context

    from minivae.plots.style import COLORS, LINES, finish
    from minivae.studies.pictures import FONT

    with rc_context(FONT):
        ax = mv.plots.new_axes(7, 5)
        ax.plot(*seen["points"].T, ".", color="0.8", label="points")
        for i, method in enumerate(CURVE):
            ax.plot(*seen[method].T, color=COLORS[i], linestyle=LINES[i], label=method)
        ax.set_aspect("equal")
        finish(ax, "$x_1$", "$x_2$")
        ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
        return ax.figure
