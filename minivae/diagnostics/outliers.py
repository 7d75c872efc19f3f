"""Outlier scores: how strange each example is, by a model of the data or without one.

No score is right for every outlier. A likelihood calls an image with little ink ordinary, so set
the scores without a model, `"ink"` and `"nearest"`, beside those of a model.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minivae.diagnostics.code_space import nearest_distances
from minivae.diagnostics.marginal_likelihood import log_likelihood
from minivae.diagnostics.posterior_fit import density_batch, elbo_and_likelihood, fit_posterior
from minivae.edge.checks import ArgumentError, Array, as_batch, check_rng, shown
from minivae.models.autoencoder import Autoencoder
from minivae.models.vae import VAE
from minivae.nn.gaussian import gaussian_kl

N_SAMPLES = 128  # of importance sampling
N_DRAWS = 16  # of the code, for the two terms of the ELBO
FIT = {"n_steps": 30, "n_draws": 4}  # of the q of each example
FRESH = 32  # draws on which both q are compared
NATS_A_BYTE = 8 * np.log(2)


def outlier_scores(
    model: Any,
    X: ArrayLike,
    *,
    method: str = "log_likelihood",
    reference: ArrayLike | None = None,
    rng: int | np.random.Generator | None = None,
) -> Array:
    """Return how strange each example is: a higher score is stranger.

    Parameters
    ----------
    model : VAE, or another model of the data
        A model with `score_samples`, such as `PCA`, knows log p(x) exactly. ``"nearest"`` and
        ``"ink"`` need no model: it may be None.
    X : array_like, shape (n, n_features)
    method : str
        ``"log_likelihood"``: -log p(x), by importance sampling where it is not known exactly.
        ``"elbo"``: minus the ELBO. ``"reconstruction"``: -log p(x | z), averaged over the codes; an
        autoencoder has one code, and PCA the squared error. ``"kl"``: the KL from q(z | x) to the
        prior. ``"regret"``: what the ELBO gains if q is optimised for the example.
        ``"typicality"``: ``|log p(x) - m|``, where m is the mean over the reference.
        ``"nearest"``: the distance to the nearest row of the reference. ``"complexity"``: -log p(x)
        minus the length of the compressed image (zlib, 256 grey levels). ``"ink"``: the sum of the
        features.
    reference : array_like, shape (n_reference, n_features), optional
        Training data, which ``"typicality"`` and ``"nearest"`` need.
    rng : int or numpy.random.Generator, optional

    Returns
    -------
    array of float64, shape (n,)
        In nats, but for ``"nearest"``, ``"ink"`` and the reconstruction by PCA.

    Raises
    ------
    ValueError
        There is no such method, the model cannot do it, or `reference` is missing.

    References
    ----------
    Xiao, Yan, Amit: Likelihood regret, NeurIPS 2020, arXiv 2003.02977. Nalisnick et al.: Detecting
    out-of-distribution inputs to deep generative models using typicality, arXiv 1906.02994. Serrà
    et al.: Input complexity and out-of-distribution detection with likelihood-based generative
    models, ICLR 2020, arXiv 1909.11480.
    """
    if not isinstance(method, str) or method not in METHODS:
        raise ArgumentError(f"method must be one of {', '.join(METHODS)}, got {shown(method)}")
    X, rng = as_batch(X, name="X"), check_rng(rng)
    if method not in WITH_REFERENCE:
        return METHODS[method](model, X, rng)
    if reference is None:
        raise ArgumentError(f"reference must hold training data for method={method!r}, got None")
    return METHODS[method](model, X, as_batch(reference, X.shape[1], name="reference"), rng)


def _surprise(model: Any, X: Array, rng: np.random.Generator) -> Array:
    """Return -log p(x)."""
    if hasattr(model, "score_samples"):
        return -np.asarray(model.score_samples(X), float)
    return -log_likelihood(model, density_batch(model, X), N_SAMPLES, rng)


def _negative_elbo(model: Any, X: Array, rng: np.random.Generator) -> Array:
    density_batch(model, X)
    return _mean(lambda: -model.elbo(X, rng=rng).elbo)


def _reconstruction(model: Any, X: Array, rng: np.random.Generator) -> Array:
    if isinstance(model, Autoencoder):
        return -np.asarray(model.forward(*model.inputs(X)).log_prob, float)
    if isinstance(model, VAE):
        _check_vae(model, "reconstruction")
        return _mean(lambda: -model.elbo(X, rng=rng).reconstruction)
    if not hasattr(model, "reconstruct"):
        raise ArgumentError(
            f"model must have a decoder for method='reconstruction', got {shown(model)}"
        )
    return np.sum((X - model.reconstruct(X)) ** 2, axis=1)


def _kl(model: Any, X: Array, rng: np.random.Generator) -> Array:
    _check_vae(model, "kl")
    mu, log_var = model.encode(X)
    return gaussian_kl(mu.astype(float), log_var.astype(float))


def _regret(model: Any, X: Array, rng: np.random.Generator) -> Array:
    """Return the ELBO at the best q minus the ELBO at the encoder's q, on the same fresh noise."""
    x, seed = density_batch(model, X), int(rng.integers(2**63))
    best = fit_posterior(model, x, rng=rng, **FIT)
    elbos = [
        elbo_and_likelihood(model, x, *q, n_draws=FRESH, rng=seed)[0]
        for q in (best, model.encode(x))
    ]
    return elbos[0] - elbos[1]


def _typicality(model: Any, X: Array, reference: Array, rng: np.random.Generator) -> Array:
    return np.abs(_surprise(model, X, rng) - _surprise(model, reference, rng).mean())


def _nearest(model: Any, X: Array, reference: Array, rng: np.random.Generator) -> Array:
    return nearest_distances(X, reference)


def _complexity(model: Any, X: Array, rng: np.random.Generator) -> Array:
    grey = np.round(255 * as_batch(X, name="X", interval=(0, 1))).astype(np.uint8)
    n_bytes = np.array([len(zlib.compress(row.tobytes(), 9)) for row in grey])
    return _surprise(model, X, rng) - NATS_A_BYTE * n_bytes


def _ink(model: Any, X: Array, rng: np.random.Generator) -> Array:
    return X.sum(axis=1)


METHODS: dict[str, Callable[..., Array]] = {
    "log_likelihood": _surprise,
    "elbo": _negative_elbo,
    "reconstruction": _reconstruction,
    "kl": _kl,
    "regret": _regret,
    "typicality": _typicality,
    "nearest": _nearest,
    "complexity": _complexity,
    "ink": _ink,
}
WITH_REFERENCE = ("typicality", "nearest")


def _mean(draw: Callable[[], Array]) -> Array:
    """Return the mean of N_DRAWS calls."""
    return np.mean([draw() for _ in range(N_DRAWS)], axis=0, dtype=float)


def _check_vae(model: Any, method: str) -> None:
    """Refuse a model that has no q(z | x), or whose q needs a label."""
    if not isinstance(model, VAE) or model.n_classes:
        raise ArgumentError(
            f"model must be a VAE without classes for method={method!r}, got {shown(model)}"
        )
