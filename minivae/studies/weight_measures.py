"""What a weight of the KL is measured by: rate, distortion, information and samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import minivae as mv
from minivae.edge.checks import Array
from minivae.studies.bench import Tree, Trial
from minivae.studies.judge import trained_judge

N_FEATURES, N_LATENT = 784, 20
BATCH_SIZE, LEARNING_RATE = 64, 3e-3
FREE_NATS = 4.0  # for each image, in all or divided among the latents
CURES = ("linear warm-up", "sigmoid warm-up", "cyclical", "free nats", "free nats per latent")


def weighted(
    trial: Trial, *, weight: float | None, cure: str = "", epochs: int, **size: Any
) -> Tree:
    """Train a VAE of one weight, or with a learned variance where the weight is None."""
    judge = trained_judge(trial.data, size["n_train"], size["n"], trial.seed)
    beta = 1.0 if weight is None else weight * N_FEATURES / 2
    n_steps = epochs * -(-size["n_train"] // BATCH_SIZE)
    model = mv.VAE(
        N_FEATURES,
        N_LATENT,
        hidden=size["hidden"],
        likelihood=mv.Gaussian("learned" if weight is None else 1.0),
        beta=beta,
        free_nats=free_nats_of(cure),
        dtype=np.float32,
        rng=trial.seed,
    )
    _fit(trial, model, judge.train, epochs, beta=schedule_of(cure, n_steps, beta))
    test = trial.split(size["n_train"], 2 * size["n"]).test
    rate, _, error = mv.diagnostics.rate_distortion(model, test, rng=trial.seed)
    mu, log_var = mv.diagnostics.posteriors(model, test)
    _, learned = model.likelihood.mean_and_log_var(np.zeros((1, 1)))
    s2 = float(np.exp(learned.item())) if weight is None else beta
    samples = model.sample(size["n"], trial.seed, mean=True)
    return {
        **on_the_plane(rate, error, s2),
        "information": mv.diagnostics.mutual_information(mu, log_var, rng=trial.seed)[0],
        "active units": mv.diagnostics.active_units(mu),
        "Fréchet": judge.score(samples)["Fréchet"],
        "samples": samples[:16],
    }


def free_nats_of(cure: str) -> float | list[float]:
    """Return the free nats of a cure, for an image or for each latent."""
    if cure == "free nats per latent":
        return [FREE_NATS / N_LATENT] * N_LATENT
    return FREE_NATS if cure == "free nats" else 0.0


def schedule_of(cure: str, n_steps: int, end: float) -> Callable[[int], float] | None:
    """Return the weight as a function of the step; None is the model's own constant."""
    return {
        "linear warm-up": mv.schedules.linear(n_steps // 2, end=end),
        "sigmoid warm-up": mv.schedules.sigmoid(n_steps // 2, end=end),
        "cyclical": mv.schedules.cyclical(n_steps // 4, end=end),
    }.get(cure)


def best_linear(trial: Trial, *, weight: float, n_train: int, n: int) -> Tree:
    """Return rate and error of the best linear code of the test images, by their spectrum."""
    test = trial.split(n_train, 2 * n).test
    lam = np.linalg.eigvalsh(np.cov(test, rowvar=False, bias=True, dtype=float))
    level = weight * N_FEATURES / 2
    rate, error = mv.diagnostics.gaussian_rate_distortion(np.maximum(lam, 0), level, N_LATENT)
    active = int(np.sum(lam[-N_LATENT:] > level / 0.99))
    return {**on_the_plane(rate, error, level), "active units": active}


def mean_image(trial: Trial, *, n_train: int, n: int) -> Tree:
    """Return the error of the mean training image: what a collapsed VAE decodes."""
    train, test = trial.split(n_train, 2 * n)[:2]
    error = float(np.mean(np.sum(np.square(test - train.mean(axis=0), dtype=float), axis=1)))
    return {**on_the_plane(0.0, error, error / N_FEATURES), "information": 0.0, "active units": 0}


def autoencoder(trial: Trial, *, epochs: int, **size: Any) -> Tree:
    """Train an autoencoder of the same widths on the squared error; decode N(0, I) as a VAE."""
    judge = trained_judge(trial.data, size["n_train"], size["n"], trial.seed)
    model = mv.Autoencoder(
        N_FEATURES,
        N_LATENT,
        hidden=size["hidden"],
        likelihood="squared_error",
        dtype=np.float32,
        rng=trial.seed,
    )
    _fit(trial, model, judge.train, epochs)
    test = trial.split(size["n_train"], 2 * size["n"]).test
    errors = np.sum(np.square(test - model.reconstruct(test), dtype=float), axis=1)
    z = np.random.default_rng(trial.seed).standard_normal((size["n"], N_LATENT))
    samples = model.decode(z)
    score = judge.score(samples)["Fréchet"]
    return {"squared error": float(errors.mean()), "Fréchet": score, "samples": samples[:16]}


def _fit(trial: Trial, model: Any, X: Array, epochs: int, **options: Any) -> None:
    optimizer = mv.Adam(LEARNING_RATE)
    trial.fit(model, X, epochs=epochs, batch_size=BATCH_SIZE, optimizer=optimizer, **options)


def on_the_plane(rate: float, error: float, s2: float) -> Tree:
    """Return rate, squared error, and the ELBO of a decoder with the variance s2."""
    # -log p(x | z) = D/2 log(2 pi s2) + |x - x_hat|^2 / (2 s2)
    distortion = N_FEATURES / 2 * np.log(2 * np.pi * s2) + error / (2 * s2)
    elbo = float(-rate - distortion)
    return {"sigma": float(np.sqrt(s2)), "rate": rate, "squared error": error, "ELBO": elbo}
