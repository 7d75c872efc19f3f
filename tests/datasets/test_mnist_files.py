"""The MNIST reader: the format, where the files are looked for, and the download."""

import contextlib
import gzip
import hashlib
import os
import struct
import threading
import tracemalloc
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minivae.datasets import download, idx, mnist, mnist_files

REAL = os.environ.get("MINIVAE_DATA")
IMAGES = np.random.default_rng(0).integers(0, 256, (5, 3, 2), dtype=np.uint8)
LABELS = np.array([3, 1, 4, 1, 5], dtype=np.uint8)


def as_idx(array):
    return struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def described(name, array):
    digest = hashlib.sha256(as_idx(array)).hexdigest()
    return mnist_files.IdxFile(name, array.shape, digest)


CONTENTS = {"images-idx3": as_idx(IMAGES), "labels-idx1": as_idx(LABELS)}
PACKED = {f"{name}.gz": gzip.compress(content) for name, content in CONTENTS.items()}
TINY = (described("images-idx3", IMAGES), described("labels-idx1", LABELS))
DESCRIBED = TINY[0]


@pytest.fixture(autouse=True)
def tiny(monkeypatch, tmp_path):
    """Make the training set five tiny images, the cache empty, and the network unreachable."""
    monkeypatch.setitem(mnist_files.SPLITS, "train", TINY)
    monkeypatch.setattr(mnist_files, "MIRRORS", ("http://127.0.0.1:9/",))  # nobody listens
    monkeypatch.setattr(download, "TIMEOUT", 0.3)
    monkeypatch.delenv("MINIVAE_DATA", raising=False)
    monkeypatch.setenv("MINIVAE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "*")


def fill(folder, files):
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def listing(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def assert_tiny(result):
    images, labels = result
    np.testing.assert_array_equal(images, IMAGES.reshape(5, 6))
    np.testing.assert_array_equal(labels, LABELS)
    assert images.dtype == labels.dtype == np.uint8


# The real files


@pytest.mark.skipif(not REAL, reason="needs MNIST: MINIVAE_DATA is not set")
@pytest.mark.parametrize(("split", "n"), [("train", 60_000), ("test", 10_000)])
def test_the_real_files(split, n, monkeypatch):
    monkeypatch.undo()
    images, labels = mnist(split, folder=REAL)  # and from nowhere else
    assert images.shape == (n, 784)
    assert images.dtype == labels.dtype == np.uint8
    assert labels.shape == (n,)
    assert images.flags.c_contiguous
    assert list(np.unique(labels)) == list(range(10))
    # Centred by mass, as the data set's authors say they did: pixel (14, 14) within half a pixel.
    mass = images.reshape(n, 28, 28).sum(axis=0, dtype=np.float64)
    centre = mass.sum(axis=1) @ np.arange(28) / mass.sum()
    assert centre == pytest.approx(14, abs=0.5)


# Where the files are looked for


@pytest.mark.parametrize("files", [PACKED, CONTENTS], ids=["gzip", "raw"])
def test_reads_packed_and_raw_files(tmp_path, files):
    folder = fill(tmp_path / "data", files)
    assert_tiny(mnist("train", folder=folder))
    assert_tiny(mnist("train", folder=str(folder)))


def test_packed_content_under_a_raw_name_and_the_reverse(tmp_path):
    swapped = {"images-idx3": PACKED["images-idx3.gz"], "labels-idx1.gz": CONTENTS["labels-idx1"]}
    assert_tiny(mnist("train", folder=fill(tmp_path, swapped)))


def test_order_of_the_places(tmp_path, monkeypatch):
    good, other = fill(tmp_path / "good", PACKED), fill(tmp_path / "other", {})
    wrong = fill(tmp_path / "wrong", dict.fromkeys(PACKED, b"wrong"))
    monkeypatch.setenv("MINIVAE_DATA", str(wrong))
    monkeypatch.setenv("MINIVAE_CACHE", str(wrong))
    assert_tiny(mnist("train", folder=good))
    monkeypatch.setenv("MINIVAE_DATA", str(good))
    assert_tiny(mnist("train"))
    for nothing in (str(other), ""):
        monkeypatch.setenv("MINIVAE_DATA", nothing)
        monkeypatch.setenv("MINIVAE_CACHE", str(good))
        assert_tiny(mnist("train"))


def test_a_folder_without_the_files_is_not_replaced_by_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIVAE_CACHE", str(fill(tmp_path / "full", PACKED)))
    with pytest.raises(FileNotFoundError, match=r"has no images-idx3\.gz nor images-idx3"):
        mnist("train", folder=tmp_path)


@pytest.mark.parametrize("name", ["folder", "MINIVAE_DATA", "MINIVAE_CACHE"])
def test_a_place_that_is_no_folder_is_named(tmp_path, monkeypatch, name):
    path = tmp_path / "file"
    path.write_bytes(b"")
    monkeypatch.setenv(name, str(path))
    with pytest.raises(NotADirectoryError, match=f"{name} must name a folder, got '.*file'"):
        mnist("train", folder=path if name == "folder" else None)


@pytest.mark.parametrize("name", ["folder", "MINIVAE_DATA"])
def test_a_wrong_local_file_is_refused_by_name_and_left_alone(tmp_path, monkeypatch, name):
    others = {f"{key}.gz": gzip.compress(CONTENTS[key][:-1] + b"x") for key in CONTENTS}
    folder = fill(tmp_path / "data", others)
    monkeypatch.setenv("MINIVAE_DATA", str(folder))
    with pytest.raises(ValueError, match=r"images-idx3\.gz must have the SHA-256 .* got [0-9a-f]"):
        mnist("train", folder=folder if name == "folder" else None)
    assert (folder / "images-idx3.gz").read_bytes() == others["images-idx3.gz"]


@pytest.mark.parametrize("split", ["val", "Train", None, 3, ["train"]])
def test_a_split_that_does_not_exist(split):
    with pytest.raises(ValueError, match="split must be 'train' or 'test', got "):
        mnist(split)


@pytest.mark.parametrize(
    ("platform", "variable", "folder"),
    [
        ("linux", "XDG_CACHE_HOME", "cache/minivae"),
        ("linux", None, "home/.cache/minivae"),
        ("darwin", None, "home/Library/Caches/minivae"),
        ("win32", "LOCALAPPDATA", "cache/minivae"),
        ("win32", None, "home/AppData/Local/minivae"),
    ],
)
def test_cache_folder_of_each_platform(monkeypatch, tmp_path, platform, variable, folder):
    for name in ("MINIVAE_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    if variable:
        monkeypatch.setenv(variable, str(tmp_path / "cache"))
    assert mnist_files.cache_folder() == tmp_path / folder


# The format


def read(content):
    return idx.read_idx(BytesIO(content), "file.gz", DESCRIBED.shape, DESCRIBED.sha256)


WHOLE = CONTENTS["images-idx3"]
ZIPPED = PACKED["images-idx3.gz"]
MALFORMED = {
    "empty": (b"", "must begin with the IDX magic 00000803, got ''"),
    "text": (b"<html>not found</html>", "must begin with the IDX magic 00000803, got '3c68746d'"),
    "labels for images": (CONTENTS["labels-idx1"], "got '00000801'"),
    "floats": (b"\0\0\x0d\x03" + WHOLE[4:], "got '00000d03'"),
    "cut in the magic": (WHOLE[:3], "got '000008'"),
    "cut in the sizes": (WHOLE[:9], "is cut short within its header"),
    "cut in the content": (WHOLE[:-1], "is cut short after 29 of 30 items"),
    "too long": (WHOLE + b"\0", "is longer than the 30 items of its header"),
    "absurd sizes": (WHOLE[:4] + b"\xff" * 12, r"shape \(5, 3, 2\), got \(4294967295, 42949"),
    "no rows": (WHOLE[:4] + b"\0" * 12, r"must hold an array of shape .*, got \(0, 0, 0\)"),
    "another content": (WHOLE[:-1] + b"\0", "must have the SHA-256 .* when unpacked, got "),
    "gzip cut short": (ZIPPED[:-12], "is damaged: Compressed file ended"),
    "gzip of nothing": (b"\x1f\x8b", "is damaged: "),
    "gzip checksum": (ZIPPED[:-8] + bytes(4) + ZIPPED[-4:], "is damaged: CRC check failed"),
    "gzip stream": (ZIPPED[:10] + b"\xff" * 20, "is damaged: Error -3 while decompressing"),
    "gzip, then more": (ZIPPED + b"more", "is damaged: Not a gzipped file"),
    "gzip of text": (gzip.compress(b"hello"), "must begin with the IDX magic"),
}


@pytest.mark.parametrize(("content", "message"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_files_are_refused_by_name(content, message):
    with pytest.raises(ValueError, match=f"^file.gz .*{message}"):
        read(content)


@given(st.binary(max_size=60), st.sampled_from([b"", WHOLE[:4], WHOLE[:16], ZIPPED[:10]]))
def test_no_bytes_at_all_do_anything_but_a_value_error(content, prefix):
    with pytest.raises(ValueError, match=r"^file\.gz "):
        read(prefix + content)


@given(st.sampled_from([WHOLE, ZIPPED]), st.data())
def test_a_changed_byte_never_gives_a_changed_array(content, data):
    place = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255))
    changed = content[:place] + bytes([byte]) + content[place + 1 :]
    with contextlib.suppress(ValueError):
        np.testing.assert_array_equal(read(changed), IMAGES)


def peak_memory(call):
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "content",
    [MALFORMED["absurd sizes"][0], gzip.compress(WHOLE + bytes(50_000_000), 1)],
    ids=["header", "gzip bomb"],
)
def test_a_hostile_file_gets_no_memory(content):
    def refused():
        with pytest.raises(ValueError, match=r"^file\.gz "):
            read(content)

    assert peak_memory(refused) < 1_000_000


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["raw", "gzip"])
def test_images_are_read_into_their_own_array_and_nowhere_else(monkeypatch, tmp_path, pack):
    images = np.zeros((12_000, 28, 28), dtype=np.uint8)
    described_images = described("many-idx3", images)
    monkeypatch.setitem(mnist_files.SPLITS, "train", (described_images, TINY[1]))
    fill(tmp_path, {"many-idx3": pack(as_idx(images)), "labels-idx1": CONTENTS["labels-idx1"]})
    assert peak_memory(lambda: mnist("train", folder=tmp_path)) < images.nbytes + 1_000_000


# The download, from a server on the loopback


class Mirrors(BaseHTTPRequestHandler):
    """Answers `/behaviour/name`, each behaviour a way in which a mirror can serve."""

    def do_GET(self):
        behaviour, name = self.path.strip("/").split("/")
        self.server.requests[behaviour] += 1
        if behaviour == "missing":
            self.send_error(404)
        elif behaviour == "stall":
            self.server.over.wait(10)
        elif behaviour == "garble":
            self.wfile.write(b"no status line\r\n\r\n")
        elif behaviour != "drop":
            content = PACKED[name]
            if behaviour == "wrong":
                content = gzip.compress(CONTENTS[name.removesuffix(".gz")][:-1] + b"x")
            if behaviour == "endless":
                content = bytes(2_000_000)
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            in_part = behaviour in ("half", "halt")
            self.wfile.write(content[: len(content) // 2] if in_part else content)
            if behaviour == "halt":
                self.wfile.flush()
                self.server.over.wait(10)

    def log_message(self, *args):
        pass


@pytest.fixture
def serve(monkeypatch):
    """Let the mirrors be those of the given behaviours; the counter of requests is returned."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mirrors)
    server.handle_error = lambda *args: None  # a client that has gone is no news
    server.requests, server.over = Counter(), threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def mirrors(*behaviours):
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(mnist_files, "MIRRORS", [f"{address}/{each}/" for each in behaviours])
        return server.requests

    yield mirrors
    server.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_downloads_once_into_the_cache(serve, tmp_path):
    requests = serve("good", "missing")
    assert_tiny(mnist("train"))
    assert requests == {"good": 2}
    assert listing(tmp_path / "cache") == sorted(PACKED)
    assert_tiny(mnist("train"))
    assert requests == {"good": 2}


@pytest.mark.parametrize(
    "behaviour", ["wrong", "missing", "stall", "drop", "garble", "half", "halt", "endless"]
)
def test_the_second_address_helps_where_the_first_fails(serve, tmp_path, behaviour):
    requests = serve(behaviour, "good")
    assert_tiny(mnist("train"))
    assert requests == {behaviour: 2, "good": 2}
    assert listing(tmp_path / "cache") == sorted(PACKED)


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        ("wrong", "the content must have the SHA-256"),
        ("missing", "HTTP Error 404"),
        ("stall", "timed out"),
        ("drop", "closed connection without response"),
        ("garble", "no status line"),
        ("half", "the content is damaged"),
        ("halt", "timed out"),
        ("endless", "the content is longer than 4126 bytes"),
    ],
)
def test_when_every_address_fails_the_error_says_what_to_put_where(
    serve, tmp_path, behaviour, said
):
    requests = serve(behaviour)
    with pytest.raises(OSError, match=said) as caught:
        mnist("train")
    message = str(caught.value)
    assert message.startswith("cannot download images-idx3.gz:\n  http://127.0.0.1:")
    for part in ("labels-idx1.gz", "t10k-images-idx3-ubyte.gz", "MINIVAE_DATA", "cache"):
        assert part in message
    assert requests == {behaviour: download.ROUNDS}
    assert message.count(said) == download.ROUNDS
    assert listing(tmp_path / "cache") == []


def test_offline(tmp_path):
    with pytest.raises(OSError, match=r"refused.*\n.*refused.*\n.*set .* MINIVAE_DATA to this fol"):
        mnist("train")
    assert listing(tmp_path) == []


@pytest.mark.parametrize("damage", [lambda content: content[:-9], lambda content: b"junk"])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_damaged_cache_is_downloaded_again_once(serve, tmp_path, damage, suffix):
    cache = fill(tmp_path / "cache", PACKED)
    (cache / "images-idx3.gz").unlink()
    (cache / f"images-idx3{suffix}").write_bytes(damage(PACKED["images-idx3.gz"]))
    requests = serve("good")
    assert_tiny(mnist("train"))
    assert_tiny(mnist("train"))
    assert requests == {"good": 1}
    assert (cache / "images-idx3.gz").read_bytes() == PACKED["images-idx3.gz"]


def test_a_damaged_cache_offline_stays_as_it_is(tmp_path):
    cache = fill(tmp_path / "cache", {**PACKED, "images-idx3.gz": b"junk"})
    with pytest.raises(OSError, match=r"cannot download images-idx3\.gz"):
        mnist("train")
    assert (cache / "images-idx3.gz").read_bytes() == b"junk"


def full_disk(*args):
    raise OSError(28, "No space left on device")


def interrupted(*args):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("fails", "error", "message"),
    [
        (
            full_disk,
            OSError,
            "cannot save .*images-idx3.gz: No space left on device; MINIVAE_CACHE",
        ),
        (interrupted, KeyboardInterrupt, None),
    ],
)
def test_a_file_that_cannot_be_kept_leaves_nothing(
    serve, tmp_path, monkeypatch, fails, error, message
):
    serve("good")
    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(error, match=message):
        mnist("train")
    assert listing(tmp_path / "cache") == []


def test_the_cache_cannot_be_made(serve, tmp_path, monkeypatch):
    serve("good")
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("MINIVAE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(NotADirectoryError, match=r"cannot make the folder .*; MINIVAE_CACHE names"):
        mnist("train")
