import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from minivae import VAE, Dense, LinearAutoencoder, fit_lbfgs
from minivae.training.lbfgs import minimize

SEEDS = st.integers(0, 2**32 - 1)


class LinearRegression:
    """The smallest model that `fit_lbfgs` accepts: one layer and a squared error."""

    def __init__(self, X, Y, rng=0):
        self.Y = Y
        self.layer = Dense(X.shape[1], Y.shape[1], rng=rng)
        self.params = self.layer.params

    def loss_and_grads(self, X, *, eps=None):
        r = self.layer.forward(X) - self.Y
        self.layer.backward_params(2 * r / len(r))
        return {"loss": np.mean(np.sum(r * r, axis=1))}, self.layer.grads


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(1, 4), st.integers(1, 3))
def test_least_squares(seed, n_in, n_out):
    rng = np.random.default_rng(seed)
    X, Y = rng.standard_normal((20, n_in)) + 1, rng.standard_normal((20, n_out))
    model = LinearRegression(X, Y, rng)
    n = fit_lbfgs(model, X)
    truth = np.linalg.lstsq(np.column_stack([X, np.ones(20)]), Y)[0]
    np.testing.assert_allclose(model.params["W"], truth[:-1], atol=1e-7)
    np.testing.assert_allclose(model.params["b"], truth[-1], atol=1e-7)
    assert 1 <= n < 500


def small_model(**options):
    rng = np.random.default_rng(0)
    return LinearAutoencoder(5, 2, rng=rng, **options), rng.standard_normal((30, 5))


def copies(model):
    return {name: value.copy() for name, value in model.params.items()}


def test_the_callback_sees_the_parameters_of_its_iteration():
    model, X = small_model()
    numbers, losses, seen = [], [model.losses(X)["loss"]], []

    def callback(i):
        numbers.append(i)
        losses.append(model.losses(X)["loss"])
        seen.append(copies(model))

    n = fit_lbfgs(model, X, callback=callback)
    assert numbers == list(range(1, n + 1))
    assert np.all(np.diff(losses) <= 1e-12)
    assert losses[1] < losses[0]
    for name, value in model.params.items():
        np.testing.assert_array_equal(value, seen[-1][name])
        assert not np.array_equal(seen[0][name], seen[1][name])


def test_a_run_that_is_cut_short_ends_at_its_last_iteration():
    model, X = small_model()
    seen = []
    assert fit_lbfgs(model, X, callback=lambda i: seen.append(copies(model))) > 4
    again, _ = small_model()
    assert fit_lbfgs(again, X, max_iterations=4) == 4
    for name, value in again.params.items():
        np.testing.assert_array_equal(value, seen[3][name])


def test_steps_that_were_tried_and_refused_are_taken_back(monkeypatch):
    """A gradient that points uphill lets no step be taken."""
    model, X = small_model()
    right = model.loss_and_grads

    def uphill(X, *, eps):
        losses, grads = right(X, eps=eps)
        return losses, {name: -gradient for name, gradient in grads.items()}

    monkeypatch.setattr(model, "loss_and_grads", uphill)
    before = copies(model)
    assert fit_lbfgs(model, X) == 0
    for name, value in model.params.items():
        np.testing.assert_array_equal(value, before[name])


def test_the_models_own_arrays_are_filled():
    model, X = small_model()
    arrays = model.params
    before = copies(model)
    fit_lbfgs(model, X)
    for name, value in model.params.items():
        assert value is arrays[name]
        assert not np.array_equal(value, before[name])


def rosenbrock(pieces, order):
    """Return the loss and its gradients, in an order that is not the order of the parameters."""

    def loss_and_grads():
        x = np.concatenate([pieces[name].ravel() for name in pieces])
        ends = np.cumsum([value.size for value in pieces.values()])[:-1]
        slopes = dict(zip(pieces, np.split(optimize.rosen_der(x), ends), strict=True))
        grads = {name: slopes[name].reshape(pieces[name].shape) for name in order}
        return {"other": 7.0, "loss": optimize.rosen(x)}, grads

    return loss_and_grads


def test_any_function_of_arrays_is_minimised_whatever_the_order_of_its_gradients():
    pieces = {"a": np.full((2, 1), -1.2), "b": np.zeros(3)}
    arrays = dict(pieces)
    assert 5 < minimize(pieces, rosenbrock(pieces, ["b", "a"])) < 200
    for name, value in pieces.items():  # rosen is least, and 0, where every coordinate is 1
        assert value is arrays[name]
        np.testing.assert_allclose(value, 1, atol=1e-8)


def test_only_the_given_arrays_change():
    pieces = {"a": np.full(2, -1.2), "b": np.full(2, 0.5)}
    minimize({"b": pieces["b"]}, rosenbrock(pieces, ["a", "b"]))
    np.testing.assert_array_equal(pieces["a"], [-1.2, -1.2])
    found = optimize.minimize(lambda b: optimize.rosen([*pieces["a"], *b]), [0.5, 0.5], tol=1e-10)
    np.testing.assert_allclose(pieces["b"], found.x, atol=1e-5)


def test_the_noise_of_a_vae_is_passed_on():
    rng = np.random.default_rng(0)
    x, eps = rng.random((20, 4)), rng.standard_normal((20, 2))
    start = VAE(4, 2, rng=0).loss_and_grads(x, eps=eps)[0]["loss"]
    ends = []
    for _ in range(2):
        model = VAE(4, 2, rng=0)
        fit_lbfgs(model, x, eps=eps, max_iterations=50)
        ends.append(model.loss_and_grads(x, eps=eps)[0]["loss"])
    assert ends[0] == ends[1] < start - 0.1


@pytest.mark.parametrize(
    ("options", "arguments", "error", "message"),
    [
        ({"dtype": np.float32}, {}, ValueError, "dtype must be float64 for L-BFGS, got float32"),
        ({}, {"max_iterations": 0}, ValueError, "max_iterations must be at least 1, got 0"),
        ({}, {"max_iterations": 2.5}, TypeError, "max_iterations must be an integer, got 2.5"),
        ({}, {"X": np.ones((3, 4))}, ValueError, "x must have n_features=5 columns, got 4"),
    ],
)
def test_bad_input(options, arguments, error, message):
    model, X = small_model(**options)
    before = copies(model)
    with pytest.raises(error, match=message):
        fit_lbfgs(model, **{"X": X, **arguments})
    for name, value in model.params.items():
        np.testing.assert_array_equal(value, before[name])
