"""Data whose spectrum is known by construction, and linear autoencoders on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minivae.edge.checks import Array
from minivae.models import autoencoder
from minivae.training import lbfgs


def data_with_spectrum(lam: Sequence[float] | Array, rng: int) -> tuple[Array, Array]:
    """Return centred `X` with ``X.T @ X / n_samples = U @ diag(lam) @ U.T``, and `U`.

    `U` is a random orthogonal matrix. The 2 m samples of m features are sqrt(m lam_i) u_i for each
    i, and the negative of each, so that the mean is zero.
    """
    m = len(lam)
    U = np.linalg.qr(np.random.default_rng(rng).standard_normal((m, m))).Q
    rows = np.sqrt(m * np.asarray(lam))[:, None] * U.T
    return np.concatenate([rows, -rows]), U


def trained(X: Array, n_latent: int, rng: int = 0, **options: Any) -> Any:
    """Return a linear autoencoder at the minimum that L-BFGS finds from random weights."""
    model = autoencoder.LinearAutoencoder(X.shape[1], n_latent, rng=rng, **options)
    lbfgs.fit_lbfgs(model, X)
    return model


def matrices(model: Any) -> tuple[Array, Array]:
    """Return the model's own `W_e` and `W_d`: ``x_hat = x @ W_e @ W_d``."""
    return model.params["encoder.0.W"], model.params["decoder.0.W"]


def at(W_e: Array, W_d: Array, **options: Any) -> Any:
    """Return a linear autoencoder with these matrices."""
    model = autoencoder.LinearAutoencoder(*W_e.shape, **options)
    for own, given in zip(matrices(model), (W_e, W_d), strict=True):
        own[...] = given
    return model


def loss_and_gradient(model: Any, X: Array, **options: Any) -> tuple[float, Array]:
    """Return the loss, and its gradient with respect to all parameters in one vector."""
    losses, grads = model.loss_and_grads(X, **options)
    return losses["loss"], np.concatenate([g.ravel() for g in grads.values()])


def curvatures(model: Any, X: Array, h: float = 1e-4) -> Array:
    """Return the eigenvalues of the loss's Hessian in all parameters, smallest first."""
    columns = []
    for value in model.params.values():
        for i, before in enumerate(value.flat):
            ends = []
            for step in (h, -h):
                value.flat[i] = before + step
                ends.append(loss_and_gradient(model, X)[1])
            value.flat[i] = before
            columns.append((ends[0] - ends[1]) / (2 * h))
    H = np.array(columns)
    return np.linalg.eigvalsh((H + H.T) / 2)
