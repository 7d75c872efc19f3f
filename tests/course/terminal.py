"""A small course, and a terminal to take it in."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import minivae as mv

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


def write_course(folder):
    """Write a course of two tutorials."""
    (folder / "tutorials" / "exercises").mkdir(parents=True)
    for name in ("01_first.py", "02_second.py", "exercises/01_first.py"):
        (folder / "tutorials" / name).write_text(TUTORIAL, encoding="utf-8")


class Terminal:
    """A command in a pseudo-terminal, as over ssh."""

    def __init__(self, *arguments, cwd, rows=24, encoding="utf-8"):
        pty = pytest.importorskip("pty")
        self.ours, theirs = pty.openpty()
        settings = {"PYTHONPATH": str(Path(mv.__file__).parents[1]), "MPLBACKEND": "Agg"}
        settings |= {"MINIVAE_FIGURES": "", "PYTHONIOENCODING": encoding, "TERM": "dumb"}
        settings |= {"COLUMNS": "80", "LINES": str(rows)}
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
