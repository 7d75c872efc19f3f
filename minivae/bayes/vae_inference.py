"""The two gaps of a VAE's ELBO: the best q of each example, and log p(x) by annealing.

``log p(x) - ELBO`` is the sum of two gaps. Even the best Gaussian q of an example has the
approximation gap. An encoder adds the amortization gap, because one function serves all examples.

References
----------
Cremer, Li and Duvenaud (2018), Inference Suboptimality in Variational Autoencoders,
arXiv 1801.03558.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minivae.bayes.annealing import annealed_importance_sampling
from minivae.bayes.hamiltonian import LogDensityAndGradient
from minivae.edge.checks import (
    ArgumentError,
    Array,
    as_batch,
    as_floats,
    as_matrix,
    as_same_shape,
    check_integer,
    check_real,
    check_rng,
    shown,
)
from minivae.models.passes import VAEPass
from minivae.models.vae import VAE
from minivae.nn.gaussian import LOG_VAR_LIMIT, log_density
from minivae.nn.rows import repeat_rows, row_blocks
from minivae.training.optimizers import Adam

ROWS = 512  # decoded at once


def log_joint(model: VAE, x: Array) -> LogDensityAndGradient:
    """Return ``z -> log p(x, z)`` and its gradient with respect to z, row by row.

    Parameters
    ----------
    model : VAE
    x : array, shape (batch, n_features)
        One row for each row of z.
    """
    x = _checked(model, x)

    def log_density_and_gradient(z: Array) -> tuple[Array, Array]:
        z = as_floats("z", z, (len(x), model.n_latent))
        log_p, dz = _log_likelihood(model, x, z)
        zeros = np.zeros_like(z)
        return log_p + log_density(z, zeros, zeros), dz - z

    return log_density_and_gradient


def annealed_log_likelihood(
    model: VAE,
    x: ArrayLike,
    *,
    n_steps: int = 300,
    n_chains: int = 16,
    step: float = 0.8,
    rng: int | np.random.Generator | None = None,
) -> Array:
    """Estimate log p(x) of every example by annealing from the encoder's q to the posterior.

    On average the estimate is a lower bound, like the estimate of `minivae.log_likelihood`. It is
    tighter where the encoder misses most of the posterior.

    Parameters
    ----------
    model : VAE
        Its likelihood is a density, as for `minivae.log_likelihood`.
    x : array_like, shape (n, n_features)
    n_steps, step
        As in `minivae.bayes.annealed_importance_sampling`.
    n_chains : int
        The number of chains for each example; their weights are averaged.
    rng : int or numpy.random.Generator, optional

    Returns
    -------
    array of float64, shape (n,), in nats
    """
    n_chains, rng = check_integer("n_chains", n_chains, 1), check_rng(rng)
    estimates = []
    x = _checked(model, x)
    for rows in _blocks(x, n_chains):
        mu, log_var = (repeat_rows(each, n_chains) for each in model.encode(x[rows]))
        target = log_joint(model, repeat_rows(x[rows], n_chains))
        chains = annealed_importance_sampling(
            target, mu, log_var, n_steps=n_steps, step=step, rng=rng
        )
        log_w = chains.log_weights.reshape(-1, n_chains)
        estimates.append(np.logaddexp.reduce(log_w, axis=1) - np.log(n_chains))
    return np.concatenate(estimates)


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
    x = _checked(model, x)
    for rows in _blocks(x, n_draws):
        q, optimizer = _Table(*model.encode(x[rows])), Adam(learning_rate)
        vae = model.with_encoder(q)
        for i in range(n_steps):
            optimizer.learning_rate = learning_rate * min(1, 2 * (1 - i / n_steps))
            p = _draw(vae, x[rows], n_draws, rng)
            # minus the ELBO of each example: the mean over its n_draws rows of p
            dlog_prob, dkl = np.full_like(p.log_prob, -1 / n_draws), np.full_like(p.kl, 1 / n_draws)
            vae.backward(p, dlog_prob, dkl, np.zeros_like(p.log_ratio))
            optimizer.step(q.params, q.grads)
        found.append(vae.encode(x[rows]))
    return np.concatenate([mu for mu, _ in found]), np.concatenate([lv for _, lv in found])


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
    x = _checked(model, x)
    mu, log_var = as_same_shape(
        mu=as_matrix(mu, model.n_latent, name="mu"),
        log_var=as_matrix(log_var, model.n_latent, name="log_var"),
    )
    n_draws, rng = check_integer("n_draws", n_draws, 1), check_rng(rng)
    log_w = []
    if len(mu) != len(x):
        raise ArgumentError(f"mu must have {len(x)} rows, as x has, got {len(mu)}")
    for rows in _blocks(x, n_draws):
        p = _draw(model.with_encoder(_Table(mu[rows], log_var[rows])), x[rows], n_draws, rng)
        log_w.append((p.log_prob + p.log_ratio).reshape(-1, n_draws))
    w = np.concatenate(log_w)
    return w.mean(axis=1), np.logaddexp.reduce(w, axis=1) - np.log(n_draws)


class _Table:
    """An encoder that ignores x: its parameters are the mean and the log variance of each row."""

    def __init__(self, mu: Array, log_var: Array) -> None:
        raw = LOG_VAR_LIMIT * np.arctanh(log_var.astype(float) / LOG_VAR_LIMIT)
        self.params = {"h": np.concatenate([mu.astype(float), raw], axis=1)}  # (n, 2 L)
        self.grads = {"h": np.zeros_like(self.params["h"])}

    def forward(self, x: Array) -> Array:
        """Return all rows of the table for every `x`."""
        return self.params["h"]

    def backward_params(self, dh: Array) -> None:
        """Store the gradient with respect to the table."""
        self.grads["h"][...] = dh


def _draw(vae: VAE, rows: Array, n_draws: int, rng: np.random.Generator) -> VAEPass:
    """Return the model's own pass with `n_draws` rows of fresh noise for each row."""
    eps = rng.standard_normal((len(rows) * n_draws, vae.n_latent))
    return vae.forward(rows, rows[:, :0], rows, eps)


def _log_likelihood(model: VAE, x: Array, z: Array) -> tuple[Array, Array]:
    """Return ``log p(x | z)`` in float64, and its gradient with respect to z."""
    out = model.decoder.forward(z.astype(model.dtype, copy=False))
    log_p = model.likelihood.log_prob(x, out)
    dout = model.likelihood.log_prob_backward(x, out, np.ones(len(x), model.dtype))
    return np.asarray(log_p, float), np.asarray(model.decoder.backward(dout), float)


def _checked(model: Any, x: ArrayLike) -> Array:
    """Return `x` as a batch for `model`, after checking that p(x | z) is a density."""
    if not isinstance(model, VAE) or model.likelihood.name == "squared_error":
        raise ArgumentError(f"model must be a VAE with a density p(x | z), got {shown(model)}")
    if model.n_classes:
        raise ArgumentError(f"model must be a VAE without classes, got n_classes={model.n_classes}")
    return as_batch(x, model.n_features, model.dtype, interval=model.likelihood.interval)


def _blocks(x: Array, n_draws: int) -> Iterator[slice]:
    """Yield slices of a few rows of `x`: with all their draws they are about `ROWS` rows."""
    return row_blocks(len(x), max(1, ROWS // n_draws))
