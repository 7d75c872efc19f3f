"""Arrays in a zip archive, read with suspicion: what it claims is checked before memory is taken.

The members must be stored without compression, lie one after the other without gaps and overlaps,
and be arrays in version 1.0 of NumPy's format whose size is that of their shape. Each is read to
its end, because only there is its checksum compared.
"""

from __future__ import annotations

import math
import os
import re
import struct
from typing import Any, BinaryIO
from zipfile import BadZipFile, ZipFile, ZipInfo

import numpy as np
from numpy.lib import format as npy

from minivae.edge.checks import Array

END = struct.Struct("<4s4H2LH")  # the record at the end of an archive
LOCAL = struct.Struct("<4s5H3L2H")  # the record before a member
LARGEST_DIRECTORY = 1 << 18  # bytes: some thousand members
CHUNK = 1 << 16  # bytes that are read at once
LONGEST_HEADER = 10_000  # bytes of a member's own header
NAME = re.compile(r"[^/\\\0][^\\\0]*\.npy")


class Damaged(Exception):
    """What is wrong with an archive: the member, what was expected, what was found."""


def read_archive(file: BinaryIO) -> dict[str, Array]:
    """Return every array of an archive by the name of its member, without ``.npy``.

    Raises
    ------
    Damaged
    """
    size = os.fstat(file.fileno()).st_size
    _check_end(file, size)
    try:
        archive = ZipFile(file)
    except Exception as error:
        raise Damaged("it must be a zip archive with a directory of its members") from error
    with archive:
        members = archive.infolist()
        _check_members(file, members, archive.start_dir)
        return {member.filename.removesuffix(".npy"): _array(archive, member) for member in members}


def _check_end(file: BinaryIO, size: int) -> None:
    """Refuse what is no archive, or has a directory of far more members than any model."""
    file.seek(max(0, size - END.size))
    tail = file.read()
    file.seek(0)
    if len(tail) < END.size or tail[:4] != b"PK\x05\x06":
        start = file.read(4)
        raise Damaged(f"it must be a zip archive and end like one, got {size} bytes, {start!r} ...")
    n_bytes = END.unpack(tail)[5]
    if n_bytes > LARGEST_DIRECTORY and size < 1 << 32:
        raise Damaged(f"its directory must have at most {LARGEST_DIRECTORY} bytes, got {n_bytes}")


def _check_members(file: BinaryIO, members: list[ZipInfo], end: int) -> None:
    """Refuse members that are twice there, packed, apart, above each other, or badly named."""
    place, seen = 0, set[str]()
    for member in sorted(members, key=lambda member: member.header_offset):
        name = member.filename
        if not NAME.fullmatch(name) or ".." in name.split("/"):
            raise Damaged(f"its members must have names like params/W.npy, got {name!r}")
        if name in seen:
            raise Damaged(f"its member {name} must be there once, got it twice")
        seen.add(name)
        if member.compress_type != 0 or member.flag_bits & 1:
            raise Damaged(f"its member {name} must be stored as it is, got it packed or encrypted")
        if member.compress_size != member.file_size:
            got = f"{member.compress_size} and {member.file_size}"
            raise Damaged(f"its member {name} must have one size, got {got}")
        if member.header_offset != place:
            raise Damaged(f"its member {name} must begin at {place}, got {member.header_offset}")
        file.seek(place)
        record = file.read(LOCAL.size)
        if len(record) < LOCAL.size or record[:4] != b"PK\x03\x04":
            raise Damaged(f"its member {name} must have a record before it, got {record[:4]!r}")
        *_, n_name, n_extra = LOCAL.unpack(record)
        if file.read(n_name) != name.encode():
            raise Damaged(f"its member {name} must have that name in its own record, too")
        place += LOCAL.size + n_name + n_extra + member.file_size
    if place != end:
        raise Damaged(f"its members must end at its directory, at {end}, got {place}")


def _array(archive: ZipFile, member: ZipInfo) -> Array:
    """Return the array of one member, read to its end."""
    name = member.filename
    try:
        with archive.open(member) as opened:
            file: Any = opened
            shape, fortran, dtype = _npy_header(file, name)
            found, claimed = member.file_size - file.tell(), math.prod(shape) * dtype.itemsize
            if found != claimed:
                raise Damaged(
                    f"its member {name} must hold the {claimed} bytes of shape {shape} "
                    f"and dtype {dtype}, got {found}"
                )
            content = bytearray(found)
            with memoryview(content) as view:
                place = 0
                while n := file.readinto(view[place : place + CHUNK]):
                    place += n
                if place != found or file.read(1):
                    raise Damaged(f"its member {name} must hold {found} bytes, got {place}")
    except (BadZipFile, EOFError, OSError) as error:
        raise Damaged(f"its member {name} must have the checksum that was written") from error
    array: Array = np.frombuffer(content, dtype)
    return array.reshape(shape[::-1]).T if fortran else array.reshape(shape)


def _npy_header(file: Any, name: str) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    """Return shape, order and dtype, if they are those of numbers or of a text."""
    try:
        version = npy.read_magic(file)
        if version != (1, 0):
            raise Damaged(f"its member {name} must be in version 1.0 of npy, got {version}")
        shape, fortran, dtype = npy.read_array_header_1_0(
            file,
            max_header_size=LONGEST_HEADER,
        )
    except (Damaged, BadZipFile):
        raise
    except Exception as error:
        raise Damaged(f"its member {name} must begin with a header of the npy format") from error
    if dtype.kind not in "fiubcU":
        raise Damaged(f"its member {name} must hold numbers or a text, got dtype {dtype}")
    if any(n < 0 for n in shape):
        raise Damaged(f"its member {name} must have a shape of lengths of at least 0, got {shape}")
    return shape, fortran, dtype
