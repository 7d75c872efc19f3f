"""Why squared error blurs, intervals, and edits: each measure where the answer is known."""

import numpy as np
import pytest

import minivae as mv
from minivae.studies import blur_measures as measures
from minivae.studies.bench import Trial
from minivae.studies.judge import Judge

TRIAL = Trial("digits", 0, None, print)
SIZE = {"n_train": 1000, "n": 200, "epochs": 15, "hidden": [64]}


@pytest.fixture(scope="module")
def found():
    return measures.vae_images(TRIAL, n_latent=2, edit=False, **SIZE)["scores"]


def test_one_of_many_alike_has_twice_the_error_of_their_mean(found):
    """E|x - x'|^2 = 2 E|x - m|^2 for two draws of one law, and |x - mean of K|^2 is 1 + 1/K."""
    one, mean = found["one of them"], found[f"mean of {measures.N_SAME} alike"]
    ratio = one["squared error"] / mean["squared error"]
    assert ratio == pytest.approx(2 / (1 + 1 / measures.N_SAME), rel=0.1)
    assert one["sharpness"] == pytest.approx(1, abs=0.1)
    assert mean["sharpness"] < 0.5


def test_the_decoded_mean_has_less_error_and_more_blur_than_a_draw(found):
    mean, draw = found["decoded mean"], found["decoded draw"]
    assert mean["squared error"] < draw["squared error"] < found["one of them"]["squared error"]
    assert mean["sharpness"] < 0.6
    assert found["drawn pixels"]["sharpness"] > 2  # grain


def test_intervals_of_normal_pixels_cover_what_they_say():
    rng = np.random.default_rng(0)
    mean = np.full((200, 784), 0.5)
    x = mean + 0.05 * rng.standard_normal(mean.shape)
    right, narrow = (measures.pixel_coverage(x, mean, sigma) for sigma in (0.05, 0.02))
    assert right["coverage"] == pytest.approx(0.9, abs=0.005)
    assert right["coverage of edges"] == pytest.approx(0.9, abs=0.005)
    assert narrow["coverage"] < 0.6


def test_ink_of_draws_of_one_law_is_covered():
    rng = np.random.default_rng(1)
    found = measures.ink_coverage(rng.random((5000, 784)), rng.random((5000, 784)))
    assert found["coverage"] == pytest.approx(0.9, abs=0.02)
    assert measures.ink_coverage(rng.random((500, 784)), np.zeros((5, 784)))["coverage"] == 0


def test_sharpness_is_one_of_the_images_themselves_and_less_of_blurred_ones():
    from minivae.studies.controls import blur

    x = mv.datasets.digits(50, rng=0).images
    assert measures.sharpness(x, x) == 1
    assert measures.sharpness(blur(x, 1.0), x) < 0.5


def test_a_shear_moves_what_is_asked_and_keeps_the_class():
    found = measures.other_images(TRIAL, latents=[2], **SIZE)
    judge = Judge("digits", 1000, 200, 0)
    own = judge.share_named(judge.held_out, judge.labels)
    for name in ("slant", "thickness"):
        edit = found["edits"]["geometry"][name]
        assert edit["moved"] == pytest.approx(1, abs=0.25)
        assert edit["class kept"] > own - 0.1
        assert found["edits"]["pixels"][name]["moved"] > 0.3
    assert found["scores"]["original"]["sharpness"] == 1
    assert found["scores"]["original"]["coverage"] == pytest.approx(0.9, abs=0.08)


def test_an_edit_of_nothing_moves_nothing():
    judge = Judge("digits", 1000, 200, 0)
    still = measures.edited(TRIAL, judge, "slant", lambda x, y, t: x, SIZE)
    assert (still["moved"], still["leak"]) == (0, 0)


def test_a_density_of_two_modes_defeats_one_normal():
    fits = {
        kind: measures.density(TRIAL, kind=kind, k=1, n_points=2000, epochs=30)
        for kind in ("truth", "mixture", "predicted")
    }
    lost = {kind: fit["nats lost"] for kind, fit in fits.items()}
    assert lost["truth"] == 0
    assert lost["mixture"] > 0.4
    assert lost["predicted"] < lost["mixture"] - 0.1
    assert fits["truth"]["coverage"] == pytest.approx(0.9, abs=0.02)
    assert fits["mixture"]["width"] > fits["truth"]["width"]
