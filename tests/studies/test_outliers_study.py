"""The study of outliers: its scores, its pair of densities, and where MNIST is looked for."""

import numpy as np
import pytest

import minivae as mv
from minivae.studies import likelihood_pair
from minivae.studies.data import mnist_is_here
from minivae.studies.judge import Judge
from minivae.studies.strangeness import BASELINES, OF_THE_VAE, Judges


@pytest.fixture(scope="module")
def judges():
    train = mv.datasets.digits(300, rng=0).images
    model = mv.VAE(784, 3, hidden=(32,), dtype=np.float32, rng=0).fit(train, epochs=3, rng=0)
    return Judges(model, train, 0)


def test_scores_are_those_of_the_library_and_baselines_need_no_vae(judges):
    X = mv.datasets.digits(40, rng=1).images
    scores = judges.score(X)
    assert list(scores) == [*OF_THE_VAE, *BASELINES]
    np.testing.assert_allclose(scores["ink"], X.sum(axis=1, dtype=float), rtol=1e-6)
    train_ink = judges.train.sum(axis=1).mean()
    np.testing.assert_allclose(scores["distance of ink"], abs(scores["ink"] - train_ink))
    exact = np.linalg.norm(X[:, None] - judges.train, axis=2).min(axis=1)
    np.testing.assert_allclose(scores["nearest image"], exact, rtol=1e-4)
    known = judges.score(judges.train[:20])
    np.testing.assert_allclose(known["nearest image"], 0, atol=1e-6)
    np.testing.assert_allclose(known["nearest code"], 0, atol=1e-3)


def test_comparing_names_every_set_and_noise_is_far(judges):
    digits = mv.datasets.digits(60, rng=2).images
    noise = np.random.default_rng(0).random((30, 784))
    found = judges.compare(digits[:30], {"digits": digits[30:], "noise": noise})
    for score in ("ELBO", "ink", "nearest image"):
        assert found["noise"][score] == {"AUROC": 1, "AUPRC": 1, "FPR80": 0}
        assert 0.2 < found["digits"][score]["AUROC"] < 0.8


def test_log_p_of_copies_is_a_density_of_black_and_white_images():
    train = np.array([[0.0, 1, 0], [1, 1, 0]])
    images = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)], float)
    log_p = likelihood_pair._log_p_of_copies(images, train)
    assert np.exp(log_p).sum() == pytest.approx(1)
    flipped = likelihood_pair.FLIP / 2
    expected = 0.5 * (1 - flipped) ** 3 + 0.5 * (1 - flipped) ** 2 * flipped
    assert np.exp(log_p[2]) == pytest.approx(expected)  # the first training image itself


def test_noise_costs_the_log_of_its_share():
    judge = Judge("digits", 300, 60, 0)
    model = mv.VAE(784, 3, hidden=(32,), dtype=np.float32, rng=0)
    model.fit(judge.train, epochs=5, rng=0)
    found = likelihood_pair.likelihood_pair(model, judge, 0)["measured"]
    vae, noisy = (found[name]["log p"] for name in (likelihood_pair.VAE, likelihood_pair.NOISY))
    assert vae - noisy == pytest.approx(np.log(100), abs=0.01)
    copies = found[likelihood_pair.COPIES]["Fréchet"]
    assert copies < min(
        found[likelihood_pair.VAE]["Fréchet"], found[likelihood_pair.NOISY]["Fréchet"]
    )


def test_mnist_is_found_where_it_lies(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIVAE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MINIVAE_DATA", raising=False)
    assert not mnist_is_here()
    monkeypatch.setenv("MINIVAE_DATA", str(tmp_path))
    (tmp_path / "t10k-images-idx3-ubyte").touch()
    assert not mnist_is_here()
    (tmp_path / "t10k-labels-idx1-ubyte.gz").touch()
    assert mnist_is_here()
