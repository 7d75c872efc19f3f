"""The README's own words: its example runs, and its commands are commands."""

import re
import shlex
from pathlib import Path

import pytest

from minivae.commands import cli

README = Path(__file__).parents[1] / "README.md"
TEXT = README.read_text(encoding="utf-8") if README.is_file() else ""
COMMANDS = sorted(set(re.findall(r"`(?:python -m )?(minivae [^`]+)`", TEXT)))


def test_the_examples_run_and_say_that_all_is_well(capsys):
    other_engines = r"(?<!<!-- dask -->\n)(?<!<!-- torch -->\n)"  # test_past_one_machine.py
    blocks = re.findall(other_engines + r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) >= 2
    exec("\n".join(blocks), {})
    printed = capsys.readouterr().out
    assert "VAE: ok" in printed
    assert "4 latents: the same" in printed


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_are_understood(command):
    words = shlex.split(command)[1:]
    chosen = cli._parser().parse_args(words)
    assert chosen.command == words[0]


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+)\)", TEXT))))
def test_its_links_lead_somewhere(link):
    assert (README.parent / link).exists()


@pytest.mark.parametrize("path", sorted(set(re.findall(r"(?:tutorials|tests)/[\w/]+\.py", TEXT))))
def test_its_files_exist(path):
    assert (README.parent / path).is_file()
