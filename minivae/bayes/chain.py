"""The samples of a Markov chain, and how many independent samples they are worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minivae.edge.checks import ArgumentError, Array, check_integer


@dataclass(frozen=True, eq=False)
class Chain:
    """Samples in the order in which they were visited.

    Attributes
    ----------
    samples : array, shape (n_samples, n_dims)
        One row for each step; a rejected step repeats the row above it.
    acceptance_rate : float
        The share of accepted proposals; 1 for Gibbs sampling and for SGHMC.
    """

    samples: Array
    acceptance_rate: float

    def autocorrelation(self, max_lag: int) -> Array:
        """Return the correlation of the chain with itself `lag` steps later, for each lag.

        Parameters
        ----------
        max_lag : int
            Between 0 and ``n_samples - 1``.

        Returns
        -------
        array, shape (max_lag + 1, n_dims)
            Row i is for lag i, and row 0 is ones. This is the usual estimate, with the divisor
            n_samples at every lag.

        Raises
        ------
        ValueError
            A coordinate never moves.
        """
        n = len(self.samples)
        check_integer("max_lag", max_lag, 0, n - 1, of="n_samples - 1 = ")
        still = np.ptp(self.samples, axis=0) == 0
        if still.any():
            raise ArgumentError(
                f"coordinate {still.argmax()} never moves: it has no autocorrelation"
            )
        centered = self.samples - self.samples.mean(axis=0)
        # the covariance is a convolution with the time-reversed chain; 2n avoids wrapping round
        spectrum = np.abs(np.fft.rfft(centered, 2 * n, axis=0)) ** 2
        covariance = np.fft.irfft(spectrum, 2 * n, axis=0)[: max_lag + 1]
        return covariance / covariance[0]

    def autocorrelation_time(self) -> Array:
        """Return how many steps one independent sample costs, for each coordinate.

        The autocorrelation time is the sum of the autocorrelation over all lags, positive and
        negative. At large lags the estimate is only noise, so the sum ends early, by Geyer's
        initial monotone sequence. The sums of neighbouring pairs of lags are positive and decrease
        for every reversible chain (Metropolis, HMC, and each block of a two-block Gibbs sampler).
        So the sum ends before the first negative pair, and no pair counts more than the one before.

        Returns
        -------
        array, shape (n_dims,)
            It is below 1 for a chain whose steps cancel each other's errors. It is at least
            ``1 / log10(n_samples)``, because a smaller estimate is mostly noise.

        References
        ----------
        Geyer (1992), Practical Markov chain Monte Carlo, Statistical Science 7(4), section 3.3.
        The lower bound comes from the Stan Reference Manual, "Effective sample size".
        """
        n, n_dims = self.samples.shape
        correlation = self.autocorrelation(n - 1)[: n - n % 2]
        pairs = correlation.reshape(-1, 2, n_dims).sum(axis=1)  # lags 0 and 1, 2 and 3, ...
        before_negative = np.logical_and.accumulate(pairs > 0, axis=0)
        monotone = np.minimum.accumulate(pairs, axis=0) * before_negative
        return np.maximum(2 * monotone.sum(axis=0) - 1, 1 / np.log10(n))

    def effective_sample_size(self) -> Array:
        """Return how many independent samples give an equally precise mean, shape (n_dims,)."""
        return len(self.samples) / self.autocorrelation_time()
