"""Likelihoods: what a decoder's output `out` says about the data `x`.

Each maps `out` to ``log_prob(x, out)`` in nats per example, with its gradient below it, to the
mean of x and to samples of x.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from minivae.edge.checks import ArgumentError, Array, check_real
from minivae.nn.elementwise import sigmoid, softplus
from minivae.nn.gaussian import (
    bound_log_var,
    bound_log_var_backward,
    gaussian_log_density,
    gaussian_log_density_backward,
)
from minivae.nn.layers import Layer, check_dtype


class Likelihood(Layer):
    """What is common: a name, the interval of the data, and how wide `out` must be."""

    name: str
    interval: tuple[float, float] | None = None

    def n_outputs(self, n_features: int) -> int:
        """Return the width of `out` for data of `n_features` columns."""
        return n_features

    @property
    def config(self) -> dict[str, Any]:
        """What `likelihood_from` needs to make this likelihood again."""
        return {"name": self.name}

    def log_prob(self, x: Array, out: Array) -> Array:
        """Return ``log p(x | out)``, shape (batch,), in nats."""
        raise NotImplementedError

    def log_prob_backward(self, x: Array, out: Array, dlog_prob: Array) -> Array:
        """Return ``dout`` for ``dlog_prob``, shape (batch,), and fill `grads`."""
        raise NotImplementedError

    def mean(self, out: Array) -> Array:
        """Return ``E[x | out]``, shape (batch, n_features)."""
        raise NotImplementedError

    def sample(self, out: Array, rng: int | np.random.Generator | None = None) -> Array:
        """Return a draw of ``x | out``, shape (batch, n_features)."""
        raise NotImplementedError


class Bernoulli(Likelihood):
    """Binary pixels; `out` holds the logits.

    Grey values in [0, 1] are accepted as probabilities of white, as is common. Then
    ``log_prob`` is a negative cross-entropy, and no longer a density: its best value is minus the
    entropy of `x`, not 0.
    """

    name = "bernoulli"
    interval = (0.0, 1.0)

    def log_prob(self, x: Array, out: Array) -> Array:
        """Return ``log p(x | out)``, shape (batch,), in nats."""
        # log p = sum_d [ x a - log(1 + e^a) ]
        return np.vecdot(x, out) - np.sum(softplus(out), axis=1)

    def log_prob_backward(self, x: Array, out: Array, dlog_prob: Array) -> Array:
        """Return ``dout``; ``d log p / da = x - sigmoid(a)``."""
        dout = x - sigmoid(out)
        dout *= dlog_prob[:, None]
        return dout

    def mean(self, out: Array) -> Array:
        """Return ``E[x | out] = sigmoid(out)``."""
        return sigmoid(out)

    def sample(self, out: Array, rng: int | np.random.Generator | None = None) -> Array:
        """Return black and white pixels, 0.0 and 1.0."""
        uniform = np.random.default_rng(rng).random(out.shape)
        return (uniform < sigmoid(out)).astype(out.dtype)


class ContinuousBernoulli(Likelihood):
    """A density on [0, 1] with the Bernoulli's shape and its missing normalising constant.

    References
    ----------
    Loaiza-Ganem, Cunningham: The continuous Bernoulli: fixing a pervasive error in variational
    autoencoders, NeurIPS 2019, arXiv 1907.06845.
    """

    name = "continuous_bernoulli"
    interval = (0.0, 1.0)

    def log_prob(self, x: Array, out: Array) -> Array:
        """Return ``log p(x | out)``, shape (batch,), in nats."""
        # log p = sum_d [ x a - A(a) ],  A(a) = log int_0^1 e^(a x) dx = log[ (e^a - 1) / a ]
        small, a = _away_from_zero(out)
        size = np.maximum(a, -a)
        log_integral = np.maximum(a, 0) + np.log(-np.expm1(-size)) - np.log(size)
        series = out / 2 + out**2 / 24 - out**4 / 2880
        return np.sum(x * out - np.where(small, series, log_integral), axis=1)

    def log_prob_backward(self, x: Array, out: Array, dlog_prob: Array) -> Array:
        """Return ``dout``; ``d log p / da = x - E[x | a]``."""
        return dlog_prob[:, None] * (x - self.mean(out))

    def mean(self, out: Array) -> Array:
        """Return ``E[x | out]``, which is not the sigmoid."""
        # E[x] = A'(a) = 1 / (1 - e^-a) - 1 / a
        small, a = _away_from_zero(out)
        size = np.maximum(a, -a)
        mean = np.where(a > 0, 1, -np.exp(-size)) / -np.expm1(-size) - 1 / a
        return np.where(small, 0.5 + out / 12 - out**3 / 720, mean)

    def sample(self, out: Array, rng: int | np.random.Generator | None = None) -> Array:
        """Return a draw by the inverse of the distribution function."""
        # F(x) = (e^(a x) - 1) / (e^a - 1) for a < 0; for a > 0 draw 1 - x with -a instead
        uniform = np.random.default_rng(rng).random(out.shape, out.dtype)  # below 1: no rounding up
        size = np.where(out == 0, 1, np.abs(out))
        x = np.log1p(uniform * np.expm1(-size)) / -size
        return np.where(out == 0, uniform, np.where(out > 0, 1 - x, x))


def _away_from_zero(a: Array) -> tuple[Array, Array]:
    """Return where |a| < 0.01, and `a` with ones there: a series takes over at those places."""
    small = np.maximum(a, -a) < 0.01
    return small, np.where(small, 1, a)


class Gaussian(Likelihood):
    """Real numbers around the decoder's output, with one standard deviation or one each.

    Parameters
    ----------
    sigma : float, "learned" or "predicted"
        A fixed standard deviation; one shared parameter that is learned; or one for each feature
        and example, for which the decoder is twice as wide: means first, then raw log variances.
    min_sigma : float
        Floor of a learned or predicted standard deviation. Without one the likelihood has no
        upper bound on a pixel that never changes. The floor is smooth, and so is the ceiling:
        ``var = min_sigma**2 + exp(bound_log_var(raw))``.
    dtype : dtype
        Of the learned parameter, ``"raw_log_var"``, shape (1,).
    """

    name = "gaussian"

    def __init__(
        self,
        sigma: float | str = 1.0,
        *,
        min_sigma: float = 1e-3,
        dtype: DTypeLike = np.float64,
    ) -> None:
        super().__init__()
        if isinstance(sigma, str) and sigma not in ("learned", "predicted"):
            raise ArgumentError(f"sigma must be a number, 'learned' or 'predicted', got {sigma!r}")
        self.sigma = sigma if isinstance(sigma, str) else check_real("sigma", sigma, 0)
        self.min_sigma = check_real("min_sigma", min_sigma, 0)
        if sigma == "learned":
            self._add_parameter("raw_log_var", np.zeros(1, check_dtype(dtype)))

    def n_outputs(self, n_features: int) -> int:
        """Return the width of `out`: twice `n_features` where the variance is predicted."""
        return 2 * n_features if self.sigma == "predicted" else n_features

    @property
    def config(self) -> dict[str, Any]:
        """What `likelihood_from` needs to make this likelihood again."""
        return {"name": self.name, "sigma": self.sigma, "min_sigma": self.min_sigma}

    def mean_and_log_var(self, out: Array) -> tuple[Array, Array]:
        """Return mean (batch, n_features), and log variance of a shape that fits to it."""
        mean, raw = self._split(out)
        if isinstance(self.sigma, float):
            return mean, raw
        # log var = log( min_sigma^2 + e^bounded )
        floor = 2 * math.log(self.min_sigma)
        return mean, floor + softplus(bound_log_var(raw) - floor)

    def _split(self, out: Array) -> tuple[Array, Array]:
        if self.sigma == "predicted":
            n_features = out.shape[1] // 2
            return out[:, :n_features], out[:, n_features:]
        if self.sigma == "learned":
            return out, self.params["raw_log_var"]
        return out, np.asarray(2 * math.log(float(self.sigma)), out.dtype)

    def log_prob(self, x: Array, out: Array) -> Array:
        """Return ``log p(x | out)``, shape (batch,), in nats."""
        mean, log_var = self.mean_and_log_var(out)
        return gaussian_log_density(x, mean, log_var)

    def log_prob_backward(self, x: Array, out: Array, dlog_prob: Array) -> Array:
        """Return ``dout``, and fill the gradient of the learned log variance."""
        mean, log_var = self.mean_and_log_var(out)
        _, dmean, dlog_var = gaussian_log_density_backward(x, mean, log_var, dlog_prob)
        if isinstance(self.sigma, float):
            return dmean
        # d log( min_sigma^2 + e^bounded ) / dbounded = sigmoid( bounded - log min_sigma^2 )
        raw = self._split(out)[1]
        dbounded = dlog_var * sigmoid(bound_log_var(raw) - 2 * math.log(self.min_sigma))
        draw = bound_log_var_backward(raw, dbounded)
        if self.sigma == "learned":
            self.grads["raw_log_var"][...] = np.sum(draw)
            return dmean
        return np.concatenate([dmean, draw], axis=1)

    def mean(self, out: Array) -> Array:
        """Return ``E[x | out]``, the decoder's output itself."""
        return self._split(out)[0]

    def sample(self, out: Array, rng: int | np.random.Generator | None = None) -> Array:
        """Return the mean with noise of the standard deviation."""
        mean, log_var = self.mean_and_log_var(out)
        noise = np.random.default_rng(rng).standard_normal(mean.shape)
        return mean + np.exp(0.5 * log_var) * noise.astype(mean.dtype)


class SquaredError(Likelihood):
    """``log_prob = -|x - out|^2``: no density, but the loss of PCA.

    It is the Gaussian of variance 1/2 without its constant, ``n_features / 2 * log(pi)``.
    """

    name = "squared_error"

    def log_prob(self, x: Array, out: Array) -> Array:
        """Return ``-|x - out|^2``, shape (batch,)."""
        r = x - out
        return -np.sum(r * r, axis=1)

    def log_prob_backward(self, x: Array, out: Array, dlog_prob: Array) -> Array:
        """Return ``dout = 2 (x - out) dlog_prob``."""
        return 2 * dlog_prob[:, None] * (x - out)

    def mean(self, out: Array) -> Array:
        """Return `out`."""
        return out

    def sample(self, out: Array, rng: int | np.random.Generator | None = None) -> Array:
        """Refuse: a squared error is not a distribution."""
        raise ArgumentError("squared_error has no distribution to sample from; use Gaussian(sigma)")


LIKELIHOODS: dict[str, type[Likelihood]] = {
    kind.name: kind for kind in (Bernoulli, ContinuousBernoulli, Gaussian, SquaredError)
}


def likelihood_from(spec: str | dict[str, Any] | Likelihood) -> Likelihood:
    """Return the likelihood that a name, a `config` or a likelihood itself stands for."""
    if isinstance(spec, Likelihood):
        return spec
    options = {"name": spec} if isinstance(spec, str) else dict(spec)
    name = options.pop("name", None)
    if name not in LIKELIHOODS:
        raise ArgumentError(f"likelihood must be one of {sorted(LIKELIHOODS)}, got {name!r}")
    return LIKELIHOODS[name](**options)
