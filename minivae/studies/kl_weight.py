"""The weight of the KL: what it means in nats, what it trades, and what cures a collapsed code."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import minivae as mv
from minivae.studies import Bench, Entry, Findings, study
from minivae.studies import weight_measures as measures
from minivae.studies.bench import Tree
from minivae.studies.findings import column
from minivae.studies.pictures import FONT, bars, grids
from minivae.studies.weight_measures import N_FEATURES, N_LATENT
from minivae.studies.words import best

SIZES: dict[str, dict[str, Any]] = {
    "digits": {"n_train": 4000, "n": 1000, "epochs": 15, "hidden": [128]},
    "mnist": {"n_train": 10_000, "n": 1000, "epochs": 8, "hidden": [256]},
    "quick": {"n_train": 400, "n": 60, "epochs": 8, "hidden": [32]},
}
LECTURE = ("8e-4", "5e-5", "1e-8")
TOO_HIGH = "1e-2"  # whose cures are tried
ALL = (TOO_HIGH, "2.55e-3", "8e-4", "2e-4", "5e-5", "1e-6", "1e-8")
WEIGHTS = {"digits": ALL, "mnist": ALL, "quick": (TOO_HIGH, *LECTURE)}
LEAST = 1e-2  # nats, the smallest rate on a log axis
COLUMNS = ("sigma", "rate", "squared error", "ELBO", "information", "active units", "Fréchet")


@study(
    "What does a weight of the KL mean in nats, and what cures the collapse when it is too high?"
)
def kl_weight(bench: Bench) -> Findings:
    """Train VAEs of 20 latents on a mean over pixels plus w times the KL, for weights w.

    The loss ``mean (x - x_hat)^2 + w KL`` over D = 784 pixels is, times D / 2, the loss of a VAE
    whose Gaussian decoder has variance one, and whose KL has the weight beta = w D / 2. It has the
    same optima as a plain ELBO whose decoder has the variance w D / 2, so `sigma` is the standard
    deviation that w says a pixel has, and the ELBO in nats is that of this decoder. The rate is the
    KL in nats, the information what a code tells of its image (at most log of 2,000 images), an
    active unit a latent whose mean moves with x, and "Fréchet" the distance of samples to real
    images, times 100; all on test images. At the weight 1e-2 cures of collapse are tried: schedules
    that start at 0 (for half of all steps, or four cycles), 4 free nats in all or in equal parts,
    and a decoder that learns its variance. The baselines are the best linear code of the same
    weight (reverse water-filling on the spectrum of the test images), the mean image, which has no
    code, and an autoencoder, which has no KL.
    """
    size, weights = bench.choose(SIZES), bench.choose(WEIGHTS)
    plan: dict[str, partial[Tree]] = {
        f"w = {w}": partial(measures.weighted, weight=float(w), **size) for w in weights
    }
    plan |= {
        f"w = {TOO_HIGH}, {cure}": partial(
            measures.weighted, weight=float(TOO_HIGH), cure=cure, **size
        )
        for cure in measures.CURES
    }
    plan["learned variance"] = partial(measures.weighted, weight=None, **size)
    data = {key: size[key] for key in ("n_train", "n")}
    plan |= {
        f"linear, w = {w}": partial(measures.best_linear, weight=float(w), **data) for w in weights
    }
    plan["mean image"] = partial(measures.mean_image, **data)
    plan["autoencoder"] = partial(measures.autoencoder, **size)
    results = bench.measure(plan)
    entries = {name: _entry(name, results[name]) for name in plan}
    return Findings(
        list(entries.values()), _verdict(entries, weights), _figures(entries, weights, results)
    )


def _entry(name: str, results: list[Tree]) -> Entry:
    """Return the row of one weight, cure or baseline."""
    measured = {key: column(results, key) for key in COLUMNS if key in results[0]}
    return Entry(name, measured, baseline=name.startswith(("linear", "mean", "auto")))


def _verdict(entries: dict[str, Entry], weights: Sequence[str]) -> str:
    swept = [entries[f"w = {w}"] for w in weights]
    lecture = [entries[f"w = {w}"] for w in LECTURE]
    learned, collapsed = entries["learned variance"], entries[f"w = {TOO_HIGH}"]

    def means(quantity: str, spec: str) -> str:
        return ", ".join(format(each.mean(quantity), spec) for each in lecture)

    w = 2 * learned.mean("sigma") ** 2 / N_FEATURES
    factors = ", ".join(f"{float(each) / w:.2g}" for each in LECTURE)
    density, samples = best(swept, "ELBO"), best(swept, "Fréchet", highest=False)
    cured = "; ".join(
        f"{name.rpartition(', ')[2]} {entries[name].mean('active units'):.0f} and "
        f"{entries[name].mean('information'):.1f}"
        for name in _cured(entries)
    )
    kept = entries[f"linear, {collapsed.name}"]
    return (
        f"The lecture's {', '.join(LECTURE)} say that a pixel has the standard deviation "
        f"{means('sigma', '.2g')} and give rates of {means('rate', '.1f')} nats; a decoder that "
        f"learns it ends at {learned.mean('sigma'):.3f}, the weight {w:.1e}, of which they are "
        f"{factors} times, and of all weights {density.name} has the highest ELBO and "
        f"{samples.name} the best samples by the Fréchet distance. "
        f"At w = {TOO_HIGH} the code has {collapsed.mean('active units'):.0f} active units and "
        f"{collapsed.mean('information'):.1f} nats of information (the best linear code has "
        f"{kept.mean('active units'):.0f} and {kept.mean('rate'):.1f}), and with each cure it has: "
        f"{cured}."
    )


def _figures(
    entries: dict[str, Entry], weights: Sequence[str], results: dict[str, list[Tree]]
) -> dict[str, Any]:
    shown = [*(f"w = {w}" for w in (TOO_HIGH, *LECTURE)), "learned variance", "autoencoder"]
    images = {name: results[name][0]["samples"].clip(0, 1) for name in shown}
    every = list(entries.values())
    vaes = [each for each in every if "information" in each.values]
    return {
        "rate-distortion": _plane(entries, weights),
        "information": bars(vaes, "information", xlabel="information in a code (nats)"),
        "active-units": bars(vaes, "active units", xlabel=f"active units of {N_LATENT}"),
        "quality": bars(every, "Fréchet", xlabel="100 x Fréchet distance of samples"),
        "samples": grids(images, per_row=3),
    }


def _plane(entries: dict[str, Entry], weights: Sequence[str]) -> Any:
    """Draw rate and squared error of every weight and cure, beside the best linear code."""
    from matplotlib import rc_context

    from minivae.plots.style import COLORS, MARKERS

    def place(name: str) -> tuple[float, float]:
        return max(entries[name].mean("rate"), LEAST), entries[name].mean("squared error")

    names = [f"w = {w}" for w in weights]
    rate, error = zip(*map(place, names), strict=True)
    linear = tuple(zip(*(place(f"linear, {name}") for name in names), strict=True))
    labels = [w if w not in ("1e-6", "1e-8") else "" for w in weights]
    with rc_context(FONT):
        ax = mv.plots.new_axes(9, 5)
        artists = mv.plots.rate_distortion(
            rate, error, bound=linear, labels=labels, unit="squared error", ax=ax
        )
        for artist, label in zip(artists, ("VAE, by weight", "best linear code"), strict=True):
            artist.set_label(label)
        for i, name in enumerate(_cured(entries), 1):
            label, style = name.rpartition(", ")[2], {"color": COLORS[i], "marker": MARKERS[i]}
            ax.plot(*place(name), linestyle="none", label=label, **style)
        ax.set_xscale("log")
        ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
        return mv.plots.figure_of(artists)


def _cured(entries: dict[str, Entry]) -> list[str]:
    """Return the names of the cures that are tried at the weight that is too high."""
    return [name for name in entries if name.startswith(f"w = {TOO_HIGH}, ")] + ["learned variance"]
