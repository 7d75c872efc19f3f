"""A q for each example: the Gaussian with the highest ELBO, and what a given q says of log p(x).

An encoder is one function for all examples. Here a table takes its place, which holds a mean and a
log variance for each example.

References
----------
Cremer, Li and Duvenaud (2018), Inference Suboptimality in Variational Autoencoders,
arXiv 1801.03558.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from minivae.edge.checks import (
    ArgumentError,
    Array,
    as_batch,
    as_matrix,
    as_same_shape,
    check_integer,
    check_real,
    check_rng,
    shown,
)
from minivae.models.passes import VAEPass
from minivae.models.vae import VAE
from minivae.nn.gaussian import LOG_VAR_LIMIT
from minivae.nn.rows import row_blocks
from minivae.training.optimizers import Adam

ROWS = 512  # decoded at once


def fit_posterior(
    model: VAE,
    x: ArrayLike,
    *,
    n_steps: int = 100,
    n_draws: int = 8,
    learning_rate: float = 0.05,
    rng: int | np.random.Generator | None = None,
) -> tuple[Array, Array]:
    """Return the Gaussian q with the highest ELBO for each example, starting from the encoder's q.

    Adam takes steps with fresh noise, because q would fit noise that stays the same. Its learning
    rate falls to zero over the second half of the steps.

    Parameters
    ----------
    model : VAE
        Its parameters do not change; the gradients of its layers do.
    x : array_like, shape (n, n_features)
    n_steps : int
    n_draws : int
        The number of noise draws for each example in a step.
    learning_rate : float
    rng : int or numpy.random.Generator, optional

    Returns
    -------
    mu, log_var : array of float64, shape (n, n_latent)
    """
    check_integer("n_steps", n_steps, 1)
    n_draws, rng = check_integer("n_draws", n_draws, 1), check_rng(rng)
    check_real("learning_rate", learning_rate, 0)
    found = []
    x = density_batch(model, x)
    for rows in blocks_with_draws(x, n_draws):
        q, optimizer = _Table(*model.encode(x[rows]), x.dtype), Adam(learning_rate)
        vae = model.with_encoder(q)
        for i in range(n_steps):
            optimizer.learning_rate = learning_rate * min(1, 2 * (1 - i / n_steps))
            p = _draw(vae, x[rows], n_draws, rng)
            # minus the ELBO of each example: the mean over its n_draws rows of p
            dlog_prob, dkl = np.full_like(p.log_prob, -1 / n_draws), np.full_like(p.kl, 1 / n_draws)
            vae.backward(p, dlog_prob, dkl, np.zeros_like(p.log_ratio))
            optimizer.step(q.params, q.grads)
        found.append([np.asarray(each, float) for each in vae.encode(x[rows])])
    mu, log_var = map(np.concatenate, zip(*found, strict=True))
    return mu, log_var


def elbo_and_likelihood(
    model: VAE,
    x: ArrayLike,
    mu: ArrayLike,
    log_var: ArrayLike,
    *,
    n_draws: int = 500,
    rng: int | np.random.Generator | None = None,
) -> tuple[Array, Array]:
    """Return the ELBO and an importance-sampling estimate of log p(x), with a given q.

    Parameters
    ----------
    model : VAE
    x : array_like, shape (n, n_features)
    mu, log_var : array_like, shape (n, n_latent)
        The q of each example, for example from `fit_posterior` or ``model.encode``. Zeros make q
        the prior.
    n_draws : int
        The number of draws for each example. The mean of their log weights is the ELBO; the
        logarithm of their mean weight estimates log p(x).
    rng : int or numpy.random.Generator, optional

    Returns
    -------
    elbo, log_likelihood : array of float64, shape (n,), in nats
    """
    x, log_w = density_batch(model, x), []
    mu, log_var = as_same_shape(
        mu=as_matrix(mu, model.n_latent, name="mu"),
        log_var=as_matrix(log_var, model.n_latent, name="log_var"),
    )
    if len(mu) != len(x):
        raise ArgumentError(f"mu must have {len(x)} rows, as x has, got {len(mu)}")
    n_draws, rng = check_integer("n_draws", n_draws, 1), check_rng(rng)
    for rows in blocks_with_draws(x, n_draws):
        q = _Table(mu[rows], log_var[rows], x.dtype)
        p = _draw(model.with_encoder(q), x[rows], n_draws, rng)
        log_w.append(np.asarray(p.log_prob + p.log_ratio, float).reshape(-1, n_draws))
    w = np.concatenate(log_w)
    return w.mean(axis=1), np.logaddexp.reduce(w, axis=1) - np.log(n_draws)


class _Table:
    """An encoder that ignores x: its parameters are the mean and the log variance of each row.

    They are float64, and are given to the decoder in its own `dtype`.
    """

    def __init__(self, mu: Array, log_var: Array, dtype: DTypeLike) -> None:
        raw = LOG_VAR_LIMIT * np.arctanh(log_var.astype(float) / LOG_VAR_LIMIT)
        self.params = {"h": np.concatenate([mu.astype(float), raw], axis=1)}  # (n, 2 L)
        self.grads = {"h": np.zeros_like(self.params["h"])}
        self.dtype = dtype

    def forward(self, x: Array) -> Array:
        """Return all rows of the table for every `x`."""
        return self.params["h"].astype(self.dtype, copy=False)

    def backward_params(self, dh: Array) -> None:
        """Store the gradient with respect to the table."""
        self.grads["h"][...] = dh


def _draw(vae: VAE, rows: Array, n_draws: int, rng: np.random.Generator) -> VAEPass:
    """Return the model's own pass with `n_draws` rows of fresh noise for each row."""
    eps = rng.standard_normal((len(rows) * n_draws, vae.n_latent))
    return vae.forward(rows, rows[:, :0], rows, eps.astype(rows.dtype, copy=False))


def density_batch(model: Any, x: ArrayLike) -> Array:
    """Return `x` as a batch for `model`, after checking that p(x | z) is a density."""
    if not isinstance(model, VAE) or model.likelihood.name == "squared_error":
        raise ArgumentError(f"model must be a VAE with a density p(x | z), got {shown(model)}")
    if model.n_classes:
        raise ArgumentError(f"model must be a VAE without classes, got n_classes={model.n_classes}")
    return as_batch(x, model.n_features, model.dtype, interval=model.likelihood.interval)


def blocks_with_draws(x: Array, n_draws: int) -> Iterator[slice]:
    """Yield slices of a few rows of `x`: with all their draws they are about `ROWS` rows."""
    return row_blocks(len(x), max(1, ROWS // n_draws))
