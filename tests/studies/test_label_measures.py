"""Models that know the mean of each class, and what a conditional VAE is measured by."""

import numpy as np
import pytest
from scipy import stats

from minivae.studies import label_measures as measures
from minivae.studies.bench import Trial
from minivae.studies.class_means import ClassGaussian, ClassMeans
from minivae.studies.judge import Judge


@pytest.fixture(scope="module")
def two_classes():
    """Return black and white pixels of two classes, and their labels."""
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 2
    p = np.where(labels[:, None], [0.9, 0.5, 0.2], [0.3, 0.5, 0.6])
    return (rng.random(p.shape) < p).astype(float), labels


def test_class_means_are_independent_bernoullis(two_classes):
    X, labels = two_classes
    model = ClassMeans().fit(X, labels)
    nats = model.log_likelihoods(X)
    for c in (0, 1):
        p = X[labels == c].mean(axis=0)
        np.testing.assert_allclose(nats[:, c], stats.bernoulli(p).logpmf(X).sum(axis=1))
        np.testing.assert_allclose(model.reconstruct(X, labels)[labels == c], [p] * 200)


def test_class_means_stay_finite_where_a_pixel_never_changes(two_classes):
    X, labels = two_classes
    model = ClassMeans().fit(np.zeros_like(X), labels)
    assert np.all(np.isfinite(model.log_likelihoods(X)))


def test_the_linear_model_is_a_normal_for_each_class():
    rng = np.random.default_rng(1)
    labels = rng.integers(3, size=500)
    means, W = 2 * rng.standard_normal((3, 5)), rng.standard_normal((2, 5))
    X = means[labels] + rng.standard_normal((500, 2)) @ W + 0.3 * rng.standard_normal((500, 5))
    model = ClassGaussian(2).fit(X, labels)
    centres = np.array([X[labels == c].mean(axis=0) for c in range(3)])
    covariance = model.within.W_.T @ model.within.W_ + model.within.noise_variance_ * np.eye(5)
    expected = [stats.multivariate_normal(each, covariance).logpdf(X) for each in centres]
    np.testing.assert_allclose(model.log_likelihoods(X), np.transpose(expected))
    own = model.log_likelihoods(X)[np.arange(500), labels].mean()
    for shift in (0.01, -0.01):  # its own means and covariance are the best
        moved = stats.multivariate_normal(np.zeros(5), covariance).logpdf(
            X - centres[labels] + shift
        )
        assert moved.mean() < own
    samples = model.sample(np.repeat([0, 1], 20_000), 0)
    np.testing.assert_allclose(samples[:20_000].mean(axis=0), centres[0], atol=0.1)
    np.testing.assert_allclose(
        np.cov(samples[20_000:], rowvar=False), model.within.W_.T @ model.within.W_, atol=0.15
    )
    again = model.reconstruct(X, labels)
    assert np.sum((again - X) ** 2) < 0.2 * np.sum((centres[labels] - X) ** 2)


def test_a_conditional_vae_draws_the_class_it_is_asked_for():
    """One training: a label moves the image, and each number is what its name says."""
    size = {"n_train": 1000, "n": 200, "epochs": 30, "hidden": [64]}
    trial = Trial("digits", 0, None, print)
    ours = measures.conditional(trial, n_latent=2, **size)
    theirs = measures.unconditional(trial, n_latent=2, **size)
    means = measures.class_means(trial, **size)
    assert ours["ELBO"] == pytest.approx(-ours["KL"] - ours["reconstruction"])
    assert ours["ELBO"] > max(theirs["ELBO"], means["ELBO"])
    assert ours["no label"] < ours["ELBO"] + 0.1  # log p(x) < log p(x | y) on average
    assert ours["named"] > 0.9
    assert ours["changed"] > 0.8
    assert ours["accuracy"] > 0.6
    assert ours["probe"] < theirs["probe"]  # the code need not hold the class
    assert measures.real_images(trial, **size)["Fréchet"] < ours["Fréchet"]
    grid = ours["grid"].reshape(10, measures.N_STYLES, 784)
    judge = Judge("digits", 1000, 200, 0)
    assert (
        np.mean([judge.share_named(row, np.full(len(row), c)) for c, row in enumerate(grid)]) > 0.8
    )


def test_a_uniform_guess_is_right_in_a_tenth():
    trial = Trial("digits", 0, None, print)
    size = {"n_train": 200, "n": 2000}
    assert measures.classifier(trial, kind="uniform guess", **size)["accuracy"] == pytest.approx(
        0.1, abs=0.03
    )


def test_labels_that_are_swapped_are_never_the_own_ones_and_all_come_up():
    y = np.arange(90) % 10
    swapped = measures.another(y)
    assert np.all(swapped != y)
    assert np.all(np.bincount(swapped, minlength=10) == 9)
