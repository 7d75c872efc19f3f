"""What the commands share in their arguments: help, numbers, data sets and folders."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

MOST = 10**9  # of anything that is counted: rows, widths, epochs


class Parser(argparse.ArgumentParser):
    """A parser that suggests what an unknown choice may mean."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and the message, with the nearest choice if one is near, and exit."""
        value = re.search(r"invalid (\w+) value: (.*)", message)
        if value:  # in words that a user knows
            kind = {"integer": "an integer", "int": "an integer", "float": "a number"}
            got = (
                message[: value.start()] + f"must be {kind.get(value[1], value[1])}, got {value[2]}"
            )
            message = got
        unknown = re.search(r"(.*invalid choice: '(.*)') \(choose from (.*)\)", message)
        if unknown:
            known = re.findall(r"[\w-]+", unknown[3])
            near = get_close_matches(unknown[2], known, n=1)
            message = f"{unknown[1]}; did you mean {near[0]!r}?" if near else message
        super().error(" ".join(message.split()))


def command(
    commands: Any, name: str, text: str, example: str, *, seed: bool = True
) -> argparse.ArgumentParser:
    """Add a command whose help says what it does, with an example, and return its parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=f"example:\n  minivae {name} {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if seed:
        text = "one seed, one result (default 0)"
        parser.add_argument("--seed", type=integer_from(0), default=0, help=text)
    return parser


def integer_from(low: int) -> Callable[[str], int]:
    """Return a function that reads an integer, and refuses one below `low`."""

    def integer(text: str) -> int:
        value = int(text) if len(text) < 30 else sys.maxsize
        if value < low:
            raise argparse.ArgumentTypeError(f"must be at least {low}, got {value}")
        if value > MOST:
            raise argparse.ArgumentTypeError(f"must be at most {MOST}, got {text[:30]}")
        return value

    return integer


def add_out(parser: argparse.ArgumentParser, default: str) -> None:
    """Add ``--out``, the folder that a command writes into."""
    text = f"folder for what is written (default {default})"
    parser.add_argument("--out", type=Path, default=Path(default), metavar="DIR", help=text)


def add_data(parser: argparse.ArgumentParser, *, default: str) -> None:
    """Add ``--data`` and ``--samples``, which `load_split` reads."""
    text = f"drawn digits, MNIST, or patches of a photograph (default {default})"
    names = ("digits", "mnist", "patches")
    parser.add_argument("--data", choices=names, default=default, help=text)
    count = integer_from(1)
    parser.add_argument("--samples", type=count, metavar="N", help="how many rows to train on")
