"""Checks of a sampler: its start and its log density before a run, its acceptance after it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minivae.bayes.chain import Chain
from minivae.edge.arguments import check_function, returned, returned_pair
from minivae.edge.checks import ArgumentError, Array, as_reals, check_integer


def check_start(start: ArrayLike, n_samples: int) -> tuple[Array, int]:
    """Return the checked start as one row, and the checked number of samples."""
    return as_reals("start", start, ("n_dims",))[None], check_integer("n_samples", n_samples, 1)


def start_of(name: str, log_density: Any, z: Array, *, gradient: bool) -> Array:
    """Return the log density at the rows `z` where a run starts, after checking the function.

    With `gradient` the function returns the gradient, too.
    """
    said = check_function(name, log_density)(z)
    if gradient:
        said, _ = returned_pair(name, said, (("batch",), z.shape))
    return check_log_density(returned(name, said, ("batch",)), z)


def check_log_density(log_p: Any, z: Array) -> Array:
    """Return `log_p`, the log density at the rows `z` where a run starts, if it is finite."""
    if np.shape(log_p) != (len(z),):
        raise ArgumentError(
            f"the log density must have shape (batch,) for z of shape (batch, n_dims), "
            f"got shape {np.shape(log_p)} for {z.shape}"
        )
    bad = ~np.isfinite(log_p)
    if bad.any():
        at = bad.argmax()
        raise ArgumentError(f"the log density must be finite at the start {z[at]}, got {log_p[at]}")
    return log_p


def chain_of(samples: Array, n_accepted: int, step: float) -> Chain:
    """Return the chain, and warn if it never left its start."""
    if n_accepted == 0:
        warnings.warn(
            f"none of {len(samples)} proposals was accepted with step={step:g}, so every sample "
            "equals the start: try a tenth of the step, and check the gradient if there is one",
            RuntimeWarning,
            stacklevel=3,
        )
    return Chain(samples, n_accepted / len(samples))
