"""Minibatches: shuffled rows, and what a model sees of them and is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minivae.edge.checks import ArgumentTypeError, Array, as_batch, check_integer, check_rng, shown


def minibatches(
    n_samples: int, batch_size: int, rng: int | np.random.Generator | None = None
) -> Iterator[Array]:
    """Yield shuffled row numbers, `batch_size` at a time; the last batch holds what is left."""
    check_integer("n_samples", n_samples, 1)
    check_integer("batch_size", batch_size, 1)
    order = check_rng(rng).permutation(n_samples)
    for start in range(0, n_samples, batch_size):
        yield order[start : start + batch_size]


class Batches:
    """A data set in minibatches: what a model sees of each, and what it is asked for."""

    def __init__(self, X: Array, y: Any, batch_size: int, augment: Any, corrupt: Any) -> None:
        self.X, self.y, self.batch_size = X, y, batch_size
        self.augment, self.corrupt = augment, corrupt

    def __len__(self) -> int:
        return -(-len(self.X) // self.batch_size)

    def shuffled(self, model: Any, rng: np.random.Generator) -> Iterator[tuple[Array, Any, Array]]:
        """Yield x, its labels and the target of every batch."""
        for rows in minibatches(len(self.X), self.batch_size, rng):
            target = as_batch(self.X[rows], dtype=model.dtype)
            if self.augment is not None:
                drawn = self.augment(target.copy(), rng)
                target = as_batch(drawn, model.n_features, model.dtype, name="what augment returns")
            x = target
            if self.corrupt is not None:
                noisy = self.corrupt(target.copy(), rng)
                x = as_batch(noisy, model.n_features, model.dtype, name="what corrupt returns")
            yield x, None if self.y is None else self.y[rows], target


def check_noise(name: str, given: Any) -> None:
    """Raise TypeError unless `given` is None or can be called, as what adds noise must be."""
    if given is not None and (isinstance(given, type) or not callable(given)):
        raise ArgumentTypeError(
            f"{name} must be a function (x, rng) -> x, such as corruptions.gaussian(0.3), "
            f"got {shown(given)}"
        )
