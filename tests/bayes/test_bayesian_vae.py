"""A VAE with samples of its weights: what is kept, how it goes on, how wide its posterior is."""

import subprocess
import sys

import numpy as np
import pytest

import minivae as mv
from minivae import BayesianVAE
from minivae.nn.likelihoods import Gaussian

X = np.random.default_rng(0).random((90, 6))


def small(**options):
    return BayesianVAE(6, 2, **({"hidden": [5], "rng": 1} | options))


def fitted(**options):
    return small().fit(X, **({"epochs": 8, "batch_size": 32, "rng": 2} | options))


@pytest.mark.parametrize("bayesian_encoder", [False, True])
def test_samples_hold_what_is_drawn(bayesian_encoder):
    model = small(bayesian_encoder=bayesian_encoder)
    model.fit(X, epochs=9, batch_size=32, warm_up=2, burn_in=1, keep_every=2, rng=0)
    assert len(model.samples_) == 3
    drawn = {name for name in model.params if bayesian_encoder or name.startswith("decoder.")}
    for sample in model.samples_:
        assert sample.keys() == drawn
    first, *_, last = model.members()
    for name in model.params:
        assert np.any(first.params[name] != last.params[name]) == (name in drawn)
    assert len(model.history_["temperature"]) == len(model.history_["loss"]) == 9
    assert model.history_["temperature"][:2] == [0, 0]
    assert all(0 < t < 5 for t in model.history_["temperature"][2:])


def test_a_learned_variance_is_drawn_too():
    model = BayesianVAE(6, 2, likelihood=Gaussian("learned"), rng=0).fit(
        X, epochs=4, batch_size=9, rng=0
    )
    assert {"likelihood.raw_log_var", "decoder.0.W"} <= model.samples_[0].keys()


def test_the_posterior_narrows_with_the_data():
    """With noise of variance 1 a mean known from n rows has the variance 1 / n, nearly."""
    found = {}
    for n in (50, 800):
        data = np.random.default_rng(1).standard_normal((n, 30))
        model = BayesianVAE(30, 1, likelihood="gaussian", rng=0)
        options = {"warm_up": 300, "burn_in": 300, "step": 0.05, "friction": 0.2}
        model.fit(data, epochs=3000, batch_size=n, rng=0, **options)
        places = np.array([sample["decoder.0.b"] for sample in model.samples_])
        found[n] = np.mean(np.var(places, axis=0)) * n
    assert found == {50: pytest.approx(1, rel=0.25), 800: pytest.approx(1, rel=0.25)}


def test_a_chain_goes_on_bit_for_bit(tmp_path):
    options = {"warm_up": 2, "burn_in": 2, "batch_size": 32}
    whole = small().fit(X, epochs=9, rng=2, **options)
    for stop in (1, 3, 6):  # in the warm-up, in the burn-in, while samples are kept
        path, model = tmp_path / f"{stop}.npz", small()

        def interrupt(run, stop=stop):
            if run.epoch > stop:
                raise KeyboardInterrupt

        both = {"callbacks": [interrupt, mv.Checkpoint(path)]}
        with pytest.raises(KeyboardInterrupt):
            model.fit(X, epochs=9, rng=2, **both, **options)
        resumed = mv.load(path)
        assert isinstance(resumed, BayesianVAE)
        resumed.fit(X, epochs=9, resume=path, **options)
        assert resumed.history_ == whole.history_
        assert len(resumed.samples_) == len(whole.samples_) == 5
        for ours, theirs in zip(resumed.samples_, whole.samples_, strict=True):
            for name, value in theirs.items():
                np.testing.assert_array_equal(ours[name], value)
        for name, value in whole.params.items():
            np.testing.assert_array_equal(resumed.params[name], value)


def test_a_file_holds_the_samples(tmp_path):
    model = fitted()
    model.save(tmp_path / "model.npz")
    again = mv.load(tmp_path / "model.npz")
    assert repr(again) == repr(model)
    for name in ("transform", "reconstruct"):
        np.testing.assert_array_equal(getattr(again, name)(X), getattr(model, name)(X))
    np.testing.assert_array_equal(again.log_likelihood(X, 5, 0), model.log_likelihood(X, 5, 0))
    code = "import minivae, sys; print(len(minivae.load(sys.argv[1]).samples_))"
    command = [sys.executable, "-c", code, str(tmp_path / "model.npz")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "4\n"


def test_a_file_of_other_samples_is_refused():
    model, state = small(), fitted().state_dict()
    stacks = state["samples"]
    for samples in (
        stacks | {"decoder.9.W": stacks["decoder.0.W"]},
        stacks | {"decoder.0.W": stacks["decoder.0.W"][:, :1]},
    ):
        with pytest.raises(ValueError, match="the file's samples"):
            model.load_state_dict(state | {"samples": samples})


def test_a_new_run_drops_the_samples_of_the_old():
    model = fitted()
    assert len(model.fit(X, epochs=3, batch_size=50, rng=0).samples_) == 3


def test_distances_against_the_lag():
    model, direction = small(), {name: np.ones_like(p) for name, p in small().params.items()}
    model.samples_ = [{n: t * d for n, d in direction.items()} for t in (0.0, 1, 2, 3)]
    # |theta_t - theta_s| = |t - s| |d|, and the root mean square length is sqrt(14 / 4) |d|
    np.testing.assert_allclose(model.lag_distances(), np.array([1, 2, 3]) / np.sqrt(3.5))


def test_a_pass_is_that_of_the_vae():
    """Whose gradients have their own checks."""
    model = small()
    losses, grads = model.loss_and_grads(X, rng=3)
    theirs, expected = model.vae.loss_and_grads(X, rng=3)
    assert losses == theirs == model.losses(X, rng=3)
    assert grads.keys() == expected.keys() == model.params.keys() == model.grads.keys()


def test_one_epoch_is_enough_to_have_a_sample():
    assert len(small().fit(X, epochs=1, batch_size=50, rng=0).samples_) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        (
            {"epochs": 5, "warm_up": 3, "burn_in": 2},
            r"epochs must be at least warm_up \+ burn_in \+ keep_every = 6, .* got 5",
        ),
        ({"keep_every": 0}, "keep_every must be at least 1, got 0"),
        ({"batch_size": 91}, "batch_size must be between 1 and n_samples=90, got 91"),
        ({"step": -1.0}, r"step must be in \(0, inf\), got -1"),
        ({"friction": 0.0}, r"friction must be in \(0, 1\], got 0"),
        ({"integrator": "verlet"}, "integrator must be one of"),
    ],
)
def test_bad_settings_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        fitted(**options)


def test_a_model_without_likelihood_has_no_posterior():
    with pytest.raises(ValueError, match=r"likelihood must be a density.*got 'squared_error'"):
        small(likelihood="squared_error")


def test_without_samples_nothing_is_predicted():
    model = small()
    for call in (
        lambda: model.transform(X),
        lambda: model.log_likelihood(X),
        lambda: model.sample(3),
        model.lag_distances,
    ):
        with pytest.raises(ValueError, match="no samples of its weights yet: call fit first"):
            call()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("step", [30.0, 1e30])
def test_a_step_that_diverges_is_said_at_once(step, dtype):
    """By the temperature, or by a loss that is no longer finite."""
    epochs, options = [], {"callbacks": [lambda run: epochs.append(run.epoch)], "step": step}
    model = small(dtype=dtype)
    said = "the chain of the weights diverged with step=.*, try a third of it: .* epoch 3"
    with pytest.raises(FloatingPointError, match=said):
        model.fit(X, epochs=8, batch_size=32, rng=2, **options)
    assert max(epochs) == 2
