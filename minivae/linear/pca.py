"""Principal component analysis by eigendecomposition: the linear code with the least error."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge.checks import (
    ArgumentError,
    ArgumentTypeError,
    Array,
    as_data_set,
    as_matrix,
    check_integer,
    check_real,
)
from minivae.linear.principal_axes import float_blocks, principal_axes
from minivae.nn.gaussian import LOG_2PI


def align_signs(components: ArrayLike) -> Array:
    """Return a copy of the rows, each with the sign that makes its largest entry positive.

    An eigenvector is unique only up to its sign. The entry that is largest in magnitude decides, as
    in scikit-learn.
    """
    components = as_matrix(components, name="components", columns="n_features")
    largest = np.abs(components).argmax(axis=1)[:, None]
    return components * np.where(np.take_along_axis(components, largest, axis=1) < 0, -1, 1)


def check_fitted(model: Any) -> None:
    """Raise RuntimeError unless ``model.fit`` has been called."""
    if not hasattr(model, "mean_"):
        raise RuntimeError(f"this {type(model).__name__} is not fitted: call fit(X) first")


class PCA:
    """Principal component analysis, with the names, signs and numbers of scikit-learn.

    Everything is computed in float64, from the eigenvalues of the scatter matrix. Squaring the data
    costs half the digits of the small singular values. The error of an explained variance is about
    1e-16 times the *largest* explained variance; the error of a component is this error divided by
    the gap to the neighbouring eigenvalues; a singular value below about 1e-7 times the largest is
    reported as zero. Every method scales images stored as ``uint8`` from 0..255 to 0..1, which
    scikit-learn does not do.

    Parameters
    ----------
    n_components : int, float or None
        The number of components to keep, from 1 to min(n_samples, n_features). A fraction in
        (0, 1) keeps as few components as explain more than this share of the variance. None keeps
        all components.

    Attributes
    ----------
    components_ : array, shape (n_components, n_features)
        Orthonormal rows, in the order of decreasing variance.
    explained_variance_ : array, shape (n_components,)
        The variance along each component, with divisor n_samples - 1.
    explained_variance_ratio_ : array, shape (n_components,)
        The share of each component in the total variance.
    singular_values_ : array, shape (n_components,)
        The singular values of the centred data.
    mean_ : array, shape (n_features,)
    noise_variance_ : float
        The mean of the min(n_samples, n_features) - n_components discarded variances, or 0 if no
        variance is discarded.
    n_components_, n_features_in_, n_samples_ : int

    References
    ----------
    Jolliffe: Principal Component Analysis, 2nd edition, Springer 2002, chapters 1 to 3.
    Tipping, Bishop: Probabilistic principal component analysis, Journal of the Royal Statistical
    Society B 61 (1999) 611-622, for the density.
    """

    def __init__(self, n_components: int | float | None = None) -> None:
        self.n_components = n_components

    def fit(self, X: ArrayLike, y: object = None) -> PCA:
        """Find the components of `X`, shape (n_samples, n_features); `y` is ignored.

        Raises
        ------
        TypeError, ValueError
            `X` is not a finite matrix of at least two different rows, or `n_components` is out of
            its range.
        """
        X = as_data_set(X)
        n_samples, n_features = X.shape
        mean, squares, axes = principal_axes(X)
        variances, ratios = squares / (n_samples - 1), squares / squares.sum()
        k = self._count_components(ratios)
        self.mean_ = mean
        self.components_ = align_signs(axes[:k])
        self.explained_variance_ = variances[:k]
        self.explained_variance_ratio_ = ratios[:k]
        self.singular_values_ = np.sqrt(squares[:k])
        self.noise_variance_ = float(variances[k:].mean()) if k < len(variances) else 0.0
        self.n_components_, self.n_features_in_, self.n_samples_ = k, n_features, n_samples
        return self

    def _count_components(self, ratios: Array) -> int:
        n = self.n_components
        if n is None:
            return len(ratios)
        if not isinstance(n, Real) or isinstance(n, bool):
            raise ArgumentTypeError(
                f"n_components must be None, an integer or a fraction, got {n!r}"
            )
        if isinstance(n, Integral):
            of = "min(n_samples, n_features)="
            return check_integer("n_components", n, 1, len(ratios), of=of)
        fraction = check_real("n_components, if not an integer,", n, 0, 1)
        n_below = int(np.sum(np.cumsum(ratios[:-1]) <= fraction))
        return n_below + 1

    def transform(self, X: ArrayLike) -> Array:
        """Return the coordinates of `X` along the components, shape (n_samples, n_components)."""
        return np.concatenate([x @ self.components_.T for x in self._centred_blocks(X)])

    def inverse_transform(self, Z: ArrayLike) -> Array:
        """Return the points with the coordinates `Z`, shape (n_samples, n_features)."""
        check_fitted(self)
        return (
            as_matrix(Z, self.n_components_, name="Z", columns="n_components") @ self.components_
            + self.mean_
        )

    def fit_transform(self, X: ArrayLike, y: object = None) -> Array:
        """Fit to `X`, and return the coordinates of its rows."""
        return self.fit(X).transform(X)

    def encode(self, x: ArrayLike) -> Array:
        """Return the code of `x`: the same as `transform`."""
        return self.transform(x)

    def decode(self, z: ArrayLike) -> Array:
        """Return the points with the codes `z`: the same as `inverse_transform`."""
        return self.inverse_transform(z)

    def reconstruct(self, x: ArrayLike) -> Array:
        """Return the orthogonal projection of `x` onto the plane of the components."""
        return self.decode(self.encode(x))

    def get_covariance(self) -> Array:
        """Return the covariance of the model: the kept variances, and noise in all directions."""
        check_fitted(self)
        V, s2 = self.components_, self.noise_variance_
        # C = V^T (Lam - s2 I) V + s2 I
        return (V.T * (self.explained_variance_ - s2)) @ V + s2 * np.eye(self.n_features_in_)

    def score_samples(self, X: ArrayLike) -> Array:
        """Return ``log N(x; mean_, get_covariance())`` of each row, shape (n_samples,), in nats.

        Raises
        ------
        ValueError
            The covariance is singular, so there is no density.
        """
        check_fitted(self)
        V, lam, s2 = self.components_, self.explained_variance_, self.noise_variance_
        n_discarded = self.n_features_in_ - self.n_components_
        if n_discarded == 0:
            s2 = 1.0  # without a discarded direction the noise does not matter
        if min(lam[-1], s2) == 0:
            raise ArgumentError(
                "the model has no density, its covariance is singular: least explained variance "
                f"{lam[-1]:g}, noise variance {s2:g} in {n_discarded} directions"
            )
        log_det = np.log(lam).sum() + n_discarded * np.log(s2)
        distances = []
        for x in self._centred_blocks(X):
            z = x @ V.T
            # x^T C^-1 x = sum_i z_i^2 / lam_i + |x - V^T z|^2 / s2
            distances.append((z**2 / lam).sum(axis=1) + ((x - z @ V) ** 2).sum(axis=1) / s2)
        return -0.5 * (self.n_features_in_ * LOG_2PI + log_det + np.concatenate(distances))

    def score(self, X: ArrayLike, y: object = None) -> float:
        """Return the mean log-likelihood of the rows of `X`, in nats per example."""
        return float(self.score_samples(X).mean())

    def _centred_blocks(self, X: ArrayLike) -> Iterator[Array]:
        check_fitted(self)
        return (x - self.mean_ for x in float_blocks(as_data_set(X, self.n_features_in_)))
