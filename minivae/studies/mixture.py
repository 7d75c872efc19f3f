"""A mixture of Gaussians, fitted by EM: the plain density that a VAE is compared with."""

from __future__ import annotations

import numpy as np

from minivae.edge.checks import Array
from minivae.nn.gaussian import LOG_2PI
from minivae.studies.clusters import k_means

N_STEPS = 20
FLOOR = 1e-3  # added to every covariance, as a share of the mean variance of the data


class GaussianMixture:
    """``p(x) = sum_c weight_c N(x; mean_c, covariance_c)``, with full covariances.

    Parameters
    ----------
    n_components : int
    seed : int
        Of the k-means clusters from which EM starts.

    References
    ----------
    Dempster, Laird, Rubin: Maximum likelihood from incomplete data via the EM algorithm, Journal of
    the Royal Statistical Society B 39 (1977).
    """

    def __init__(self, n_components: int, *, seed: int = 0) -> None:
        self.n_components, self.seed = n_components, seed

    def fit(self, X: Array, *, n_steps: int = N_STEPS) -> GaussianMixture:
        """Take `n_steps` steps of EM; `history` holds the mean log-likelihood before each."""
        X = np.asarray(X, float)
        floor = FLOOR * X.var(axis=0).mean()
        clusters = k_means(X, X, n_clusters=self.n_components, seed=self.seed)
        shares = np.eye(self.n_components)[clusters]  # (n, n_components)
        self.history = []
        for _ in range(n_steps):
            self._maximize(X, shares, floor)
            joint = self._log_joint(X)
            log_p = np.logaddexp.reduce(joint, axis=1)
            shares = np.exp(joint - log_p[:, None])
            self.history.append(float(log_p.mean()))
        return self

    def score_samples(self, X: Array) -> Array:
        """Return log p(x) of every row, shape (n,), in nats."""
        return np.logaddexp.reduce(self._log_joint(np.asarray(X, float)), axis=1)

    def _maximize(self, X: Array, shares: Array, floor: float) -> None:
        """Set weights, means and covariances to those of the rows, weighted by their shares."""
        counts = shares.sum(axis=0) + 1e-9
        self.weights, self.means = counts / counts.sum(), shares.T @ X / counts[:, None]
        self.covariances = np.empty((self.n_components, X.shape[1], X.shape[1]))
        for c, mean in enumerate(self.means):
            centred = X - mean
            self.covariances[c] = (shares[:, c] * centred.T) @ centred / counts[c]
            self.covariances[c] += floor * np.eye(X.shape[1])

    def _log_joint(self, X: Array) -> Array:
        """Return ``log weight_c + log N(x; mean_c, covariance_c)``, shape (n, n_components)."""
        columns = []
        for weight, mean, C in zip(self.weights, self.means, self.covariances, strict=True):
            R = np.linalg.cholesky(C)
            white = np.linalg.solve(R, (X - mean).T)  # (n_features, n)
            log_det = 2 * np.sum(np.log(np.diag(R)))
            squares = np.sum(white**2, axis=0)
            columns.append(np.log(weight) - 0.5 * (len(C) * LOG_2PI + log_det + squares))
        return np.stack(columns, axis=1)
