"""Numbers on their way between two processes, as JSON: only data can arrive.

Pickle would run whatever code the other side sends, and the other side is a student's file.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minivae.course.diagnosis import Unreal, what_if_not_real

LARGEST = 50_000_000  # bytes in one message


def pack(value: Any, functions: list[Callable[..., Any]] | None = None) -> Any:
    """Return a value in JSON's types; a function is replaced by its place in a list."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) is complex:
        return {"complex": [value.real, value.imag]}
    if isinstance(value, Mapping):
        return {"dict": [[str(key), pack(each, functions)] for key, each in value.items()]}
    if isinstance(value, (tuple, list)):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [pack(each, functions) for each in value]}
    if callable(value) and functions is not None:
        functions.append(value)
        return {"function": len(functions) - 1}
    array = value if isinstance(value, (np.ndarray, np.generic)) else None
    if array is None or np.ma.isMaskedArray(array) or array.dtype.kind not in "biufc":
        return {"unreal": what_if_not_real(value)}
    array = np.asarray(array)
    data = base64.b64encode(array.tobytes()).decode()
    kind = "number" if isinstance(value, np.generic) else "array"
    return {kind: [array.dtype.str, list(array.shape), data]}


def unpack(packed: Any, function_at: Callable[[int], Any] | None = None) -> Any:
    """Return the value that was packed; `function_at` turns a place in the list into a function."""
    if not isinstance(packed, dict):
        return packed
    ((kind, content),) = packed.items()
    if kind == "complex":
        return complex(*content)
    if kind == "dict":
        return {key: unpack(each, function_at) for key, each in content}
    if kind in ("tuple", "list"):
        items = [unpack(each, function_at) for each in content]
        return tuple(items) if kind == "tuple" else items
    if kind == "function" and function_at:
        return function_at(content)
    if kind in ("array", "number"):
        dtype, shape, data = content
        array = np.frombuffer(base64.b64decode(data), np.dtype(dtype)).reshape(shape).copy()
        return array if kind == "array" else array[()]
    return Unreal(str(content))


def send(connection: Any, message: dict[str, Any]) -> None:
    """Send a message through a pipe."""
    connection.send_bytes(json.dumps(message).encode())


def receive(connection: Any) -> dict[str, Any]:
    """Return the next message of a pipe.

    Raises
    ------
    EOFError
        The pipe is closed, or holds something other than a message.
    """
    try:
        message = json.loads(connection.recv_bytes(LARGEST))
    except (OSError, ValueError, RecursionError) as error:
        raise EOFError from error
    if not isinstance(message, dict):
        raise EOFError
    return message
