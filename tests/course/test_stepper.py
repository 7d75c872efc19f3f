"""The stepper: a tutorial's cells, what is typed, and what happens in a terminal."""

import os
import time

import numpy as np
import pytest
from helpers import ROOT

from course.terminal import TUTORIAL, Terminal, write_course
from minivae.course.cells import read_cells
from minivae.course.describe import describe
from minivae.course.screen import fit_line, fit_words
from minivae.course.stepper import Stepper


@pytest.fixture
def write(tmp_path):
    def write_file(text, name="01_mine.py"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def tutorial(write):
    return write(TUTORIAL, "01_first.py")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a course of two tutorials."""
    monkeypatch.chdir(tmp_path)
    write_course(tmp_path)
    return tmp_path


# Cells


def test_cells(tutorial):
    first, numbers, figure, error = read_cells(tutorial)
    assert (first.title, first.words) == ("The title", "What it asks?")
    assert (first.code, first.line) == ("import numpy as np", 6)
    assert numbers.title == "Numbers"
    assert numbers.words == "Words above the code:\n    y = x\nand more of them."
    assert numbers.code.splitlines()[1] == 'print(f"x has the sum {x.sum():g}")'
    assert [cell.line for cell in (numbers, figure, error)] == [13, 17, 24]
    lines = TUTORIAL.splitlines()
    for cell in (first, numbers, figure, error):
        assert lines[cell.line - 1] == cell.code.splitlines()[0]


@pytest.mark.parametrize(
    ("text", "n", "first_title"),
    [
        ("# %%\nx = 1\n", 1, ""),
        ("import a\n# %%\nx = 1\n", 2, ""),
        ('"""Only words."""\n# %% [markdown]\n# more\n', 2, "Only words"),
        ('"""A broken\n# %%\nx = 1\n', 2, ""),
        ("# %%\n\n# %%\nx = 1\n", 1, ""),
    ],
)
def test_cells_of_odd_files(write, text, n, first_title):
    cells = read_cells(write(text))
    assert len(cells) == n
    assert cells[0].title == first_title


def test_a_file_without_cells_is_refused(write):
    with pytest.raises(ValueError, match="has no cells: none of its lines begins with '# %%'"):
        read_cells(write("x = 1\n"))
    path = write("")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="is not a text file"):
        read_cells(path)


# Stepping


def step(stepper, *lines):
    return [stepper.obey(line) for line in lines]


@pytest.fixture
def stepper(tutorial, tmp_path, monkeypatch):
    monkeypatch.setenv("MINIVAE_FIGURES", str(tmp_path / "figures"))
    return Stepper(tutorial)


def test_enter_runs_a_cell_and_shows_the_next(stepper, capsys, monkeypatch):
    monkeypatch.setenv("LINES", "3")  # which is no matter where there is no terminal
    stepper.show()
    shown = capsys.readouterr().out
    assert "cell 1 of 4" in shown
    assert "What it asks?" in shown
    assert "\n    import numpy as np\n" in shown
    step(stepper, "")
    assert (
        "--- cell 2 of 4: Numbers\n\nWords above the code:\n    y = x\n" in capsys.readouterr().out
    )
    step(stepper, "  ")
    assert capsys.readouterr().out.startswith("x has the sum 15\n")
    step(stepper, "")
    assert "[figure: " in capsys.readouterr().out
    assert step(stepper, "", "") == [True, False]
    assert "reached the end\n\n--- that was the last of 4 cells" in capsys.readouterr().out


def test_going_back_runs_all_before_again_and_quietly(stepper, tmp_path, capsys):
    step(stepper, "g 4")
    assert capsys.readouterr().out.startswith("\n--- cell 4 of 4: An error")
    assert not (tmp_path / "figures").exists()
    assert os.environ["MINIVAE_FIGURES"] == str(tmp_path / "figures")
    step(stepper, "", "p x[0, 0]", "b", "p x[0, 0]")
    _, first, second = capsys.readouterr().out.split("x[0, 0]: float64\n")
    assert first.startswith("1.0\n\n--- cell 4 of 4")
    assert "reached the end\n" not in first
    assert second == "0.0\n"
    step(stepper, "g 1", "p x", "b", "g 9", "g 0", "g x")
    printed = capsys.readouterr().out
    assert "NameError: name 'x' is not defined" in printed
    assert printed.count("there are cells 1 to 4") == 2
    assert "this is the first cell\n" in printed
    assert printed.endswith(f"{HELP_END}\n")


HELP_END = "Ctrl-C  stop the cell that runs; at the prompt, leave"


def test_a_cell_that_fails_is_shown_with_its_line_and_can_be_mended(stepper, tutorial, capsys):
    step(stepper, "g 4")
    tutorial.write_text(TUTORIAL.replace("== 1", "== 2"), encoding="utf-8")
    step(stepper, "")
    printed = capsys.readouterr().out
    assert '01_first.py", line 25, in <module>' in printed
    assert 'assert x[0, 0] == 2, "not one"' in printed
    assert "AssertionError: not one\n--- cell 4 did not run through" in printed
    assert "stepper.py" not in printed
    tutorial.write_text(TUTORIAL, encoding="utf-8")
    step(stepper, "b", "", "")
    assert "reached the end" in capsys.readouterr().out
    tutorial.write_text(TUTORIAL.replace("x = np", "x == = np"), encoding="utf-8")
    step(stepper, "g 4")
    printed = capsys.readouterr().out
    assert printed.startswith(f'  File "{tutorial}", line 13\n    x == = np.arange')
    assert printed.endswith(
        "SyntaxError: invalid syntax\n--- cell 2 did not run through; Enter shows it\n"
    )
    step(stepper, "")
    assert capsys.readouterr().out.startswith("\n--- cell 2 of 4: Numbers\n")
    step(stepper, "")
    printed = capsys.readouterr().out
    assert printed.startswith(f'  File "{tutorial}", line 13\n')
    assert printed.endswith("--- cell 2 did not run through; Enter runs it again\n")


def test_a_file_that_became_shorter_ends_earlier(stepper, tutorial, capsys):
    step(stepper, "g 4")
    tutorial.write_text("# %%\nx = 1\n", encoding="utf-8")
    assert step(stepper, "b", "p 1 + 1", "") == [True, True, False]
    assert "the last of 1 cells; Enter or q leaves\n1 + 1: int\n2\n" in capsys.readouterr().out
    step(stepper, "b")
    assert "--- cell 1 of 1" in capsys.readouterr().out


LETTERS = "# %% A\nprint('a')\n# %% B\nprint('b')\n# %% C\nprint('c')\n# %% D\nprint('d')\n"


@pytest.mark.parametrize(
    ("before", "after", "shown", "printed"),
    [
        ("# %% B\n", "", "cell 2 of 3: C", "c"),
        ("# %% A\n", "# %% New\n# %% A\n", "cell 4 of 5: C", "c"),
        ("# %% C\nprint('c')\n", "", "cell 3 of 3: D", "d"),
        ("# %% C\nprint('c')\n# %% D\nprint('d')\n", "", "that was the last of 2 cells", None),
        ("# %% C", "# %% Another name", "cell 3 of 4: Another name", "c"),
        ("# %% A", "# %% C", "cell 3 of 4: C", "c"),
        ("# %% D", "# %% E", "cell 3 of 4: C", "c"),
        ("print('c')", "print('another')", None, "another"),
    ],
)
def test_what_was_not_shown_is_not_run(write, capsys, before, after, shown, printed):
    path = write(LETTERS)
    stepper = Stepper(path)
    step(stepper, "g 3")
    path.write_text(LETTERS.replace(before, after), encoding="utf-8")
    capsys.readouterr()
    if shown:
        assert step(stepper, "") == [True]
        moved, _, there = capsys.readouterr().out.partition("\n\n")
        assert moved == "--- the cells have moved: nothing was run; this is the next one"
        assert there.startswith(f"--- {shown}")
    assert step(stepper, "") == [printed is not None]
    assert not printed or capsys.readouterr().out.startswith(f"{printed}\n")


def test_cells_without_titles_may_move_too(write, capsys):
    path = write("# %%\n1\n# %%\n2\n# %%\n3\n# %%\n4\n")
    stepper = Stepper(path)
    step(stepper, "g 2")
    path.write_text("# %%\n1\n2\n# %%\n3\n# %%\n4\n", encoding="utf-8")
    step(stepper, "")
    assert "the cells have moved" in capsys.readouterr().out


def test_a_cell_added_at_the_end_is_shown_before_it_is_run(write, capsys):
    path = write(LETTERS)
    stepper = Stepper(path)
    step(stepper, "g 4", "")
    path.write_text(f"{LETTERS}# %% E\nprint('e')\n", encoding="utf-8")
    capsys.readouterr()
    step(stepper, "")
    assert capsys.readouterr().out.endswith("--- cell 5 of 5: E\n\n    print('e')\n\n")
    step(stepper, "")
    assert capsys.readouterr().out.startswith("e\n")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        (b"", "has no cells"),
        (b"# %%\n\xff\n", "is not a text file"),
        (b"# %%\nx = 1\0\n", "is not a text file: line 2 holds a null byte"),
    ],
)
def test_a_file_that_cannot_be_read_for_a_moment_costs_nothing(
    stepper, tutorial, capsys, content, words
):
    step(stepper, "g 3")
    capsys.readouterr()
    tutorial.unlink()
    if content is not None:
        tutorial.write_bytes(content)
    for line in ("", "b", "g 1"):
        assert stepper.obey(line)
        printed = capsys.readouterr().out
        assert printed.startswith("--- nothing was run: ")
        assert words in printed
    step(stepper, "p x.sum()")
    assert capsys.readouterr().out == "x.sum(): float64\n15.0\n"
    tutorial.write_text(TUTORIAL, encoding="utf-8")
    step(stepper, "")
    assert "--- cell 4 of 4" in capsys.readouterr().out


def test_going_to_the_cell_that_is_shown_runs_all_above_it_again(stepper, tutorial, capsys):
    step(stepper, "g 3")
    tutorial.write_text(TUTORIAL.replace("6.0", "12.0").replace("2, 3", "4, 3"), encoding="utf-8")
    step(stepper, "g 3", "p x.shape")
    assert capsys.readouterr().out.endswith("(4, 3)\n")


def test_what_stops_python_stops_no_stepper(write, capsys):
    def interrupt():
        raise KeyboardInterrupt

    stepper = Stepper(write("# %% A cell\nraise GeneratorExit\n"))
    stepper.show()
    stepper.names["interrupt"] = interrupt
    assert all(step(stepper, "p interrupt()", "p exit()", "p quit(3)", ""))
    printed = capsys.readouterr().out
    assert "\nKeyboardInterrupt\nSystemExit\nSystemExit: 3\nTraceback" in printed
    assert "GeneratorExit\n--- cell 1 did not run through" in printed


def test_code_is_run_as_python_runs_it(write, capsys):
    stepper = Stepper(write("# %% A cell\ndef f(x: int): ...\n"))
    step(stepper, "", "", "p f.__annotations__")
    assert "{'x': <class 'int'>}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.zeros((2, 3), np.float32), "v: float32 array of shape (2, 3)\n[[0. 0. 0.]"),
        (np.arange(10_000), "v: int64 array of shape (10000,)\n[   0    1    2 ... 9997 9998"),
        ({"W": np.ones(3), "n": 2}, "v: dict\n  'W': float64 array of shape (3,)\n  'n': 2"),
        (3.5, "v: float\n3.5"),
        ("a" * 9999, "aaa ..."),
    ],
)
def test_values_are_described_in_a_few_lines(value, words):
    text = describe("v", value)
    assert words in text
    assert len(text) < 600


def test_stepping_in_a_terminal(folder):
    with Terminal("step", "1", cwd=folder) as terminal:
        opening = terminal.read()
        assert "tutorials/01_first.py: Enter runs a cell, h helps, q leaves\n" in opening
        assert "--- cell 1 of 4: The title\n\nWhat it asks?\n" in opening
        assert "--- cell 2 of 4: Numbers\n" in terminal.type("")
        assert "x has the sum 15\n\n--- cell 3 of 4: A figure\n" in terminal.type("")
        assert "x: float64 array of shape (2, 3)\n[[0. 1. 2.]\n" in terminal.type("p x")
        assert "[figure: minivae-figures/01_loss.png]\n" in terminal.type("")
        assert (folder / "minivae-figures" / "01_loss.png").is_file()
        assert "--- cell 3 of 4" in terminal.type("b")
        assert f"{HELP_END}\n" in terminal.type("h")
        os.write(terminal.ours, b"q\n")
        assert terminal.read(until=None) == "q\n"
        assert terminal.status() == 0


def test_leaving_python_leaves_no_terminal_closed(folder):
    with Terminal("step", "1", cwd=folder) as terminal:
        terminal.read()
        assert "SystemExit" in terminal.type("p exit()")
        assert "2: int\n2\n" in terminal.type("p 2")


def test_on_a_small_screen_the_output_is_read_before_the_next_cell(folder):
    with Terminal("step", "1", cwd=folder, rows=10) as terminal:
        terminal.read()
        shown = "--- cell 2 of 4: Numbers"  # as long as the screen, but without any output above
        assert shown in terminal.type("")
        terminal.type("g 1")
        (folder / "tutorials" / "01_first.py").write_text(
            TUTORIAL.replace("import numpy", "print('one\\ntwo')\nimport numpy"), encoding="utf-8"
        )
        printed = terminal.type("")
        assert printed.endswith("one\ntwo\n\n--- Enter shows the next cell\n> ")
        assert "np: module" in terminal.type("p np")
        printed = terminal.type("")
        assert shown in printed
        assert "x has the sum 15" not in printed
        assert "x has the sum 15\n\n--- cell 3 of 4" in terminal.type("")


def test_a_character_that_the_terminal_lacks_is_spelled_out(folder):
    tutorial = TUTORIAL.replace("What it asks?", "Is \N{GREEK SMALL LETTER ALPHA} small?")
    (folder / "tutorials" / "01_first.py").write_text(tutorial, encoding="utf-8")
    with Terminal("step", "1", cwd=folder, encoding="ascii") as terminal:
        assert "Is \\u03b1 small?\n" in terminal.read()
        assert "caf\\xc3\\xa9" in terminal.type("p 'caf\N{LATIN SMALL LETTER E WITH ACUTE}'")


@pytest.mark.parametrize("leave", ["Ctrl-D", "Ctrl-C"])
def test_leaving_a_terminal(folder, leave):
    with Terminal("step", "tutorials/02_second.py", cwd=folder) as terminal:
        terminal.read()
        if leave == "Ctrl-D":
            os.write(terminal.ours, b"\x04")
        else:
            time.sleep(0.3)  # a signal between the prompt and the wait for a line would be lost
            terminal.interrupt()
        assert "Traceback" not in terminal.read(until=None)
        assert terminal.status() == 0


def test_a_cell_can_be_interrupted(folder):
    endless = "# %%\nprint('on and on', flush=True)\nwhile True: pass\n"
    (folder / "tutorials" / "03_third.py").write_text(endless, encoding="utf-8")
    with Terminal("step", "3", cwd=folder) as terminal:
        terminal.read()
        os.write(terminal.ours, b"\n")
        terminal.read(until="on and on\n")
        terminal.interrupt()
        assert "KeyboardInterrupt\n--- cell 1 did not run through" in terminal.read()
        os.write(terminal.ours, b"q\n")
        terminal.read(until=None)
        assert terminal.status() == 0


# A narrow terminal


def test_prose_is_filled_anew_and_no_word_is_broken():
    words = "one two three four five six\nseven eight\n\n    y = w x + b      L = y - t\nend"
    fitted = fit_words(words, 21).splitlines()
    assert fitted == [
        "one two three four",
        "five six seven eight",
        "",
        "    y = w x + b",
        "            L = y - t",
        "end",
    ]
    listed = "two items:\n1. one that is long, and goes\n   on\n2. two"
    assert fit_words(listed, 16).splitlines() == [
        "two items:",
        "1. one that is",
        "long, and goes",
        "on",
        "2. two",
    ]
    assert fit_words("unbreakable-as-it-is", 5) == "unbreakable-as-it-is"
    assert fit_line("    f(a, bcd, efg, hijk)", 18) == ["    f(a, bcd, efg,", "            hijk)"]
    assert fit_line("x" * 90, 80) == ["x" * 90]


@pytest.mark.parametrize("path", sorted(ROOT.glob("tutorials/[0-9]*.py")), ids=lambda p: p.stem)
def test_every_cell_fits_80_columns(path):
    for cell in read_cells(path):
        assert max(map(len, fit_words(cell.words, 80).splitlines()), default=0) <= 80
        for line in cell.code.splitlines():
            assert max(map(len, fit_line(f"    {line}".rstrip(), 80))) <= 84


def test_words_fit_the_terminal(folder):
    path = folder / "tutorials" / "01_first.py"
    long = "# Words above the code, and so many that none of the usual terminals "
    long += "has them in a line:"
    path.write_text(TUTORIAL.replace("# Words above the code:", long), encoding="utf-8")
    with Terminal("step", "1", cwd=folder) as terminal:
        terminal.read()
        printed = terminal.type("")
        assert "terminals has them in a\nline:\n    y = x\nand more of them." in printed
        assert max(map(len, printed.splitlines())) <= 80
        assert "x: float64 array of shape (2, 3)" in terminal.type("") + terminal.type("x")
        assert "4.0" in terminal.type("np.float64(2) + 2")
        assert "NameError: name 'nothing' is not defined" in terminal.type("nothing")
        assert "12" in terminal.type("y = 12") + terminal.type("y")
        assert "Ctrl-D" in terminal.type("what on earth")
