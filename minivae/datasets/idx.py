"""The IDX format of MNIST: a magic number, the sizes, then the bytes, with or without gzip."""

from __future__ import annotations

import gzip
import hashlib
import struct
import zlib
from io import BufferedIOBase

import numpy as np
from numpy.typing import NDArray

from minivae.edge.checks import ArgumentError

UINT8 = 0x08  # the type code of unsigned bytes
GZIP = b"\x1f\x8b"
PIECE = 1 << 18  # bytes read at once


def read_idx(
    file: BufferedIOBase, name: str, shape: tuple[int, ...], sha256: str
) -> NDArray[np.uint8]:
    """Read an array of bytes with a known shape and a known checksum.

    Parameters
    ----------
    file : seekable binary file
        An IDX file, plain or packed with gzip.
    name : str
        The name of the file in messages.
    shape : tuple of int
        The shape that the header must have, so that no header can ask for more memory.
    sha256 : str
        The hexadecimal SHA-256 of the unpacked content.

    Returns
    -------
    array : ndarray of uint8, of the given shape

    Raises
    ------
    ValueError
        The file is not an IDX file, or has another shape, length or checksum, or is damaged. The
        message begins with the name of the file.
    """
    packed = file.read(len(GZIP)) == GZIP
    file.seek(0)
    try:
        return _read_plain(gzip.GzipFile(fileobj=file) if packed else file, name, shape, sha256)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ArgumentError(f"{name} is damaged: {error}") from error


def _read_plain(
    file: BufferedIOBase, name: str, shape: tuple[int, ...], sha256: str
) -> NDArray[np.uint8]:
    header = _read_header(file, name, shape)
    array = np.empty(shape, dtype=np.uint8)
    flat = array.reshape(-1)
    digest = hashlib.sha256(header)
    for start in range(0, flat.size, PIECE):
        piece = flat[start : start + PIECE]
        n_read = file.readinto(piece.data)
        if n_read < piece.size:
            raise ArgumentError(f"{name} is cut short after {start + n_read} of {flat.size} items")
        digest.update(piece.data)
    if file.read(1):
        raise ArgumentError(f"{name} is longer than the {flat.size} items of its header")
    if digest.hexdigest() != sha256:
        raise ArgumentError(
            f"{name} must have the SHA-256 {sha256} when unpacked, got {digest.hexdigest()}"
        )
    return array


def _read_header(file: BufferedIOBase, name: str, shape: tuple[int, ...]) -> bytes:
    # two zero bytes, the type of an item, the number of axes; then the sizes, big-endian
    magic = bytes([0, 0, UINT8, len(shape)])
    got = file.read(len(magic))
    if got != magic:
        raise ArgumentError(
            f"{name} must begin with the IDX magic {magic.hex()}, got '{got.hex()}'"
        )
    sizes = file.read(4 * len(shape))
    if len(sizes) < 4 * len(shape):
        raise ArgumentError(f"{name} is cut short within its header")
    got_shape = struct.unpack(f">{len(shape)}I", sizes)
    if got_shape != shape:
        raise ArgumentError(f"{name} must hold an array of shape {shape}, got {got_shape}")
    return magic + sizes
