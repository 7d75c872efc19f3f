"""The variational autoencoder: a code with a distribution, and backprop through its sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from minivae.edge.checks import (
    Array,
    as_batch,
    check_dtype,
    check_integer,
    check_real,
    check_widths,
)
from minivae.models.importance import (
    check_beta,
    importance_weighted_loss_and_grads,
    importance_weighted_losses,
)
from minivae.models.model import Losses, Model
from minivae.nn.gaussian import (
    bound_log_var,
    bound_log_var_backward,
    gaussian_kl,
    gaussian_kl_backward,
    reparameterize,
    reparameterize_backward,
)
from minivae.nn.likelihoods import Likelihood, likelihood_from
from minivae.nn.networks import cast, mlp


class ElboParts(NamedTuple):
    """The evidence lower bound and its two terms, each (batch,), in nats.

    ``elbo = reconstruction - kl``, where `reconstruction` is ``log p(x | z)`` at one sample of z.
    """

    elbo: Array
    reconstruction: Array
    kl: Array


class VAE(Model):
    """Encoder ``q(z | x) = N(mu(x), exp(log_var(x)))``, prior ``N(0, I)``, decoder ``p(x | z)``.

    Parameters
    ----------
    n_features, n_latent : int
        Widths of the data and of the code.
    hidden : sequence of int
        Widths of the encoder's hidden layers; the decoder has them in reverse.
    activation : str
        Of the hidden layers: see `mlp`.
    likelihood : str or Likelihood
        ``"bernoulli"``, ``"continuous_bernoulli"``, ``"gaussian"`` (of variance 1), or an object
        such as ``Gaussian("learned")``.
    beta : float
        Weight of the KL in the loss. The loss is minus a lower bound of log p(x) for
        ``beta >= 1`` only.
    n_importance : int
        Samples of z for each example. Above 1 the loss is minus the importance-weighted bound,
        which is tighter than the ELBO; `beta` must then be 1.
    dtype : dtype
    rng : int or numpy.random.Generator, optional

    References
    ----------
    Kingma, Welling: Auto-Encoding Variational Bayes, ICLR 2014, arXiv 1312.6114. Higgins et al.:
    beta-VAE, ICLR 2017, for `beta`. Burda, Grosse, Salakhutdinov: Importance weighted
    autoencoders, ICLR 2016, arXiv 1509.00519, for `n_importance`.
    """

    def __init__(
        self,
        n_features: int,
        n_latent: int,
        *,
        hidden: Sequence[int] = (),
        activation: str = "relu",
        likelihood: str | dict[str, Any] | Likelihood = "bernoulli",
        beta: float = 1.0,
        n_importance: int = 1,
        dtype: DTypeLike = np.float64,
        rng: int | np.random.Generator | None = None,
    ) -> None:
        self.n_features = check_integer("n_features", n_features, 1)
        self.n_latent = check_integer("n_latent", n_latent, 1)
        widths = check_widths("hidden", hidden)
        self.beta = check_real("beta", beta, 0, closed="low")
        self.n_importance = check_integer("n_importance", n_importance, 1)
        check_beta(self.beta, self.n_importance)
        self.likelihood = cast(likelihood_from(likelihood), check_dtype(dtype))
        rng = np.random.default_rng(rng)
        n_outputs = self.likelihood.n_outputs(n_features)
        self.encoder = mlp(
            [n_features, *widths, 2 * n_latent], activation=activation, dtype=dtype, rng=rng
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
            "beta": self.beta,
            "n_importance": self.n_importance,
            "dtype": np.dtype(dtype).name,
        }

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
        eps : array_like, shape (batch, n_latent), optional
            The standard normal noise; the same noise gives the same answer. Its shape is
            (batch, n_importance, n_latent) where `n_importance` is above 1.
        rng : int or numpy.random.Generator, optional
            Draws `eps` where it is not given.

        Returns
        -------
        losses : dict
            ``loss = reconstruction + beta * kl``, means over the batch; `reconstruction` is
            ``-log p(target | z)``. With `n_importance` above 1 the loss is minus the tighter bound,
            on average below that sum.
        grads : dict of str to array
            The layers' own arrays: the next call overwrites them.
        """
        x, target = self._check_input_and_target(x, target)
        if self.n_importance > 1:
            return importance_weighted_loss_and_grads(self, x, target, eps, rng)
        eps = self._noise(len(x), eps, rng)
        n, k = len(x), self.n_latent

        # loss = mean_n [ -log p(x | z) + beta KL( q(z | x) || p(z) ) ],  z = mu + sigma eps
        h = self.encoder.forward(x)  # (n, 2 k)
        mu, raw = h[:, :k], h[:, k:]
        log_var = bound_log_var(raw)
        z = reparameterize(mu, log_var, eps)  # (n, k)
        out = self.decoder.forward(z)  # (n, n_outputs)
        reconstruction = -np.mean(self.likelihood.log_prob(target, out))
        kl = np.mean(gaussian_kl(mu, log_var))

        # the same lines, last to first
        dkl = np.full(n, self.beta / n, self.dtype)
        dlog_prob = np.full(n, -1 / n, self.dtype)
        dmu_kl, dlog_var_kl = gaussian_kl_backward(mu, log_var, dkl)
        dout = self.likelihood.log_prob_backward(target, out, dlog_prob)
        dz = self.decoder.backward(dout)
        dmu_z, dlog_var_z = reparameterize_backward(mu, log_var, eps, dz)
        d_raw = bound_log_var_backward(raw, dlog_var_z + dlog_var_kl)
        dh = np.concatenate([dmu_z + dmu_kl, d_raw], axis=1)
        self.encoder.backward_params(dh)

        loss = reconstruction + self.beta * kl
        return {"loss": loss, "reconstruction": reconstruction, "kl": kl}, self.grads

    def encode(self, x: ArrayLike) -> tuple[Array, Array]:
        """Return ``(mu, log_var)`` of q(z | x), each (batch, n_latent)."""
        h = self.encoder.forward(as_batch(x, self.n_features, self.dtype))
        return h[:, : self.n_latent], bound_log_var(h[:, self.n_latent :])

    def _code(self, x: ArrayLike) -> Array:
        return self.encode(x)[0]

    def elbo(
        self,
        x: ArrayLike,
        eps: ArrayLike | None = None,
        rng: int | np.random.Generator | None = None,
    ) -> ElboParts:
        """Return the evidence lower bound of each example, estimated with one sample of z.

        Parameters
        ----------
        x : array_like, shape (batch, n_features)
        eps : array_like, shape (batch, n_latent), optional
        rng : int or numpy.random.Generator, optional

        Returns
        -------
        ElboParts
            ``(elbo, reconstruction, kl)``, each (batch,), in nats; `beta` plays no part.
        """
        x, _ = self._check_input_and_target(x, None)
        mu, log_var = self.encode(x)
        z = reparameterize(mu, log_var, self._noise(len(x), eps, rng))
        reconstruction = self.likelihood.log_prob(x, self.decoder.forward(z))
        kl = gaussian_kl(mu, log_var)
        return ElboParts(reconstruction - kl, reconstruction, kl)

    def losses(self, x: ArrayLike, *, rng: int | np.random.Generator | None = None) -> Losses:
        """Return ``loss``, ``reconstruction`` and ``kl`` of a batch, without gradients."""
        if self.n_importance > 1:
            x, _ = self._check_input_and_target(x, None)
            return importance_weighted_losses(self, x, rng)
        parts = self.elbo(x, rng=rng)
        reconstruction, kl = -np.mean(parts.reconstruction), np.mean(parts.kl)
        loss = reconstruction + self.beta * kl
        return {"loss": loss, "reconstruction": reconstruction, "kl": kl}

    def sample_posterior(self, x: ArrayLike, rng: int | np.random.Generator | None = None) -> Array:
        """Return one draw of ``z | x`` for each row, shape (batch, n_latent)."""
        mu, log_var = self.encode(x)
        return reparameterize(mu, log_var, self._noise(len(mu), None, rng))

    def sample(
        self, n: int, rng: int | np.random.Generator | None = None, *, mean: bool = False
    ) -> Array:
        """Return draws from the model: ``z ~ N(0, I)``, then ``x ~ p(x | z)``.

        Parameters
        ----------
        n : int
        rng : int or numpy.random.Generator, optional
        mean : bool
            Return ``E[x | z]`` instead of a draw of x: the smooth images that papers print.

        Returns
        -------
        array, shape (n, n_features)
        """
        rng = np.random.default_rng(rng)
        out = self.decoder.forward(self._noise(check_integer("n", n, 1), None, rng))
        return self.likelihood.mean(out) if mean else self.likelihood.sample(out, rng)

    def _noise(self, n: int, eps: ArrayLike | None, rng: int | np.random.Generator | None) -> Array:
        if eps is None:
            eps = np.random.default_rng(rng).standard_normal((n, self.n_latent))
        eps = as_batch(eps, self.n_latent, self.dtype, name="eps", columns="n_latent")
        if len(eps) != n:
            raise ValueError(f"eps must have {n} rows, as x has, got {len(eps)}")
        return eps
