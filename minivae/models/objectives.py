"""Objectives: what is minimised, as a layer on top of a model's pass.

`forward` takes the terms of a pass to the loss and its parts. `backward` returns the gradient of
the loss with respect to those terms, in their order, and the model's own `backward` goes on from
there. `n_draws` is the number of samples of the code that an objective takes for each example.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minivae.edge.checks import (
    ArgumentError,
    ArgumentTypeError,
    Array,
    check_integer,
    check_real,
    shown,
)

Losses = dict[str, Any]


class Reconstruction:
    """The loss of an autoencoder: ``-log p(x | code)``, averaged over the batch."""

    n_draws = 1

    def weight(self, beta: float | None) -> float:
        """Refuse a weight of the KL: an autoencoder has no KL."""
        if beta is not None:
            raise ArgumentError(
                f"beta weighs the KL of a VAE; an autoencoder has none, got {beta!r}"
            )
        return 1.0

    def forward(self, p: Any, beta: float) -> Losses:
        """Return ``{"loss": mean of -log p(x | code)}``."""
        return {"loss": -p.log_prob.sum() / len(p.log_prob)}

    def backward(self, p: Any, beta: float) -> tuple[Array]:
        """Return the gradient with respect to `log_prob`."""
        return (np.full_like(p.log_prob, -1 / len(p.log_prob)),)


class Elbo:
    """Minus the evidence lower bound, with a weight and a floor for its KL.

    ``loss = mean[ -log p(x | z) + beta * max(KL, free_nats) ]``. Minus the loss is a lower bound of
    log p(x) for ``beta >= 1``, whatever the floor.

    Parameters
    ----------
    beta : float
        Weight of the KL; at least 0.
    free_nats : float or sequence of float
        The nats that cost an example nothing: below them, the KL has no gradient. One number is the
        floor of the whole KL of an example; a sequence holds a floor for each latent.

    References
    ----------
    Higgins et al.: beta-VAE, ICLR 2017, for `beta`. Kingma et al.: Improved variational inference
    with inverse autoregressive flow, NeurIPS 2016, for `free_nats` (its "free bits").
    """

    n_draws = 1

    def __init__(self, beta: float = 1.0, free_nats: float | Sequence[float] = 0.0) -> None:
        self.beta = check_real("beta", beta, 0, closed="low")
        self.free_nats: float | list[float]
        if not isinstance(free_nats, list | tuple | np.ndarray):
            self.free_nats = check_real("free_nats", free_nats, 0, closed="low")
        elif isinstance(free_nats, np.ndarray) and free_nats.ndim != 1:
            raise ArgumentTypeError(
                f"free_nats must be one number or a list, got {shown(free_nats)}"
            )
        else:
            self.free_nats = [
                check_real(f"free_nats[{i}]", nats, 0, closed="low")
                for i, nats in enumerate(free_nats)
            ]

    def weight(self, beta: float | None) -> float:
        """Return the weight of the KL: this objective's own where `beta` is None."""
        return self.beta if beta is None else check_real("beta", beta, 0, closed="low")

    def forward(self, p: Any, beta: float) -> Losses:
        """Return ``loss``, and the two terms of minus the bound: `reconstruction` and `kl`."""
        n = len(p.log_prob)
        reconstruction, kl = -p.log_prob.sum() / n, p.kl.sum() / n
        counted = kl  # a KL is never below a floor of 0
        if self.free_nats != 0:
            counted = np.maximum(self._with_floors(p.kl), self.free_nats).sum() / n
        loss = reconstruction + beta * counted
        return {"loss": loss, "reconstruction": reconstruction, "kl": kl}

    def backward(self, p: Any, beta: float) -> tuple[Array, Array, Array]:
        """Return the gradients with respect to `log_prob`, `kl` and `log_ratio`."""
        n = len(p.log_prob)
        dkl = np.full_like(p.kl, beta / n)
        if self.free_nats != 0:
            dkl *= self._with_floors(p.kl).real > self.free_nats  # d max(KL, floor) / dKL
        return np.full_like(p.log_prob, -1 / n), dkl, np.zeros_like(p.log_ratio)

    def _with_floors(self, kl: Array) -> Array:
        """Return what has a floor: the KL of an example, (n, 1), or of each latent, (n, L)."""
        return kl if isinstance(self.free_nats, list) else np.sum(kl, axis=1, keepdims=True)


class ImportanceWeighted:
    """Minus the importance-weighted bound, which rises with `n_draws` from the ELBO to log p(x).

    ``loss = mean[ -log( 1/k sum_i w_i ) ]`` with ``w_i = p(x | z_i) p(z_i) / q(z_i | x)`` and k
    draws ``z_i`` from ``q(z | x)``.

    Parameters
    ----------
    n_draws : int
        Samples of z for each example, k.

    References
    ----------
    Burda, Grosse, Salakhutdinov: Importance weighted autoencoders, ICLR 2016, arXiv 1509.00519.
    """

    beta, free_nats = 1.0, 0.0

    def __init__(self, n_draws: int) -> None:
        self.n_draws = check_integer("n_draws", n_draws, 1)

    def weight(self, beta: float | None) -> float:
        """Refuse a weight of the KL: inside the logarithm of a mean there is no KL to weigh."""
        if beta not in (None, 1):
            raise ArgumentError(
                f"beta must be 1 with n_importance={self.n_draws}, got {beta:g}: "
                "the importance-weighted bound has no KL term to weigh"
            )
        return 1.0

    def forward(self, p: Any, beta: float) -> Losses:
        """Return `loss`, and the two terms of minus the ELBO, whose sum is larger on average."""
        return {
            "loss": -np.mean(log_mean_exp(self._log_weights(p))),
            "reconstruction": -np.mean(p.log_prob),
            "kl": np.mean(np.sum(p.kl, axis=1)),
        }

    def backward(self, p: Any, beta: float) -> tuple[Array, Array, Array]:
        """Return the gradients with respect to `log_prob`, `kl` and `log_ratio`."""
        log_w = self._log_weights(p)
        dlog_w = log_mean_exp_backward(log_w, np.full_like(log_w[:, 0], -1 / len(log_w))).ravel()
        return dlog_w, np.zeros_like(p.kl), dlog_w

    def _log_weights(self, p: Any) -> Array:
        # log w = log p(x | z) + log p(z) - log q(z | x)
        return (p.log_prob + p.log_ratio).reshape(-1, self.n_draws)  # (n, k)


def bound_of(
    beta: float, free_nats: float | Sequence[float], n_importance: int, n_latent: int
) -> Elbo | ImportanceWeighted:
    """Return the objective that the short forms of a VAE's arguments stand for."""
    elbo = Elbo(beta, free_nats)
    if isinstance(elbo.free_nats, list) and len(elbo.free_nats) != n_latent:
        raise ArgumentError(f"free_nats must hold n_latent={n_latent} numbers, got {free_nats!r}")
    if check_integer("n_importance", n_importance, 1) == 1:
        return elbo
    if elbo.free_nats != 0:
        raise ArgumentError(
            f"free_nats must be 0 with n_importance={n_importance}, got {free_nats!r}"
        )
    objective = ImportanceWeighted(n_importance)
    objective.weight(elbo.beta)
    return objective


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
