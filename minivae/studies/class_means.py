"""Models that know the mean image of each class: without a code, and with a linear one."""

from __future__ import annotations

import numpy as np

import minivae as mv
from minivae.edge.checks import Array

LEAST = 1e-3  # the least probability of black and of white in a mean image


class ClassMeans:
    """Independent pixels given the class: a conditional VAE without a code, or naive Bayes.

    Attributes
    ----------
    means : array, shape (n_classes, n_features)
    """

    def fit(self, X: Array, labels: Array) -> ClassMeans:
        """Average the images of each class."""
        means = np.array([X[labels == c].mean(axis=0) for c in range(labels.max() + 1)])
        self.means = np.clip(means, LEAST, 1 - LEAST)
        return self

    def log_likelihoods(self, X: Array) -> Array:
        """Return ``sum_d x log p + (1 - x) log(1 - p)`` for every class, shape (n, n_classes)."""
        return X @ np.log(self.means).T + (1 - X) @ np.log1p(-self.means).T

    def reconstruct(self, X: Array, labels: Array) -> Array:
        """Return the mean of its class for every image."""
        return self.means[labels]


class ClassGaussian:
    """Class means and pooled probabilistic PCA: the best conditional VAE that is linear.

    ``x = z @ W + means[y] + noise`` with ``z ~ N(0, I)``; its argmax over classes is a linear
    discriminant, because all classes have one covariance.

    Parameters
    ----------
    n_latent : int

    Attributes
    ----------
    means : array, shape (n_classes, n_features)
    """

    def __init__(self, n_latent: int) -> None:
        self.within = mv.ProbabilisticPCA(n_latent)

    def fit(self, X: Array, labels: Array) -> ClassGaussian:
        """Maximise the likelihood: class means, then the spectrum of what they leave."""
        X = np.asarray(X, float)
        self.means = np.array([X[labels == c].mean(axis=0) for c in range(labels.max() + 1)])
        self.within.fit(X - self.means[labels])
        return self

    def log_likelihoods(self, X: Array) -> Array:
        """Return log p(x | y) for every class, shape (n, n_classes), in nats."""
        return np.stack([self.within.score_samples(X - mean) for mean in self.means], axis=1)

    def reconstruct(self, X: Array, labels: Array) -> Array:
        """Return the decoded mean of p(z | x, y)."""
        means = self.means[labels]
        return means + self.within.reconstruct(X - means)

    def sample(self, labels: Array, seed: int) -> Array:
        """Return the decoded mean of a code ``z ~ N(0, I)`` for every label."""
        z = np.random.default_rng(seed).standard_normal((len(labels), self.within.n_components_))
        return self.means[labels] + self.within.decode(z)
