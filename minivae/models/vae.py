"""The variational autoencoder: a code with a distribution, and backprop through its sample."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from minivae.edge.checks import (
    ArgumentError,
    Array,
    as_batch,
    as_matrix,
    as_reals,
    check_dtype,
    check_flag,
    check_integer,
    check_rng,
)
from minivae.models.labels import Labelled
from minivae.models.model import Model
from minivae.models.objectives import Elbo, ImportanceWeighted, bound_of
from minivae.models.passes import ElboParts, VAEGradients, VAEPass
from minivae.models.regularizers import Regularizer, SparseCode, regularizer_from
from minivae.nn.gaussian import (
    bound_log_var,
    bound_log_var_backward,
    kl_per_latent,
    kl_per_latent_backward,
    log_ratio_at,
    log_ratio_at_backward,
)
from minivae.nn.likelihoods import Likelihood, likelihood_from
from minivae.nn.networks import cast
from minivae.nn.rows import beside, repeat_rows, sum_rows


class VAE(Labelled, Model):
    """Encoder ``q(z | x) = N(mu(x), exp(log_var(x)))``, prior ``N(0, I)``, decoder ``p(x | z)``.

    Parameters
    ----------
    n_features, n_latent : int
        Widths of the data and of the code.
    hidden : sequence of int
        Widths of the encoder's hidden layers; the decoder has them in reverse.
    activation : str
        The activation of the hidden layers: see `mlp`.
    init : str, optional
        How the weights start: see `mlp`.
    likelihood : str or Likelihood
        ``"bernoulli"``, ``"continuous_bernoulli"``, ``"gaussian"`` (of variance 1), or an object
        such as ``Gaussian("learned")``.
    beta : float
        Weight of the KL in the loss. The loss is minus a lower bound of log p(x) for
        ``beta >= 1`` only.
    free_nats : float or sequence of float
        Nats of KL that cost an example nothing, in all, or one number for each latent.
    n_importance : int
        Samples of z for each example. Above 1 the loss is minus the importance-weighted bound,
        which is tighter than the ELBO; `beta` must then be 1, and `free_nats` 0.
    n_classes : int
        Above 0 the model is conditional: class labels `y` enter as one-hot rows, beside x in the
        encoder and beside z in the decoder.
    encoder, decoder : object, optional
        Networks of your own, with `forward`, `backward`, `params` and `grads`, instead of the two
        perceptrons. The encoder maps x to (batch, 2 n_latent): the means, then what
        `bound_log_var` turns into log variances. They are used, not copied.
    regularizer : Regularizer, optional
        A penalty of the weights, such as ``regularizers.L2(weight)``. A penalty of the code is
        refused: here the KL is one.
    dtype : dtype
    rng : int or numpy.random.Generator, optional

    References
    ----------
    Kingma, Welling: Auto-Encoding Variational Bayes, ICLR 2014, arXiv 1312.6114. Sohn, Lee, Yan:
    Learning structured output representation using deep conditional generative models, NeurIPS
    2015, for `n_classes`. `Elbo` and `ImportanceWeighted` cite what is minimised.
    """

    objective: Elbo | ImportanceWeighted

    def __init__(
        self,
        n_features: int,
        n_latent: int,
        *,
        hidden: Sequence[int] = (),
        activation: str = "relu",
        init: str | None = None,
        likelihood: str | dict[str, Any] | Likelihood = "bernoulli",
        beta: float = 1.0,
        free_nats: float | Sequence[float] = 0.0,
        n_importance: int = 1,
        n_classes: int = 0,
        encoder: Any = None,
        decoder: Any = None,
        regularizer: dict[str, Any] | Regularizer | None = None,
        dtype: DTypeLike = np.float64,
        rng: int | np.random.Generator | None = None,
    ) -> None:
        self.n_features = check_integer("n_features", n_features, 1)
        self.n_latent = check_integer("n_latent", n_latent, 1)
        self.n_classes = check_integer("n_classes", n_classes, 0)
        self.likelihood = cast(likelihood_from(likelihood), check_dtype(dtype))
        self.objective = bound_of(beta, free_nats, n_importance, n_latent)
        self.regularizer = regularizer_from(regularizer)
        if isinstance(self.regularizer, SparseCode):
            raise ArgumentError("regularizer must cost weights alone in a VAE, got SparseCode")
        self.config = {
            "n_features": self.n_features,
            "n_latent": self.n_latent,
            "likelihood": self.likelihood.config,
            "beta": self.beta,
            "free_nats": self.objective.free_nats,
            "n_importance": self.n_importance,
            "n_classes": self.n_classes,
            "regularizer": self.regularizer and self.regularizer.config,
        }
        self._build(2 * n_latent, hidden, activation, init, dtype, rng, encoder, decoder)

    @property
    def beta(self) -> float:
        """The weight of the KL, where a call gives no other."""
        return self.objective.beta

    @beta.setter
    def beta(self, value: object) -> None:
        raise AttributeError(
            "beta is fixed when the model is made; fit(..., beta=schedule) changes the weight of "
            "the KL during training, and loss_and_grads(..., beta=...) in one call"
        )

    @property
    def n_importance(self) -> int:
        """The samples of z that the loss takes for each example."""
        return self.objective.n_draws

    def inputs(
        self, x: ArrayLike, y: Any = None, target: Any = None, eps: Any = None, rng: Any = None
    ) -> tuple[Array, ...]:
        """Return what `forward` takes: x, one-hot labels, the target and the noise, checked."""
        x, target = self._input_and_target(x, target)
        eps = self._noise(len(x), eps, rng, self.n_importance)
        return x, self._one_hot(y, len(x)), target, eps

    def forward(self, x: Array, y: Array, target: Array, eps: Array) -> VAEPass:
        """Return every line from x to the terms of the bound.

        Parameters
        ----------
        x, target : array, shape (n, n_features)
        y : array, shape (n, n_classes)
            One-hot labels; without classes it has no columns.
        eps : array, shape (n k, n_latent)
            Standard normal noise: k rows for every row of x.
        """
        L, k = self.n_latent, len(eps) // len(x)
        h = self.encoder.forward(beside(x, y))  # (n, 2 L)
        code = repeat_rows(h, k)  # (n k, 2 L): every draw starts from its example's h
        mu, raw = code[:, :L], code[:, L:]
        log_var = bound_log_var(raw)
        sigma = np.exp(0.5 * log_var)
        z = mu + sigma * eps  # (n k, L), the reparameterization trick
        out = self.decoder.forward(beside(z, repeat_rows(y, k)))  # (n k, n_outputs)
        target = repeat_rows(target, k)
        log_prob = self.likelihood.log_prob(target, out)  # (n k,), log p(x | z)
        kl = kl_per_latent(mu, log_var)  # (n k, L), KL( q(z | x) || p(z) ), exact
        log_ratio = log_ratio_at(z, log_var, eps)  # (n k,), log p(z) - log q(z | x) at the draw
        return VAEPass(x, h, mu, raw, log_var, sigma, eps, z, out, target, log_prob, kl, log_ratio)

    def backward(self, p: VAEPass, dlog_prob: Array, dkl: Array, dlog_ratio: Array) -> VAEGradients:
        """Fill `grads`: the lines of `forward`, last to first.

        Parameters
        ----------
        p : VAEPass
        dlog_prob, dkl, dlog_ratio : array
            The gradient of the loss with respect to the three terms, of their shapes.
        """
        L, k = self.n_latent, len(p.eps) // len(p.h)
        dz_ratio, dlog_var_ratio = log_ratio_at_backward(p.z, p.log_var, p.eps, dlog_ratio)
        dmu_kl, dlog_var_kl = kl_per_latent_backward(p.mu, p.log_var, dkl)
        dout = self.likelihood.log_prob_backward(p.target, p.out, dlog_prob)
        dz = self.decoder.backward(dout)[:, :L] + dz_ratio
        dsigma = dz * p.eps  # z = mu + sigma eps
        dmu = dz + dmu_kl
        dlog_var_z = 0.5 * p.sigma * dsigma  # sigma = e^(log_var / 2)
        dlog_var = dlog_var_z + dlog_var_kl + dlog_var_ratio
        d_raw = bound_log_var_backward(p.raw, dlog_var)
        dh = sum_rows(np.concatenate([dmu, d_raw], axis=1), k)
        self._backward_encoder(dh)
        return VAEGradients(
            *(dz_ratio, dlog_var_ratio, dmu_kl, dlog_var_kl, dout, dz, dsigma),
            *(dmu, dlog_var_z, dlog_var, d_raw, dh),
        )

    def encode(self, x: ArrayLike, *, y: ArrayLike | None = None) -> tuple[Array, Array]:
        """Return ``(mu, log_var)`` of q(z | x), each (batch, n_latent)."""
        x = as_batch(x, self.n_features, self.dtype)
        h = self.encoder.forward(beside(x, self._one_hot(y, len(x))))
        return h[:, : self.n_latent], bound_log_var(h[:, self.n_latent :])

    def _code(self, x: ArrayLike, y: ArrayLike | None) -> Array:
        return self.encode(x, y=y)[0]

    def elbo(
        self,
        x: ArrayLike,
        eps: ArrayLike | None = None,
        rng: int | np.random.Generator | None = None,
        *,
        y: ArrayLike | None = None,
    ) -> ElboParts:
        """Return the evidence lower bound of each example, estimated with one sample of z.

        Parameters
        ----------
        x : array_like, shape (batch, n_features)
        eps : array_like, shape (batch, n_latent), optional
        rng : int or numpy.random.Generator, optional
        y : array_like of int, shape (batch,), optional
            Class labels, for a model with `n_classes`: the bound is then one of log p(x | y).

        Returns
        -------
        ElboParts
            ``(elbo, reconstruction, kl)``, each (batch,), in nats; `beta` plays no part.
        """
        x, target = self._input_and_target(x, None)
        p = self.forward(x, self._one_hot(y, len(x)), target, self._noise(len(x), eps, rng))
        kl = np.sum(p.kl, axis=1)
        return ElboParts(p.log_prob - kl, p.log_prob, kl)

    def sample_posterior(
        self,
        x: ArrayLike,
        rng: int | np.random.Generator | None = None,
        *,
        y: ArrayLike | None = None,
    ) -> Array:
        """Return one draw of ``z | x`` for each row, shape (batch, n_latent)."""
        mu, log_var = self.encode(x, y=y)
        return mu + np.exp(0.5 * log_var) * self._noise(len(mu), None, rng)

    def sample(
        self,
        n: int,
        rng: int | np.random.Generator | None = None,
        *,
        y: ArrayLike | None = None,
        mean: bool = False,
    ) -> Array:
        """Return draws from the model: ``z ~ N(0, I)``, then ``x ~ p(x | z)``.

        Parameters
        ----------
        n : int
        rng : int or numpy.random.Generator, optional
        y : int or array_like of int, shape (n,), optional
            Class labels, for a model with `n_classes`; one label serves all rows.
        mean : bool
            Return ``E[x | z]`` instead of a draw of x: the smooth images that papers print.

        Returns
        -------
        array, shape (n, n_features)
        """
        rng, mean = check_rng(rng), check_flag("mean", mean)
        z = self._noise(check_integer("n", n, 1), None, rng)
        labels = np.full(n, y) if isinstance(y, Integral | np.ndarray) and np.ndim(y) == 0 else y
        out = self.decoder.forward(beside(z, self._one_hot(labels, n)))
        return self.likelihood.mean(out) if mean else self.likelihood.sample(out, rng)

    def _noise(self, n: int, eps: Any, rng: Any, k: int = 1) -> Array:
        """Return the noise as (n k, L); where k > 1, given noise has the shape (n, k, L)."""
        if eps is None:
            eps = check_rng(rng).standard_normal((n * k, self.n_latent))
            return eps.astype(self.dtype, copy=False)
        if k > 1:
            eps, shape = as_reals("eps", eps), (n, k, self.n_latent)
            if eps.shape != shape:
                raise ArgumentError(
                    f"eps must have shape (batch, n_importance, n_latent) = {shape}, "
                    f"got {eps.shape}"
                )
            eps = eps.reshape(n * k, self.n_latent)
        eps = as_matrix(eps, self.n_latent, self.dtype, name="eps", columns="n_latent")
        if len(eps) != n * k:
            raise ArgumentError(f"eps must have {n} rows, as x has, got {len(eps)}")
        return eps


class ConditionalVAE(VAE):
    """A VAE of ``p(x | y)``: `VAE` with `n_classes`, under its usual name.

    Parameters
    ----------
    n_features, n_latent, n_classes : int
        Widths of the data and of the code, and the number of classes.
    **options
        The other arguments of `VAE`.

    References
    ----------
    Sohn, Lee, Yan: Learning structured output representation using deep conditional generative
    models, NeurIPS 2015.
    """

    def __init__(self, n_features: int, n_latent: int, n_classes: int, **options: Any) -> None:
        check_integer("n_classes", n_classes, 1)
        super().__init__(n_features, n_latent, n_classes=n_classes, **options)
