"""Forty values that people give by mistake, at each argument of each public function."""

from __future__ import annotations

from typing import Any

import numpy as np

import minivae


class NoArgument:
    """An object that has nothing to do with the package."""

    def __repr__(self) -> str:
        return "<an object>"


def nothing(*args: Any, **options: Any) -> None:
    """Return None, as a function does that forgets to return."""


def bad_values(good: Any) -> dict[str, Any]:
    """Return the bad values by name; those that are arrays resemble `good`, if it is one."""
    return PLAIN | arrays_like(good if is_array(good) else np.linspace(0.1, 0.9, 12).reshape(3, 4))


def is_array(value: Any) -> bool:
    """Return whether a value holds numbers and has an axis."""
    if not isinstance(value, np.ndarray | list | tuple):
        return False
    try:
        return np.asarray(value).dtype.kind in "fiub" and np.ndim(value) > 0
    except ValueError:
        return False


PLAIN: dict[str, Any] = {
    "None": None,
    "True": True,
    "text": "nonsense",
    "a number as text": "3",
    "bytes": b"3",
    "minus one": -1,
    "zero": 0,
    "one and a half": 1.5,
    "NaN": float("nan"),
    "infinity": float("inf"),
    "minus infinity": float("-inf"),
    "a huge integer": 10**400,
    "a complex number": 1j,
    "an object": NoArgument(),
    "a class": minivae.Adam,
    "a function": nothing,
    "an empty list": [],
    "an empty dict": {},
    "a dict": {"nonsense": 1},
    "a set": {1, 2},
    "a list of None": [None, None],
    "ragged rows": [[1.0, 2.0], [3.0]],
    "a module": np,
}


def arrays_like(good: Any) -> dict[str, Any]:
    """Return arrays that are like `good`, each with one fault."""
    a = np.asarray(good)
    number = a.astype(float)
    bad = {
        "a scalar array": np.array(0.5),
        "an empty array": a[:0],
        "a row fewer": a[:-1],
        "one row": a[:1],
        "one column": a[..., :1],
        "a column more": np.concatenate([a, a[..., :1]], axis=-1),
        "an axis more": a[None],
        "the first row": a[0],
        "a mask": np.ma.MaskedArray(a, mask=np.arange(a.size).reshape(a.shape) == 0),
        "NaN inside": first_replaced(number, np.nan),
        "infinity inside": first_replaced(number, np.inf),
        "1e300 inside": first_replaced(number, 1e300),
        "uint8": first_replaced(np.ones_like(a, dtype=np.uint8), 200),
        "complex": a + 0j,
        "objects": a.astype(object),
        "texts": a.astype("U8"),
        "dates": np.zeros(a.shape, "M8[s]"),
    }
    return bad


def first_replaced(a: Any, value: Any) -> Any:
    """Return a copy of `a` with `value` at the first place."""
    a = np.array(a)
    a.flat[0] = value
    return a
