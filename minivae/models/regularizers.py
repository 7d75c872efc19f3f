"""Regularizers of the linear autoencoder: what its two matrices cost, with the gradient below.

`W_e`, shape (n_features, n_latent), encodes, ``z = x @ W_e``; `W_d`, shape (n_latent, n_features),
decodes, ``x_hat = z @ W_d``. A penalty is added to a squared error that is averaged over the batch,
so weights are in units of variance: they compare with the eigenvalues lam_i of
``X.T @ X / n_samples``. Biases cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minivae.edge.checks import Array, check_real


class Regularizer:
    """What is common: a name, and a `config` that makes the same regularizer again."""

    name: str

    @property
    def config(self) -> dict[str, Any]:
        """What `regularizer_from` needs to make this regularizer again."""
        raise NotImplementedError

    def check_width(self, n_latent: int) -> None:
        """Raise ValueError where codes of that width cannot be regularized."""

    def penalty(self, W_e: Array, W_d: Array) -> Any:
        """Return what is added to the loss, a scalar."""
        raise NotImplementedError

    def penalty_backward(
        self, W_e: Array, W_d: Array, dpenalty: float = 1.0
    ) -> tuple[Array, Array]:
        """Return ``(dW_e, dW_d)``."""
        raise NotImplementedError


class L2(Regularizer):
    """Weight decay, ``weight * (|W_e|_F^2 + |W_d|_F^2)``, which shows the principal directions.

    At the least loss ``W_e = W_d.T``, the right singular vectors of `W_d` are the principal
    directions, and its squared singular values are ``max(1 - weight / lam_i, 0)``. The columns of
    `W_e` are still a rotation of them.

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

    def penalty(self, W_e: Array, W_d: Array) -> Any:
        """Return ``weight * (|W_e|_F^2 + |W_d|_F^2)``."""
        return self.weight * (np.sum(W_e * W_e) + np.sum(W_d * W_d))

    def penalty_backward(
        self, W_e: Array, W_d: Array, dpenalty: float = 1.0
    ) -> tuple[Array, Array]:
        """Return ``(dW_e, dW_d)``; ``d |W|^2 / dW = 2 W``."""
        scale = 2 * self.weight * dpenalty
        return scale * W_e, scale * W_d


class NonUniformL2(Regularizer):
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
        if np.ndim(weights) != 1:
            raise ValueError(f"weights must hold a number for each latent, got {weights!r}")
        self.weights = [
            check_real(f"weights[{j}]", weight, 0, closed="low") for j, weight in enumerate(weights)
        ]

    @property
    def config(self) -> dict[str, Any]:
        """What `regularizer_from` needs to make this regularizer again."""
        return {"name": self.name, "weights": self.weights}

    def check_width(self, n_latent: int) -> None:
        """Raise ValueError unless there is a weight for each latent."""
        if len(self.weights) != n_latent:
            raise ValueError(f"weights must hold n_latent={n_latent} numbers, got {self.weights}")

    def penalty(self, W_e: Array, W_d: Array) -> Any:
        """Return ``sum_j weights[j] * (|W_e[:, j]|^2 + |W_d[j]|^2)``."""
        weights = np.asarray(self.weights, W_e.dtype)  # (n_latent,)
        return weights @ (np.sum(W_e * W_e, axis=0) + np.sum(W_d * W_d, axis=1))

    def penalty_backward(
        self, W_e: Array, W_d: Array, dpenalty: float = 1.0
    ) -> tuple[Array, Array]:
        """Return ``(dW_e, dW_d)``; each latent's column and row by its own weight."""
        scale = 2 * dpenalty * np.asarray(self.weights, W_e.dtype)  # (n_latent,)
        return W_e * scale, W_d * scale[:, None]


class ProductL2(Regularizer):
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

    def penalty(self, W_e: Array, W_d: Array) -> Any:
        """Return ``weight * |W_e @ W_d|_F^2``."""
        # |W_e W_d|^2 = tr( W_e^T W_e W_d W_d^T ), whose factors are no wider than the code
        return self.weight * np.sum((W_e.T @ W_e) * (W_d @ W_d.T))

    def penalty_backward(
        self, W_e: Array, W_d: Array, dpenalty: float = 1.0
    ) -> tuple[Array, Array]:
        """Return ``(dW_e, dW_d)``; ``d |P|^2 / dP = 2 P``, and ``P = W_e W_d``."""
        # dW_e = 2 P W_d^T,  dW_d = 2 W_e^T P
        scale = 2 * self.weight * dpenalty
        return scale * W_e @ (W_d @ W_d.T), scale * (W_e.T @ W_e) @ W_d


REGULARIZERS: dict[str, Callable[..., Regularizer]] = {
    kind.name: kind for kind in (L2, NonUniformL2, ProductL2)
}


def regularizer_from(
    spec: dict[str, Any] | Regularizer | None, n_latent: int
) -> Regularizer | None:
    """Return the regularizer that a `config`, a regularizer itself or None stands for.

    Raises
    ------
    TypeError, ValueError
        `spec` is something else, or does not fit codes of width `n_latent`.
    """
    if spec is None:
        return None
    if isinstance(spec, dict):
        options = dict(spec)
        name = options.pop("name", None)
        if name not in REGULARIZERS:
            raise ValueError(f"regularizer must be one of {sorted(REGULARIZERS)}, got {name!r}")
        spec = REGULARIZERS[name](**options)
    if not isinstance(spec, Regularizer):
        raise TypeError(f"regularizer must be None or an object such as L2(weight), got {spec!r}")
    spec.check_width(n_latent)
    return spec
