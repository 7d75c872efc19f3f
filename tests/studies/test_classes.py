"""Neighbours, logistic regression and clusters, each against brute force or SciPy."""

from itertools import combinations

import numpy as np
import pytest
from helpers import SEEDS
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import check_grad
from scipy.special import log_softmax

import minivae as mv
from minivae.studies.clusters import adjusted_rand_index, k_means, purity
from minivae.studies.neighbours import nearest, vote
from minivae.studies.softmax import (
    cross_entropy,
    cross_entropy_backward,
    logistic_regression,
    softmax,
)


@given(seed=SEEDS, n=st.integers(1, 30), k=st.integers(1, 5))
def test_nearest_are_those_of_brute_force(seed, n, k):
    rng = np.random.default_rng(seed)
    points, others = rng.standard_normal((n, 3)) + 50, rng.standard_normal((12, 3)) + 50
    distances = np.linalg.norm(points[:, None] - others, axis=2)
    np.testing.assert_array_equal(nearest(points, others, k), np.argsort(distances)[:, :k])


def test_nearest_works_in_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    points, others = rng.standard_normal((50, 4)), rng.standard_normal((20, 4))
    whole = nearest(points, others, 3)
    monkeypatch.setattr("minivae.studies.neighbours.NUMBERS", 70)
    np.testing.assert_array_equal(nearest(points, others, 3), whole)


def test_fewer_examples_than_neighbours_are_refused():
    with pytest.raises(ValueError, match="k must be between 1 and the number of others=3, got 5"):
        nearest(np.zeros((1, 2)), np.zeros((3, 2)), 5)


def test_a_vote_goes_to_most_and_a_tie_to_the_nearer():
    codes, point = np.arange(1.0, 22)[:, None], np.zeros((1, 1))
    few = codes[:6]
    assert vote(few, np.array([1, 1, 0, 0, 0, 1]), point, k=5) == [0]  # 3 against 2
    assert vote(few, np.array([1, 0, 1, 0, 2, 0]), point, k=5) == [1]  # 2, 2, 1
    assert vote(few, np.array([0, 1, 0, 1, 2, 1]), point, k=5) == [0]
    assert vote(few, np.array([2, 1, 1, 2, 3, 3]), point, k=1) == [2]
    assert vote(codes, np.repeat([1, 0], [10, 11]), point, k=21) == [0]  # 11 against 10


@given(seed=SEEDS, n=st.integers(1, 5), n_classes=st.integers(2, 6))
def test_cross_entropy_is_scipys_and_its_gradient_is_right(seed, n, n_classes):
    rng = np.random.default_rng(seed)
    logits, labels = 3 * rng.standard_normal((n, n_classes)), rng.integers(n_classes, size=n)
    expected = log_softmax(logits, axis=1)
    np.testing.assert_allclose(softmax(logits), np.exp(expected), atol=1e-14)
    rows = np.arange(n)
    np.testing.assert_allclose(cross_entropy(logits, labels), -expected[rows, labels], atol=1e-13)
    report = mv.check_gradients(
        lambda a: cross_entropy(a, labels),
        logits,
        backward=lambda a, dy: cross_entropy_backward(a, labels, dy),
        rng=seed,
    )
    assert report.ok, report


def test_cross_entropy_does_not_overflow():
    assert cross_entropy(np.array([[1e4, -1e4]]), np.array([1])) == [2e4]


def test_logistic_regression_finds_the_least_of_its_loss(monkeypatch):
    """The gradient that L-BFGS gets is that of the loss, and it ends where that is zero."""
    rng = np.random.default_rng(0)
    x, labels = rng.standard_normal((40, 3)), rng.integers(3, size=40)
    seen = []
    from scipy import optimize

    right = optimize.minimize

    def spy(function, start, **options):
        found = right(function, start, **options)
        theta = rng.standard_normal(start.shape)
        seen.append(check_grad(lambda t: function(t)[0], lambda t: function(t)[1], theta))
        seen.append(np.abs(found.jac).max())
        return found

    monkeypatch.setattr(optimize, "minimize", spy)
    guessed = logistic_regression(x, labels, x, n_classes=3)
    assert seen[0] < 1e-4
    assert seen[1] < 1e-2
    assert np.mean(guessed == labels) > np.bincount(labels).max() / 40


def test_logistic_regression_does_not_depend_on_units():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((60, 4))
    labels = (x[:, 0] + 0.3 * rng.standard_normal(60) > 0).astype(int)
    guessed = logistic_regression(x[:40], labels[:40], x[40:], n_classes=2)
    assert np.mean(guessed == labels[40:]) > 0.8
    again = logistic_regression(1000 * x[:40] + 7, labels[:40], 1000 * x[40:] + 7, n_classes=2)
    np.testing.assert_array_equal(again, guessed)


PARTITIONS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=2, max_size=12)


@given(PARTITIONS)
def test_the_rand_index_counts_pairs(pairs):
    clusters, labels = map(np.array, zip(*pairs, strict=True))
    together = np.array(
        [
            (clusters[i] == clusters[j], labels[i] == labels[j])
            for i, j in combinations(range(len(pairs)), 2)
        ]
    )
    a, b = together.T
    expected, most = a.sum() * b.mean(), (a.sum() + b.sum()) / 2
    index = (np.sum(a & b) - expected) / (most - expected) if most != expected else 1
    assert adjusted_rand_index(clusters, labels) == pytest.approx(index)


@given(PARTITIONS)
def test_purity_counts_the_commonest_class_of_each_cluster(pairs):
    clusters, labels = map(np.array, zip(*pairs, strict=True))
    right = sum(
        max(np.sum(labels[clusters == cluster] == label) for label in range(3))
        for cluster in set(clusters)
    )
    assert purity(clusters, labels) == right / len(labels)


def test_k_means_finds_clusters_that_are_far_apart():
    rng = np.random.default_rng(0)
    centres = 20 * rng.standard_normal((10, 5))
    labels = rng.permutation(np.arange(300) % 10)
    x = centres[labels] + rng.standard_normal((300, 5))
    clusters = k_means(x[:200], x[200:], seed=3)
    assert adjusted_rand_index(clusters, labels[200:]) == 1
    assert purity(clusters, labels[200:]) == 1
