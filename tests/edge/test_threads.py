"""How many threads a command takes; each case has a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from minivae.edge.threads import CHOICES, blas_threads

ROOT = Path(__file__).parents[2]
COUNT = "from minivae.edge.threads import blas_threads; print(blas_threads())"
pytestmark = pytest.mark.skipif(not blas_threads(), reason="NumPy has another BLAS than OpenBLAS")


def lines_of(code, **environment):
    clean = {name: value for name, value in os.environ.items() if name not in CHOICES}
    clean["PYTHONPATH"] = str(ROOT)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=clean | environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.splitlines()


def test_importing_the_library_leaves_the_threads_alone():
    (alone,) = lines_of("import numpy; " + COUNT)
    (beside,) = lines_of("import minivae, minivae.course, minivae.commands.cli; " + COUNT)
    assert beside == alone


def test_a_command_takes_one_and_gives_the_others_back():
    code = """
from minivae.commands import cli
from minivae.edge.threads import blas_threads

class Chosen:
    command = "count"
    def run(self, chosen):
        print(blas_threads())
        return True
    def parse_args(self, arguments):
        return self

before, cli._parser = blas_threads(), Chosen
cli.main([])
print(blas_threads() == before)
"""
    assert lines_of(code) == ["[1]", "True"]
    two = ["[2]", "True"]
    assert lines_of(code, OPENBLAS_NUM_THREADS="2") == two  # its user's choice stays
