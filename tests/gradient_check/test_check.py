import math
import re

import numpy as np
import pytest
from helpers import SEEDS
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from minivae import (
    VAE,
    Dense,
    GradientReport,
    LeakyReLU,
    LinearAutoencoder,
    ReLU,
    Tanh,
    check_gradients,
    gaussian_kl_between,
    gaussian_kl_between_backward,
    mlp,
    reparameterize,
    reparameterize_backward,
)
from minivae.gradient_check.report import Entry

BATCH = 5
METHODS = pytest.mark.parametrize("method", ["central", "complex"])


class Spoiled(Dense):
    """A dense layer whose gradient of `W` is spoiled before it is handed out."""

    def __init__(self, n_in, n_out, spoil):
        super().__init__(n_in, n_out, rng=0)
        self.spoil = spoil

    def backward(self, dy):
        self.grads["W"] = np.zeros_like(self.params["W"])
        dx = super().backward(dy)
        self.grads["W"] = self.spoil(self.grads["W"])
        return dx


class MeanSquares:
    """A model made by hand: the mean over the batch of ``|x W|^2``."""

    def __init__(self, factor):
        self.params = {"W": np.random.default_rng(0).standard_normal((3, 2))}
        self.grads = {"W": np.zeros((3, 2))}
        self.factor = factor

    def loss_and_grads(self, x, *, rng=None):
        y = x @ self.params["W"]
        self.grads["W"][...] = self.factor * 2 * x.T @ y / len(x)
        return {"loss": np.sum(y * y) / len(x)}, self.grads


def batch(n_features=3):
    return np.random.default_rng(1).standard_normal((BATCH, n_features))


def entry(report, name):
    (found,) = [entry for entry in report.entries if entry.name == name]
    return found


FACTORS = [
    (-1, "the sign is flipped"),
    (2, "twice too large"),
    (0.5, "half of what it should be"),
    (-2, "the sign is flipped, and twice too large"),
    (-0.5, "the sign is flipped, and half of what it should be"),
    (BATCH, "not divided by the batch size"),
    (1 / BATCH, "divided by the batch size once too often"),
    (1.001, "every entry is 1.001 times what it should be"),
    (1.00001, "every entry is 1.00001 times what it should be"),
]


@METHODS
@pytest.mark.parametrize(("factor", "hint"), FACTORS)
def test_a_wrong_factor_is_named(method, factor, hint):
    report = check_gradients(Spoiled(3, 2, lambda dW: factor * dW), batch(), method=method, rng=0)
    assert not report.ok
    worst = report.worst
    assert worst.name == "W"
    assert worst.hint == hint
    assert worst.analytic / worst.numeric == pytest.approx(factor, rel=1e-8)
    assert worst.relative_error == pytest.approx(abs(factor - 1) / max(1, abs(factor)), rel=1e-4)
    for name in ("x", "b"):  # what is right stays right
        assert entry(report, name).relative_error <= report.tolerance
        assert not entry(report, name).hint


@pytest.mark.parametrize(("factor", "hint"), FACTORS)
def test_a_wrong_factor_of_a_model_is_named(factor, hint):
    report = check_gradients(MeanSquares(factor), batch(), rng=0)
    assert not report.ok
    assert report.worst.hint == hint


def test_a_batch_of_two_is_not_mistaken_for_its_size():
    report = check_gradients(MeanSquares(2), batch()[:2], rng=0)
    assert report.worst.hint == "twice too large"


@METHODS
@pytest.mark.parametrize("factor", [1.001, 1 + 1e-6, -1, 0])
@settings(max_examples=10)
@given(seed=SEEDS, data=st.data())
def test_one_wrong_entry_is_found_wherever_it_is(method, factor, seed, data):
    i, j = data.draw(st.tuples(st.integers(0, 3), st.integers(0, 2)), label="index")

    def spoil(dW):
        dW[i, j] *= factor
        return dW

    report = check_gradients(Spoiled(4, 3, spoil), batch(4), method=method, rng=seed)
    assert not report.ok
    assert (report.worst.name, report.worst.index) == ("W", (i, j))
    assert report.worst.hint == ""
    assert f"W[{i}, {j}]: analytic" in str(report)


def test_a_factor_is_not_guessed_from_entries_that_are_right():
    slopes = np.array([1.0, 1e-4])
    report = check_gradients(
        lambda x: slopes * x, [1.0, 1.0], backward=lambda x, dy: slopes * dy * [1, 2]
    )
    assert report.worst.index == (1,)
    assert report.worst.hint == ""


@METHODS
def test_a_transposed_square_weight_is_named(method):
    report = check_gradients(Spoiled(4, 4, lambda dW: dW.T.copy()), batch(4), method=method, rng=0)
    assert not report.ok
    assert report.worst.name == "W"
    assert report.worst.hint == "transposed"


def test_a_transpose_cannot_be_seen_in_some_of_the_entries():
    layer = Spoiled(4, 4, lambda dW: dW.T.copy())
    report = check_gradients(layer, batch(4), max_entries=3, rng=0)
    assert report.worst.name == "W"
    assert report.worst.hint == ""


def test_a_vector_is_not_called_transposed():
    x = np.array([1.0, 2.0, 3.0])
    report = check_gradients(np.square, x, backward=lambda x, dy: dy * x * [2, 2, 2.00001])
    assert report.worst.index == (2,)
    assert report.worst.hint == ""


def test_a_transposed_oblong_weight_has_the_wrong_shape():
    report = check_gradients(Spoiled(4, 3, np.transpose), batch(4))
    assert not report.ok
    assert report.notes == ["W has shape (4, 3), but its gradient has shape (3, 4)"]
    assert report.worst is None
    assert report.n_checked == 0


@METHODS
def test_a_gradient_that_was_never_filled_is_named(method):
    report = check_gradients(Spoiled(3, 2, np.zeros_like), batch(), method=method)
    assert report.worst.name == "W"
    assert report.worst.hint == "the gradient is zero everywhere: was it ever filled?"


def test_a_gradient_that_should_be_zero_is_named():
    report = check_gradients(lambda x: 0 * x, batch(), backward=lambda x, dy: dy)
    assert report.worst.hint == "the gradient should be zero"
    check_gradients(lambda x: 0 * x, batch(), backward=lambda x, dy: 0 * dy).raise_if_failed()


class Noisy(Tanh):
    def __init__(self, where):
        super().__init__()
        self.where, self.rng = where, np.random.default_rng(0)

    def forward(self, x):
        noise = self.rng.standard_normal(np.shape(x)) if self.where == "forward" else 0
        return super().forward(x) + noise

    def backward(self, dy):
        noise = self.rng.standard_normal(dy.shape) if self.where == "backward" else 0
        return super().backward(dy) + noise


class Accumulating(Dense):
    def backward(self, dy):
        kept = {name: value.copy() for name, value in self.grads.items()}
        dx = super().backward(dy)
        for name, value in kept.items():
            self.grads[name] += value
        return dx


class OverwritingInput(ReLU):
    def forward(self, x):
        x[x < 0] = 0
        return super().forward(x)


class OverwritingGradient(ReLU):
    def backward(self, dy):
        dy *= self._cache > 0
        return dy


class Learning(Dense):
    def backward(self, dy):
        dx = super().backward(dy)
        self.params["W"] -= 0.1 * self.grads["W"]
        return dx


class Forgetful(Dense):
    def backward(self, dy):
        self.grads["b"] = np.zeros_like(self.params["b"])
        dx = super().backward(dy)
        del self.grads["b"]
        return dx


class Misspelled(Dense):
    def backward(self, dy):
        dx = super().backward(dy)
        self.grads["w"] = self.grads["W"]
        return dx


class WrongInputShape(Tanh):
    def backward(self, dy):
        return super().backward(dy).sum(axis=0)


class SinglePrecision(Tanh):
    def forward(self, x):
        return super().forward(x).astype(np.float32)


@METHODS
@pytest.mark.parametrize(
    ("layer", "note"),
    [
        (Noisy("forward"), "not deterministic: two calls at one point differ; freeze the noise"),
        (Noisy("backward"), "two backward passes differ: gradients are added up, or noise"),
        (Accumulating(3, 2), "two backward passes differ: gradients are added up, or noise"),
        (OverwritingInput(), "x was changed on the way"),
        (OverwritingGradient(), "dy was changed on the way"),
        (Learning(3, 2), "W was changed on the way"),
        (Forgetful(3, 2), "there is no gradient of b"),
        (Misspelled(3, 2), "there is a gradient of w, which is no parameter"),
        (WrongInputShape(), "x has shape (5, 3), but its gradient has shape (3,)"),
        (SinglePrecision(), "the function's value is float32, though all that went in is float64"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_compared_says_why(method, layer, note):
    report = check_gradients(layer, batch(), method=method)
    assert not report.ok
    assert not report.entries
    assert len(report.notes) == 1
    assert report.notes[0].startswith(note)
    assert note in str(report)


def test_a_gradient_that_is_given_only_once_is_noticed():
    calls = []

    def backward(x, y, dy):
        calls.append(dy)
        return (dy * y, dy * x) if len(calls) == 1 else dy * y

    report = check_gradients(np.multiply, batch(), batch(), backward=backward)
    assert report.notes[0].startswith("two backward passes differ")


def test_values_that_are_not_finite_are_refused():
    def square(x):
        return x * x

    def backward(x, dy):
        return 2 * x * dy

    report = check_gradients(square, [[1.0, np.nan]], backward=backward)
    assert report.notes == ["the function's value is not finite here"]
    assert not report.ok
    report = check_gradients(square, [[1.0, 2.0]], backward=lambda x, dy: dy * [1, np.inf])
    assert report.notes == ["the gradient of x is not finite here"]
    assert not report.ok


def test_a_number_that_is_none_is_never_the_smaller_error():
    def broken(x, y):
        return x + y * np.where(np.imag(y) == 0, 1, np.nan)

    report = check_gradients(
        broken, [1.0], [2.0], backward=lambda x, y, dy: (dy, dy), method="complex"
    )
    assert not report.ok
    assert report.worst.name == "y"


@METHODS
@pytest.mark.parametrize("layer", [ReLU(), LeakyReLU(0.1)], ids=["ReLU", "LeakyReLU"])
def test_a_kink_explains_a_slope_between_those_of_both_sides(method, layer):
    x = np.array([[0.0, 1.0], [0.0, -1.0]])
    report = check_gradients(layer, x, method=method, rng=0)
    assert report.ok
    assert report.worst.n_kinks == 2
    assert "2 on a kink, between the slopes of both sides" in str(report)


@pytest.mark.parametrize("layer", [ReLU(), LeakyReLU(0.1)], ids=["ReLU", "LeakyReLU"])
@settings(max_examples=300)
@given(
    exponent=st.floats(-12, -0.5),
    sign=st.sampled_from([-1, 1]),
    place=st.sampled_from([0.0, 1.0, -300.0]),
)
def test_a_kink_at_any_distance_is_no_mistake(layer, exponent, sign, place):
    x = np.array([[place + sign * 10**exponent]])
    shifted_back = x - place

    report = check_gradients(
        lambda x: layer.forward(x - place),
        x,
        backward=lambda x, dy: dy * np.where(shifted_back > 0, 1, getattr(layer, "slope", 0)),
    )
    assert report.ok, str(report)


@METHODS
@pytest.mark.parametrize("x", [0.0, 1e-9, -1e-7, 1e-5, -1.0])
@pytest.mark.parametrize("slope", [-0.5, 1.5])
def test_a_kink_does_not_excuse_a_slope_outside(method, x, slope):
    report = check_gradients(
        ReLU().forward, [[x]], backward=lambda x, dy: dy * slope, method=method, rng=0
    )
    assert not report.ok


def test_curvature_is_no_kink():
    def backward(x, dy):
        return 1.001 * dy * np.cos(x)

    assert not check_gradients(np.sin, np.linspace(-3, 3, 50), backward=backward).ok


@settings(max_examples=40)
@given(seed=SEEDS, scale=st.sampled_from([1e-8, 1, 1e8]), shift=st.sampled_from([0, 50]))
def test_right_gradients_pass_at_any_scale(seed, scale, shift):
    rng = np.random.default_rng(seed)
    network = mlp([3, 8, 2], activation="relu", rng=rng)
    network.params["2.W"][...] *= scale
    x = rng.standard_normal((4, 3)) + shift
    check_gradients(network, x, rng=rng).raise_if_failed()


@pytest.mark.parametrize("x", [1e4, 1e8, 1e12])
def test_large_inputs_take_large_steps(x):
    check_gradients(np.square, [x], backward=lambda x, dy: 2 * x * dy).raise_if_failed()
    assert not check_gradients(np.square, [x], backward=lambda x, dy: 2.002 * x * dy).ok


def test_a_step_may_leave_the_domain():
    x = np.array([1e-3, 1e-2, 1.0])
    check_gradients(np.log, x, backward=lambda x, dy: dy / x).raise_if_failed()
    check_gradients(np.sqrt, x, backward=lambda x, dy: dy / 2 / np.sqrt(x)).raise_if_failed()


def test_float32_is_lifted_and_left_as_it_was():
    network = mlp([3, 4, 2], activation="tanh", dtype=np.float32, rng=0)
    report = check_gradients(network, batch().astype(np.float32), rng=0)
    report.raise_if_failed()
    assert report.notes == ["float32 parameters were checked in float64"]
    assert report.notes[0] in str(report)
    assert {value.dtype for value in network.params.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (np.abs, "the complex step was lost on the way: the function's value is real"),
        (lambda x: np.array(x, float), "the complex step was lost on the way: Casting complex"),
        (special.expit, "not supported for the input types"),
    ],
    ids=["abs", "cast", "expit"],
)
def test_the_complex_step_refuses_what_loses_it(function, message):
    with pytest.raises(TypeError, match=message):
        check_gradients(function, batch(), backward=lambda x, dy: dy, method="complex")


def test_a_complex_step_that_is_lost_in_part_does_not_accuse_the_gradient():
    def backward(x, dy):
        return 2 * dy * np.abs(x)

    report = check_gradients(lambda x: x * np.abs(x), batch(), backward=backward, method="complex")
    assert not report.ok
    assert report.worst.hint.startswith("central differences agree: numpy.abs or the like loses")
    check_gradients(lambda x: x * np.abs(x), batch(), backward=backward).raise_if_failed()


@METHODS
@pytest.mark.parametrize("wrong", range(4))
def test_each_argument_of_a_function_is_checked_by_its_name(method, wrong):
    inputs = np.random.default_rng(0).standard_normal((4, BATCH, 2))

    def backward(*arguments):
        gradients = list(gaussian_kl_between_backward(*arguments))
        gradients[wrong] = -gradients[wrong]
        return tuple(gradients)

    report = check_gradients(gaussian_kl_between, *inputs, backward=backward, method=method)
    assert not report.ok
    names = ["mu1", "log_var1", "mu2", "log_var2"]
    assert [entry.name for entry in report.entries] == names
    assert report.worst.name == names[wrong]
    assert report.worst.hint == "the sign is flipped"
    failed = [entry.name for entry in report.entries if entry.relative_error > report.tolerance]
    assert failed == [names[wrong]]


def test_arguments_without_a_gradient_come_last():
    inputs = np.random.default_rng(0).standard_normal((3, BATCH, 2))
    report = check_gradients(reparameterize, *inputs, backward=reparameterize_backward)
    report.raise_if_failed()
    assert [entry.name for entry in report.entries] == ["mu", "log_var"]
    with pytest.raises(ValueError, match="backward gave 2 gradients for 1 inputs"):
        check_gradients(np.sin, batch(), backward=lambda x, dy: (dy, dy))


def test_arguments_without_a_name_are_counted():
    def product(*factors):
        return factors[0] * factors[1]

    x, y = batch(), batch() + 2
    report = check_gradients(product, x, y, backward=lambda x, y, dy: (dy * y, dy * y))
    assert [entry.name for entry in report.entries] == ["argument 0", "argument 1"]
    assert report.worst.name == "argument 1"
    check_gradients(product, x, y, backward=lambda x, y, dy: (dy * y, dy * x)).raise_if_failed()


def test_compiled_functions_and_single_numbers_can_be_checked():
    report = check_gradients(np.tanh, 0.5, backward=lambda x, dy: dy * (1 - np.tanh(x) ** 2))
    report.raise_if_failed()
    assert report.n_checked == 1
    assert re.search(r"\n  x: analytic [-\d.]+, numeric", str(report))
    report = check_gradients(math.log, 0.5, backward=lambda x, dy: dy / x)  # tells no names
    report.raise_if_failed()
    assert report.worst.name == "argument 0"


def test_max_entries_draws_that_many_of_each_array():
    layer = Dense(30, 20, rng=0)
    report = check_gradients(layer, batch(30), max_entries=7, rng=0)
    report.raise_if_failed()
    assert {entry.name: entry.n_checked for entry in report.entries} == {"x": 7, "W": 7, "b": 7}
    assert report.n_checked == 21
    assert check_gradients(Dense(2, 3), batch(2), max_entries=8).n_checked == 8 + 6 + 3
    indices = {
        check_gradients(layer, batch(30), max_entries=1, rng=seed).entries[1].index
        for seed in range(5)
    }
    assert len(indices) > 1


def test_max_entries_names_the_place_in_the_whole_array():
    def spoil(dW):
        dW[17, 3] *= 1.001
        return dW

    layer = Spoiled(30, 4, spoil)
    reports = [check_gradients(layer, batch(30), max_entries=119, rng=seed) for seed in range(8)]
    failed = [report for report in reports if not report.ok]
    assert len(failed) >= 7  # one entry of 120 is left out, and none is drawn twice
    assert {report.worst.index for report in failed} == {(17, 3)}


@METHODS
def test_the_target_and_its_inputs_stay_as_they_are(method):
    network = mlp([3, 4, 2], rng=0)
    network.backward(np.ones_like(network.forward(batch())))
    before = {
        name: (network.params[name].copy(), network.grads[name].copy()) for name in network.params
    }
    for array in (*network.params.values(), *network.grads.values()):
        array.flags.writeable = False
    x = batch()
    x.flags.writeable = False
    check_gradients(network, x, method=method).raise_if_failed()
    for name, (parameter, gradient) in before.items():
        np.testing.assert_array_equal(network.params[name], parameter)
        np.testing.assert_array_equal(network.grads[name], gradient)


@METHODS
def test_models_are_checked_with_frozen_noise(method):
    x = np.random.default_rng(0).random((4, 6))
    model = VAE(6, 2, hidden=(5,), activation="tanh", rng=0)
    report = check_gradients(model, x, method=method, rng=1)
    report.raise_if_failed()
    assert [entry.name for entry in report.entries] == list(model.params)
    again = check_gradients(model, x, method=method, rng=1)
    assert str(again) == str(report)
    eps = np.zeros((4, 2))
    check_gradients(model, x, eps=eps, method=method).raise_if_failed()


class Conditional:
    """A model with a weight for each label, and with all the inputs that a VAE takes."""

    seen = []  # noqa: RUF012  # of the class, because the model itself is copied

    def __init__(self, wrong=1.0):
        self.params = {"W": np.random.default_rng(0).standard_normal((2, 3))}
        self.grads = {"W": np.zeros((2, 3))}
        self.wrong = wrong

    def loss_and_grads(self, x, *, y=None, target=None, eps=None, rng=None, beta=None):
        self.seen.append((y, target, eps, beta, rng))
        target = x if target is None else target
        eps = np.random.default_rng(rng).standard_normal(x.shape) if eps is None else eps
        W = self.params["W"][y]  # (batch, 3)
        residual = W * x + eps - target
        self.grads["W"][...] = 0
        np.add.at(self.grads["W"], y, (2 * residual * x + 2 * beta * self.wrong * W) / len(x))
        return {"loss": np.sum(residual**2 + beta * W**2) / len(x)}, self.grads


LABELS = np.array([0, 1, 1, 0, 1])


@METHODS
def test_inputs_of_a_model_are_passed_on(method):
    Conditional.seen.clear()
    options = {"y": LABELS, "target": 2 * batch(), "eps": batch()[::-1], "beta": 3.0}
    report = check_gradients(Conditional(), batch(), method=method, rng=0, **options)
    report.raise_if_failed()
    assert report.n_checked == 6
    assert len(Conditional.seen) > 6
    for seen in Conditional.seen:
        assert seen == (*options.values(), None)  # the very same arrays, and no seed beside eps
    wrong = check_gradients(Conditional(wrong=1.001), batch(), method=method, **options)
    assert not wrong.ok


@METHODS
def test_a_model_with_labels_draws_frozen_noise(method):
    check = check_gradients(Conditional(), batch(), y=LABELS, beta=0.5, method=method, rng=0)
    check.raise_if_failed()
    one = check_gradients(Conditional(), batch(), y=1 - LABELS, beta=0.5, method=method, rng=0)
    assert one.entries != check.entries


@pytest.mark.parametrize("target", [Tanh(), np.tanh])
def test_options_are_for_models_alone(target):
    with pytest.raises(TypeError, match=r"target must be a model to take options, got \['epss'\]"):
        check_gradients(target, batch(), backward=lambda x, dy: dy, epss=1)


def test_a_model_that_takes_no_noise_can_be_checked():
    check_gradients(LinearAutoencoder(6, 2, rng=0), batch(6)).raise_if_failed()
    check_gradients(MeanSquares(1), batch()).raise_if_failed()


def test_the_cotangent_is_random():
    # a softmax's outputs add up to one, so with a cotangent of ones every gradient would be zero
    def softmax(x):
        return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)

    assert not check_gradients(softmax, batch(), backward=lambda x, dy: 0 * dy).ok


def test_the_report_can_be_read():
    report = check_gradients(Spoiled(3, 2, lambda dW: 2 * dW), batch(), rng=0)
    assert isinstance(report, GradientReport)
    title, *lines = str(report).splitlines()
    assert title == "Spoiled: FAILED (central, tolerance 1e-07)"
    assert [line.split("[")[0] for line in lines] == ["  x", "  W", "  b"]
    number = r"-?\d+\.?\d*"
    assert re.fullmatch(
        rf"  W\[\d, \d\]: analytic {number}, numeric {number}, relative error 5\.0e-01 "
        r"\(worst of 6\); twice too large",
        lines[1],
    )
    with pytest.raises(AssertionError, match=re.escape(str(report))):
        report.raise_if_failed()

    right = check_gradients(Dense(3, 2, rng=0), batch(), method="complex", rng=0)
    assert str(right).startswith("Dense: ok (complex, tolerance 1e-10)\n  x[")
    assert right.raise_if_failed() is None


def test_nothing_compared_is_nothing_right():
    assert not GradientReport("nothing", "central", 1e-7).ok


def test_the_worst_is_the_largest_error():
    entries = [
        Entry("a", (0,), 1.0, 1.0, 1e-12, 1, 0, ""),
        Entry("b", (0,), 1.0, 1.1, 1e-1, 1, 0, ""),
        Entry("c", (0,), 1.0, 1.0, 1e-9, 1, 0, ""),
    ]
    report = GradientReport("three", "central", 1e-7, entries)
    assert report.worst is entries[1]
    assert not report.ok
    assert GradientReport("three", "central", 0.2, entries).ok


def test_the_tolerance_can_be_chosen():
    layer = Spoiled(3, 2, lambda dW: 1.001 * dW)
    assert check_gradients(layer, batch(), tolerance=0.01).ok
    assert not check_gradients(layer, batch(), tolerance=1e-4).ok


@pytest.mark.parametrize(
    ("check", "error", "message"),
    [
        (lambda: check_gradients(Tanh(), batch(), method="forward"), ValueError, "got 'forward'"),
        (lambda: check_gradients(Tanh(), batch(), max_entries=0), ValueError, "at least 1, got 0"),
        (lambda: check_gradients(np.tanh, batch()), TypeError, "or a function given with backwar"),
        (lambda: check_gradients("Tanh", batch()), TypeError, "target must be a model, a layer"),
        (lambda: check_gradients(Tanh()), ValueError, r"at least one number, got shapes \[\]"),
        (lambda: check_gradients(Tanh(), np.ones((0, 3))), ValueError, r"got shapes \[\(0, 3\)\]"),
    ],
)
def test_bad_arguments_are_named(check, error, message):
    with pytest.raises(error, match=message):
        check()
