import io
import itertools
import json
import os
import pickle
import re
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minivae
from minivae import VAE, Autoencoder, Checkpoint, EarlyStopping, Gaussian, LinearAutoencoder
from minivae.edge import storage

resource = pytest.importorskip("resource", reason="limits the size of files")

FEW_BYTES = 5_000_000  # far above what these files need, far below what a hostile one asks for

KEYS = st.text("abcxyzW_.0123456789", min_size=1, max_size=6).filter(lambda key: key != "..")
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=6)
    | st.just(2**127 + 1),
    lambda leaves: st.lists(leaves, max_size=3),
    max_leaves=4,
)


@st.composite
def arrays(draw):
    dtype = draw(st.sampled_from(["f4", "f8", ">f8", "i8", "u1", "?", "U3", "c16"]))
    shape = tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
    values = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).integers(0, 100, shape)
    array = values.astype(dtype)
    if array.dtype.kind == "f" and draw(st.booleans()):
        array = np.asarray(array.T / 7)
        array.flat[:1] = draw(st.sampled_from([np.nan, np.inf, -0.0, 5e-324]))
    return array


TREES = st.recursive(
    st.dictionaries(KEYS, arrays() | PLAIN, max_size=4),
    lambda trees: st.dictionaries(KEYS, arrays() | PLAIN | trees, max_size=4),
    max_leaves=6,
)


def same(a, b):
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return type(a) is type(b) and a == b


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("storage")


@given(tree=TREES)
@settings(max_examples=80)
def test_a_tree_comes_back_bit_for_bit(folder, tree):
    storage.write(folder / "tree.npz", tree)
    assert same(storage.read(folder / "tree.npz"), tree)


def test_numpy_alone_can_read_the_arrays(tmp_path):
    tree = {"params": {"encoder.0.W": np.arange(6.0).reshape(2, 3)}, "kind": "VAE"}
    storage.write(tmp_path / "x.npz", tree)
    with np.load(tmp_path / "x.npz", allow_pickle=False) as file:
        assert sorted(file.files) == ["header", "params/encoder.0.W"]
        assert np.array_equal(file["params/encoder.0.W"], tree["params"]["encoder.0.W"])
        assert json.loads(str(file["header"]))["tree"] == {"params": {}, "kind": "VAE"}


def test_objects_are_never_pickled(tmp_path):
    with pytest.raises(ValueError, match="allow_pickle"):
        storage.write(tmp_path / "x.npz", {"a": np.array([{}])})
    assert os.listdir(tmp_path) == []


def test_a_file_is_as_readable_as_the_umask_allows(tmp_path):
    before = os.umask(0o022)
    try:
        storage.write(tmp_path / "x.npz", {})
    finally:
        os.umask(before)
    assert os.stat(tmp_path / "x.npz").st_mode & 0o777 == 0o644


# Models

LIKELIHOODS = [
    "bernoulli",
    "continuous_bernoulli",
    "squared_error",
    "gaussian",
    Gaussian(0.3),
    Gaussian("learned", min_sigma=0.02),
    Gaussian("predicted"),
]
MODELS = [
    LinearAutoencoder(5, 2, rng=1),
    LinearAutoencoder(5, 5, bias=True, dtype="float32", rng=2),
    *(
        kind(5, 2, hidden=hidden, activation=activation, likelihood=likelihood, dtype=dtype, rng=3)
        for kind in (Autoencoder, VAE)
        for likelihood in LIKELIHOODS
        for hidden, activation, dtype in [((), "relu", "float64"), ((4, 3), "softplus", "float32")]
    ),
    VAE(3, 1, beta=0.1, rng=4),
]


def images(n=6, seed=0):
    return np.random.default_rng(seed).random((n, 5))


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_a_model_comes_back_bit_for_bit(model, tmp_path):
    x = images()[:, : model.n_features]
    model.fit(x, epochs=2, batch_size=4, rng=0)
    model.save(tmp_path / "model")
    for load in type(model).load, minivae.load:
        other = load(tmp_path / "model")
        assert type(other) is type(model)
        assert repr(other) == repr(model)
        assert other.dtype == model.dtype
        assert other.history_ == model.history_
        assert same(other.params, model.params)
        assert same(other.reconstruct(x), model.reconstruct(x))
        assert other.score(x) == model.score(x)


def test_a_loaded_model_goes_on_by_itself(tmp_path):
    model = VAE(5, 2, rng=0).fit(images(), epochs=2, batch_size=3, rng=0)
    model.save(tmp_path / "model.npz")
    other = VAE.load(tmp_path / "model.npz")
    before = {name: value.copy() for name, value in model.params.items()}
    other.fit(images(), epochs=1, batch_size=3, rng=1)
    assert same(model.params, before)
    assert not same(other.params, before)
    assert model.history_["epoch"] == [1, 2]
    assert other.history_["epoch"] == [1]


def test_another_kind_of_model_is_refused_by_name(tmp_path):
    path = tmp_path / "model.npz"
    Autoencoder(5, 2).save(path)
    with pytest.raises(ValueError, match=f"^{path} holds Autoencoder, not VAE"):
        VAE.load(path)
    assert isinstance(minivae.load(path), Autoencoder)


def test_parameters_of_another_model_are_refused():
    model, other = VAE(5, 2, rng=0), VAE(5, 2, beta=2.0, rng=0)
    with pytest.raises(ValueError, match=r"the file holds VAE \{.*'beta': 2.0.* not VAE\(.*beta=1"):
        model.load_state_dict(other.state_dict())


# Files that are not what they should be


@contextmanager
def little_memory():
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < FEW_BYTES
    finally:
        tracemalloc.stop()


def complaint(load, path):
    """What a ValueError says, if there is one; no other error is expected."""
    try:
        load(path)
    except ValueError as error:
        return str(error)
    return ""


def refuses(path):
    return str(path) in complaint(minivae.load, path)


@pytest.fixture(scope="module")
def saved(folder):
    model = VAE(3, 1, hidden=(2,), rng=0).fit(images()[:, :3], epochs=1, batch_size=3, rng=0)
    model.save(folder / "saved.npz")
    return model, (folder / "saved.npz").read_bytes()


def test_every_truncated_file_is_refused(saved, folder):
    _, content = saved
    path = folder / "truncated.npz"
    for n in range(0, len(content), 11):
        path.write_bytes(content[:n])
        assert refuses(path), n


def test_a_changed_byte_is_refused_or_changes_nothing(saved, folder):
    model, content = saved
    path = folder / "changed.npz"
    for i in range(0, len(content), 7):
        path.write_bytes(content[:i] + bytes([content[i] ^ 0x55]) + content[i + 1 :])
        if not refuses(path):
            other = minivae.load(path)
            assert same(other.state_dict(), model.state_dict()), i


@given(content=st.binary() | st.binary().map(lambda tail: b"PK\x03\x04" + tail))
@settings(max_examples=200)
def test_random_bytes_are_refused(folder, content):
    path = folder / "random.npz"
    path.write_bytes(content)
    assert refuses(path)


@given(data=st.data())
@settings(max_examples=100)
def test_random_bytes_in_the_middle_are_refused_or_change_nothing(saved, folder, data):
    model, content = saved
    start = data.draw(st.integers(0, len(content)))
    noise = data.draw(st.binary(min_size=1, max_size=30))
    path = folder / "noisy.npz"
    path.write_bytes(content[:start] + noise + content[start + len(noise) :])
    if not refuses(path):
        assert same(minivae.load(path).state_dict(), model.state_dict())


def bytes_of(write, *arguments, **options):
    file = io.BytesIO()
    write(file, *arguments, **options)
    return file.getvalue()


def zip_of(name, content, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def npy_that_claims(shape, dtype="<f8"):
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()


FOREIGN = {
    "empty": b"",
    "text": b"epoch,loss\n1,206.8\n",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "an array": bytes_of(np.save, np.arange(3)),
    "a pickle": pickle.dumps({"params": {}}),
    "arrays of others": bytes_of(np.savez, weights=np.arange(3.0)),
    "objects": bytes_of(np.savez, header=np.array([{}], dtype=object)),
    "objects in an array": bytes_of(np.savez, header=np.array("{}"), x=np.array([None, 1])),
    "an empty archive": bytes_of(np.savez),
    "an archive of text": zip_of("header.npy", "{}"),
    "a later version": zip_of("header.npy", bytes_of(np.lib.format.write_array, np.eye(2), (2, 0))),
    "a header that is no text": bytes_of(np.savez, header=np.arange(3)),
    "a header that is no JSON": bytes_of(np.savez, header=np.array("{'tree': 1}")),
    "a deep header": bytes_of(np.savez, header=np.array("[" * 100_000)),
    "a long number": bytes_of(np.savez, header=np.array("9" * 10_000)),
    "another format": bytes_of(np.savez, header=np.array('{"format": "minivae 0", "tree": {}}')),
    "no tree": bytes_of(np.savez, header=np.array('{"format": "minivae 1"}')),
    "an empty tree": bytes_of(np.savez, header=np.array('{"format": "minivae 1", "tree": {}}')),
    "a list": bytes_of(np.savez, header=np.array('{"format": "minivae 1", "tree": []}')),
    "arrays that hang in the air": bytes_of(
        np.savez, header=np.array('{"format": "minivae 1", "tree": {"a": 1}}'), **{"a/b": np.eye(2)}
    ),
    "a huge shape": zip_of("header.npy", npy_that_claims((10**9,))),
    "a huge shape in two dimensions": zip_of("header.npy", npy_that_claims((10**6, 10**6))),
    "a shape beyond all numbers": zip_of("header.npy", npy_that_claims((10**30, 10**30))),
    "a negative shape": zip_of("header.npy", npy_that_claims((-1,))),
    "huge items": zip_of("header.npy", npy_that_claims((), "<U500000000")),
    "a hundred megabytes of zeros": zip_of(
        "header.npy", npy_that_claims((10**8,), "|u1") + bytes(10**8), zipfile.ZIP_DEFLATED
    ),
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_foreign_file_is_refused(content, tmp_path):
    path = tmp_path / "foreign.npz"
    path.write_bytes(content)
    with little_memory():
        assert refuses(path)
    model = LinearAutoencoder(5, 2)
    with pytest.raises(ValueError, match=re.escape(str(path))):
        model.fit(images(), epochs=1, batch_size=3, resume=path)


class Bomb:
    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call


def test_no_code_in_a_file_is_run(tmp_path):
    path, bomb = tmp_path / "bomb.npz", np.array([Bomb(os.mkdir, (str(tmp_path / "hole"),))])
    np.savez(path, header=bomb)
    assert refuses(path)
    path.write_bytes(pickle.dumps(bomb))
    assert refuses(path)
    assert os.listdir(tmp_path) == ["bomb.npz"]


NUMBERS = [None, True, -1, 1.5, 10**9, 10**400, float("inf"), float("nan")]
OTHERS = ["x", [], [10**9, 10**9], [1] * 10_000, {"x": {}}]


def places(tree, place=()):
    """Yield the path to every node of a JSON value."""
    yield place
    below = tree.items() if isinstance(tree, dict) else ()
    for key, value in below:
        yield from places(value, (*place, key))


def at(tree, place):
    return at(tree[place[0]], place[1:]) if place else tree


def replaced(tree, place, value):
    if not place:
        return value
    return tree | {place[0]: replaced(tree[place[0]], place[1:], value)}


def contents(path):
    with np.load(path) as file:
        arrays = dict(file)
    return json.loads(str(arrays.pop("header"))), arrays


def forge(path, header, arrays):
    with open(path, "wb") as file:
        np.savez(file, header=np.array(json.dumps(header)), **arrays)


@pytest.mark.parametrize("kind", [LinearAutoencoder, VAE])
def test_a_header_of_wrong_types_or_huge_widths_is_refused(kind, tmp_path):
    path = tmp_path / "model.npz"
    kind(3, 2, rng=0).save(path)
    header, arrays = contents(path)
    harmless = {"history", "beta", "free_nats", "n_importance"}
    with little_memory():
        for place, value in itertools.product(places(header), NUMBERS + OTHERS):
            forge(path, replaced(header, place, value), arrays)
            assert refuses(path) or value == at(header, place) or place[-1] in harmless


def test_widths_that_only_together_are_huge_are_refused(tmp_path):
    path = tmp_path / "model.npz"
    Autoencoder(100, 50, hidden=(100,)).save(path)
    header, arrays = contents(path)
    for hidden in [100] * 1000, [9_000, 9_000]:
        forge(path, replaced(header, ("tree", "config", "hidden"), hidden), arrays)
        with little_memory():
            assert refuses(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda W: W[:-1],
        lambda W: W.T,
        lambda W: W[0, 0],
        lambda W: W.astype(np.float32),
        lambda W: W.astype(complex),
        lambda W: W.astype("U30"),
    ],
)
def test_arrays_of_another_shape_or_dtype_are_refused(damage, tmp_path):
    path = tmp_path / "model.npz"
    VAE(3, 2, rng=0).save(path)
    header, arrays = contents(path)
    name = "params/encoder.0.W"
    forge(path, header, arrays | {name: damage(arrays[name])})
    assert refuses(path)


@pytest.mark.parametrize("change", ["missing", "additional"])
def test_arrays_of_another_number_are_refused(change, tmp_path):
    path = tmp_path / "model.npz"
    VAE(3, 2, rng=0).save(path)
    header, arrays = contents(path)
    if change == "missing":
        del arrays["params/decoder.0.b"]
    else:
        arrays["params/decoder.1.b"] = np.zeros(3)
    forge(path, header, arrays)
    assert refuses(path)


def test_a_checkpoint_of_wrong_types_is_refused(tmp_path):
    path = tmp_path / "run.npz"

    def train(epochs, callbacks, resume=None):
        model = LinearAutoencoder(5, 1, rng=0)
        model.fit(images(), epochs=epochs, batch_size=3, callbacks=callbacks, resume=resume)

    def go_on(path):
        train(2, [EarlyStopping(3)], path)

    train(1, [EarlyStopping(3), Checkpoint(path)])
    header, arrays = contents(path)
    go_on(path)
    for place, value in itertools.product(places(header), [None, -1, 1.5, "x", [], {}, 10**400]):
        if place[:3] == ("tree", "run", "optimizer") and len(place) > 3:
            continue  # the optimizer's own test has these
        forge(path, replaced(header, place, value), arrays)
        said = complaint(go_on, path)
        assert not said or str(path) in said, (place, value)


# Folders, missing files, full disks


def test_a_folder_is_no_file(tmp_path):
    model = VAE(5, 2)
    for use in model.save, VAE.load, minivae.load:
        message = re.escape(f"path must name a file, got the folder {tmp_path}")
        with pytest.raises(IsADirectoryError, match=message):
            use(tmp_path)


def test_a_missing_file_or_folder_is_named(tmp_path):
    path = tmp_path / "nowhere" / "model.npz"
    with pytest.raises(FileNotFoundError, match=re.escape(str(path))):
        minivae.load(path)
    with pytest.raises(FileNotFoundError, match=f"there is no folder {path.parent}"):
        VAE(5, 2).save(path)
    assert os.listdir(tmp_path) == []


def test_a_node_that_is_no_file_is_not_replaced(tmp_path):
    node = tmp_path / "node"
    os.mkfifo(node)
    with pytest.raises(
        OSError, match=f"path must name an ordinary file, got {re.escape(str(node))}"
    ):
        VAE(5, 2).save(node)
    assert node.is_fifo()


@contextmanager
def files_no_larger_than(n_bytes):
    """Make every write beyond `n_bytes` fail as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "model.npz"
    VAE(5, 2, rng=0).save(path)
    before = path.read_bytes()
    larger = VAE(300, 20, hidden=(50,), rng=1)
    larger.save(tmp_path / "larger.npz")
    size = (tmp_path / "larger.npz").stat().st_size
    os.remove(tmp_path / "larger.npz")
    for n_bytes in [0, 1, 100, 5_000, size // 2, size - 5_000, size - 100, size - 1]:
        with (
            files_no_larger_than(n_bytes),
            pytest.raises(OSError, match=f"cannot save {re.escape(str(path))}: File too large"),
        ):
            larger.save(path)
        assert path.read_bytes() == before
        assert os.listdir(tmp_path) == ["model.npz"]
    with files_no_larger_than(size):
        larger.save(path)
    assert same(VAE.load(path).params, larger.params)


def test_an_interrupted_save_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    VAE(5, 2, rng=0).save(path)
    before = path.read_bytes()

    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        VAE(5, 2, rng=1).save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model.npz"]


KILLED_SAVE = """
import os, sys
from minivae import VAE
os.fsync = lambda handle: os._exit(9)
VAE(5, 2, rng=1).save(sys.argv[1])
"""


def test_a_killed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "model.npz"
    VAE(5, 2, rng=0).save(path)
    before = path.read_bytes()
    done = subprocess.run([sys.executable, "-c", KILLED_SAVE, path], check=False)
    assert done.returncode == 9
    assert path.read_bytes() == before
    VAE(5, 2, rng=2).save(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_must_not_be_written_to(tmp_path):
    path = tmp_path / "model.npz"
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(PermissionError, match=f"cannot save {re.escape(str(path))}"):
            VAE(5, 2).save(path)
    finally:
        tmp_path.chmod(0o755)
