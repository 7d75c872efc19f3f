"""How many threads the matrix products of a command take.

OpenBLAS starts a thread for each core, and a thread that waits for the others spins. On an idle
machine the second thread makes the products of this package 1.3 to 1.6 times faster. Where another
program uses a core, the threads wait for each other at every product, and cost five times the
processor time. So a command takes one thread, unless its user has chosen.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

CHOICES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
PREFIXES, SUFFIXES = ("scipy_openblas", "openblas"), ("64_", "")


def one_thread() -> Callable[[], None]:
    """Let NumPy's OpenBLAS use one thread, unless the environment says how many.

    Returns
    -------
    callable
        ``undo()`` brings back the threads that there were.
    """
    if any(name in os.environ for name in CHOICES):
        return lambda: None
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # for what is loaded later, and other processes
    before = list(_libraries())
    for library, prefix, suffix, _ in before:
        getattr(library, f"{prefix}_set_num_threads{suffix}")(1)

    def undo() -> None:
        os.environ.pop("OPENBLAS_NUM_THREADS", None)
        for library, prefix, suffix, n in before:
            getattr(library, f"{prefix}_set_num_threads{suffix}")(n)

    return undo


def blas_threads() -> list[int]:
    """Return how many threads each OpenBLAS beside NumPy would use; [] for another BLAS."""
    return [n for *_, n in _libraries()]


def _libraries() -> Iterator[tuple[Any, str, str, int]]:
    """Yield each OpenBLAS beside NumPy, how it spells its functions, and its number of threads."""
    home = Path(np.__file__).parent
    for folder in (home.with_name("numpy.libs"), home / ".dylibs"):
        for path in sorted(folder.glob("*openblas*")):
            library = ctypes.CDLL(str(path))  # loaded already: this is the same one
            for prefix in PREFIXES:
                for suffix in SUFFIXES:
                    count = getattr(library, f"{prefix}_get_num_threads{suffix}", None)
                    if count is not None:
                        yield library, prefix, suffix, int(count())
