import math

import numpy as np
import pytest
from helpers import frozen
from scipy import integrate, special

from minivae import check_gradients
from minivae.nn.elementwise import (
    exp_minus_abs,
    log1p,
    sigmoid,
    softplus,
    softplus_by_definition,
    sum_log1p,
    unit_log_integral,
    unit_mean,
)

# every size of number, and every logit at which either tail ends
SIZES = np.concatenate([np.logspace(-44, 30, 20_001), np.linspace(0, 760, 200_001)])
LOGITS = np.concatenate([-SIZES, SIZES])
ULPS = {np.float32: 6, np.float64: 4}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softplus_is_its_definition_to_a_few_last_digits_in_both_tails(dtype):
    a = LOGITS.astype(dtype)
    fast, plain = softplus(a), softplus_by_definition(a)
    assert fast.dtype == plain.dtype == dtype
    np.testing.assert_array_max_ulp(fast, plain, ULPS[dtype])
    assert fast.min() == 0 < fast[a > -80].min()  # the tail goes down to the smallest number


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log1p_is_that_of_numpy_to_a_few_last_digits(dtype):
    e = np.concatenate([np.linspace(0, 1, 200_001), np.logspace(-44, 0, 20_001)]).astype(dtype)
    (e,) = frozen(e)
    np.testing.assert_array_max_ulp(log1p(e), np.log1p(e), ULPS[dtype])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_columns", [0, 1, 15, 31, 32, 33, 255, 784, 785, 1007])
def test_few_logarithms_have_the_sum_of_all(n_columns, dtype):
    rng = np.random.default_rng(0)
    tails = np.exp(-rng.uniform(0, 80, (5, n_columns)))
    for e in (tails, np.ones((5, n_columns)), 1e-30 * tails, rng.random((5, n_columns))):
        (e,) = frozen(e.astype(dtype))
        expected = [math.fsum(math.log1p(v) for v in row) for row in e.tolist()]
        total = sum_log1p(e)
        assert total.dtype == dtype
        np.testing.assert_allclose(total, expected, rtol=30 * np.finfo(dtype).eps)


def test_both_are_those_of_scipy_in_both_tails():
    a = np.concatenate([np.linspace(-700, 700, 5001), np.logspace(-300, 2), -np.logspace(-300, 2)])
    np.testing.assert_allclose(sigmoid(a), special.expit(a), rtol=1e-13)
    np.testing.assert_allclose(softplus(a), -special.log_expit(-a), rtol=1e-13)
    np.testing.assert_allclose(softplus_by_definition(a), -special.log_expit(-a), rtol=1e-13)


@pytest.mark.parametrize("function", [sigmoid, softplus])
def test_the_exponential_can_be_handed_over(function):
    a = 5 * np.random.default_rng(0).standard_normal((4, 3))
    (e,) = frozen(exp_minus_abs(a))
    np.testing.assert_array_equal(function(a, e), function(a))


@pytest.mark.parametrize("function", [sigmoid, softplus])
def test_any_shape_is_taken_and_left_alone(function):
    for a in (np.array(1.5), np.zeros((0, 3)), np.full((2, 3, 4), -1.5), np.ones((4, 6))[::2, ::3]):
        (a,) = frozen(a)
        assert function(a).shape == a.shape
    np.testing.assert_array_equal(
        function(np.array([[-1, 0, 2]])), function(np.array([[-1.0, 0, 2]]))
    )


@pytest.mark.parametrize(
    ("function", "slope"), [(softplus, sigmoid), (unit_log_integral, unit_mean)]
)
@pytest.mark.parametrize("method", ["central", "complex"])
@pytest.mark.parametrize("scale", [1e-3, 1, 30])
def test_the_second_is_the_derivative_of_the_first(function, slope, method, scale):
    a = scale * np.random.default_rng(0).standard_normal((20, 10))
    check_gradients(
        function, a, backward=lambda a, dy: dy * slope(a), method=method, rng=0
    ).raise_if_failed()


@pytest.mark.parametrize("a", [-30, -2.0, -0.0101, -0.0099, 0.0, 1e-9, 0.0099, 0.0101, 0.7, 30])
def test_the_unit_interval_by_quadrature(a):
    total = integrate.quad(lambda x: np.exp(a * x), 0, 1, epsabs=0, epsrel=1e-13)[0]
    moment = integrate.quad(lambda x: x * np.exp(a * x), 0, 1, epsabs=0, epsrel=1e-13)[0]
    np.testing.assert_allclose(unit_log_integral(np.array([a])), np.log(total), 1e-11, 1e-14)
    np.testing.assert_allclose(unit_mean(np.array([a])), moment / total, rtol=1e-10)
