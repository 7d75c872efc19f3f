"""Do two samples come from one distribution? A permutation test, with several statistics.

If they do, the labels "first sample" and "second sample" mean nothing: every permutation of them
gives data that are as likely. So the statistic of the data has a uniform rank among those of the
permutations, whatever the statistic is. The statistic decides only which differences are seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from minivae.diagnostics.density_ratios import classifier_ratio, vae_ratio
from minivae.edge.checks import ArgumentError, Array, as_batch, check_integer, check_rng, shown

Statistic = Callable[[Array, Array], float]
RATIOS = {"vae": vae_ratio, "classifier": classifier_ratio}
TIE = 1e-12  # statistics that differ by less, relative to the largest, are equal but for rounding


@dataclass(frozen=True, eq=False)
class TwoSampleReport:
    """A statistic of two samples, and the same of samples with permuted labels.

    Attributes
    ----------
    name : str
        Of the statistic.
    statistic : float
    null : array, shape (n_permutations,)
    """

    name: str
    statistic: float
    null: Array

    @property
    def p_value(self) -> float:
        """``(1 + count) / (1 + B)``: how many of B permutations reach the statistic of the data.

        The data themselves are one of the 1 + B equally likely arrangements, so that the p-value is
        never zero.

        References
        ----------
        Phipson, Smyth: Permutation p-values should never be zero, Statistical Applications in
        Genetics and Molecular Biology 9 (2010).
        """
        tie = TIE * max(abs(self.statistic), float(np.max(np.abs(self.null))))
        count = int(np.sum(self.null >= self.statistic - tie))
        return (1 + count) / (1 + len(self.null))

    def __str__(self) -> str:
        return (
            f"{self.name}: statistic {self.statistic:.4g}, permuted labels {self.null.mean():.4g} "
            f"± {self.null.std():.2g}, p = {self.p_value:.3g} with {len(self.null)} permutations"
        )


def two_sample_test(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    statistic: str | Statistic = "vae",
    n_permutations: int = 199,
    rng: int | np.random.Generator | None = None,
) -> TwoSampleReport:
    """Test whether two samples come from the same distribution.

    Parameters
    ----------
    X, Y : array_like, shape (n, n_features) and (m, n_features)
        At least two rows each.
    statistic : {"vae", "energy", "classifier"} or callable
        ``"energy"``: ``2 E|X - Y| - E|X - X'| - E|Y - Y'|`` over all pairs of rows; memory grows
        with (n + m)^2. ``"vae"`` and ``"classifier"`` learn a log density ratio r from one half of
        each sample; the statistic is the mean of r over the other half of X minus that over the
        other half of Y, and only the labels of the other halves are permuted. A VAE is fitted to
        each sample, or one small network tells them apart. A function ``statistic(X, Y)``, larger
        for samples that differ more, is called again for every permutation of all rows.
    n_permutations : int
        B: the p-value is a multiple of 1 / (1 + B).
    rng : int or numpy.random.Generator, optional

    Returns
    -------
    TwoSampleReport
        With `statistic`, `null` and `p_value`.

    Raises
    ------
    ValueError
        The samples differ in width, a sample has fewer than two rows, all rows are equal, or the
        statistic is unknown or not finite.

    References
    ----------
    Székely, Rizzo: Energy statistics, Journal of Statistical Planning and Inference 143 (2013).
    Lopez-Paz, Oquab: Revisiting classifier two-sample tests, ICLR 2017, arXiv 1610.06545. Inácio,
    Izbicki, Gyires-Tóth: Distance assessment and analysis of high-dimensional samples using
    variational autoencoders, Information Sciences 557 (2021), arXiv 1909.07182, refit two VAEs for
    every permutation; here they are fitted once, to other rows than those that are permuted.
    """
    X = as_batch(X, name="X")
    Y = as_batch(Y, X.shape[1], name="Y")
    for name, sample in (("X", X), ("Y", Y)):
        if len(sample) < 2:
            raise ArgumentError(f"{name} must have at least 2 rows, got {len(sample)}")
    B, rng = check_integer("n_permutations", n_permutations, 1), check_rng(rng)
    if not np.any(np.ptp(np.concatenate([X, Y]), axis=0)):
        raise ArgumentError("X and Y must hold different rows, got the same row everywhere")
    if isinstance(statistic, str) and statistic == "energy":
        values = _energies(X, Y, B, rng)
    elif isinstance(statistic, str) and statistic in RATIOS:
        values = _mean_ratios(*RATIOS[statistic](X, Y, rng), B, rng)
    elif callable(statistic) and not isinstance(statistic, type):
        values = _by_function(statistic, X, Y, B, rng)
    else:
        names = ", ".join(("energy", *RATIOS))
        raise ArgumentError(
            f"statistic must be a function or one of {names}, got {shown(statistic)}"
        )
    label = statistic if isinstance(statistic, str) else getattr(statistic, "__name__", "function")
    return TwoSampleReport(label, float(values[0]), values[1:])


def _signs(n: int, m: int, B: int, rng: np.random.Generator) -> Array:
    """Return 1/n for rows of X and -1/m for rows of Y; then B permutations, (1 + B, n + m)."""
    signs = np.repeat([1 / n, -1 / m], [n, m])
    return np.vstack([signs, rng.permuted(np.tile(signs, (B, 1)), axis=1)])


def _energies(X: Array, Y: Array, B: int, rng: np.random.Generator) -> Array:
    from scipy.spatial.distance import cdist

    rows = np.concatenate([X, Y])
    distances, s = cdist(rows, rows), _signs(len(X), len(Y), B, rng)
    # -s^T D s = 2 E|X - Y| - E|X - X'| - E|Y - Y'|
    return -np.sum(s @ distances * s, axis=1)


def _mean_ratios(r_x: Array, r_y: Array, B: int, rng: np.random.Generator) -> Array:
    return _signs(len(r_x), len(r_y), B, rng) @ np.concatenate([r_x, r_y])


def _by_function(f: Statistic, X: Array, Y: Array, B: int, rng: np.random.Generator) -> Array:
    rows, values = np.concatenate([X, Y]), [f(X, Y)]
    for _ in range(B):
        permuted = rows[rng.permutation(len(rows))]
        values.append(f(permuted[: len(X)], permuted[len(X) :]))
    for value in values:
        if not (np.isscalar(value) and np.isreal(value) and np.isfinite(value)):
            raise ArgumentError(f"statistic(X, Y) must return a finite number, got {value!r}")
    return np.array(values, float)
