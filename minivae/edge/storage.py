"""One file for a tree of arrays and plain values, written whole or not at all, without pickle.

A tree is a dict whose leaves are arrays or values that JSON can hold. In the file the name of an
array is its path through the tree (``"params/encoder.0.W"``), and `numpy.load` can read it. All
other values are in one JSON text.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any, TypeAlias
from zipfile import ZipFile, ZipInfo

import numpy as np
from numpy.lib import format as npy

from minivae.edge.checks import ArgumentError, Array
from minivae.edge.files import whole_file

Tree: TypeAlias = dict[str, Any]

FORMAT = "minivae 1"


def write(path: str | os.PathLike[str], tree: Tree) -> None:
    """Write `tree` to `path`; a file that was there is replaced only by a complete one.

    Raises
    ------
    OSError
        The folder is missing, `path` is a folder, or the disk is full. Then no file is left behind.
    """
    arrays, plain = _split(tree)
    header = np.array(json.dumps({"format": FORMAT, "tree": plain}))
    with whole_file(path) as file, ZipFile(file, "w") as archive:
        for name, array in {"header": header, **arrays}.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                npy.write_array(member, array, allow_pickle=False)


def read(path: str | os.PathLike[str]) -> Tree:
    """Return the tree in a file of `write`.

    Raises
    ------
    OSError
        The file is missing, or cannot be opened.
    ValueError
        The file is truncated or damaged, or is not a file of `write`.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"path must name a file, got the folder {path}")
    with open(path, "rb") as file:
        try:
            size = os.fstat(file.fileno()).st_size
            with ZipFile(file) as archive:
                contents = {
                    member.filename.removesuffix(".npy"): _read_array(archive, member, size)
                    for member in archive.infolist()
                }
            header = json.loads(str(contents.pop("header")))
            if header["format"] != FORMAT:
                raise ValueError(f"its format is {header['format']!r}, not {FORMAT!r}")
            return _join(header["tree"], contents)
        except Exception as error:  # a damaged file can raise any error, and the user sees this one
            raise ArgumentError(f"{path} is damaged, or not a minivae file: {error}") from error


def _read_array(archive: ZipFile, member: ZipInfo, size: int) -> Array:
    """Return one array, after checking that its bytes fit into a file of `size` bytes."""
    with archive.open(member) as file:
        if npy.read_magic(file) != (1, 0):
            raise ValueError(f"{member.filename} is not in version 1.0 of the npy format")
        shape, _, dtype = npy.read_array_header_1_0(file)
        if math.prod(shape) * dtype.itemsize > size:
            raise ValueError(f"{member.filename} cannot have the shape {shape}")
    with archive.open(member) as file:
        array: Array = npy.read_array(file, allow_pickle=False)
    return array


def _split(tree: Tree, prefix: str = "") -> tuple[dict[str, Any], Tree]:
    """Return the arrays by path, and the tree without the arrays."""
    arrays: dict[str, Any] = {}
    plain: Tree = {}
    for key, value in tree.items():
        if isinstance(value, np.ndarray):
            arrays[prefix + key] = value
        elif isinstance(value, dict):
            below, plain[key] = _split(value, f"{prefix}{key}/")
            arrays |= below
        else:
            plain[key] = value
    return arrays, plain


def _join(plain: Tree, arrays: dict[str, Any]) -> Tree:
    """Put every array back at its path, and return the tree."""
    for name, array in arrays.items():
        *folders, key = name.split("/")
        place = plain
        for folder in folders:
            place = place[folder]
        place[key] = array
    return plain
