"""The judge of images: a classifier, and the real images that others are compared with."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

import minivae as mv
from minivae.edge.checks import Array
from minivae.studies.classifier import Classifier, unit_length
from minivae.studies.controls import of_another_class
from minivae.studies.data import load_split

EPOCHS = 10  # of the classifier
N_STEPS = 11  # on the way from one image to another
N_WAYS = 200
SCORES = {  # and whether higher is better
    "Fréchet": False,
    "Fréchet, plain": False,
    "precision": True,
    "recall": True,
    "confidence": True,
    "inception": True,
    "nearest image": False,
}
Between = Callable[[Array, Array, Array], Array]  # from a to b, at times t of shape (n, 1)


class Judge:
    """A classifier that is trained on real images, and `n` others to compare with.

    Parameters
    ----------
    data : str
    n_train, n : int
        Images to train on; then `n` that every set is compared with, and `n` held-out ones.
    seed : int

    Attributes
    ----------
    train, real, held_out : array, shape (n_train or n, 784)
    train_labels, labels : array of int, shape (n_train,) and (n,)
        Of the training images, and of the held-out ones.
    pairs : two arrays, shape (n, 784)
        Held-out images, and beside each another of another class.
    """

    def __init__(self, data: str, n_train: int, n: int, seed: int) -> None:
        split = load_split(data, n_train, 2 * n, seed)
        self.train, self.real, self.held_out = split.train, split.test[:n], split.test[n:]
        self.train_labels, self.labels = split.train_labels, split.test_labels[n:]
        partners = of_another_class(self.labels, np.random.default_rng(seed))
        self.pairs = self.held_out, self.held_out[partners]
        self.classifier = Classifier(seed=seed)
        self.classifier.fit(split.train, split.train_labels, epochs=EPOCHS)
        self.features = self.classifier.features(self.real)

    def score(self, images: Array) -> dict[str, float]:
        """Return every score of a set of images."""
        features, p = self.classifier.features(images), self.classifier.probabilities(images)
        u, real = unit_length(features), unit_length(self.features)
        precision, recall = mv.diagnostics.precision_and_recall(real, u)
        return {
            "Fréchet": 100 * mv.diagnostics.frechet_distance(real, u),
            "Fréchet, plain": mv.diagnostics.frechet_distance(self.features, features),
            "precision": precision,
            "recall": recall,
            "confidence": float(p.max(axis=1).mean()),
            "inception": mv.diagnostics.inception_score(p),
            "nearest image": float(mv.diagnostics.nearest_distances(images, self.train).mean()),
        }

    def share_named(self, images: Array, labels: Array) -> float:
        """Return the share of images that the classifier gives to the class of their label."""
        return float(np.mean(self.classifier.predict(images) == labels))

    def way(self, between: Between, a: Array, b: Array) -> Array:
        """Return images on the way from a to b, shape (N_STEPS, n, 784)."""
        times = np.linspace(0, 1, N_STEPS, dtype=np.float32)
        return np.stack([between(a, b, np.full((len(a), 1), t)) for t in times])

    def score_way(self, between: Between) -> dict[str, float]:
        """Return how often a way leads through a third class, and how evenly it goes."""
        a, b = (images[:N_WAYS] for images in self.pairs)
        images = self.way(between, a, b)
        classes = np.array([self.classifier.predict(each) for each in images])
        third = (classes != classes[0]) & (classes != classes[-1])
        steps = np.linalg.norm(np.diff(images, axis=0), axis=2)
        return {
            "third class": float(third[1:-1].mean()),
            "largest step": float(np.mean(steps.max(axis=0) / steps.mean(axis=0))),
        }


@lru_cache(maxsize=1)
def trained_judge(data: str, n_train: int, n: int, seed: int) -> Judge:
    """Return the judge of a seed, which is trained once for all sets of that seed."""
    return Judge(data, n_train, n, seed)
