"""Regularizers: what a model's weights and its code cost, with the gradient below.

A penalty is a function of the parameters, as a dict with keys like ``"encoder.0.W"``, and is added
to the loss; minus the penalty is the logarithm of a prior density of the weights. `SparseCode` has
a second penalty, a function of the code of a batch. A penalty of the weights goes with a
loss that is averaged over the batch, so in a linear autoencoder its weight is in units of variance:
it compares with the eigenvalues lam_i of ``X.T @ X / n_samples``. Biases cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from minivae.edge.arguments import check_arrays
from minivae.edge.checks import (
    ArgumentError,
    ArgumentTypeError,
    Array,
    as_floats,
    as_reals,
    check_real,
    shown,
)

Params = Mapping[str, Array]


class Regularizer:
    """What is common: a name, and a `config` that makes the same regularizer again."""

    name: str

    @property
    def config(self) -> dict[str, Any]:
        """What `regularizer_from` needs to make this regularizer again."""
        raise NotImplementedError

    def check(self, params: Params) -> None:
        """Raise ValueError where a model of such parameters cannot be regularized."""

    def penalty(self, params: Params) -> Any:
        """Return what is added to the loss, a scalar."""
        raise NotImplementedError

    def penalty_backward(self, params: Params, dpenalty: float = 1.0) -> dict[str, Array]:
        """Return the gradient with respect to each parameter that costs something, by its name."""
        raise NotImplementedError


class L2(Regularizer):
    """Weight decay, ``weight * sum |W|^2`` over every weight matrix; biases cost nothing.

    In a linear autoencoder it shows the principal directions: at the least loss ``W_e = W_d.T``,
    the right singular vectors of `W_d` are the principal directions, and its squared singular
    values are ``max(1 - weight / lam_i, 0)``. The columns of `W_e` are still a rotation of them.

    Parameters
    ----------
    weight : float
        At least 0.

    References
    ----------
    Kunin, Bloom, Goeva, Seed: Loss landscapes of regularized linear autoencoders, ICML 2019,
    arXiv 1901.08168.
    """

    name = "l2"

    def __init__(self, weight: float) -> None:
        self.weight = check_real("weight", weight, 0, closed="low")

    @property
    def config(self) -> dict[str, Any]:
        """What `regularizer_from` needs to make this regularizer again."""
        return {"name": self.name, "weight": self.weight}

    def penalty(self, params: Params) -> Any:
        """Return ``weight * sum |W|^2``."""
        check_arrays("params", params)
        return self.weight * sum(np.sum(W * W) for W in params.values() if W.ndim == 2)

    def penalty_backward(self, params: Params, dpenalty: float = 1.0) -> dict[str, Array]:
        """Return the gradients; ``d |W|^2 / dW = 2 W``."""
        check_arrays("params", params)
        scale = 2 * self.weight * as_floats("dpenalty", dpenalty, ())
        return {name: scale * W for name, W in params.items() if W.ndim == 2}


class SparseCode(L2):
    """A sum of magnitudes of the code, and weight decay: few code units are far from zero.

    It adds ``l1 * mean_n sum_j |z_nj| + l2 * sum |W|^2`` to the loss of an autoencoder. Neither
    term would do alone. A decoder with weights twice as large needs a code half as large, so
    without the second term the first could be made as small as one likes at no cost.

    Parameters
    ----------
    l1, l2 : float
        At least 0.

    References
    ----------
    Olshausen, Field: Emergence of simple-cell receptive field properties by learning a sparse code
    for natural images, Nature 381 (1996), for the sum of magnitudes. Goodfellow, Bengio, Courville:
    Deep Learning, MIT Press (2016), section 14.2.1: sparse autoencoders.
    """

    name = "sparse_code"

    def __init__(self, l1: float, l2: float) -> None:
        self.l1 = check_real("l1", l1, 0, closed="low")
        super().__init__(check_real("l2", l2, 0, closed="low"))

    @property
    def config(self) -> dict[str, Any]:
        """What `regularizer_from` needs to make this regularizer again."""
        return {"name": self.name, "l1": self.l1, "l2": self.weight}

    def code_penalty(self, z: Array) -> Any:
        """Return what a code, (n, n_latent), adds to the loss: ``l1 * mean_n sum_j |z_nj|``."""
        return self.l1 / len(z) * np.sum(z * np.sign(z.real))

    def code_penalty_backward(self, z: Array, dpenalty: float = 1.0) -> Array:
        """Return ``l1 / n * sign(z)``; at zero, where there is a kink, zero."""
        return self.l1 / len(z) * dpenalty * np.sign(z.real)


class LinearRegularizer(Regularizer):
    """What regularizes two matrices only: those of a linear autoencoder.

    `W_e`, shape (n_features, n_latent), encodes, ``z = x @ W_e``; `W_d`, shape (n_latent,
    n_features), decodes, ``x_hat = z @ W_d``.
    """

    def check(self, params: Params) -> None:
        """Raise ValueError unless there are two matrices."""
        check_arrays("params", params)
        matrices = [name for name, value in params.items() if value.ndim == 2]
        if matrices != ["encoder.0.W", "decoder.0.W"]:
            raise ArgumentError(
                f"params must be of a model without hidden layers "
                f"for {type(self).__name__}, got the matrices {matrices}"
            )


class NonUniformL2(LinearRegularizer):
    """Weight decay with a weight for each latent, which orders the axes of the code.

    The penalty is ``sum_j weights[j] * (|W_e[:, j]|^2 + |W_d[j]|^2)``. Where the weights are
    positive, increase, and stay below lam_k, the least loss has ``W_e = W_d.T``, and row j of `W_d`
    is plus or minus the j-th principal direction, of squared length ``1 - weights[j] / lam_j``.

    Parameters
    ----------
    weights : sequence of float
        One for each latent, at least 0.

    References
    ----------
    Bao, Lucas, Sachdeva, Grosse: Regularized linear autoencoders recover the principal components,
    eventually, NeurIPS 2020, arXiv 2007.06731.
    """

    name = "non_uniform_l2"

    def __init__(self, weights: Sequence[float]) -> None:
        if (
            not isinstance(weights, Sequence | np.ndarray)
            or np.ndim(as_reals("weights", weights)) != 1
        ):
            raise ArgumentError(f"weights must hold a number for each latent, got {shown(weights)}")
        if not len(weights):
            raise ArgumentError("weights must hold a number for each latent, got none")
        self.weights = [
            check_real(f"weights[{j}]", weight, 0, closed="low") for j, weight in enumerate(weights)
        ]

    @property
    def config(self) -> dict[str, Any]:
        """What `regularizer_from` needs to make this regularizer again."""
        return {"name": self.name, "weights": self.weights}

    def check(self, params: Params) -> None:
        """Raise ValueError unless there are two matrices, and a weight for each latent."""
        super().check(params)
        n_latent = len(params["decoder.0.W"])
        if len(self.weights) != n_latent:
            raise ArgumentError(
                f"weights must hold n_latent={n_latent} numbers, got {self.weights}"
            )

    def penalty(self, params: Params) -> Any:
        """Return ``sum_j weights[j] * (|W_e[:, j]|^2 + |W_d[j]|^2)``."""
        self.check(params)
        W_e, W_d = params["encoder.0.W"], params["decoder.0.W"]
        weights = np.asarray(self.weights, W_e.dtype)  # (n_latent,)
        return weights @ (np.sum(W_e * W_e, axis=0) + np.sum(W_d * W_d, axis=1))

    def penalty_backward(self, params: Params, dpenalty: float = 1.0) -> dict[str, Array]:
        """Return the gradients; each latent has its own weight for its column and its row."""
        self.check(params)
        W_e, W_d = params["encoder.0.W"], params["decoder.0.W"]
        weights = np.asarray(self.weights, W_e.dtype)  # (n_latent,)
        scale = 2 * as_floats("dpenalty", dpenalty, ()) * weights
        return {"encoder.0.W": W_e * scale, "decoder.0.W": W_d * scale[:, None]}


class ProductL2(LinearRegularizer):
    """The product's own size, ``weight * |W_e @ W_d|_F^2``: what noise on the input amounts to.

    For noise e of mean zero and covariance ``weight * I``, the expectation of the denoising error
    ``|x - (x + e) W_e W_d|^2`` is ``|x - x W_e W_d|^2 + weight * |W_e W_d|^2``: this penalty with
    the noise variance as its weight. At the least loss the product keeps the k first principal
    directions, each shrunk by ``lam_i / (lam_i + weight)``.

    Parameters
    ----------
    weight : float
        At least 0; the variance of the noise.

    References
    ----------
    Kunin, Bloom, Goeva, Seed: Loss landscapes of regularized linear autoencoders, ICML 2019,
    arXiv 1901.08168. Pretorius, Kroon, Kamper: Learning dynamics of linear denoising autoencoders,
    ICML 2018, arXiv 1806.05413.
    """

    name = "product_l2"

    def __init__(self, weight: float) -> None:
        self.weight = check_real("weight", weight, 0, closed="low")

    @property
    def config(self) -> dict[str, Any]:
        """What `regularizer_from` needs to make this regularizer again."""
        return {"name": self.name, "weight": self.weight}

    def penalty(self, params: Params) -> Any:
        """Return ``weight * |W_e @ W_d|_F^2``."""
        self.check(params)
        W_e, W_d = params["encoder.0.W"], params["decoder.0.W"]
        # |W_e W_d|^2 = tr( W_e^T W_e W_d W_d^T ), whose factors are no wider than the code
        return self.weight * np.sum((W_e.T @ W_e) * (W_d @ W_d.T))

    def penalty_backward(self, params: Params, dpenalty: float = 1.0) -> dict[str, Array]:
        """Return the gradients; ``d |P|^2 / dP = 2 P``, and ``P = W_e W_d``."""
        self.check(params)
        # dW_e = 2 P W_d^T,  dW_d = 2 W_e^T P
        W_e, W_d = params["encoder.0.W"], params["decoder.0.W"]
        scale = 2 * self.weight * as_floats("dpenalty", dpenalty, ())
        return {
            "encoder.0.W": scale * W_e @ (W_d @ W_d.T),
            "decoder.0.W": scale * (W_e.T @ W_e) @ W_d,
        }


REGULARIZERS: dict[str, Callable[..., Regularizer]] = {
    kind.name: kind for kind in (L2, NonUniformL2, ProductL2, SparseCode)
}


def regularizer_from(spec: dict[str, Any] | Regularizer | None) -> Regularizer | None:
    """Return the regularizer that a `config`, a regularizer itself or None stands for.

    Raises
    ------
    TypeError, ValueError
        `spec` is something else.
    """
    if isinstance(spec, dict):
        options = dict(spec)
        name = options.pop("name", None)
        if name not in REGULARIZERS:
            raise ArgumentError(f"regularizer must be one of {sorted(REGULARIZERS)}, got {name!r}")
        return REGULARIZERS[name](**options)
    if spec is not None and not isinstance(spec, Regularizer):
        raise ArgumentTypeError(
            f"regularizer must be None or an object such as L2(weight), got {shown(spec)}"
        )
    return spec
