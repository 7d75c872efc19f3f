import numpy as np
import pytest
from helpers import SEEDS, frozen
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from scipy.stats import entropy

from minivae.diagnostics import frechet_distance, inception_score, precision_and_recall

# Fréchet distance


@given(seed=SEEDS, n=st.integers(6, 30), m=st.integers(6, 30), n_dims=st.integers(1, 5))
def test_frechet_distance_is_that_of_scipys_matrix_root(seed, n, m, n_dims):
    rng = np.random.default_rng(seed)
    mixing = rng.standard_normal((n_dims, n_dims))
    a, b = frozen(rng.standard_normal((n, n_dims)) @ mixing, 2 + rng.standard_normal((m, n_dims)))
    Ca, Cb = (
        np.cov(a, rowvar=False).reshape(-1, n_dims),
        np.cov(b, rowvar=False).reshape(-1, n_dims),
    )
    shift = np.mean(a, axis=0) - np.mean(b, axis=0)
    expected = np.sum(shift**2) + np.trace(Ca + Cb - 2 * np.real(sqrtm(Ca @ Cb)))
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert frechet_distance(b, a) == pytest.approx(frechet_distance(a, b), rel=1e-9, abs=1e-9)


def test_frechet_distance_of_known_gaussians():
    """In one dimension it is ``(m1 - m2)^2 + (s1 - s2)^2``."""
    z = np.array([[-1.0], [1.0], [0.0], [-2.0], [2.0]])
    s = z.std(ddof=1)
    assert frechet_distance(z, z) == pytest.approx(0, abs=1e-12)
    assert frechet_distance(z, 3 * z + 5) == pytest.approx(25 + (2 * s) ** 2)


def test_frechet_distance_takes_features_that_never_vary():
    """A dead unit makes both covariances singular."""
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 20, 3))
    dead = np.zeros((20, 2))
    with_dead = frechet_distance(np.hstack([a, dead]), np.hstack([b, dead]))
    assert with_dead == pytest.approx(frechet_distance(a, b), rel=1e-6)


# Precision and recall


@given(seed=SEEDS, n=st.integers(4, 12), m=st.integers(4, 12), k=st.integers(1, 3))
def test_precision_and_recall_are_those_of_brute_force(seed, n, m, k):
    rng = np.random.default_rng(seed)
    real, generated = rng.standard_normal((n, 2)), 1.5 * rng.standard_normal((m, 2))

    def share(points, centres):
        inside = 0
        for point in points:
            for i, centre in enumerate(centres):
                others = np.delete(centres, i, axis=0)
                radius = sorted(np.linalg.norm(others - centre, axis=1))[k - 1]
                if np.linalg.norm(point - centre) <= radius:
                    inside += 1
                    break
        return inside / len(points)

    found = precision_and_recall(real, generated, n_neighbours=k)
    assert found == (share(generated, real), share(real, generated))


def test_precision_and_recall_of_half_the_data_and_of_garbage():
    rng = np.random.default_rng(0)
    real = np.concatenate([rng.standard_normal((200, 3)), 50 + rng.standard_normal((200, 3))])
    half = rng.standard_normal((400, 3))
    precision, recall = precision_and_recall(real, half)
    assert precision > 0.8
    assert 0.4 < recall <= 0.5
    assert precision_and_recall(real, half - 100) == (0, 0)


def test_precision_works_in_blocks(monkeypatch):
    rng = np.random.default_rng(1)
    real, generated = rng.standard_normal((40, 3)), rng.standard_normal((30, 3))
    whole = precision_and_recall(real, generated)
    monkeypatch.setattr("minivae.diagnostics.samples.NUMBERS", 700)
    assert precision_and_recall(real, generated) == whole


# Inception score


@given(seed=SEEDS, n=st.integers(1, 8), n_classes=st.integers(2, 5))
def test_inception_score_is_the_exponent_of_the_mean_divergence(seed, n, n_classes):
    p = np.random.default_rng(seed).dirichlet(np.full(n_classes, 0.3), n)
    divergence = np.mean([entropy(row, p.mean(axis=0)) for row in p])
    assert inception_score(p) == pytest.approx(np.exp(divergence), rel=1e-9)


def test_inception_score_counts_classes():
    assert inception_score(np.eye(4)) == pytest.approx(4)
    assert inception_score(np.eye(4)[[0, 1, 0, 1]]) == pytest.approx(2)
    assert inception_score(np.full((3, 4), 0.25)) == pytest.approx(1)


# Bad input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: frechet_distance(np.ones((1, 2)), np.ones((3, 2))), "number of features must be"),
        (lambda: frechet_distance(np.ones((3, 2)), np.ones((1, 2))), "number of others must be"),
        (
            lambda: frechet_distance(np.ones((3, 2)), np.ones((3, 1))),
            "others must have n_features=2",
        ),
        (lambda: precision_and_recall(np.ones((3, 2)), np.ones((9, 2))), "n_neighbours must be"),
        (lambda: inception_score([[0.5, 0.4]]), "must add up to 1 in each row, got 0.9 in row 0"),
        (lambda: inception_score([[1.5, -0.5]]), r"probabilities must lie in \[0, 1\]"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
