"""The process in which a student's file runs: it computes on request, and judges nothing.

Its messages hold numbers alone. Whatever the file does to the package, to Python or to itself
happens in this process; the right answers are in the other one.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from inspect import signature
from pathlib import Path
from typing import Any

from minivae.course.answers import FailedError, LibraryError, Local, load, missing
from minivae.course.exercises import Check
from minivae.course.find import exercises_of
from minivae.course.screen import Watched, print_any_character
from minivae.course.wire import pack, receive, send, unpack
from minivae.edge.checks import UserError


def work(path: Path, connection: Any, quiet: bool, megabytes: int) -> None:
    """Run the file, and answer messages until there are no more."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C is for the parent, which ends this process
    if hasattr(os, "setsid"):
        os.setsid()  # what the file starts ends with this process
    if quiet:
        _say_nothing()
    print_any_character()
    output: Any = Watched(sys.stdout)
    sys.stdout = output
    _limit_memory(megabytes)
    with connection, suppress(BaseException):  # the parent reports the end
        exercises = exercises_of(path)
        send(connection, {"started": True})
        _serve(path, exercises, connection, output)


def _say_nothing() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


def _limit_memory(megabytes: int) -> None:
    """Limit the memory on systems that can, so that too large an array raises MemoryError."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        limit = used + megabytes * 1_000_000
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _serve(
    path: Path, exercises: Mapping[str, Sequence[Check]], connection: Any, output: Any
) -> None:
    sys.path.insert(0, str(path.parent))  # as `python FILE` does
    try:
        namespace = load(path)
    except (UserError, OSError) as error:
        output.end_line()
        send(connection, {"failure": str(error)})
        return
    output.end_line()
    functions = {name: _about(name, namespace) for name in exercises}
    send(connection, {"failure": "", "functions": functions})
    while True:
        request = receive(connection)
        if request["do"] == "call":
            reply = _call(Local(namespace[request["name"]], path), request, connection)
        elif request["do"] == "repair":
            found = Local(namespace[request["name"]], path).repair(exercises[request["name"]])
            reply = {"repair": asdict(found) if found else None}
        else:
            output.end_line()  # what the student's function prints stands above its answer
            reply = {"ready": True}
        send(connection, reply)


def _about(name: str, namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the other process needs to know about a function."""
    function = namespace.get(name)
    if not callable(function):
        return {"missing": missing(name, namespace)}
    try:
        arguments = list(signature(function).parameters)
    except (TypeError, ValueError):
        arguments = []
    calls = getattr(getattr(function, "__code__", None), "co_names", ())
    return {"missing": "", "arguments": arguments, "calls": list(calls)}


def _call(function: Local, request: dict[str, Any], connection: Any) -> dict[str, Any]:
    """Call the student's function; a function among its inputs asks the other process."""

    def function_at(place: int) -> Any:
        def ask(*inputs: Any) -> Any:
            send(connection, {"ask": place, "inputs": pack(list(inputs))})
            return unpack(receive(connection)["value"])

        return ask

    inputs = unpack(request["inputs"], function_at)
    try:
        value = function(*inputs)
        return {"value": pack(value), "inputs": pack([_or_none(each) for each in inputs])}
    except LibraryError as error:
        return {"library": str(error)}
    except FailedError as error:
        return {"error": str(error), "unfinished": error.unfinished}


def _or_none(value: Any) -> Any:
    return None if callable(value) else value
