"""Schedules: the weight of the KL by the step, in training and when a run is resumed."""

import numpy as np
import pytest

import minivae as mv
from minivae import VAE, Autoencoder, Checkpoint
from minivae.training import schedules

X = np.random.default_rng(0).random((20, 5))


def test_linear_reaches_its_end_and_stays():
    beta = schedules.linear(10, start=0.2, end=1.0)
    assert [beta(t) for t in (0, 5, 10, 11, 10**9)] == pytest.approx([0.2, 0.6, 1, 1, 1], abs=1e-15)


def test_cyclical_starts_anew():
    beta = schedules.cyclical(8, ramp=0.5, end=2.0)
    period = [0, 0.5, 1, 1.5, 2, 2, 2, 2]
    assert [beta(t) for t in range(24)] == pytest.approx(3 * period)
    assert [schedules.cyclical(4, ramp=1.0)(t) for t in range(5)] == [0, 0.25, 0.5, 0.75, 0]


def test_sigmoid():
    beta = schedules.sigmoid(100, end=3.0)
    assert 0 < beta(0) < 0.05 * 3
    assert beta(50) == pytest.approx(1.5)
    assert 0.95 * 3 < beta(100) < 3
    values = [beta(t) for t in range(0, 1000, 10)]
    assert values == sorted(values)


def test_schedules_are_values():
    assert schedules.linear(3) == schedules.linear(3)
    assert schedules.linear(3) != schedules.linear(4)
    assert repr(schedules.cyclical(3)) == "Cyclical(period=3, ramp=0.5, end=1.0)"
    assert mv.schedules is schedules


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: schedules.linear(0), ValueError, "n_steps must be at least 1, got 0"),
        (lambda: schedules.linear(-5), ValueError, "n_steps must be at least 1, got -5"),
        (lambda: schedules.linear(5, start=1.0, end=0.5), ValueError, r"end must be in \[1, inf\)"),
        (lambda: schedules.linear(5, start=-1), ValueError, r"start must be in \[0, inf\), got -1"),
        (lambda: schedules.cyclical(2.5), TypeError, "period must be an integer, got 2.5"),
        (lambda: schedules.cyclical(5, ramp=0), ValueError, r"ramp must be in \(0, 1\], got 0"),
        (lambda: schedules.cyclical(5, ramp=1.5), ValueError, r"ramp must be in \(0, 1\], got 1.5"),
        (lambda: schedules.sigmoid(5, end=-1), ValueError, r"end must be in \[0, inf\), got -1"),
    ],
)
def test_bad_schedules_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


class Spy:
    def __init__(self, model):
        self.given, self.right = [], model.loss_and_grads
        model.loss_and_grads = self

    def __call__(self, x, *, beta, **options):
        self.given.append(beta)
        return self.right(x, beta=beta, **options)


def test_fit_counts_updates_from_zero():
    model = VAE(5, 2, beta=3.0, rng=0)
    spy = Spy(model)
    model.fit(X, epochs=3, batch_size=8, beta=float, rng=0)  # beta(step) = step
    assert spy.given == list(range(9))
    assert model.history_["beta"] == pytest.approx(
        [(0 * 8 + 1 * 8 + 2 * 4) / 20 + 3 * e for e in range(3)]
    )
    model.fit(X, epochs=1, batch_size=8, beta=0.5, rng=0)
    assert spy.given[9:] == [0.5] * 3
    model.fit(X, epochs=1, batch_size=8, rng=0)
    assert spy.given[12:] == [None] * 3
    assert "beta" not in model.history_


def test_validation_keeps_the_models_own_weight():
    model = VAE(5, 2, beta=2.0, rng=0)
    model.fit(X, epochs=1, batch_size=8, beta=0.0, validation=X, rng=0)
    history = {name: values[-1] for name, values in model.history_.items()}
    assert history["loss"] == pytest.approx(history["reconstruction"])
    assert history["val_loss"] == pytest.approx(
        history["val_reconstruction"] + 2 * history["val_kl"]
    )


@pytest.mark.parametrize(
    "beta", [schedules.linear(12), schedules.cyclical(7), schedules.sigmoid(10), 0.3]
)
def test_resumed_inside_a_schedule_equals_uninterrupted(beta, tmp_path):
    options = {"batch_size": 6, "beta": beta}
    whole = VAE(5, 2, hidden=(4,), rng=0).fit(X, epochs=5, rng=1, **options)
    path = tmp_path / "run.npz"
    part = VAE(5, 2, hidden=(4,), rng=0)
    part.fit(X, epochs=2, rng=1, callbacks=[Checkpoint(path)], **options)
    again = VAE(5, 2, hidden=(4,), rng=7).fit(X, epochs=5, resume=path, **options)
    assert again.history_ == whole.history_
    for name, value in again.params.items():
        assert value.tobytes() == whole.params[name].tobytes()


def test_another_schedule_is_refused_on_resuming(tmp_path):
    path, model = tmp_path / "run.npz", VAE(5, 2, rng=0)
    options = {"epochs": 2, "batch_size": 10, "resume": path}
    model.fit(X, epochs=1, batch_size=10, beta=schedules.linear(9), callbacks=[Checkpoint(path)])
    for other in (schedules.linear(8), schedules.sigmoid(9), 1.0, None, float):
        with pytest.raises(ValueError, match=r"it was made with beta=Linear\(n_steps=9, .*got"):
            VAE(5, 2).fit(X, beta=other, **options)


def test_a_weight_that_cannot_be_is_refused_before_training():
    model = VAE(5, 2, rng=0)
    before = {name: value.copy() for name, value in model.params.items()}
    for beta, error, message in (
        (-1.0, ValueError, r"beta must be in \[0, inf\), got -1"),
        ("much", TypeError, "beta must be a number, got 'much'"),
        (lambda step: -1.0, ValueError, r"beta must be in \[0, inf\), got -1"),
    ):
        with pytest.raises(error, match=message):
            model.fit(X, epochs=1, batch_size=10, beta=beta)
    with pytest.raises(ValueError, match="an autoencoder has none"):
        Autoencoder(5, 2).fit(X, epochs=1, batch_size=10, beta=schedules.linear(3))
    with pytest.raises(ValueError, match="beta must be 1 with n_importance=2"):
        VAE(5, 2, n_importance=2).fit(X, epochs=1, batch_size=10, beta=schedules.linear(3))
    for name, value in model.params.items():
        np.testing.assert_array_equal(value, before[name])
