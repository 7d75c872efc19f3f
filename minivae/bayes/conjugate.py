"""Conjugate models: the posterior belongs to the prior's family, and arithmetic gives it.

`update` returns the posterior, `predictive` the distribution of the next observation, and
`log_evidence` the log probability of the data under the prior. They must agree: the evidence is the
product of the predictive densities of all observations, each given the observations before it.

References
----------
Gelman, Carlin, Stern, Dunson, Vehtari and Rubin (2013), Bayesian Data Analysis, 3rd edition,
chapters 2 and 3. Murphy (2007), Conjugate Bayesian analysis of the Gaussian distribution.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import lgamma, log, pi, sqrt
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from minivae.bayes.sufficient_statistics import count, summarize
from minivae.edge.checks import ArgumentError, Array, check_integer, check_real, check_rng


@dataclass(frozen=True)
class BetaBernoulli:
    """A coin whose probability of a one has the distribution Beta(a, b).

    Parameters
    ----------
    a, b : float
        Positive. The prior counts as much as `a` ones and `b` zeros.
    """

    a: float
    b: float

    def __post_init__(self) -> None:
        check_real("a", self.a, 0)
        check_real("b", self.b, 0)

    def update(self, data: ArrayLike) -> BetaBernoulli:
        """Return the posterior given `data`, ones and zeros of shape (n,)."""
        ones, zeros = count(data)
        return BetaBernoulli(self.a + ones, self.b + zeros)

    def log_evidence(self, data: ArrayLike) -> float:
        """Return the log probability of `data`, in this order, in nats."""
        posterior = self.update(data)
        return _log_beta(posterior.a, posterior.b) - _log_beta(self.a, self.b)

    def predictive(self) -> Any:
        """Return the distribution of the next observation, a frozen `scipy.stats.bernoulli`."""
        from scipy import stats

        return stats.bernoulli(self.a / (self.a + self.b))

    def sample_predictive(self, n: int, rng: Any = None) -> Array:
        """Return `n` ones and zeros, each from another coin."""
        n, rng = check_integer("n", n, 1), check_rng(rng)
        chance = rng.beta(self.a, self.b, size=n)
        return rng.binomial(1, chance)


@dataclass(frozen=True)
class NormalKnownVariance:
    """Normal observations with a known variance, whose unknown mean is N(mean, variance).

    Parameters
    ----------
    mean, variance : float
        The distribution of the unknown mean.
    noise_variance : float
        The known variance of each observation around the unknown mean.
    """

    mean: float
    variance: float
    noise_variance: float = field(kw_only=True)

    def __post_init__(self) -> None:
        check_real("mean", self.mean, -np.inf)
        check_real("variance", self.variance, 0)
        check_real("noise_variance", self.noise_variance, 0)

    def update(self, data: ArrayLike) -> NormalKnownVariance:
        """Return the posterior given `data`, shape (n,).

        Precisions add up, and the means are averaged with the precisions as weights.
        """
        n, average, _ = summarize(data)
        precision = 1 / self.variance + n / self.noise_variance
        mean = (self.mean / self.variance + n * average / self.noise_variance) / precision
        return NormalKnownVariance(mean, 1 / precision, noise_variance=self.noise_variance)

    def log_evidence(self, data: ArrayLike) -> float:
        """Return the log density of `data`, shape (n,), in nats."""
        n, average, squares = summarize(data)
        # cov(data) = c I + v 1 1^T: eigenvalue c + n v along the average, c across it
        across, along = self.noise_variance, self.noise_variance + n * self.variance
        log_determinant = (n - 1) * log(across) + log(along)
        distance = squares / across + n * (average - self.mean) ** 2 / along
        return -0.5 * (n * log(2 * pi) + log_determinant + distance)

    def predictive(self) -> Any:
        """Return the distribution of the next observation, a frozen `scipy.stats.norm`."""
        from scipy import stats

        return stats.norm(self.mean, sqrt(self.variance + self.noise_variance))

    def sample_predictive(self, n: int, rng: Any = None) -> Array:
        """Return `n` observations, each around another draw of the mean."""
        n, rng = check_integer("n", n, 1), check_rng(rng)
        means = rng.normal(self.mean, sqrt(self.variance), size=n)
        return rng.normal(means, sqrt(self.noise_variance))


@dataclass(frozen=True)
class NormalInverseGamma:
    """Normal observations with unknown mean and variance.

    The variance is inverse-gamma(alpha, beta). Given the variance, the mean is
    N(mean, variance / kappa).

    Parameters
    ----------
    mean : float
        The expected value of the unknown mean.
    kappa : float
        Positive. The prior on the mean counts as much as `kappa` observations.
    alpha, beta : float
        Positive. Shape and scale of the inverse-gamma distribution.
    """

    mean: float
    kappa: float
    alpha: float
    beta: float

    def __post_init__(self) -> None:
        check_real("mean", self.mean, -np.inf)
        check_real("kappa", self.kappa, 0)
        check_real("alpha", self.alpha, 0)
        check_real("beta", self.beta, 0)

    @classmethod
    def from_reference_prior(cls, data: ArrayLike) -> Self:
        """Return the posterior for the improper prior 1 / variance.

        Its predictive distribution is Student's t with n - 1 degrees of freedom, location
        ``data.mean()`` and scale ``data.std(ddof=1) * sqrt(1 + 1 / n)``. Over repeated data sets,
        its intervals have exactly the coverage that they claim.

        Raises
        ------
        ValueError
            All observations are equal, so that the posterior would be improper, too.
        """
        n, average, squares = summarize(data)
        if np.ptp(data) == 0:
            raise ArgumentError(f"data must hold at least two different values, got {n} times one")
        return cls(average, n, (n - 1) / 2, squares / 2)

    def update(self, data: ArrayLike) -> NormalInverseGamma:
        """Return the posterior given `data`, shape (n,)."""
        n, average, squares = summarize(data)
        kappa = self.kappa + n
        surprise = self.kappa * n / kappa * (average - self.mean) ** 2
        return NormalInverseGamma(
            mean=(self.kappa * self.mean + n * average) / kappa,
            kappa=kappa,
            alpha=self.alpha + n / 2,
            beta=self.beta + (squares + surprise) / 2,
        )

    def log_evidence(self, data: ArrayLike) -> float:
        """Return the log density of `data`, shape (n,), in nats."""
        posterior, n = self.update(data), np.size(data)
        log_ratio = posterior._log_normalizer() - self._log_normalizer()
        return log_ratio - n / 2 * log(2 * pi)

    def predictive(self) -> Any:
        """Return the distribution of the next observation, a frozen `scipy.stats.t`."""
        from scipy import stats

        scale = sqrt(self.beta * (self.kappa + 1) / (self.alpha * self.kappa))
        return stats.t(2 * self.alpha, loc=self.mean, scale=scale)

    def sample_predictive(self, n: int, rng: Any = None) -> Array:
        """Return `n` observations, each with another draw of the mean and the variance."""
        n, rng = check_integer("n", n, 1), check_rng(rng)
        variances = self.beta / rng.gamma(self.alpha, size=n)
        means = rng.normal(self.mean, np.sqrt(variances / self.kappa))
        return rng.normal(means, np.sqrt(variances))

    def _log_normalizer(self) -> float:
        return lgamma(self.alpha) - self.alpha * log(self.beta) - 0.5 * log(self.kappa)


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
