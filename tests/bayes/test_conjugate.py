"""Conjugate models and plug-in prediction beyond what the claims on them say."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from minivae.bayes import (
    BetaBernoulli,
    NormalInverseGamma,
    NormalKnownVariance,
    plug_in_coverage,
    plug_in_interval,
)

COINS = [1, 0, 1, 1, 0, 1, 1]
REALS = [1.2, 0.7, 2.1, 1.5]
MODELS = [
    (BetaBernoulli(2, 2), COINS),
    (NormalKnownVariance(0, 2, noise_variance=0.5), REALS),
    (NormalInverseGamma(0, 1, 2, 1), REALS),
]

positive = st.floats(0.2, 5)
real = st.floats(-3, 3)
coins = st.lists(st.integers(0, 1), min_size=1, max_size=8)
reals = st.lists(st.floats(-4, 4), min_size=1, max_size=8)
models_with_data = st.one_of(
    st.tuples(st.builds(BetaBernoulli, positive, positive), coins),
    st.tuples(st.builds(NormalKnownVariance, real, positive, noise_variance=positive), reals),
    st.tuples(st.builds(NormalInverseGamma, real, positive, positive, positive), reals),
)
few = settings(max_examples=25, deadline=None)


def log_predictive(model, value):
    distribution = model.predictive()
    discrete = isinstance(model, BetaBernoulli)
    return distribution.logpmf(value) if discrete else distribution.logpdf(value)


@few
@given(models_with_data)
def test_evidence_is_the_product_of_one_step_predictives(model_and_data):
    model, data = model_and_data
    steps, posterior = [], model
    for value in data:
        steps.append(log_predictive(posterior, value))
        posterior = posterior.update([value])
    assert model.log_evidence(data) == pytest.approx(np.sum(steps), rel=1e-11, abs=1e-11)


@few
@given(models_with_data)
def test_the_order_of_the_data_and_their_division_do_not_matter(model_and_data):
    model, data = model_and_data
    whole = model.update(data)
    parts = model
    for value in reversed(data):
        parts = parts.update([value])
    assert type(whole) is type(model)
    np.testing.assert_allclose(list(vars(parts).values()), list(vars(whole).values()), atol=1e-12)


@few
@given(real, positive, positive, reals)
def test_normal_evidence_is_a_multivariate_normal(mean, variance, noise_variance, data):
    n = len(data)
    covariance = noise_variance * np.eye(n) + variance * np.ones((n, n))
    expected = stats.multivariate_normal(np.full(n, mean), covariance).logpdf(data)
    model = NormalKnownVariance(mean, variance, noise_variance=noise_variance)
    assert model.log_evidence(data) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@few
@given(real, positive, positive, positive, reals)
def test_normal_inverse_gamma_evidence_is_a_multivariate_t(mean, kappa, alpha, beta, data):
    n = len(data)
    shape = beta / alpha * (np.eye(n) + np.ones((n, n)) / kappa)
    expected = stats.multivariate_t(np.full(n, mean), shape, df=2 * alpha).logpdf(data)
    model = NormalInverseGamma(mean, kappa, alpha, beta)
    assert model.log_evidence(data) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("model", "data"), MODELS[1:])
def test_replications_follow_the_predictive(model, data):
    posterior = model.update(data[:3])
    sample = posterior.sample_predictive(20_000, rng=0)
    assert stats.kstest(sample, posterior.predictive().cdf).pvalue > 0.01
    too_narrow = stats.norm(posterior.predictive().mean(), 0.95 * posterior.predictive().std())
    assert stats.kstest(sample, too_narrow.cdf).pvalue < 0.01


def test_replications_of_coins():
    sample = BetaBernoulli(7, 4).sample_predictive(40_000, rng=0)
    assert set(sample) == {0, 1}
    standard_error = np.sqrt(7 / 11 * 4 / 11 / 40_000)
    assert sample.mean() == pytest.approx(7 / 11, abs=4 * standard_error)
    # one coin for each draw: neighbours are independent
    assert abs(np.corrcoef(sample[1:], sample[:-1])[0, 1]) < 4 / np.sqrt(40_000)


@pytest.mark.parametrize(("model", "data"), MODELS)
def test_the_seed_decides_the_replications(model, data):
    first = model.sample_predictive(5, rng=3)
    np.testing.assert_array_equal(first, model.sample_predictive(5, rng=np.random.default_rng(3)))
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        model.sample_predictive(0)


@pytest.mark.parametrize("n", [2, 3, 10])
def test_the_reference_prior_predicts_with_student_s_t(n):
    data = np.random.default_rng(n).normal(3, 2, size=n)
    predictive = NormalInverseGamma.from_reference_prior(data).predictive()
    scale = stats.sem(data) * np.sqrt(n + 1)
    expected = stats.t(n - 1, data.mean(), scale).interval(0.95)
    assert predictive.interval(0.95) == pytest.approx(expected, rel=1e-10)


def test_plug_in_interval_is_the_normal_s():
    data = np.array(REALS)
    for ddof in (0, 1):
        expected = stats.norm(data.mean(), data.std(ddof=ddof)).interval(0.8)
        assert plug_in_interval(data, 0.8, ddof=ddof) == pytest.approx(expected, rel=1e-12)
    assert plug_in_coverage(10_000_000, 0.8) == pytest.approx(0.8, abs=1e-6)


def test_models_do_not_change():
    model = BetaBernoulli(1, 1)
    model.update(COINS)
    assert model == BetaBernoulli(1, 1)
    with pytest.raises(FrozenInstanceError):
        model.a = 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: BetaBernoulli(0, 1), "a must be in"),
        (lambda: BetaBernoulli(1, -1), "b must be in"),
        (lambda: NormalKnownVariance(np.nan, 1, noise_variance=1), "mean must be in"),
        (lambda: NormalKnownVariance(0, 0, noise_variance=1), "variance must be in"),
        (lambda: NormalKnownVariance(0, 1, noise_variance=0), "noise_variance must be in"),
        (lambda: NormalInverseGamma(0, 0, 1, 1), "kappa must be in"),
        (lambda: NormalInverseGamma(0, 1, 0, 1), "alpha must be in"),
        (lambda: NormalInverseGamma(0, 1, 1, np.inf), "beta must be in"),
        (lambda: BetaBernoulli(1, 1).update([0, 1, 2]), "data must be 0 or 1, got 2"),
        (lambda: BetaBernoulli(1, 1).update([]), r"shape \(n,\), got shape"),
        (lambda: MODELS[1][0].update([[1.0]]), r"shape \(n,\), got shape \(1, 1\)"),
        (lambda: MODELS[2][0].update([1.0, np.nan]), "data must be finite, got nan at index 1"),
        (lambda: NormalInverseGamma.from_reference_prior([0.1] * 3), "two different values"),
        (lambda: plug_in_interval([1.0]), "observations .* got the number of observations 1"),
        (lambda: plug_in_interval([1.0, np.inf]), "data must be finite, got inf"),
        (lambda: plug_in_interval(REALS, 1.0), "level must be in"),
        (lambda: plug_in_coverage(1), "n must be at least 2, got 1"),
        (lambda: plug_in_coverage(5, ddof=2), "ddof must be between 0 and 1, got 2"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_figures_of_round_priors():
    coins, normal, both = (model.update(data) for model, data in MODELS)
    evidences = [model.log_evidence(data) for model, data in MODELS]
    assert evidences == pytest.approx([np.log(1 / 140), -5.1784193849, -5.9678329458], abs=1e-10)
    assert coins.predictive().mean() == pytest.approx(7 / 11)
    assert (normal.mean, normal.variance) == pytest.approx((1.2941176471, 0.1176470588))
    assert (both.mean, both.kappa, both.alpha, both.beta) == pytest.approx((1.1, 5, 4, 2.27))
