"""Scale-adapted SGHMC on losses whose posterior is known."""

import numpy as np
import pytest
from scipy import stats

from minivae.bayes import ScaleAdaptedSGHMC
from minivae.bayes.weight_sampling import WarmUpThenSample

CURVATURE = np.geomspace(0.5, 50, 1500)  # of the mean loss, for each weight


def sampler(n_batches=10**9, n_adapting=1, step=0.1, **options):
    return ScaleAdaptedSGHMC(
        step, 0.3, n_examples=4, n_batches=n_batches, n_adapting=n_adapting, rng=0, **options
    )


def run(each, theta, n, keep=lambda params: None):
    """Step through the mean loss ``sum curvature theta^2 / 2``."""
    params = {"a": theta}
    for _ in range(n):
        each.step(params, {"a": CURVATURE[: len(theta)] * theta})
        keep(params)


@pytest.mark.parametrize("integrator", ["baoab", "euler"])
def test_the_weights_have_the_posterior_s_variance(integrator, monkeypatch):
    """exp(-n_examples * loss) times a prior of precision 2 is normal of known precision."""
    prior = ScaleAdaptedSGHMC._draw_precisions
    monkeypatch.setattr(prior, "__code__", fixed_precision.__code__)
    each, theta, squares = sampler(step=0.2, integrator=integrator), np.full(1500, 0.5), []
    run(each, theta, 3000, lambda p: squares.append(p["a"] ** 2))
    precision = 4 * CURVATURE + 2
    share = np.mean(squares[500:], axis=0) * precision
    h_kappa = each._h("a") * precision
    assert h_kappa.min() > 0.02
    expected = np.ones(1500) if integrator == "baoab" else 1 / (1 - h_kappa / (2 * 1.7))
    error = np.std(share) / np.sqrt(1500)
    assert error < 0.01
    assert np.mean(share / expected) == pytest.approx(1, abs=4 * error)
    if integrator == "baoab":
        assert each.temperature() == pytest.approx(1, abs=4 * np.sqrt(2 / 1500))


def fixed_precision(self, params):
    self.precisions = dict.fromkeys(params, 2.0)


def test_precisions_are_gamma_given_the_weights():
    each, theta = sampler(), np.array([0.5, -1.0, 2.0])
    found = []
    for _ in range(3000):
        each._draw_precisions({"a": theta, "b": np.zeros(1)})
        found.append([each.precisions["a"], each.precisions["b"]])
    a, b = np.transpose(found)
    # Gamma(shape 1 + n / 2, rate 1 + |theta|^2 / 2): the conjugate posterior of a precision
    assert stats.kstest(a, stats.gamma(2.5, scale=1 / (1 + 5.25 / 2)).cdf).pvalue > 0.01
    assert stats.kstest(b, stats.gamma(1.5, scale=1).cdf).pvalue > 0.01


def test_precisions_are_drawn_once_an_epoch():
    each, seen = sampler(n_batches=3), []
    run(each, np.ones(2), 9, lambda p: seen.append(each.precisions["a"]))
    assert [len(set(seen[i : i + 3])) for i in (0, 3, 6)] == [1, 1, 1]
    assert len(set(seen)) == 3


def test_v_is_the_mean_square_of_a_noisy_gradient_and_is_then_frozen():
    each, rng = sampler(n_adapting=4000, step=1e-6), np.random.default_rng(1)
    params = {"a": np.zeros(500)}
    for _ in range(4000):
        each.step(params, {"a": rng.normal(0.2, 1, 500)})  # times 4: mean .8, sd 4
    V = each._state["V"]["a"].copy()
    assert np.mean(V) == pytest.approx(16 + 0.64, rel=0.02)
    each.step(params, {"a": np.full(500, 100.0)})
    np.testing.assert_array_equal(each._state["V"]["a"], V)


def test_weights_without_a_gradient_keep_a_finite_step():
    each, params = sampler(n_adapting=50), {"a": np.zeros(3)}
    for _ in range(100):
        each.step(params, {"a": np.zeros(3)})
    assert np.all(each._h("a") <= 0.01)
    assert np.all(np.abs(params["a"]) < 30)


def test_a_sampler_goes_on_from_its_state():
    theta, rng = np.ones(20), np.random.default_rng(5)
    first = sampler(n_batches=3, n_adapting=30)
    first.rng = rng
    run(first, theta, 20)
    second, place = sampler(n_batches=3, n_adapting=1), rng.bit_generator.state
    second.load_state_dict(first.state_dict())
    second.rng = np.random.default_rng()
    second.rng.bit_generator.state = place
    copies = theta.copy(), theta.copy()
    run(first, copies[0], 20)
    run(second, copies[1], 20)
    np.testing.assert_array_equal(*copies)


def test_adam_hands_over_after_the_warm_up():
    each = WarmUpThenSample(sampler(), lambda name: name == "a", warm_up=2)
    params = {"a": np.ones(3), "b": np.ones(3)}
    grads = {name: np.ones(3) for name in params}
    for step in range(1, 5):
        before = {name: value.copy() for name, value in params.items()}
        each.step(params, grads)
        moved = {name: params[name] - before[name] for name in params}
        np.testing.assert_allclose(moved["b"], -1e-3)  # Adam under a constant gradient
        assert np.allclose(moved["a"], -1e-3) is (step <= 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_examples": 0}, "n_examples must be at least 1, got 0"),
        ({"n_adapting": 0}, "n_adapting must be at least 1, got 0"),
        ({"friction": 2.0}, r"friction must be in \(0, 1\], got 2.0"),
        ({"integrator": "leapfrog"}, "integrator must be one of"),
    ],
)
def test_bad_input_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ScaleAdaptedSGHMC(**({"n_examples": 5, "n_batches": 1, "n_adapting": 1} | options))
