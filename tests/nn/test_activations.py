import numpy as np
import pytest
from scipy import special

from minivae import LeakyReLU, ReLU, Sigmoid, Softplus, Tanh


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (Tanh(), [-0.9950547536867305, -0.46211715726000976, 0, 0.46211715726000976]),
        (ReLU(), [0, 0, 0, 0.5]),
        (LeakyReLU(), [-0.03, -0.005, 0, 0.5]),
        (LeakyReLU(0.2), [-0.6, -0.1, 0, 0.5]),
        (Sigmoid(), special.expit([-3, -0.5, 0, 0.5])),
        (Softplus(), -special.log_expit([3, 0.5, 0, -0.5])),
    ],
    ids=lambda value: type(value).__name__,
)
def test_activations_have_their_known_values(layer, expected):
    np.testing.assert_allclose(layer.forward(np.array([[-3, -0.5, 0, 0.5]])), [expected], 1e-14)


@pytest.mark.parametrize(
    ("layer", "y", "dx"),
    [
        (Tanh(), [-1, 1], [0, 0]),
        (ReLU(), [0, 1e4], [0, 1]),
        (LeakyReLU(), [-100, 1e4], [0.01, 1]),
        (Sigmoid(), [0, 1], [0, 0]),
        (Softplus(), [0, 1e4], [0, 1]),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_activations_reach_their_limits_without_a_warning(layer, y, dx, dtype):
    x = np.array([[-1e4, 1e4]], dtype)
    np.testing.assert_allclose(layer.forward(x), [y], rtol=1e-7)
    np.testing.assert_allclose(layer.backward(np.ones_like(x)), [dx], rtol=1e-7)


@pytest.mark.parametrize(
    ("slope", "error", "message"),
    [
        (0, ValueError, r"slope must be in \(0, 1\), got 0"),
        (1.5, ValueError, r"slope must be in \(0, 1\), got 1.5"),
        ("0.1", TypeError, "slope must be a number, got '0.1'"),
    ],
)
def test_bad_slopes_are_named(slope, error, message):
    with pytest.raises(error, match=message):
        LeakyReLU(slope)
