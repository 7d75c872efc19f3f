"""Several VAEs as one model: their mean predictions, and the likelihoods in which they disagree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from minivae.diagnostics.marginal_likelihood import log_likelihood
from minivae.edge.checks import ArgumentError, Array, as_batch, check_integer, check_rng
from minivae.models.objectives import log_mean_exp
from minivae.models.vae import VAE


class Ensemble:
    """VAEs of the same widths, each with weights of its own.

    Parameters
    ----------
    models : iterable of VAE
        At least one, for example trained from different random starts.
    """

    def __init__(self, models: Iterable[VAE]) -> None:
        self.models = list(models)
        if not all(isinstance(model, VAE) for model in self.models) or not self.models:
            raise ArgumentError(f"models must be at least one VAE, got {self.models!r}")
        widths = [(model.n_features, model.n_latent) for model in self.models]
        if len(set(widths)) > 1:
            raise ArgumentError(
                f"models must have the same n_features and n_latent, got {sorted(set(widths))}"
            )

    def members(self) -> Iterator[VAE]:
        """Yield the models."""
        yield from self.models

    def log_likelihoods(
        self, X: ArrayLike, n_draws: int = 50, rng: int | np.random.Generator | None = None
    ) -> Array:
        """Estimate ``log p(x | theta)`` of every example under every member.

        All members have the same noise. With noise of their own they would disagree because of it.

        Parameters
        ----------
        X : array_like, shape (n, n_features)
        n_draws : int
            The draws of z for each example, as in `minivae.log_likelihood`.
        rng : int or numpy.random.Generator, optional

        Returns
        -------
        array, shape (n_members, n), in nats
            For `minivae.diagnostics.weight_scores`.
        """
        seed = int(check_rng(rng).integers(2**32))
        return np.stack([log_likelihood(vae, X, n_draws, seed) for vae in self.members()])

    def log_likelihood(
        self, X: ArrayLike, n_draws: int = 50, rng: int | np.random.Generator | None = None
    ) -> Array:
        """Estimate log p(x) with the mean of p(x | theta) over the members, shape (n,), in nats."""
        return log_mean_exp(self.log_likelihoods(X, n_draws, rng).T)

    def code_log_likelihoods(
        self, Z: ArrayLike, n_draws: int = 5, rng: int | np.random.Generator | None = None
    ) -> Array:
        """Draw x from ``p(x | z)`` with a member at random, and return ``log p(x | z, theta)``.

        Parameters
        ----------
        Z : array_like, shape (n, n_latent)
        n_draws : int
            The draws of x for each code; each is drawn from one of the members.
        rng : int or numpy.random.Generator, optional

        Returns
        -------
        array, shape (n_draws, n_members, n), in nats
            A matrix for `minivae.diagnostics.weight_scores` for each draw of x: the mean score over
            the draws is a score of the code.
        """
        members, n_draws = list(self.members()), check_integer("n_draws", n_draws, 1)
        vae, rng = members[0], check_rng(rng)
        Z = as_batch(Z, vae.n_latent, vae.dtype, name="Z", columns="n_latent")
        outs = [vae.decoder.forward(Z) for vae in members]
        found = np.empty((n_draws, len(members), len(Z)))
        for i, m in enumerate(rng.integers(len(members), size=n_draws)):
            x = members[m].likelihood.sample(outs[m], rng)
            pairs = zip(members, outs, strict=True)
            found[i] = [vae.likelihood.log_prob(x, out) for vae, out in pairs]
        return found

    def codes(self, X: ArrayLike) -> Array:
        """Return the code of every row under every member, shape (n_members, n, n_latent)."""
        return np.stack([vae.transform(X) for vae in self.members()])

    def transform(self, X: ArrayLike, *, y: None = None) -> Array:
        """Return the mean code of every row over the members, shape (n, n_latent)."""
        return self._mean(lambda vae: vae.transform(X))

    def inverse_transform(self, Z: ArrayLike, *, y: None = None) -> Array:
        """Return the mean of x given a code, averaged over the members, shape (n, n_features)."""
        return self._mean(lambda vae: vae.decode(Z))

    def reconstruct(self, X: ArrayLike) -> Array:
        """Return X after encoding and decoding, averaged over the members."""
        return self._mean(lambda vae: vae.reconstruct(X))

    def score(self, X: ArrayLike, y: None = None) -> float:
        """Return the mean ELBO per example and member: higher is better."""
        return float(np.mean([vae.score(X) for vae in self.members()]))

    def sample(
        self, n: int, rng: int | np.random.Generator | None = None, *, mean: bool = False
    ) -> Array:
        """Return draws of x, each from a member that is drawn at random, shape (n, n_features).

        Parameters
        ----------
        n : int
        rng : int or numpy.random.Generator, optional
        mean : bool
            Return ``E[x | z, theta]`` instead of a draw of x.
        """
        members, rng = list(self.members()), check_rng(rng)
        X = np.empty((check_integer("n", n, 1), members[0].n_features), members[0].dtype)
        which = rng.integers(len(members), size=n)
        for m, vae in enumerate(members):
            rows = np.flatnonzero(which == m)
            if len(rows):
                X[rows] = vae.sample(len(rows), rng, mean=mean)
        return X

    def _mean(self, of: Callable[[VAE], Array]) -> Array:
        values: Array = np.mean([of(vae) for vae in self.members()], axis=0)
        return values
