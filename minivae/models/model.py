"""What every trainable model shares: `fit`, `transform`, `score`, and how it is saved."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge import storage
from minivae.edge.checks import Array, as_batch, as_data_set
from minivae.nn.likelihoods import Likelihood
from minivae.nn.networks import Composite
from minivae.training import loop
from minivae.training.optimizers import Optimizer

Losses = dict[str, Any]


class Model(Composite):
    """An encoder, a decoder, and a likelihood that says what the decoder's output means.

    A subclass sets `encoder`, `decoder`, `likelihood`, `n_features`, `n_latent` and `config`, the
    arguments that make it again, and defines `encode`, `decode`, `losses` and `loss_and_grads`.
    """

    kinds: ClassVar[dict[str, type[Model]]] = {}

    encoder: Any
    decoder: Any
    likelihood: Likelihood
    n_features: int
    n_latent: int
    config: dict[str, Any]

    def __init_subclass__(cls) -> None:
        Model.kinds[cls.__name__] = cls

    @property
    def parts(self) -> dict[str, Any]:
        """Encoder, decoder and likelihood."""
        return {"encoder": self.encoder, "decoder": self.decoder, "likelihood": self.likelihood}

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the parameters, and so of everything that is computed."""
        return next(iter(self.encoder.params.values())).dtype

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.config.items())
        return f"{type(self).__name__}({arguments})"

    def losses(self, x: ArrayLike, *, rng: int | np.random.Generator | None = None) -> Losses:
        """Return the loss of a batch and its parts, without gradients."""
        raise NotImplementedError

    def loss_and_grads(
        self,
        x: ArrayLike,
        *,
        target: ArrayLike | None = None,
        eps: ArrayLike | None = None,
        rng: int | np.random.Generator | None = None,
    ) -> tuple[Losses, dict[str, Array]]:
        """Return the loss of a batch with its parts, and its gradient by every parameter."""
        raise NotImplementedError

    def fit(
        self,
        X: ArrayLike,
        *,
        epochs: int,
        batch_size: int = 128,
        optimizer: Optimizer | None = None,
        validation: ArrayLike | None = None,
        corrupt: Callable[[Array, np.random.Generator], Array] | None = None,
        callbacks: Iterable[Any] = (),
        rng: int | np.random.Generator | None = None,
        verbose: bool = False,
        resume: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Train on shuffled minibatches.

        Parameters
        ----------
        X : array_like or memmap, shape (n_samples, n_features)
            Floats, or images as ``uint8``, which are scaled to [0, 1] batch by batch; never copied.
        epochs : int
            Passes over the data; with `resume`, those that were done before count.
        batch_size : int
            At most n_samples. The last batch of an epoch holds what is left.
        optimizer : SGD or Adam, optional
            ``Adam()`` by default.
        validation : array_like, optional
            Data whose losses the history holds as ``val_...``, always with the same noise.
        corrupt : callable, optional
            ``corrupt(x, rng)`` returns a noisy batch of the same shape; the model sees it, and is
            asked for the clean one (a denoising autoencoder).
        callbacks : iterable of callables
            Each is called with the `Run` after every epoch: `EarlyStopping`, yours, and last
            `Checkpoint`.
        rng : int or numpy.random.Generator, optional
            One seed gives one history, bit for bit.
        verbose : bool
            Print a line for every epoch.
        resume : path, optional
            A file of `Checkpoint`: go on where it stopped, with the same data, batch size,
            kind of optimizer and callbacks.

        Returns
        -------
        self
            With `history_`, a dict of lists: ``epoch``, ``loss``, its parts, and ``val_...``.

        Raises
        ------
        ValueError, TypeError
            An argument is out of its range; X holds NaN, infinity, or what the likelihood excludes.
        FloatingPointError
            The loss stopped being finite; the last checkpoint stays.

        References
        ----------
        Vincent et al.: Extracting and composing robust features with denoising autoencoders, ICML
        2008, for `corrupt`.
        """
        loop.fit(
            self,
            X,
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            validation=validation,
            corrupt=corrupt,
            callbacks=callbacks,
            rng=rng,
            verbose=verbose,
            resume=resume,
        )
        return self

    def transform(self, X: ArrayLike) -> Array:
        """Return the code of every row: for a VAE the posterior mean, so nothing is random.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_features)

        Returns
        -------
        array, shape (n_samples, n_latent)
        """
        X = as_data_set(X, self.n_features, self.dtype)
        step = loop.VALIDATION_BATCH
        return np.concatenate([self._code(X[i : i + step]) for i in range(0, len(X), step)])

    def fit_transform(self, X: ArrayLike, **options: Any) -> Array:
        """Return ``fit(X, **options).transform(X)``."""
        return self.fit(X, **options).transform(X)

    def inverse_transform(self, Z: ArrayLike) -> Array:
        """Return the decoded means of codes, shape (n_samples, n_features)."""
        return self.decode(Z)

    def reconstruct(self, x: ArrayLike) -> Array:
        """Return `x` after encoding and decoding, shape (batch, n_features)."""
        return self.decode(self.transform(x))

    def score(self, X: ArrayLike) -> float:
        """Return minus the mean loss per example: higher is better."""
        return -loop.evaluate(self, X)["loss"]

    def decode(self, z: ArrayLike) -> Array:
        """Return the mean of x given a code.

        Parameters
        ----------
        z : array_like, shape (batch, n_latent)

        Returns
        -------
        array, shape (batch, n_features)
        """
        return self.likelihood.mean(self.decoder.forward(self._check_code(z)))

    def _code(self, x: ArrayLike) -> Array:
        raise NotImplementedError

    def _check_code(self, z: ArrayLike) -> Array:
        return as_batch(z, self.n_latent, self.dtype, name="z", columns="n_latent")

    def _check_input_and_target(
        self, x: ArrayLike, target: ArrayLike | None
    ) -> tuple[Array, Array]:
        """Return both as float arrays; only the target must suit the likelihood."""
        interval = self.likelihood.interval
        if target is None:
            x = as_batch(x, self.n_features, self.dtype, interval=interval)
            return x, x
        x = as_batch(x, self.n_features, self.dtype)
        target = as_batch(target, self.n_features, self.dtype, name="target", interval=interval)
        if len(target) != len(x):
            raise ValueError(f"target must have {len(x)} rows, as x has, got {len(target)}")
        return x, target

    def state_dict(self) -> storage.Tree:
        """Return what a file holds: the kind of model, its arguments, parameters and history."""
        return {
            "kind": type(self).__name__,
            "config": self.config,
            "history": getattr(self, "history_", {}),
            "params": self.params,
        }

    def load_state_dict(self, state: storage.Tree) -> None:
        """Take over parameters and history; kind and arguments must be this model's own."""
        if state["kind"] != type(self).__name__ or state["config"] != self.config:
            raise ValueError(f"the file holds {state['kind']} {state['config']}, not {self!r}")
        params, history = self.params, state["history"]
        shapes = {name: (value.dtype.name, value.shape) for name, value in params.items()}
        theirs = {name: (v.dtype.name, v.shape) for name, v in state["params"].items()}
        if theirs != shapes:
            raise ValueError(f"the file's parameters must be {shapes}, got {theirs}")
        self.history_ = {name: list(values) for name, values in history.items()}
        for name, value in state["params"].items():
            params[name][...] = value

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one ``.npz`` file, whole or not at all.

        Raises
        ------
        OSError
            The file cannot be written; an earlier one of that name is unharmed.
        """
        storage.write(path, self.state_dict())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Return the model that `save` or a `Checkpoint` wrote.

        Raises
        ------
        OSError
            The file cannot be read.
        ValueError
            It is damaged, not a model's, or another kind of model's.
        """
        state = storage.read(path)
        try:
            kind = Model.kinds[state["kind"]]
            _refuse_more_than(state)
            model = kind(**state["config"])
            model.load_state_dict(state)
        except Exception as error:
            raise ValueError(f"{path} does not hold a minivae model: {error}") from error
        if not isinstance(model, cls):
            raise ValueError(f"{path} holds {kind.__name__}, not {cls.__name__}: use its own load")
        return model


def _refuse_more_than(state: storage.Tree) -> None:
    """Refuse widths that ask for more than the file's own arrays, before memory is taken."""
    config = state["config"]
    widths = [config["n_features"], *config.get("hidden", ()), config["n_latent"]]
    n_weights = sum(n_in * n_out for n_in, n_out in pairwise(widths))
    if n_weights > sum(array.size for array in state["params"].values()):
        raise ValueError("its widths do not fit its parameters")


load = Model.load
