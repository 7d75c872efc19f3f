"""What blur is measured by: images of one code, prediction intervals, and edits along a code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import minivae as mv
from minivae.edge.checks import Array
from minivae.studies.attributes import MEASURES, directions, shear, steepness, thicken, within
from minivae.studies.bench import Tree, Trial
from minivae.studies.densities import Density, Infinite, Kernels, Mixture, Truth
from minivae.studies.judge import Judge, trained_judge
from minivae.studies.neighbours import nearest

BATCH_SIZE, LEARNING_RATE = 64, 3e-3
N_SAME = 20  # training images with about the same code
LEVEL = 0.9  # of the prediction intervals
GREY = (0.1, 0.9)  # the edges of strokes
STEPS = (-2, -1, 0, 1, 2)  # of the pictures of edits, in standard deviations
N_SHOWN, N_EDITED = 8, 3
Edit = Callable[[Array, Array, float], Array]  # images, classes, standard deviations
N_DRAWS = 100_000  # whose quantiles are an interval


def vae_images(trial: Trial, *, n_latent: int, edit: bool, **size: Any) -> Tree:
    """Train a VAE, and set its means and draws beside images that have about the same code."""
    judge = trained_judge(trial.data, size["n_train"], size["n"], trial.seed)
    model = trained_vae(trial, judge.train, n_latent, size)
    x, z = judge.held_out, model.transform(judge.held_out)
    rng = np.random.default_rng(trial.seed)
    same = judge.train[nearest(z, model.transform(judge.train), N_SAME)]  # (n, N_SAME, 784)
    drawn = model.decode(model.sample_posterior(x, rng))
    likelihood: Any = model.likelihood
    sigma = float(np.exp(0.5 * likelihood.mean_and_log_var(np.zeros((1, 1)))[1].item()))
    images = {
        "decoded mean": model.decode(z),
        "decoded draw": drawn,
        "drawn pixels": drawn + sigma * rng.standard_normal(drawn.shape),
        f"mean of {N_SAME} alike": same.mean(axis=1),
        "one of them": same[np.arange(len(x)), rng.integers(N_SAME, size=len(x))],
    }
    scores = {name: compared(judge, each) for name, each in images.items()}
    scores["decoded mean"] |= pixel_coverage(x, images["decoded mean"], sigma)
    samples = model.sample(1000, rng, mean=True)
    scores["samples"] = {"sharpness": sharpness(samples, x), **ink_coverage(samples, x)}
    shown = {name: each[:N_SHOWN] for name, each in images.items()}
    found: Tree = {"scores": scores, "images": shown | {"samples": samples[:N_SHOWN]}}
    if edit:
        codes = model.transform(judge.train)

        def edits(name: str) -> Edit:
            step = directions(codes, _attribute(trial, judge, name, size), judge.train_labels)
            return lambda x, y, t: model.decode(model.transform(x) + t * step[y])

        found["edits"] = {name: edited(trial, judge, name, edits(name), size) for name in MEASURES}
    return found


def other_images(trial: Trial, *, latents: list[int], **size: Any) -> Tree:
    """Measure PCA, the originals, and edits that need no code."""
    judge = trained_judge(trial.data, size["n_train"], size["n"], trial.seed)
    x, train = judge.held_out, judge.train
    images = {"original": x}
    images |= {f"PCA, {k} numbers": mv.PCA(k).fit(train).reconstruct(x) for k in latents}
    scores = {name: compared(judge, each) for name, each in images.items()}
    scores["original"] |= ink_coverage(train, x)

    def pixels(name: str) -> Edit:
        step = directions(train, _attribute(trial, judge, name, size), judge.train_labels)
        return lambda x, y, t: np.clip(x + t * step[y], 0, 1)

    geometry = {"slant": shear, "thickness": thicken}

    def by_hand(name: str) -> Edit:
        move, some = geometry[name], train[:200]
        measure = MEASURES[name]
        unit = _asked(trial, judge, name, size) / np.mean(measure(move(some, 1)) - measure(some))
        return lambda x, y, t: move(x, t * unit)

    edits = {
        way: {name: edited(trial, judge, name, make(name), size) for name in MEASURES}
        for way, make in (("pixels", pixels), ("geometry", by_hand))
    }
    return {"scores": scores, "images": {"original": x[:N_SHOWN]}, "edits": edits}


def density(trial: Trial, *, kind: str, k: int = 1, n_points: int, epochs: int) -> Tree:
    """Fit a density to draws of a known one, and compare both on as many others."""
    rng, truth = np.random.default_rng(trial.seed), Truth()
    x, test = truth.sample(n_points, rng), truth.sample(n_points, rng)
    fits: dict[str, Callable[[], Density]] = {
        "truth": lambda: truth,
        "mixture": lambda: Mixture(k).fit(x),
        "kernels": lambda: Kernels().fit(x),
        "predicted": lambda: _infinite(trial, x, "predicted", epochs),
        "learned": lambda: _infinite(trial, x, "learned", epochs),
    }
    fitted = fits[kind]()
    low, high = np.quantile(fitted.sample(N_DRAWS, rng), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    lost = float(np.mean(truth.log_density(test) - fitted.log_density(test)))
    grid = np.linspace(-4, 8, 601)
    return {
        "nats lost": lost,
        "coverage": float(np.mean((test > low) & (test < high))),
        "width": float(high - low),
        "curve": np.exp(fitted.log_density(grid)),
        "grid": grid,
    }


def _infinite(trial: Trial, x: Array, sigma: str, epochs: int) -> Infinite:
    """Train a VAE with one latent on numbers, in units of their own scale."""
    centre, scale = float(x.mean()), float(x.std())
    likelihood = mv.Gaussian(sigma, min_sigma=0.01)
    vae = mv.VAE(1, 1, hidden=[32], activation="tanh", likelihood=likelihood, rng=trial.seed)
    X = (x[:, None] - centre) / scale
    trial.fit(vae, X, name=sigma, epochs=epochs, batch_size=200, optimizer=mv.Adam(1e-2))
    return Infinite(vae, centre, scale)


def trained_vae(trial: Trial, X: Array, n_latent: int, size: dict[str, Any]) -> mv.VAE:
    """Return a VAE whose Gaussian decoder learns one variance: it minimises squared errors."""
    model = mv.VAE(
        784,
        n_latent,
        hidden=size["hidden"],
        likelihood=mv.Gaussian("learned"),
        dtype=np.float32,
        rng=trial.seed,
    )
    optimizer = mv.Adam(LEARNING_RATE)
    trial.fit(model, X, epochs=size["epochs"], batch_size=BATCH_SIZE, optimizer=optimizer)
    return model


def compared(judge: Judge, images: Array) -> Tree:
    """Return what images in the place of the held-out ones are like."""
    x = judge.held_out
    return {
        "squared error": float(np.mean(np.sum(np.square(images - x, dtype=float), axis=1))),
        "sharpness": sharpness(images, x),
        "class kept": judge.share_named(images, judge.labels),
    }


def sharpness(images: Array, x: Array) -> float:
    """Return the mean squared gradient of images over that of real ones."""
    return float(steepness(images, 2).mean() / steepness(x, 2).mean())


def pixel_coverage(x: Array, mean: Array, sigma: float) -> Tree:
    """Return the share of pixels inside ``mean +- 1.64 sigma``: of all, and of grey ones."""
    from scipy.special import ndtri

    inside = np.abs(x - mean) < sigma * ndtri((1 + LEVEL) / 2)
    grey = (x > GREY[0]) & (x < GREY[1])
    return {"coverage": float(inside.mean()), "coverage of edges": float(inside[grey].mean())}


def ink_coverage(samples: Array, x: Array) -> Tree:
    """Return the share of images whose ink lies in the interval that samples predict."""
    ends = np.quantile(samples.sum(axis=1), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    ink = x.sum(axis=1)
    inside = (ink > ends[0]) & (ink < ends[1])
    return {"coverage": float(inside.mean()), "width": float(ends[1] - ends[0])}


def edited(trial: Trial, judge: Judge, name: str, edit: Edit, size: dict[str, Any]) -> Tree:
    """Ask for one standard deviation more of an attribute, and measure what images become."""
    before, after = (edit(judge.held_out, judge.labels, t) for t in (0, 1))
    (other,) = MEASURES.keys() - {name}
    leak = np.mean(MEASURES[other](after) - MEASURES[other](before))
    moved = np.mean(MEASURES[name](after) - MEASURES[name](before))
    few = [(judge.held_out[[i]], judge.labels[[i]]) for i in range(N_EDITED)]
    return {
        "moved": float(moved / _asked(trial, judge, name, size)),
        "leak": float(leak / _asked(trial, judge, other, size)),
        "class kept": judge.share_named(after, judge.labels),
        "shown": np.concatenate([edit(x, y, t) for x, y in few for t in STEPS]),
    }


def _attribute(trial: Trial, judge: Judge, name: str, size: Any) -> Array:
    """Return an attribute of the training images: the known factor, or what is measured."""
    factors = trial.split(size["n_train"], 2 * size["n"]).train_factors
    return factors[name] if name in factors else MEASURES[name](judge.train)


def _asked(trial: Trial, judge: Judge, name: str, size: Any) -> float:
    """Return by how much the measured attribute moves with one standard deviation of it."""
    a = within(_attribute(trial, judge, name, size), judge.train_labels)
    measured = within(MEASURES[name](judge.train), judge.train_labels)
    return float(a @ measured / (a @ a) * a.std())
