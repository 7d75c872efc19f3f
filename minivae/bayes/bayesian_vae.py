"""A VAE whose weights have a posterior: samples of the weights instead of one setting of them.

References
----------
Daxberger, Hernandez-Lobato: Bayesian variational autoencoders for unsupervised out-of-distribution
detection, arXiv 1912.05651.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from minivae.bayes.ensembles import Ensemble
from minivae.bayes.weight_sampling import KeepSamples, ScaleAdaptedSGHMC, WarmUpThenSample
from minivae.edge import storage
from minivae.edge.checks import (
    ArgumentError,
    Array,
    as_data_set,
    check_integer,
    check_real,
    check_rng,
)
from minivae.models.objectives import Elbo, Losses
from minivae.models.saving import Saved
from minivae.models.vae import VAE
from minivae.nn.likelihoods import Likelihood
from minivae.training import loop


class BayesianVAE(Ensemble, Saved):
    """Encoder and decoder of a VAE, with samples from the posterior of the weights.

    The weights of the decoder have normal priors, and `fit` draws them from
    ``p(theta) exp(N * ELBO)`` by scale-adapted SGHMC. The encoder is trained by Adam meanwhile, or
    its weights are drawn as well. Each sample of the weights is a VAE: see `members`.

    Parameters
    ----------
    n_features, n_latent, hidden, activation, likelihood, dtype, rng
        As for `VAE`. The likelihood is a density.
    bayesian_encoder : bool
        Draw the encoder's weights too.

    Attributes
    ----------
    vae : VAE
        The model at the place where the chain stands.
    samples_ : list of dict
        The kept samples: each a dict of arrays by parameter name.
    history_ : dict of lists
        As for `VAE`, with the ``temperature`` of the chain; NaN stands for warm-up. The temperature
        is 1 for small steps and exact gradients.
    """

    def __init__(
        self,
        n_features: int,
        n_latent: int,
        *,
        hidden: Sequence[int] = (),
        activation: str = "relu",
        likelihood: str | dict[str, Any] | Likelihood = "bernoulli",
        bayesian_encoder: bool = False,
        dtype: DTypeLike = np.float64,
        rng: int | np.random.Generator | None = None,
    ) -> None:
        options: dict[str, Any] = {"activation": activation, "dtype": dtype, "rng": rng}
        self.vae = VAE(n_features, n_latent, hidden=hidden, likelihood=likelihood, **options)
        if self.vae.likelihood.name == "squared_error":
            raise ArgumentError(
                "likelihood must be a density, such as 'bernoulli' or 'gaussian', got "
                "'squared_error': without one the weights have no posterior"
            )
        self.bayesian_encoder, self.samples_ = bool(bayesian_encoder), list[dict[str, Array]]()
        names = ("n_features", "n_latent", "likelihood", "hidden", "activation", "dtype")
        self.config = {name: self.vae.config[name] for name in names}
        self.config["bayesian_encoder"] = self.bayesian_encoder
        # what `loop.fit` asks a model for
        self.n_features, self.n_latent = self.vae.n_features, self.vae.n_latent
        self.n_classes, self.objective = 0, Elbo()
        self.likelihood, self.dtype = self.vae.likelihood, self.vae.dtype

    @property
    def params(self) -> dict[str, Array]:
        """The weights at the place where the chain stands."""
        return self.vae.params

    @property
    def grads(self) -> dict[str, Array]:
        """The gradients of the last minibatch."""
        return self.vae.grads

    def losses(self, x: ArrayLike, **options: Any) -> Losses:
        """Return the losses at the place where the chain stands, as `VAE.losses` does."""
        return self.vae.losses(x, **options)

    def loss_and_grads(self, x: ArrayLike, **options: Any) -> tuple[Losses, dict[str, Array]]:
        """Return losses and gradients at the place where the chain stands, as a VAE does."""
        return self.vae.loss_and_grads(x, **options)

    def is_sampled(self, name: str) -> bool:
        """Return whether a parameter is drawn: the decoder's and the likelihood's always are."""
        return self.bayesian_encoder or not name.startswith("encoder.")

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        epochs: int,
        batch_size: int = 128,
        warm_up: int | None = None,
        burn_in: int | None = None,
        keep_every: int = 1,
        step: float = 0.01,
        friction: float = 0.05,
        integrator: str = "baoab",
        callbacks: Iterable[Any] = (),
        rng: int | np.random.Generator | None = None,
        verbose: bool = False,
        resume: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Train by Adam, then follow SGHMC through the posterior of the weights.

        Parameters
        ----------
        X : array_like or memmap, shape (n_samples, n_features)
        y : ignored
        epochs : int
            Passes over the data, in all.
        batch_size : int
        warm_up : int, optional
            Epochs of Adam at the start, a quarter of all by default. A chain from random weights
            needs far longer.
        burn_in : int, optional
            Epochs of SGHMC that adapt the step sizes and keep no sample; by default a quarter of
            all. With 0 they are adapted in the first epoch that keeps one.
        keep_every : int
            A sample is kept after every so many epochs that follow.
        step, friction, integrator
            Of `ScaleAdaptedSGHMC`.
        callbacks, rng, verbose, resume
            As for `VAE`. A run that is resumed from the file of a `Checkpoint` ends bit for bit
            where an uninterrupted one does, if `warm_up` and `burn_in` are given.

        Returns
        -------
        self
            With `samples_` and `history_`. A new run drops the samples of earlier ones.

        Raises
        ------
        ValueError, TypeError
            An argument is out of its range.
        FloatingPointError
            The chain diverges.
        """
        check_integer("epochs", epochs, 1)
        warm_up = epochs // 4 if warm_up is None else check_integer("warm_up", warm_up, 0)
        burn_in = epochs // 4 if burn_in is None else check_integer("burn_in", burn_in, 0)
        check_integer("keep_every", keep_every, 1)
        if warm_up + burn_in + keep_every > epochs:
            raise ArgumentError(
                f"epochs must be at least warm_up + burn_in + keep_every = "
                f"{warm_up + burn_in + keep_every}, or no sample is kept; got {epochs}"
            )
        X = as_data_set(X, self.n_features, self.dtype, interval=self.likelihood.interval)
        check_integer("batch_size", batch_size, 1, len(X), of="n_samples=")
        rng, n_batches = check_rng(rng), -(-len(X) // batch_size)
        sampler = ScaleAdaptedSGHMC(
            *(check_real("step", step, 0), friction),
            n_examples=len(X),
            n_batches=n_batches,
            n_adapting=n_batches * max(1, burn_in),
            integrator=integrator,
            rng=rng,  # the loop's own generator, so that one state is kept for both
        )
        self.samples_ = []
        keep = KeepSamples(sampler, warm_up, warm_up + burn_in, keep_every)
        options: dict[str, Any] = {"batch_size": batch_size, "verbose": verbose, "resume": resume}
        optimizer: Any = WarmUpThenSample(sampler, self.is_sampled, warm_up * n_batches)
        every = [keep, *callbacks]
        try:
            loop.fit(
                self, X, epochs=epochs, optimizer=optimizer, callbacks=every, rng=rng, **options
            )
        except FloatingPointError as error:
            if optimizer.t <= optimizer.warm_up:
                raise
            message = f"the chain of the weights diverged with step={step:g}, try a third of it"
            raise FloatingPointError(f"{message}: {error}") from error
        return self

    def members(self) -> Iterator[VAE]:
        """Yield a VAE for each sample of the weights, of its own arrays.

        With a decoder alone that is sampled, all have the encoder of the last epoch.

        Raises
        ------
        ValueError
            There are no samples yet.
        """
        self._check_samples()
        for sample in self.samples_:
            member = copy.deepcopy(self.vae)
            for name, value in member.params.items():
                value[...] = sample.get(name, value)
            yield member

    def lag_distances(self) -> Array:
        """Return how far apart samples are, relative to their length, for each lag.

        Entry k - 1 is the root mean square distance of samples that lie k places apart in the
        chain, divided by the root mean square length of a sample. In a stationary chain it reaches
        a level; where it still rises at the largest lags, the samples are a trajectory.

        Returns
        -------
        array, shape (n_samples - 1,)
        """
        self._check_samples()
        rows = [np.concatenate([a.ravel() for a in s.values()]) for s in self.samples_]
        weights = np.array(rows, float)
        length = np.mean(np.sum(weights**2, axis=1))
        steps = [weights[lag:] - weights[:-lag] for lag in range(1, len(weights))]
        return np.sqrt([np.mean(np.sum(step**2, axis=1)) / length for step in steps])

    def _check_samples(self) -> None:
        if not self.samples_:
            raise ArgumentError("the model has no samples of its weights yet: call fit first")

    def state_dict(self) -> storage.Tree:
        """Return what a file holds: that of a VAE, and the samples, each array a stack of them."""
        names = self.samples_[0] if self.samples_ else ()
        stacks = {name: np.stack([sample[name] for sample in self.samples_]) for name in names}
        return super().state_dict() | {"samples": stacks}

    def load_state_dict(self, state: storage.Tree) -> None:
        """Take over parameters, history and samples."""
        stacks = state["samples"]
        if stacks.keys() - set(filter(self.is_sampled, self.params)):
            raise ArgumentError(f"the file's samples are of {sorted(stacks)}, not of {self!r}")
        for name, stack in stacks.items():
            if stack.shape[1:] != self.params[name].shape:
                raise ArgumentError(f"the file's samples of {name} have the shape {stack.shape}")
        super().load_state_dict(state)
        n_samples = len(next(iter(stacks.values()), ()))
        self.samples_ = [
            {name: stack[i].copy() for name, stack in stacks.items()} for i in range(n_samples)
        ]
