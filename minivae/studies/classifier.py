"""A small classifier of images, whose features judge samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import minivae as mv
from minivae.edge.checks import Array
from minivae.studies.softmax import cross_entropy_backward, softmax


class Classifier:
    """A multilayer perceptron that names the class of an image.

    Parameters
    ----------
    sizes : sequence of int
        Widths from the image to the number of classes.
    seed : int
    """

    def __init__(self, sizes: Sequence[int] = (784, 256, 64, 10), *, seed: int = 0) -> None:
        self.network = mv.mlp(sizes, dtype=np.float32, rng=seed)
        *hidden, self.last = self.network.layers
        self.body = mv.Sequential(hidden)
        self.rng = np.random.default_rng(seed)

    def fit(self, X: Array, labels: Array, *, epochs: int, batch_size: int = 128) -> Classifier:
        """Minimise the mean cross-entropy of the classes by Adam."""
        optimizer = mv.Adam()
        for _ in range(epochs):
            for rows in mv.minibatches(len(X), batch_size, self.rng):
                logits = self.network.forward(X[rows])
                dy = np.full(len(rows), 1 / len(rows), np.float32)
                self.network.backward(cross_entropy_backward(logits, labels[rows], dy))
                optimizer.step(self.network.params, self.network.grads)
        return self

    def features(self, X: Array) -> Array:
        """Return what the last hidden layer says of each image, shape (n, n_features)."""
        return self.body.forward(np.asarray(X, np.float32))

    def probabilities(self, X: Array) -> Array:
        """Return the probability of every class, shape (n, n_classes)."""
        return softmax(self.network.forward(np.asarray(X, np.float32)).astype(float))

    def predict(self, X: Array) -> Array:
        """Return the most probable class of each image, shape (n,)."""
        return self.probabilities(X).argmax(axis=1)


def unit_length(features: Array) -> Array:
    """Return the features divided by their length; those of length 0 stay 0."""
    length = np.linalg.norm(features, axis=1, keepdims=True)
    return features / np.where(length > 0, length, 1)
