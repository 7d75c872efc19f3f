"""Corruptions: what a denoising autoencoder sees of its data, for ``fit(..., corrupt=corruption)``.

A corruption is any function of a batch and a generator that returns a noisy batch of the same
shape. These three are also values: they compare, and their `repr` goes into a checkpoint, so that a
run that is resumed under another corruption is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge.checks import Array, as_batch, check_real, check_rng

Rng = int | np.random.Generator | None


class Corruption:
    """What the corruptions of this module have in common: a batch in, a new noisy batch out."""

    def __call__(self, x: ArrayLike, rng: Rng = None) -> Array:
        """Return a noisy copy of `x`, shape (batch, n_features), with its float dtype."""
        x = as_batch(x, dtype=np.float32 if getattr(x, "dtype", None) == np.float32 else np.float64)
        return self.noisy(x, check_rng(rng))

    def noisy(self, x: Array, rng: np.random.Generator) -> Array:
        """Return a noisy copy of `x`, a checked batch."""
        raise NotImplementedError


@dataclass(frozen=True)
class Gaussian(Corruption):
    """Normal noise, ``x + sigma * e`` with ``e ~ N(0, I)``; the result is not clipped.

    Parameters
    ----------
    sigma : float
        Standard deviation of the noise, in the units of x; at least 0.

    References
    ----------
    Vincent et al.: Stacked denoising autoencoders, JMLR 11 (2010), section 4.3, for all three.
    """

    sigma: float

    def __post_init__(self) -> None:
        check_real("sigma", self.sigma, 0, closed="low")

    def noisy(self, x: Array, rng: np.random.Generator) -> Array:
        """Return ``x + sigma * e``."""
        return x + self.sigma * rng.standard_normal(x.shape, dtype=x.dtype)


@dataclass(frozen=True)
class Masking(Corruption):
    """Missing values: each is set to 0 with probability `p`; what is left is not rescaled.

    Parameters
    ----------
    p : float
        In [0, 1].
    """

    p: float

    def __post_init__(self) -> None:
        check_real("p", self.p, 0, 1, closed="both")

    def noisy(self, x: Array, rng: np.random.Generator) -> Array:
        """Return `x` with zeros at random places."""
        return np.where(rng.random(x.shape) < self.p, np.zeros_like(x), x)


@dataclass(frozen=True)
class SaltAndPepper(Corruption):
    """Wild values: with probability `p` a value is replaced, by 0 and by 1 equally often.

    Parameters
    ----------
    p : float
        The share of both together, in [0, 1].
    """

    p: float

    def __post_init__(self) -> None:
        check_real("p", self.p, 0, 1, closed="both")

    def noisy(self, x: Array, rng: np.random.Generator) -> Array:
        """Return `x` with zeros and ones at random places."""
        u = rng.random(x.shape)
        # u < p/2 is pepper, p/2 <= u < p is salt
        return np.where(u < self.p, (u >= self.p / 2).astype(x.dtype), x)


# a call reads like the noise: corruptions.gaussian(0.3)
gaussian, masking, salt_and_pepper = Gaussian, Masking, SaltAndPepper
