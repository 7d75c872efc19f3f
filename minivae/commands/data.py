"""The data sets that a command can name, split into rows to train on and rows to test on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minivae import datasets
from minivae._checks import Array

NAMES = ("digits", "mnist", "patches")


class Split(NamedTuple):
    """Rows to train on, rows to test on, and the latter's labels where there are any."""

    train: Array
    test: Array
    test_labels: Array | None


def load_split(
    name: str, *, n_train: int | None = None, rng: int | np.random.Generator | None = 0
) -> Split:
    """Return a data set by name.

    Parameters
    ----------
    name : {"digits", "mnist", "patches"}
        Drawn digits, 28 x 28; MNIST as ``uint8``; grey patches of a photograph, 8 x 8.
    n_train : int, optional
        How many rows to train on; by default 5,000 digits, 10,000 patches, or all of MNIST.
        A quarter as many again are drawn to test on; MNIST has its own 10,000.
    rng : int or numpy.random.Generator, optional

    Raises
    ------
    ValueError
        There is no such data set.
    OSError
        MNIST cannot be found or downloaded; the message says what to put where.
    """
    if name == "mnist":
        train, (test, labels) = datasets.mnist("train")[0], datasets.mnist("test")
        return Split(train[:n_train], test, labels)
    if name == "digits":
        n = n_train or 5000
        drawn = datasets.digits(n + n // 4, rng=rng)
        return Split(drawn.images[:n], drawn.images[n:], drawn.labels[n:])
    if name == "patches":
        n = n_train or 10_000
        patches = datasets.image_patches(n + n // 4, rng=rng)
        return Split(patches[:n], patches[n:], None)
    raise ValueError(f"data must be one of {', '.join(NAMES)}, got {name!r}")
