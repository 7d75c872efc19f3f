"""What every sampler asks before its first step, and says after its last."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minivae.bayes.chain import Chain
from minivae.edge.checks import Array, check_integer


def check_start(start: ArrayLike, n_samples: int) -> tuple[Array, int]:
    """Return the start as one row, and the number of samples."""
    z = np.asarray(start, dtype=np.float64)
    if z.ndim != 1 or z.size == 0 or not np.isfinite(z).all():
        raise ValueError(f"start must be finite numbers of shape (n_dims,), got {start!r}")
    return z[None], check_integer("n_samples", n_samples, 1)


def check_log_density(log_p: Any, z: Array) -> Array:
    """Return what a log density made of the rows where a run starts."""
    if np.shape(log_p) != (len(z),):
        raise ValueError(
            f"the log density must have shape (batch,) for z of shape (batch, n_dims), "
            f"got shape {np.shape(log_p)} for {z.shape}"
        )
    bad = ~np.isfinite(log_p)
    if bad.any():
        at = bad.argmax()
        raise ValueError(f"the log density must be finite at the start {z[at]}, got {log_p[at]}")
    return log_p


def chain_of(samples: Array, n_accepted: int, step: float) -> Chain:
    """Return the chain, and warn when it never left its start."""
    if n_accepted == 0:
        warnings.warn(
            f"none of {len(samples)} proposals was accepted with step={step:g}, so every sample "
            "is the start: try a tenth of the step, and check the gradient if there is one",
            RuntimeWarning,
            stacklevel=3,
        )
    return Chain(samples, n_accepted / len(samples))
