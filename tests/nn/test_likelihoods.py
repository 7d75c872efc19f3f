import math
from itertools import pairwise

import numpy as np
import pytest
from helpers import SEEDS, SIZES, check_jacobian, frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, special, stats

from minivae import (
    Adam,
    Bernoulli,
    ContinuousBernoulli,
    Gaussian,
    Layer,
    SquaredError,
    check_gradients,
)
from minivae.claims.audit import LikelihoodLayer
from minivae.nn import elementwise, likelihoods
from minivae.nn.likelihoods import LIKELIHOODS, likelihood_from
from minivae.nn.networks import cast

MAKERS = {
    "Bernoulli": lambda dtype=np.float64: Bernoulli(),
    "ContinuousBernoulli": lambda dtype=np.float64: ContinuousBernoulli(),
    "Gaussian": lambda dtype=np.float64: Gaussian(),
    "Gaussian(0.3)": lambda dtype=np.float64: Gaussian(0.3),
    "Gaussian learned": lambda dtype=np.float64: Gaussian("learned", dtype=dtype),
    "Gaussian predicted": lambda dtype=np.float64: Gaussian("predicted"),
    "SquaredError": lambda dtype=np.float64: SquaredError(),
}
EVERY_LIKELIHOOD = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
EVERY_DISTRIBUTION = pytest.mark.parametrize(
    "make", list(MAKERS.values())[:-1], ids=list(MAKERS)[:-1]
)
LOGITS = [-800, -30, -2.5, -0.3, -0.0101, -0.0099, -1e-5, 0, 1e-9, 0.0099, 0.0101, 1, 30, 800]


def batch_for(likelihood, n, n_features, rng, scale=1.5):
    """Draw data in the likelihood's interval and a decoder's output of the right width."""
    x = rng.random((n, n_features)) if likelihood.interval else rng.normal(size=(n, n_features))
    return x, scale * rng.standard_normal((n, likelihood.n_outputs(n_features)))


@EVERY_LIKELIHOOD
@pytest.mark.parametrize("method", ["central", "complex"])
@settings(max_examples=20)
@given(seed=SEEDS, n=SIZES, n_features=SIZES, scale=st.sampled_from([1e-3, 0.02, 1.0, 5.0]))
def test_gradients(make, method, seed, n, n_features, scale):
    rng = np.random.default_rng(seed)
    likelihood = make()
    for parameter in likelihood.params.values():
        parameter[...] = rng.normal(size=parameter.shape)
    x, out = batch_for(likelihood, n, n_features, rng, scale)
    layer = LikelihoodLayer(likelihood, x)
    check_gradients(layer, out, method=method, rng=rng).raise_if_failed()


@EVERY_LIKELIHOOD
def test_jacobian_is_that_of_scipy(make):
    likelihood = make()
    x, out = batch_for(likelihood, 2, 3, np.random.default_rng(0))
    check_jacobian(
        lambda out: likelihood.log_prob(x, out),
        out,
        backward=lambda dy: likelihood.log_prob_backward(x, out, dy),
    )


def test_the_learned_variance_has_the_jacobian_of_scipy():
    likelihood = Gaussian("learned", min_sigma=0.5)
    x, out = batch_for(likelihood, 2, 3, np.random.default_rng(0))

    def log_prob(raw):
        likelihood.params["raw_log_var"][...] = raw
        return likelihood.log_prob(x, out)

    def gradient(dlog_prob):
        log_prob(-0.8)
        likelihood.log_prob_backward(x, out, dlog_prob)
        return likelihood.grads["raw_log_var"].copy()

    check_jacobian(log_prob, np.array([-0.8]), backward=gradient)


@EVERY_LIKELIHOOD
def test_log_prob_is_a_sum_over_features_for_each_row(make):
    likelihood = make()
    x, out = batch_for(likelihood, 5, 3, np.random.default_rng(0))
    whole = likelihood.log_prob(x, out)
    assert whole.shape == (5,)
    columns = [likelihood.log_prob(x[:, [j]], out[:, j::3]) for j in range(3)]
    np.testing.assert_allclose(whole, np.sum(columns, axis=0), rtol=1e-12)
    for i in range(5):
        row = slice(i, i + 1)
        np.testing.assert_allclose(likelihood.log_prob(x[row], out[row]), whole[row], rtol=1e-12)


@EVERY_LIKELIHOOD
def test_backward_overwrites_grads_and_changes_nothing_else(make):
    likelihood = make()
    for parameter in likelihood.params.values():
        parameter.flags.writeable = False
    x, out = frozen(*batch_for(likelihood, 4, 3, np.random.default_rng(0)))
    (dlog_prob,) = frozen([1.0, -2.0, 0.5, 0.0])
    dout = likelihood.log_prob_backward(x, out, dlog_prob)
    grads = {name: value.copy() for name, value in likelihood.grads.items()}
    np.testing.assert_array_equal(likelihood.log_prob_backward(x, out, dlog_prob), dout)
    for name, value in grads.items():
        np.testing.assert_array_equal(likelihood.grads[name], value)


@EVERY_LIKELIHOOD
def test_float32_stays_float32(make):
    rng = np.random.default_rng(0)
    likelihood = make(dtype=np.float32)
    x, out = (a.astype(np.float32) for a in batch_for(likelihood, 4, 3, rng))
    arrays = [
        likelihood.log_prob(x, out),
        likelihood.log_prob_backward(x, out, np.ones(4, np.float32)),
        likelihood.mean(out),
    ]
    if likelihood.name != "squared_error":
        arrays.append(likelihood.sample(out, rng))
    Adam().step(likelihood.params, likelihood.grads)
    for array in [*arrays, *likelihood.params.values(), *likelihood.grads.values()]:
        assert array.dtype == np.float32


@EVERY_LIKELIHOOD
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_outputs_stay_finite(make, dtype):
    likelihood = make(dtype=dtype)
    n_outputs = likelihood.n_outputs(1)
    sizes = np.array([-1e4, 0, 1e4], dtype)
    out = np.stack(np.meshgrid(*[sizes] * n_outputs), -1).reshape(-1, n_outputs)
    arrays = [likelihood.mean(out)]
    if likelihood.name != "squared_error":
        arrays.append(likelihood.sample(out, 0))
    for pixel in (0, 0.3, 1):
        x = np.full((len(out), 1), pixel, dtype)
        arrays.append(likelihood.log_prob(x, out))
        arrays.append(likelihood.log_prob_backward(x, out, np.ones(len(out), dtype)))
        arrays.extend(value.copy() for value in likelihood.grads.values())
    for array in arrays:
        assert np.isfinite(array).all()


@EVERY_DISTRIBUTION
def test_one_seed_gives_one_sample(make):
    likelihood = make()
    _, out = batch_for(likelihood, 20, 3, np.random.default_rng(0))
    first = likelihood.sample(out, 4)
    assert first.shape == likelihood.mean(out).shape == (20, 3)
    np.testing.assert_array_equal(likelihood.sample(out, 4), first)
    np.testing.assert_array_equal(likelihood.sample(out, np.random.default_rng(4)), first)
    assert not np.array_equal(likelihood.sample(out, 5), first)


def test_a_likelihood_is_not_a_layer():
    for make in MAKERS.values():
        assert not isinstance(make(), Layer)
        assert not hasattr(make(), "forward")
        assert not hasattr(make(), "backward")


def dout_by_expit(x, out, dlog_prob):
    return dlog_prob[:, None] * (x - special.expit(out))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bernoullis_gradient_is_the_same_with_and_without_its_memory(dtype):
    """What `log_prob` keeps for one array must never reach the gradient of another."""
    rng = np.random.default_rng(0)
    x = rng.random((4, 3)).astype(dtype)
    out, other = 3 * rng.standard_normal((2, 4, 3)).astype(dtype)
    dlog_prob = rng.standard_normal(4).astype(dtype)
    close = {"rtol": 1e-6 if dtype == np.float32 else 1e-12}
    fresh = Bernoulli().log_prob_backward(x, out, dlog_prob)
    np.testing.assert_allclose(fresh, dout_by_expit(x, out, dlog_prob), **close)

    likelihood = Bernoulli()
    likelihood.log_prob(x, out)
    for _ in range(2):  # with what was kept, then without
        np.testing.assert_array_equal(likelihood.log_prob_backward(x, out, dlog_prob), fresh)
    likelihood.log_prob(x, out)
    expected = dout_by_expit(x, other, dlog_prob)
    np.testing.assert_allclose(likelihood.log_prob_backward(x, other, dlog_prob), expected, **close)
    np.testing.assert_array_equal(likelihood.log_prob_backward(x, out, dlog_prob), fresh)

    for kept, asked in [(other, out), (out.copy(), out), (out[:2], out), (out, out[::-1])]:
        likelihood.log_prob(x[: len(kept)], kept)
        dout = likelihood.log_prob_backward(x, asked, dlog_prob)
        np.testing.assert_allclose(dout, dout_by_expit(x, asked, dlog_prob), **close)


def test_bernoulli_takes_one_exponential_for_a_forward_and_a_backward_pass(monkeypatch):
    calls, right = [], elementwise.exp_minus_abs

    def counted(a, out=None):
        calls.append(a)
        return right(a, out)

    monkeypatch.setattr(elementwise, "exp_minus_abs", counted)
    monkeypatch.setattr(likelihoods, "exp_minus_abs", counted)
    likelihood = Bernoulli()
    x, out = batch_for(likelihood, 4, 3, np.random.default_rng(0))
    likelihood.log_prob(x, out)
    likelihood.log_prob_backward(x, out, np.ones(4))
    assert len(calls) == 1
    likelihood.log_prob_backward(x, out, np.ones(4))
    assert len(calls) == 2


@given(seed=SEEDS, n=SIZES, n_features=SIZES)
def test_bernoulli_is_that_of_scipy(seed, n, n_features):
    rng = np.random.default_rng(seed)
    out = 4 * rng.standard_normal((n, n_features))
    law = stats.bernoulli(1 / (1 + np.exp(-out)))
    close = {"rtol": 1e-9, "atol": 1e-12}
    binary = rng.integers(0, 2, (n, n_features))
    expected = law.logpmf(binary).sum(1)
    np.testing.assert_allclose(Bernoulli().log_prob(binary.astype(float), out), expected, **close)
    np.testing.assert_allclose(Bernoulli().mean(out), law.mean(), rtol=1e-12)
    # a grey value is a mixture of black and white
    grey = rng.random((n, n_features))
    expected = (grey * law.logpmf(1) + (1 - grey) * law.logpmf(0)).sum(1)
    np.testing.assert_allclose(Bernoulli().log_prob(grey, out), expected, **close)


@pytest.mark.parametrize(
    ("logit", "nll"), [(-800, 240), (-30, 9), (0, 0.6931471805599453), (30, 21), (800, 560)]
)
def test_bernoulli_has_its_known_values(logit, nll):
    log_prob = Bernoulli().log_prob(np.array([[0.3]]), np.array([[float(logit)]]))
    np.testing.assert_allclose(log_prob, [-nll], rtol=1e-12)


def test_bernoulli_on_grey_pixels_is_best_at_minus_their_entropy():
    x = np.array([[0.1, 0.3, 0.8]])
    best = optimize.minimize(
        lambda out: -Bernoulli().log_prob(x, out[None])[0],
        np.zeros(3),
        jac=lambda out: -Bernoulli().log_prob_backward(x, out[None], np.ones(1))[0],
        tol=1e-10,
    )
    np.testing.assert_allclose(best.fun, stats.bernoulli(x).entropy().sum(), rtol=1e-10)
    np.testing.assert_allclose(Bernoulli().mean(best.x), x[0], rtol=1e-4)


def test_bernoulli_samples_are_black_and_white_with_the_right_mean():
    n = 100_000
    p = np.array([0.03, 0.5, 0.8])
    x = Bernoulli().sample(np.tile(np.log(p / (1 - p)), (n, 1)), 3)
    assert set(np.unique(x)) == {0.0, 1.0}
    assert np.all(np.abs(x.mean(0) - p) < 5 * np.sqrt(p * (1 - p) / n))


def moment(logit, power):
    """Return the integral of x**power under the density, over pieces that suit steep ones."""
    edges = np.concatenate([[0], np.logspace(-4, -0.31, 25), 1 - np.logspace(-0.31, -4, 25), [1]])

    def integrand(x):
        out = np.full((len(x), 1), float(logit))
        return x**power * np.exp(ContinuousBernoulli().log_prob(x[:, None], out))

    return sum(integrate.fixed_quad(integrand, low, high, n=20)[0] for low, high in pairwise(edges))


@pytest.mark.parametrize("logit", LOGITS)
def test_continuous_bernoulli_integrates_to_one_and_has_its_mean(logit):
    assert abs(moment(logit, 0) - 1) < 1e-12
    mean = ContinuousBernoulli().mean(np.array([[float(logit)]]))[0, 0]
    np.testing.assert_allclose(mean, moment(logit, 1), rtol=1e-10)


@pytest.mark.parametrize(
    ("probability", "log_constant", "mean"),
    [
        (0.2, 0.8374598837, 0.3880141871),
        (0.9, 1.0103385595, 0.6698803867),
        (0.01, 1.5451975455, 0.2074180986),
        (0.5, math.log(2), 0.5),
    ],
)
def test_continuous_bernoulli_has_its_known_values(probability, log_constant, mean):
    out = np.array([[math.log(probability / (1 - probability))]])
    for x in (0.0, 0.25, 1.0):
        expected = log_constant + x * math.log(probability) + (1 - x) * math.log(1 - probability)
        actual = ContinuousBernoulli().log_prob(np.array([[x]]), out)
        np.testing.assert_allclose(actual, [expected], rtol=0, atol=1e-9)
    np.testing.assert_allclose(ContinuousBernoulli().mean(out), [[mean]], rtol=0, atol=1e-9)


@pytest.mark.parametrize(("x", "logit"), [(0.8, 4.801008), (0.25, -3.593512)])
def test_continuous_bernoulli_is_best_where_its_mean_is_the_pixel(x, logit):
    def gradient(a):
        one = np.array([[a]])
        return ContinuousBernoulli().log_prob_backward(np.array([[x]]), one, np.ones(1))[0, 0]

    assert abs(optimize.brentq(gradient, -50, 50) - logit) < 1e-6


def test_continuous_bernoulli_is_symmetric():
    out = np.array(LOGITS, float)[:, None]
    x = np.random.default_rng(0).random(out.shape)
    likelihood = ContinuousBernoulli()
    np.testing.assert_allclose(
        likelihood.log_prob(1 - x, -out), likelihood.log_prob(x, out), rtol=1e-12, atol=1e-12
    )
    np.testing.assert_allclose(likelihood.mean(-out), 1 - likelihood.mean(out), rtol=1e-9)


def test_continuous_bernoulli_reaches_its_limits():
    likelihood, out = ContinuousBernoulli(), np.array([[-1e4], [1e4]])
    # the density is steep enough to be exponential, of rate |a|, at either end
    np.testing.assert_allclose(likelihood.mean(out), [[1e-4], [1 - 1e-4]], rtol=1e-9)
    black, white = np.zeros((2, 1)), np.ones((2, 1))
    log_rate = math.log(1e4)
    np.testing.assert_allclose(likelihood.log_prob(black, out), [log_rate, log_rate - 1e4])
    np.testing.assert_allclose(likelihood.log_prob(white, out), [log_rate - 1e4, log_rate])


def test_continuous_bernoulli_loses_little_in_float32():
    size = np.logspace(-5, 3, 801)
    out = np.concatenate([-size, [0], size])[:, None]
    single = ContinuousBernoulli().mean(out.astype(np.float32))
    np.testing.assert_allclose(single, ContinuousBernoulli().mean(out), rtol=0, atol=1e-4)


@pytest.mark.parametrize("logit", [-40, -2, -0.0099, 0.0, 1e-6, 0.5, 6])
def test_continuous_bernoulli_samples_follow_the_density(logit):
    n = 200_000
    x = ContinuousBernoulli().sample(np.full((n, 1), float(logit)), 1)[:, 0]
    mean = moment(logit, 1)
    variance = moment(logit, 2) - mean**2
    assert x.min() >= 0
    assert x.max() <= 1
    assert abs(x.mean() - mean) < 5 * math.sqrt(variance / n)
    spread = (x - mean) ** 2
    assert abs(spread.mean() - variance) < 5 * spread.std() / math.sqrt(n)
    # F(x) = (e^(a x) - 1) / (e^a - 1)
    law = (lambda t: t) if logit == 0 else lambda t: np.expm1(logit * t) / np.expm1(logit)
    assert stats.kstest(x, law).pvalue > 1e-3


def test_continuous_bernoulli_has_its_known_variance():
    x = ContinuousBernoulli().sample(np.full((400_000, 1), math.log(0.25)), 2)
    assert abs(x.var() - 0.0758978008) < 5 * ((x - x.mean()) ** 2).std() / math.sqrt(x.size)


def test_continuous_bernoulli_samples_of_a_small_logit_are_not_quite_uniform():
    n, logit = 3_000_000, 0.0099
    x = ContinuousBernoulli().sample(np.full((n, 1), logit), 0)
    assert abs(x.mean() - (0.5 + logit / 12)) < 4 * math.sqrt(1 / 12 / n) < logit / 12


def test_a_uniform_number_that_rounds_to_one_does_not_make_an_infinite_sample():
    def bits():
        return np.random.PCG64(0).advance(14_817_370)

    unit = np.random.Generator(bits()).random(8).astype(np.float32)
    assert 1 in unit  # the place was found by search
    x = ContinuousBernoulli().sample(np.full((1, 8), -50, np.float32), np.random.Generator(bits()))
    assert np.all((x >= 0) & (x < 1))


@given(seed=SEEDS, n=SIZES, n_features=SIZES, min_sigma=st.sampled_from([1e-3, 0.5]))
def test_gaussian_is_that_of_scipy(seed, n, n_features, min_sigma):
    rng = np.random.default_rng(seed)
    x, out, raw = rng.normal(size=(3, n, n_features))
    sigma = math.exp(rng.normal())
    fixed = Gaussian(sigma).log_prob(x, out)
    np.testing.assert_allclose(fixed, stats.norm(out, sigma).logpdf(x).sum(1), rtol=1e-9)

    predicted = Gaussian("predicted", min_sigma=min_sigma)
    _, log_var = predicted.mean_and_log_var(np.hstack([out, raw]))
    std = np.sqrt(min_sigma**2 + np.exp(20 * np.tanh(raw / 20)))
    np.testing.assert_allclose(np.exp(log_var), std**2, rtol=1e-12)
    log_prob = predicted.log_prob(x, np.hstack([out, raw]))
    np.testing.assert_allclose(log_prob, stats.norm(out, std).logpdf(x).sum(1), rtol=1e-9)
    np.testing.assert_array_equal(predicted.mean(np.hstack([out, raw])), out)

    learned = Gaussian("learned", min_sigma=min_sigma)
    learned.params["raw_log_var"][...] = raw[0, 0]
    log_prob = learned.log_prob(x, out)
    np.testing.assert_allclose(log_prob, stats.norm(out, std[0, 0]).logpdf(x).sum(1), rtol=1e-9)


def test_a_learned_variance_is_best_at_the_mean_squared_error():
    rng = np.random.default_rng(0)
    x, out = rng.normal(size=(2, 50, 4))
    mse = np.mean((x - out) ** 2)
    likelihood = Gaussian("learned")

    def gradient(raw):
        likelihood.params["raw_log_var"][...] = raw
        likelihood.log_prob_backward(x, out, np.full(50, 1 / 50))
        return likelihood.grads["raw_log_var"][0]

    optimize.brentq(gradient, -10, 10, xtol=1e-14)
    best = likelihood.log_prob(x, out).mean()
    _, log_var = likelihood.mean_and_log_var(out)
    np.testing.assert_allclose(np.exp(log_var), [mse], rtol=1e-10)
    np.testing.assert_allclose(best, -2 * (math.log(2 * math.pi * mse) + 1), rtol=1e-12)


def test_the_floor_bounds_the_density_of_a_pixel_that_never_changes():
    likelihood = Gaussian("predicted", min_sigma=0.01)
    for raw in (-100.0, -1e4):
        out = np.array([[0.3, raw]])
        log_prob = likelihood.log_prob(np.array([[0.3]]), out)
        np.testing.assert_allclose(log_prob, stats.norm(0, 0.01).logpdf(0), rtol=1e-4)
        samples = likelihood.sample(np.tile(out, (10_000, 1)), 0)
        assert abs(samples.std() / 0.01 - 1) < 5 / math.sqrt(20_000)


@pytest.mark.parametrize("kind", [0.3, "learned", "predicted"])
def test_gaussian_samples_have_mean_and_variance(kind):
    n, mean, raw = 100_000, np.array([-1.0, 2.0]), np.array([-1.5, 0.8])
    likelihood = Gaussian(kind)
    out = np.tile(mean, (n, 1))
    if kind == "predicted":
        out = np.hstack([out, np.tile(raw, (n, 1))])
        variance = np.exp(raw)
    elif kind == "learned":
        likelihood.params["raw_log_var"][...] = raw[1]
        variance = np.exp(raw[1])
    else:
        variance = 0.3**2
    x = likelihood.sample(out, 0)
    assert np.all(np.abs(x.mean(0) - mean) < 5 * np.sqrt(variance / n))
    # the bound moves a raw log variance of 1.5 by 0.003, less than a standard error of 0.0045
    assert np.all(np.abs(x.var(0) / variance - 1) < 5 * math.sqrt(2 / n))


def test_squared_error_is_a_gaussian_of_variance_one_half_without_its_constant():
    rng = np.random.default_rng(0)
    x, out = rng.normal(size=(2, 4, 3))
    half = Gaussian(math.sqrt(0.5))
    difference = SquaredError().log_prob(x, out) - half.log_prob(x, out)
    np.testing.assert_allclose(difference, 1.5 * math.log(math.pi), rtol=1e-12)
    dlog_prob = rng.normal(size=4)
    np.testing.assert_allclose(
        SquaredError().log_prob_backward(x, out, dlog_prob),
        half.log_prob_backward(x, out, dlog_prob),
        rtol=1e-12,
    )
    np.testing.assert_array_equal(SquaredError().mean(out), out)
    with pytest.raises(ValueError, match="squared_error has no distribution to sample from"):
        SquaredError().sample(out)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Gaussian(0), ValueError, r"sigma must be in \(0, inf\), got 0"),
        (lambda: Gaussian(-1.5), ValueError, r"sigma must be in \(0, inf\), got -1.5"),
        (lambda: Gaussian(math.nan), ValueError, r"sigma must be in \(0, inf\), got nan"),
        (lambda: Gaussian(True), TypeError, "sigma must be a number, got True"),
        (lambda: Gaussian("fixed"), ValueError, "'learned' or 'predicted', got 'fixed'"),
        (lambda: Gaussian(min_sigma=0), ValueError, r"min_sigma must be in \(0, inf\), got 0"),
        (lambda: Gaussian("learned", dtype=int), ValueError, "dtype must be float32 or float64"),
        (lambda: likelihood_from("poisson"), ValueError, "likelihood must be one of .*'poisson'"),
        (lambda: likelihood_from({}), ValueError, "likelihood must be one of .*got {}"),
    ],
)
def test_bad_arguments_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


@EVERY_LIKELIHOOD
def test_a_likelihood_can_be_made_again_from_its_config(make):
    likelihood = make()
    again = likelihood_from(likelihood.config)
    assert type(again) is type(likelihood)
    assert again is not likelihood
    assert again.config == likelihood.config
    assert again.n_outputs(7) == likelihood.n_outputs(7)
    assert likelihood_from(likelihood) is likelihood
    assert isinstance(likelihood_from(likelihood.name), LIKELIHOODS[likelihood.name])


def test_a_decoder_is_twice_as_wide_where_the_variance_is_predicted():
    assert Gaussian("predicted").n_outputs(7) == 14
    assert {make().n_outputs(7) for name, make in MAKERS.items() if "predicted" not in name} == {7}


def test_cast_takes_a_learned_variance_along():
    single = Gaussian("learned", dtype=np.float32)
    double = cast(single, np.float64)
    double.params["raw_log_var"][...] = 3
    assert double.params["raw_log_var"].dtype == np.float64
    assert single.params["raw_log_var"] == 0
