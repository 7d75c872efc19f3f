import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from minivae.bayes import gradient_estimators as estimators

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
MEANS, WIDTHS = st.floats(-2, 2), st.floats(0.2, 1.5)


def expectation(samples):
    """The mean over all noise, by quadrature instead of draws."""
    return [float(WEIGHTS @ values[:, 0]) for values in samples]


@settings(max_examples=100, deadline=None)
@given(mu=MEANS, sigma=WIDTHS, baseline=st.floats(-3, 3))
def test_both_estimators_have_the_true_gradient_for_their_mean(mu, sigma, baseline):
    # E e^(z/2) = e^(mu/2 + sigma^2/8)
    E = np.exp(mu / 2 + sigma**2 / 8)
    truth, eps = [E / 2, E * sigma / 4], NODES[:, None]
    path = estimators.reparameterized_gradient(lambda z: np.exp(z / 2) / 2, mu, sigma, eps)
    score = estimators.score_function_gradient(
        lambda z: np.exp(z[:, 0] / 2), mu, sigma, eps, baseline=baseline
    )
    assert expectation(path) == pytest.approx(truth, rel=1e-9)
    assert expectation(score) == pytest.approx(truth, rel=1e-8, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(mu=MEANS, sigma=WIDTHS, m=MEANS, t=WIDTHS)
def test_both_elbo_gradients_have_the_slope_of_the_kl_for_their_mean(mu, sigma, m, t):
    # -KL(q||p) = log(sigma/t) - (sigma^2 + (mu - m)^2) / (2 t^2) + 1/2
    truth, eps = [-(mu - m) / t**2, 1 / sigma - sigma / t**2], NODES[:, None]
    for stick in (True, False):
        gradient = estimators.elbo_gradient(
            lambda z: -(z - m) / t**2, mu, sigma, eps, stick_the_landing=stick
        )
        assert expectation(gradient) == pytest.approx(truth, rel=1e-8, abs=1e-8)


def test_the_score_is_the_slope_of_scipys_log_density():
    eps = np.random.default_rng(0).standard_normal((5, 3))
    mu, sigma, h = np.array([0.5, -1, 2]), np.array([0.3, 1, 2]), 1e-6
    z = mu + sigma * eps
    ones = estimators.score_function_gradient(lambda z: np.ones(len(z)), mu, sigma, eps)
    logpdf = stats.norm.logpdf
    slope = (logpdf(z, mu + h, sigma) - logpdf(z, mu - h, sigma)) / (2 * h)
    np.testing.assert_allclose(ones.dmu, slope, rtol=1e-7, atol=1e-8)
    slope = (logpdf(z, mu, sigma + h) - logpdf(z, mu, sigma - h)) / (2 * h)
    np.testing.assert_allclose(ones.dsigma, slope, rtol=1e-7, atol=1e-8)


def test_one_gradient_for_each_draw_and_coordinate():
    eps = np.random.default_rng(0).standard_normal((7, 3))
    sigma = np.array([0.1, 1, 2])
    path = estimators.reparameterized_gradient(lambda z: 2 * z, 0, sigma, eps)
    np.testing.assert_allclose(path.dmu, 2 * sigma * eps, rtol=1e-14)
    np.testing.assert_allclose(path.dsigma, 2 * sigma * eps**2, rtol=1e-14)
    with_scalars = estimators.reparameterized_gradient(lambda z: 2 * z, 1, 2, eps)
    with_vectors = estimators.reparameterized_gradient(lambda z: 2 * z, [1] * 3, [2] * 3, eps)
    np.testing.assert_array_equal(with_scalars.dmu, with_vectors.dmu)


def test_sticking_the_landing_is_silent_at_the_posterior_in_many_dimensions():
    eps = np.random.default_rng(0).standard_normal((1000, 4))
    m, t = np.linspace(-1, 1, 4), np.geomspace(0.1, 2, 4)
    stuck, full = (
        estimators.elbo_gradient(lambda z: -(z - m) / t**2, m, t, eps, stick_the_landing=stick)
        for stick in (True, False)
    )
    assert max(np.abs(g).max() for g in stuck) < 1e-11
    np.testing.assert_allclose(full.dmu, -eps / t, atol=1e-11)


def test_refused_arguments():
    eps = np.zeros((5, 2))
    with pytest.raises(ValueError, match=r"sigma must be positive, got -1"):
        estimators.reparameterized_gradient(np.cos, 0, [1, -1], eps)
    with pytest.raises(
        ValueError, match="mu must be one finite number, or one for each of the 2 col"
    ):
        estimators.reparameterized_gradient(np.cos, [0, 0, 0], 1, eps)
    with pytest.raises(ValueError, match=r"sigma must be finite, got nan"):
        estimators.score_function_gradient(np.cos, 0, np.nan, eps)
    with pytest.raises(ValueError, match=r"what f returns must have shape \(5,\), got \(5, 2\)"):
        estimators.score_function_gradient(np.cos, 0, 1, eps)
    with pytest.raises(ValueError, match=r"dwhat f returns must have shape \(5, 2\), got \(5,\)"):
        estimators.reparameterized_gradient(lambda z: z[:, 0], 0, 1, eps)
    with pytest.raises(ValueError, match=r"dlog_p\(z\) must have shape \(5, 2\), got \(5, 1\)"):
        estimators.elbo_gradient(lambda z: z[:, :1], 0, 1, eps)
    with pytest.raises(ValueError, match=r"eps must have shape .*got shape \(5,\)"):
        estimators.reparameterized_gradient(np.cos, 0, 1, eps[:, 0])
