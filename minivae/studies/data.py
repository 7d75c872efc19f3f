"""The data of a study: images to train on and images to test on, with labels and factors."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

import minivae as mv
from minivae.datasets.mnist_files import SPLITS, cache_folder
from minivae.edge.checks import ArgumentError, Array

NAMES = ("digits", "mnist")


class Split(NamedTuple):
    """Images of float32 in [0, 1], shape (n, 784), and what is known of them row by row.

    The factors (``thickness``, ``slant``, ``rotation``) are known for drawn digits only; for MNIST
    the dicts are empty.
    """

    train: Array
    test: Array
    train_labels: Array
    test_labels: Array
    train_factors: dict[str, Array]
    test_factors: dict[str, Array]


def check_data(name: str) -> str:
    """Return the name of a data set that studies know, or refuse it."""
    if name not in NAMES:
        raise ArgumentError(f"data must be one of {', '.join(NAMES)}, got {name!r}")
    return name


@lru_cache(maxsize=2)
def load_split(name: str, n_train: int, n_test: int, seed: int) -> Split:
    """Return a split that the seed draws: digits anew, or other rows of MNIST's own two halves.

    Raises
    ------
    OSError
        MNIST cannot be found or downloaded.
    """
    if check_data(name) == "mnist":
        rng = np.random.default_rng(seed)
        train, train_labels = _some_rows("train", n_train, rng)
        test, test_labels = _some_rows("test", n_test, rng)
        return Split(train, test, train_labels, test_labels, {}, {})
    drawn = mv.datasets.digits(n_train + n_test, rng=seed)
    first = {factor: values[:n_train] for factor, values in drawn.factors.items()}
    last = {factor: values[n_train:] for factor, values in drawn.factors.items()}
    images, labels = drawn.images, drawn.labels
    return Split(
        images[:n_train], images[n_train:], labels[:n_train], labels[n_train:], first, last
    )


def _some_rows(half: str, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return `n` different rows of MNIST's training or test half, images as float32 in [0, 1]."""
    images, labels = mv.datasets.mnist(half)
    rows = rng.permutation(len(images))[:n]
    return images[rows].astype(np.float32) / 255, labels[rows].astype(np.int64)


def mnist_is_here() -> bool:
    """Return whether the test half of MNIST can be read without a download."""
    given = os.environ.get("MINIVAE_DATA")
    folders = [Path(given).expanduser()] if given else []
    names = [file.name for file in SPLITS["test"]]
    return any(
        all((folder / name).is_file() or (folder / f"{name}.gz").is_file() for name in names)
        for folder in [*folders, cache_folder()]
    )
