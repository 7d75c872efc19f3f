"""The public edge: what may enter, and the sentence that is said when it may not."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = NDArray[Any]


class UserError(Exception):
    """What a user did wrong; its message says all, so a command prints that line and no traceback.

    A check that only our own code can fail, such as the shape of the `dy` that one layer hands to
    the next, raises a plain ValueError: that is a fault of ours, and a command shows where it is.
    """


class ArgumentError(UserError, ValueError):
    """An argument that a user gave has a wrong value."""


class ArgumentTypeError(UserError, TypeError):
    """An argument that a user gave has a wrong type."""


class MissingPackageError(UserError, ModuleNotFoundError):
    """An optional package that a command needs is not installed."""


def check_integer(name: str, value: Any, low: int, high: int | None = None, *, of: str = "") -> int:
    """Return `value` as an int between `low` and `high`; `of` says what `high` is."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ArgumentTypeError(f"{name} must be an integer, got {value!r}")
    value = int(value)
    if value < low or (high is not None and value > high):
        allowed = f"at least {low}" if high is None else f"between {low} and {of}{high}"
        raise ArgumentError(f"{name} must be {allowed}, got {value}")
    return value


def check_real(
    name: str, value: Any, low: float, high: float = np.inf, *, closed: str = ""
) -> float:
    """Return `value` as a finite float between `low` and `high`; ends are open unless in `closed`.

    `closed` is any of ``""``, ``"low"``, ``"high"``, ``"both"``.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ArgumentTypeError(f"{name} must be a number, got {value!r}")
    number = float(value)
    above = number >= low if closed in ("low", "both") else number > low
    below = number <= high if closed in ("high", "both") else number < high
    if not (above and below and np.isfinite(number)):
        left = "[" if closed in ("low", "both") else "("
        right = "]" if closed in ("high", "both") else ")"
        raise ArgumentError(f"{name} must be in {left}{low:g}, {high:g}{right}, got {value}")
    return number


def check_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """Return `dtype` as a NumPy dtype: parameters are ``float32`` or ``float64``."""
    dtype = np.dtype(dtype)
    if dtype not in (np.float32, np.float64):
        raise ArgumentError(f"dtype must be float32 or float64, got {dtype}")
    return dtype


def check_widths(name: str, widths: Any) -> list[int]:
    """Return `widths` as a list of positive ints."""
    if not isinstance(widths, Iterable):
        raise ArgumentTypeError(f"{name} must be a sequence of integers, got {widths!r}")
    return [check_integer(name, width, 1) for width in widths]


def as_batch(
    x: ArrayLike,
    n_features: int | None = None,
    dtype: DTypeLike = np.float64,
    *,
    name: str = "x",
    columns: str = "n_features",
    interval: tuple[float, float] | None = None,
    first_row: int = 0,
) -> Array:
    """Return `x` as a finite float array of shape (batch, n_features), never changing `x`.

    Images stored as ``uint8`` are scaled from 0..255 to 0..1; other integers keep their values.

    Parameters
    ----------
    x : array_like, shape (batch, n_features)
        Real numbers.
    n_features : int, optional
        The width that is required.
    dtype : dtype
        The floating dtype of the result; `x` itself is returned where it fits already.
    name, columns : str
        What the message calls `x`, and the number of its columns.
    interval : (low, high), optional
        The closed interval in which every value must lie.
    first_row : int
        What the message adds to a row, when `x` is a piece of a larger array.

    Raises
    ------
    TypeError
        `x` does not hold real numbers.
    ValueError
        Wrong rank, wrong width, no rows, NaN, infinity, or a value outside `interval`.
    """
    x = _matrix_of_reals(x, n_features, name, columns)
    if x.dtype == np.uint8:
        x = np.divide(x, 255, dtype=dtype)
    else:
        with np.errstate(over="ignore"):  # becomes infinite, and is refused below
            x = x.astype(dtype, copy=False)
    smallest, largest = x.real.min(), x.real.max()  # NaN wins both, at a tenth of isfinite's cost
    if not (np.isfinite(smallest) and np.isfinite(largest)):
        row, column = np.argwhere(~np.isfinite(x))[0]
        raise ArgumentError(
            f"{name} must be finite, got {x[row, column].real} in row {first_row + row}, "
            f"column {column}"
        )
    if interval is not None and (smallest < interval[0] or largest > interval[1]):
        low, high = interval
        row, column = np.argwhere((x.real < low) | (x.real > high))[0]
        raise ArgumentError(
            f"{name} must lie in [{low:g}, {high:g}], got {x[row, column].real} in row "
            f"{first_row + row}, column {column}"
        )
    return x


def as_data_set(
    X: ArrayLike,
    n_features: int | None = None,
    dtype: DTypeLike = np.float64,
    *,
    name: str = "X",
    interval: tuple[float, float] | None = None,
    rows_at_once: int = 4096,
) -> Array:
    """Check a whole data set as `as_batch` would, in pieces, and return it uncast and uncopied.

    Parameters
    ----------
    X : array_like or memmap, shape (n_samples, n_features)
        It stays where it is: only `rows_at_once` rows are ever converted.
    """
    X = _matrix_of_reals(X, n_features, name, "n_features")
    for start in range(0, len(X), rows_at_once):
        piece = X[start : start + rows_at_once]
        as_batch(piece, n_features, dtype, name=name, interval=interval, first_row=start)
    return X


def _matrix_of_reals(x: ArrayLike, width: int | None, name: str, columns: str) -> Array:
    try:
        x = np.asarray(x)
    except ValueError as error:
        raise ArgumentError(f"{name} must be a matrix, with rows of one length: {error}") from error
    if x.dtype.kind not in "fiub":
        raise ArgumentTypeError(f"{name} must hold real numbers, got dtype {x.dtype}")
    if x.ndim != 2:
        raise ArgumentError(f"{name} must have shape (n_samples, {columns}), got shape {x.shape}")
    if x.shape[0] == 0 or x.shape[1] == 0:
        raise ArgumentError(
            f"{name} must have at least one row and one column, got shape {x.shape}"
        )
    if width is not None and x.shape[1] != width:
        raise ArgumentError(f"{name} must have {columns}={width} columns, got {x.shape[1]}")
    return x
