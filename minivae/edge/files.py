"""Files that are written whole or not at all, and only where ordinary files are."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path`; when it is complete on the disk, rename it to `path`.

    A symbolic link stays one: the file that it names is replaced. SIGTERM ends the program only
    after the temporary file is gone.

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
    target = Path(os.path.realpath(path)) if path.is_symlink() else path
    check_folder_of(target)
    temporary = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    try:
        with _terminated_politely(), _removed_on_error(temporary):
            with open(temporary, "xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
    except OSError as error:
        raise OSError(error.errno, f"cannot save {path}: {error.strerror or error}") from error


@contextmanager
def _removed_on_error(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        raise


def check_folder_of(path: Path) -> None:
    """Raise FileNotFoundError if the folder is missing that a file is to be saved in."""
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot save {path}: there is no folder {path.parent}")


def ordinary_file(path: Path) -> None:
    """Raise OSError if there is something at `path` that is no ordinary file: ``/dev/zero``."""
    if path.is_dir():
        raise IsADirectoryError(f"path must name a file, got the folder {path}")
    if path.exists() and not path.is_file():
        raise OSError(f"path must name an ordinary file, got {path}")


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


@contextmanager
def _terminated_politely() -> Iterator[None]:
    """Turn SIGTERM into SystemExit, unless the program has another answer to it already."""
    default = signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    if not default or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
