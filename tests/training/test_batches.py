"""What a model sees of a minibatch, and what it is asked for."""

import numpy as np
import pytest

from minivae import VAE, Autoencoder

X = np.random.default_rng(0).random((20, 5))


class Spy:
    def __init__(self, model):
        self.seen, self.right = [], model.loss_and_grads
        model.loss_and_grads = self

    def __call__(self, x, *, target, **options):
        self.seen.append((x.copy(), target.copy()))
        return self.right(x, target=target, **options)


def binarise(x, rng):
    return (rng.random(x.shape) < x).astype(float)


def test_augment_draws_x_and_target_anew_together():
    model = VAE(5, 2, rng=0)
    spy = Spy(model)
    model.fit(X, epochs=2, batch_size=20, augment=binarise, rng=0)
    (x, target), (again, _) = spy.seen
    assert set(np.unique(x)) == {0.0, 1.0}
    np.testing.assert_array_equal(x, target)
    assert sorted(map(tuple, x)) != sorted(map(tuple, again))  # fresh in each epoch
    means = np.mean([binarise(X, np.random.default_rng(i)) for i in range(2000)], axis=0)
    np.testing.assert_allclose(means, X, atol=5 * 0.5 / np.sqrt(2000))


def test_corruption_comes_after_augmentation():
    model = Autoencoder(5, 2, rng=0)
    spy = Spy(model)
    model.fit(
        *(X,),
        epochs=1,
        batch_size=20,
        augment=lambda x, rng: 1 - x,
        corrupt=lambda x, rng: x / 2,
        rng=0,
    )
    ((x, target),) = spy.seen
    np.testing.assert_array_equal(x, target / 2)
    assert sorted(map(tuple, target)) == sorted(map(tuple, 1 - X))


@pytest.mark.parametrize(
    ("augment", "message"),
    [
        (lambda x, rng: x[:, :2], "what augment returns must have n_features=5 columns, got 2"),
        (lambda x, rng: x * np.nan, "what augment returns must be finite"),
    ],
)
def test_what_augment_returns_is_checked(augment, message):
    with pytest.raises(ValueError, match=message):
        VAE(5, 2, rng=0).fit(X, epochs=1, batch_size=20, augment=augment)


def test_data_stay_as_they_are():
    data = X.copy()
    VAE(5, 2, rng=0).fit(data, epochs=1, batch_size=5, augment=lambda x, rng: x.fill(0) or x, rng=0)
    np.testing.assert_array_equal(data, X)
