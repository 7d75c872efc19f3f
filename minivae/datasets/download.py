"""A download that tries several addresses, and accepts only the right content."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from http.client import HTTPException
from typing import TypeVar
from urllib.request import Request, urlopen

T = TypeVar("T")

TIMEOUT = 15.0  # seconds without an answer or another byte
SLOWEST = 1000.0  # bytes a second, after the first TIMEOUT seconds
CHUNK = 1 << 16  # bytes
ROUNDS = 2  # the attempts at each address


def download(
    addresses: Sequence[str], parse: Callable[[bytes], T], *, largest: int
) -> tuple[bytes, T]:
    """Return the first content that `parse` accepts, and the result of `parse`.

    Parameters
    ----------
    addresses : sequence of str
        They are tried in this order, twice.
    parse : function of bytes
        It raises ValueError if the content is wrong.
    largest : int
        The largest number of bytes; a longer answer is not read to its end.

    Raises
    ------
    OSError
        No address has the right content. The message has a line for every attempt.
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
    """Return the content at an address; a server that drips is left after a while."""
    request = Request(address, headers={"User-Agent": "minivae"})
    start, content, shown = time.monotonic(), bytearray(), 0.0
    with urlopen(request, timeout=TIMEOUT) as response:
        while chunk := response.read1(CHUNK):
            content += chunk
            seconds = time.monotonic() - start
            if len(content) > largest:
                raise ValueError(f"the content is longer than {largest} bytes")
            if seconds > TIMEOUT and len(content) < SLOWEST * seconds:
                raise TimeoutError(f"only {len(content)} bytes came in {seconds:.0f} s")
            if seconds > shown + 1:
                shown = seconds
                print(f"{address}: {len(content) / 1e6:.1f} MB", file=sys.stderr, flush=True)
    return bytes(content)
