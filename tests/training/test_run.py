"""Resuming: what differs is refused, and a refusal leaves the caller's objects as they were."""

import os
import subprocess
import sys

import numpy as np
import pytest

import minivae
from minivae import SGD, VAE, Adam, Checkpoint, LinearAutoencoder

X = np.random.default_rng(0).random((12, 5))


def train(path=None, *, data=X, rate=1e-3, rng=3, resume=None, optimizer=None, model=None):
    model = VAE(5, 2, rng=0) if model is None else model
    callbacks = [] if path is None else [Checkpoint(path)]
    optimizer = Adam(rate) if optimizer is None else optimizer
    options = {"epochs": 2 if resume else 1, "batch_size": 4, "optimizer": optimizer, "rng": rng}
    return model.fit(data, **options, callbacks=callbacks, resume=resume)


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "run.npz"
    train(path)
    return path


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rate": 1e-2}, "learning_rate=0.001, got 0.01"),
        ({"rng": 4}, "seed=3, got 4"),
        ({"data": X[::-1]}, "data=[0-9a-f]+, got [0-9a-f]+"),
        ({"optimizer": SGD(1e-3)}, "optimizer=Adam, got SGD"),
    ],
    ids=["learning rate", "seed", "data", "optimizer"],
)
def test_another_run_is_refused(checkpoint, change, words):
    with pytest.raises(ValueError, match=f"cannot resume from .*it was made with {words}"):
        train(resume=checkpoint, **change)


def test_a_seed_and_a_rate_may_be_left_to_the_file(checkpoint):
    model = VAE(5, 2, rng=0)
    model.fit(X, epochs=2, batch_size=4, resume=checkpoint)
    whole = VAE(5, 2, rng=0).fit(X, epochs=2, batch_size=4, optimizer=Adam(), rng=3)
    assert model.history_ == whole.history_


def test_what_is_refused_changes_nothing(checkpoint):
    """The last thing that can be refused is the model; all else has been taken over by then."""
    model, optimizer, rng = VAE(5, 1, rng=0), Adam(), np.random.default_rng(3)
    before = optimizer.state_dict(), rng.bit_generator.state
    params = {name: value.copy() for name, value in model.params.items()}
    with pytest.raises(ValueError, match="cannot resume from"):
        train(resume=checkpoint, optimizer=optimizer, rng=rng, model=model)
    assert (optimizer.state_dict(), rng.bit_generator.state) == before
    assert all(np.array_equal(params[name], value) for name, value in model.params.items())


def test_a_missing_folder_is_noticed_before_the_first_epoch(tmp_path):
    epochs = []
    path = tmp_path / "nowhere" / "run.npz"
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        VAE(5, 2, rng=0).fit(X, epochs=1, callbacks=[epochs.append, Checkpoint(path)])
    assert epochs == []


def test_fewer_rows_than_a_batch_make_a_smaller_batch():
    small = VAE(5, 2, rng=0).fit(X, epochs=2, batch_size=128, rng=0)
    assert small.history_ == VAE(5, 2, rng=0).fit(X, epochs=2, batch_size=12, rng=0).history_


@pytest.mark.parametrize("optimizer", [Adam(1e3), SGD(10.0)], ids=["adam", "sgd"])
def test_training_that_leaves_all_sense_says_so(optimizer, tmp_path):
    path = tmp_path / "run.npz"
    model = LinearAutoencoder(5, 2, rng=0)
    with pytest.raises(FloatingPointError, match=r"try a smaller learning_rate"):
        train(path, optimizer=optimizer, model=model)
    assert not path.exists()


@pytest.mark.parametrize(
    "change", [{"learning_rate": -5.0}, {"t": -1}, {"M": {"W": "x"}}, {"beta1": 2.0}]
)
def test_an_optimizer_takes_no_state_that_it_cannot_have(change):
    optimizer = Adam()
    before = optimizer.state_dict()
    with pytest.raises((TypeError, ValueError)):
        optimizer.load_state_dict(before | change)
    assert optimizer.state_dict() == before


TERMINATED = """
import os, signal, sys
from minivae import VAE
os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGTERM)
VAE(5, 2, rng=1).save(sys.argv[1])
"""


def test_sigterm_leaves_the_old_file_and_no_part(tmp_path):
    path = tmp_path / "model.npz"
    VAE(5, 2, rng=0).save(path)
    before = path.read_bytes()
    done = subprocess.run([sys.executable, "-c", TERMINATED, path], check=False, timeout=60)
    assert done.returncode == 143
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model.npz"]


def test_a_symbolic_link_stays_one(tmp_path):
    target, link = tmp_path / "a" / "model.npz", tmp_path / "link.npz"
    target.parent.mkdir()
    link.symlink_to(target)
    VAE(5, 2, rng=0).save(link)
    assert link.is_symlink()
    assert isinstance(minivae.load(target), VAE)
