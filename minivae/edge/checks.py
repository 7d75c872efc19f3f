"""The public edge: what may enter, and the sentence that is said when it may not."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.ma import MaskedArray
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = NDArray[Any]
Shape = tuple[int | str, ...]

LONGEST = 90  # characters of a value that a message shows


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


def shown(value: Any) -> str:
    """Return `value` in one short line, for a message: of an array its shape and its dtype."""
    if isinstance(value, np.ndarray) and (value.ndim or isinstance(value, MaskedArray)):
        kind = "a masked array" if isinstance(value, MaskedArray) else "an array"
        return f"{kind} of shape {value.shape} and dtype {value.dtype}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, int) and abs(value) >= 10**LONGEST:  # Python writes no longer integers out
        return f"an integer of {value.bit_length()} bits"
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def check_integer(name: str, value: Any, low: int, high: int | None = None, *, of: str = "") -> int:
    """Return `value` as an int between `low` and `high`; `of` says what `high` is."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ArgumentTypeError(f"{name} must be an integer, got {shown(value)}")
    value = int(value)
    if value < low or value > (sys.maxsize if high is None else high):
        allowed = f"at least {low}" if high is None else f"between {low} and {of}{high}"
        if high is None and value > low:
            allowed = f"at most {sys.maxsize}"
        raise ArgumentError(f"{name} must be {allowed}, got {shown(value)}")
    return value


def check_real(
    name: str, value: Any, low: float, high: float = np.inf, *, closed: str = ""
) -> float:
    """Return `value` as a finite float between `low` and `high`; ends are open unless in `closed`.

    `closed` is any of ``""``, ``"low"``, ``"high"``, ``"both"``.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ArgumentTypeError(f"{name} must be a number, got {shown(value)}")
    try:
        number = float(value)
    except OverflowError:  # an integer of more than 308 digits
        number = np.inf if value > 0 else -np.inf  # type: ignore[operator]
    above = number >= low if closed in ("low", "both") else number > low
    below = number <= high if closed in ("high", "both") else number < high
    if not (above and below and np.isfinite(number)):
        left = "[" if closed in ("low", "both") else "("
        right = "]" if closed in ("high", "both") else ")"
        got = value if isinstance(value, float) else shown(value)
        raise ArgumentError(f"{name} must be in {left}{low:g}, {high:g}{right}, got {got}")
    return number


def check_flag(name: str, value: Any) -> bool:
    """Return `value` as a bool: a text such as ``"no"`` would otherwise count as true."""
    if not isinstance(value, bool | np.bool_):
        raise ArgumentTypeError(f"{name} must be True or False, got {shown(value)}")
    return bool(value)


def check_rng(rng: Any, name: str = "rng") -> np.random.Generator:
    """Return the generator that `rng` is, or that it seeds; None seeds one from the system."""
    if isinstance(rng, np.random.Generator) or rng is None:
        return np.random.default_rng(rng)
    seeds = rng if isinstance(rng, list | tuple) and len(rng) else [rng]
    if not isinstance(rng, np.random.SeedSequence | np.random.BitGenerator):
        for seed in seeds:
            if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
                kinds = "a seed (an integer of at least 0), a numpy.random.Generator or None"
                raise ArgumentTypeError(f"{name} must be {kinds}, got {shown(rng)}")
    return np.random.default_rng(rng)


def check_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """Return `dtype` as a NumPy dtype: parameters are ``float32`` or ``float64``."""
    try:
        found = np.dtype(dtype) if dtype is not None else None
    except (TypeError, ValueError):
        found = None
    if found not in (np.float32, np.float64):
        raise ArgumentError(f"dtype must be float32 or float64, got {found or shown(dtype)}")
    return np.dtype(found)


def check_widths(name: str, widths: Any) -> list[int]:
    """Return `widths` as a list of positive ints."""
    if not isinstance(widths, Iterable) or isinstance(widths, str | bytes | dict | set):
        raise ArgumentTypeError(f"{name} must be a sequence of integers, got {shown(widths)}")
    if isinstance(widths, np.ndarray) and widths.ndim != 1:
        raise ArgumentTypeError(f"{name} must be a sequence of integers, got {shown(widths)}")
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
    """Return data as a finite float array of shape (batch, n_features), never changing `x`.

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
        `x` does not hold real numbers, or has a mask.
    ValueError
        Wrong rank, wrong width, no rows, NaN, infinity, or a value outside `interval`.
    """
    x = _matrix_of_reals(x, n_features, name, columns)
    x = np.divide(x, 255, dtype=dtype) if x.dtype == np.uint8 else _cast(x, dtype)
    _check_values(x, name, interval, first_row)
    return x


def as_matrix(
    values: ArrayLike,
    n_columns: int | None = None,
    dtype: DTypeLike = np.float64,
    *,
    name: str,
    columns: str = "n_latent",
    interval: tuple[float, float] | None = None,
) -> Array:
    """Return what is no image as a finite float matrix: as `as_batch`, but uint8 is not scaled."""
    values = _cast(_matrix_of_reals(values, n_columns, name, columns), dtype)
    _check_values(values, name, interval, 0)
    return values


HUGE = 1e150  # whose square is a float still


def as_observations(name: str, values: ArrayLike) -> Array:
    """Return numbers of shape (n,), none so large that its square overflows."""
    return as_reals(name, values, ("n",), interval=(-HUGE, HUGE))


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


def as_reals(
    name: str,
    values: ArrayLike,
    shape: Shape | None = None,
    *,
    dtype: DTypeLike | None = np.float64,
    finite: bool = True,
    interval: tuple[float, float] | None = None,
) -> Array:
    """Return an array of real numbers of the given shape; nothing is broadcast.

    Parameters
    ----------
    name : str
        What the message calls it.
    values : array_like
    shape : tuple, optional
        A length for each axis: an int is required, a name stands for any length of at least 1.
        None allows every shape, a single number and an empty array too.
    dtype : dtype or None
        The floating dtype of the result; None keeps a floating dtype, and makes others float64.
    finite : bool
        Whether NaN and infinity are refused.
    interval : (low, high), optional
        The closed interval in which every value must lie.

    Raises
    ------
    TypeError, ValueError
        The values are no real numbers, have a mask or another shape, or lie outside.
    """
    array = _reals(values, name)
    if shape is not None and not _has_shape(array, shape):
        raise ArgumentError(f"{name} must have shape {_written(shape)}, got shape {array.shape}")
    if dtype is not None or array.dtype.kind != "f":
        array = _cast(array, dtype or np.float64)
    if finite or interval is not None:
        _check_values(array, name, interval, 0)
    return array


def as_integers(name: str, values: Any, what: str = "integers") -> Array:
    """Return an array of integers of any shape; `what` says what they are."""
    if type(values) is not np.ndarray or values.dtype.kind not in "iu":
        try:
            array = np.asarray(values)
        except ValueError:
            array = np.empty(0, object)
        if array.dtype.kind not in "iu":
            raise ArgumentTypeError(f"{name} must hold {what}, got dtype {array.dtype}")
        values = np.asarray(_reals(values, name))
    return values


def as_symmetric(name: str, values: ArrayLike, *, of: str, n: int) -> Array:
    """Return a symmetric matrix of shape (n, n), for the n numbers of the argument `of`."""
    matrix = as_matrix(values, name=name, columns="n")
    if matrix.shape != (n, n):
        raise ArgumentError(
            f"{name} must have shape {(n, n)} for {of} of shape {(n,)}, got {matrix.shape}"
        )
    if not np.allclose(matrix, matrix.T, rtol=1e-8, atol=1e-8 * np.abs(matrix).max()):
        raise ArgumentError(f"{name} must be symmetric, got {shown(matrix)} that is not")
    return matrix


def as_floats(name: str, values: Any, shape: Shape | None = None) -> Array:
    """Return an array of floats as it is, whatever it holds, and other numbers as float64.

    It is for functions that are plain formulas: NaN goes in and comes out, and complex numbers
    pass, because the complex step differentiates with them. A call with the right array is cheap.
    """
    if type(values) is not np.ndarray or values.dtype.kind not in "fc":
        values = as_reals(name, values, dtype=None, finite=False)
    if shape is not None and values.shape != shape and not _has_shape(values, shape):
        raise ArgumentError(f"{name} must have shape {_written(shape)}, got shape {values.shape}")
    return values


def as_same_shape(**values: Any) -> list[Array]:
    """Return arrays as `as_floats` does, all of one shape: nothing is broadcast unasked."""
    arrays = [as_floats(name, value) for name, value in values.items()]
    first, *_ = values
    for name, array in zip(values, arrays, strict=True):
        if not array.ndim:
            raise ArgumentError(f"{name} must have an axis, got the number {array}")
        if array.shape != arrays[0].shape:
            raise ArgumentError(
                f"{name} must have the shape of {first}, {arrays[0].shape}, got {array.shape}"
            )
    return arrays


def _reals(values: ArrayLike, name: str) -> Array:
    """Return `values` as an array of any real dtype."""
    parts = values if isinstance(values, list | tuple) else (values,)
    if any(isinstance(part, MaskedArray) for part in parts):
        raise ArgumentTypeError(
            f"{name} must have no mask, got a masked array: fill in or leave out what is masked"
        )
    try:
        array = np.asarray(values)
    except (ValueError, TypeError) as error:
        raise ArgumentError(
            f"{name} must be an array of real numbers, with rows of one length, got {shown(values)}"
        ) from error
    if array.dtype.kind not in "fiub":
        got = f"dtype {array.dtype}" if array.ndim else shown(values)
        raise ArgumentTypeError(f"{name} must hold real numbers, got {got}")
    return array


def _written(shape: Shape) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _has_shape(array: Array, shape: Shape) -> bool:
    return array.ndim == len(shape) and all(
        n >= 1 if isinstance(wanted, str) else n == wanted
        for n, wanted in zip(array.shape, shape, strict=True)
    )


def _cast(array: Array, dtype: DTypeLike) -> Array:
    with np.errstate(over="ignore"):  # becomes infinite, and is refused by `_check_values`
        return array.astype(dtype, copy=False)


def _check_values(
    array: Array, name: str, interval: tuple[float, float] | None, first_row: int
) -> None:
    """Refuse NaN, infinity, and what is outside the interval, and name the first such place."""
    if not array.size:
        return
    smallest, largest = array.real.min(), array.real.max()  # NaN wins both, at a tenth of
    if not (np.isfinite(smallest) and np.isfinite(largest)):  # the cost of isfinite
        bad, allowed = ~np.isfinite(array), "be finite"
    elif interval is not None and (smallest < interval[0] or largest > interval[1]):
        bad = (array.real < interval[0]) | (array.real > interval[1])
        allowed = f"lie in [{interval[0]:g}, {interval[1]:g}]"
    else:
        return
    place = tuple(int(i) for i in np.argwhere(bad)[0])
    words = f"at index {place[0]}" if len(place) == 1 else f"at {place}"
    if len(place) == 2:
        words = f"in row {first_row + place[0]}, column {place[1]}"
    got = array[place].real
    raise ArgumentError(f"{name} must {allowed}, got {got}{f' {words}' if place else ''}")


def _matrix_of_reals(x: ArrayLike, width: int | None, name: str, columns: str) -> Array:
    x = _reals(x, name)
    if x.ndim != 2:
        raise ArgumentError(f"{name} must have shape (n_samples, {columns}), got shape {x.shape}")
    if x.shape[0] == 0 or x.shape[1] == 0:
        raise ArgumentError(
            f"{name} must have at least one row and one column, got shape {x.shape}"
        )
    if width is not None and x.shape[1] != width:
        raise ArgumentError(f"{name} must have {columns}={width} columns, got {x.shape[1]}")
    return x
