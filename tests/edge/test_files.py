import errno
import os
import stat
from contextlib import contextmanager

import pytest

from minivae.edge.files import make_folder, whole_file

resource = pytest.importorskip("resource", reason="limits the size of files")

OLD, NEW = b"what was there before", b"new" * 1000


def write(path, content=NEW):
    with whole_file(path) as file:
        file.write(content)


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@contextmanager
def largest_file(n_bytes):
    """Let no file grow beyond `n_bytes`, as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(params=["new", "old"])
def path(request, tmp_path):
    """A path in an otherwise empty folder, with or without a file there."""
    path = tmp_path / "a.bin"
    if request.param == "old":
        path.write_bytes(OLD)
    return path


def test_a_file_appears_when_it_is_complete(path):
    before = files(path.parent)
    with whole_file(path) as file:
        file.write(NEW)
        file.flush()
        assert {name: c for name, c in files(path.parent).items() if name in before} == before
    assert files(path.parent) == {"a.bin": NEW}


def test_a_name_is_enough(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    write("a.bin")
    assert files(path.parent) == {"a.bin": NEW}


@pytest.mark.parametrize("error", [ValueError("of the caller"), KeyboardInterrupt(), SystemExit(3)])
def test_an_exception_inside_leaves_everything_as_it_was(path, error):
    def write_half():
        with whole_file(path) as file:
            file.write(NEW)
            raise error

    before = files(path.parent)
    with pytest.raises(type(error)) as raised:
        write_half()
    assert raised.value is error
    assert files(path.parent) == before


def test_an_operating_system_error_inside_names_the_file(path):
    before = files(path.parent)
    with pytest.raises(OSError, match=r"cannot save .*a\.bin: out of paper"), whole_file(path):
        raise OSError("out of paper")
    assert files(path.parent) == before


@pytest.mark.parametrize("n_bytes", [0, 1000, len(NEW) - 1])
def test_a_full_disk_leaves_everything_as_it_was(path, n_bytes):
    before = files(path.parent)
    with largest_file(n_bytes), pytest.raises(OSError, match=r"cannot save .*a\.bin: ") as raised:
        write(path)
    assert raised.value.errno == errno.EFBIG
    assert files(path.parent) == before


def test_a_disk_that_is_just_large_enough(path):
    with largest_file(len(NEW)):
        write(path)
    assert files(path.parent) == {"a.bin": NEW}


def test_the_content_is_on_the_disk_before_the_name(path, monkeypatch):
    """Otherwise a power cut leaves the new name with no content."""
    synced = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(os.fstat(number).st_size))
    replace = os.replace

    def after_sync(source, target):
        assert synced == [len(NEW)]
        replace(source, target)

    monkeypatch.setattr(os, "replace", after_sync)
    write(path)
    assert files(path.parent) == {"a.bin": NEW}


def test_a_rename_that_fails_leaves_everything_as_it_was(path, monkeypatch):
    def refuse(source, target):
        raise PermissionError(errno.EACCES, "Permission denied")

    before = files(path.parent)
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError, match=r"cannot save .*a\.bin: Permission denied"):
        write(path)
    assert files(path.parent) == before


def test_two_writers_at_once(path):
    with whole_file(path) as first:
        first.write(OLD)
        write(path)
        first.write(OLD)
    assert files(path.parent) == {"a.bin": 2 * OLD}  # the last to finish, and nothing mixed


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_follow_the_umask(path, umask, mode):
    before = os.umask(umask)
    try:
        write(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_folder_is_not_replaced(tmp_path):
    (tmp_path / "full").mkdir()
    for path in (tmp_path, tmp_path / "full"):
        with pytest.raises(IsADirectoryError, match=f"must name a file, got the folder {path}"):
            write(path)
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


def test_a_pipe_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match=r"path must name an ordinary file, got .*pipe"):
        write(tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("folder", ["missing", "file"])
def test_a_missing_folder_is_named_and_not_made(tmp_path, folder):
    (tmp_path / "file").write_bytes(OLD)
    path = tmp_path / folder / "a.bin"
    with pytest.raises(FileNotFoundError, match=f"cannot save {path}: there is no folder"):
        write(path)
    assert files(tmp_path) == {"file": OLD}


def test_make_folder(tmp_path):
    folder = tmp_path / "a" / "b"
    make_folder(folder)
    (folder / "kept").write_bytes(OLD)
    make_folder(folder)
    assert files(folder) == {"kept": OLD}


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_make_folder_where_a_file_is_in_the_way(tmp_path, name):
    (tmp_path / "file").write_bytes(OLD)
    with pytest.raises(OSError, match=f"cannot make the folder {tmp_path / name}: "):
        make_folder(tmp_path / name)
    assert files(tmp_path) == {"file": OLD}
