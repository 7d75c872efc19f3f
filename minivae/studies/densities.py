"""Densities on the line: a known one, and what is fitted to draws from it."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

import minivae as mv
from minivae.edge.checks import Array
from minivae.nn.rows import row_blocks
from minivae.studies.mixture import GaussianMixture

PEAK, SPREAD, SHARE = -2.0, 0.3, 0.4  # of the normal; the rest is a gamma of shape 2
ROWS = 1000  # points at once
N_STEPS = 200  # of EM


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
    """

    def __init__(self, k: int) -> None:
        self.em = GaussianMixture(k)

    def fit(self, x: Array) -> Mixture:
        """Start at clusters of the data, and raise the likelihood step by step."""
        self.em.fit(x[:, None], n_steps=N_STEPS)
        return self

    def log_density(self, x: Array) -> Array:
        """Return log p of every point, in nats."""
        return self.em.score_samples(x[:, None])

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Return n draws."""
        c = rng.choice(self.em.n_components, n, p=self.em.weights)
        return rng.normal(self.em.means[c, 0], np.sqrt(self.em.covariances[c, 0, 0]))


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
