"""A file from any of several addresses, kept only when it is whole and right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http.client import HTTPException
from typing import TypeVar
from urllib.request import Request, urlopen

T = TypeVar("T")

TIMEOUT = 15.0  # seconds without an answer or a further byte
ROUNDS = 2  # how often each address is tried


def download(
    addresses: Sequence[str], parse: Callable[[bytes], T], *, largest: int
) -> tuple[bytes, T]:
    """Return the first content that `parse` accepts, with what `parse` made of it.

    Parameters
    ----------
    addresses : sequence of str
        Tried in order, twice.
    parse : function of bytes
        Raises ValueError when the content is not what it should be.
    largest : int
        Bytes; a longer answer is not read to its end.

    Raises
    ------
    OSError
        No address gave the content; the message has a line for every attempt.
    """
    failures = []
    for address in [*addresses] * ROUNDS:
        try:
            content = _fetch(address, largest)
            return content, parse(content)
        except (OSError, HTTPException, ValueError) as error:
            failures.append(f"  {address}: {str(error) or type(error).__name__}")
    raise OSError("\n".join(failures))


def _fetch(address: str, largest: int) -> bytes:
    request = Request(address, headers={"User-Agent": "minivae"})
    with urlopen(request, timeout=TIMEOUT) as response:
        content: bytes = response.read(largest + 1)
    if len(content) > largest:
        raise ValueError(f"the content is longer than {largest} bytes")
    return content
