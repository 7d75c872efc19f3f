"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path`; when it is complete on the disk, rename it to `path`.

    Raises
    ------
    OSError
        The folder is missing, `path` is a folder or a device, or the disk is full. A file that was
        at `path` before stays as it was, and no other file is left behind.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"path must name a file, got the folder {path}")
    if path.exists() and not path.is_file():
        raise OSError(f"path must name an ordinary file, got {path}")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot save {path}: there is no folder {path.parent}")
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OSError(error.errno, f"cannot save {path}: {error.strerror or error}") from error
        raise


def make_folder(path: Path) -> None:
    """Make the folder `path` and all missing folders above it.

    Raises
    ------
    OSError
        `path` is a file, or the user has no permission.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"cannot make the folder {path}: {error.strerror}"
        raise OSError(error.errno, message) from error
