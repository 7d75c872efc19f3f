"""Whose fault an error is: a user's takes one line, and one of ours shows its traceback."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minivae
from minivae.commands import cli, faults
from minivae.edge.checks import ArgumentError, ArgumentTypeError, MissingPackageError, UserError

PACKAGE = Path(minivae.__file__).parent

# A user's fault: for each command arguments that parse, and cannot be obeyed.
USERS = {
    "tour": ("--quick --out a-file", "cannot make the folder a-file: "),
    "verify": ("--samples 100 --latent 64", "n_latent must be between 1 and n_features-1=63, got"),
    "gradcheck": ("--seed -1", "argument --seed: must be at least 0, got -1"),
    "train": ("ae --samples 50 --beta 4", "--beta is for vae, got 4.0 for ae"),
    "prove": (
        "adam-constant-gradients",
        "name must be that of a claim, and there is no claim 'adam-constant-gradients'; did you",
    ),
    "course": ("--out a-file", "cannot make the folder a-file"),
    "step": ("nothing.py", "there is no file nothing.py"),
    "check": ("98_mine.py", "there are no exercises 98"),
    "notebooks": ("--out a-file", ""),
    "study": (
        "latent-dimensions",
        "name must be that of a study, and there is no study 'latent-dimensions'",
    ),
    "handouts": ("--out a-file", "cannot make the folder a-file: "),
    "loops": ("sample nothing.npz", "No such file or directory: nothing.npz"),
    "explore": ("nothing.npz", "No such file or directory: nothing.npz"),
}
# A fault of ours: what each command calls in the library.
OURS = {
    "tour": ("--quick", "minivae.nn.layers.Dense.forward"),
    "verify": ("--samples 100", "minivae.nn.layers.Dense.forward"),
    "gradcheck": ("", "minivae.nn.layers.Dense.forward"),
    "train": ("ae --samples 50 --batch-size 50", "minivae.nn.layers.Dense.forward"),
    "prove": ("adam-constant-gradient", "minivae.training.optimizers.Adam._update"),
    "course": ("", "minivae.commands.course.copy_course"),
    "step": ("a-tutorial.py", "minivae.course.stepper.read_cells"),
    "check": ("98_mine.py", "minivae.course.checker.exercises_of"),
    "notebooks": ("", "minivae.course.notebooks.numbered_files"),
    "study": ("latent-dimension", "minivae.studies.run"),
    "handouts": ("", "minivae.course.handout.numbered_files"),
    "loops": ("sample a-file", "minivae.edge.storage.read"),
    "explore": ("a-file", "minivae.edge.storage.read"),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to work in, with a few files that are not what they should be."""
    monkeypatch.chdir(tmp_path)
    for name in ("a-file", "98_mine.py", "a-tutorial.py"):
        (tmp_path / name).touch()
    return tmp_path


def raises(error):
    def fault(*args, **options):
        raise error

    return fault


def test_every_command_is_asked():
    commands = re.findall(r"^    (\w+)", cli._parser().format_help(), re.MULTILINE)
    assert set(commands) == USERS.keys() == OURS.keys()


@pytest.mark.parametrize("command", USERS)
def test_a_users_fault_is_one_line(folder, capsys, command):
    arguments, message = USERS[command]
    try:
        status = cli.main([command, *arguments.split()])
    except SystemExit as stop:  # argparse found it, and shows the usage first
        status = stop.code
    assert status == 2
    *usage, line = capsys.readouterr().err.splitlines()
    assert re.match(rf"minivae {command}: (error: )?{re.escape(message)}", line)
    assert not usage or usage[0].startswith("usage: ")


@pytest.mark.parametrize("command", OURS)
@pytest.mark.parametrize("error", [TypeError, ValueError, KeyError, ImportError])
def test_a_fault_of_ours_is_raised(folder, monkeypatch, command, error):
    arguments, place = OURS[command]
    monkeypatch.setattr(place, raises(error("a fault of ours")))
    with pytest.raises(error, match="a fault of ours"):
        cli.main([command, *arguments.split()])


def test_a_fault_of_ours_shows_its_traceback(tmp_path):
    """As a user sees it, in a process of its own."""
    code = (
        "from minivae.nn import layers\n"
        "layers.Dense.forward = lambda self, x: x + None\n"
        "from minivae.commands.cli import main\n"
        "raise SystemExit(main(['train', 'ae', '--samples', '50', '--batch-size', '50']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback (most recent call last):\n")
    assert re.search(r'minivae.models.\w+\.py", line \d+', done.stderr)
    assert done.stderr.splitlines()[-1].startswith("TypeError: unsupported operand type(s) for +")


# Kinds of errors


@pytest.mark.parametrize(
    ("error", "users"),
    [
        (ArgumentError("n must be at least 1, got 0"), True),
        (ArgumentTypeError("n must be an integer, got None"), True),
        (MissingPackageError("notebooks need jupytext"), True),
        (FloatingPointError("the loss stopped being finite in epoch 3"), True),
        (FileNotFoundError(2, "No such file or directory", "run/checkpoint.npz"), True),
        (PermissionError(13, "Permission denied", b"run"), True),
        (OSError("no window can be opened: there is no display"), True),
        (OSError(28, "No space left on device"), True),
        (FileNotFoundError(2, "No such file or directory", str(PACKAGE / "nn" / "W.npy")), False),
        (ValueError("operands could not be broadcast together"), False),
        (TypeError("unsupported operand"), False),
        (ModuleNotFoundError("No module named 'minivae.nonsense'"), False),
        (np.linalg.LinAlgError("Singular matrix"), False),
        (ZeroDivisionError(), False),
        (NotImplementedError(), False),
    ],
    ids=repr,
)
def test_the_kind_of_an_error_tells_whose_fault_it_is(error, users):
    assert faults.is_users(error) == users


@pytest.mark.parametrize("error", [ArgumentError, ArgumentTypeError, MissingPackageError])
def test_errors_keep_the_types_that_python_gives_them(error):
    assert issubclass(error, UserError)
    assert issubclass(error, (ValueError, TypeError, ModuleNotFoundError))


def test_a_message_of_the_system_has_no_number():
    error = FileNotFoundError(2, "No such file or directory", "run")
    assert faults.in_words(error) == "No such file or directory: run"
    assert faults.in_words(OSError(28, "cannot save run: no space")) == "cannot save run: no space"
    assert faults.in_words(OSError("no window can be opened")) == "no window can be opened"


# Suggestions


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["tuor"],
            "minivae: error: argument command: invalid choice: 'tuor'; did you mean 'tour'?",
        ),
        (["grad-check"], "invalid choice: 'grad-check'; did you mean 'gradcheck'?"),
        (["train", "vea"], "argument kind: invalid choice: 'vea'; did you mean 'vae'?"),
        (["train", "ae", "--data", "digts"], "invalid choice: 'digts'; did you mean 'digits'?"),
        (["train", "ae", "--likelihood", "normal"], "invalid choice: 'normal' (choose from"),
        (["x"], "argument command: invalid choice: 'x' (choose from"),
    ],
)
def test_an_unknown_choice_gets_the_nearest(capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]
