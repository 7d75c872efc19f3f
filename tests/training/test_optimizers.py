import math

import numpy as np
import pytest
from helpers import SEEDS
from hypothesis import given, settings
from hypothesis import strategies as st

from minivae import SGD, Adam
from minivae.training.optimizers import BLOCK, adam_step

MAKERS = {
    "SGD": lambda: SGD(0.1),
    "SGD with momentum": lambda: SGD(0.1, momentum=0.9),
    "Adam": lambda: Adam(0.1),
    "Adam, other betas": lambda: Adam(0.01, beta1=0.0, beta2=0.5, epsilon=1e-3),
}
EVERY_OPTIMIZER = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def path(optimizer, gradients, start=0.0):
    """Return one parameter's value after every step."""
    params, values = {"theta": np.array([start])}, []
    for g in gradients:
        optimizer.step(params, {"theta": np.array([float(g)])})
        values.append(params["theta"][0])
    return np.array(values)


def two_arrays(rng, dtype=np.float64):
    arrays = {"W": rng.standard_normal((4, 3)), "b": rng.standard_normal(3)}
    return {name: value.astype(dtype) for name, value in arrays.items()}


def test_adam_takes_the_steps_of_algorithm_1():
    steps = path(Adam(0.1), [1, -2, 0.5, 3, -0.1])
    expected = [-0.099999999000, -0.063389646528, -0.049720580326, -0.120983472454]
    np.testing.assert_allclose(steps[[0, 1, 2, 4]], expected, rtol=0, atol=1e-12)


def test_adams_epsilon_stands_outside_the_corrected_root():
    assert path(Adam(0.1), [5])[0] == pytest.approx(-0.0999999998, abs=1e-12)
    # an epsilon inside the root, or beside the uncorrected one, moves by -0.003 or less
    assert path(Adam(0.1), [1e-8])[0] == pytest.approx(-0.05, abs=1e-12)


@pytest.mark.parametrize("g", [1e-6, -0.3, 7.0, 1e6])
def test_adam_moves_by_the_learning_rate_under_a_constant_gradient(g):
    values = path(Adam(0.01), [g] * 300)
    step = 0.01 * g / (abs(g) + 1e-8)
    np.testing.assert_allclose(-np.diff(values, prepend=0), step, rtol=1e-9)


@given(seed=SEEDS, exponent=st.integers(-6, 6))
def test_adam_does_not_see_the_scale_of_the_gradient(seed, exponent):
    gradients = np.random.default_rng(seed).standard_normal(30)
    plain = path(Adam(0.1, epsilon=1e-30), gradients)
    scaled = path(Adam(0.1, epsilon=1e-30), 10.0**exponent * gradients)
    np.testing.assert_allclose(scaled, plain, rtol=1e-10, atol=1e-12)


SETTINGS = {
    "the paper's": {},
    "a large epsilon": {"epsilon": 1.0},
    "no momentum": {"beta1": 0.0},
    "no memory at all": {"beta1": 0.0, "beta2": 0.0},
    "long memories": {"beta1": 0.99, "beta2": 0.9999},
    "a first moment longer than the second": {"beta1": 0.999, "beta2": 0.9},
    "a large step": {"learning_rate": 1.0, "epsilon": 1e-3},
}


@pytest.mark.parametrize("options", SETTINGS.values(), ids=SETTINGS)
def test_adam_is_the_papers_algorithm_to_the_last_digits(options):
    """The fast path against the five lines that define it, over 100 steps."""
    rng = np.random.default_rng(0)
    fast = {"theta": rng.standard_normal((BLOCK // 50, 100))}  # two blocks
    theta, m, v = fast["theta"].copy(), 0.0, 0.0
    largest = np.abs(theta)
    scale = 10.0 ** rng.integers(-6, 7, theta.shape)
    optimizer = Adam(**options)
    for t in range(1, 101):
        g = scale * rng.standard_normal(theta.shape)
        optimizer.step(fast, {"theta": g})
        theta, m, v = adam_step(theta, g, m, v, t, **options)
        largest = np.maximum(largest, np.abs(theta))
    # each of the 100 steps rounds a parameter by up to half a unit in its last place
    assert np.all(np.abs(fast["theta"] - theta) < 50 * np.spacing(largest))
    state = optimizer.state_dict()
    M, V = (1 - optimizer.beta1) * state["M"]["theta"], (1 - optimizer.beta2) * state["V"]["theta"]
    assert np.all(np.abs(M - m) < 1e-14 * scale)
    np.testing.assert_allclose(V, v, rtol=1e-14)


def test_the_definition_takes_the_steps_of_algorithm_1_too():
    theta, m, v, values = 0.0, 0.0, 0.0, []
    for t, g in enumerate([1, -2, 0.5, 3, -0.1], start=1):
        theta, m, v = adam_step(theta, g, m, v, t, learning_rate=0.1)
        values.append(theta)
    expected = [-0.099999999000, -0.063389646528, -0.049720580326, -0.120983472454]
    np.testing.assert_allclose(np.array(values)[[0, 1, 2, 4]], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_sgd_on_a_quadratic_is_a_power_of_its_matrix(momentum):
    rng = np.random.default_rng(0)
    root = rng.standard_normal((3, 3))
    A, lr, n_steps, eye = root @ root.T, 0.05, 40, np.eye(3)
    theta = rng.standard_normal(3)
    start = np.concatenate([theta, np.zeros(3)])

    optimizer = SGD(lr, momentum)
    for _ in range(n_steps):
        optimizer.step({"theta": theta}, {"theta": A @ theta})

    # (theta, v) <- K (theta, v), for the gradient A theta
    K = np.block([[eye - lr * A, momentum * eye], [-lr * A, momentum * eye]])
    expected = np.linalg.matrix_power(K, n_steps) @ start
    np.testing.assert_allclose(theta, expected[:3], rtol=1e-10, atol=1e-12)
    velocity = optimizer.state_dict()["velocity"]["theta"]
    np.testing.assert_allclose(velocity, expected[3:], rtol=1e-10, atol=1e-12)


LAYOUTS = {
    "many rows": lambda a: a.reshape(-1, 40),
    "few rows": lambda a: a.reshape(4, -1),
    "one row": lambda a: a.reshape(1, -1),
    "one axis": lambda a: a,
    "three axes": lambda a: a.reshape(10, 8, -1),
    "transposed": lambda a: a.reshape(40, -1).T,
    "every second": lambda a: a.reshape(-1, 40)[:, ::2],
    "backwards": lambda a: a[::-1],
    "one number": lambda a: a[:1].reshape(()),
    "none": lambda a: a[:0],
}


@EVERY_OPTIMIZER
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_the_shape_of_an_array_does_not_matter(make, layout):
    size = 4 * BLOCK // 80 * 80 + 80
    rng = np.random.default_rng(0)
    start = rng.standard_normal(size)
    theta = layout(start.copy())
    gradients = [layout(rng.standard_normal(size)) for _ in range(3)]
    pieces = np.array_split(layout(start).ravel().copy(), 50)  # each far smaller than a block

    whole, by_piece = make(), make()
    for g in gradients:
        whole.step({"theta": theta}, {"theta": g})
        parts = np.array_split(g.ravel(), 50)
        by_piece.step(dict(enumerate(pieces)), dict(enumerate(parts)))
    np.testing.assert_array_equal(theta.ravel(), np.concatenate(pieces))


@EVERY_OPTIMIZER
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_step_is_in_place_and_keeps_the_dtype(make, dtype):
    rng = np.random.default_rng(0)
    params, grads = two_arrays(rng, dtype), two_arrays(rng, dtype)
    arrays, before = dict(params), {name: value.copy() for name, value in params.items()}
    for gradient in grads.values():
        gradient.flags.writeable = False
    optimizer = make()
    for _ in range(3):
        optimizer.step(params, grads)
    for name, value in params.items():
        assert value is arrays[name]
        assert value.dtype == dtype
        assert np.all(np.sign(before[name] - value) == np.sign(grads[name]))  # downhill
    for moment in optimizer.moments:
        for value in optimizer.state_dict()[moment].values():
            assert value.dtype == dtype


def test_float32_follows_float64():
    gradients = np.random.default_rng(0).standard_normal(100)
    single, double = {"theta": np.zeros(1, np.float32)}, {"theta": np.zeros(1)}
    one, other = Adam(0.01), Adam(0.01)
    for g in gradients:
        one.step(single, {"theta": np.array([g], np.float32)})
        other.step(double, {"theta": np.array([g])})
    np.testing.assert_allclose(single["theta"], double["theta"], rtol=1e-4)


@EVERY_OPTIMIZER
@settings(max_examples=20)
@given(seed=SEEDS, before=st.integers(0, 4), after=st.integers(1, 4))
def test_a_restored_optimizer_goes_on_bit_for_bit(make, seed, before, after):
    rng = np.random.default_rng(seed)
    params = two_arrays(rng)
    gradients = [two_arrays(rng) for _ in range(before + after)]
    optimizer = make()
    for grads in gradients[:before]:
        optimizer.step(params, grads)
    state = optimizer.state_dict()
    copies = {name: value.copy() for name, value in params.items()}
    for grads in gradients[before:]:
        optimizer.step(params, grads)

    restored = type(optimizer)(0.7)  # everything comes from the state
    restored.load_state_dict(state)
    for grads in gradients[before:]:
        restored.step(copies, grads)
    for name, value in params.items():
        np.testing.assert_array_equal(copies[name], value)
    assert restored.t == optimizer.t == before + after


@EVERY_OPTIMIZER
def test_a_state_is_a_copy_with_names(make):
    rng = np.random.default_rng(0)
    optimizer, params = make(), two_arrays(rng)
    optimizer.step(params, two_arrays(rng))
    state = optimizer.state_dict()
    assert state.keys() == {*optimizer.hyperparameters, "t", *optimizer.moments}
    assert state["t"] == 1
    kept = {moment: state[moment]["W"].copy() for moment in optimizer.moments}
    other = make()
    other.load_state_dict(state)
    for _ in range(2):  # neither optimizer writes into the state
        optimizer.step(params, two_arrays(rng))
        other.step(params, two_arrays(rng))
    for moment in optimizer.moments:
        assert state[moment].keys() == {"W", "b"}
        np.testing.assert_array_equal(state[moment]["W"], kept[moment])
        state[moment]["W"][...] = np.nan
        assert np.isfinite(other.state_dict()[moment]["W"]).all()


def test_a_foreign_state_is_refused():
    adam, sgd = Adam(), SGD(0.1)
    with pytest.raises(ValueError, match=r"state must have the keys \['M', 'V', .*'velocity'\]"):
        adam.load_state_dict(sgd.state_dict())
    with pytest.raises(ValueError, match="state must have the keys"):
        sgd.load_state_dict(adam.state_dict())
    incomplete = adam.state_dict()
    del incomplete["t"]
    with pytest.raises(ValueError, match="state must have the keys"):
        adam.load_state_dict(incomplete)
    with pytest.raises(ValueError, match="state must have the keys"):
        adam.load_state_dict(adam.state_dict() | {"amsgrad": True})


@EVERY_OPTIMIZER
def test_other_parameters_than_before_are_refused(make):
    optimizer = make()
    one = {"W": np.ones(3)}
    optimizer.step(one, {"W": np.ones(3)})
    restored = make()
    restored.load_state_dict(optimizer.state_dict())
    for known in (optimizer, restored):
        with pytest.raises(ValueError, match=r"state is for parameters \['W'\], got \['U'\]"):
            known.step({"U": np.ones(3)}, {"U": np.ones(3)})
        with pytest.raises(ValueError, match=r"W has shape \(4,\), but .* moment has shape \(3,\)"):
            known.step({"W": np.ones(4)}, {"W": np.ones(4)})
        assert known.t == 1


@EVERY_OPTIMIZER
def test_gradients_must_match_the_parameters(make):
    optimizer, params = make(), {"W": np.ones((2, 3)), "b": np.ones(3)}
    with pytest.raises(
        ValueError, match=r"params and grads must have the same keys, and differ in \['b', 'c'\]"
    ):
        optimizer.step(params, {"W": np.ones((2, 3)), "c": np.ones(3)})
    for shape in [(1, 3), (3,), (3, 2), ()]:
        with pytest.raises(ValueError, match=r"W has shape \(2, 3\), but its gradient"):
            optimizer.step(params, {"W": np.ones(shape), "b": np.ones(3)})
    assert optimizer.t == 0
    for value in params.values():
        np.testing.assert_array_equal(value, 1)
    optimizer.step({"only": np.ones(3)}, {"only": np.ones(3)})  # nothing was left behind


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: SGD(0), ValueError, r"learning_rate must be in \(0, inf\), got 0"),
        (lambda: SGD(-0.1), ValueError, r"learning_rate must be in \(0, inf\), got -0.1"),
        (lambda: Adam(math.inf), ValueError, r"learning_rate must be in \(0, inf\), got inf"),
        (lambda: Adam(math.nan), ValueError, r"learning_rate must be in \(0, inf\), got nan"),
        (lambda: Adam("1e-3"), TypeError, "learning_rate must be a number, got '1e-3'"),
        (lambda: SGD(0.1, momentum=1), ValueError, r"momentum must be in \[0, 1\), got 1"),
        (lambda: SGD(0.1, momentum=-0.5), ValueError, r"momentum must be in \[0, 1\), got -0.5"),
        (lambda: Adam(beta1=1.0), ValueError, r"beta1 must be in \[0, 1\), got 1"),
        (lambda: Adam(beta2=1.5), ValueError, r"beta2 must be in \[0, 1\), got 1.5"),
        (lambda: Adam(epsilon=0), ValueError, r"epsilon must be in \(0, inf\), got 0"),
    ],
)
def test_bad_arguments_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()
