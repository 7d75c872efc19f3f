import math

import numpy as np
import pytest
from scipy import stats

from minivae import Dense, mlp
from minivae.nn.initial import KINDS, initial


@pytest.mark.parametrize("kind", KINDS)
def test_weights_have_the_distribution_of_the_papers(kind):
    n_in, n_out = 400, 250
    variances = {"fan_in": 1 / (3 * n_in), "glorot": 2 / (n_in + n_out), "he": 2 / n_in}
    variance = variances[kind]
    half_width = math.sqrt(3 * variance)  # of a uniform distribution with this variance
    if kind == "he":
        law, kurtosis = stats.norm(0, variance**0.5), 3.0
    else:
        law, kurtosis = stats.uniform(-half_width, 2 * half_width), 1.8
    W = initial(np.random.default_rng(1), (n_in, n_out), kind)
    assert W.shape == (n_in, n_out)
    assert abs(W.var() - variance) < 5 * variance * math.sqrt((kurtosis - 1) / W.size)
    assert abs(W.mean()) < 5 * math.sqrt(variance / W.size)
    assert stats.kstest(W.ravel(), law.cdf).pvalue > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_a_dense_layer_starts_from_them(kind):
    layer = Dense(4, 3, init=kind, rng=5)
    expected = initial(np.random.default_rng(5), (4, 3), kind)
    np.testing.assert_array_equal(layer.params["W"], expected)
    np.testing.assert_array_equal(layer.params["b"], np.zeros(3))


class Budget(np.random.Generator):
    """A generator that refuses to draw more numbers than it may."""

    def __init__(self, numbers):
        super().__init__(np.random.PCG64(0))
        self.left = numbers

    def spend(self, shape):
        self.left -= math.prod(shape)
        if self.left < 0:
            raise MemoryError("no more numbers")

    def uniform(self, low, high, size):
        self.spend(size)
        return super().uniform(low, high, size)

    def normal(self, loc, scale, size):
        self.spend(size)
        return super().normal(loc, scale, size)


@pytest.mark.parametrize("kind", KINDS)
def test_a_generator_counts_every_weight_before_memory_is_taken(kind):
    budget = Budget(12)
    initial(budget, (3, 4), kind)
    assert budget.left == 0
    with pytest.raises(MemoryError, match="no more numbers"):
        initial(Budget(1000), (10**9, 10**9), kind)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_network_draws_every_weight_from_its_generator(activation):
    budget = Budget(1000)
    network = mlp([5, 4, 3, 2], activation=activation, rng=budget)
    n_weights = sum(value.size for value in network.params.values() if value.ndim == 2)
    assert n_weights == 5 * 4 + 4 * 3 + 3 * 2
    assert budget.left == 1000 - n_weights
    with pytest.raises(MemoryError, match="no more numbers"):
        mlp([5, 10**9, 10**9, 2], activation=activation, rng=Budget(1000))


def test_an_unknown_kind_is_named():
    message = r"init must be one of 'fan_in', 'glorot', 'he', got 'zeros'"
    with pytest.raises(ValueError, match=message):
        initial(np.random.default_rng(0), (2, 2), "zeros")
