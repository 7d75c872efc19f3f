import re
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minivae
from minivae import (
    SGD,
    VAE,
    Adam,
    Autoencoder,
    Checkpoint,
    EarlyStopping,
    LinearAutoencoder,
    Progress,
    minibatches,
)
from minivae.training.loop import evaluate

X = np.random.default_rng(0).random((23, 5))
X.flags.writeable = False
OTHERS = np.random.default_rng(1).random((9, 5))
OTHERS.flags.writeable = False


def autoencoder(**options):
    return Autoencoder(5, 2, hidden=(4,), activation="tanh", rng=7, **options)


def vae(**options):
    return VAE(5, 2, hidden=(4,), activation="tanh", rng=7, **options)


def copies(arrays):
    return {name: array.copy() for name, array in arrays.items()}


def assert_same_bits(a, b):
    assert a.keys() == b.keys()
    for name in a:
        assert a[name].tobytes() == b[name].tobytes(), name


class Watch:
    """Stands between `fit` and a model, and keeps what every step was given."""

    def __init__(self, model):
        self.seen = []
        self.loss_and_grads = model.loss_and_grads
        model.loss_and_grads = self

    def __call__(self, x, *, target, **options):
        self.seen.append((x.copy(), target.copy()))
        return self.loss_and_grads(x, target=target, **options)


# Minibatches


@given(st.integers(1, 50), st.integers(1, 60), st.integers(0, 2**32 - 1))
@settings(max_examples=50)
def test_minibatches_hold_every_row_once(n, batch_size, seed):
    batches = list(minibatches(n, batch_size, seed))
    assert sorted(np.concatenate(batches)) == list(range(n))
    assert [len(rows) for rows in batches[:-1]] == [batch_size] * (len(batches) - 1)
    assert 1 <= len(batches[-1]) <= batch_size
    for rows, again in zip(batches, minibatches(n, batch_size, seed), strict=True):
        assert np.array_equal(rows, again)


def test_minibatches_are_shuffled_evenly():
    counts = np.zeros((6, 6))
    rng, n = np.random.default_rng(0), 6000
    for _ in range(n):
        counts[np.arange(6), np.concatenate(list(minibatches(6, 4, rng)))] += 1
    # each row is at each place n / 6 times, give or take 5 standard deviations
    assert np.abs(counts - n / 6).max() < 5 * np.sqrt(n * 5 / 36)


@pytest.mark.parametrize(
    ("n", "batch_size", "error", "message"),
    [
        (0, 4, ValueError, "n_samples must be at least 1, got 0"),
        (5, 0, ValueError, "batch_size must be at least 1, got 0"),
        (5, -1, ValueError, "batch_size must be at least 1, got -1"),
        (5, 2.5, TypeError, "batch_size must be an integer, got 2.5"),
    ],
)
def test_minibatches_of_no_size_are_refused(n, batch_size, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        list(minibatches(n, batch_size))


def test_an_epoch_sees_every_row_once_in_a_new_order():
    model = autoencoder()
    watch = Watch(model)
    model.fit(X, epochs=3, batch_size=5, rng=0)
    batches = [x for x, _ in watch.seen]
    assert [len(x) for x in batches] == 3 * [5, 5, 5, 5, 3]
    epochs = [np.concatenate(batches[i : i + 5]) for i in (0, 5, 10)]
    for rows in epochs:
        assert np.array_equal(np.unique(rows, axis=0), np.unique(X, axis=0))
        assert not np.array_equal(rows, X)
    assert not np.array_equal(epochs[0], epochs[1])


def test_the_history_holds_means_over_rows_not_over_batches():
    model = autoencoder()
    at_rest = SGD(5e-324)  # so small that no parameter moves
    model.fit(X, epochs=2, batch_size=10, optimizer=at_rest, rng=0)
    assert model.history_["epoch"] == [1, 2]
    np.testing.assert_allclose(model.history_["loss"], model.losses(X)["loss"], rtol=1e-13)


def test_any_batch_size_works_after_training():
    model = vae().fit(X, epochs=1, batch_size=7, rng=0)
    for n in 1, 2, 23:
        losses, _ = model.loss_and_grads(X[:n], rng=0)
        assert np.isfinite(losses["loss"])
        assert model.reconstruct(X[:n]).shape == (n, 5)


# Noise on the input


def test_corrupt_changes_what_the_model_sees_and_not_what_it_is_asked_for():
    model, clean = autoencoder(), []

    def add_noise(x, rng):
        assert isinstance(rng, np.random.Generator)
        clean.append(x.copy())
        x += rng.normal(size=x.shape)  # in place, as careless functions do
        return x

    watch = Watch(model)
    model.fit(X, epochs=2, batch_size=10, corrupt=add_noise, rng=0)
    noise = [x - target for x, target in watch.seen]
    for (_, target), before in zip(watch.seen, clean, strict=True):
        assert np.array_equal(target, before)
    assert np.array_equal(np.unique(np.concatenate(clean[:3]), axis=0), np.unique(X, axis=0))
    assert 0.7 < np.concatenate(noise).std() < 1.3
    assert not np.array_equal(noise[0], noise[3])


def test_the_loss_is_measured_against_the_clean_data():
    # without its input a linear autoencoder can only answer 0, and its error is |x|^2
    model = LinearAutoencoder(5, 2, rng=0)
    model.fit(X, epochs=2, batch_size=10, corrupt=lambda x, rng: np.zeros_like(x), rng=0)
    error = np.linalg.norm(X, axis=1) ** 2
    np.testing.assert_allclose(model.history_["loss"], error.mean(), rtol=1e-13)


@pytest.mark.parametrize(
    ("corrupt", "error", "message"),
    [
        (lambda x, rng: None, TypeError, "what corrupt returns must hold real numbers, got"),
        (lambda x, rng: x[:, 1:], ValueError, "what corrupt returns must have n_features=5 col"),
        (lambda x, rng: x[1:], ValueError, "target must have 9 rows, as x has, got 10"),
        (lambda x, rng: x / 0, ValueError, "what corrupt returns must be finite, got inf in row 0"),
    ],
)
def test_a_corruption_that_breaks_the_data_is_named(corrupt, error, message):
    with np.errstate(all="ignore"), pytest.raises(error, match=f"^{message}"):
        autoencoder().fit(X, epochs=1, batch_size=10, corrupt=corrupt, rng=0)


# History and validation


@pytest.mark.parametrize(
    ("model", "names"), [(autoencoder, ["loss"]), (vae, ["loss", "reconstruction", "kl"])]
)
def test_the_history_has_one_number_for_every_epoch(model, names):
    plain = model().fit(X, epochs=3, batch_size=10, rng=0)
    assert list(plain.history_) == ["epoch", *names]
    validated = model().fit(X, epochs=3, batch_size=10, validation=OTHERS, rng=0)
    assert list(validated.history_) == ["epoch", *names, *(f"val_{name}" for name in names)]
    assert validated.history_["epoch"] == [1, 2, 3]
    for name, values in validated.history_.items():
        assert len(values) == 3
        assert name == "epoch" or all(type(value) is float for value in values)
    for name in plain.history_:  # looking at other data changes nothing
        assert plain.history_[name] == validated.history_[name]
    assert plain.history_["loss"][2] < plain.history_["loss"][0]


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_the_loss_is_the_sum_of_its_parts(beta):
    history = vae(beta=beta).fit(X, epochs=2, batch_size=10, validation=OTHERS, rng=0).history_
    for prefix in "", "val_":
        parts = np.array(history[f"{prefix}reconstruction"]), np.array(history[f"{prefix}kl"])
        np.testing.assert_allclose(history[f"{prefix}loss"], parts[0] + beta * parts[1], rtol=1e-13)


@pytest.mark.parametrize("model", [autoencoder, vae])
def test_validation_losses_are_those_of_evaluate(model):
    model, found = model(), []
    model.fit(
        X,
        epochs=3,
        batch_size=10,
        validation=OTHERS,
        callbacks=[lambda run: found.append(evaluate(run.model, OTHERS))],
        rng=0,
    )
    for i, losses in enumerate(found):
        assert losses == {name: model.history_[f"val_{name}"][i] for name in losses}
    assert model.score(OTHERS) == -found[-1]["loss"]


def test_a_data_set_is_evaluated_in_pieces_of_equal_weight_per_row():
    many = np.random.default_rng(2).random((2345, 5))
    model = autoencoder()
    expected = np.mean([model.losses(row[None])["loss"] for row in many])
    np.testing.assert_allclose(evaluate(model, many)["loss"], expected, rtol=1e-12)
    many[2001, 3] = np.nan
    with pytest.raises(ValueError, match="X must be finite, got nan in row 2001, column 3"):
        evaluate(model, many)


# Callbacks


def test_a_plain_function_is_a_callback():
    epochs, model = [], autoencoder()
    run_of = {}

    def look(run):
        epochs.append(run.epoch)
        run_of[run.epoch] = run.model.params["encoder.0.W"].copy()
        assert run.epochs == 4
        assert run.history["epoch"] == epochs

    assert model.fit(X, epochs=4, batch_size=10, callbacks=[look], rng=0) is model
    assert epochs == [1, 2, 3, 4]
    assert np.array_equal(run_of[4], model.params["encoder.0.W"])
    assert not np.array_equal(run_of[3], run_of[4])


def test_a_callback_can_stop_the_run():
    after, model = [], autoencoder()

    def stop_at_two(run):
        run.stop = run.epoch == 2

    callbacks = [stop_at_two, lambda run: after.append(run.epoch)]
    model.fit(X, epochs=10, batch_size=10, callbacks=callbacks, rng=0)
    assert model.history_["epoch"] == after == [1, 2]


def overfit(stopping, **options):
    """Train on few rows until other rows suffer; return the model and all that was seen."""
    model, params = autoencoder(), []
    model.fit(
        X[:4],
        epochs=60,
        batch_size=4,
        optimizer=Adam(0.1),
        validation=OTHERS,
        callbacks=[stopping, lambda run: params.append(copies(run.model.params))],
        rng=0,
        **options,
    )
    return model, params


def test_early_stopping_keeps_the_best_parameters():
    stopping = EarlyStopping(patience=4)
    model, params = overfit(stopping)
    losses = model.history_["val_loss"]
    best = int(np.argmin(losses))
    assert 0 < best < len(losses) - 1 < 59
    assert len(losses) == best + 1 + 4
    assert (stopping.best, stopping.best_epoch) == (losses[best], best + 1)
    assert_same_bits(model.params, params[best])
    assert evaluate(model, OTHERS)["loss"] == losses[best]


def test_early_stopping_watches_the_training_loss_where_there_is_no_other():
    stopping, model = EarlyStopping(patience=2), autoencoder()
    optimizer = SGD(5e-324)  # no parameter moves, so that no loss falls; the batches' order counts
    model.fit(X, epochs=9, batch_size=23, optimizer=optimizer, callbacks=[stopping], rng=0)
    assert stopping.best == min(model.history_["loss"])
    assert len(model.history_["loss"]) == stopping.best_epoch + 2


def test_early_stopping_counts_only_a_fall_of_min_delta():
    model, params = overfit(EarlyStopping(patience=4, min_delta=1e9))
    assert len(params) == 1 + 4
    assert_same_bits(model.params, params[0])


def test_early_stopping_watches_what_it_is_told_to():
    stopping = EarlyStopping(patience=4, monitor="loss")
    model, params = overfit(stopping)
    losses = model.history_["loss"]
    assert np.argmin(losses) != np.argmin(model.history_["val_loss"])
    assert stopping.best == min(losses)
    assert_same_bits(model.params, params[int(np.argmin(losses))])


def test_early_stopping_forgets_an_earlier_run():
    stopping = EarlyStopping(patience=4)
    first, _ = overfit(stopping)
    stopping_anew = EarlyStopping(patience=4)
    expected, _ = overfit(stopping_anew)
    stopping.best = -1e9  # which no second run can beat
    second, _ = overfit(stopping)
    assert_same_bits(second.params, expected.params)
    assert second.history_ == first.history_
    assert stopping.best == stopping_anew.best


def test_an_unknown_monitor_is_named():
    with pytest.raises(ValueError, match=r"monitor must be one of \['epoch', 'loss'\], got 'kl'"):
        autoencoder().fit(X, epochs=1, batch_size=9, callbacks=[EarlyStopping(monitor="kl")])


# Reproducibility


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_seed_gives_one_history_bit_for_bit(dtype):
    def run(seed):
        np.random.seed(np.random.default_rng().integers(1000))  # noqa: NPY002
        model = vae(dtype=dtype)
        model.fit(
            X,
            epochs=3,
            batch_size=6,
            validation=OTHERS,
            corrupt=lambda x, rng: x * rng.random(x.shape),
            rng=seed,
        )
        return model

    first, second, other = run(0), run(0), run(1)
    assert first.history_ == second.history_
    assert_same_bits(first.params, second.params)
    assert first.history_["loss"] != other.history_["loss"]
    assert run(np.random.default_rng(0)).history_ == first.history_


def test_nothing_global_is_touched():
    before = np.random.get_state()[1].tobytes(), np.geterr()  # noqa: NPY002
    vae().fit(X, epochs=1, batch_size=6, rng=0).sample(3, rng=0)
    assert before == (np.random.get_state()[1].tobytes(), np.geterr())  # noqa: NPY002


# Checkpoints

TRAINING = """
import os
import numpy as np
from minivae import SGD, VAE, Adam, Checkpoint, EarlyStopping

def train(path, scenario, *, killed_at=None, resume=None, epochs=12):
    rng = np.random.default_rng(3)
    X, validation = rng.random((23, 5)), rng.random((9, 5))
    optimizer = SGD(0.3, momentum=0.8) if "sgd" in scenario else Adam(0.05)
    step, n_steps = optimizer.step, 0

    def step_or_die(params, grads):
        nonlocal n_steps
        n_steps += 1
        if n_steps == killed_at:
            os._exit(9)
        step(params, grads)

    optimizer.step = step_or_die
    checkpoint = Checkpoint(path)
    callbacks = [checkpoint]
    if "stopping" in scenario:
        stopping = EarlyStopping(3)
        callbacks = [stopping, checkpoint] if "before" in scenario else [checkpoint, stopping]
    seed = np.random.MT19937(5) if "twister" in scenario else np.random.PCG64(5)
    dtype = "float32" if "float32" in scenario else "float64"
    model = VAE(5, 2, hidden=(4,), activation="tanh", dtype=dtype, rng=1)
    model.fit(
        X,
        epochs=epochs,
        batch_size=5,
        optimizer=optimizer,
        validation=validation if "stopping" in scenario else None,
        corrupt=lambda x, rng: x + rng.normal(0, 0.1, x.shape),
        callbacks=callbacks,
        rng=np.random.Generator(seed),
        resume=resume,
    )
    return model, optimizer, callbacks
"""
namespace = {}
exec(TRAINING, namespace)
train = namespace["train"]


@pytest.mark.parametrize(
    ("scenario", "killed_at"),
    [
        ("adam", 23),  # in epoch 5, which has five steps like all
        ("sgd, twister, float32", 6),
        ("adam, stopping before the checkpoint", 18),
        ("sgd, stopping after the checkpoint", 18),
    ],
)
def test_a_killed_run_ends_where_the_whole_one_does(scenario, killed_at, tmp_path):
    path = tmp_path / "run.npz"
    script = f"{TRAINING}\ntrain({str(path)!r}, {scenario!r}, killed_at={killed_at})"
    killed = subprocess.run([sys.executable, "-c", script], check=False)
    assert killed.returncode == 9
    assert minivae.load(path).history_["epoch"] == list(range(1, (killed_at - 1) // 5 + 1))

    whole, optimizer, callbacks = train(tmp_path / "whole.npz", scenario)
    resumed, its_optimizer, its_callbacks = train(path, scenario, resume=path)
    assert resumed.history_ == whole.history_
    assert_same_bits(resumed.params, whole.params)
    for name, state in optimizer.state_dict().items():
        if isinstance(state, dict):
            assert_same_bits(its_optimizer.state_dict()[name], state)
        else:
            assert its_optimizer.state_dict()[name] == state
    for ours, theirs in zip(callbacks, its_callbacks, strict=True):
        assert getattr(ours, "best_epoch", None) == getattr(theirs, "best_epoch", None)
    with np.load(path) as ours, np.load(tmp_path / "whole.npz") as theirs:
        assert_same_bits(dict(ours), dict(theirs))


def test_every_epoch_is_a_good_place_to_go_on_from(tmp_path):
    scenario = "adam, stopping after the checkpoint"
    whole, _, _ = train(tmp_path / "whole.npz", scenario)
    n_epochs = len(whole.history_["epoch"])
    assert n_epochs < 12  # it stopped early
    for epochs in range(1, n_epochs + 1):
        path = tmp_path / f"{epochs}.npz"
        train(path, scenario, epochs=epochs)
        resumed, _, _ = train(path, scenario, resume=path)
        assert resumed.history_ == whole.history_
        assert_same_bits(resumed.params, whole.params)


def test_a_checkpoint_is_also_a_saved_model(tmp_path):
    path = tmp_path / "run.npz"
    model, _, _ = train(path, "adam", epochs=2)
    other = VAE.load(path)
    assert other.history_ == model.history_
    assert_same_bits(other.params, model.params)
    assert other.score(OTHERS) == model.score(OTHERS)


@pytest.fixture
def checkpoint(tmp_path):
    autoencoder().fit(X, epochs=2, batch_size=5, callbacks=[Checkpoint(tmp_path / "run")], rng=0)
    return tmp_path / "run"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": X[:20]}, "it was made with n_samples=23, got 20"),
        ({"batch_size": 6}, "it was made with batch_size=5, got 6"),
        ({"optimizer": SGD(0.1)}, "it was made with optimizer=Adam, got SGD"),
        ({"model": Autoencoder(5, 3)}, r"the file holds Autoencoder .*, not Autoencoder\(.*tent=3"),
        ({"model": vae()}, r"the file holds Autoencoder .*, not VAE"),
        ({"rng": np.random.Generator(np.random.MT19937(0))}, ".*MT19937"),
    ],
)
def test_a_run_under_other_conditions_is_not_resumed(checkpoint, change, message):
    model = change.pop("model", autoencoder())
    before = copies(model.params)
    options = {"X": X, "epochs": 3, "batch_size": 5, "resume": checkpoint} | change
    message = f"^cannot resume from {re.escape(str(checkpoint))}: {message}"
    with pytest.raises(ValueError, match=message):
        model.fit(**options)
    assert_same_bits(model.params, before)
    assert not hasattr(model, "history_")


def test_a_saved_model_is_no_checkpoint(tmp_path):
    autoencoder().save(tmp_path / "model")
    message = f"cannot resume from {tmp_path / 'model'}: it is a saved model, not a checkpoint"
    with pytest.raises(ValueError, match=re.escape(message)):
        autoencoder().fit(X, epochs=3, batch_size=5, resume=tmp_path / "model")
    with pytest.raises(FileNotFoundError, match=re.escape(str(tmp_path / "nothing"))):
        autoencoder().fit(X, epochs=3, batch_size=5, resume=tmp_path / "nothing")


def test_a_finished_run_has_nothing_to_resume(checkpoint):
    model = autoencoder().fit(X, epochs=2, batch_size=5, resume=checkpoint)
    assert model.history_["epoch"] == [1, 2]
    assert_same_bits(model.params, minivae.load(checkpoint).params)


# Divergence


def test_a_diverging_run_says_where_and_leaves_the_last_good_checkpoint(tmp_path):
    path, model = tmp_path / "run.npz", LinearAutoencoder(5, 2, rng=0)
    message = (
        r"^the loss of 1 rows is \d.*e\+\d+ after epoch (\d+), and was \d.*e\+\d+ at first: "
        r"training diverges; try a smaller learning_rate$"
    )

    class TooFastLater(SGD):
        def step(self, params, grads):
            self.learning_rate = 0.01 if self.t > 6 else 1e-12
            super().step(params, grads)

    with pytest.raises(FloatingPointError, match=message) as caught:
        model.fit(
            1e3 * X[:2],
            epochs=100,
            batch_size=1,
            optimizer=TooFastLater(0.01),
            callbacks=[Checkpoint(path)],
            rng=0,
        )
    epoch = int(re.match(message, str(caught.value))[1])
    survivor = minivae.load(path)
    assert survivor.history_["epoch"] == list(range(1, epoch))
    assert np.all(np.isfinite(survivor.history_["loss"]))
    assert all(np.all(np.isfinite(value)) for value in survivor.params.values())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_step_that_ruins_the_parameters_is_named_before_they_are_saved(dtype, tmp_path):
    path, model = tmp_path / "run.npz", LinearAutoencoder(5, 2, dtype=dtype, rng=0)
    options = {"epochs": 1, "batch_size": 12, "callbacks": [Checkpoint(path)], "rng": 0}
    model.fit(X, **options)
    before = path.read_bytes()

    class LastStepTooFar(SGD):
        def step(self, params, grads):
            self.learning_rate = 1e308 if self.t == 1 else 1e-3
            super().step(params, grads)

    message = r"^a parameter stopped being finite in epoch 1, step 2, when .*coder\.0\.W held inf"
    with pytest.raises(FloatingPointError, match=message):
        model.fit(100 * X, optimizer=LastStepTooFar(1.0), **options)
    assert path.read_bytes() == before


def test_data_too_large_for_their_squares_are_named():
    # the mean square would fit, the sum of squares does not; so every gradient is finite
    signs = np.sign(np.random.default_rng(0).normal(size=(23, 5)))
    message = r"the loss stopped being finite in epoch 1, step 1, when the gradient of .* held \de"
    with pytest.raises(FloatingPointError, match=message):
        LinearAutoencoder(5, 2, rng=0).fit(signs * 2e153, epochs=1, batch_size=23)


# What is printed


def test_verbose_prints_a_line_with_all_a_reader_wants_to_know(capsys):
    model = vae().fit(X, epochs=3, batch_size=5, validation=OTHERS, verbose=True, rng=0)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    for i, line in enumerate(lines):
        assert re.match(rf"epoch +{i + 1}/3 ", line)
        for name, key in [
            ("loss", "loss"),
            ("reconstruction", "reconstruction"),
            ("kl", "kl"),
            ("validation", "val_loss"),
        ]:
            assert re.search(rf" {name} +{model.history_[key][i]:.4f}\b", line), line
    assert re.search(r" \d+ s left$", lines[1])
    assert lines[2].endswith(" 0 s left")


def test_progress_leaves_out_lines_but_not_the_first_nor_the_last(capsys):
    vae().fit(X, epochs=8, batch_size=23, callbacks=[Progress(every=3)], rng=0)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["1/8", "3/8", "6/8", "8/8"]


def test_silence_is_the_default(capsys):
    vae().fit(X, epochs=2, batch_size=5, validation=OTHERS, rng=0)
    assert capsys.readouterr() == ("", "")


# Memory


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_memmap_of_bytes_is_never_copied_whole(dtype, tmp_path):
    shape = (40_000, 64)
    images = np.memmap(tmp_path / "images", np.uint8, "w+", shape=shape)
    images[:] = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    images.flush()
    images = np.memmap(tmp_path / "images", np.uint8, "r", shape=shape)
    model = VAE(64, 2, dtype=dtype, rng=0)
    tracemalloc.start()
    model.fit(images, epochs=1, batch_size=1000, validation=images, rng=0)
    model.score(images)
    model.transform(images)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < images.size * np.dtype(dtype).itemsize / 4
    assert model.history_["loss"][0] < 64
