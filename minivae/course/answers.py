"""Run the checks of an exercise on a student's functions, and say what is wrong with each."""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from types import FrameType, FunctionType, ModuleType
from typing import Any, Literal, Protocol

import minivae
from minivae.course.diagnosis import Diagnosis
from minivae.course.exercises import Check
from minivae.course.files import read_source
from minivae.course.repair import Repair, find_repair
from minivae.edge.checks import ArgumentError

Verdict = Literal["right", "wrong", "not written yet"]


@dataclass(frozen=True)
class Answer:
    """The answer on one function: its name, a verdict, and what is wrong."""

    name: str
    verdict: Verdict
    diagnosis: Diagnosis | None = None

    @property
    def text(self) -> str:
        """Everything that is known, as it is shown at the third wrong try."""
        return str(self.diagnosis) if self.diagnosis else ""

    def at_stage(self, stage: int) -> str:
        """Return the lines for the first, the second or a later wrong try."""
        text = self.diagnosis.at_stage(stage) if self.diagnosis else ""
        return "\n    ".join([f"{self.verdict:15s}  {self.name}", *text.splitlines()])

    def __str__(self) -> str:
        return self.at_stage(3)


class FailedError(Exception):
    """A student's function raised an error.

    Parameters
    ----------
    text : str
        The error in words, with the line that raised it.
    unfinished : str
        The name of the function that is not written yet, if that is the reason.
    """

    def __init__(self, text: str, unfinished: str = "") -> None:
        super().__init__(text)
        self.unfinished = unfinished


class LibraryError(Exception):
    """A student's function calls a function of the library; the message is its name."""


class Subject(Protocol):
    """A student's function, here or in another process."""

    calls: Collection[str]

    def __call__(self, *inputs: Any) -> Any:
        """Call the function; its errors are raised as `FailedError` or `LibraryError`."""

    def repair(self, checks: Sequence[Check]) -> Repair | None:
        """Return a small change that makes the function pass, or None."""


class Local:
    """A student's function in this process."""

    def __init__(self, function: Callable[..., Any], path: Path) -> None:
        self.function, self.path = function, path
        self.calls = getattr(getattr(function, "__code__", None), "co_names", ())
        self.__signature__ = inspect.signature(function)

    def __call__(self, *inputs: Any) -> Any:
        """Call the function; its errors are raised as `FailedError` or `LibraryError`."""
        before, library = sys.getprofile(), _Library()
        sys.setprofile(library)
        try:
            answer = self.function(*inputs)
        except NotImplementedError as error:
            frames = _frames(error, self.path)
            name = getattr(self.function, "__name__", "")
            unfinished = frames[-1].name if frames else name
            raise FailedError("", name if unfinished == "<lambda>" else unfinished) from error
        except BaseException as error:
            raise FailedError(describe_error(error, self.path)) from error
        finally:
            sys.setprofile(before)
        if library.called:
            raise LibraryError(library.called)
        return answer

    def repair(self, checks: Sequence[Check]) -> Repair | None:
        """Return a small change that makes the function pass, or None."""
        return find_repair(self.function, checks)


PACKAGE = str(Path(minivae.__file__).parent)
COURSE = str(Path(__file__).parent)


class _Library:
    """A profiler that notes the first function of the library that is called from outside it."""

    def __init__(self) -> None:
        self.called = ""

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        code, caller = frame.f_code, frame.f_back
        if event != "call" or self.called or not _is_library(code.co_filename):
            return
        if caller and not caller.f_code.co_filename.startswith(PACKAGE):
            self.called = code.co_qualname.removesuffix(".__init__")


def _is_library(filename: str) -> bool:
    return filename.startswith(PACKAGE) and not filename.startswith(COURSE)


def load(path: Path) -> dict[str, Any]:
    """Run a file as the module of its name, and return what it defines.

    Raises
    ------
    ValueError
        The file is not text, has a syntax error, or raises an error; the message shows the line.
    """
    try:
        code = compile(read_source(path), str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        line = (error.text or "").strip()
        raise ArgumentError(f"{path}, line {error.lineno}: {error.msg}\n    {line}") from error
    module = sys.modules[path.stem] = ModuleType(path.stem)  # dataclasses look their module up
    module.__file__ = str(path)
    try:
        exec(code, vars(module))
    except BaseException as error:
        raise ArgumentError(f"{path} cannot be run: {describe_error(error, path)}") from error
    return vars(module)


def answer(
    name: str,
    namespace: Mapping[str, Any],
    checks: Sequence[Check],
    path: Path,
    *,
    wrong: Collection[str] = (),
) -> Answer:
    """Return the answer on the function `name` of a student's file, which defines `namespace`.

    `wrong` holds the names of the functions found wrong so far, because this one may call them.
    """
    function = namespace.get(name)
    if not callable(function):
        return Answer(name, "wrong", Diagnosis(missing(name, namespace)))
    return judge(name, Local(function, path), checks, wrong=wrong)


def judge(
    name: str, subject: Subject, checks: Sequence[Check], *, wrong: Collection[str] = ()
) -> Answer:
    """Return the answer on a student's function; see `answer`."""
    try:
        for check in checks:
            diagnosis = check(subject)
            if diagnosis:
                return Answer(name, "wrong", _named(diagnosis, subject, checks, wrong))
    except FailedError as error:
        if error.unfinished == name:
            return Answer(name, "not written yet")
        if error.unfinished:
            found = f"it calls {error.unfinished}, which is not written yet"
            return Answer(name, "wrong", Diagnosis(found))
        diagnosis = Diagnosis(f"it stopped with {error}")
        return Answer(name, "wrong", _named(diagnosis, subject, checks, wrong))
    except LibraryError as error:
        found = f"it calls the library's {error}: write it yourself"
        return Answer(name, "wrong", Diagnosis(found, "an answer that only calls the library"))
    except Exception as error:
        return Answer(name, "wrong", Diagnosis(f"it stopped with {type(error).__name__}: {error}"))
    return Answer(name, "right")


def _named(
    diagnosis: Diagnosis, subject: Subject, checks: Sequence[Check], wrong: Collection[str]
) -> Diagnosis:
    """Return a diagnosis with the likely mistake, in the exercise's own words or by a repair."""
    guilty = [name for name in subject.calls if name in wrong]
    if guilty:
        found = f"{diagnosis.found}\nbut it calls {guilty[0]}, which is wrong: mend that first"
        return replace(diagnosis, found=found)
    if diagnosis.known:
        return diagnosis
    repair = subject.repair(checks)
    if repair is None:
        return diagnosis
    if diagnosis.found.startswith("it stopped"):
        diagnosis = replace(diagnosis, odd=True)
    line = f"line {repair.line}: {repair.before}"
    hint = f"line {repair.line} could be: {repair.after}" + (
        f"\n{diagnosis.hint}" if diagnosis.hint else ""
    )
    mistake = repair.mistake if diagnosis.odd else diagnosis.mistake or repair.mistake
    return replace(diagnosis, mistake=mistake, line=line, hint=hint)


def missing(name: str, namespace: Mapping[str, Any]) -> str:
    """Return in words that there is no function `name`, and which function may be meant."""
    if name in namespace:
        return f"it should be a function, and is {namespace[name]!r:.60}"
    functions = [key for key, value in namespace.items() if isinstance(value, FunctionType)]
    near = get_close_matches(name, functions, n=1)
    return "there is no function of that name" + (
        f"; is it the one you call {near[0]}?" if near else ""
    )


def describe_error(error: BaseException, path: Path) -> str:
    """Return an error in words, with the line of the student's file that raised it."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    frames = _frames(error, path)
    return text + (f"\nline {frames[-1].lineno}: {frames[-1].line}" if frames else "")


def _frames(error: BaseException, path: Path) -> list[traceback.FrameSummary]:
    """Return the frames of an error's traceback that lie in the student's file."""
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if frame.filename == str(path)]
