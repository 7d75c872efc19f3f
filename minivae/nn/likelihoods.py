"""Likelihoods: what a decoder's output `out` says about the data `x`.

A likelihood has four functions of `out`: ``log_prob(x, out)`` in nats per example, its gradient
with respect to `out` right below, the mean of x, and a sample of x.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from minivae.edge.checks import (
    ArgumentError,
    Array,
    as_floats,
    as_same_shape,
    check_dtype,
    check_integer,
    check_real,
    check_rng,
    shown,
)
from minivae.nn.elementwise import (
    exp_minus_abs,
    sigmoid,
    softplus_by_definition,
    sum_log1p,
    unit_log_integral,
    unit_mean,
)
from minivae.nn.gaussian import log_density, log_density_backward
from minivae.nn.memory import cached_rows, empty
from minivae.nn.variances import variance_from


class Likelihood:
    """A distribution of x given a decoder's output.

    Attributes
    ----------
    name : str
        The name that `likelihood_from` knows.
    interval : (low, high) or None
        The closed interval in which data must lie; None allows all real numbers.
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
        return check_integer("n_features", n_features, 1)

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

    def log_prob_by_definition(self, x: Array, out: Array) -> Array:
        """Return what `log_prob` computes faster: ``sum_d [ x a - log(1 + e^a) ]``."""
        return np.sum(x * out - softplus_by_definition(out), axis=1)

    def log_prob_backward_by_definition(self, x: Array, out: Array, dlog_prob: Array) -> Array:
        """Return what `log_prob_backward` computes faster; ``d log p / da = x - sigmoid(a)``."""
        return dlog_prob[:, None] * (x - 1 / (1 + np.exp(-out)))

    def log_prob(self, x: Array, out: Array) -> Array:
        """Return ``log p(x | out)``, shape (batch,), in nats."""
        x, out = as_same_shape(x=x, out=out)
        # log p = sum_d [ x a - max(a, 0) - log(1 + e^-|a|) ]
        dtype = np.result_type(x, out)
        log_prob, e = np.empty(len(out), dtype), empty(out.shape, out.dtype)
        for rows in cached_rows(out):
            a = out[rows]
            exp_minus_abs(a, out=e[rows])
            np.vecdot(x[rows], a, out=log_prob[rows])
            log_prob[rows] -= np.maximum(a, 0).sum(axis=1) + sum_log1p(e[rows])
        self._kept = out, e
        return log_prob

    def log_prob_backward(self, x: Array, out: Array, dlog_prob: Array) -> Array:
        """Return ``dout``; ``d log p / da = x - sigmoid(a)``.

        Where `out` is the array that `log_prob` had last, its exponential is used again: nobody
        may change the numbers in `out` between the two calls.
        """
        x, out = as_same_shape(x=x, out=out)
        dlog_prob = as_floats("dlog_prob", dlog_prob, x.shape[:1])
        kept, self._kept = self._kept, None
        e = kept[1] if kept is not None and kept[0] is out else None
        dout = empty(out.shape, np.result_type(x, out, dlog_prob))
        for rows in cached_rows(out):
            s = sigmoid(out[rows], None if e is None else e[rows])
            d = np.subtract(x[rows], s, out=dout[rows])
            d *= dlog_prob[rows, None]
        return dout

    def mean(self, out: Array) -> Array:
        """Return ``E[x | out] = sigmoid(out)``."""
        return sigmoid(as_floats("out", out))

    def sample(self, out: Array, rng: int | np.random.Generator | None = None) -> Array:
        """Return black and white pixels, 0.0 and 1.0."""
        out = as_floats("out", out, ("batch", "n_features"))
        rng, x = check_rng(rng), np.empty(out.shape, out.dtype)
        for rows in cached_rows(out):  # row after row, so the blocks do not change the draw
            a = out[rows]
            x[rows] = rng.random(a.shape) < sigmoid(a)
        return x


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
        x, out = as_same_shape(x=x, out=out)
        # log p = sum_d [ x a - log int_0^1 e^(a t) dt ]
        return np.sum(x * out - unit_log_integral(out), axis=1)

    def log_prob_backward(self, x: Array, out: Array, dlog_prob: Array) -> Array:
        """Return ``dout``; ``d log p / da = x - E[x | a]``."""
        x, out = as_same_shape(x=x, out=out)
        return as_floats("dlog_prob", dlog_prob, x.shape[:1])[:, None] * (x - unit_mean(out))

    def mean(self, out: Array) -> Array:
        """Return ``E[x | out]``, which is not the sigmoid."""
        return unit_mean(as_floats("out", out))

    def sample(self, out: Array, rng: int | np.random.Generator | None = None) -> Array:
        """Return a draw: the inverse distribution function of a uniform number."""
        out = as_floats("out", out, ("batch", "n_features"))
        # F(x) = (e^(a x) - 1) / (e^a - 1) for a < 0; for a > 0 draw 1 - x with -a instead
        uniform = check_rng(rng).random(out.shape, out.dtype)  # below 1: no rounding up
        size = np.where(out == 0, 1, np.abs(out))
        x = np.log1p(uniform * np.expm1(-size)) / -size
        return np.where(out == 0, uniform, np.where(out > 0, 1 - x, x))


class Gaussian(Likelihood):
    """Real numbers with a normal distribution around the mean that the decoder puts out.

    Parameters
    ----------
    sigma : float, "learned" or "predicted"
        A number fixes the standard deviation. ``"learned"`` makes it one parameter for all
        features. ``"predicted"`` gives each feature of each example its own; the decoder is then
        twice as wide, and puts out the means first, then the raw log variances.
    min_sigma : float
        The least standard deviation that is learned or predicted. Without it the likelihood of a
        pixel that never changes has no upper bound. Floor and ceiling are smooth:
        ``var = min_sigma**2 + exp(bound_log_var(raw))``.
    dtype : dtype
        The dtype of the learned parameter, ``"raw_log_var"``, shape (1,).
    """

    name = "gaussian"

    def __init__(
        self, sigma: float | str = 1.0, *, min_sigma: float = 1e-3, dtype: DTypeLike = np.float64
    ) -> None:
        self.min_sigma = check_real("min_sigma", min_sigma, 0)
        self.variance = variance_from(sigma, self.min_sigma, check_dtype(dtype))
        self.sigma = sigma if isinstance(sigma, str) else float(sigma)
        self.params, self.grads = self.variance.params, self.variance.grads

    def n_outputs(self, n_features: int) -> int:
        """Return the width of `out`: twice `n_features` where the variance is predicted."""
        return self.variance.n_outputs(check_integer("n_features", n_features, 1))

    @property
    def config(self) -> dict[str, Any]:
        """The arguments of `likelihood_from` that make this likelihood again."""
        return {"name": self.name, "sigma": self.sigma, "min_sigma": self.min_sigma}

    def mean_and_log_var(self, out: Array) -> tuple[Array, Array]:
        """Return the mean, shape (batch, n_features), and a log variance that broadcasts to it."""
        out = as_floats("out", out, ("batch", "n_outputs"))
        return self.variance.mean_and_log_var(out)

    def log_prob(self, x: Array, out: Array) -> Array:
        """Return ``log p(x | out)``, shape (batch,), in nats."""
        mean, log_var = self.mean_and_log_var(out)
        x, mean = as_same_shape(x=x, out=mean)
        return log_density(x, mean, log_var)

    def log_prob_backward(self, x: Array, out: Array, dlog_prob: Array) -> Array:
        """Return ``dout``, and fill the gradient of a learned variance."""
        mean, log_var = self.mean_and_log_var(out)
        x, mean = as_same_shape(x=x, out=mean)
        dlog_prob = as_floats("dlog_prob", dlog_prob, x.shape[:1])
        _, dmean, dlog_var = log_density_backward(x, mean, log_var, dlog_prob)
        return self.variance.mean_and_log_var_backward(out, dmean, dlog_var)

    def mean(self, out: Array) -> Array:
        """Return ``E[x | out]``, the decoder's output or the first half of it."""
        return self.mean_and_log_var(out)[0]

    def sample(self, out: Array, rng: int | np.random.Generator | None = None) -> Array:
        """Return the mean plus normal noise."""
        mean, log_var = self.mean_and_log_var(out)
        noise = check_rng(rng).standard_normal(mean.shape)
        return mean + np.exp(0.5 * log_var) * noise.astype(mean.dtype)


class SquaredError(Likelihood):
    """``log_prob = -|x - out|^2``: the loss of PCA, which is not a density.

    It is the log density of a Gaussian of variance 1/2 without its constant,
    ``-n_features / 2 * log(pi)``.
    """

    name = "squared_error"

    def log_prob(self, x: Array, out: Array) -> Array:
        """Return ``-|x - out|^2``, shape (batch,)."""
        x, out = as_same_shape(x=x, out=out)
        r = x - out
        return -np.sum(r * r, axis=1)

    def log_prob_backward(self, x: Array, out: Array, dlog_prob: Array) -> Array:
        """Return ``dout = 2 (x - out) dlog_prob``."""
        x, out = as_same_shape(x=x, out=out)
        return 2 * as_floats("dlog_prob", dlog_prob, x.shape[:1])[:, None] * (x - out)

    def mean(self, out: Array) -> Array:
        """Return `out`."""
        return as_floats("out", out)

    def sample(self, out: Array, rng: int | np.random.Generator | None = None) -> Array:
        """Raise ValueError: a squared error is not a distribution."""
        raise ArgumentError("squared_error has no distribution to sample from; use Gaussian(sigma)")


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
    options = {"name": spec} if isinstance(spec, str) else spec
    if not isinstance(options, dict) or options.get("name") not in LIKELIHOODS:
        got = repr(options["name"]) if isinstance(spec, dict) and "name" in spec else shown(spec)
        raise ArgumentError(f"likelihood must be one of {sorted(LIKELIHOODS)}, got {got}")
    options = dict(options)
    name = options.pop("name")
    return LIKELIHOODS[name](**options)
