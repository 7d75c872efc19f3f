"""Why a VAE's images are blurred, what its mixture of normals can fit, and edits along a code."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import minivae as mv
from minivae.studies import Bench, Entry, Findings, study
from minivae.studies import blur_measures as measures
from minivae.studies.attributes import MEASURES
from minivae.studies.bench import Tree
from minivae.studies.blur_measures import N_SAME, STEPS
from minivae.studies.findings import column
from minivae.studies.pictures import FONT, bars, rows

SIZES: dict[str, dict[str, Any]] = {
    "digits": {"n_train": 4000, "n": 500, "epochs": 30, "hidden": [128]},
    "mnist": {"n_train": 10_000, "n": 500, "epochs": 12, "hidden": [256]},
    "quick": {"n_train": 400, "n": 60, "epochs": 8, "hidden": [32]},
}
LATENTS = [2, 10]
DENSITIES: dict[str, dict[str, Any]] = {
    "digits": {"n_points": 4000, "epochs": 60},
    "mnist": {"n_points": 4000, "epochs": 60},
    "quick": {"n_points": 300, "epochs": 20},
}
MIXTURES = (2, 5)
VAE = "density: VAE"
WAYS = {"VAE": f"{LATENTS[-1]} latents", "pixels": "pixels", "geometry": "geometry"}
COLUMNS = (
    *("squared error", "sharpness", "class kept", "coverage", "coverage of edges", "width"),
    *("nats lost", "moved", "leak"),
)


@study("Why does a VAE blur, what can its mixture of normals fit, and can its code edit an image?")
def blur(bench: Bench) -> Findings:
    """Train VAEs on the squared error, with one variance that is learned, of 2 and 10 latents.

    The squared error is to the test image; the sharpness is the mean squared gradient over that of
    the test images, and "class kept" the share whose class a classifier of images still names. The
    decoded mean of q and a draw from it stand beside training images of about the same code: the
    mean of the 20 nearest, and one of them. The coverage is the share inside a prediction interval
    of 90 %: of pixels in that of the decoded mean, and of grey pixels alone (the edges); of test
    images, whose ink is in that of samples or of training images; of 4,000 new points in that of a
    density. The densities are fitted to 4,000 points of a narrow normal beside a skew gamma, and
    "nats lost" is what the log density of new points loses to the true one: of a VAE whose decoder
    predicts mu(z) and sigma(z), of one with a single sigma, and of the baselines, mixtures of one,
    two and five normals by EM and kernels. An edit asks for one standard deviation more of slant or
    thickness: "moved" is the share that the measured attribute moves, "leak" what the other one
    moves in its own standard deviations. Along a code the direction is the regression of the
    codes of the class on the attribute; the baselines are the same in pixels, and geometry (a
    shear, a dilation).
    """
    size = bench.choose(SIZES)
    k = LATENTS[-1]
    plan: dict[str, partial[Tree]] = {
        f"{n} latents": partial(measures.vae_images, n_latent=n, edit=n == k, **size)
        for n in LATENTS
    }
    plan["others"] = partial(measures.other_images, latents=LATENTS, **size)
    fit = partial(measures.density, **bench.choose(DENSITIES))
    plan[f"{VAE}, sigma(z)"] = partial(fit, kind="predicted")
    plan[f"{VAE}, one sigma"] = partial(fit, kind="learned")
    plan["density: one normal"] = partial(fit, kind="mixture", k=1)
    plan |= {f"density: {n} normals": partial(fit, kind="mixture", k=n) for n in MIXTURES}
    plan["density: kernels"] = partial(fit, kind="kernels")
    plan["density: truth"] = partial(fit, kind="truth")
    results = bench.measure(plan)
    entries = _entries(results)
    return Findings(list(entries.values()), _verdict(entries), _figures(entries, results))


def _entries(results: dict[str, list[Tree]]) -> dict[str, Entry]:
    """Return a row for each kind of image, each density and each way to edit."""
    found: dict[str, list[Tree]] = {}
    for source, trees in results.items():
        if source.startswith("density"):
            found[source] = trees
            continue
        prefix = "" if source == "others" else f"{source}, "
        for part in trees[0]["scores"]:
            found[f"{prefix}{part}"] = [tree["scores"][part] for tree in trees]
    for way, source in WAYS.items():
        for name in MEASURES:
            found[f"{name}: {way}"] = [edits[name] for edits in _edits(results, source)]
    return {
        name: Entry(
            name,
            {key: column(trees, key) for key in COLUMNS if key in trees[0]},
            baseline=_is_baseline(name),
        )
        for name, trees in found.items()
    }


def _edits(results: dict[str, list[Tree]], source: str) -> list[Tree]:
    """Return the edits of every seed: those of a VAE, or of another way."""
    if source in results:
        return [tree["edits"] for tree in results[source]]
    return [tree["edits"][source] for tree in results["others"]]


def _is_baseline(name: str) -> bool:
    """Return whether a row needs no VAE to decode, to fit or to edit."""
    if name.startswith("density"):
        return not name.startswith(VAE)
    return name.startswith(("PCA", "original")) or name.endswith(
        ("alike", "one of them", ": pixels", ": geometry")
    )


def _verdict(entries: dict[str, Entry]) -> str:
    few, many = (f"{k} latents" for k in LATENTS)

    def pair(name: str) -> str:
        each = entries[name]
        return f"{each.mean('squared error'):.1f} and {each.mean('sharpness'):.2f}"

    mean, one = f"{few}, mean of {N_SAME} alike", f"{few}, one of them"
    ratio = entries[one].mean("squared error") / entries[mean].mean("squared error")
    decoded, ink = entries[f"{many}, decoded mean"], entries[f"{many}, samples"]

    def lost(name: str) -> str:
        return f"{entries[f'density: {name}'].mean('nats lost'):.3f}"

    def edit(way: str) -> str:
        each = [entries[f"{name}: {way}"] for name in MEASURES]
        return " and ".join(f"{e.mean('moved'):.2f}" for e in each) + (
            f" (class kept {min(e.mean('class kept') for e in each):.2f})"
        )

    return (
        f"Squared error chooses the blur: of {N_SAME} images that share a code of {few} one has "
        f"an error and a sharpness of {pair(one)}, {ratio:.2f} times the error of their mean "
        f"({pair(mean)}), and with {many} a decoded mean has {pair(decoded.name)}, a decoded "
        f"draw {pair(f'{many}, decoded draw')}; intervals of 90 % around it cover "
        f"{decoded.mean('coverage'):.3f} of all pixels but {decoded.mean('coverage of edges'):.3f} "
        f"of the edges, and those of samples {ink.mean('coverage'):.3f} of the ink. "
        f"Normal(mu(z), sigma(z)) loses {lost('VAE, sigma(z)')} nats to a density of two modes "
        f"(one normal {lost('one normal')}, one sigma for all z {lost('VAE, one sigma')}, five "
        f"normals by EM {lost('5 normals')}, kernels {lost('kernels')}), and a step along its code "
        f"moves slant and thickness by {edit('VAE')} of what is asked, pixels without a code by "
        f"{edit('pixels')}, geometry by {edit('geometry')}."
    )


def _figures(entries: dict[str, Entry], results: dict[str, list[Tree]]) -> dict[str, Any]:
    every = list(entries.values())
    first = {name: trees[0] for name, trees in results.items()}
    densities = [each for each in every if "nats lost" in each.values]
    images = [each for each in every if "sharpness" in each.values]
    shown = {"original": first["others"]["images"]["original"]}
    for k in LATENTS:
        shown |= {f"{name}, {k}": each for name, each in first[f"{k} latents"]["images"].items()}
    figures = {
        "images": rows({name: each.clip(0, 1) for name, each in shown.items()}),
        "sharpness": bars(images, "sharpness", xlabel="mean squared gradient over that of images"),
        "densities": _curves(first),
        "nats-lost": bars(densities[:-1], "nats lost", xlabel="nats lost to the true density"),
        "coverage": bars(
            [each for each in every if "coverage" in each.values],
            "coverage",
            xlabel="coverage of intervals of 90 %",
        ),
    }
    for name in MEASURES:
        figures[f"edit-{name}"] = _edited(results, name)
    return figures


def _curves(first: dict[str, Tree]) -> Any:
    """Draw the true density, and what was fitted to draws of it."""
    from matplotlib import rc_context

    from minivae.plots.style import COLORS, LINES, finish

    with rc_context(FONT):
        ax = mv.plots.new_axes(9, 5)
        truth, *others = [name for name in reversed(first) if name.startswith("density")]
        grid = first[truth]["grid"]
        ax.fill_between(grid, first[truth]["curve"], color="0.8", label="truth")
        for i, name in enumerate(reversed(others)):
            style = {"color": COLORS[i], "linestyle": LINES[i % len(LINES)]}
            ax.plot(grid, first[name]["curve"], label=name.partition(": ")[2], **style)
        finish(ax, "x", "density")
        ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
        return ax.figure


def _edited(results: dict[str, list[Tree]], name: str) -> Any:
    """Draw a few images with less and more of an attribute, in every way to edit."""
    images = {}
    for way, source in WAYS.items():
        shown = _edits(results, source)[0][name]["shown"]
        for i, row in enumerate(np.split(shown, len(shown) // len(STEPS))):
            images[f"{way}, image {i + 1}"] = row.clip(0, 1)
    return rows(images)
