"""One file for a tree of arrays and plain values, written whole or not at all, without pickle.

A tree is a dict whose leaves are arrays or values that JSON can hold. In the file the name of an
array is its path through the tree (``"params/encoder.0.W"``), and `numpy.load` can read it. All
other values are in one JSON text, beside a digest of the arrays: names, dtypes, shapes, numbers.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias
from zipfile import ZipFile

import numpy as np
from numpy.lib import format as npy

from minivae.edge.archive import Damaged, read_archive
from minivae.edge.checks import ArgumentError, Array
from minivae.edge.files import ordinary_file, whole_file

Tree: TypeAlias = dict[str, Any]

FORMAT = "minivae 2"
WITHOUT_DIGEST = "minivae 1"


def write(path: str | os.PathLike[str], tree: Tree) -> None:
    """Write `tree` to `path`; a file that was there is replaced only by a complete one.

    Raises
    ------
    OSError
        The folder is missing, `path` is a folder, or the disk is full. Then no file is left behind.
    """
    arrays, plain = _split(tree)
    text = json.dumps({"format": FORMAT, "digest": _digest(arrays), "tree": plain})
    with whole_file(path) as file, ZipFile(file, "w") as archive:
        for name, array in {"header": np.array(text), **arrays}.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                npy.write_array(member, array, allow_pickle=False)


def read(path: str | os.PathLike[str]) -> Tree:
    """Return the tree in a file of `write`; a file costs at most twice its size in memory.

    Raises
    ------
    OSError
        The file is missing, is no ordinary file, or cannot be opened.
    ValueError
        The file is truncated or damaged, or is not a file of `write`.
    """
    path = Path(path)
    ordinary_file(path)
    with open(path, "rb") as file:
        try:
            contents = read_archive(file)
            header = _header(contents)
            if header["format"] == FORMAT and header.get("digest") != _digest(contents):
                raise Damaged("its arrays must have the digest that was written with them")
            return _join(header["tree"], contents)
        except Exception as error:  # a damaged file can raise any error, and the user sees this one
            raise ArgumentError(f"{path} is damaged, or not a minivae file: {error}") from error


def _header(contents: dict[str, Array]) -> Any:
    """Take the header out of the contents, and return it."""
    if "header" not in contents or contents["header"].dtype.kind != "U":
        raise Damaged(f"it must have a member header.npy that is a text, got {[*contents][:3]}")
    try:
        header = json.loads(str(contents.pop("header")))
    except (ValueError, RecursionError):
        raise Damaged("its header.npy must hold JSON, got another text") from None
    found = header.get("format") if isinstance(header, dict) else None
    if found not in (FORMAT, WITHOUT_DIGEST):
        raise Damaged(f"its format must be {FORMAT!r} or {WITHOUT_DIGEST!r}, got {found!r}")
    if not isinstance(header.get("tree"), dict):
        raise Damaged("its header must have a tree, got none")
    return header


def _digest(arrays: Mapping[str, Any]) -> str:
    """Return a digest of the names, the dtypes, the shapes and the numbers of all arrays."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _split(tree: Tree, prefix: str = "") -> tuple[dict[str, Any], Tree]:
    """Return the arrays by path, and the tree without the arrays."""
    arrays: dict[str, Any] = {}
    plain: Tree = {}
    for key, value in tree.items():
        if key == "..":
            raise ArgumentError("a tree must have other keys than '..', got one")
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
        place: Any = plain
        for folder in folders:
            place = place.get(folder) if isinstance(place, dict) else None
        if not isinstance(place, dict):
            raise Damaged(f"its member {name}.npy must have a place in the header's tree, got none")
        place[key] = array
    return plain
