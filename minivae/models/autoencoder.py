"""Autoencoders: an encoder to a narrow code, a decoder back, and the distance between the ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from minivae.edge.checks import (
    Array,
    as_batch,
    check_dtype,
    check_flag,
    check_integer,
    check_rng,
)
from minivae.models.model import Model
from minivae.models.objectives import Reconstruction
from minivae.models.passes import AutoencoderGradients, AutoencoderPass
from minivae.models.regularizers import Regularizer, SparseCode, regularizer_from
from minivae.nn.layers import Dense
from minivae.nn.likelihoods import Likelihood, SquaredError, likelihood_from
from minivae.nn.networks import Sequential, cast


class Autoencoder(Model):
    """A multilayer encoder and its mirror image, with a linear code between them.

    Parameters
    ----------
    n_features, n_latent : int
        Widths of the data and of the code. A code wider than the data is allowed: then only noise
        (`corrupt` in `fit`) or a regularizer keeps the model from copying.
    hidden : sequence of int
        Widths of the encoder's hidden layers; the decoder has them in reverse.
    activation : str
        The activation of the hidden layers: see `mlp`.
    init : str, optional
        How the weights start: see `mlp`.
    likelihood : str or Likelihood
        ``"bernoulli"``, ``"continuous_bernoulli"``, ``"gaussian"``, ``"squared_error"``, or an
        object such as ``Gaussian("learned")``. The loss is ``-log p(x | decoder output)`` in nats
        per example, summed over features.
    encoder, decoder : object, optional
        Networks of your own, with `forward`, `backward`, `params` and `grads`, instead of the two
        perceptrons. They are used, not copied.
    regularizer : Regularizer, optional
        A penalty of the weights, such as ``regularizers.L2(weight)``, or of the code too,
        ``regularizers.SparseCode(l1, l2)``, added to the loss.
    dtype : dtype
    rng : int or numpy.random.Generator, optional
    """

    objective: Reconstruction

    def __init__(
        self,
        n_features: int,
        n_latent: int,
        *,
        hidden: Sequence[int] = (),
        activation: str = "relu",
        init: str | None = None,
        likelihood: str | dict[str, Any] | Likelihood = "bernoulli",
        encoder: Any = None,
        decoder: Any = None,
        regularizer: dict[str, Any] | Regularizer | None = None,
        dtype: DTypeLike = np.float64,
        rng: int | np.random.Generator | None = None,
    ) -> None:
        self.n_features = check_integer("n_features", n_features, 1)
        self.n_latent = check_integer("n_latent", n_latent, 1)
        self.likelihood = cast(likelihood_from(likelihood), check_dtype(dtype))
        self.objective = Reconstruction()
        self.regularizer = regularizer_from(regularizer)
        self.config = {
            "n_features": self.n_features,
            "n_latent": self.n_latent,
            "likelihood": self.likelihood.config,
            "regularizer": self.regularizer and self.regularizer.config,
        }
        self._build(n_latent, hidden, activation, init, dtype, rng, encoder, decoder)

    def inputs(
        self, x: ArrayLike, y: Any = None, target: Any = None, eps: Any = None, rng: Any = None
    ) -> tuple[Array, ...]:
        """Return what `forward` takes: x and the target, checked. Nothing here is random."""
        x, target = self._input_and_target(x, target)
        self.check_labels(y, len(x))
        return x, target

    def forward(self, x: Array, target: Array) -> AutoencoderPass:
        """Return every line from x to the log-likelihood of the target.

        Parameters
        ----------
        x, target : array, shape (n, n_features)
        """
        z = self.encoder.forward(x)  # (n, n_latent)
        out = self.decoder.forward(z)  # (n, n_outputs)
        log_prob = self.likelihood.log_prob(target, out)  # (n,)
        return AutoencoderPass(x, z, out, target, log_prob)

    def backward(
        self, p: AutoencoderPass, dlog_prob: Array, dpenalty: float = 1.0
    ) -> AutoencoderGradients:
        """Fill `grads`: the lines of `forward`, last to first.

        Parameters
        ----------
        p : AutoencoderPass
        dlog_prob : array, shape (n,)
            The gradient of the loss with respect to `log_prob`.
        dpenalty : float
            The gradient of the loss with respect to a penalty of the code.
        """
        dout = self.likelihood.log_prob_backward(p.target, p.out, dlog_prob)
        dz = self.decoder.backward(dout)
        dz_penalty = np.zeros_like(dz)
        if isinstance(self.regularizer, SparseCode):
            dz_penalty = self.regularizer.code_penalty_backward(p.z, dpenalty)
            dz = dz + dz_penalty
        self._backward_encoder(dz)
        return AutoencoderGradients(dout, dz_penalty, dz)

    def encode(self, x: ArrayLike) -> Array:
        """Return the code of a batch, shape (batch, n_latent)."""
        return self.encoder.forward(as_batch(x, self.n_features, self.dtype))

    def _code(self, x: ArrayLike, y: object) -> Array:
        return self.encode(x)


class LinearAutoencoder(Autoencoder):
    """Two matrices and a squared error, whose best subspace is the one that PCA finds.

    Parameters
    ----------
    n_features, n_latent : int
        A code as wide as the data, or wider, lets the model copy its input.
    bias : bool
        Whether encoder and decoder add a vector; with it, the data need not be centred.
    regularizer : Regularizer, optional
        ``L2(weight)``, ``NonUniformL2(weights)`` or ``ProductL2(weight)`` of
        `minivae.regularizers`: a penalty of the two matrices, added to the loss. Or
        ``SparseCode(l1, l2)``: a penalty of the code and the matrices.
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
        n, k = check_integer("n_features", n_features, 1), check_integer("n_latent", n_latent, 1)
        ends: dict[str, Any] = {"bias": check_flag("bias", bias), "dtype": check_dtype(dtype)}
        rng = check_rng(rng)
        super().__init__(
            n,
            k,
            likelihood=SquaredError(),
            encoder=Sequential([Dense(n, k, rng=rng, **ends)]),
            decoder=Sequential([Dense(k, n, rng=rng, **ends)]),
            regularizer=regularizer,
            dtype=dtype,
        )
        regularized = self.config["regularizer"]
        self.config = {"n_features": n, "n_latent": k, "bias": check_flag("bias", bias)}
        self.config |= {"regularizer": regularized, "dtype": self.dtype.name}
