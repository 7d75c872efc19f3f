"""Densities on the line: a known one, and what is fitted to draws from it."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

import minivae as mv
from minivae.edge.checks import Array
from minivae.nn.rows import row_blocks

PEAK, SPREAD, SHARE = -2.0, 0.3, 0.4  # of the normal; the rest is a gamma of shape 2
ROWS = 1000  # points at once
LEAST = 0.02  # the smallest standard deviation of a component


class Density(Protocol):
    """What is compared: a log density, and draws."""

    def log_density(self, x: Array) -> Array:
        """Return log p of every point, in nats."""

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Return n draws."""


class Truth:
    """A narrow normal beside a skew gamma: two modes, and a tail on one side."""

    def log_density(self, x: Array) -> Array:
        """Return log p of every point, in nats."""
        from scipy import stats

        normal = np.log(SHARE) + stats.norm(PEAK, SPREAD).logpdf(x)
        return np.logaddexp(normal, np.log(1 - SHARE) + stats.gamma(2).logpdf(x))

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Return n draws."""
        left = rng.random(n) < SHARE
        return np.where(left, rng.normal(PEAK, SPREAD, n), rng.gamma(2, size=n))


class Mixture:
    """A mixture of k normals, fitted by the EM algorithm.

    Parameters
    ----------
    k : int
        One is a single normal.

    References
    ----------
    Dempster, Laird, Rubin: Maximum likelihood from incomplete data via the EM algorithm, JRSS B 39
    (1977) 1-38.
    """

    def __init__(self, k: int) -> None:
        self.k = k

    def fit(self, x: Array, *, n_steps: int = 300) -> Mixture:
        """Start at the quantiles of the data, and raise the likelihood step by step."""
        self.means = np.quantile(x, (np.arange(self.k) + 0.5) / self.k)
        self.deviations = np.full(self.k, x.std() / self.k + LEAST)
        self.weights = np.full(self.k, 1 / self.k)
        for _ in range(n_steps):
            joint = self._log_joint(x)
            r = np.exp(joint - np.logaddexp.reduce(joint, axis=1)[:, None])  # E step: (n, k)
            n = r.sum(axis=0) + 1e-9
            self.weights, self.means = n / n.sum(), r.T @ x / n  # M step
            variances = np.sum(r * (x[:, None] - self.means) ** 2, axis=0) / n
            self.deviations = np.maximum(np.sqrt(variances), LEAST)
        return self

    def log_density(self, x: Array) -> Array:
        """Return log p of every point, in nats."""
        return np.logaddexp.reduce(self._log_joint(x), axis=1)

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Return n draws."""
        component = rng.choice(self.k, n, p=self.weights)
        return rng.normal(self.means[component], self.deviations[component])

    def _log_joint(self, x: Array) -> Array:
        """Return log of weight times density for every point and component, shape (n, k)."""
        u = (x[:, None] - self.means) / self.deviations
        return np.log(self.weights / self.deviations) - 0.5 * (u**2 + np.log(2 * np.pi))


class Kernels:
    """A normal around every training point: scipy's kernel density estimate."""

    def fit(self, x: Array) -> Kernels:
        """Choose the width by Scott's rule."""
        from scipy.stats import gaussian_kde

        self.kde = gaussian_kde(x)
        return self

    def log_density(self, x: Array) -> Array:
        """Return log p of every point, in nats."""
        return self.kde.logpdf(x)

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Return n draws."""
        return self.kde.resample(n, rng)[0]


class Infinite:
    """A VAE with one latent as a density: ``p(x) = E_z N(x; mu(z), sigma(z))``.

    Parameters
    ----------
    vae : VAE
        With one feature, in units of `scale` around `centre`, and one latent.
    centre, scale : float
    """

    def __init__(self, vae: mv.VAE, centre: float, scale: float) -> None:
        self.vae, self.centre, self.scale = vae, centre, scale

    def log_density(self, x: Array) -> Array:
        """Return log p of every point, in nats, by quadrature over z."""
        z = np.linspace(-6, 6, 1601)
        log_weights = -0.5 * z**2 - 0.5 * np.log(2 * np.pi) + np.log(z[1] - z[0])
        mean, log_var = self.components(z)
        log_weights = log_weights - 0.5 * (log_var + np.log(2 * np.pi)) - np.log(self.scale)
        log_p = []
        for rows in row_blocks(len(x), ROWS):
            u = (x[rows, None] - self.centre) / self.scale
            exponents = -0.5 * (u - mean) ** 2 / np.exp(log_var)  # (rows, 1601)
            log_p.append(np.logaddexp.reduce(log_weights + exponents, axis=1))
        return np.concatenate(log_p)

    def components(self, z: Array) -> tuple[Array, Array]:
        """Return mean and log variance of x at every z, in units of `scale`."""
        likelihood: Any = self.vae.likelihood
        mean, log_var = likelihood.mean_and_log_var(self.vae.decoder.forward(z[:, None]))
        return mean[:, 0], np.broadcast_to(log_var, mean.shape)[:, 0]

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Return n draws."""
        return self.centre + self.scale * self.vae.sample(n, rng)[:, 0]
