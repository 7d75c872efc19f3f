"""The engine of the course: checks and their diagnoses, the checker, the stepper, notebooks."""

import os
import select
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minivae as mv
from minivae import cli, plots
from minivae.commands import course
from minivae.course import show
from minivae.course.answers import answer, load
from minivae.course.cells import read_cells
from minivae.course.checker import check_file
from minivae.course.diagnosis import Diagnosis, compare
from minivae.course.exercises import GradientCheck, ValueCheck, numerical_gradient
from minivae.course.notebooks import percent_format
from minivae.course.stepper import Stepper, describe

rng = np.random.default_rng(0)
RIGHT = rng.uniform(0.5, 2.0, (5, 3))
SUMMED = RIGHT.sum(axis=0)


# Diagnoses


def diagnose(got, right=RIGHT, **options):
    return compare({"dW": right}, got, {}, batch=(5, 3), **options)


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (0 * RIGHT, "zero everywhere"),
        (-RIGHT, "the sign is flipped"),
        (RIGHT / 2, "half of it is missing"),
        (RIGHT * 2, "twice too large"),
        (-RIGHT / 2, "the sign is flipped, and a factor of 2 is missing"),
        (-RIGHT * 2, "the sign is flipped, and a factor of 1/2 is missing"),
        (RIGHT * 5, "not divided by the batch: 5 times too large"),
        (RIGHT / 5, "divided by the batch once too often: 5 times too small"),
        (RIGHT * 3, "not divided by the columns"),
        (RIGHT / 3, "divided by the columns once too often"),
        (RIGHT[:, ::-1], "in reversed order"),
        (RIGHT.T, "transposed"),
        (RIGHT**2, "a variance for a standard deviation"),
        (RIGHT**0.5, "a standard deviation for a variance"),
        (np.exp(RIGHT), "is it a logarithm"),
        (np.log(RIGHT), "an exp is missing"),
        (RIGHT + 1.5, "off by the same 1.5: a constant term"),
        (RIGHT * 1.25, "1.25 times what it should be"),
        (RIGHT.sum(), "summed over everything"),
        (RIGHT.mean(), "averaged over everything"),
        (RIGHT.ravel(), "the right numbers in the wrong shape"),
    ],
)
def test_a_common_mistake_is_recognised(got, words):
    assert words in diagnose(got).mistake


def test_a_square_matrix_may_be_transposed_too():
    square = rng.normal(size=(4, 4))
    assert diagnose(square.T, square).mistake == "transposed"


@pytest.mark.parametrize(
    ("right", "words"),
    [
        (RIGHT.sum(axis=0), "not summed over the batch, axis 0"),
        (RIGHT.mean(axis=0), "not averaged over the batch, axis 0"),
        (RIGHT.sum(axis=1), "not summed over axis 1"),
        (RIGHT.mean(axis=1, keepdims=True), "not averaged over axis 1"),
        (RIGHT.sum(axis=0, keepdims=True), "not summed over the batch, axis 0"),
        (RIGHT.sum(), "not summed over all axes"),
        (RIGHT.mean(), "not averaged over all axes"),
    ],
)
def test_a_missing_sum_is_recognised(right, words):
    assert diagnose(RIGHT, np.asarray(right)).mistake == words


@given(
    factor=st.floats(-9, 9).filter(lambda f: abs(f - 1) > 1e-3),
    seed=st.integers(0, 999),
    shape=st.tuples(st.integers(1, 4), st.integers(1, 4)),
)
def test_a_wrong_answer_is_never_right_and_the_right_one_never_wrong(factor, seed, shape):
    right = np.random.default_rng(seed).uniform(0.5, 2, shape)
    assert diagnose(right.copy(), right) is None
    assert diagnose(factor * right, right) is not None


def test_where_a_guess_is_not_finite_it_is_no_guess():
    zero_and_more = np.array([0.0, 0.5, 900.0])  # its log and its exp are not finite
    assert diagnose([7.0, -3.0, 100.0], zero_and_more).mistake == ""
    assert "0.111111 times" in diagnose(zero_and_more / 9, zero_and_more).mistake
    assert diagnose(zero_and_more * (1 + 3e-6), zero_and_more).mistake == ""
    assert "a logarithm?" in diagnose(np.exp([0.0, 0.5, 9.0]), np.array([0.0, 0.5, 9.0])).mistake


def test_the_first_wrong_entry_is_shown_with_both_numbers():
    got = RIGHT.copy()
    got[2, 1] = 7.0
    got[4, 0] = 100.0
    assert diagnose(got).found == f"dW[2, 1] is 7, and should be {RIGHT[2, 1]:.8g}"
    assert diagnose(got).mistake == ""
    assert diagnose(2.0, np.array(3.0)).found == "dW is 2, and should be 3"


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_wrong(bad):
    got = RIGHT.copy()
    got[1, 2] = bad
    assert diagnose(got).found.startswith(f"dW[1, 2] is {bad:g}")
    assert diagnose(np.full_like(RIGHT, bad), RIGHT) is not None


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (None, "nothing was returned"),
        ((RIGHT, RIGHT), "one value should be returned, dW, got a tuple of 2"),
        ("one", "not made of real numbers"),
        (RIGHT + 0j, "not made of real numbers: they are complex"),
        ([[1.0], [1.0, 2.0]], "not made of real numbers"),
        ({"dV": RIGHT}, "keys should be ['dW'], got ['dV']"),
        (RIGHT[:2], "dW has shape (2, 3), and should have (5, 3)"),
    ],
)
def test_an_answer_of_the_wrong_kind(got, words):
    assert words in diagnose(got).found


def test_lists_scalars_and_dicts_are_answers_too():
    assert diagnose(RIGHT.tolist()) is None
    assert diagnose({"dW": RIGHT}) is None
    assert diagnose(np.float64(3), np.array(3.0)) is None
    assert compare({"a": RIGHT, "b": SUMMED}, [RIGHT, SUMMED], {}) is None


def test_several_values():
    expected = {"a": RIGHT, "b": SUMMED, "c": np.array(2.0)}
    assert compare(expected, (RIGHT, SUMMED, 2), {}) is None
    assert "3 values should be returned, (a, b, c), got 2" in compare(expected, (1, 2), {}).found
    assert "got 1" in compare(expected, RIGHT, {}).found
    assert "wrong order: (b, c, a)" in compare(expected, (SUMMED, 2, RIGHT), {}).mistake
    second = compare(expected, (RIGHT, -SUMMED, 3), {})
    assert second.found.startswith("b[0] is")
    assert second.mistake == "the sign is flipped"


def test_a_known_mistake_comes_before_the_common_ones():
    known = {"forgot the two of the square": {"dW": RIGHT / 2}}
    assert compare({"dW": RIGHT}, RIGHT / 2, known).mistake == "forgot the two of the square"
    assert compare({"dW": RIGHT}, RIGHT / 3, known).mistake.startswith("every entry is 0.333")


def test_a_hint_goes_with_whatever_is_wrong():
    check = ValueCheck(lambda x: x, (RIGHT,), hint="look at x")
    assert check(lambda x: x + 1).hint == "look at x"
    slopes = GradientCheck(lambda x: x * x, (RIGHT,), ("x",), hint="look at x")
    assert slopes(lambda x, dy: x * dy).hint == "look at x"


def test_a_diagnosis_in_words():
    assert (
        str(Diagnosis("x is 1", "a sign", "look")) == "x is 1\nlikely mistake: a sign\nhint: look"
    )
    assert str(Diagnosis("x is 1")) == "x is 1"


# Checks


def test_a_value_check_finds_an_argument_changed_in_place():
    check = ValueCheck(lambda x, y: x - y["b"], (RIGHT, {"b": SUMMED}))

    def changes_a_dict(x, y):
        y["b"] *= -1
        return x + y["b"]

    assert check(lambda x, y: x - y["b"]) is None
    assert check(changes_a_dict).found == "y was changed in place"
    assert np.all(SUMMED > 0)


def test_a_value_check_finds_answers_that_depend_on_the_call():
    noise = np.random.default_rng(0)
    check = ValueCheck(lambda x: x, (RIGHT,))
    assert "different answers" in check(lambda x: x + noise.normal()).found


def test_a_value_check_of_something_with_a_state():
    def four_steps(step, theta):
        velocity = np.zeros_like(theta)
        for _ in range(4):
            theta, velocity = step(theta, velocity)
        return theta

    def library(theta):
        optimizer, params = mv.SGD(0.1, momentum=0.9), {"theta": theta}
        for _ in range(4):
            optimizer.step(params, {"theta": params["theta"].copy()})
        return params["theta"]

    def momentum(theta, velocity):
        velocity = 0.9 * velocity - 0.1 * theta
        return theta + velocity, velocity

    def forgetful(theta, velocity):
        return 0.9 * theta, velocity

    forgotten = {"the velocity is forgotten": forgetful}
    check = ValueCheck(library, (RIGHT,), "theta", mistakes=forgotten, run=four_steps)
    assert check(momentum) is None
    assert check(forgetful).mistake == "the velocity is forgotten"


def test_a_value_check_of_moments():
    def moments(draw, mu, log_var):
        eps = np.random.default_rng(0).normal(size=(20_000, 2))
        z = draw(mu, log_var, eps)
        return z.mean(axis=0), z.var(axis=0)

    check = ValueCheck(
        lambda mu, log_var: (mu, np.exp(log_var)),
        (np.array([1.0, -1.0]), np.array([0.5, -1.0])),
        returns=("mean", "variance"),
        run=moments,
        atol=0.08,  # five standard errors
    )
    assert check(mv.reparameterize) is None
    wide = check(lambda mu, log_var, eps: mu + np.exp(log_var) * eps)
    assert wide.found.startswith("variance[0] is 2.7")


@pytest.mark.parametrize("with_dy", [True, False])
def test_a_gradient_check_knows_the_gradient(with_dy):
    A = rng.normal(size=(3, 4))

    def forward(x, A):
        y = np.tanh(x @ A)
        return y if with_dy else np.sum(y * y)

    def backward(x, A, dy=None):
        y = np.tanh(x @ A)
        dy = (2 * y if dy is None else dy) * (1 - y * y)
        return dy @ A.T, x.T @ dy

    check = GradientCheck(forward, (RIGHT, A), ("x", "A"), with_dy=with_dy)
    assert check(backward) is None

    def forgets_a_square(*inputs):
        dx, dA = backward(*inputs)
        return dx, dA * (1 + 1e-4)

    assert check(forgets_a_square).found.startswith("dA[0, 0] is")
    swapped = check(lambda *inputs: backward(*inputs)[::-1])
    assert "wrong order: (dA, dx)" in swapped.mistake


def test_numerical_gradients_have_nine_digits():
    x = rng.normal(size=(3, 2))
    dy = rng.normal(size=(3, 2))
    slopes = numerical_gradient(lambda x: np.exp(np.sin(3 * x)), [x], 0, dy)
    exact = dy * np.exp(np.sin(3 * x)) * 3 * np.cos(3 * x)
    np.testing.assert_allclose(slopes, exact, rtol=0, atol=1e-9 * np.max(np.abs(exact)))


# Answers


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
    replies = list(check_file(path, seconds=1.0))
    assert [reply.verdict for reply in replies] == ["wrong"] * 3
    assert replies[0].name == "dense_forward"
    assert "stopped after 1 s: does a loop never end?" in replies[0].text
    assert "ended the whole process" in replies[1].text
    assert "it stopped with SystemExit\nline 7: raise SystemExit" in replies[2].text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\ndef f(:\n", r"01_mine.py, line 2: .*\n    def f\(:"),
        ("if True:\nx = 1\n", r"line 2: .*indented block"),
        ("import numpy as np\nnp.arrange(3)\n", r"AttributeError.*\nline 2: np.arrange\(3\)"),
        ("raise SystemExit(3)\n", r"cannot be run: SystemExit: 3\nline 1"),
        ("while True: pass\n", r"outside its functions, it was stopped after 1 s"),
        ("import os; os._exit(1)\n", r"outside its functions, it ended the whole process"),
    ],
)
def test_a_file_that_cannot_be_run(write, text, words):
    with pytest.raises(ValueError, match=words):
        list(check_file(write(text), seconds=1.0))


def test_a_name_that_is_no_function(write):
    path = write("dense_forward = 3\n")
    assert "should be a function, and is 3" in answer("dense_forward", load(path), [], path).text
    assert answer("f", {}, [], path).text == "there is no function of that name"


# Files


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a course of two tutorials."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tutorials" / "exercises").mkdir(parents=True)
    for name in ("01_first.py", "02_second.py", "exercises/01_first.py"):
        (tmp_path / "tutorials" / name).write_text(TUTORIAL, encoding="utf-8")
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
        (["check", "1", "--seconds", "0"], "--seconds must be in (0, inf), got 0"),
        (["check", "98_mine.py"], "there are no exercises 98"),
        (["check", "notes.py"], "notes.py must begin with the number of its tutorial"),
    ],
)
def test_what_is_not_there_is_named_with_the_nearest(folder, capsys, arguments, words):
    for name in ("notes.py", "98_mine.py"):
        (folder / name).touch()
    assert cli.main(arguments) == 2
    assert words in capsys.readouterr().err.replace(os.sep, "/")


@pytest.mark.parametrize("arguments", [["step", "1"], ["check", "1"], ["notebooks"]])
def test_elsewhere_the_reader_is_told_where_to_go(tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    assert "go to minivae's own folder" in capsys.readouterr().err


def test_the_exit_status_says_whether_all_is_right(folder, capsys):
    solutions = Path(__file__).parent / "course" / "solutions_01.py"
    exercise = folder / "tutorials" / "exercises" / "01_first.py"
    exercise.write_bytes(solutions.read_bytes())
    assert cli.main(["check", "1"]) == 0
    assert capsys.readouterr().out.endswith("3 of 3 right\n")
    exercise.write_text("def dense_forward(x, W, b):\n    return x\n", encoding="utf-8")
    assert cli.main(["check", "1"]) == 1


# Cells and notebooks


TUTORIAL = '''"""The title.

What it asks?
"""

import numpy as np

# %% Numbers
# Words above the code:
#     y = x
# and more of them.

x = np.arange(6.0).reshape(2, 3)
print(f"x has the sum {x.sum():g}")

# %% A figure
from minivae import plots
from minivae.course import show

show(plots.loss_curves({"epoch": [1, 2], "loss": [3.0, 2.0]}), "01_loss")

# %% An error

x[0, 0] = x[0, 0] + 1
assert x[0, 0] == 1, "not one"
print("reached the end")
'''


@pytest.fixture
def tutorial(write):
    return write(TUTORIAL, "01_first.py")


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


def test_the_percent_format(tutorial):
    text = percent_format(read_cells(tutorial))
    assert text.startswith("# %% [markdown]\n# # The title\n#\n# What it asks?\n\n# %%\nimport")
    assert "# ## Numbers\n#\n# Words above the code:\n#\n#     y = x\n# and more" in text
    assert text.count("# %%\n") == 4
    assert text.count("# %% [markdown]\n") == 4


def test_notebooks_are_written_by_jupytext(folder, monkeypatch, capsys):
    stub = types.SimpleNamespace(
        reads=lambda text, fmt: (fmt, text), writes=lambda notebook, fmt: f"{fmt} {notebook}"
    )
    monkeypatch.setitem(sys.modules, "jupytext", stub)
    assert cli.main(["notebooks", "--out", "nb"]) == 0
    written = sorted((folder / "nb").iterdir())
    assert [path.name for path in written] == ["01_first.ipynb", "02_second.ipynb"]
    assert written[0].read_text("utf-8").startswith("ipynb ('py:percent', '# %% [markdown]")
    assert capsys.readouterr().out.split() == [
        os.path.join("nb", "01_first.ipynb"),
        os.path.join("nb", "02_second.ipynb"),
    ]


@pytest.mark.usefixtures("folder")
def test_without_jupytext_the_reader_is_told_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "jupytext", None)
    assert cli.main(["notebooks", "--out", "nb"]) == 2
    error = capsys.readouterr().err
    assert "jupytext, which is not installed" in error
    assert "pip install" in error
    assert not Path("nb").exists()


# Stepping


def step(stepper, *lines):
    return [stepper.obey(line) for line in lines]


@pytest.fixture
def stepper(tutorial, tmp_path, monkeypatch):
    monkeypatch.setenv("MINIVAE_FIGURES", str(tmp_path / "figures"))
    return Stepper(tutorial)


def test_enter_runs_a_cell_and_shows_the_next(stepper, capsys):
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
    assert printed.count("there are cells 1 to 4") == 3
    assert printed.endswith(f"{HELP_END}\n")


HELP_END = "q       leave, as do Ctrl-D and Ctrl-C"


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
    assert "SyntaxError" in printed
    assert "line 13" in printed
    assert "--- cell 2 of 4" in printed


def test_a_file_that_became_shorter_ends_earlier(stepper, tutorial, capsys):
    step(stepper, "g 4")
    tutorial.write_text("# %%\nx = 1\n", encoding="utf-8")
    assert step(stepper, "b", "p 1 + 1", "") == [True, True, False]
    assert "there are cells 1 to 1\n1 + 1: int\n2\n" in capsys.readouterr().out


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


def test_exploring_a_saved_model_from_the_command_line(tmp_path, capsys):
    mv.VAE(784, 2, rng=0).save(tmp_path / "model.npz")
    picture = tmp_path / "window.png"
    assert cli.main(["explore", str(tmp_path / "model.npz"), "--out", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert cli.main(["explore", str(tmp_path / "model.npz")]) == 2
    assert "no window can be opened" in capsys.readouterr().err
    assert cli.main(["explore", str(tmp_path / "nothing.npz")]) == 2


class Terminal:
    """A command in a pseudo-terminal, as over ssh."""

    def __init__(self, *arguments, cwd):
        pty = pytest.importorskip("pty")
        self.ours, theirs = pty.openpty()
        settings = {"PYTHONPATH": str(Path(mv.__file__).parents[1]), "MPLBACKEND": "Agg"}
        settings |= {"MINIVAE_FIGURES": "", "PYTHONIOENCODING": "utf-8", "TERM": "dumb"}
        # where this process ignores Ctrl-C, as background jobs do, its children would ignore it too
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "minivae", *arguments],
            cwd=cwd,
            env=os.environ | settings,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        signal.signal(signal.SIGINT, before)
        os.close(theirs)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()
        os.close(self.ours)

    def read(self, until="> "):
        """Return what is printed up to a prompt, or up to the end."""
        text = ""
        while not (until and text.endswith(until)):
            ready, _, _ = select.select([self.ours], [], [], 60)
            assert ready, f"nothing comes after {text!r}"
            try:
                piece = os.read(self.ours, 4096)
            except OSError:  # Linux: the other end is closed
                piece = b""
            if not piece:
                break
            text += piece.decode().replace("\r\n", "\n")
        return text

    def type(self, line):
        os.write(self.ours, line.encode() + b"\n")
        return self.read()

    def interrupt(self):
        """Send what Ctrl-C sends, to the process and its children."""
        os.killpg(self.process.pid, signal.SIGINT)

    def status(self):
        return self.process.wait(timeout=60)


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
        assert "leave, as do Ctrl-D and Ctrl-C\n" in terminal.type("h")
        os.write(terminal.ours, b"q\n")
        assert terminal.read(until=None) == "q\n"
        assert terminal.status() == 0


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


def test_a_check_can_be_interrupted(write, tmp_path):
    path = write("def dense_forward(x, W, b):\n    print('on and on')\n    while True: pass\n")
    with Terminal("check", str(path), cwd=tmp_path) as terminal:
        terminal.read(until="on and on\n")
        terminal.interrupt()
        assert terminal.read(until=None) == "stopped\n"
        assert terminal.status() == 130


# Figures


LOSS = {"epoch": [1, 2], "loss": [3.0, 2.0]}


def test_a_figure_goes_where_the_variable_says(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MINIVAE_FIGURES", str(tmp_path / "a" / "b"))
    path = show(plots.loss_curves(LOSS), "loss")
    assert path == tmp_path / "a" / "b" / "loss.png"
    assert path.read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().out == f"[figure: {path}]\n"


BACKEND = """
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

class Window(FigureManagerBase):
    @classmethod
    def pyplot_show(cls, *, block=None):
        from matplotlib import pyplot
        print("windows", pyplot.get_figlabels(), block)

class FigureCanvas(FigureCanvasAgg):
    manager_class = Window

FigureManager = Window
"""
SCRIPT = """
from minivae import plots
from minivae.course import show
figure = plots.loss_curves({"epoch": [1, 2], "loss": [3.0, 2.0]})
print(show(figure, "first"))
print(show(figure, "second"))
"""


@pytest.mark.parametrize(
    ("backend", "expected"),
    [
        ("Agg", ["[figure: minivae-figures/first.png]", "minivae-figures/first.png"]),
        ("module://windows", ["windows ['first'] True", "None"]),
        (
            "module://no_display",
            ["[figure: minivae-figures/first.png]", "minivae-figures/first.png"],
        ),
    ],
)
def test_a_figure_is_a_window_where_there_can_be_one(tmp_path, backend, expected):
    (tmp_path / "windows.py").write_text(BACKEND, encoding="utf-8")
    (tmp_path / "no_display.py").write_text("raise ImportError('no display')", encoding="utf-8")
    root = str(Path(mv.__file__).parents[1])
    settings = {"MPLBACKEND": backend, "PYTHONPATH": os.pathsep.join([root, str(tmp_path)])}
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        cwd=tmp_path,
        env=os.environ | settings | {"MINIVAE_FIGURES": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = finished.stdout.splitlines()
    assert lines[:2] == expected
    assert lines[2:] == [line.replace("first", "second") for line in expected]
