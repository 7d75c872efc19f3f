"""The walk over the public surface: it finds every public function, and throws bad values at it."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import importlib
import inspect
import io
import os
import pkgutil
import re
import signal
import time
import types
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from bad_values import NoArgument, bad_values, is_array

import minivae
from minivae.edge.checks import UserError

PATIENCE = 1.0  # seconds of work that a call may take to say no


# What is public


def public_modules() -> Iterator[types.ModuleType]:
    """Yield the front door, every room, and every module that the front door names."""
    yield minivae
    rooms = {f"minivae.{room.name}" for room in pkgutil.iter_modules(minivae.__path__)}
    named = {f"minivae.{path}" for path in minivae._MODULES.values()}
    for name in sorted(rooms | named):
        if not name.endswith("__main__"):
            yield importlib.import_module(name)


SHORT = {f"minivae.{path}": name for name, path in minivae._MODULES.items()}


def public_names(module: types.ModuleType) -> list[str]:
    """Return `__all__`, or else what the module itself defines."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    return [
        name
        for name, thing in vars(module).items()
        if getattr(thing, "__module__", None) == module.__name__ and not name.startswith("_")
    ]


def surface() -> dict[str, Any]:
    """Return every public function, class and method by a name; each stands there once."""
    found: dict[str, Any] = {}
    seen: set[Any] = set()

    def enter(name: str, function: Any) -> None:
        if function not in seen:
            seen.add(function)
            found[name] = function

    for module in public_modules():
        room = SHORT.get(module.__name__, module.__name__.removeprefix("minivae").lstrip("."))
        for name in public_names(module):
            thing = getattr(module, name)
            full = f"{room}.{name}".lstrip(".")
            if inspect.isclass(thing):
                if thing not in seen:
                    enter(full, thing)
                    for key, method in methods(thing):
                        enter(f"{full}.{key}", method)
            elif inspect.isfunction(thing) or inspect.ismethod(thing):
                enter(full, getattr(thing, "__func__", thing))
    return found


def methods(kind: type) -> Iterator[tuple[str, Any]]:
    """Yield the public methods of a class that come from this package."""
    for name in dir(kind):
        value = inspect.getattr_static(kind, name)
        value = getattr(value, "__func__", value)
        if not inspect.isfunction(value) or not value.__module__.startswith("minivae"):
            continue
        if name == "__call__" or not name.startswith("_"):
            yield name, value


def arguments_of(function: Any) -> dict[str, inspect.Parameter]:
    """Return the arguments that a caller names."""
    plain = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return {
        name: p
        for name, p in inspect.signature(function).parameters.items()
        if p.kind not in plain and name not in ("self", "cls", "model" if is_fit(function) else "")
    }


def is_fit(function: Any) -> bool:
    """Return whether a function is `fit`, which models have as their method."""
    return getattr(function, "__qualname__", "") == "fit"


# One call


class Call(NamedTuple):
    """A call that is right: a function and its arguments."""

    function: Any
    arguments: dict[str, Any]

    def run(self) -> Any:
        """Call, and draw what an iterator yields."""
        result = self.function(**self.arguments)
        return list(result) if inspect.isgenerator(result) else result


class Answer(NamedTuple):
    """What came of one bad value."""

    where: str
    value: str
    kind: str  # "refused", "accepted", "silent", "unclear", "crashed", "slow" or "changed"
    words: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.where} of {self.value}: {self.words}"


def throw(name: str, example: Any) -> Iterator[Answer]:
    """Yield the answer of a public function to every bad value at each of its arguments."""
    right = quietly(example())
    call = example()
    function = surface_cache()[name]
    for argument, parameter in arguments_of(function).items():
        for value_name, value in bad_values(call.arguments.get(argument)).items():
            yield Answer(
                f"{name}({argument})",
                value_name,
                *judge(example, function, argument, parameter, value, right),
            )


_CACHE: dict[str, Any] = {}


def surface_cache() -> dict[str, Any]:
    """Return `surface()`, made once."""
    return _CACHE or (_CACHE.update(surface()) or _CACHE)


def quietly(call: Call) -> Any:
    """Run a call without its output and its warnings."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call.run()


def judge(
    example: Any, function: Any, argument: str, parameter: Any, value: Any, right: Any
) -> tuple[str, str]:
    """Return what kind of answer a bad value got, and its words."""
    call = example()
    value = copy.deepcopy(value) if isinstance(value, np.ndarray | list | dict | set) else value
    call.arguments[argument] = value
    before = state(call)
    start = time.process_time()
    try:
        with no_longer_than(30 * PATIENCE):
            result = quietly(call)
    except TooLong:
        return "slow", f"no answer after {30 * PATIENCE:g} s"
    except Exception as error:
        words = f"{type(error).__name__}: {error}"
        if time.process_time() - start > PATIENCE:
            return "slow", words
        kind = kind_of(error, argument, parameter, value, call)
        if kind == "refused" and state(call) != before:
            return "changed", words
        return kind, words
    return accepted(example, function, argument, parameter, value, right, result)


class TooLong(BaseException):
    """A call has not returned; no `except Exception` catches this."""


@contextlib.contextmanager
def no_longer_than(seconds: float) -> Iterator[None]:
    """Raise `TooLong` inside when the time is over."""

    def stop(*_: Any) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def kind_of(error: Exception, argument: str, parameter: Any, value: Any, call: Call) -> str:
    """Return whether an error is the package's own, and names the argument and what is allowed."""
    words = str(error)
    if isinstance(error, OSError) and "Path" in str(parameter.annotation):
        return "refused"
    if not isinstance(error, UserError):
        own = isinstance(error, TypeError | ValueError | RuntimeError | FloatingPointError)
        return "unclear" if own else "crashed"
    names = [argument]
    if is_array(value):  # of two arrays that do not fit, the message may name the other
        names += call.arguments
    named = (re.search(rf"(?<!\w){re.escape(n)}(?!\w)", words, re.IGNORECASE) for n in names)
    if not any(named):
        return "unclear"
    return (
        "refused"
        if re.search(r"must|cannot|does not|there is no|is damaged|holds", words)
        else "unclear"
    )


# What is right


def accepted(
    example: Any, function: Any, argument: str, parameter: Any, value: Any, right: Any, result: Any
) -> tuple[str, str]:
    """Return whether a value that was not refused is one that the function admits."""
    if admits(example(), function, argument, parameter, value):
        return "accepted", ""
    if same_numbers(value, example().arguments.get(argument)) and alike(result, right):
        return "accepted", "the same numbers give the same result"
    if value_is_not_finite(value) and shows_it(result):
        return "accepted", "the result is not finite, as the value is not"
    if isinstance(value, np.ndarray) and value.dtype == np.uint8:
        for scale in (1, 255):  # as numbers, or as an image
            call = example()
            call.arguments[argument] = value / scale
            with contextlib.suppress(Exception):
                if alike(quietly(call), result):
                    return "accepted", ""
    return "silent", f"returns {brief(result)}"


def same_numbers(value: Any, good: Any) -> bool:
    """Return whether a value holds the numbers of the good one, and has no mask."""
    if isinstance(value, np.ma.MaskedArray) or good is None:
        return False
    a, b = safe(value), safe(good)
    return a.shape == b.shape and a.dtype.kind in "fiubcO" and bool(np.all(a == b))


def admits(call: Call, function: Any, argument: str, parameter: Any, value: Any) -> bool:
    """Return whether the annotation and the documented shape allow a value."""
    said = str(parameter.annotation)
    good = call.arguments.get(argument)
    if said in ("object", "object | None"):
        return True
    if value is None:
        return "None" in said or parameter.default is None
    if isinstance(value, bool):
        return bool(re.search(r"\bbool\b", said))
    if isinstance(value, str):
        return bool(re.search(r"\bstr\b|Path", said)) and good != ""
    if isinstance(value, int) and value == 0 and re.search(r"\bint\b", said):
        return True
    if isinstance(value, int | float) and re.search(r"\bfloat\b", said):
        return bool(np.isfinite(float_of(value)))
    if isinstance(value, int) and value > 0 and argument == "rng":
        return True
    if isinstance(value, list) and not value:
        return bool(re.search(r"Sequence|Iterable|list|ArrayLike", said)) and not is_array(good)
    if isinstance(value, dict) and not value:
        return "Mapping" in said
    if is_array(value) or np.ndim(safe(value)) == 0:
        return admits_array(call, function, argument, said, value)
    return False


def admits_array(call: Call, function: Any, argument: str, said: str, value: Any) -> bool:
    """Return whether an array is finite, has no mask, and has a shape that the docstring allows."""
    if isinstance(value, np.ma.MaskedArray) or not isinstance(
        value, np.ndarray | list | int | float
    ):
        return False
    array = np.asarray(value)
    if array.dtype.kind not in "fi" or not np.isfinite(array).all():
        return False
    good = call.arguments.get(argument)
    if good is None or (not is_array(good) and np.ndim(safe(good)) != 0):
        return False
    if array.shape == np.shape(good):
        return True
    shapes = documented_shapes(call, function)
    if argument not in shapes:
        return False
    return any(fits(shape, array.shape, call, argument, shapes) for shape in shapes[argument])


WORDS = {  # shapes of DESIGN's words, where a docstring has no section of parameters
    **{name: ["n, n_features"] for name in ("X", "x", "target", "components")},
    **{name: ["n, n_latent"] for name in ("z", "Z", "mu", "log_var", "eps")},
    **{name: ["n,"] for name in ("y", "data", "weights")},
    "out": ["n, n_outputs"],
}
ROWS = {"batch": "n", "n_samples": "n"}


def documented_shapes(call: Call, function: Any) -> dict[str, list[str]]:
    """Return the shapes that a docstring allows for each argument."""
    doc = inspect.getdoc(function) or ""
    if inspect.isclass(function) and function.__init__.__doc__:
        doc += "\n" + (inspect.getdoc(function.__init__) or "")
    found = dict(WORDS)
    for names, said in re.findall(r"^([\w, ]+) : (.*)$", doc, re.MULTILINE):
        shapes = re.findall(r"\(([^()]*,[^()]*)\)", said)
        for name in names.split(", "):
            if shapes and "shape" in said:
                found[name] = shapes
            elif "array_like" in said and "shape" not in said:
                found.pop(name, None)
    return found


def fits(shape: str, actual: tuple[int, ...], call: Call, argument: str, shapes: Any) -> bool:
    """Return whether a shape is the documented one, with one length for each name of a call."""
    lengths = known_lengths(call)
    for other, value in call.arguments.items():
        if other != argument and other in shapes and is_array(value):
            for theirs in shapes[other]:
                bind(theirs, np.shape(value), lengths)
    return bind(shape, actual, lengths)


def bind(shape: str, actual: tuple[int, ...], lengths: dict[str, int]) -> bool:
    """Return whether `actual` fits the names in `shape`, and remember their lengths."""
    names = [ROWS.get(name.strip(), name.strip()) for name in shape.split(",") if name.strip()]
    if len(names) != len(actual) or 0 in actual:
        return False
    return all(
        length == int(name) if name.isdigit() else lengths.setdefault(name, length) == length
        for name, length in zip(names, actual, strict=True)
    )


def known_lengths(call: Call) -> dict[str, int]:
    """Return the lengths that a model or another argument fixes."""
    owner = getattr(call.function, "__self__", None)
    model = call.arguments.get("model", owner)
    lengths = {}
    for name in ("n_features", "n_latent", "n_in", "n_hidden"):
        for source in (model, owner):
            if isinstance(getattr(source, name, None), int):
                lengths[name] = getattr(source, name)
    for name, attribute in (("n_features", "n_features_in_"), ("n_latent", "n_components_")):
        if hasattr(owner, attribute):
            lengths[name] = getattr(owner, attribute)
    return lengths


def float_of(value: Any) -> float:
    """Return a number as a float, infinite where it is too large."""
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def safe(value: Any) -> Any:
    """Return an array of a value, or an array of objects if it has ragged rows."""
    try:
        return np.asarray(value)
    except ValueError:
        return np.empty(1, object)


def value_is_not_finite(value: Any) -> bool:
    """Return whether a value is, or holds, NaN or infinity."""
    array = safe(value)
    return array.dtype.kind in "fc" and not np.isfinite(array).all()


def shows_it(result: Any) -> bool:
    """Return whether a result holds NaN or infinity."""
    return any(not np.isfinite(a).all() for a in arrays_in(result) if a.dtype.kind in "fc")


def arrays_in(thing: Any, depth: int = 4) -> Iterator[Any]:
    """Yield the arrays and numbers in a result."""
    if isinstance(thing, np.ndarray | np.generic | float | int):
        yield np.asarray(thing)
    elif depth and isinstance(thing, Mapping):
        for value in thing.values():
            yield from arrays_in(value, depth - 1)
    elif depth and isinstance(thing, list | tuple):
        for value in thing:
            yield from arrays_in(value, depth - 1)
    elif depth and (dataclasses.is_dataclass(thing) or hasattr(thing, "params")):
        yield from arrays_in(
            vars(thing) if not hasattr(thing, "params") else thing.params, depth - 1
        )


def alike(a: Any, b: Any) -> bool:
    """Return whether two results hold the same numbers."""
    first, second = list(arrays_in(a)), list(arrays_in(b))
    return len(first) == len(second) and all(
        x.shape == y.shape and np.allclose(x, y, equal_nan=True)
        for x, y in zip(first, second, strict=True)
    )


def brief(result: Any) -> str:
    """Return a result in a few characters."""
    return " ".join(repr(result).split())[:80]


# What a refused call leaves as it was


PASSING = {"grads", "dh0", "artist"}  # what a pass through a layer overwrites


def state(call: Call) -> list[Any]:
    """Return all numbers of the caller's objects, as bytes."""
    return list(numbers_in([getattr(call.function, "__self__", None), call.arguments]))


def numbers_in(thing: Any, depth: int = 6) -> Iterator[Any]:
    """Yield what can change in an object: arrays as bytes, numbers and texts."""
    if isinstance(thing, np.ndarray):
        yield thing.shape, thing.dtype.str, thing.tobytes() if thing.dtype != object else None
    elif isinstance(thing, bool | int | float | str | bytes | type(None)):
        yield repr(thing) if isinstance(thing, float) else thing
    elif isinstance(thing, np.random.Generator):
        yield str(thing.bit_generator.state)
    elif not depth or isinstance(thing, NoArgument | type | types.ModuleType | os.PathLike):
        return
    elif isinstance(thing, Mapping):
        for key, value in thing.items():
            if key not in PASSING:
                yield from numbers_in(value, depth - 1)
    elif isinstance(thing, list | tuple):
        for value in thing:
            yield from numbers_in(value, depth - 1)
    elif type(thing).__module__.startswith("minivae"):
        public = (
            {k: v for k, v in vars(thing).items() if k != "_cache"}
            if hasattr(thing, "__dict__")
            else {}
        )
        yield from numbers_in(public, depth - 1)
