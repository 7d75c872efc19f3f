"""What every trainable model shares: its loss as a stack of two layers, and how it is saved."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from minivae.edge.arguments import check_has
from minivae.edge.checks import (
    ArgumentError,
    ArgumentTypeError,
    Array,
    as_batch,
    as_data_set,
    as_matrix,
    check_dtype,
    check_rng,
    check_widths,
    shown,
)
from minivae.edge.vectors import join
from minivae.models.labels import check_labels, labels_of, one_hot
from minivae.models.objectives import Elbo, ImportanceWeighted, Losses, Reconstruction
from minivae.models.regularizers import Regularizer, SparseCode
from minivae.models.saving import Saved
from minivae.nn.likelihoods import Likelihood
from minivae.nn.networks import Composite, Sequential, mlp
from minivae.nn.rows import beside, row_blocks
from minivae.training import loop

ROWS = 1000  # that go through a network at once


class Model(Saved, Composite):
    """An encoder, a decoder, and a likelihood that says what the decoder's output means.

    A model is a layer: `forward` goes from x to the terms of the loss, and `backward` takes the
    gradients with respect to those terms back to the parameters. An objective is a layer on top,
    from the terms to the loss. `loss_and_grads` stacks the two.

    A subclass sets `objective`, `n_features`, `n_latent` and `config`, the arguments that make it
    again, calls `_build`, and defines `inputs`, `forward`, `backward` and `encode`.
    """

    encoder: Any
    decoder: Any
    likelihood: Likelihood
    objective: Reconstruction | Elbo | ImportanceWeighted
    regularizer: Regularizer | None = None
    n_features: int
    n_latent: int
    n_classes: int = 0
    config: dict[str, Any]

    # inputs(x, y, target, eps, rng): what `forward` takes, checked; noise not given is drawn
    inputs: Callable[..., tuple[Array, ...]]
    # forward(*inputs): every line of a pass by name; the terms of the loss are the last
    forward: Callable[..., Any]
    # backward(pass, *dterms): fills `grads`, and returns the gradients with respect to the lines
    backward: Callable[..., Any]

    fit = loop.fit

    def _build(
        self,
        n_code: int,
        hidden: Sequence[int],
        activation: str,
        init: str | None,
        dtype: DTypeLike,
        rng: int | np.random.Generator | None,
        encoder: Any = None,
        decoder: Any = None,
    ) -> None:
        """Set `encoder` and `decoder`: those that are given, or two mirrored perceptrons."""
        dtype, rng = check_dtype(dtype), check_rng(rng)
        widths = check_widths("hidden", hidden)
        options: dict[str, Any] = {"activation": activation, "init": init}
        options |= {"dtype": dtype, "rng": rng}
        ends = self.n_features + self.n_classes, self.n_latent + self.n_classes
        n_outputs = self.likelihood.n_outputs(self.n_features)
        self.encoder, self.decoder = encoder, decoder
        if encoder is None:
            self.encoder = mlp([ends[0], *widths, n_code], **options)
        if decoder is None:
            self.decoder = mlp([ends[1], *widths[::-1], n_outputs], **options)
        join(self._layers_of_its_own(encoder, decoder))
        self.config |= {"hidden": widths, "activation": activation, "init": init}
        self.config |= {"dtype": dtype.name}
        for name, given, n_in, n_out in (
            ("encoder", encoder, ends[0], n_code),
            ("decoder", decoder, ends[1], n_outputs),
        ):
            if given is not None:
                _check_network(name, given, n_in, n_out, dtype)
                self.config[name] = type(given).__name__
        if self.regularizer is not None:
            self.regularizer.check(self.params)

    def _layers_of_its_own(self, encoder: Any, decoder: Any) -> list[Any]:
        """Return the layers of the networks that were not given: nobody else holds their arrays.

        A likelihood may be made of layers that hold its arrays too.
        """
        both = (self.encoder, encoder), (self.decoder, decoder)
        return [layer for network, given in both if given is None for layer in network.layers]

    @property
    def parts(self) -> dict[str, Any]:
        """Encoder, decoder and likelihood."""
        return {"encoder": self.encoder, "decoder": self.decoder, "likelihood": self.likelihood}

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the parameters, and so of everything that is computed."""
        first = self.encoder
        while isinstance(first, Sequential) and first.layers[0].params:
            first = first.layers[0]  # naming every parameter takes longer than a small layer
        return next(iter((first.params or self.params).values())).dtype

    def losses(
        self,
        x: ArrayLike,
        *,
        y: ArrayLike | None = None,
        eps: ArrayLike | None = None,
        rng: int | np.random.Generator | None = None,
        beta: float | None = None,
    ) -> Losses:
        """Return the loss of a batch and its parts, as `loss_and_grads` does, without gradients."""
        beta = self.objective.weight(beta)
        p = self.forward(*self.inputs(x, y, None, eps, rng))
        return self._with_penalty(self.objective.forward(p, beta), p)

    def loss_and_grads(
        self,
        x: ArrayLike,
        *,
        y: ArrayLike | None = None,
        target: ArrayLike | None = None,
        eps: ArrayLike | None = None,
        rng: int | np.random.Generator | None = None,
        beta: float | None = None,
    ) -> tuple[Losses, dict[str, Array]]:
        """Return the loss of a batch, and its gradient with respect to every parameter.

        Parameters
        ----------
        x : array_like, shape (batch, n_features)
        y : array_like of int, shape (batch,), optional
            Class labels, for a model with `n_classes`.
        target : array_like, shape (batch, n_features), optional
            What is to be reconstructed, where it is not `x` itself.
        eps : array_like, shape (batch, n_latent), optional
            The standard normal noise of a VAE: the same noise gives the same answer. The shape is
            (batch, n_importance, n_latent) where `n_importance` is above 1.
        rng : int or numpy.random.Generator, optional
            Draws `eps` where it is not given.
        beta : float, optional
            The weight of the KL in this loss; by default the model's own.

        Returns
        -------
        losses : dict
            ``loss`` and its parts, in nats per example and averaged over the batch. A VAE has
            ``loss = reconstruction + beta * kl``, where `reconstruction` is ``-log p(target | z)``;
            the importance-weighted loss is on average below that sum. An autoencoder has the loss
            ``-log p(target | code)`` alone. A regularizer adds the part `penalty`.
        grads : dict of str to array
            The layers' own arrays: the next call overwrites them.
        """
        beta = self.objective.weight(beta)
        p = self.forward(*self.inputs(x, y, target, eps, rng))
        losses = self.objective.forward(p, beta)
        self.backward(p, *self.objective.backward(p, beta))
        grads = self.grads
        if self.regularizer is not None:
            for name, gradient in self.regularizer.penalty_backward(self.params).items():
                grads[name] += gradient
        return self._with_penalty(losses, p), grads

    def penalty(self, p: Any) -> Any:
        """Return what the regularizer adds to the loss of a pass, for weights and code."""
        if self.regularizer is None:
            return 0.0
        penalty = self.regularizer.penalty(self.params)
        if isinstance(self.regularizer, SparseCode):
            penalty += self.regularizer.code_penalty(p.z)
        return penalty

    def _with_penalty(self, losses: Losses, p: Any) -> Losses:
        if self.regularizer is None:
            return losses
        penalty, loss = self.penalty(p), losses.pop("loss")
        return {"loss": loss + penalty, "reconstruction": loss, **losses, "penalty": penalty}

    def transform(self, X: ArrayLike, *, y: ArrayLike | None = None) -> Array:
        """Return the code of every row: for a VAE the posterior mean, so nothing is random.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_features)
        y : array_like of int, shape (n_samples,), optional
            Class labels, for a model with `n_classes`.

        Returns
        -------
        array, shape (n_samples, n_latent)
        """
        X = as_data_set(X, self.n_features, self.dtype)
        y = self.check_labels(y, len(X))
        blocks = row_blocks(len(X), ROWS)
        return np.concatenate([self._code(X[rows], labels_of(y, rows)) for rows in blocks])

    def fit_transform(self, X: ArrayLike, y: ArrayLike | None = None, **options: Any) -> Array:
        """Return ``fit(X, y, **options).transform(X, y=y)``."""
        return self.fit(X, y, **options).transform(X, y=y if self.n_classes else None)

    def inverse_transform(self, Z: ArrayLike, *, y: ArrayLike | None = None) -> Array:
        """Return the decoded means of codes, shape (n_samples, n_features)."""
        return self.decode(Z, y=y)

    def reconstruct(self, x: ArrayLike, *, y: ArrayLike | None = None) -> Array:
        """Return `x` after encoding and decoding, shape (batch, n_features)."""
        return self.decode(self.transform(x, y=y), y=y)

    def score(self, X: ArrayLike, y: ArrayLike | None = None) -> float:
        """Return minus the mean loss per example: higher is better."""
        return -loop.evaluate(self, X, y)["loss"]

    def decode(self, z: ArrayLike, *, y: ArrayLike | None = None) -> Array:
        """Return the mean of x given a code.

        Parameters
        ----------
        z : array_like, shape (batch, n_latent)
        y : array_like of int, shape (batch,), optional
            Class labels, for a model with `n_classes`.

        Returns
        -------
        array, shape (batch, n_features)
        """
        z = as_matrix(z, self.n_latent, self.dtype, name="z", columns="n_latent")
        return self.likelihood.mean(self.decoder.forward(beside(z, self._one_hot(y, len(z)))))

    def _code(self, x: ArrayLike, y: ArrayLike | None) -> Array:
        raise NotImplementedError

    def _backward_encoder(self, dh: Array) -> None:
        """Fill the encoder's `grads`; its input is data and needs no gradient."""
        if hasattr(self.encoder, "backward_params"):
            self.encoder.backward_params(dh)
        else:
            self.encoder.backward(dh)

    def with_encoder(self, encoder: Any) -> Self:
        """Return a model that shares all with this one, its parameters too, but for the encoder."""
        check_has("encoder", encoder, ("forward", "params", "grads"), "a network, as a layer is")
        other = copy.copy(self)
        other.encoder = encoder
        return other

    def check_labels(self, y: ArrayLike | None, n_rows: int) -> Array | None:
        """Return `y` as labels for `n_rows` rows; None where the model has no classes."""
        if y is None and self.n_classes == 0:
            return None
        return check_labels(y, n_rows, self.n_classes)

    def _one_hot(self, y: ArrayLike | None, n_rows: int) -> Array:
        return one_hot(y, n_rows, self.n_classes, self.dtype)

    def _input_and_target(self, x: ArrayLike, target: ArrayLike | None) -> tuple[Array, Array]:
        """Return both as float arrays; only the target must suit the likelihood."""
        interval = self.likelihood.interval
        if target is None:
            x = as_batch(x, self.n_features, self.dtype, interval=interval)
            return x, x
        x = as_batch(x, self.n_features, self.dtype)
        target = as_batch(target, self.n_features, self.dtype, name="target", interval=interval)
        if len(target) != len(x):
            raise ArgumentError(f"target must have {len(x)} rows, as x has, got {len(target)}")
        return x, target


def _check_network(name: str, network: Any, n_in: int, n_out: int, dtype: np.dtype[Any]) -> None:
    """Refuse a given network that is not a layer, or has another width or dtype than is needed."""
    for method in ("forward", "backward", "params", "grads"):
        if isinstance(network, type) or not hasattr(network, method):
            raise ArgumentTypeError(
                f"{name} must have {method}, as a layer has, got {shown(network)}"
            )
    for key, value in network.params.items():
        if value.dtype != dtype:
            raise ArgumentError(
                f"{name} must have parameters of dtype={dtype}, got {value.dtype} for {key}"
            )
    shape = network.forward(np.zeros((1, n_in), dtype)).shape
    if shape != (1, n_out):
        raise ArgumentError(f"{name} must map (batch, {n_in}) to (batch, {n_out}), got {shape}")
