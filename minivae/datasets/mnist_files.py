"""MNIST: where its four files are searched, and their shapes and checksums."""

from __future__ import annotations

import os
import sys
from io import BytesIO
from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minivae.datasets.download import download
from minivae.datasets.idx import read_idx
from minivae.edge.checks import ArgumentError
from minivae.edge.files import make_folder, whole_file


class IdxFile(NamedTuple):
    """Name and shape of a file, and the checksum of its unpacked content."""

    name: str
    shape: tuple[int, ...]
    sha256: str


SPLITS = {
    "train": (
        IdxFile(
            "train-images-idx3-ubyte",
            (60_000, 28, 28),
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        IdxFile(
            "train-labels-idx1-ubyte",
            (60_000,),
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
    ),
    "test": (
        IdxFile(
            "t10k-images-idx3-ubyte",
            (10_000, 28, 28),
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        IdxFile(
            "t10k-labels-idx1-ubyte",
            (10_000,),
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
}
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)


def mnist(
    split: str = "train", *, folder: str | os.PathLike[str] | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read the handwritten digits of MNIST.

    Without `folder`, the files are searched first in the folder of the environment variable
    ``MINIVAE_DATA``, then in the cache, which is the folder of ``MINIVAE_CACHE`` or ``minivae`` in
    the user's cache folder. If neither has them, they are downloaded into the cache; the address
    in ``MINIVAE_MIRROR``, of a folder with the four packed files, is then tried first.

    Parameters
    ----------
    split : {"train", "test"}
        60,000 or 10,000 images.
    folder : path, optional
        The only folder to search. It holds ``train-images-idx3-ubyte.gz`` and the other files, or
        the same files unpacked, without ``.gz``.

    Returns
    -------
    images : ndarray of uint8, shape (n, 784)
        The ink, from 0 to 255, of 28 x 28 pixels, row by row from the top left.
    labels : ndarray of uint8, shape (n,)
        The digit, 0 to 9.

    Raises
    ------
    ValueError
        `split` is another string, or a file is not the original one: it is damaged, cut short, or
        belongs to another data set.
    OSError
        A folder or a file is missing, or a download failed.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner (1998), "Gradient-based learning applied to document
    recognition", Proceedings of the IEEE 86(11).
    """
    if split not in ("train", "test"):
        raise ArgumentError(f"split must be 'train' or 'test', got {split!r}")
    images, labels = (_load(file, folder) for file in SPLITS[split])
    return images.reshape(len(images), -1), labels


def cache_folder() -> Path:
    """Return the folder of downloads: ``MINIVAE_CACHE``, else the cache folder of the platform."""
    if given := os.environ.get("MINIVAE_CACHE"):
        return Path(given).expanduser()
    if sys.platform == "win32":
        user = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        user = "~/Library/Caches"
    else:
        user = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(user).expanduser() / "minivae"


def mirrors() -> tuple[str, ...]:
    """Return the addresses to download from; the one in ``MINIVAE_MIRROR`` comes first."""
    given = os.environ.get("MINIVAE_MIRROR")
    return (f"{given.rstrip('/')}/", *MIRRORS) if given else tuple(MIRRORS)


def _load(file: IdxFile, folder: str | os.PathLike[str] | None) -> NDArray[np.uint8]:
    if folder is not None:
        path = _find(file, folder, "folder")
        if path is None:
            raise FileNotFoundError(f"folder={str(folder)!r} has no {file.name}.gz nor {file.name}")
        return _read(path, file)
    if (given := os.environ.get("MINIVAE_DATA")) and (path := _find(file, given, "MINIVAE_DATA")):
        return _read(path, file)
    cache = cache_folder()
    if cache.exists() and (path := _find(file, cache, "MINIVAE_CACHE")):
        try:
            return _read(path, file)
        except ValueError:  # only the cache may be repaired, by another download
            pass
    return _download(file, cache)


def _find(file: IdxFile, folder: str | os.PathLike[str], name: str) -> Path | None:
    place = Path(folder).expanduser()
    if not place.is_dir():
        raise NotADirectoryError(f"{name} must name a folder, got {str(folder)!r}")
    candidates = (place / f"{file.name}.gz", place / file.name)
    return next((path for path in candidates if path.is_file()), None)


def _read(path: Path, file: IdxFile) -> NDArray[np.uint8]:
    with open(path, "rb") as stream:
        return read_idx(stream, str(path), file.shape, file.sha256)


def _download(file: IdxFile, cache: Path) -> NDArray[np.uint8]:
    packed = f"{file.name}.gz"
    try:
        content, array = download(
            [mirror + packed for mirror in mirrors()],
            lambda content: read_idx(BytesIO(content), "the content", file.shape, file.sha256),
            largest=prod(file.shape) + 4096,  # enough even if gzip saves nothing
        )
    except OSError as error:
        names = ", ".join(f"{each.name}.gz" for pair in SPLITS.values() for each in pair)
        raise OSError(
            f"cannot download {packed}:\n{error}\n"
            f"Get the four files {names} elsewhere, put them (or the same unpacked, without .gz) "
            f"into a folder, and set the environment variable MINIVAE_DATA to this folder; "
            f"or put them into the cache, {cache}"
        ) from error
    try:
        make_folder(cache)
        with whole_file(cache / packed) as place:
            place.write(content)
    except OSError as error:
        message = f"{error.strerror}; MINIVAE_CACHE names the folder of downloads"
        raise OSError(error.errno, message) from error
    return array
