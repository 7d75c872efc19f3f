import io
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

import minivae
from minivae import claims
from minivae.claims import audit
from minivae.commands import cli, data, gradcheck, prove, tour, train
from minivae.datasets import download, mnist_files
from minivae.nn import activations, layers
from minivae.training import loop

ROOT = Path(minivae.__file__).parent.parent


class Done(NamedTuple):
    status: int
    out: str
    err: str


def run(*arguments):
    """Run the command line in this process."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        try:
            status = cli.main([str(each) for each in arguments])
        except SystemExit as stop:  # argparse's way to end
            status = stop.code
    return Done(status, out.getvalue(), err.getvalue())


def assert_picture(path):
    from matplotlib.image import imread

    pixels = imread(path)[:, :, :3]
    height, width, _ = pixels.shape
    assert 100 < height < 3000
    assert 300 < width < 3000
    assert np.std(pixels) > 0.02  # something is drawn


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def wrong_dense(monkeypatch):
    """Flip the sign of the weights' gradients."""
    right = layers.Dense.backward_params

    def wrong(self, dy):
        right(self, dy)
        self.grads["W"] *= -1

    monkeypatch.setattr(layers.Dense, "backward_params", wrong)


@pytest.fixture
def few_entries(monkeypatch):
    """Let the gradient checks look at two entries of each array."""
    few = partial(audit.check_gradients, max_entries=2)
    monkeypatch.setattr(audit, "check_gradients", few)


# tour


@pytest.fixture(scope="module")
def quick_tour(tmp_path_factory):
    out = tmp_path_factory.mktemp("tour") / "new" / "folder"
    return run("tour", "--quick", "--out", out), out


def test_tour_says_what_it_does_and_what_it_found(quick_tour):
    (status, out, err), folder = quick_tour
    assert status == 0
    assert err == ""
    for title in ("1. verify", "2. gradcheck", "3. train", "verdict"):
        assert re.search(rf"^{title}.*\n-+$", out, re.MULTILINE)
    assert "linear autoencoder against PCA, 8 latents: the same" in out
    assert re.search(r"\d+ parts, \d{4} derivatives, each by both methods: all right", out)
    assert re.search(r"epoch  40/40  loss \S+  reconstruction \S+  kl \S+  validation \S+", out)
    _, verdict = out.split("verdict\n-------\n")
    lines = verdict.strip().splitlines()
    assert [line[:8] for line in lines[:-2]] == ["holds   "] * 5
    assert re.fullmatch(
        rf"Every claim holds\. It took \d+ s; pictures and report\.md are in {folder}", lines[-1]
    )


def test_tour_draws_every_picture(quick_tour):
    _, folder = quick_tour
    assert names(folder) == sorted([*tour.PICTURES, "report.md"])
    for name in tour.PICTURES:
        assert_picture(folder / name)


def test_tours_report_shows_claims_and_pictures(quick_tour):
    (_, out, _), folder = quick_tour
    report = (folder / "report.md").read_text()
    rows = re.findall(r"^\| (.*) \| (.*) \| holds \|$", report, re.MULTILINE)
    assert len(rows) == 5
    for statement, measured in rows:
        assert f"holds   {statement}: {measured}\n" in out
    assert set(re.findall(r"!\[.+\]\((.+)\)", report)) == set(tour.PICTURES)


def test_tours_report_says_what_to_learn_and_how_it_was_made(quick_tour):
    (_, out, _), folder = quick_tour
    report = (folder / "report.md").read_text()
    pictures, made = report.split("\n## How it was made\n\n")
    for picture in re.split(r"!\[.+\]\(.+\)\n\n", pictures)[1:]:
        seen, lesson = picture.strip().split("\n\n*What to learn:* ")
        assert re.fullmatch(r"[A-Z][^.]+\.", seen)
        assert re.fullmatch(r"[A-Z][^.]+\.", lesson)
    facts = dict(re.findall(r"^- (.+?): (.+)$", made, re.MULTILINE))
    assert facts.pop("seed") == "0"
    assert f"It took {facts.pop('time taken')}; " in out
    assert facts.pop("Python") == sys.version.split()[0]
    assert platform.machine() in facts.pop("machine")
    packages = {name: version(name) for name in ("numpy", "scipy", "matplotlib")}
    assert facts == packages | {"minivae": minivae.__version__}


def test_tours_figures_are_as_good_as_it_says(quick_tour):
    verdict = quick_tour[0].out.split("verdict\n")[1]

    def figures(pattern):
        return [float(value) for value in re.search(pattern, verdict).groups()]

    assert figures(r"relative gap (\S+), at most 1e-09")[0] <= 1e-9
    assert figures(r"largest angle (\S+) rad, at most 1e-05")[0] <= 1e-5
    central, exact = figures(r"worst relative error (\S+) \(central\), (\S+) \(complex step\)")
    assert central <= 1e-7
    assert exact <= 1e-10
    loss, floor, pca = figures(r": (\S+) nats, between (\S+) and (\S+) ")
    assert 0 < floor < loss < pca - 3  # by a margin, whatever the seed
    assert min(figures(r"KL (\S+) and (\S+) nats, at least 0.5")) >= 0.5


def without(monkeypatch, *parts):
    for part in parts:
        monkeypatch.setattr(tour, part, lambda *args: [])


def assert_tour_fails(folder, statement):
    status, out, _ = run("tour", "--quick", "--out", folder)
    assert status == 1
    assert f"FAILED  {statement}" in out
    assert "A claim FAILED. It took" in out
    report = (folder / "report.md").read_text()
    assert re.search(rf"^\| {re.escape(statement)}.* \| FAILED \|$", report, re.MULTILINE)


def test_tour_fails_with_a_wrong_dense_layer(monkeypatch, tmp_path, wrong_dense):
    without(monkeypatch, "_gradcheck", "_train")
    assert_tour_fails(tmp_path, "its subspace is the subspace of PCA")


def test_tour_fails_with_a_wrong_gradient(monkeypatch, tmp_path, few_entries):
    without(monkeypatch, "_verify", "_train")
    monkeypatch.setattr(activations.Softplus, "backward", lambda self, dy: dy)
    n_rows = len(list(audit.audit()))
    assert_tour_fails(tmp_path, f"{n_rows} hand-written gradients are right")


def test_tour_fails_with_a_vae_that_learns_nothing(monkeypatch, tmp_path):
    without(monkeypatch, "_verify", "_gradcheck")
    load_split = tour.load_split
    monkeypatch.setattr(
        tour, "load_split", lambda name, n_train, rng: load_split(name, n_train=200)
    )
    assert_tour_fails(tmp_path, "the VAE's held-out loss is below PCA's")


# verify


def test_verify(tmp_path):
    done = run("verify", "--latent", 3, "--samples", 300, "--out", tmp_path / "new")
    assert done.status == 0
    assert done.err == ""
    assert "300 rows of patches with 64 features, 3 latents" in done.out
    assert "against PCA, 3 latents: the same" in done.out
    covariance = np.cov(data.load_split("patches", n_train=300).train, rowvar=False, bias=True)
    truth = np.linalg.eigvalsh(covariance)[:-3].sum()
    assert float(re.search(r"autoencoder's error +(\S+)", done.out)[1]) == pytest.approx(truth)
    assert names(tmp_path / "new") == ["angle.png", "bases.png"]
    for name in names(tmp_path / "new"):
        assert_picture(tmp_path / "new" / name)


def test_verify_without_pictures_and_with_biases(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("verify", "--data", "digits", "--latent", 2, "--samples", 40, "--bias")
    assert done.status == 0
    assert "40 rows of digits with 784 features, 2 latents" in done.out
    assert names(tmp_path) == []


def test_verify_the_linear_vae():
    done = run("verify", "--model", "vae", "--latent", 2, "--samples", 100)
    assert done.status == 0
    assert "100 rows of patches with 64 features, 2 latents" in done.out
    assert "linear VAE against probabilistic PCA, 2 latents: the same" in done.out


@pytest.mark.parametrize("model", ["autoencoder", "vae"])
def test_verify_fails(wrong_dense, model):
    done = run("verify", "--model", model, "--latent", 2, "--samples", 100)
    assert done.status == 1
    assert "NOT the same" in done.out


# gradcheck


def test_gradcheck(few_entries):
    done = run("gradcheck", "--seed", 1)
    assert done.status == 0
    header, *rows, verdict = done.out.splitlines()
    assert header == audit.HEADER
    assert all(row.endswith("  ok") for row in rows)
    parts, derivatives = map(int, re.match(r"(\d+) parts, (\d+) derivatives", verdict).groups())
    assert parts == len(rows) > 40
    assert derivatives == sum(int(re.search(r" (\d+) +\d\.\de-", row)[1]) for row in rows)
    errors = [re.findall(r" (\d\.\de[+-]\d\d)", row) for row in rows]
    with redirect_stdout(io.StringIO()):
        worst = gradcheck.worst_errors(gradcheck.gradcheck(1))
    assert [f"{each:.1e}" for each in worst] == [
        max(e, key=float) for e in zip(*errors, strict=True)
    ]
    assert done.out != run("gradcheck", "--seed", 2).out


def test_gradcheck_fails(monkeypatch, few_entries):
    monkeypatch.setattr(activations.Softplus, "backward", lambda self, dy: dy)
    done = run("gradcheck")
    assert done.status == 1
    assert done.out.rstrip().endswith("WRONG in Softplus, mlp, softplus")
    assert "Softplus: FAILED (central" in done.out


# train


VAE = ("train", "vae", "--samples", 100, "--hidden", 8, "--batch-size", 30)


def saved(folder):
    with np.load(folder / "model.npz") as file:
        return {name: file[name] for name in file.files}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("train") / "run"
    return run(*VAE, "--epochs", 3, "--out", out), out


def test_train_a_vae(trained):
    status, out, err = trained[0]
    assert status == 0
    assert err == ""
    assert "100 rows of digits to train on, 25 to test on" in out
    for epoch in (1, 2, 3):
        line = rf"epoch   {epoch}/3  loss \S+  reconstruction \S+  kl \S+  validation \S+"
        assert re.search(line, out)
    assert re.search(r"  \d+ s left$", out, re.MULTILINE)
    loss, reconstruction, kl, per_feature = map(
        float, re.search(r"test loss (\S+) nats .*on (\S+), kl (\S+)\), (\S+) per feature", out)
    .groups())  # fmt: skip
    assert loss == pytest.approx(reconstruction + kl, abs=2e-4)
    assert per_feature == pytest.approx(loss / 784, abs=1e-5)


def test_train_draws_and_saves(trained):
    _, folder = trained
    pictures = ["codes", "loss", "loss_parts", "manifold", "reconstructions", "samples"]
    files = ["checkpoint.npz", "model.npz", *(f"{name}.png" for name in pictures)]
    assert names(folder) == sorted(files)
    for name in pictures:
        assert_picture(folder / f"{name}.png")
    for name in ("model.npz", "checkpoint.npz"):
        model = minivae.load(folder / name)
        assert model.n_latent == 2
        assert model.history_["epoch"] == [1, 2, 3]


def test_a_film_of_the_codes(tmp_path):
    done = run(*VAE, "--epochs", 3, "--film", "--out", tmp_path)
    assert done.status == 0
    with Image.open(tmp_path / "codes.gif") as film:
        assert film.n_frames == 3


@pytest.mark.parametrize("options", [("--latent", 1), ("--data", "patches")])
def test_what_cannot_be_filmed_is_not_trained(tmp_path, options):
    done = run("train", "vae", "--film", *options, "--out", tmp_path / "run")
    assert done.status == 2
    assert done.err.startswith("minivae train: --film shows classes in a plane: it needs digits or")
    assert not (tmp_path / "run").exists()


def test_one_seed_one_model(trained, monkeypatch, tmp_path):
    monkeypatch.setattr(train, "draw", lambda *args: None)
    run(*VAE, "--epochs", 3, "--out", tmp_path / "same")
    run(*VAE, "--epochs", 3, "--out", tmp_path / "other", "--seed", 1)
    first, same, other = map(saved, (trained[1], tmp_path / "same", tmp_path / "other"))
    for name, value in first.items():
        np.testing.assert_array_equal(same[name], value)
        if name.endswith(".W"):
            assert not np.array_equal(other[name], value)
    # no digit has ink in its corner: these weights are as they were drawn
    assert np.all(first["params/encoder.0.W"][0] != other["params/encoder.0.W"][0])


def test_a_run_that_was_stopped_and_resumed_ends_bit_identical(trained, monkeypatch, tmp_path):
    monkeypatch.setattr(train, "draw", lambda *args: None)

    def stop(self, x, **options):
        if next(calls) == 10:  # in the middle of the third epoch
            raise KeyboardInterrupt
        return loss_and_grads(self, x, **options)

    calls, loss_and_grads = count(), minivae.VAE.loss_and_grads
    with monkeypatch.context() as patch:
        patch.setattr(minivae.VAE, "loss_and_grads", stop)
        stopped = run(*VAE, "--epochs", 3, "--out", tmp_path)
    assert stopped.status == 130
    assert stopped.err == "stopped\n"
    assert names(tmp_path) == ["checkpoint.npz"]
    resumed = run(*VAE, "--epochs", 3, "--out", tmp_path, "--resume")
    assert resumed.status == 0
    assert re.findall(r"epoch +(\d)/3", resumed.out) == ["3"]
    first, second = saved(trained[1]), saved(tmp_path)
    assert first.keys() == second.keys()
    for name, value in first.items():
        np.testing.assert_array_equal(second[name], value)


def test_more_epochs_can_be_asked_for(trained, monkeypatch, tmp_path):
    monkeypatch.setattr(train, "draw", lambda *args: None)
    shutil.copy(trained[1] / "checkpoint.npz", tmp_path)
    done = run(*VAE, "--epochs", 4, "--out", tmp_path, "--resume")
    assert done.status == 0
    assert minivae.load(tmp_path / "model.npz").history_["epoch"] == [1, 2, 3, 4]


def test_nothing_to_resume(tmp_path):
    done = run("train", "ae", "--resume", "--out", tmp_path / "none")
    path = tmp_path / "none" / "checkpoint.npz"
    message = f"minivae train: there is nothing to resume: {path} does not exist\n"
    assert done == (2, "", message)
    assert names(tmp_path) == []


def test_another_model_is_not_resumed(trained, tmp_path):
    shutil.copy(trained[1] / "checkpoint.npz", tmp_path)
    before = (tmp_path / "checkpoint.npz").read_bytes()
    for other in (("--hidden", 9), ("--latent", 3), ("--samples", 90)):
        done = run(*VAE, "--epochs", 4, *other, "--out", tmp_path, "--resume")
        assert done.status == 2
        assert done.err.startswith("minivae train: ")
        assert done.err.count("\n") == 1
    assert (tmp_path / "checkpoint.npz").read_bytes() == before


def test_train_an_autoencoder_on_patches(tmp_path):
    done = run(
        *("train", "ae", "--data", "patches", "--samples", 200, "--likelihood", "squared_error"),
        *("--latent", 5, "--epochs", 2, "--out", tmp_path),
    )
    assert done.status == 0
    assert "200 rows of patches to train on, 50 to test on\nAutoencoder(" in done.out
    assert re.search(r"test loss [\d.]+ squared error per example, [\d.]+ per feature", done.out)
    expected = ["checkpoint.npz", "loss.png", "model.npz", "reconstructions.png"]
    assert names(tmp_path) == expected
    assert type(minivae.load(tmp_path / "model.npz")) is minivae.Autoencoder


@pytest.mark.parametrize("kind", ["ae", "vae"])
@pytest.mark.parametrize("likelihood", train.LIKELIHOODS)
def test_every_likelihood(monkeypatch, tmp_path, kind, likelihood):
    monkeypatch.setattr(train, "draw", lambda *args: None)
    done = run(
        *("train", kind, "--data", "patches", "--samples", 40, "--batch-size", 40, "--epochs", 1),
        *("--latent", 1, "--likelihood", likelihood, "--dtype", "float64", "--out", tmp_path),
    )
    assert done.status == 0
    model = minivae.load(tmp_path / "model.npz")
    name = {"gaussian_predicted": "gaussian"}.get(likelihood, likelihood)
    assert model.likelihood.name == name
    assert model.dtype == np.float64
    assert ("nats per example" in done.out) == (likelihood != "squared_error")


def test_options_reach_the_model(monkeypatch, tmp_path):
    monkeypatch.setattr(train, "draw", lambda *args: None)
    seen, fit = [], minivae.VAE.fit

    def spy(self, X, **options):
        seen.append(options)
        return fit(self, X, **options)

    monkeypatch.setattr(minivae.VAE, "fit", spy)
    done = run(
        *(*VAE, "--hidden", 6, 5, "--activation", "tanh", "--init", "fan_in"),
        *("--beta", 4, "--latent", 3),
        *("--learning-rate", 0.02, "--epochs", 2, "--patience", 1, "--out", tmp_path),
    )
    assert done.status == 0
    config = minivae.load(tmp_path / "model.npz").config
    expected = {
        "hidden": [6, 5],
        "activation": "tanh",
        "init": "fan_in",
        "beta": 4.0,
        "n_latent": 3,
    }
    assert {name: config[name] for name in expected} == expected
    assert config["dtype"] == "float32"
    assert seen[0]["optimizer"].learning_rate == 0.02
    assert seen[0]["batch_size"] == 30
    assert any(isinstance(each, minivae.EarlyStopping) for each in seen[0]["callbacks"])


def test_the_model_that_patience_keeps_is_the_best(monkeypatch, tmp_path):
    monkeypatch.setattr(train, "draw", lambda *args: None)
    done = run(
        *(*VAE, "--learning-rate", 0.3, "--epochs", 30, "--patience", 2, "--out", tmp_path),
    )
    assert done.status == 0
    model = minivae.load(tmp_path / "model.npz")
    losses = model.history_["val_loss"]
    assert 3 <= len(losses) < 30
    test = data.load_split("digits", n_train=100, rng=0).test
    assert loop.evaluate(model, test)["loss"] == pytest.approx(min(losses), rel=1e-6)
    assert min(losses) < losses[-1]


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_a_loss_that_diverges_is_one_line(tmp_path):
    done = run(
        *("train", "ae", "--samples", 50, "--batch-size", 50, "--likelihood", "squared_error"),
        *("--learning-rate", 1e30, "--epochs", 9, "--out", tmp_path),
    )
    assert done.status == 2
    assert re.fullmatch(
        r"minivae train: the loss of 32 rows is .* training diverges; .*\n", done.err
    )


# Data sets by name


def test_drawn_data_are_split():
    digits = data.load_split("digits", n_train=20)
    assert digits.train.shape == (20, 784)
    assert digits.test.shape == (5, 784)
    assert len(digits.test_labels) == 5
    patches = data.load_split("patches", n_train=3)
    assert patches.train.shape == (3, 64)
    assert patches.test.shape == (1, 64)
    assert patches.test_labels is None
    drawn = minivae.datasets.digits(25, rng=0)
    np.testing.assert_array_equal(np.concatenate([digits.train, digits.test]), drawn.images)
    np.testing.assert_array_equal(digits.test_labels, drawn.labels[20:])


def test_how_many_rows_there_are_by_default():
    split = data.load_split("patches")
    assert (len(split.train), len(split.test)) == (10_000, 2500)


def test_mnist_has_its_own_test_set(monkeypatch):
    def mnist(split):
        n = {"train": 12, "test": 7}[split]
        return np.full((n, 784), n, np.uint8), np.arange(n)

    monkeypatch.setattr(data.datasets, "mnist", mnist)
    split = data.load_split("mnist", n_train=5)
    assert split.train.shape == (5, 784)
    assert split.test.shape == (7, 784)
    assert split.test_labels.tolist() == list(range(7))
    with pytest.raises(ValueError, match="n_train must be between 1 and n_samples=12, got 13"):
        data.load_split("mnist", n_train=13)


@pytest.mark.parametrize("name", ["digits", "mnist", "patches"])
@pytest.mark.parametrize("n", [0, -3])
def test_no_rows(monkeypatch, name, n):
    monkeypatch.setattr(data.datasets, "mnist", lambda split: (np.ones((9, 784)), np.ones(9)))
    with pytest.raises(ValueError, match=rf"n_train must be .*, got {n}"):
        data.load_split(name, n_train=n)


def test_no_such_data():
    with pytest.raises(ValueError, match="data must be one of digits, mnist, patches, got 'cifar'"):
        data.load_split("cifar")


def test_mnist_that_is_nowhere(monkeypatch, tmp_path):
    monkeypatch.setattr(mnist_files, "MIRRORS", ("http://127.0.0.1:9/",))  # nobody listens
    monkeypatch.setattr(download, "TIMEOUT", 0.3)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("MINIVAE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MINIVAE_DATA", raising=False)
    done = run("train", "vae", "--data", "mnist", "--out", tmp_path / "run")
    assert done.status == 2
    assert "set the environment variable MINIVAE_DATA to this folder" in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif("MINIVAE_DATA" not in os.environ, reason="needs MNIST: MINIVAE_DATA is not set")
def test_verify_on_mnist():
    done = run("verify", "--data", "mnist", "--latent", 2, "--samples", 100)
    assert done.status == 0
    assert "100 rows of mnist with 784 features, 2 latents" in done.out


# prove


def test_prove_lists_all_claims():
    done = run("prove", "--list")
    assert done.status == 0
    for each in claims.all_claims().values():
        assert f"  {each.name}: {each.statement} [{each.source}]\n" in done.out
        assert f"\n\n{each.family.replace('_', ' ')}\n" in f"\n{done.out}"


def test_prove_lists_a_family():
    for arguments in (["linear-autoencoder"], ["--list", "linear-autoencoder"]):
        done = run("prove", *arguments)
        assert done.status == 0
        assert done.out.startswith("\nlinear autoencoder\n  ")
        assert done.out.count("\n  ") == len(claims.find_family("linear-autoencoder"))
    assert run("prove", "--list", "nothing").status == 1


def test_prove_one(tmp_path):
    done = run("prove", "adam-constant-gradient", "--out", tmp_path / "new")
    claim = claims.find_claim("adam-constant-gradient")
    assert done.status == 0
    assert done.out.startswith(f"{claim.statement} [{claim.source}]\n\n{claim.derivation}\n\nok ")
    assert names(tmp_path / "new") == ["adam-constant-gradient.png"]
    assert_picture(tmp_path / "new" / "adam-constant-gradient.png")


def test_prove_suggests_a_name():
    done = run("prove", "adam-constant-gradients")
    assert done.status == 2
    assert done.err.startswith(
        "minivae prove: name must be that of a claim, and there is no claim "
        "'adam-constant-gradients'; did you mean adam-constant-"
    )
    assert done.err.count("\n") == 1
    assert run("prove", "@").err.endswith("'@'; prove --list names them all\n")


def claim_of(name, measured, draw=None):
    outcome = claims.Outcome(exact=[1.0, 2.0], measured=measured, tolerance=0.1, draw=draw)
    return claims.Claim(name, "family", f"{name} is claimed", "us", lambda: outcome)


@pytest.mark.parametrize("holds", [True, False])
def test_prove_all(monkeypatch, tmp_path, holds):
    drawn = []
    second = claim_of("second", [1, 2] if holds else [1, 3], drawn.append)
    table = {"first": claim_of("first", [1, 2]), "second": second}
    monkeypatch.setattr(prove, "all_claims", lambda: table)
    done = run("prove", "--out", tmp_path)
    assert done.status == (0 if holds else 1)
    assert "ok      first: first is claimed [us]\n        measured 1 == exact 1" in done.out
    assert f"{1 + holds} of 2 claims hold, 0 s" in done.out
    assert done.out.endswith("\nFAILED  second\n") == (not holds)
    assert names(tmp_path) == ["first.png", "second.png"]
    (ax,) = drawn
    assert ax.get_title() == "second is claimed"
    for name in names(tmp_path):
        assert_picture(tmp_path / name)


def test_prove_one_that_fails(monkeypatch):
    monkeypatch.setattr(prove, "find_claim", lambda name: claim_of(name, [1, 3]))
    done = run("prove", "third")
    assert done.status == 1
    assert "FAILED  third: third is claimed" in done.out
    assert "measured 3 == exact 2, tolerance 1.0e-01" in done.out


# --help


COMMANDS = ("tour", "verify", "gradcheck", "train", "prove")


def examples(*command):
    """Return the arguments of every example that ``--help`` shows."""
    done = run(*command, "--help")
    assert done.status == 0
    _, text = re.split(r"^examples?:$", done.out, flags=re.MULTILINE)
    lines = re.findall(r"^  minivae (.+?)(?:  +.*)?$", text, re.MULTILINE)
    return [shlex.split(line) for line in lines]


def test_help_names_every_command():
    out = run("--help").out
    for command in COMMANDS:
        assert re.search(rf"^    {command}\b", out, re.MULTILINE)
    assert {example[0] for example in examples()} >= set(COMMANDS)


def test_every_example_can_be_parsed():
    parser = cli._parser()
    commands = re.findall(r"^    (\w+)", run("--help").out, re.MULTILINE)
    assert set(COMMANDS) <= set(commands)
    for command in commands:
        (example,) = examples(command)
        assert example[0] == command
        assert parser.parse_args(example).command == command
    for example in examples():
        parser.parse_args(example)


QUICK = {
    "verify": ["--samples", "30"],
    "gradcheck": [],
    "train": ["--samples", "60", "--batch-size", "30", "--epochs", "2"],
    "prove": [],
}


@pytest.mark.parametrize("command", QUICK)
def test_examples_work(command, monkeypatch, tmp_path, few_entries):
    """With less to do; and the tour's is above."""
    monkeypatch.chdir(tmp_path)
    own = [example for example in examples() if example[0] == command]
    own += [example for example in examples(command) if example not in own]
    for example in own:
        done = run(*example, *QUICK[command])
        assert done.status == 0, done.err
        assert done.out


def test_choices_are_those_of_the_library():
    out = run("train", "--help").out
    assert "{" + ",".join(train.LIKELIHOODS) + "}" in out
    assert "{" + ",".join(data.DEFAULTS) + "}" in out


# Wrong arguments


AE = ("train", "ae", "--samples", 50, "--batch-size", 10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "the following arguments are required: command"),
        (("tours",), "argument command: invalid choice: 'tours'"),
        (("tour", "--fast"), "unrecognized arguments: --fast"),
        (("tour", "--seed", -1), "argument --seed: must be at least 0, got -1"),
        (("gradcheck", "--seed", "x"), "argument --seed: must be an integer, got 'x'"),
        (("train",), "the following arguments are required: kind"),
        (("train", "gan"), "argument kind: invalid choice: 'gan'"),
        (("train", "ae", "--data", "cifar"), "argument --data: invalid choice: 'cifar'"),
        (("train", "ae", "--epochs", 0), "argument --epochs: must be at least 1, got 0"),
        (("train", "ae", "--epochs", 1.5), "argument --epochs: must be an integer, got '1.5'"),
        (("train", "ae", "--batch-size", 0), "argument --batch-size: must be at least 1, got 0"),
        (("train", "ae", "--latent", -2), "argument --latent: must be at least 1, got -2"),
        (("train", "ae", "--hidden", 9, 0), "argument --hidden: must be at least 1, got 0"),
        (("train", "ae", "--patience", 0), "argument --patience: must be at least 1, got 0"),
        (("train", "ae", "--samples", 0), "argument --samples: must be at least 1, got 0"),
        (("train", "ae", "--dtype", "float16"), "argument --dtype: invalid choice: 'float16'"),
        (("train", "ae", "--likelihood", "t"), "argument --likelihood: invalid choice: 't'"),
        ((*AE, "--activation", "gelu"), "activation must be one of .* got 'gelu'"),
        ((*AE, "--learning-rate", 0), r"learning_rate must be in \(0, inf\), got 0.0"),
        ((*AE, "--learning-rate", "nan"), r"learning_rate must be in \(0, inf\), got nan"),
        ((*AE, "--beta", 4), "--beta is for vae, got 4.0 for ae"),
        ((*AE, "--samples", "10000000000000"), "argument --samples: must be at most 1000000000"),
        ((*AE, "--hidden", "100000000000"), "argument --hidden: must be at most 1000000000"),
        (("train", "vae", *AE[2:], "--beta", -1), r"beta must be in \[0, inf\), got -1.0"),
        (
            ("verify", "--samples", 100, "--latent", 64),
            "n_latent must be between 1 and n_features-1=63, got 64",
        ),
        (
            ("verify", "--samples", 5, "--latent", 4),
            "n_latent must leave variance to discard, got 4, and 4 axes hold all variance of X",
        ),
        (("verify", "--model", "gan"), "argument --model: invalid choice: 'gan'"),
        (
            ("verify", "--model", "vae", "--bias"),
            "--bias and --out are for --model autoencoder, got --model vae",
        ),
        (
            ("verify", "--model", "vae", "--out", "x"),
            "--bias and --out are for --model autoencoder, got --model vae",
        ),
    ],
)
def test_wrong_arguments_are_one_line(arguments, message, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.status == 2
    *usage, last = done.err.splitlines()
    assert re.match(rf"minivae.*: {message}", last)
    assert not usage or usage[0].startswith("usage: minivae")  # then argparse found it
    assert list(tmp_path.rglob("*.npz")) == []


@pytest.mark.parametrize(
    "command",
    [("tour", "--quick"), ("verify", "--samples", 50), AE, ("prove", "adam-constant-gradient")],
    ids=lambda command: command[0],
)
def test_a_file_in_the_way_of_the_folder(tmp_path, command):
    (tmp_path / "file").write_text("kept")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        done = run(*command, "--out", out)
        assert done.status == 2
        assert f"cannot make the folder {out}: " in done.err
        assert done.err.count("\n") == 1
    assert (tmp_path / "file").read_text() == "kept"


# As a process


def start(*arguments):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": ""}  # as for users
    command = [sys.executable, *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def test_the_module_is_the_command():
    process = start("-m", "minivae", "train", "gan")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert out == ""
    assert "argument kind: invalid choice: 'gan'" in err


def test_the_entry_point_is_main():
    with open(ROOT / "pyproject.toml", "rb") as file:
        scripts = tomllib.load(file)["project"]["scripts"]
    assert scripts == {"minivae": "minivae.commands.cli:main"}
    script = "import sys; from minivae.commands.cli import main; sys.exit(main())"
    process = start("-c", script, "prove", "x")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.startswith("minivae prove: name must be that of a claim, and there is no claim 'x'")


@pytest.mark.parametrize(
    ("command", "n_lines"), [(("gradcheck",), 1), (("prove", "adam-constant-gradient"), 0)]
)
def test_whoever_reads_may_stop_reading(command, n_lines):
    """As in ``minivae gradcheck | head -1``."""
    process = start("-m", "minivae", *command)
    for _ in range(n_lines):
        assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert process.stderr.read() == ""
    process.stderr.close()
