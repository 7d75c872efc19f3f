"""What a model with labels is measured by, and what a sceptic would use in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import minivae as mv
from minivae.edge.checks import Array
from minivae.studies.bench import Tree, Trial
from minivae.studies.class_means import ClassGaussian, ClassMeans
from minivae.studies.judge import Judge, trained_judge
from minivae.studies.neighbours import vote
from minivae.studies.softmax import logistic_regression

BATCH_SIZE, LEARNING_RATE = 64, 3e-3
N_DRAWS = 8  # of z for each image and class, where `classify` takes one
N_CLASSES, N_STYLES = 10, 8


def conditional(trial: Trial, *, n_latent: int, **size: Any) -> Tree:
    """Train a VAE with labels, and use it to generate and to classify."""
    judge, y = _judge(trial, size), _classes(size["n"])
    x, truth = judge.held_out, judge.labels
    model = mv.ConditionalVAE(
        784, n_latent, N_CLASSES, hidden=size["hidden"], dtype=np.float32, rng=trial.seed
    )
    _fit(trial, model, judge, size)
    z, others = model.transform(x, y=truth), another(truth)
    known = model.transform(judge.train[:1000], y=judge.train_labels[:1000])
    styles = np.random.default_rng(trial.seed).standard_normal((N_STYLES, n_latent))
    every = np.repeat(np.arange(N_CLASSES), N_STYLES)
    return {
        **_parts(model, x, truth),
        "squared error": _squared_error(x, model.reconstruct(x, y=truth)),
        **_quality(judge, model.sample(len(y), trial.seed, y=y, mean=True), y),
        "changed": judge.share_named(model.decode(z, y=others), others),
        **_told_by_elbos(model, x, truth, trial.seed),
        "probe": _probe(judge, known, z),
        "grid": model.decode(np.tile(styles, (N_CLASSES, 1)), y=every),
        "rebuilt": model.reconstruct(x[:N_STYLES], y=truth[:N_STYLES]),
    }


def _told_by_elbos(model: mv.VAE, x: Array, truth: Array, seed: int) -> Tree:
    """Return what the ELBO under every label tells of log p(x), and of the class."""
    elbos = np.array([model.class_elbos(x, seed + i) for i in range(N_DRAWS)], float)
    # p(x) = sum_c p(x | c) / 10, and so for the bound of every draw
    mixed = np.logaddexp.reduce(elbos[0], axis=1) - np.log(N_CLASSES)
    tighter = np.logaddexp.reduce(elbos, axis=0)  # importance-weighted, up to a constant
    return {
        "no label": float(mixed.mean()),
        "accuracy": float(np.mean(elbos[0].argmax(axis=1) == truth)),
        f"accuracy, {N_DRAWS} draws": float(np.mean(tighter.argmax(axis=1) == truth)),
    }


def unconditional(trial: Trial, *, n_latent: int, **size: Any) -> Tree:
    """Train a VAE without labels; samples of a class come from a Gaussian fitted to its codes."""
    judge, y = _judge(trial, size), _classes(size["n"])
    model = mv.VAE(784, n_latent, hidden=size["hidden"], dtype=np.float32, rng=trial.seed)
    _fit(trial, model, judge, size)
    codes = model.sample_posterior(judge.train, trial.seed)
    drawn = np.empty((len(y), n_latent), np.float32)
    for c in range(N_CLASSES):
        own = codes[judge.train_labels == c]
        drawn[y == c] = mv.diagnostics.sample_codes(own, int(np.sum(y == c)), rng=trial.seed + c)
    x, samples = judge.held_out, model.decode(drawn)
    return {
        **_parts(model, x, None),
        "squared error": _squared_error(x, model.reconstruct(x)),
        **_quality(judge, samples, y),
        "probe": _probe(judge, model.transform(judge.train[:1000]), model.transform(x)),
        "samples": _of_each_class(samples, y),
        "rebuilt": model.reconstruct(x[:N_STYLES]),
    }


def linear(trial: Trial, *, n_latent: int, **size: Any) -> Tree:
    """Fit class means and pooled probabilistic PCA: what a linear conditional VAE learns."""
    judge, y = _judge(trial, size), _classes(size["n"])
    model = ClassGaussian(n_latent).fit(judge.train, judge.train_labels)
    samples = np.clip(model.sample(y, trial.seed), 0, 1)
    return _with_means(judge, model, samples, y)


def class_means(trial: Trial, **size: Any) -> Tree:
    """Say what the mean image of each class does alone: a conditional VAE without a code."""
    judge, y = _judge(trial, size), _classes(size["n"])
    model = ClassMeans().fit(judge.train, judge.train_labels)
    nats = model.log_likelihoods(judge.held_out)
    own = float(nats[np.arange(len(nats)), judge.labels].mean())
    mixed = np.logaddexp.reduce(nats, axis=1) - np.log(N_CLASSES)
    bound = {"ELBO": own, "KL": 0.0, "reconstruction": -own, "no label": float(mixed.mean())}
    return bound | _with_means(judge, model, model.means[y], y)


def _with_means(judge: Judge, model: Any, samples: Array, y: Array) -> Tree:
    """Return what both models that know the mean of each class are measured by."""
    x, truth = judge.held_out, judge.labels
    others = another(truth)
    moved = np.clip(x + model.means[others] - model.means[truth], 0, 1)
    return {
        "squared error": _squared_error(x, model.reconstruct(x, truth)),
        **_quality(judge, samples, y),
        "changed": judge.share_named(moved, others),
        "accuracy": float(np.mean(model.log_likelihoods(x).argmax(axis=1) == truth)),
        "samples": _of_each_class(samples, y),
    }


def classifier(trial: Trial, *, kind: str, **size: Any) -> Tree:
    """Name the classes of the test images without a generative model."""
    judge = _judge(trial, size)
    x, known, classes = judge.held_out, judge.train, judge.train_labels
    named: dict[str, Callable[[], Array]] = {
        "5-NN on raw pixels": lambda: vote(known, classes, x),
        "a classifier": lambda: judge.classifier.predict(x),
        "uniform guess": lambda: np.random.default_rng(trial.seed).integers(N_CLASSES, size=len(x)),
    }
    return {"accuracy": float(np.mean(named[kind]() == judge.labels))}


def real_images(trial: Trial, **size: Any) -> Tree:
    """Score held-out images in the place of samples."""
    judge = _judge(trial, size)
    shown = _of_each_class(judge.held_out, judge.labels)
    originals = judge.held_out[:N_STYLES]
    return {
        **_quality(judge, judge.held_out, judge.labels),
        "samples": shown,
        "rebuilt": originals,
    }


def _judge(trial: Trial, size: dict[str, Any]) -> Judge:
    return trained_judge(trial.data, size["n_train"], size["n"], trial.seed)


def _fit(trial: Trial, model: mv.VAE, judge: Judge, size: dict[str, Any]) -> None:
    """Train on the training images; a model without classes ignores their labels."""
    trial.fit(
        model,
        judge.train,
        y=judge.train_labels,
        epochs=size["epochs"],
        batch_size=BATCH_SIZE,
        optimizer=mv.Adam(LEARNING_RATE),
    )


def _classes(n: int) -> Array:
    """Return n labels, equally many of each class."""
    return np.arange(n) % N_CLASSES


def another(y: Array) -> Array:
    """Return another class for each label, all of them equally often."""
    return (y + 1 + np.arange(len(y)) % (N_CLASSES - 1)) % N_CLASSES


def _of_each_class(images: Array, y: Array) -> Array:
    """Return the first images of each class, class after class; where they are few, again."""
    shape = N_STYLES, images.shape[1]
    return np.concatenate([np.resize(images[y == c], shape) for c in range(N_CLASSES)])


def _parts(model: mv.VAE, x: Array, y: Array | None) -> Tree:
    """Return the ELBO and its two parts."""
    rate, distortion, _ = mv.diagnostics.rate_distortion(model, x, y=y, rng=0)
    return {"ELBO": -rate - distortion, "KL": rate, "reconstruction": distortion}


def _squared_error(x: Array, x_hat: Array) -> float:
    return float(np.mean(np.sum(np.square(x - x_hat, dtype=float), axis=1)))


def _quality(judge: Judge, samples: Array, y: Array) -> Tree:
    return {"named": judge.share_named(samples, y), "Fréchet": judge.score(samples)["Fréchet"]}


def _probe(judge: Judge, known: Array, codes: Array) -> float:
    """Return how often logistic regression on the codes names the class."""
    guessed = logistic_regression(known, judge.train_labels[: len(known)], codes)
    return float(np.mean(guessed == judge.labels))
