"""Probabilistic PCA: the maximum likelihood of a linear-Gaussian model, in closed form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge.checks import (
    ArgumentError,
    Array,
    as_data_set,
    as_matrix,
    check_integer,
    check_rng,
)
from minivae.linear.linear_gaussian import LinearGaussianModel
from minivae.linear.pca import align_signs, check_fitted
from minivae.linear.principal_axes import float_blocks, principal_axes


class ProbabilisticPCA:
    """The model ``z ~ N(0, I)``, ``x = z @ W_ + mean_ + noise``, ``noise ~ N(0, s2 I)``.

    Equivalently ``x ~ N(mean_, W_.T @ W_ + s2 I)``. The likelihood depends on `W_` only through
    ``W_.T @ W_``, so ``R @ W_`` has the same likelihood for every orthogonal R. `fit` chooses the
    `W_` with orthogonal rows, in the order of decreasing variance. Every method scales images
    stored as ``uint8`` from 0..255 to 0..1.

    Parameters
    ----------
    n_components : int
        The number of latent dimensions, from 1 to n_features - 1.

    Attributes
    ----------
    W_ : array, shape (n_components, n_features)
        Row i is what one unit of latent dimension i adds to x.
    noise_variance_ : float
        The noise variance s2: the mean of the n_features - n_components discarded variances, with
        divisor n_samples.
    mean_ : array, shape (n_features,)
    n_components_, n_features_in_ : int

    References
    ----------
    Tipping, Bishop: Probabilistic principal component analysis, Journal of the Royal Statistical
    Society B 61 (1999) 611-622.
    """

    def __init__(self, n_components: int) -> None:
        self.n_components = n_components

    def fit(self, X: ArrayLike, y: object = None) -> ProbabilisticPCA:
        """Maximise the likelihood of `X`, shape (n_samples, n_features); `y` is ignored.

        Raises
        ------
        TypeError, ValueError
            `X` is not a finite matrix with at least two different rows, `n_components` is out of
            its range, or no variance is left for the noise, so that the likelihood has no maximum.
        """
        X = as_data_set(X)
        n_samples, n_features = X.shape
        k = check_integer("n_components", self.n_components, 1, n_features - 1, of="n_features-1=")
        mean, squares, axes = principal_axes(X)
        lam = squares / n_samples
        # s2 = sum_{j>k} lam_j / (d - k),  W = (Lam - s2 I)^1/2 U^T
        s2 = float(lam[k:].sum() / (n_features - k))
        if s2 == 0:
            raise ArgumentError(
                "n_components must be below the rank of the centred X, which is "
                f"{np.count_nonzero(lam)}, to leave variance for the noise, got {k}"
            )
        self.mean_, self.noise_variance_ = mean, s2
        self.W_ = np.sqrt(np.maximum(lam[:k] - s2, 0))[:, None] * align_signs(axes[:k])
        self.n_components_, self.n_features_in_ = k, n_features
        return self

    def posterior(self, X: ArrayLike) -> tuple[Array, Array]:
        """Return the mean and the covariance of the Gaussian p(z given x) for each row of `X`.

        Returns
        -------
        mu : array, shape (n_samples, n_components)
        covariance : array, shape (n_components, n_components)
            The same for every x.
        """
        model, blocks = self._model(), self._centred_blocks(X)
        mu = np.concatenate([model.posterior_mean(x) for x in blocks])
        return mu, np.linalg.inv(model.posterior()[1])

    def score_samples(self, X: ArrayLike) -> Array:
        """Return the log-likelihood of each row of `X`, shape (n_samples,), in nats."""
        model, blocks = self._model(), self._centred_blocks(X)
        return np.concatenate([model.log_marginal(x) for x in blocks])

    def score(self, X: ArrayLike, y: object = None) -> float:
        """Return the mean log-likelihood of the rows of `X`, in nats per example."""
        return float(self.score_samples(X).mean())

    def sample(self, n: int, rng: Any = None) -> Array:
        """Draw `n` examples, shape (n, n_features); `rng` is a seed or a Generator."""
        check_fitted(self)
        n, rng = check_integer("n", n, 1), check_rng(rng)
        z = rng.standard_normal((n, self.n_components_))
        noise = rng.standard_normal((n, self.n_features_in_))
        return z @ self.W_ + self.mean_ + np.sqrt(self.noise_variance_) * noise

    def transform(self, X: ArrayLike) -> Array:
        """Return the posterior mean of each row of `X`, shape (n_samples, n_components)."""
        return self.posterior(X)[0]

    def inverse_transform(self, Z: ArrayLike) -> Array:
        """Return the mean of x for each row of `Z`, shape (n_samples, n_features)."""
        check_fitted(self)
        return (
            as_matrix(Z, self.n_components_, name="Z", columns="n_components") @ self.W_
            + self.mean_
        )

    def fit_transform(self, X: ArrayLike, y: object = None) -> Array:
        """Fit to `X`, and return the posterior means of its rows."""
        return self.fit(X).transform(X)

    def encode(self, x: ArrayLike) -> Array:
        """Return the code of `x`: the same as `transform`."""
        return self.transform(x)

    def decode(self, z: ArrayLike) -> Array:
        """Return the mean of x for the codes `z`: the same as `inverse_transform`."""
        return self.inverse_transform(z)

    def reconstruct(self, x: ArrayLike) -> Array:
        """Return ``decode(encode(x))``: PCA's projection, shrunk towards the mean."""
        return self.decode(self.encode(x))

    def _model(self) -> LinearGaussianModel:
        check_fitted(self)
        return LinearGaussianModel(self.W_, self.noise_variance_)

    def _centred_blocks(self, X: ArrayLike) -> Iterator[Array]:
        return (x - self.mean_ for x in float_blocks(as_data_set(X, self.n_features_in_)))
