"""Where the bound of a VAE loses: the best q of each example, and log p(x) by annealing.

``log p(x) - ELBO`` is the approximation gap, which even the best Gaussian q leaves, plus the
amortization gap, which an encoder adds because it serves all examples at once.

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
from minivae.edge.checks import ArgumentError, Array, as_batch, check_integer, check_real
from minivae.models.passes import VAEPass
from minivae.models.vae import VAE
from minivae.nn.gaussian import LOG_VAR_LIMIT, gaussian_log_density
from minivae.training.optimizers import Adam

ROWS = 512  # decoded at once


def log_joint(model: VAE, x: Array) -> LogDensityAndGradient:
    """Return ``z -> log p(x, z)`` and its gradient with respect to z, row by row.

    Parameters
    ----------
    model : VAE
    x : array, shape (batch, n_features)
        A row for each row of z.
    """

    def log_density_and_gradient(z: Array) -> tuple[Array, Array]:
        log_p, dz = _log_likelihood(model, x, z)
        zeros = np.zeros_like(z)
        return log_p + gaussian_log_density(z, zeros, zeros), dz - z

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

    Like `minivae.log_likelihood` it is a lower bound on average, but one that stays tight where
    the encoder misses most of the posterior.

    Parameters
    ----------
    model : VAE
        Of a likelihood that is a density, as for `minivae.log_likelihood`.
    x : array_like, shape (n, n_features)
    n_steps, step
        As `minivae.bayes.annealed_importance_sampling` has them.
    n_chains : int
        Chains for each example, whose weights are averaged.
    rng : int or numpy.random.Generator, optional

    Returns
    -------
    array of float64, shape (n,), in nats
    """
    n_chains, rng = check_integer("n_chains", n_chains, 1), np.random.default_rng(rng)
    estimates = []
    for rows in _blocks(model, x, n_chains):
        mu, log_var = (np.repeat(each, n_chains, axis=0) for each in model.encode(rows))
        target = log_joint(model, np.repeat(rows, n_chains, axis=0))
        chains = annealed_importance_sampling(
            target, mu, log_var, n_steps=n_steps, step=step, rng=rng
        )
        log_w = chains.log_weights.reshape(len(rows), n_chains)
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
    """Return the Gaussian q of each example that has the highest ELBO, starting at the encoder's.

    Adam with fresh noise in every step; its learning rate falls to zero over the second half. With
    noise that stays the same q would fit the noise.

    Parameters
    ----------
    model : VAE
        It stays as it is, but for its layers' gradients.
    x : array_like, shape (n, n_features)
    n_steps : int
    n_draws : int
        Noises of each example in a step.
    learning_rate : float
    rng : int or numpy.random.Generator, optional

    Returns
    -------
    mu, log_var : array of float64, shape (n, n_latent)
    """
    check_integer("n_steps", n_steps, 1)
    n_draws, rng = check_integer("n_draws", n_draws, 1), np.random.default_rng(rng)
    check_real("learning_rate", learning_rate, 0)
    found = []
    for rows in _blocks(model, x, n_draws):
        q, optimizer = _Table(*model.encode(rows)), Adam(learning_rate)
        vae = model.with_encoder(q)
        for i in range(n_steps):
            optimizer.learning_rate = learning_rate * min(1, 2 * (1 - i / n_steps))
            p = _draw(vae, rows, n_draws, rng)
            # -ELBO of each example: the mean over its draws, which are equally many rows of p
            dlog_prob, dkl = np.full_like(p.log_prob, -1 / n_draws), np.full_like(p.kl, 1 / n_draws)
            vae.backward(p, dlog_prob, dkl, np.zeros_like(p.log_ratio))
            optimizer.step(q.params, q.grads)
        found.append(vae.encode(rows))
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
    """Return ELBO and importance-sampled log p(x) of every example with a given q.

    Parameters
    ----------
    model : VAE
    x : array_like, shape (n, n_features)
    mu, log_var : array_like, shape (n, n_latent)
        What `fit_posterior` or ``model.encode`` returns; zeros make q the prior.
    n_draws : int
        Of each example: the mean of their log weights is the ELBO, the log of their mean weight
        estimates log p(x).
    rng : int or numpy.random.Generator, optional

    Returns
    -------
    elbo, log_likelihood : array of float64, shape (n,), in nats
    """
    mu, log_var = as_batch(mu, name="mu"), as_batch(log_var, name="log_var")
    n_draws, rng = check_integer("n_draws", n_draws, 1), np.random.default_rng(rng)
    log_w, start = [], 0
    for rows in _blocks(model, x, n_draws):
        own = slice(start, start + len(rows))
        p = _draw(model.with_encoder(_Table(mu[own], log_var[own])), rows, n_draws, rng)
        log_w.append((p.log_prob + p.log_ratio).reshape(len(rows), n_draws))
        start += len(rows)
    w = np.concatenate(log_w)
    return w.mean(axis=1), np.logaddexp.reduce(w, axis=1) - np.log(n_draws)


class _Table:
    """An encoder that does not see x: it holds the mean and the log variance of each row's q."""

    def __init__(self, mu: Array, log_var: Array) -> None:
        raw = LOG_VAR_LIMIT * np.arctanh(log_var.astype(float) / LOG_VAR_LIMIT)
        self.params = {"h": np.concatenate([mu.astype(float), raw], axis=1)}  # (n, 2 L)
        self.grads = {"h": np.zeros_like(self.params["h"])}

    def forward(self, x: Array) -> Array:
        """Return all rows of the table, whatever `x` is."""
        return self.params["h"]

    def backward(self, dh: Array) -> None:
        """Take the gradient as it is."""
        self.grads["h"][...] = dh


def _draw(vae: VAE, rows: Array, n_draws: int, rng: np.random.Generator) -> VAEPass:
    """Run the model's own pass with fresh noise, `n_draws` times for each row."""
    eps = rng.standard_normal((len(rows) * n_draws, vae.n_latent))
    return vae.forward(rows, rows[:, :0], rows, eps)


def _log_likelihood(model: VAE, x: Array, z: Array) -> tuple[Array, Array]:
    """Return ``log p(x | z)`` in float64, and its gradient with respect to z."""
    out = model.decoder.forward(z.astype(model.dtype, copy=False))
    log_p = model.likelihood.log_prob(x, out)
    dout = model.likelihood.log_prob_backward(x, out, np.ones(len(x), model.dtype))
    return np.asarray(log_p, float), np.asarray(model.decoder.backward(dout), float)


def _blocks(model: Any, x: ArrayLike, n_draws: int) -> Iterator[Array]:
    """Yield a few examples at a time, so that with all their draws they are about `ROWS`."""
    if not isinstance(model, VAE) or model.likelihood.name == "squared_error":
        raise ArgumentError(f"model must be a VAE with a density p(x | z), got {model!r}")
    x = as_batch(x, model.n_features, model.dtype, interval=model.likelihood.interval)
    step = max(1, ROWS // n_draws)
    for start in range(0, len(x), step):
        yield x[start : start + step]
