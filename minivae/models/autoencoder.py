"""Autoencoders: an encoder to a narrow code, a decoder back, and the distance between the ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from minivae.edge.checks import Array, as_batch, check_dtype, check_integer, check_widths
from minivae.models.model import Losses, Model
from minivae.models.regularizers import Regularizer, regularizer_from
from minivae.nn.layers import Dense
from minivae.nn.likelihoods import Likelihood, SquaredError, likelihood_from
from minivae.nn.networks import Sequential, cast, mlp


class LinearAutoencoder(Model):
    """Two matrices and a squared error, whose best subspace is that of PCA.

    Parameters
    ----------
    n_features, n_latent : int
        1 <= n_latent <= n_features.
    bias : bool
        Whether encoder and decoder add a vector; with it, the data need not be centred.
    regularizer : Regularizer, optional
        ``L2(weight)``, ``NonUniformL2(weights)`` or ``ProductL2(weight)`` of
        `minivae.models.regularizers`: a penalty of the two matrices, added to the loss.
    dtype : dtype
    rng : int or numpy.random.Generator, optional

    Notes
    -----
    The loss is ``|x - x_hat|^2``, summed over features and averaged over the batch, so its least
    value is the sum of the discarded eigenvalues of ``X.T @ X / n_samples`` for centred `X`.
    Every product of two factors ``W_e C @ inv(C) W_d`` gives the same loss, so only the subspace is
    determined, not the axes. A regularizer of the matrices themselves determines more.

    References
    ----------
    Baldi, Hornik: Neural networks and principal component analysis: learning from examples without
    local minima, Neural Networks 2 (1989).
    """

    def __init__(
        self,
        n_features: int,
        n_latent: int,
        *,
        bias: bool = False,
        regularizer: dict[str, Any] | Regularizer | None = None,
        dtype: DTypeLike = np.float64,
        rng: int | np.random.Generator | None = None,
    ) -> None:
        self.n_features = check_integer("n_features", n_features, 1)
        self.n_latent = check_integer("n_latent", n_latent, 1, n_features, of="n_features=")
        dtype, rng = check_dtype(dtype), np.random.default_rng(rng)
        self.encoder = Sequential([Dense(n_features, n_latent, bias=bias, dtype=dtype, rng=rng)])
        self.decoder = Sequential([Dense(n_latent, n_features, bias=bias, dtype=dtype, rng=rng)])
        self.likelihood = SquaredError()
        self.regularizer = regularizer_from(regularizer, n_latent)
        self.config = {
            "n_features": self.n_features,
            "n_latent": self.n_latent,
            "bias": bool(bias),
            "regularizer": self.regularizer and self.regularizer.config,
            "dtype": dtype.name,
        }

    def encode(self, x: ArrayLike) -> Array:
        """Return the code ``x @ W_e (+ b_e)``, shape (batch, n_latent)."""
        return self.encoder.forward(as_batch(x, self.n_features, self.dtype))

    _code = encode

    def losses(self, x: ArrayLike, *, rng: int | np.random.Generator | None = None) -> Losses:
        """Return ``{"loss": mean |x - x_hat|^2}``, or with a regularizer the loss and its parts.

        The parts are ``"reconstruction"``, the squared error, and ``"penalty"``.
        """
        x = as_batch(x, self.n_features, self.dtype)
        return self._losses(self.decoder.forward(self.encoder.forward(x)) - x)

    def _losses(self, r: Array) -> Losses:
        squared_error = np.sum(r * r) / len(r)
        if self.regularizer is None:
            return {"loss": squared_error}
        penalty = self.regularizer.penalty(*self._matrices)
        return {
            "loss": squared_error + penalty,
            "reconstruction": squared_error,
            "penalty": penalty,
        }

    @property
    def _matrices(self) -> tuple[Array, Array]:
        params = self.params
        return params["encoder.0.W"], params["decoder.0.W"]

    def loss_and_grads(
        self,
        x: ArrayLike,
        *,
        target: ArrayLike | None = None,
        eps: ArrayLike | None = None,
        rng: int | np.random.Generator | None = None,
    ) -> tuple[Losses, dict[str, Array]]:
        """Return the loss of a batch and its gradient by every parameter.

        Parameters
        ----------
        x : array_like, shape (batch, n_features)
        target : array_like, optional
            What is to be reconstructed, where it is not `x` itself.
        eps, rng
            Not used: nothing here is random.

        Returns
        -------
        losses : dict
            ``{"loss": mean |target - x_hat|^2}``; with a regularizer the parts, as in `losses`.
        grads : dict of str to array
            The layers' own arrays: the next call overwrites them.
        """
        x, target = self._check_input_and_target(x, target)
        n = len(x)

        z = self.encoder.forward(x)  # (n, n_latent)
        x_hat = self.decoder.forward(z)  # (n, n_features)
        r = x_hat - target
        losses = self._losses(r)

        dx_hat = 2 * r / n
        dz = self.decoder.backward(dx_hat)
        self.encoder.backward_params(dz)
        grads = self.grads
        if self.regularizer is not None:
            dW_e, dW_d = self.regularizer.penalty_backward(*self._matrices)
            grads["encoder.0.W"] += dW_e
            grads["decoder.0.W"] += dW_d
        return losses, grads


class Autoencoder(Model):
    """A multilayer encoder and its mirror image, with a linear code between them.

    Parameters
    ----------
    n_features, n_latent : int
        Widths of the data and of the code. A code wider than the data is allowed: then only noise
        (`corrupt` in `fit`) keeps the model from copying.
    hidden : sequence of int
        Widths of the encoder's hidden layers; the decoder has them in reverse.
    activation : str
        Of the hidden layers: see `mlp`.
    likelihood : str or Likelihood
        ``"bernoulli"``, ``"continuous_bernoulli"``, ``"gaussian"``, ``"squared_error"``, or an
        object such as ``Gaussian("learned")``. The loss is ``-log p(x | decoder output)`` in nats
        per example, summed over features.
    dtype : dtype
    rng : int or numpy.random.Generator, optional
    """

    def __init__(
        self,
        n_features: int,
        n_latent: int,
        *,
        hidden: Sequence[int] = (),
        activation: str = "relu",
        likelihood: str | dict[str, Any] | Likelihood = "bernoulli",
        dtype: DTypeLike = np.float64,
        rng: int | np.random.Generator | None = None,
    ) -> None:
        self.n_features = check_integer("n_features", n_features, 1)
        self.n_latent = check_integer("n_latent", n_latent, 1)
        widths = check_widths("hidden", hidden)
        self.likelihood = cast(likelihood_from(likelihood), check_dtype(dtype))
        rng = np.random.default_rng(rng)
        n_outputs = self.likelihood.n_outputs(n_features)
        self.encoder = mlp(
            [n_features, *widths, n_latent], activation=activation, dtype=dtype, rng=rng
        )
        self.decoder = mlp(
            [n_latent, *widths[::-1], n_outputs], activation=activation, dtype=dtype, rng=rng
        )
        self.config = {
            "n_features": self.n_features,
            "n_latent": self.n_latent,
            "hidden": widths,
            "activation": activation,
            "likelihood": self.likelihood.config,
            "dtype": np.dtype(dtype).name,
        }

    def encode(self, x: ArrayLike) -> Array:
        """Return the code of a batch, shape (batch, n_latent)."""
        return self.encoder.forward(as_batch(x, self.n_features, self.dtype))

    _code = encode

    def losses(self, x: ArrayLike, *, rng: int | np.random.Generator | None = None) -> Losses:
        """Return ``{"loss": mean of -log p(x | decoder output)}``."""
        x, target = self._check_input_and_target(x, None)
        out = self.decoder.forward(self.encoder.forward(x))
        return {"loss": -np.mean(self.likelihood.log_prob(target, out))}

    def loss_and_grads(
        self,
        x: ArrayLike,
        *,
        target: ArrayLike | None = None,
        eps: ArrayLike | None = None,
        rng: int | np.random.Generator | None = None,
    ) -> tuple[Losses, dict[str, Array]]:
        """Return the loss of a batch in nats and its gradient by every parameter.

        Parameters
        ----------
        x : array_like, shape (batch, n_features)
        target : array_like, optional
            What is to be reconstructed, where it is not `x` itself.
        eps, rng
            Not used: nothing here is random.

        Returns
        -------
        losses : dict
            ``{"loss": mean of -log p(target | decoder output)}``.
        grads : dict of str to array
            The layers' own arrays: the next call overwrites them.
        """
        x, target = self._check_input_and_target(x, target)
        n = len(x)

        z = self.encoder.forward(x)  # (n, n_latent)
        out = self.decoder.forward(z)  # (n, n_outputs)
        log_prob = self.likelihood.log_prob(target, out)  # (n,)
        loss = -np.mean(log_prob)

        dlog_prob = np.full(n, -1 / n, self.dtype)
        dout = self.likelihood.log_prob_backward(target, out, dlog_prob)
        dz = self.decoder.backward(dout)
        self.encoder.backward_params(dz)
        return {"loss": loss}, self.grads
