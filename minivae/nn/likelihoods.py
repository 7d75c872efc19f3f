"""Likelihoods: what a decoder's output `out` says about the data `x`.

A likelihood gives ``log_prob(x, out)`` in nats per example, with its gradient with respect to `out`
right below; the mean of x; and samples of x.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from minivae.edge.checks import Array, check_real
from minivae.nn.elementwise import exp_minus_abs, sigmoid, softplus
from minivae.nn.gaussian import gaussian_log_density, gaussian_log_density_backward
from minivae.nn.variances import variance_from


class Likelihood:
    """A distribution of x given a decoder's output.

    Attributes
    ----------
    name : str
        What `likelihood_from` knows it by.
    interval : (low, high) or None
        The closed interval that holds the data; None allows any real numbers.
    params, grads : dict of str to array
        The parameters and, after `log_prob_backward`, the gradient of the loss with respect to
        each; most likelihoods have none.
    """

    name: str
    interval: tuple[float, float] | None = None

    def __init__(self) -> None:
        self.params: dict[str, Array] = {}
        self.grads: dict[str, Array] = {}

    def n_outputs(self, n_features: int) -> int:
        """Return the width of `out` for data of `n_features` columns."""
        return n_features

    @property
    def config(self) -> dict[str, Any]:
        """The arguments of `likelihood_from` that make this likelihood again."""
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

    Grey values in [0, 1] are accepted, and count as probabilities of white. ``log_prob`` is then a
    negative cross-entropy and no longer the log of a probability: its largest value is minus the
    entropy of `x`, not 0.
    """

    name = "bernoulli"
    interval = (0.0, 1.0)

    def __init__(self) -> None:
        super().__init__()
        self._kept: tuple[Array, Array] | None = None  # out and exp(-|out|) of the last log_prob

    def log_prob(self, x: Array, out: Array) -> Array:
        """Return ``log p(x | out)``, shape (batch,), in nats."""
        # log p = sum_d [ x a - log(1 + e^a) ]
        e = exp_minus_abs(out)
        self._kept = out, e
        return np.vecdot(x, out) - np.sum(softplus(out, e), axis=1)

    def log_prob_backward(self, x: Array, out: Array, dlog_prob: Array) -> Array:
        """Return ``dout``; ``d log p / da = x - sigmoid(a)``.

        The exponential that `log_prob` took of the same array is used again. So do not change the
        numbers in `out` between the two calls.
        """
        kept, self._kept = self._kept, None
        e = kept[1] if kept is not None and kept[0] is out else None
        dout = x - sigmoid(out, e)
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
    """The density on [0, 1] that is proportional to ``exp(x out)``.

    It is the Bernoulli's formula with the normalising constant that grey values need.

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
        A fixed standard deviation; or one that is learned, shared by all features; or one for each
        feature and example. For the last the decoder is twice as wide: means first, then raw log
        variances.
    min_sigma : float
        Floor of a learned or predicted standard deviation. Without a floor the likelihood of a
        pixel that never changes has no upper bound. Floor and ceiling are smooth:
        ``var = min_sigma**2 + exp(bound_log_var(raw))``.
    dtype : dtype
        Of the learned parameter, ``"raw_log_var"``, shape (1,).
    """

    name = "gaussian"

    def __init__(
        self, sigma: float | str = 1.0, *, min_sigma: float = 1e-3, dtype: DTypeLike = np.float64
    ) -> None:
        self.min_sigma = check_real("min_sigma", min_sigma, 0)
        self.variance = variance_from(sigma, self.min_sigma, dtype)
        self.sigma = sigma if isinstance(sigma, str) else float(sigma)
        self.params, self.grads = self.variance.params, self.variance.grads

    def n_outputs(self, n_features: int) -> int:
        """Return the width of `out`: twice `n_features` where the variance is predicted."""
        return self.variance.n_outputs(n_features)

    @property
    def config(self) -> dict[str, Any]:
        """The arguments of `likelihood_from` that make this likelihood again."""
        return {"name": self.name, "sigma": self.sigma, "min_sigma": self.min_sigma}

    def mean_and_log_var(self, out: Array) -> tuple[Array, Array]:
        """Return the mean, shape (batch, n_features), and a log variance that broadcasts to it."""
        return self.variance.mean_and_log_var(out)

    def log_prob(self, x: Array, out: Array) -> Array:
        """Return ``log p(x | out)``, shape (batch,), in nats."""
        mean, log_var = self.mean_and_log_var(out)
        return gaussian_log_density(x, mean, log_var)

    def log_prob_backward(self, x: Array, out: Array, dlog_prob: Array) -> Array:
        """Return ``dout``, and fill the gradient of a learned variance."""
        mean, log_var = self.mean_and_log_var(out)
        _, dmean, dlog_var = gaussian_log_density_backward(x, mean, log_var, dlog_prob)
        return self.variance.mean_and_log_var_backward(out, dmean, dlog_var)

    def mean(self, out: Array) -> Array:
        """Return ``E[x | out]``, which the decoder puts out itself."""
        return self.mean_and_log_var(out)[0]

    def sample(self, out: Array, rng: int | np.random.Generator | None = None) -> Array:
        """Return the mean plus normal noise of the standard deviation."""
        mean, log_var = self.mean_and_log_var(out)
        noise = np.random.default_rng(rng).standard_normal(mean.shape)
        return mean + np.exp(0.5 * log_var) * noise.astype(mean.dtype)


class SquaredError(Likelihood):
    """``log_prob = -|x - out|^2``: the loss of PCA, which is not a density.

    It is the log density of a Gaussian of variance 1/2 without its constant,
    ``-n_features / 2 * log(pi)``.
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
        """Raise ValueError: a squared error is not a distribution."""
        raise ValueError("squared_error has no distribution to sample from; use Gaussian(sigma)")


LIKELIHOODS: dict[str, type[Likelihood]] = {
    kind.name: kind for kind in (Bernoulli, ContinuousBernoulli, Gaussian, SquaredError)
}


def likelihood_from(spec: str | dict[str, Any] | Likelihood) -> Likelihood:
    """Return the likelihood of a name or of a `config`; a likelihood itself is returned as it is.

    Raises
    ------
    ValueError
        There is no likelihood of that name.
    """
    if isinstance(spec, Likelihood):
        return spec
    options = {"name": spec} if isinstance(spec, str) else dict(spec)
    name = options.pop("name", None)
    if name not in LIKELIHOODS:
        raise ValueError(f"likelihood must be one of {sorted(LIKELIHOODS)}, got {name!r}")
    return LIKELIHOODS[name](**options)
