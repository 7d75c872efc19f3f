"""One forward and one backward pass through a model, line by line, in the order of its code."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge.checks import Array, as_batch
from minivae.explanation.table import Explanation, Lines
from minivae.models.autoencoder import Autoencoder, LinearAutoencoder
from minivae.models.vae import VAE
from minivae.nn.gaussian import (
    bound_log_var,
    bound_log_var_backward,
    gaussian_kl,
    gaussian_kl_backward,
    reparameterize,
    reparameterize_backward,
)


def explain(
    model: Autoencoder | LinearAutoencoder | VAE,
    x: ArrayLike,
    *,
    eps: ArrayLike | None = None,
    rng: int | np.random.Generator | None = None,
) -> Explanation:
    """Run one forward and one backward pass through a model's layers, and keep every array.

    Parameters
    ----------
    model : Autoencoder, LinearAutoencoder or VAE
        It stays as it is: the passes go through a copy.
    x : array_like, shape (batch, n_features)
    eps : array_like, shape (batch, n_latent), optional
        The noise of a VAE.
    rng : int or numpy.random.Generator, optional
        Draws `eps` where it is not given.

    Returns
    -------
    Explanation
        Its loss and gradients are those of ``model.loss_and_grads(x, eps=eps, rng=rng)``.

    Raises
    ------
    TypeError
        Another kind of model, whose lines are not known here.
    ValueError
        `x` or `eps` does not fit the model, or a VAE has `n_importance` above 1.

    Examples
    --------
    >>> from minivae import LinearAutoencoder, explain
    >>> explanation = explain(LinearAutoencoder(2, 1), [[3.0, 4.0]])
    >>> [row.name for row in explanation.forward]
    ['x', 'encoder.0.y', 'z', 'decoder.0.y', 'x_hat', 'r', 'loss']
    """
    passes: dict[Any, Callable[..., Passes]] = {
        VAE.loss_and_grads: _vae,
        Autoencoder.loss_and_grads: _autoencoder,
        LinearAutoencoder.loss_and_grads: _linear_autoencoder,
    }
    follow = passes.get(getattr(type(model), "loss_and_grads", None))
    if follow is None:
        raise TypeError(f"model must be an Autoencoder, LinearAutoencoder or VAE, got {model!r}")
    x = as_batch(x, model.n_features, model.dtype, interval=model.likelihood.interval)
    title = (
        f"{type(model).__name__}: {model.n_features} features, {model.n_latent} latent, "
        f"likelihood {model.likelihood.name}, batch of {len(x)}"
    )
    return Explanation(title, *follow(copy.deepcopy(model), x, eps, rng))


Passes = tuple[Lines, Lines]


def _vae(model: VAE, x: Array, eps: Any, rng: Any) -> Passes:
    if model.n_importance > 1:
        raise ValueError(f"model must have n_importance=1, got {model.n_importance}")
    n, k, beta = len(x), model.n_latent, model.beta

    line = Lines()
    line("x", "the data", x)
    h = line("h", "encoder(x)", line.through("encoder", model.encoder, x))
    mu = line("mu", f"h[:, :{k}]", h[:, :k])
    raw = line("raw", f"h[:, {k}:]", h[:, k:])
    log_var = line("log_var", "20 tanh(raw / 20)", bound_log_var(raw))
    sigma = line("sigma", "e^(log_var / 2)", np.exp(0.5 * log_var))
    eps = line("eps", "noise from N(0, 1)", model._noise(n, eps, rng))
    z = line("z", "mu + sigma * eps", reparameterize(mu, log_var, eps))
    out = line("out", "decoder(z)", line.through("decoder", model.decoder, z))
    log_prob = line.log_prob(model.likelihood, x, out)
    kl = line("kl", "sum(mu^2 + sigma^2 - log_var - 1)/2", gaussian_kl(mu, log_var))
    loss = -np.mean(log_prob) + beta * np.mean(kl)
    line("loss", f"-mean(log_prob) + {beta:g} mean(kl)", loss)

    back = Lines()
    dkl = back("dkl", f"{beta:g} / n", np.full(n, beta / n, model.dtype))
    dmu_kl, dlog_var_kl = gaussian_kl_backward(mu, log_var, dkl)
    back("dmu_kl", "dkl * mu", dmu_kl)
    back("dlog_var_kl", "dkl * (sigma^2 - 1) / 2", dlog_var_kl)
    dout = back.back_through_log_prob(model.likelihood, x, out)
    dz = back("dz", "decoder.0.dx", back.back_through("decoder", model.decoder, dout))
    back("dsigma", "dz * eps", dz * eps)
    back("deps", "dz * sigma", dz * sigma)
    dmu_z, dlog_var_z = reparameterize_backward(mu, log_var, eps, dz)
    back("dmu_z", "dz", dmu_z)
    back("dlog_var_z", "dsigma * sigma / 2", dlog_var_z)
    dmu = back("dmu", "dmu_z + dmu_kl", dmu_z + dmu_kl)
    dlog_var = back("dlog_var", "dlog_var_z + dlog_var_kl", dlog_var_z + dlog_var_kl)
    d_raw = bound_log_var_backward(raw, dlog_var)
    back("d_raw", "dlog_var * (1 - tanh(raw / 20)^2)", d_raw)
    dh = back("dh", "[dmu, d_raw]", np.concatenate([dmu, d_raw], axis=1))
    back.back_through("encoder", model.encoder, dh)

    # without the reparameterization trick, this is all that would reach the encoder
    d_raw_kl = bound_log_var_backward(raw, dlog_var_kl)
    dh_kl = back("dh_kl", "[dmu_kl, d_raw of dlog_var_kl]", np.concatenate([dmu_kl, d_raw_kl], 1))
    back("dx_kl", "encoder.backward(dh_kl)", model.encoder.backward(dh_kl))
    return line, back


def _autoencoder(model: Autoencoder, x: Array, eps: object, rng: object) -> Passes:
    line = Lines()
    line("x", "the data", x)
    z = line("z", "encoder(x)", line.through("encoder", model.encoder, x))
    out = line("out", "decoder(z)", line.through("decoder", model.decoder, z))
    log_prob = line.log_prob(model.likelihood, x, out)
    line("loss", "-mean(log_prob)", -np.mean(log_prob))

    back = Lines()
    dout = back.back_through_log_prob(model.likelihood, x, out)
    dz = back("dz", "decoder.0.dx", back.back_through("decoder", model.decoder, dout))
    back.back_through("encoder", model.encoder, dz)
    return line, back


def _linear_autoencoder(model: LinearAutoencoder, x: Array, eps: object, rng: object) -> Passes:
    n = len(x)

    line = Lines()
    line("x", "the data", x)
    z = line("z", "encoder(x)", line.through("encoder", model.encoder, x))
    x_hat = line("x_hat", "decoder(z)", line.through("decoder", model.decoder, z))
    r = line("r", "x_hat - x", x_hat - x)
    squared_error = np.sum(r * r) / n

    back = Lines()
    dx_hat = back("dx_hat", "2 r / n", 2 * r / n)
    dz = back("dz", "decoder.0.dx", back.back_through("decoder", model.decoder, dx_hat))
    back.back_through("encoder", model.encoder, dz)

    if model.regularizer is None:
        line("loss", "sum(r^2) / n", squared_error)
        return line, back
    matrices = model.params["encoder.0.W"], model.params["decoder.0.W"]
    penalty = line("penalty", "of W_e and W_d", model.regularizer.penalty(*matrices))
    line("loss", "sum(r^2) / n + penalty", squared_error + penalty)
    dpenalty = model.regularizer.penalty_backward(*matrices)
    for part, name, dW in zip(("encoder", "decoder"), ("W_e", "W_d"), dpenalty, strict=True):
        back(f"d{name}", f"dpenalty/d{name}", dW)
        back(f"{part}.0.dW", f"{part}.0.dW + d{name}", model.grads[f"{part}.0.W"] + dW)
    return line, back
