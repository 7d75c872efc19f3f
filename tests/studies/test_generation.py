"""The judge of images, and the controls that say which score can be trusted."""

import numpy as np
import pytest

import minivae as mv
from minivae.studies.classifier import Classifier, unit_length
from minivae.studies.controls import blur, controls, of_another_class, shuffle_patches
from minivae.studies.findings import Entry
from minivae.studies.generation import RANKED, misjudged
from minivae.studies.judge import N_STEPS, Judge


@pytest.fixture(scope="module")
def digits():
    return mv.datasets.digits(200, rng=0)


def test_shuffled_patches_are_the_same_pixels_elsewhere(digits):
    x = digits.images[:20]
    shuffled = shuffle_patches(x, np.random.default_rng(0))
    np.testing.assert_array_equal(np.sort(shuffled, axis=1), np.sort(x, axis=1))
    assert np.mean(np.any(shuffled != x, axis=1)) == 1
    patches = {patch.tobytes() for patch in x[0].reshape(4, 7, 4, 7).swapaxes(1, 2).reshape(16, 49)}
    for patch in shuffled[0].reshape(4, 7, 4, 7).swapaxes(1, 2).reshape(16, 49):
        assert patch.tobytes() in patches


def test_controls_are_what_their_names_say(digits):
    x, labels = digits.images, digits.labels
    sets = controls(x, labels, np.random.default_rng(0))
    assert {images.shape for images in sets.values()} == {x.shape}
    others = sets["pixels of other images"]
    np.testing.assert_array_equal(np.sort(others, axis=0), np.sort(x, axis=0))
    assert len(np.unique(sets["ten images repeated"], axis=0)) == 10
    threes = {row.tobytes() for row in x[labels == 3]}
    assert {row.tobytes() for row in sets["one class only"]} == threes
    assert abs(sets["uniform noise"].mean() - 0.5) < 0.01
    np.testing.assert_allclose(sets["blur, 2 pixels"].sum(), x.sum(), rtol=0.01)


def test_blur_spreads_a_point_by_its_standard_deviation():
    x = np.zeros((1, 784))
    x[0, 14 * 28 + 14] = 1
    rows, columns = np.divmod(np.arange(784), 28)
    image = blur(x, 1.5)[0]
    for place in (rows, columns):
        assert np.sum(image * (place - 14) ** 2) == pytest.approx(1.5**2, rel=0.01)


def test_partners_are_of_another_class(digits):
    partner = of_another_class(digits.labels, np.random.default_rng(0))
    assert np.all(digits.labels[partner] != digits.labels)


def test_the_classifier_learns_and_its_features_feed_its_last_layer(digits):
    classifier = Classifier(seed=1).fit(digits.images, digits.labels, epochs=15, batch_size=20)
    assert np.mean(classifier.predict(digits.images) == digits.labels) > 0.95
    features = classifier.features(digits.images)
    assert features.shape == (200, 64)
    assert features.min() == 0  # a rectifier's
    logits = classifier.last.forward(features)
    p = classifier.probabilities(digits.images)
    np.testing.assert_allclose(p, np.exp(logits) / np.exp(logits).sum(1, keepdims=True), rtol=1e-4)
    lengths = np.linalg.norm(unit_length(features), axis=1)
    np.testing.assert_allclose(lengths, 1, rtol=1e-6)
    assert not np.any(unit_length(np.zeros((2, 3))))


def test_a_way_starts_and_ends_at_its_images_and_cross_fading_goes_evenly():
    judge = Judge("digits", 100, 20, 0)
    a, b = judge.pairs

    def fade(a, b, t):
        return (1 - t) * a + t * b

    way = judge.way(fade, a, b)
    assert way.shape == (N_STEPS, 20, 784)
    np.testing.assert_array_equal(way[[0, -1]], [a, b])
    assert judge.score_way(fade)["largest step"] == pytest.approx(1, 1e-4)


def test_garbage_before_the_samples_is_named():
    values = {"VAE, N(0, I)": 2.0, "mixed pixels": 1.0, "uniform noise": 3.0}
    values |= dict.fromkeys(["shuffled patches", "pixels of other images"], 3.0)
    values["ten images repeated"] = 2.5
    entries = {name: Entry(name, {"Fréchet": [v], "recall": [v]}) for name, v in values.items()}
    assert misjudged(entries, "Fréchet") == ["mixed pixels"]
    assert len(misjudged(entries, "recall")) == 4


def test_the_scores_rank_images_of_known_quality():
    """Real images, blurred ones, samples of a VAE, and garbage: which score gets them right.

    The Fréchet distance of features of unit length does, and the inception score in reverse. Each
    other score prefers some garbage to the samples, or blur to real images.
    """
    judge = Judge("digits", 2000, 500, 0)
    sets = {"real, held out": judge.held_out}
    sets |= controls(judge.held_out, judge.labels, np.random.default_rng(0))
    vae = mv.VAE(784, 10, hidden=(128,), dtype=np.float32, rng=0)
    vae.fit(judge.train, epochs=40, batch_size=64, rng=0)
    sets["VAE, N(0, I)"] = vae.sample(500, 0, mean=True)
    scores = {name: judge.score(images) for name, images in sets.items()}

    order = (*RANKED, "uniform noise")
    frechet = np.array([scores[name]["Fréchet"] for name in order])
    assert np.all(frechet[1:] > 1.2 * frechet[:-1]), dict(zip(order, frechet, strict=True))
    inception = [scores[name]["inception"] for name in order]
    assert inception == sorted(inception, reverse=True)

    samples = scores["VAE, N(0, I)"]
    assert scores["uniform noise"]["confidence"] > samples["confidence"]
    assert scores["shuffled patches"]["recall"] > samples["recall"]
    assert scores["ten images repeated"]["precision"] > 2 * samples["precision"]
    assert scores["ten images repeated"]["inception"] > samples["inception"]
    assert scores["ten images repeated"]["recall"] < 0.05
    assert scores["one class only"]["Fréchet"] > scores["shuffled patches"]["Fréchet"]
    plain = {name: score["Fréchet, plain"] for name, score in scores.items()}
    assert plain["pixels of other images"] < plain["shuffled patches"]
