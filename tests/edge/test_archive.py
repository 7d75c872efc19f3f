"""Hostile files: each recipe is refused with the member, what was expected and what was found."""

import io
import json
import os
import re
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

import minivae
from minivae.edge import storage

SHARE, FEW = 2, 6_000_000  # memory: so many times the file, and what reading anything takes
HEADER = np.array('{"format": "minivae 1", "tree": {"params": {}}}')


def npy(array):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asanyarray(array), (1, 0), allow_pickle=False)
    return file.getvalue()


def claims(shape, descr="<f8", more=b""):
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}"
    header = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + more


def archive(*members, compression=zipfile.ZIP_STORED, header=HEADER):
    """Return an archive with a header and with members of these names and bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as out:
        for name, content in (("header.npy", npy(header)), *members):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(zipfile, "warnings", None, raising=False)
                out.writestr(zipfile.ZipInfo(name), content, compression)
    return file.getvalue()


def swapped(content, a, b):
    """Exchange two names of one length everywhere."""
    return content.replace(a, b"?" * len(a)).replace(b, a).replace(b"?" * len(a), b)


def saved():
    """Return the bytes of a tree with two arrays of one shape."""
    path = FOLDER / "saved.npz"
    storage.write(path, {"params": {"A": np.zeros(2000), "B": np.ones(2000)}})
    return path.read_bytes()


def with_other_dtype():
    """Change the dtype in the header of a large member: NumPy read half of it, and was content."""
    content = saved()
    place = content.index(b"'<f8'", content.index(b"params/A.npy"))
    return content[:place] + b"'<f4'" + content[place + 5 :]


def twice():
    with pytest.warns(UserWarning, match="Duplicate name"):
        return archive(("a.npy", npy(np.eye(2))), ("a.npy", npy(np.eye(2))))


def overlapping():
    """Let the directory say that the second member begins where the first one does."""
    content = archive(("a.npy", npy(np.eye(2))))
    place = content.rindex(b"a.npy") - 4  # the offset stands before the name
    return content[:place] + struct.pack("<L", 0) + content[place + 4 :]


def with_gap():
    content = archive(("a.npy", npy(np.eye(2))))
    directory = content.index(b"PK\x01\x02")
    end = content.rindex(b"PK\x05\x06")
    moved = struct.pack("<L", directory + 64)
    return content[:directory] + bytes(64) + content[directory : end + 16] + moved + bytes(2)


def many_members():
    return archive(*((f"{i:06d}.npy", b"") for i in range(6_000)))


def in_record(change):
    """Change one field of a member's entry in the directory."""
    content = bytearray(archive(("a.npy", npy(np.eye(2)))))
    entry = bytes(content).rindex(b"PK\x01\x02")
    change(content, entry)
    return bytes(content)


def encrypted():
    return in_record(lambda c, at: c.__setitem__(at + 8, c[at + 8] | 1))


def of_two_sizes():
    return in_record(lambda c, at: c.__setitem__(at + 24, c[at + 24] + 1))


def wrong_checksum():
    content = bytearray(archive(("a.npy", npy(np.ones(500)))))
    content[bytes(content).rindex(npy(np.ones(500))[-8:])] ^= 1
    return bytes(content)


FOLDER = None
RECIPES = {
    "nothing at all": (lambda: b"", r"must be a zip archive and end like one, got 0 bytes"),
    "a text": (lambda: b"epoch,loss\n" * 9, r"must be a zip archive .* got 99 bytes, b'epoc'"),
    "cut off": (lambda: saved()[:-30], r"must be a zip archive and end like one"),
    "swapped members": (
        lambda: swapped(saved(), b"params/A.npy", b"params/B.npy"),
        r"its arrays must have the digest",
    ),
    "the same member twice": (twice, r"its member a\.npy must be there once, got it twice"),
    "overlapping members": (overlapping, r"its member a\.npy must begin at \d+, got 0"),
    "a gap": (
        with_gap,
        r"its member header\.npy must begin at 0, got 64|must end at its directory",
    ),
    "half a dtype": (with_other_dtype, r"params/A\.npy must hold the 8000 bytes .* got 16000"),
    "a wrong checksum": (wrong_checksum, r"a\.npy must have the checksum that was written"),
    "encrypted": (encrypted, r"a\.npy must be stored as it is, got it packed or encrypted"),
    "two sizes": (of_two_sizes, r"a\.npy must have one size, got 160 and 161"),
    "packed": (
        lambda: archive(("a.npy", npy(np.zeros(10**6))), compression=zipfile.ZIP_DEFLATED),
        r"must be stored as it is, got it packed",
    ),
    "a bomb": (
        lambda: archive(("a.npy", bytes(10**8)), compression=zipfile.ZIP_DEFLATED),
        r"must be stored as it is, got it packed",
    ),
    "a bomb of many members": (many_members, r"its directory must have at most \d+ bytes, got \d+"),
    "80 bytes that ask for 32 GiB": (
        lambda: archive(("a.npy", claims((2**32,)))),
        r"a\.npy must hold the 34359738368 bytes of shape \(4294967296,\) .* got 0",
    ),
    "a shape beyond all numbers": (
        lambda: archive(("a.npy", claims((10**30, 10**30)))),
        r"a\.npy must hold the 80+ bytes",
    ),
    "a negative shape": (
        lambda: archive(("a.npy", claims((-1,)))),
        r"a\.npy must have a shape of lengths of at least 0, got \(-1,\)",
    ),
    "an overlong header": (
        lambda: archive(("a.npy", b"\x93NUMPY\x01\x00\xff\xff" + b"{" * 65535)),
        r"a\.npy must begin with a header of the npy format",
    ),
    "a header that ends too soon": (
        lambda: archive(("a.npy", b"\x93NUMPY\x01\x00\x76\x00{'descr': (")),
        r"a\.npy must begin with a header of the npy format",
    ),
    "an empty member": (
        lambda: archive(("a.npy", b"")),
        r"a\.npy must begin with a header of the npy format",
    ),
    "a later version": (
        lambda: archive(("a.npy", npy(np.eye(2)).replace(b"NUMPY\x01", b"NUMPY\x02"))),
        r"a\.npy must be in version 1\.0 of npy, got \(2, 0\)",
    ),
    "objects": (
        lambda: archive(("a.npy", claims((1,), "|O", bytes(8)))),
        r"a\.npy must hold numbers or a text, got dtype object",
    ),
    "dates": (
        lambda: archive(("a.npy", claims((1,), "<M8[s]", bytes(8)))),
        r"a\.npy must hold numbers or a text, got dtype datetime64",
    ),
    "more than it says": (
        lambda: archive(("a.npy", npy(np.eye(2)) + b"more")),
        r"a\.npy must hold the 32 bytes .* got 36",
    ),
    "a name that climbs": (
        lambda: archive(("../../a.npy", npy(np.eye(2)))),
        r"must have names like params/W\.npy, got '\.\./\.\./a\.npy'",
    ),
    "a name from the root": (
        lambda: archive(("/a.npy", npy(np.eye(2)))),
        r"must have names like params/W\.npy, got '/a\.npy'",
    ),
    "no array": (lambda: archive(("run.sh", b"rm")), r"must have names like .* got 'run\.sh'"),
    "no place in the tree": (
        lambda: archive(("a/b.npy", npy(np.eye(2)))),
        r"its member a/b\.npy must have a place in the header's tree, got none",
    ),
    "no header": (
        lambda: archive(header=np.arange(3)),
        r"it must have a member header\.npy that is a text",
    ),
    "a header that is no JSON": (
        lambda: archive(header=np.array("{'tree'")),
        r"its header\.npy must hold JSON",
    ),
    "a deep header": (lambda: archive(header=np.array("[" * 99_999)), r"must hold JSON"),
    "another format": (
        lambda: archive(header=np.array('{"format": "minivae 9"}')),
        r"its format must be 'minivae 2' or 'minivae 1', got 'minivae 9'",
    ),
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_hostile_file_is_refused_in_our_words(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(f"{__name__}.FOLDER", tmp_path)
    make, words = RECIPES[recipe]
    path = tmp_path / "hostile.npz"
    path.write_bytes(make())
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=re.escape(f"{path} is damaged")) as refused:
            minivae.load(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert re.search(words, str(refused.value)), refused.value
    assert peak < FEW + SHARE * path.stat().st_size


def test_there_are_twenty_recipes_and_more():
    assert len(RECIPES) >= 20


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs /dev/zero")
def test_endless_input_is_refused_before_it_is_read():
    with pytest.raises(OSError, match=r"path must name an ordinary file, got /dev/zero"):
        minivae.load("/dev/zero")


def test_a_good_archive_is_read(tmp_path):
    path = tmp_path / "good.npz"
    path.write_bytes(archive(("params/a.npy", npy(np.eye(2)))))
    assert np.array_equal(storage.read(path)["params"]["a"], np.eye(2))


def test_a_file_costs_at_most_twice_its_size(tmp_path):
    path = tmp_path / "large.npz"
    storage.write(path, {"a": np.zeros((2000, 1000)), "b": np.zeros((1000, 500), order="F")})
    tracemalloc.start()
    storage.read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < SHARE * path.stat().st_size


def test_the_digest_is_of_all_arrays(tmp_path):
    path = tmp_path / "tree.npz"
    storage.write(path, {"a": np.arange(3.0), "b": {"c": np.arange(2)}})
    with np.load(path) as file:
        first = json.loads(str(file["header"]))["digest"]
    storage.write(path, {"a": np.arange(3.0), "b": {"c": np.array([0, 2])}})
    with np.load(path) as file:
        assert json.loads(str(file["header"]))["digest"] != first
