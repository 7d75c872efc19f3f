"""Importance weighting: `k` samples of the code make a lower bound that rises with k to log p(x).

``L_k = E log( 1/k sum_i w_i )`` with ``w_i = p(x | z_i) p(z_i) / q(z_i | x)`` and every `z_i`
drawn from ``q(z | x)``; ``L_1`` is the ELBO. The functions take a model with `encoder`, `decoder`
and `likelihood` as a `VAE` has them.

References
----------
Burda, Grosse, Salakhutdinov: Importance weighted autoencoders, ICLR 2016, arXiv 1509.00519.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge.checks import Array, as_batch
from minivae.nn.gaussian import (
    bound_log_var,
    bound_log_var_backward,
    gaussian_kl,
    gaussian_log_density,
    gaussian_log_density_backward,
    reparameterize,
    reparameterize_backward,
)

ROWS = 512  # decoded at once: enough for fast matrix products, few enough to stay near the core


def importance_weighted_loss_and_grads(
    model: Any,
    x: Array,
    target: Array,
    eps: ArrayLike | None,
    rng: int | np.random.Generator | None,
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return minus the importance-weighted bound of a batch, and its gradient by every parameter.

    Parameters
    ----------
    model : VAE
        Its `n_importance` is k.
    x, target : array, shape (batch, n_features)
    eps : array_like, shape (batch, k, n_latent), optional
        The standard normal noise; `rng` draws it where it is not given.
    rng : int or numpy.random.Generator, optional

    Returns
    -------
    losses : dict
        ``loss`` is minus the bound; `reconstruction` and `kl` are the two terms of minus the ELBO,
        and their sum is above the loss on average.
    grads : dict of str to array
    """
    check_beta(model.beta, model.n_importance)
    n, k, n_latent = len(x), model.n_importance, model.n_latent
    eps = _noise(model, n, eps, rng).reshape(n * k, n_latent)
    target = np.repeat(target, k, axis=0)  # (n k, n_features), like all that follows z

    # loss = -mean_n log 1/k sum_i w_ni,  w = p(x | z) p(z) / q(z | x),  z = mu + sigma eps
    h = model.encoder.forward(x)  # (n, 2 n_latent)
    mu, raw = np.split(np.repeat(h, k, axis=0), 2, axis=1)
    log_var = bound_log_var(raw)
    z = reparameterize(mu, log_var, eps)  # (n k, n_latent)
    zero = np.zeros_like(z)
    out = model.decoder.forward(z)  # (n k, n_outputs)
    log_p_x = model.likelihood.log_prob(target, out)
    log_p_z = gaussian_log_density(z, zero, zero)
    log_q_z = gaussian_log_density(z, mu, log_var)
    log_w = (log_p_x + log_p_z - log_q_z).reshape(n, k)
    loss = -np.mean(log_mean_exp(log_w))

    # the same lines, last to first
    dlog_w = log_mean_exp_backward(log_w, np.full(n, -1 / n, model.dtype)).reshape(n * k)
    dz_q, dmu_q, dlog_var_q = gaussian_log_density_backward(z, mu, log_var, -dlog_w)
    dz_p, _, _ = gaussian_log_density_backward(z, zero, zero, dlog_w)
    dout = model.likelihood.log_prob_backward(target, out, dlog_w)
    dz = model.decoder.backward(dout) + dz_p + dz_q
    dmu_z, dlog_var_z = reparameterize_backward(mu, log_var, eps, dz)
    d_raw = bound_log_var_backward(raw, dlog_var_z + dlog_var_q)
    dh = np.concatenate([dmu_z + dmu_q, d_raw], axis=1)
    model.encoder.backward_params(dh.reshape(n, k, 2 * n_latent).sum(axis=1))

    kl = np.mean(gaussian_kl(mu, log_var))
    return {"loss": loss, "reconstruction": -np.mean(log_p_x), "kl": kl}, model.grads


def importance_weighted_losses(
    model: Any, x: Array, rng: int | np.random.Generator | None
) -> dict[str, Any]:
    """Return the same losses without gradients, a few images at a time."""
    rng, k = np.random.default_rng(rng), model.n_importance
    check_beta(model.beta, k)
    losses = dict.fromkeys(("loss", "reconstruction", "kl"), 0.0)
    step = max(1, ROWS // k)
    for start in range(0, len(x), step):
        rows = x[start : start + step]
        mu, log_var = model.encode(rows)
        log_w, log_p_x = log_weights(model, rows, mu, log_var, _noise(model, len(rows), None, rng))
        losses["loss"] -= np.sum(log_mean_exp(log_w)) / len(x)
        losses["reconstruction"] -= np.sum(log_p_x) / (k * len(x))
        losses["kl"] += np.sum(gaussian_kl(mu, log_var)) / len(x)
    return losses


def log_weights(model: Any, x: Array, mu: Array, log_var: Array, eps: Array) -> tuple[Array, Array]:
    """Return ``log w`` and ``log p(x | z)`` at ``z = mu + sigma eps``, without gradients.

    Parameters
    ----------
    model : VAE
    x : array, shape (batch, n_features)
    mu, log_var : array, shape (batch, n_latent)
        The proposal; zeros make it the prior.
    eps : array, shape (batch, k, n_latent)

    Returns
    -------
    log_w, log_p_x : array, shape (batch, k), in nats
    """
    n, k, n_latent = eps.shape
    mu, log_var, zero = mu[:, None], log_var[:, None], np.zeros_like(eps[:1, :1])
    z = reparameterize(mu, log_var, eps)  # (n, k, n_latent)
    out = model.decoder.forward(z.reshape(n * k, n_latent))
    rows = x if n == 1 else np.repeat(x, k, axis=0)  # one image needs no copies to meet its rows
    log_p_x = model.likelihood.log_prob(rows, out).reshape(n, k)
    # log w = log p(x | z) + log p(z) - log q(z | x)
    log_ratio = gaussian_log_density(z, zero, zero) - gaussian_log_density(z, mu, log_var)
    return log_p_x + log_ratio, log_p_x


def log_mean_exp(a: Array) -> Array:
    """Return ``log( 1/k sum_i exp(a_i) )`` over the last axis, without overflow.

    Parameters
    ----------
    a : array, shape (batch, k)

    Returns
    -------
    array, shape (batch,)
    """
    # the largest is taken out first: log sum e^a = m + log sum e^(a - m)
    m = a.real.max(axis=-1, keepdims=True)
    return m[..., 0] + np.log(np.mean(np.exp(a - m), axis=-1))


def log_mean_exp_backward(a: Array, dy: Array) -> Array:
    """Return ``da = dy * softmax(a)``: the weights, normalised to a sum of one."""
    e = np.exp(a - a.real.max(axis=-1, keepdims=True))
    return dy[..., None] * e / np.sum(e, axis=-1, keepdims=True)


def check_beta(beta: float, n_importance: int) -> None:
    """Refuse a weight of the KL: inside a logarithm of a mean there is no KL to weigh."""
    if n_importance > 1 and beta != 1:
        raise ValueError(
            f"beta must be 1 with n_importance={n_importance}, got {beta:g}: "
            "the importance-weighted bound has no KL term to weigh"
        )


def _noise(
    model: Any, n: int, eps: ArrayLike | None, rng: int | np.random.Generator | None
) -> Array:
    """Return the noise as an array of shape (n, k, n_latent)."""
    shape = (n, model.n_importance, model.n_latent)
    if eps is None:
        eps = np.random.default_rng(rng).standard_normal(shape)
    eps = np.asarray(eps)
    if eps.shape != shape:
        raise ValueError(
            f"eps must have shape (batch, n_importance, n_latent) = {shape}, got {eps.shape}"
        )
    return as_batch(eps.reshape(-1, model.n_latent), dtype=model.dtype, name="eps").reshape(shape)
