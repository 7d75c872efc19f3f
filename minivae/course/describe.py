"""A value in a few lines of the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from minivae.course.screen import width


def describe(name: str, value: Any) -> str:
    """Return a value in a few lines; of an array its shape, its dtype and some of its numbers."""
    if isinstance(value, np.ndarray):
        columns = (width() or 80) - 2
        numbers = np.array2string(
            value, precision=4, threshold=60, suppress_small=True, max_line_width=columns
        )
        return f"{name}: {value.dtype} array of shape {value.shape}\n{numbers}"
    if isinstance(value, Mapping) and any(isinstance(v, np.ndarray) for v in value.values()):
        return "\n".join([f"{name}: {type(value).__name__}", *map(_line, value, value.values())])
    text = str(value) if isinstance(value, np.generic) else repr(value)
    return f"{name}: {type(value).__name__}\n" + (text if len(text) < 500 else f"{text[:500]} ...")


def _line(key: Any, value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"  {key!r}: {value.dtype} array of shape {value.shape}"
    return f"  {key!r}: {value!r:.80}"
