"""The data sets that a command can name, split into rows to train on and rows to test on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minivae import datasets
from minivae.edge.checks import ArgumentError, Array, check_integer

DEFAULTS = {"digits": 5000, "mnist": 60_000, "patches": 10_000}


class Split(NamedTuple):
    """Rows to train on, rows to test on, and the labels of the test rows if they have any."""

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
        Drawn digits of 28 x 28 pixels, MNIST as ``uint8``, or grey 8 x 8 patches of a photograph.
    n_train : int, optional
        The number of rows to train on; by default 5,000 digits, 10,000 patches, or all of MNIST.
        A quarter as many (at least one) are drawn to test on; MNIST has 10,000 test rows.
    rng : int or numpy.random.Generator, optional

    Raises
    ------
    ValueError
        There is no such data set, or it has fewer rows.
    OSError
        MNIST is not found and cannot be downloaded; the message says which files to put where.
    """
    if name not in DEFAULTS:
        raise ArgumentError(f"data must be one of {', '.join(DEFAULTS)}, got {name!r}")
    n = DEFAULTS[name] if n_train is None else n_train
    if name == "mnist":
        train, (test, labels) = datasets.mnist("train")[0], datasets.mnist("test")
        check_integer("n_train", n, 1, len(train), of="n_samples=")
        return Split(train[:n], test, labels)
    n_all = check_integer("n_train", n, 1) + max(1, n // 4)
    if name == "digits":
        drawn = datasets.digits(n_all, rng=rng)
        return Split(drawn.images[:n], drawn.images[n:], drawn.labels[n:])
    patches = datasets.image_patches(n_all, rng=rng)
    return Split(patches[:n], patches[n:], None)
