"""Check an exercise file in a process of its own, which may hang, crash or end as it likes."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from minivae.course.answers import Answer, answer, exercises_of, load
from minivae.course.screen import Watched, print_any_character
from minivae.edge.checks import ArgumentError, UserError


def check_file(path: Path, *, seconds: float = 60.0) -> Iterator[Answer]:
    """Yield an answer for every function of an exercise file, in order.

    Parameters
    ----------
    path : Path
    seconds : float
        How long a function may take; then it is stopped, and the next one is tried.

    Raises
    ------
    ValueError
        The file cannot be run: it has a syntax error, raises an error, or does not end.
    """
    names = list(exercises_of(path))
    while names:
        for each in _run(path, names.copy(), seconds):
            names.remove(each.name)
            yield each


def _run(path: Path, names: Sequence[str], seconds: float) -> Iterator[Answer]:
    """Yield an answer for each function, until all are given or one function ends the process."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(path, names, sender), daemon=True)
    process.start()
    sender.close()
    try:
        receiver.recv()  # the process has started: time is counted from here
        failure = _receive(receiver, seconds)
        if failure:
            raise ArgumentError(failure)
        for name in names:
            try:
                yield _receive(receiver, seconds)
            except _GoneError as error:
                print()  # the process may have ended in the middle of a line
                yield Answer(name, "wrong", str(error))
                return
    except _GoneError as error:
        raise ArgumentError(f"{path} cannot be run: outside its functions, {error}") from error
    finally:
        process.kill()
        process.join()
        receiver.close()


class _GoneError(Exception):
    """The process gives no answer any more."""


def _receive(receiver: Connection[Any, Any], seconds: float) -> Any:
    if not receiver.poll(seconds):
        raise _GoneError(
            f"it was stopped after {seconds:g} s: does a loop never end?\n"
            f"(--seconds gives it longer)"
        )
    try:
        return receiver.recv()
    except EOFError as error:
        raise _GoneError("it ended the whole process: an exit, or a crash") from error


def _work(path: Path, names: Sequence[str], sender: Connection[Any, Any]) -> None:
    """Run the file and send an answer for each name; first that it started, then any failure."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    print_any_character()
    output: Any = Watched(sys.stdout)
    sys.stdout = output
    with sender, suppress(BaseException):  # the parent says that we ended, without our traceback
        sender.send("started")
        for reply in _replies(path, names):
            output.end_line()  # what the student's function printed stands above its answer
            sender.send(reply)


def _replies(path: Path, names: Sequence[str]) -> Iterator[str | Answer]:
    """Yield why the file cannot be run, "" if it can, and then an answer for each name."""
    exercises = exercises_of(path)
    sys.path.insert(0, str(path.parent))  # as `python FILE` does
    try:
        namespace = load(path)
    except (UserError, OSError) as error:
        yield str(error)
        return
    yield ""
    wrong: list[str] = []
    for name in names:
        reply = answer(name, namespace, exercises[name], path, wrong=wrong)
        if reply.verdict == "wrong":
            wrong.append(name)
        yield reply
