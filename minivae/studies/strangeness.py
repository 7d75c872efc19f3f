"""Every outlier score of a VAE, and those that a sceptic would set beside it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

import minivae as mv
from minivae.edge.checks import Array
from minivae.studies.bench import Tree
from minivae.studies.mixture import GaussianMixture

WITH_LOG_P = ("log_likelihood", "typicality", "complexity")
OF_THE_VAE = {  # the name in a table, and the method
    "log p(x)": "log_likelihood",
    "ELBO": "elbo",
    "reconstruction": "reconstruction",
    "KL": "kl",
    "regret": "regret",
    "typicality": "typicality",
    "complexity": "complexity",
}
BASELINES = ("ink", "distance of ink", "Gaussians", "nearest image", "nearest code")
N_COMPONENTS = 20  # of PCA, before the mixture
N_GAUSSIANS = 10
N_REFERENCE = 200  # for typicality


class Judges:
    """A VAE and its training data, ready to score images.

    Parameters
    ----------
    model : VAE
    train : array, shape (n_train, 784)
    seed : int
    """

    def __init__(self, model: mv.VAE, train: Array, seed: int) -> None:
        self.model, self.train, self.seed = model, np.asarray(train, float), seed
        self.pca = mv.PCA(N_COMPONENTS).fit(self.train)
        codes = self.pca.transform(self.train)
        self.mixture = GaussianMixture(N_GAUSSIANS, seed=seed).fit(codes)
        self.codes, self.density = model.transform(train), _Density(model, seed)

    def score(self, X: Array) -> dict[str, Array]:
        """Return every score of the images by name: higher is stranger."""
        X = np.asarray(X, float)
        scores, reference = {}, self.train[:N_REFERENCE]
        for name, method in OF_THE_VAE.items():
            model = self.density if method in WITH_LOG_P else self.model
            options: Tree = {"method": method, "reference": reference, "rng": self.seed}
            scores[name] = mv.outlier_scores(model, X, **options)
        ink = mv.outlier_scores(None, X, method="ink")
        typical = mv.outlier_scores(None, self.train, method="ink").mean()
        codes = self.model.transform(X)
        return scores | {
            "ink": ink,
            "distance of ink": np.abs(ink - typical),
            "Gaussians": mv.outlier_scores(self.mixture, self.pca.transform(X)),
            "nearest image": _nearest(X, self.train),
            "nearest code": _nearest(codes, self.codes),
        }

    def compare(self, inside: Array, strange: Mapping[str, Array]) -> dict[str, Tree]:
        """Return AUROC, AUPRC and FPR80 of every score, for each set of strange images."""
        ordinary, d = self.score(inside), mv.diagnostics
        found: dict[str, Tree] = {}
        for name, images in strange.items():
            scores = self.score(images)
            found[name] = {
                score: {
                    "AUROC": d.auroc(ordinary[score], scores[score]),
                    "AUPRC": d.auprc(ordinary[score], scores[score]),
                    "FPR80": d.false_positive_rate(ordinary[score], scores[score]),
                }
                for score in scores
            }
        return found


class _Density:
    """A VAE's log p(x), estimated once for all the scores that need it."""

    def __init__(self, model: mv.VAE, seed: int) -> None:
        self.model, self.seed = model, seed
        self.known: dict[bytes, Array] = {}

    def score_samples(self, X: Array) -> Array:
        """Return log p(x) of every image by importance sampling."""
        key = X.tobytes()
        if key not in self.known:
            surprise = mv.outlier_scores(self.model, X, method="log_likelihood", rng=self.seed)
            self.known[key] = -surprise
        return self.known[key]


def _nearest(X: Array, reference: Array) -> Array:
    return mv.outlier_scores(None, X, method="nearest", reference=reference)
