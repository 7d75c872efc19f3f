"""The checker of exercises: what it says of a student's file, and of one that is not there."""

import os
from pathlib import Path

import pytest
from helpers import ROOT

from course.terminal import Terminal, write_course
from minivae.commands import cli, course
from minivae.course.answers import answer, load
from minivae.course.checker import Limits, check_file
from minivae.course.files import EXERCISES

STUDENT = """
import numpy as np


def dense_forward(x, W, b):
    return dense(x, W, b)


def dense(x, W, b):
    raise NotImplementedError


def dense_bakward(x, W, b, dy):
    return dy


def mean_squared_error_backward(x, W, b, target):
    dy = target - x @ W
    return dy @ W
"""


@pytest.fixture
def write(tmp_path):
    def write_file(text, name="01_mine.py"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


def test_what_is_said_of_each_function(write, capsys):
    assert not course.check(str(write(STUDENT)))
    printed = capsys.readouterr().out
    assert "wrong            dense_forward\n    it calls dense, which is not written" in printed
    assert "no function of that name; is it the one you call dense_bakward?" in printed
    assert "it stopped with ValueError: matmul" in printed
    assert "\n    line 19: return dy @ W" in printed
    assert printed.endswith("0 of 3 right\n")


def test_what_calls_a_wrong_function_may_be_right(write, capsys):
    lines = [
        "def dense_forward(x, W, b): return x @ W",
        "def dense_backward(x, W, b, dy): return 0 * x, 0 * W, 0 * b",
        "def mean_squared_error_backward(x, W, b, target):",
        "    return dense_forward(x, W, b) - target",
    ]
    course.check(str(write("\n".join(lines))))
    first, second, third = capsys.readouterr().out.split("\nwrong  ")[1:]
    assert "but it calls" not in first + second
    assert "    but it calls dense_forward, which is wrong: mend that first" in third


def test_an_endless_loop_and_a_crash_cost_one_answer_each(write):
    path = write(
        "import os\n"
        "def dense_forward(x, W, b):\n    while True: pass\n"
        "def dense_backward(x, W, b, dy):\n    os._exit(0)\n"
        "def mean_squared_error_backward(x, W, b, target):\n    raise SystemExit\n"
    )
    replies = list(check_file(path, Limits(1.0)))
    assert [reply.verdict for reply in replies] == ["wrong"] * 3
    assert replies[0].name == "dense_forward"
    assert "stopped after 1 s: does a loop never end?" in replies[0].text
    assert "ended the whole process" in replies[1].text
    assert "it stopped with SystemExit\nline 7: raise SystemExit" in replies[2].text


RIGHT = """
def dense_forward(x, W, b):
    return x @ W + b
"""


def first_answer(path):
    return next(check_file(path, Limits(10.0)))


@pytest.mark.parametrize("future", ["", "from __future__ import annotations\n"])
def test_a_file_is_a_module_and_may_hold_a_dataclass(write, future):
    layer = "@dataclass\nclass Layer:\n    n: int = 1\n"
    here = "import sys\nassert sys.modules[__name__].Layer is Layer\n"
    path = write(f"{future}from dataclasses import dataclass\n{layer}{here}{RIGHT}")
    assert first_answer(path).verdict == "right"


def test_code_is_run_as_python_runs_it(write):
    path = write(f"def f(x: int): ...\nassert f.__annotations__ == {{'x': int}}\n{RIGHT}")
    assert first_answer(path).verdict == "right"


def test_a_module_beside_the_file_can_be_imported(write, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    write("def product(x, W): return x @ W\n", "helper_of_01.py")
    write("from helper_of_01 import product\n" + RIGHT.replace("x @ W", "product(x, W)"))
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert first_answer(Path("..", "01_mine.py")).verdict == "right"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("print('said twice'); sys.stdout.close()", ""),
        ("sys.stdout = None", ""),
        ("raise KeyboardInterrupt", "it stopped with KeyboardInterrupt\n    line 4: raise"),
        ("raise GeneratorExit(3)", "it stopped with GeneratorExit: 3\n    line 4: raise"),
        ("raise type('Odd', (Exception,), {'__str__': 3})", "it ended the whole process"),
    ],
)
def test_no_traceback_of_ours_reaches_the_reader(write, capfd, body, words):
    path = write("import sys\n" + RIGHT.replace("return", f"{body}\n    return"))
    course.check(str(path))
    printed, error = capfd.readouterr()
    verdict = f"wrong            dense_forward\n    {words}" if words else "right            dense"
    assert f"\n{verdict}" in printed
    assert printed.count("there is no function of that name") == 2
    assert error == ""


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ("print('no newline', end='')", "right"),
        ("print('no newline')", "right"),
        ("import sys; sys.stdout.writelines(['no ', 'newline'])", "right"),
        ("print('no newline', end='', flush=True); os._exit(0)", "wrong"),
    ],
)
def test_a_verdict_begins_a_line(write, capfd, body, verdict):
    once = f"if os.environ.pop('ONCE', '1'): {body}\n    os.environ['ONCE'] = ''"
    path = write("import os\n" + RIGHT.replace("return", f"{once}\n    return"))
    course.check(str(path))
    assert f"\nno newline\n{verdict}  " in capfd.readouterr().out


def test_a_character_that_the_terminal_lacks_is_spelled_out(write, tmp_path):
    alpha = "print('\N{GREEK SMALL LETTER ALPHA}')"
    wrong = "def dense_backward(x, W, b, dy): raise ValueError('\N{GREEK SMALL LETTER BETA}')"
    path = write(RIGHT.replace("return", f"{alpha}\n    return") + wrong)
    with Terminal("check", str(path), cwd=tmp_path, encoding="ascii") as terminal:
        printed = terminal.read(until=None)
        assert "\\u03b1\nright  " in printed
        assert "it stopped with ValueError: \\u03b2\n" in printed
        assert terminal.status() == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\ndef f(:\n", r"01_mine.py, line 2: .*\n    def f\(:"),
        ("if True:\nx = 1\n", r"line 2: .*indented block"),
        ("import numpy as np\nnp.arrange(3)\n", r"AttributeError.*\nline 2: np.arrange\(3\)"),
        ("raise SystemExit(3)\n", r"cannot be run: SystemExit: 3\nline 1"),
        ("raise KeyboardInterrupt", r"cannot be run: KeyboardInterrupt\nline 1"),
        ("x = 1\n\0\n", r"is not a text file: line 2 holds a null byte"),
        ("while True: pass\n", r"outside its functions, it was stopped after 1 s"),
        ("import os; os._exit(1)\n", r"outside its functions, it ended the whole process"),
    ],
)
def test_a_file_that_cannot_be_run(write, text, words):
    with pytest.raises(ValueError, match=words):
        list(check_file(write(text), Limits(1.0)))


def test_a_file_that_is_gone_when_it_should_be_run(tmp_path):
    with pytest.raises(ValueError, match="No such file"):
        list(check_file(tmp_path / "01_gone.py"))


def test_a_name_that_is_no_function(write):
    path = write("dense_forward = 3\n")
    assert "should be a function, and is 3" in answer("dense_forward", load(path), [], path).text
    assert answer("f", {}, [], path).text == "there is no function of that name"


def test_a_check_can_be_interrupted(write, tmp_path):
    path = write("def dense_forward(x, W, b):\n    print('on and on')\n    while True: pass\n")
    with Terminal("check", str(path), cwd=tmp_path) as terminal:
        terminal.read(until="on and on\n")
        terminal.interrupt()
        assert terminal.read(until=None) == "stopped\n"
        assert terminal.status() == 130


# Files


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a course of two tutorials."""
    monkeypatch.chdir(tmp_path)
    write_course(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["step", "7"], "tutorials/ has no number 7; there are\n  tutorials/01_first.py\n  tut"),
        (["step", "0"], "tutorials/ has no number 0"),
        (["step", "tutorials/02_secnd.py"], "did you mean tutorials/02_second.py?"),
        (["step", "02_*.py"], "did you mean tutorials/02_second.py?"),
        (["step", "nothing_alike"], "there is no file nothing_alike\n"),
        (["check", "2"], "tutorials/exercises/ has no number 2"),
        (["check", "tutorials/exercises/1_first.py"], "mean tutorials/exercises/01_first.py?"),
        (["step", "."], ". is a folder: give a file, or the number of a tutorial"),
        (["check", "empty"], "there is no Python file in empty"),
        (["check", "1", "--out", "x"], "--out is for a folder of submissions"),
        (["step", ""], "no file was named: give its path, or the number of a tutorial"),
        (["check", "tutorials/01_first.py"], "its exercises are tutorials/exercises/01_first.py"),
        (["step", "tutorials/exercises/01_first.py"], "the tutorial is tutorials/01_first.py"),
        (["check", "1", "--seconds", "3e6"], "--seconds must be in (0, 86400], got 3000000"),
        (["check", "1", "--seconds", "0"], "--seconds must be in (0, 86400], got 0"),
        (["check", "98_mine.py"], "there are no exercises 98"),
        (["check", "0"], "tutorial 0 is a page to read: it has no exercises"),
        (["check", "tutorials/00_page.py"], "tutorial 00 is a page to read: it has no exercises"),
        (["check", "notes.py"], "notes.py holds no function of an exercise"),
    ],
)
def test_what_is_not_there_is_named_with_the_nearest(folder, capsys, arguments, words):
    (folder / "empty").mkdir()
    for name in ("notes.py", "98_mine.py"):
        (folder / name).touch()
    assert cli.main(arguments) == 2
    assert words in capsys.readouterr().err.replace(os.sep, "/")


def test_elsewhere_the_exercises_of_the_package_are_asked(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["check", "1"]) == 1
    printed = capsys.readouterr().out
    assert "minivae course --out DIR" in printed
    assert printed.count("not written yet  ") == 3
    assert cli.main(["check", "tutorials/exercises/01_dense_layer.py"]) == 2
    assert "`minivae course --out DIR` writes the course" in capsys.readouterr().err


def test_a_student_gets_a_copy_that_is_never_written_over(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["course", "--out", "mine"]) == 0
    written = {path.relative_to("mine").as_posix() for path in Path("mine").rglob("*.*")}
    originals = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("tutorials/**/[0-9]*.py")}
    assert originals <= written
    assert written - originals == {
        path.relative_to(ROOT).as_posix() for path in ROOT.glob("tutorials/*.md")
    }
    exercise = Path("mine", "tutorials", "exercises", "01_dense_layer.py")
    exercise.write_text(RIGHT, encoding="utf-8")
    assert cli.main(["course", "--out", "mine"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert exercise.read_text(encoding="utf-8") == RIGHT
    monkeypatch.chdir("mine")
    assert cli.main(["check", "1"]) == 1
    assert capsys.readouterr().out.startswith(f"{EXERCISES / exercise.name}\nright ")


def test_the_exit_status_says_whether_all_is_right(folder, capsys):
    solutions = Path(__file__).parent / "solutions_01.py"
    exercise = folder / "tutorials" / "exercises" / "01_first.py"
    exercise.write_bytes(solutions.read_bytes())
    assert cli.main(["check", "1"]) == 0
    assert capsys.readouterr().out.endswith("3 of 3 right\n")
    exercise.write_text("def dense_forward(x, W, b):\n    return x\n", encoding="utf-8")
    assert cli.main(["check", "1"]) == 1
