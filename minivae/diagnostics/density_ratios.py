"""Log density ratios that are learned from halves of two samples, at the rows of other halves.

Each function takes two samples and returns r at held-out rows of the first, and of the second:
high where a row looks like the first sample.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minivae.edge.checks import Array
from minivae.models.vae import VAE
from minivae.nn.likelihoods import Bernoulli, Gaussian
from minivae.nn.networks import mlp
from minivae.training.batches import minibatches
from minivae.training.optimizers import Adam

EPOCHS, BATCH, LEARNING_RATE, HIDDEN = 30, 64, 5e-3, 32
N_LATENT = 3
N_DRAWS = 8  # of the code, at each held-out row


def vae_ratio(X: Array, Y: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return ``ELBO_a(x) - ELBO_b(x)`` of two VAEs, fitted to halves of X and of Y."""
    (x, x_held), (y, y_held) = halves(X, Y, rng)
    a, b = fit_gaussian_vae(x, rng), fit_gaussian_vae(y, rng)
    r_x, r_y = (
        np.mean([_difference(a, b, rows, rng) for _ in range(N_DRAWS)], axis=0)
        for rows in (x_held, y_held)
    )
    return r_x, r_y


def classifier_ratio(X: Array, Y: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return the log odds of a small network that is trained to tell halves of X and Y apart."""
    (x, x_held), (y, y_held) = halves(X, Y, rng)
    rows, side = np.concatenate([x, y]), np.repeat([1.0, 0.0], [len(x), len(y)])[:, None]
    network, likelihood = mlp([rows.shape[1], HIDDEN, 1], rng=rng), Bernoulli()
    optimizer = Adam(LEARNING_RATE)
    for _ in range(EPOCHS):
        for batch in minibatches(len(rows), min(BATCH, len(rows)), rng):
            logits = network.forward(rows[batch])
            dloss = np.full(len(batch), -1 / len(batch))
            network.backward(likelihood.log_prob_backward(side[batch], logits, dloss))
            optimizer.step(network.params, network.grads)
    return network.forward(x_held)[:, 0], network.forward(y_held)[:, 0]


def halves(X: Array, Y: Array, rng: np.random.Generator) -> Any:
    """Return random halves ``((x, x_held), (y, y_held))``, in units of all rows' deviations."""
    rows = np.concatenate([X, Y])
    deviations = rows.std(axis=0)
    scale = np.where(deviations > 0, deviations, 1)
    whole = [rng.permutation((each - rows.mean(axis=0)) / scale) for each in (X, Y)]
    return [(each[: len(each) // 2], each[len(each) // 2 :]) for each in whole]


def fit_gaussian_vae(X: Array, rng: np.random.Generator) -> VAE:
    """Return a small VAE with a Gaussian decoder of learned variance, fitted to `X`."""
    likelihood = Gaussian("learned")
    model = VAE(X.shape[1], N_LATENT, hidden=[HIDDEN], likelihood=likelihood, rng=rng)
    optimizer = Adam(LEARNING_RATE)
    batch_size = min(BATCH, len(X))
    return model.fit(X, epochs=EPOCHS, batch_size=batch_size, optimizer=optimizer, rng=rng)


def _difference(a: VAE, b: VAE, rows: Array, rng: np.random.Generator) -> Array:
    """Return the difference of two ELBOs with the same noise."""
    eps = rng.standard_normal((len(rows), N_LATENT))
    return a.elbo(rows, eps).elbo - b.elbo(rows, eps).elbo
