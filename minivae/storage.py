"""One file, written whole or not at all, read without pickle: a tree of arrays and plain values.

A tree is a dict whose leaves are arrays or whatever JSON can hold. In the file an array's name is
its path through the tree (``"params/encoder.0.W"``), so that `numpy.load` shows it to anyone; the
rest is one JSON text.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

Tree: TypeAlias = dict[str, Any]

FORMAT = "minivae 1"


def write(path: str | os.PathLike[str], tree: Tree) -> None:
    """Write `tree` to `path`, replacing what was there only once all of it is on the disk.

    Raises
    ------
    OSError
        The folder is missing, `path` is a folder, or the disk is full; nothing is left behind.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"path must name a file, and {path} is a folder")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot save {path}: there is no folder {path.parent}")
    arrays, plain = _split(tree)
    header = json.dumps({"format": FORMAT, "tree": plain})
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, allow_pickle=False, header=np.array(header), **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        os.unlink(temporary)
        if isinstance(error, OSError):
            raise OSError(error.errno, f"cannot save {path}: {error.strerror}") from error
        raise


def read(path: str | os.PathLike[str]) -> Tree:
    """Return the tree that `write` put into `path`.

    Raises
    ------
    OSError
        There is no such file, or it cannot be opened.
    ValueError
        It is truncated or damaged, or something else wrote it.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"path must name a file, and {path} is a folder")
    with open(path, "rb") as file:
        try:
            with np.load(file, allow_pickle=False) as archive:
                contents = {name: archive[name] for name in archive.files}
            header = json.loads(str(contents.pop("header")))
            if header["format"] != FORMAT:
                raise ValueError(f"its format is {header['format']!r}, not {FORMAT!r}")
            return _join(header["tree"], contents)
        except Exception as error:  # a foreign file can fail in any way, and must in none but this
            raise ValueError(f"{path} is damaged, or not a minivae file: {error}") from error


def _split(tree: Tree, prefix: str = "") -> tuple[dict[str, Any], Tree]:
    """Return the arrays by path, and the tree without them."""
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
