"""Rules that hold for every layer, activation and network; and the dense layer."""

import math

import numpy as np
import pytest
from helpers import SEEDS, SIZES, check_jacobian, frozen
from hypothesis import given, settings

from minivae import (
    Adam,
    Dense,
    LeakyReLU,
    ReLU,
    Sequential,
    Sigmoid,
    Softplus,
    Tanh,
    check_gradients,
    mlp,
)
from minivae.nn.activations import ACTIVATIONS
from minivae.nn.networks import cast

ACTIVATION_LAYERS = [Tanh, ReLU, LeakyReLU, Sigmoid, Softplus]

# each makes a layer of the given widths; those without parameters keep the width of their input
MAKERS = {
    "Dense": Dense,
    "Dense without bias": lambda *widths, **options: Dense(*widths, bias=False, **options),
    **{layer.__name__: lambda *_, layer=layer, **__: layer() for layer in ACTIVATION_LAYERS},
    "LeakyReLU(0.3)": lambda *_, **__: LeakyReLU(0.3),
    "Sequential": lambda n_in, n_out, **options: Sequential(
        [Tanh(), Dense(n_in, 3, **options), Softplus(), Dense(3, n_out, **options), Sigmoid()]
    ),
    **{
        f"mlp, {name}": lambda n_in, n_out, name=name, **options: mlp(
            [n_in, 4, 3, n_out], activation=name, **options
        )
        for name in ACTIVATIONS
    },
}
EVERY_LAYER = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def make_with_biases(make, n_in, n_out, rng, dtype=np.float64):
    """A layer whose biases are not the zeros that they start from, so that they take part."""
    layer = make(n_in, n_out, rng=rng, dtype=dtype)
    for parameter in layer.params.values():
        if parameter.ndim == 1:
            parameter[...] = rng.standard_normal(parameter.shape)
    return layer


@EVERY_LAYER
@pytest.mark.parametrize("method", ["central", "complex"])
@settings(max_examples=12)
@given(seed=SEEDS, batch=SIZES, n_in=SIZES, n_out=SIZES)
def test_gradients(make, method, seed, batch, n_in, n_out):
    rng = np.random.default_rng(seed)
    layer = make_with_biases(make, n_in, n_out, rng)
    x = 2 * rng.standard_normal((batch, n_in))
    check_gradients(layer, x, method=method, rng=rng).raise_if_failed()


@EVERY_LAYER
def test_jacobian_is_that_of_scipy(make):
    rng = np.random.default_rng(3)
    layer = make_with_biases(make, 3, 2, rng)
    x = rng.uniform(0.5, 1.5, (2, 3)) * rng.choice([-1, 1], (2, 3))  # away from the kinks at 0

    check_jacobian(layer.forward, x, backward=layer.backward)
    for name, parameter in layer.params.items():

        def with_parameter(value, parameter=parameter):
            kept = parameter.copy()
            parameter[...] = value
            y = layer.forward(x)
            parameter[...] = kept
            return y

        def gradient(dy, name=name):
            layer.forward(x)
            layer.backward(dy)
            return layer.grads[name].copy()

        check_jacobian(with_parameter, parameter.copy(), backward=gradient)


def test_dense_is_the_sum_over_inputs():
    rng = np.random.default_rng(0)
    layer = make_with_biases(Dense, 3, 2, rng)
    x = rng.standard_normal((4, 3))
    W, b = layer.params["W"], layer.params["b"]
    expected = [
        [math.fsum([b[j], *(x[n, i] * W[i, j] for i in range(3))]) for j in range(2)]
        for n in range(4)
    ]
    np.testing.assert_allclose(layer.forward(x), expected, rtol=1e-14)


@EVERY_LAYER
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_inputs_stay_finite(make, dtype):
    rng = np.random.default_rng(0)
    layer = make(3, 2, rng=rng, dtype=dtype)
    x = 1e4 * np.array([[1, -1, 1], [-1, 1, 0], [-1, -1, -1]], dtype)
    y = layer.forward(x)
    dx = layer.backward(np.ones_like(y))
    for array in (y, dx, *layer.grads.values()):
        assert np.isfinite(array).all()


@EVERY_LAYER
def test_float32_stays_float32(make):
    rng = np.random.default_rng(0)
    layer = make(3, 2, rng=rng, dtype=np.float32)
    y = layer.forward(rng.standard_normal((4, 3), np.float32))
    dx = layer.backward(rng.standard_normal(y.shape, np.float32))
    optimizer = Adam()
    optimizer.step(layer.params, layer.grads)
    state = optimizer.state_dict()
    arrays = [y, dx, *layer.params.values(), *layer.grads.values()]
    for array in [*arrays, *state["M"].values(), *state["V"].values()]:
        assert array.dtype == np.float32


@EVERY_LAYER
def test_float32_agrees_with_float64(make):
    rng = np.random.default_rng(0)
    single = make(3, 2, rng=rng, dtype=np.float32)
    double = cast(single, np.float64)
    x = rng.standard_normal((4, 3), np.float32)
    np.testing.assert_allclose(single.forward(x), double.forward(x.astype(float)), atol=1e-5)


@EVERY_LAYER
def test_backward_overwrites_grads_and_changes_nothing_else(make):
    rng = np.random.default_rng(0)
    layer = make_with_biases(make, 3, 2, rng)
    before = {name: value.copy() for name, value in layer.params.items()}
    for parameter in layer.params.values():
        parameter.flags.writeable = False
    (x,) = frozen(rng.standard_normal((4, 3)))
    (dy,) = frozen(rng.standard_normal(layer.forward(x).shape))

    dx = layer.backward(dy)
    grads = {name: value.copy() for name, value in layer.grads.items()}
    np.testing.assert_array_equal(layer.backward(dy), dx)
    assert layer.grads.keys() == layer.params.keys()
    for name, value in layer.params.items():
        np.testing.assert_array_equal(value, before[name])
        np.testing.assert_array_equal(layer.grads[name], grads[name])
        assert layer.grads[name].shape == value.shape


@EVERY_LAYER
def test_backward_params_agrees_with_backward(make):
    rng = np.random.default_rng(0)
    layer = make_with_biases(make, 3, 2, rng)
    dy = rng.standard_normal(layer.forward(rng.standard_normal((4, 3))).shape)
    layer.backward(dy)
    expected = {name: value.copy() for name, value in layer.grads.items()}
    for gradient in layer.grads.values():
        gradient[...] = np.nan
    assert layer.backward_params(dy) is None
    for name, value in layer.grads.items():
        np.testing.assert_array_equal(value, expected[name])


@EVERY_LAYER
def test_rows_do_not_see_each_other(make):
    rng = np.random.default_rng(0)
    layer = make_with_biases(make, 3, 2, rng)
    x = rng.standard_normal((6, 3))
    whole = layer.forward(x)
    dy = rng.standard_normal(whole.shape)
    dx = layer.backward(dy)
    sums = {name: value.copy() for name, value in layer.grads.items()}
    for i in range(6):
        np.testing.assert_allclose(layer.forward(x[i : i + 1]), whole[i : i + 1], rtol=1e-13)
        np.testing.assert_allclose(layer.backward(dy[i : i + 1]), dx[i : i + 1], rtol=1e-13)
        for name, value in layer.grads.items():
            sums[name] -= value
    for value in sums.values():
        np.testing.assert_allclose(value, 0, atol=1e-13)


@EVERY_LAYER
def test_memory_layout_does_not_matter(make):
    rng = np.random.default_rng(0)
    layer = make_with_biases(make, 3, 2, rng)
    x = rng.standard_normal((3, 8)).T[::2]
    y = layer.forward(x)
    dy = rng.standard_normal((y.shape[1], 4)).T
    dx = layer.backward(dy)
    np.testing.assert_allclose(layer.forward(x.copy()), y, rtol=1e-13)
    np.testing.assert_allclose(layer.backward(dy.copy()), dx, rtol=1e-13)


@EVERY_LAYER
def test_backward_before_forward_says_so(make):
    layer = make(3, 2)
    last = layer.layers[-1] if isinstance(layer, Sequential) else layer
    with pytest.raises(RuntimeError, match=f"{type(last).__name__}.backward was called before"):
        layer.backward(np.ones((4, 2)))


@pytest.mark.parametrize(
    "shape", [(4, 2), (4, 4), (3,), (), (2, 4, 3)], ids=lambda shape: f"{shape}"
)
def test_dense_refuses_another_width_or_rank(shape):
    message = rf"x must have shape \(batch, n_in=3\), got \({', '.join(map(str, shape))},?\)"
    with pytest.raises(ValueError, match=message):
        Dense(3, 2).forward(np.zeros(shape))


@EVERY_LAYER
def test_backward_refuses_another_shape_than_the_output(make):
    layer = make(3, 3)
    layer.forward(np.ones((4, 3)))
    for shape in [(4, 1), (1, 3), (4, 4), (5, 3), (3,), (), (1, 4, 3)]:
        with pytest.raises(ValueError, match=r"dy must have the output's shape \(4, 3\), got \("):
            layer.backward(np.ones(shape))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Dense(0, 2), ValueError, "n_in must be at least 1, got 0"),
        (lambda: Dense(3, -1), ValueError, "n_out must be at least 1, got -1"),
        (lambda: Dense(2.5, 2), TypeError, "n_in must be an integer, got 2.5"),
        (lambda: Dense(True, 2), TypeError, "n_in must be an integer, got True"),
        (
            lambda: Dense(3, 2, init="zeros"),
            ValueError,
            r"init must be one of 'fan_in', 'glorot', 'he', g",
        ),
        (lambda: Dense(3, 2, dtype=int), ValueError, "dtype must be float32 or float64, got int64"),
    ],
)
def test_bad_arguments_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()
