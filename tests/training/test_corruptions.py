"""Corruptions: what they do to each value, in training and when a run is resumed."""

import numpy as np
import pytest
import scipy.stats

import minivae as mv
from minivae import Autoencoder, Checkpoint
from minivae.training import corruptions

X = np.random.default_rng(0).uniform(0.2, 0.8, (20, 5))
MANY = np.tile(X, (2000, 1))  # (40000, 5)
EACH = [corruptions.gaussian(0.3), corruptions.masking(0.3), corruptions.salt_and_pepper(0.3)]


def test_gaussian_noise_is_normal():
    noise = corruptions.gaussian(0.3)(MANY, np.random.default_rng(1)) - MANY
    assert scipy.stats.kstest(noise.ravel(), "norm", args=(0, 0.3)).pvalue > 1e-3
    covariance = np.cov(noise, rowvar=False)  # an entry's s.e. is at most sqrt(2 / n) sigma^2
    np.testing.assert_allclose(covariance, 0.09 * np.eye(5), atol=5 * 0.09 * np.sqrt(2 / len(MANY)))


@pytest.mark.parametrize("p", [0.0, 0.05, 0.4, 1.0])
def test_masking_sets_a_share_to_zero_and_leaves_the_rest(p):
    noisy = corruptions.masking(p)(MANY, np.random.default_rng(2))
    gone = noisy == 0
    np.testing.assert_array_equal(noisy[~gone], MANY[~gone])  # not rescaled
    assert scipy.stats.binomtest(int(gone.sum()), gone.size, p).pvalue > 1e-3
    # columns are hit independently of each other
    both = int(np.sum(gone[:, 0] & gone[:, 1]))
    assert scipy.stats.binomtest(both, len(gone), p**2).pvalue > 1e-3


@pytest.mark.parametrize("p", [0.0, 0.05, 0.4, 1.0])
def test_salt_and_pepper_are_equally_many(p):
    noisy = corruptions.salt_and_pepper(p)(MANY, np.random.default_rng(3))
    salt, pepper = noisy == 1, noisy == 0
    rest = ~(salt | pepper)
    np.testing.assert_array_equal(noisy[rest], MANY[rest])
    n_salt, n_pepper = int(salt.sum()), int(pepper.sum())
    assert scipy.stats.binomtest(n_salt + n_pepper, noisy.size, p).pvalue > 1e-3
    if p:
        assert scipy.stats.binomtest(n_salt, n_salt + n_pepper, 0.5).pvalue > 1e-3


@pytest.mark.parametrize("corruption", EACH, ids=repr)
def test_a_corruption_gives_a_new_batch_of_the_same_kind(corruption):
    for dtype in np.float32, np.float64:
        x = X.astype(dtype)
        before = x.copy()
        noisy = corruption(x, np.random.default_rng(0))
        assert noisy.dtype == dtype
        assert noisy.shape == x.shape
        assert not np.shares_memory(noisy, x)
        np.testing.assert_array_equal(x, before)
        np.testing.assert_array_equal(noisy, corruption(x, 0))
        assert not np.array_equal(noisy, corruption(x, 1))
    images = np.full((4, 3), 255, np.uint8)
    np.testing.assert_array_equal(corruption(images, 0), corruption(np.ones((4, 3)), 0))


def test_corruptions_are_values():
    assert corruptions.gaussian(0.3) == corruptions.gaussian(0.3)
    assert corruptions.masking(0.3) != corruptions.salt_and_pepper(0.3)
    assert list(map(repr, EACH)) == [
        "Gaussian(sigma=0.3)",
        "Masking(p=0.3)",
        "SaltAndPepper(p=0.3)",
    ]
    assert mv.corruptions is corruptions


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: corruptions.gaussian(-0.1), ValueError, r"sigma must be in \[0, inf\), got -0.1"),
        (lambda: corruptions.gaussian(np.nan), ValueError, r"sigma must be in \[0, inf\), got nan"),
        (lambda: corruptions.gaussian("much"), TypeError, "sigma must be a number, got 'much'"),
        (lambda: corruptions.masking(1.5), ValueError, r"p must be in \[0, 1\], got 1.5"),
        (lambda: corruptions.masking(-0.5), ValueError, r"p must be in \[0, 1\], got -0.5"),
        (lambda: corruptions.salt_and_pepper(2), ValueError, r"p must be in \[0, 1\], got 2"),
        (lambda: EACH[0]([1.0]), ValueError, "x must have shape"),
        (lambda: EACH[1]([[np.nan]]), ValueError, "x must be finite, got nan in row 0"),
    ],
)
def test_bad_corruptions_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("name", ["corrupt", "augment"])
@pytest.mark.parametrize("given", ["gaussian", 0.3])
def test_what_is_no_corruption_is_refused_before_training(name, given):
    model = Autoencoder(5, 2, rng=0)
    before = {key: value.copy() for key, value in model.params.items()}
    message = rf"{name} must be a function \(x, rng\) -> x, such as corruptions.*, got {given!r}"
    with pytest.raises(TypeError, match=message) as caught:
        model.fit(X, epochs=1, batch_size=10, **{name: given})
    assert "\n" not in str(caught.value)
    for key, value in model.params.items():
        np.testing.assert_array_equal(value, before[key])


def test_the_model_sees_the_noise_and_is_asked_for_the_clean_data():
    model, seen = Autoencoder(5, 2, rng=0), []
    right = model.loss_and_grads

    def spy(x, *, target, **options):
        seen.append((x, target))
        return right(x, target=target, **options)

    model.loss_and_grads = spy
    model.fit(X, epochs=2, batch_size=20, corrupt=corruptions.masking(0.5), rng=0)
    (x, target), (again, _) = seen
    assert sorted(map(tuple, target)) == sorted(map(tuple, X))
    np.testing.assert_array_equal(x[x != 0], target[x != 0])
    assert 20 < np.sum(x == 0) < 80  # of 100
    assert np.sum(x == 0, axis=0).tolist() != np.sum(again == 0, axis=0).tolist()


@pytest.mark.parametrize("corruption", EACH, ids=repr)
def test_resumed_under_noise_equals_uninterrupted(corruption, tmp_path):
    options, path = {"batch_size": 6, "corrupt": corruption}, tmp_path / "run.npz"
    whole = Autoencoder(5, 2, rng=0).fit(X, epochs=4, rng=1, **options)
    part = Autoencoder(5, 2, rng=0)
    part.fit(X, epochs=2, rng=1, callbacks=[Checkpoint(path)], **options)
    again = Autoencoder(5, 2, rng=7).fit(X, epochs=4, resume=path, **options)
    assert again.history_ == whole.history_
    for name, value in again.params.items():
        assert value.tobytes() == whole.params[name].tobytes()


def test_another_corruption_is_refused_on_resuming(tmp_path):
    path, options = tmp_path / "run.npz", {"batch_size": 10}
    checkpoint = [Checkpoint(path)]
    Autoencoder(5, 2).fit(X, epochs=1, corrupt=EACH[1], callbacks=checkpoint, **options)
    for other in (corruptions.masking(0.2), EACH[2], None, lambda x, rng: x):
        with pytest.raises(ValueError, match=r"it was made with corrupt=Masking\(p=0.3\), got"):
            Autoencoder(5, 2).fit(X, epochs=2, corrupt=other, resume=path, **options)
