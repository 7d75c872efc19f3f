"""How probable a VAE finds its data: log p(x) by importance sampling, in bounded memory."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge.arguments import check_choice
from minivae.edge.checks import (
    ArgumentError,
    Array,
    as_batch,
    as_data_set,
    check_flag,
    check_integer,
    check_rng,
    shown,
)
from minivae.models.labels import labels_of, one_hot
from minivae.models.objectives import log_mean_exp
from minivae.models.vae import VAE
from minivae.nn.rows import row_blocks

ROWS = 512  # decoded at once: enough for fast products, few enough to stay near the core


def log_likelihood(
    model: VAE,
    x: ArrayLike,
    n_samples: int,
    rng: int | np.random.Generator | None = None,
    *,
    y: ArrayLike | None = None,
    proposal: str = "posterior",
    verbose: bool = False,
) -> Array:
    """Estimate log p(x) of every example by importance sampling over the code.

    ``log( 1/k sum_i p(x | z_i) p(z_i) / q(z_i) )`` with k draws from a proposal q. The mean inside
    is right on average, so by Jensen's inequality its logarithm is too low on average: the
    estimate is a lower bound that tightens as `n_samples` grows. How far it is off depends on how
    well the proposal covers the posterior of z.

    Parameters
    ----------
    model : VAE
        Of a likelihood that is a density. A Bernoulli is one for black and white data only.
    x : array_like or memmap, shape (n, n_features)
        Never copied whole; memory grows neither with `n` nor with `n_samples`.
    n_samples : int
        Draws of z for each example; the literature reports 5,000.
    rng : int or numpy.random.Generator, optional
    y : array_like of int, shape (n,), optional
        Class labels, for a model with `n_classes`: the estimate is then of log p(x | y).
    proposal : {"posterior", "prior"}
        The encoder's ``q(z | x)``, or ``N(0, I)``, which is naive Monte Carlo and needs a number of
        draws that grows exponentially with the dimension.
    verbose : bool
        Print a line that shows how far it is, the mean so far and the time left.

    Returns
    -------
    array of float64, shape (n,), in nats

    Raises
    ------
    ValueError
        `model` has no density, or an argument is out of its range.

    References
    ----------
    Burda, Grosse, Salakhutdinov: Importance weighted autoencoders, ICLR 2016, arXiv 1509.00519,
    whose tables are estimated so, with 5,000 samples.
    """
    _check_density(model)
    X = as_data_set(x, model.n_features, model.dtype, name="x", interval=model.likelihood.interval)
    n, k = len(X), check_integer("n_samples", n_samples, 1)
    check_choice("proposal", proposal, ("posterior", "prior"))
    check_flag("verbose", verbose)
    y = model.check_labels(y, n)
    if proposal == "prior":
        model = encoding_the_prior(model)
    rng, progress = check_rng(rng), _Progress(n, k)
    estimates = np.empty(n)
    for rows in row_blocks(n, max(1, ROWS // k)):
        x = as_batch(X[rows], dtype=model.dtype)
        hot = one_hot(labels_of(y, rows), len(x), model.n_classes, model.dtype)
        estimates[rows] = _log_mean_weight(model, x, hot, k, rng)
        if verbose:
            progress.show(estimates[: rows.stop])
    return estimates


def importance_weighted_bound(
    model: VAE,
    x: ArrayLike,
    k: int,
    rng: int | np.random.Generator | None = None,
    *,
    y: ArrayLike | None = None,
    n_repeats: int = 1,
) -> Array:
    """Estimate the importance-weighted bound L_k of every example; L_1 is the ELBO.

    ``L_k`` is the expectation of what `log_likelihood` returns for ``n_samples=k``.

    Parameters
    ----------
    model : VAE
    x : array_like or memmap, shape (n, n_features)
    k : int
        Draws of z inside the logarithm: the bound rises with it to log p(x).
    rng : int or numpy.random.Generator, optional
    y : array_like of int, shape (n,), optional
        Class labels, for a model with `n_classes`.
    n_repeats : int
        Independent draws of the bound to average: they make the estimate less noisy, not higher.

    Returns
    -------
    array of float64, shape (n,), in nats

    References
    ----------
    Burda, Grosse, Salakhutdinov: Importance weighted autoencoders, ICLR 2016, arXiv 1509.00519.
    """
    check_integer("k", k, 1)
    check_integer("n_repeats", n_repeats, 1)
    rng = check_rng(rng)
    total = log_likelihood(model, x, k, rng, y=y)
    for _ in range(n_repeats - 1):
        total += log_likelihood(model, x, k, rng, y=y)
    return total / n_repeats


def _log_mean_weight(model: VAE, x: Array, y: Array, k: int, rng: np.random.Generator) -> Array:
    """Return ``log( 1/k sum_i w_i )`` of a few examples, shape (batch,), `ROWS` draws at a time."""
    log_sum = np.full(len(x), -np.inf)
    for draws in row_blocks(k, ROWS):
        shape = (len(x), draws.stop - draws.start, model.n_latent)
        eps = rng.standard_normal(shape, dtype=model.dtype.type)
        p = model.forward(x, y, x, eps.reshape(-1, model.n_latent))
        # log w = log p(x | z) + log p(z) - log q(z | x)
        log_w = (p.log_prob + p.log_ratio).reshape(shape[:2])
        log_sum = np.logaddexp(log_sum, log_mean_exp(log_w) + np.log(shape[1]))
    return log_sum - np.log(k)


class _Blind:
    """An encoder that does not see x: its mean and its log variance are 0, so q(z | x) is p(z)."""

    def __init__(self, n_latent: int) -> None:
        self.n_latent = n_latent
        self.params: dict[str, Array] = {}
        self.grads: dict[str, Array] = {}

    def forward(self, x: Array) -> Array:
        """Return a row of zeros for each row."""
        return np.zeros((len(x), 2 * self.n_latent), x.dtype)


def encoding_the_prior(model: VAE) -> VAE:
    """Return the same model with the prior as its proposal."""
    return model.with_encoder(_Blind(model.n_latent))


def _check_density(model: Any) -> None:
    """Refuse what assigns no probability to x, and say what does."""
    name = type(model).__name__
    if hasattr(model, "score_samples"):
        raise ArgumentError(
            f"model must be a VAE, got {shown(model)}: {name} knows log p(x) exactly, "
            "call its score_samples(x) instead of sampling"
        )
    if not isinstance(model, VAE):
        reason = f"{name} has no density p(x): its code has no distribution"
    elif model.likelihood.name == "squared_error":
        reason = "a VAE with likelihood='squared_error' has no density p(x)"
    else:
        return
    raise ArgumentError(
        f"model must be a VAE with a density, got {shown(model)}: {reason}; a VAE "
        "has one with likelihood 'bernoulli', 'continuous_bernoulli' or "
        "'gaussian', and PCA and ProbabilisticPCA have one in score_samples"
    )


class _Progress:
    """A line on the terminal, written over at most once a second."""

    def __init__(self, n: int, k: int) -> None:
        self.n, self.k = n, k
        self.start = self.shown = time.monotonic()

    def show(self, done: Array) -> None:
        """Print how many examples are done, their mean and the time left."""
        now, n_done = time.monotonic(), len(done)
        if n_done < self.n and now < self.shown + 1:
            return
        self.shown = now
        left = (now - self.start) / n_done * (self.n - n_done)
        print(
            f"\r{n_done}/{self.n} examples, {self.k} samples each: "
            f"mean log-likelihood {np.mean(done):.2f} nats, {left:.0f} s left ",
            end="" if n_done < self.n else "\n",
            flush=True,
        )
