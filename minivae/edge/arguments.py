"""Arguments that are no numbers: objects, functions, texts, paths and dicts, and what they give."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from minivae.edge.checks import ArgumentError, ArgumentTypeError, Array, as_floats, shown


def check_object(name: str, value: Any, kinds: type | tuple[type, ...], what: str = "") -> Any:
    """Return `value`, an object of one of `kinds`: their class itself is refused, too."""
    if not isinstance(value, kinds):
        kinds = kinds if isinstance(kinds, tuple) else (kinds,)
        what = what or " or ".join(_with_article(kind.__name__) for kind in kinds)
        raise ArgumentTypeError(f"{name} must be {what}, got {shown(value)}")
    return value


def check_has(name: str, value: Any, attributes: Collection[str], what: str) -> Any:
    """Return `value`, an object with some attributes; `what` says what it should be."""
    for attribute in attributes:
        if isinstance(value, type) or not hasattr(value, attribute):
            raise ArgumentTypeError(f"{name} must be {what}, got {shown(value)}")
    return value


def check_function(name: str, value: Any) -> Callable[..., Any]:
    """Return `value`, a function or an object that can be called; of classes only built-in ones."""
    # `float` serves as a function; EarlyStopping, without its brackets, is a slip
    is_class = isinstance(value, type) and value.__module__ != "builtins"
    if is_class or not callable(value):
        raise ArgumentTypeError(f"{name} must be a function, got {shown(value)}")
    return value


def returned(name: str, value: Any, shape: tuple[int | str, ...]) -> Array:
    """Return what a caller's function has returned, after checking that it is an array."""
    return as_floats(f"what {name} returns", value, shape)


def returned_pair(name: str, value: Any, shapes: Any) -> tuple[Array, Array]:
    """Return the two arrays that a caller's function has returned, of these two shapes."""
    if not isinstance(value, tuple) or len(value) != 2:
        raise ArgumentTypeError(f"what {name} returns must be two arrays, got {shown(value)}")
    first, second = (returned(name, each, shape) for each, shape in zip(value, shapes, strict=True))
    return first, second


def check_text(name: str, value: Any) -> str:
    """Return `value`, a text."""
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{name} must be a text, got {shown(value)}")
    return value


def check_path(name: str, value: Any) -> Path:
    """Return `value` as a path."""
    if not isinstance(value, str | os.PathLike):
        raise ArgumentTypeError(f"{name} must be the path of a file, got {shown(value)}")
    return Path(os.fspath(value))


def check_choice(name: str, value: Any, choices: Collection[str]) -> str:
    """Return `value`, one of `choices`; else the message has the nearest of them."""
    if not isinstance(value, str) or value not in choices:
        near = get_close_matches(value, choices, n=1) if isinstance(value, str) else ()
        hint = f"; did you mean {near[0]!r}?" if near else ""
        known = ", ".join(map(repr, choices))
        raise ArgumentError(f"{name} must be one of {known}, got {shown(value)}{hint}")
    return value


def check_dict(name: str, value: Any, keys: Collection[str] = ()) -> Mapping[str, Any]:
    """Return `value`, a dict that has some keys."""
    if not isinstance(value, Mapping):
        raise ArgumentTypeError(f"{name} must be a dict, got {shown(value)}")
    for key in keys:
        if key not in value:
            raise ArgumentError(f"{name} must have {key!r}, got {shown(sorted(map(str, value)))}")
    return value


def check_arrays(name: str, value: Any) -> Mapping[str, Array]:
    """Return `value`, a dict of arrays such as a layer's `params`."""
    for key, array in check_dict(name, value).items():
        if not isinstance(array, np.ndarray):
            raise ArgumentTypeError(f"{name}[{key!r}] must be an array, got {shown(array)}")
        as_floats(f"{name}[{key!r}]", array)
    return value


def _with_article(name: str) -> str:
    return f"{'an' if name[0] in 'AEIO' else 'a'} {name}"
