from typing import ClassVar

import numpy as np
import pytest

from minivae import Dense, Sequential, Softplus, Tanh, check_gradients, mlp
from minivae.nn.initial import initial
from minivae.nn.networks import cast


def test_sequential_shows_the_layers_own_arrays():
    layers = [Dense(3, 4), Tanh(), Dense(4, 2, bias=False)]
    network = Sequential(layers)
    assert list(network.params) == list(network.grads) == ["0.W", "0.b", "2.W"]
    network.backward(np.ones_like(network.forward(np.ones((5, 3)))))
    for key in network.params:
        place, name = key.split(".")
        assert network.params[key] is layers[int(place)].params[name]
        assert network.grads[key] is layers[int(place)].grads[name]
    assert np.any(network.grads["0.W"])


def test_sequential_can_hold_a_sequential():
    inner = mlp([3, 4, 2], rng=0)
    outer = Sequential([inner, Dense(2, 2, rng=1)])
    assert list(outer.params) == ["0.0.W", "0.0.b", "0.2.W", "0.2.b", "1.W", "1.b"]
    check_gradients(outer, np.random.default_rng(0).standard_normal((4, 3))).raise_if_failed()


class Doubled:
    """All that a layer of one's own must have; it has no `backward_params`."""

    params: ClassVar = {}
    grads: ClassVar = {}

    def forward(self, x):
        return 2 * x

    def backward(self, dy):
        return 2 * dy


def test_a_layer_of_ones_own_can_stand_anywhere():
    dense = Dense(3, 2, rng=0)
    for layers in ([Doubled(), dense], [dense, Doubled()]):
        network = Sequential(layers)
        x = np.random.default_rng(0).standard_normal((4, 3))
        check_gradients(network, x).raise_if_failed()
        dy = np.ones_like(network.forward(x))
        network.backward(dy)
        expected = dense.grads["W"].copy()
        dense.grads["W"][...] = np.nan
        network.backward_params(dy)
        np.testing.assert_array_equal(dense.grads["W"], expected)


def test_mlp_has_an_activation_between_each_two_layers_only():
    network = mlp([5, 4, 3, 2], activation="softplus")
    assert [type(layer) for layer in network.layers] == [Dense, Softplus, Dense, Softplus, Dense]
    assert [layer.params["W"].shape for layer in network.layers[::2]] == [(5, 4), (4, 3), (3, 2)]


@pytest.mark.parametrize(
    ("activation", "hidden"),
    [
        ("relu", "he"),
        ("leaky_relu", "he"),
        ("tanh", "glorot"),
        ("sigmoid", "glorot"),
        ("softplus", "glorot"),
    ],
)
def test_mlp_draws_weights_for_what_a_layer_feeds(activation, hidden):
    network = mlp([3, 2, 4], activation=activation, rng=2)
    rng = np.random.default_rng(2)
    np.testing.assert_array_equal(network.params["0.W"], initial(rng, (3, 2), hidden))
    np.testing.assert_array_equal(network.params["2.W"], initial(rng, (2, 4), "glorot"))


@pytest.mark.parametrize("kind", ["fan_in", "glorot", "he"])
def test_every_layer_starts_as_it_is_told(kind):
    network = mlp([3, 2, 4], init=kind, rng=2)
    rng = np.random.default_rng(2)
    np.testing.assert_array_equal(network.params["0.W"], initial(rng, (3, 2), kind))
    np.testing.assert_array_equal(network.params["2.W"], initial(rng, (2, 4), kind))


def test_one_seed_gives_one_network():
    def weights(rng):
        return mlp([3, 3, 3], rng=rng).params

    first, again, other = weights(7), weights(7), weights(8)
    from_generator = weights(np.random.default_rng(7))
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])
        np.testing.assert_array_equal(first[name], from_generator[name])
    assert not np.array_equal(first["0.W"], other["0.W"])
    assert not np.array_equal(first["0.W"], first["2.W"])
    assert not np.array_equal(weights(None)["0.W"], weights(None)["0.W"])
    rng = np.random.default_rng(7)
    assert not np.array_equal(weights(rng)["0.W"], weights(rng)["0.W"])


@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_cast_is_a_deep_copy_of_another_dtype(dtype):
    network = mlp([3, 4, 2], dtype=np.float32, rng=0)
    network.backward(np.ones_like(network.forward(np.ones((5, 3), np.float32))))
    copy = cast(network, dtype)
    assert isinstance(copy, Sequential)
    for name, value in network.params.items():
        assert value.dtype == np.float32
        assert copy.params[name].dtype == copy.grads[name].dtype == dtype
        np.testing.assert_array_equal(copy.params[name], value)
        np.testing.assert_array_equal(copy.grads[name], network.grads[name])
        copy.params[name][...] = 7
        assert not np.any(value == 7)
    assert copy.layers[0].params["W"] is copy.params["0.W"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sequential([]), "layers must hold at least one layer, got none"),
        (lambda: mlp([4]), r"at least an input and an output width, got \[4\]"),
        (lambda: mlp([4, 0]), "sizes must be at least 1, got 0"),
        (lambda: mlp([4, 2], activation="gelu"), r"activation must be one of .*'tanh', got 'gelu'"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
