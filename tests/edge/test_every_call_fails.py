"""Every n-th call to the system fails, for n = 1, 2, ... until none fails: nothing is ever lost."""

import builtins
import errno
import os

import numpy as np

import minivae
from minivae import VAE, Adam, Checkpoint

X = np.random.default_rng(0).random((12, 5))


class Failing:
    """Makes the n-th call of any of these functions fail, as a full or broken disk would."""

    def __init__(self, monkeypatch, n):
        self.left, self.failed = n, False
        for module, name in (
            (builtins, "open"),
            (os, "fsync"),
            (os, "replace"),
            (os, "fstat"),
            (np.lib.format, "write_array"),
            (np.lib.format, "read_array_header_1_0"),
        ):
            monkeypatch.setattr(module, name, self.wrapped(getattr(module, name)))

    def wrapped(self, function):
        def call(*args, **options):
            self.left -= 1
            if self.left == 0:
                self.failed = True
                raise OSError(errno.EIO, "Input/output error")
            return function(*args, **options)

        return call


def until_none_fails(attempt):
    """Call ``attempt(n)`` for n = 1, 2, ... until it returns True; return how many failed."""
    for n in range(1, 500):
        if attempt(n):
            return n - 1
    raise AssertionError("it fails for ever")


def test_save(tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    VAE(5, 2, rng=0).save(path)
    old, model = path.read_bytes(), VAE(5, 2, rng=1)

    def attempt(n):
        with monkeypatch.context() as patch:
            failing = Failing(patch, n)
            try:
                model.save(path)
            except OSError:
                assert failing.failed
        if failing.failed:
            assert path.read_bytes() == old
        assert os.listdir(tmp_path) == ["model.npz"]
        return not failing.failed

    assert until_none_fails(attempt) >= 5
    assert minivae.load(path).params.keys() == model.params.keys()


def test_load(tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    VAE(5, 2, rng=0).save(path)
    old = path.read_bytes()

    def attempt(n):
        with monkeypatch.context() as patch:
            failing = Failing(patch, n)
            try:
                minivae.load(path)
            except (OSError, ValueError):
                assert failing.failed
        assert path.read_bytes() == old
        return not failing.failed

    assert until_none_fails(attempt) >= 5


def test_fit_with_a_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    options = {"batch_size": 4, "rng": 0}
    whole = VAE(5, 2, rng=0).fit(X, epochs=3, optimizer=Adam(), **options)

    def attempt(n):
        path.unlink(missing_ok=True)
        with monkeypatch.context() as patch:
            failing = Failing(patch, n)
            try:
                VAE(5, 2, rng=0).fit(X, epochs=3, callbacks=[Checkpoint(path)], **options)
            except OSError:
                assert failing.failed
        assert set(os.listdir(tmp_path)) <= {"run.npz"}
        if path.exists():  # whatever failed, the file is whole, and training goes on from it
            again = VAE(5, 2, rng=0).fit(X, epochs=3, resume=path, batch_size=4)
            for name, value in whole.params.items():
                assert np.array_equal(again.params[name], value)
        return not failing.failed

    assert until_none_fails(attempt) >= 15


def test_a_resume_that_fails_leaves_model_and_optimizer(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    VAE(5, 2, rng=0).fit(X, epochs=1, callbacks=[Checkpoint(path)], batch_size=4, rng=0)

    def attempt(n):
        model, optimizer = VAE(5, 2, rng=0), Adam()
        before = optimizer.state_dict()
        params = {name: value.copy() for name, value in model.params.items()}
        with monkeypatch.context() as patch:
            failing = Failing(patch, n)
            try:
                model.fit(X, epochs=1, optimizer=optimizer, batch_size=4, resume=path)
            except (OSError, ValueError):
                assert failing.failed
        if failing.failed:
            assert optimizer.state_dict() == before
            assert all(np.array_equal(params[name], a) for name, a in model.params.items())
        return not failing.failed

    assert until_none_fails(attempt) >= 5
