"""Check a student's file in a process of its own, because it may hang, crash or exit."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any

import numpy as np

from minivae.course.answers import Answer, FailedError, LibraryError, answer, judge, load
from minivae.course.diagnosis import Diagnosis
from minivae.course.exercises import Check
from minivae.course.find import exercises_of
from minivae.course.repair import Repair
from minivae.course.wire import pack, receive, send, unpack
from minivae.course.worker import work
from minivae.edge.checks import ArgumentError

NO_PROCESSES = sys.platform in ("emscripten", "wasi")  # Python in a browser
SECONDS_FOR_A_NAME = 20.0  # a repair takes up to five seconds of processor time


@dataclass(frozen=True)
class Limits:
    """The time and the memory that a student's file may take.

    Parameters
    ----------
    seconds : float
        For one function. A slower one is stopped, and the next one is checked.
    megabytes : int
        The memory of the process, on systems that can limit it.
    quiet : bool
        Whether the file's output is hidden.
    """

    seconds: float = 5.0
    megabytes: int = 2000
    quiet: bool = False


def check_file(path: Path, limits: Limits | None = None) -> Iterator[Answer]:
    """Yield an answer for every function of an exercise file, in order.

    Raises
    ------
    ValueError
        The file cannot be run: it has a syntax error, raises an error, or does not end.
    """
    exercises = exercises_of(path)
    if NO_PROCESSES:
        yield from _check_here(path, exercises)
        return
    names = list(exercises)
    wrong: list[str] = []
    while names:
        for each in _run(path, exercises, names.copy(), wrong, limits or Limits()):
            names.remove(each.name)
            wrong += [each.name] if each.verdict == "wrong" else []
            yield each


def _check_here(path: Path, exercises: dict[str, list[Check]]) -> Iterator[Answer]:
    """Yield the answers by running the file in this process."""
    namespace = load(path)
    wrong: list[str] = []
    for name, checks in exercises.items():
        each = answer(name, namespace, checks, path, wrong=wrong)
        wrong += [name] if each.verdict == "wrong" else []
        yield each


def _run(
    path: Path,
    exercises: dict[str, list[Check]],
    names: Sequence[str],
    wrong: Sequence[str],
    limits: Limits,
) -> Iterator[Answer]:
    """Yield an answer for each function, until all are given or one function ends the process."""
    wrong = list(wrong)
    with _Process(path, limits) as process:
        try:
            functions = process.start()
        except _GoneError as error:
            raise ArgumentError(f"{path} cannot be run: outside its functions, {error}") from error
        for name in names:
            about = functions.get(name, {"missing": "there is no function of that name"})
            if about["missing"]:
                yield Answer(name, "wrong", Diagnosis(about["missing"]))
                continue
            process.allow(limits.seconds)
            try:
                each = judge(name, _Remote(name, about, process), exercises[name], wrong=wrong)
                process.end_line()
            except _GoneError as error:
                if not limits.quiet:
                    print()  # the process may have ended in the middle of a line
                yield Answer(name, "wrong", Diagnosis(str(error), error.mistake))
                return
            wrong += [name] if each.verdict == "wrong" else []
            yield each
            if process.gone:
                return


class _GoneError(BaseException):
    """The process no longer answers. No check takes this for an error of the function."""

    def __init__(self, text: str, mistake: str) -> None:
        super().__init__(text)
        self.mistake = mistake


class _Process:
    """The other process, and the time that it may still take."""

    def __init__(self, path: Path, limits: Limits) -> None:
        context = multiprocessing.get_context("spawn")
        self.ours, theirs = context.Pipe()
        arguments = (path, theirs, limits.quiet, limits.megabytes)
        self.process = context.Process(target=work, args=arguments, daemon=True)
        self.process.start()
        theirs.close()
        self.limits, self.gone = limits, False
        self.deadline = time.monotonic() + 60

    def __enter__(self) -> _Process:
        return self

    def __exit__(self, *_: object) -> None:
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid or 0, signal.SIGKILL)
        self.process.kill()
        self.process.join()
        self.ours.close()

    def start(self) -> dict[str, Any]:
        """Wait until the file has run, and return what the process says about its functions."""
        self._receive()  # the process has started: time counts from here
        self.allow(self.limits.seconds)
        reply = self._receive()
        if reply.get("failure"):
            raise ArgumentError(reply["failure"])
        functions = reply.get("functions")
        if not isinstance(functions, dict):
            raise _GoneError("it wrote into a pipe that is not its own", "")
        return functions

    def allow(self, seconds: float) -> None:
        """Allow the process so many seconds from now on."""
        self.deadline = time.monotonic() + seconds

    def end_line(self) -> None:
        """End the line, if the file printed one without an end."""
        if not self.gone:
            self.ask({"do": "end line"})

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request to the process, and return its reply."""
        with suppress(OSError):
            send(self.ours, request)
        return self._receive()

    def _receive(self) -> dict[str, Any]:
        if not self.ours.poll(max(self.deadline - time.monotonic(), 0)):
            self.gone = True
            raise _GoneError(
                f"it was stopped after {self.limits.seconds:g} s: does a loop never end?\n"
                f"(--seconds gives it longer)",
                "a loop that never ends, or one that takes too long",
            )
        try:
            return receive(self.ours)
        except EOFError as error:
            self.gone = True
            words = "it ended the whole process: an exit, or a crash"
            raise _GoneError(words, "an exit") from error


class _Remote:
    """A student's function in the other process."""

    def __init__(self, name: str, about: dict[str, Any], process: _Process) -> None:
        self.name, self.process, self.calls = name, process, about["calls"]
        kind = Parameter.POSITIONAL_OR_KEYWORD
        self.__signature__ = Signature([Parameter(each, kind) for each in about["arguments"]])

    def __call__(self, *inputs: Any) -> Any:
        """Call the function there, and repeat here the changes it makes to its arguments."""
        functions: list[Any] = []
        packed = pack(list(inputs), functions)
        reply = self.process.ask({"do": "call", "name": self.name, "inputs": packed})
        while "ask" in reply:
            value = functions[reply["ask"]](*unpack(reply["inputs"]))
            reply = self.process.ask({"value": pack(value)})
        if "library" in reply:
            raise LibraryError(reply["library"])
        if "error" in reply:
            raise FailedError(reply["error"], reply["unfinished"])
        for ours, theirs in zip(inputs, unpack(reply["inputs"]), strict=True):
            _change(ours, theirs)
        return unpack(reply["value"])

    def repair(self, _: Sequence[Check]) -> Repair | None:
        """Return a small change that makes the function pass, or None; the process looks for it."""
        self.process.allow(SECONDS_FOR_A_NAME)
        try:
            found = self.process.ask({"do": "repair", "name": self.name}).get("repair")
            if not found:
                return None
            mistake, line, before, after = (found[key] for key in _REPAIR)
            return Repair(str(mistake), int(line), str(before), str(after))
        except (_GoneError, TypeError, ValueError, KeyError):
            self.process.gone = True  # the next function gets another process
            return None


_REPAIR = ("mistake", "line", "before", "after")


def _change(ours: Any, theirs: Any) -> None:
    """Copy the numbers of the arrays in `theirs` into those in `ours`."""
    if isinstance(ours, np.ndarray) and isinstance(theirs, np.ndarray):
        if ours.shape == theirs.shape and ours.dtype == theirs.dtype:
            ours[...] = theirs
    elif isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            _change(value, theirs.get(str(key)))
    elif isinstance(ours, (list, tuple)) and isinstance(theirs, (list, tuple)):
        for mine, other in zip(ours, theirs, strict=False):
            _change(mine, other)
