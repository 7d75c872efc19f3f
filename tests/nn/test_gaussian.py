import math

import numpy as np
import pytest
from helpers import SEEDS, SIZES, check_jacobian, frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from minivae import (
    bound_log_var,
    bound_log_var_backward,
    check_gradients,
    gaussian_kl,
    gaussian_kl_backward,
    gaussian_kl_between,
    gaussian_kl_between_backward,
    gaussian_log_density,
    gaussian_log_density_backward,
    reparameterize,
    reparameterize_backward,
)
from minivae.nn.gaussian import (
    kl_per_latent,
    kl_per_latent_backward,
    log_ratio_at,
    log_ratio_at_backward,
)

FUNCTIONS = [  # function, backward, number of arguments
    (gaussian_log_density, gaussian_log_density_backward, 3),
    (kl_per_latent, kl_per_latent_backward, 2),
    (gaussian_kl, gaussian_kl_backward, 2),
    (gaussian_kl_between, gaussian_kl_between_backward, 4),
    (reparameterize, reparameterize_backward, 2),
    (log_ratio_at, log_ratio_at_backward, 2),
    (bound_log_var, bound_log_var_backward, 1),
]
EVERY_FUNCTION = pytest.mark.parametrize(
    ("function", "backward", "n"), FUNCTIONS, ids=[f[0].__name__ for f in FUNCTIONS]
)
MEANS = st.floats(-3, 3)
LOG_VARS = st.floats(-3, 3)


def arguments(function, n, shape, rng, scale=1.5):
    """Draw the arguments that have a gradient, and then the noise, if it takes some."""
    n_noise = 1 if function in (reparameterize, log_ratio_at) else 0
    return [scale * rng.standard_normal(shape) for _ in range(n + n_noise)]


@EVERY_FUNCTION
@pytest.mark.parametrize("method", ["central", "complex"])
@settings(max_examples=25)
@given(seed=SEEDS, batch=SIZES, n_latent=SIZES)
def test_gradients(function, backward, n, method, seed, batch, n_latent):
    rng = np.random.default_rng(seed)
    inputs = arguments(function, n, (batch, n_latent), rng)
    report = check_gradients(function, *inputs, backward=backward, method=method, rng=rng)
    report.raise_if_failed()
    assert len(report.entries) == n


@pytest.mark.parametrize("method", ["central", "complex"])
@settings(max_examples=25)
@given(seed=SEEDS, scale=st.sampled_from([1e-3, 1.0, 20.0, 60.0]))
def test_the_bound_has_the_right_gradient_far_out(method, seed, scale):
    raw = scale * np.random.default_rng(seed).standard_normal((3, 4))
    check_gradients(
        bound_log_var, raw, backward=bound_log_var_backward, method=method, rng=seed
    ).raise_if_failed()


@EVERY_FUNCTION
def test_jacobian_is_that_of_scipy(function, backward, n):
    inputs = arguments(function, n, (2, 3), np.random.default_rng(0), scale=1.0)
    for i in range(n):

        def of_one(value, i=i):
            return function(*inputs[:i], value, *inputs[i + 1 :])

        def gradient(dy, i=i):
            gradients = backward(*inputs, dy)
            return gradients[i] if isinstance(gradients, tuple) else gradients

        check_jacobian(of_one, inputs[i], backward=gradient)


@EVERY_FUNCTION
def test_arguments_stay_as_they_are(function, backward, n):
    inputs = frozen(*arguments(function, n, (2, 3), np.random.default_rng(0)))
    (dy,) = frozen(np.ones_like(function(*inputs)))
    backward(*inputs, dy)


@EVERY_FUNCTION
def test_float32_stays_float32(function, backward, n):
    rng = np.random.default_rng(0)
    inputs = [a.astype(np.float32) for a in arguments(function, n, (2, 3), rng)]
    y = function(*inputs)
    gradients = backward(*inputs, np.ones_like(y))
    for array in (y, *(gradients if isinstance(gradients, tuple) else (gradients,))):
        assert array.dtype == np.float32


@given(seed=SEEDS, batch=SIZES, n_latent=SIZES)
def test_log_density_is_that_of_scipy(seed, batch, n_latent):
    z, mu, log_var = np.random.default_rng(seed).normal(0, 2, (3, batch, n_latent))
    expected = [
        stats.multivariate_normal(mu[i], np.diag(np.exp(log_var[i]))).logpdf(z[i])
        for i in range(batch)
    ]
    actual = gaussian_log_density(z, mu, log_var)
    assert actual.shape == (batch,)
    np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-10)


def kl_by_quadrature(mu1, log_var1, mu2, log_var2):
    """Integrate q (log q - log p) over ten standard deviations of q."""
    q, p = (stats.norm(m, math.sqrt(math.exp(lv))) for m, lv in ((mu1, log_var1), (mu2, log_var2)))
    interval = q.mean() - 10 * q.std(), q.mean() + 10 * q.std()

    def integrand(z):
        return q.pdf(z) * (q.logpdf(z) - p.logpdf(z))

    return integrate.fixed_quad(integrand, *interval, n=100)[0]


@settings(max_examples=50)
@given(mu1=MEANS, log_var1=LOG_VARS, mu2=MEANS, log_var2=LOG_VARS)
def test_kl_is_its_integral_in_both_directions(mu1, log_var1, mu2, log_var2):
    def kl(*numbers):
        return gaussian_kl_between(*np.reshape(numbers, (4, 1, 1)))[0]

    one, other = (mu1, log_var1), (mu2, log_var2)
    close = {"rtol": 1e-9, "atol": 1e-9}
    np.testing.assert_allclose(kl(*one, *other), kl_by_quadrature(*one, *other), **close)
    np.testing.assert_allclose(kl(*other, *one), kl_by_quadrature(*other, *one), **close)
    standard = gaussian_kl(np.array([[mu1]]), np.array([[log_var1]]))[0]
    np.testing.assert_allclose(standard, kl_by_quadrature(*one, 0, 0), **close)


@settings(max_examples=50)
@given(seed=SEEDS, batch=SIZES, n_latent=SIZES)
def test_each_latent_has_the_kl_of_its_own_integral(seed, batch, n_latent):
    mu, log_var = np.random.default_rng(seed).uniform(-3, 3, (2, batch, n_latent))
    kl = kl_per_latent(mu, log_var)
    assert kl.shape == (batch, n_latent)
    for i, j in np.ndindex(kl.shape):
        expected = kl_by_quadrature(mu[i, j], log_var[i, j], 0, 0)
        np.testing.assert_allclose(kl[i, j], expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(gaussian_kl(mu, log_var), kl.sum(axis=1))


@given(seed=SEEDS, batch=SIZES, n_latent=SIZES)
def test_log_ratio_is_the_difference_of_the_two_densities_of_scipy(seed, batch, n_latent):
    mu, log_var, eps = np.random.default_rng(seed).normal(0, 2, (3, batch, n_latent))
    z = reparameterize(mu, log_var, eps)
    log_p = stats.norm.logpdf(z).sum(axis=1)
    log_q = stats.norm.logpdf(z, mu, np.sqrt(np.exp(log_var))).sum(axis=1)
    log_ratio = log_ratio_at(z, log_var, eps)
    assert log_ratio.shape == (batch,)
    np.testing.assert_allclose(log_ratio, log_p - log_q, rtol=1e-10, atol=1e-10)


@given(seed=SEEDS, batch=SIZES, n_latent=SIZES)
def test_kl_sums_over_latents_and_not_over_the_batch(seed, batch, n_latent):
    mu1, log_var1, mu2, log_var2 = np.random.default_rng(seed).normal(size=(4, batch, n_latent))
    between = gaussian_kl_between(mu1, log_var1, mu2, log_var2)
    standard = gaussian_kl(mu1, log_var1)
    assert between.shape == standard.shape == (batch,)
    columns = [
        gaussian_kl_between(mu1[:, [i]], log_var1[:, [i]], mu2[:, [i]], log_var2[:, [i]])
        for i in range(n_latent)
    ]
    np.testing.assert_allclose(between, np.sum(columns, axis=0), rtol=1e-12)
    zero = np.zeros((batch, n_latent))
    np.testing.assert_allclose(standard, gaussian_kl_between(mu1, log_var1, zero, zero), rtol=1e-12)


@pytest.mark.parametrize(
    ("mu", "variance", "expected"),
    [(1, 1, 0.5), (0, 4, 0.8068528194), (0, 0.25, 0.3181471806), (0, 1, 0)],
)
def test_kl_to_the_standard_normal_has_its_known_values(mu, variance, expected):
    kl = gaussian_kl(np.array([[float(mu)]]), np.log([[variance]]))
    np.testing.assert_allclose(kl, [expected], rtol=0, atol=1e-10)


def test_kl_between_has_its_known_value():
    kl = gaussian_kl_between(*np.reshape([0.3, -0.7, -0.4, 0.5], (4, 1, 1)))
    np.testing.assert_allclose(kl, [0.3991971176], rtol=0, atol=1e-10)


@given(mu=MEANS, log_var=LOG_VARS, shift=MEANS, log_ratio=LOG_VARS)
def test_kl_is_zero_for_equal_distributions_and_positive_otherwise(mu, log_var, shift, log_ratio):
    mu, log_var, shift, log_ratio = np.reshape([mu, log_var, shift, log_ratio], (4, 1, 1))
    assert gaussian_kl_between(mu, log_var, mu, log_var)[0] == 0
    kl = gaussian_kl_between(mu, log_var, mu + shift, log_var + log_ratio)[0]
    assert kl >= 0
    if abs(shift) > 1e-3 or abs(log_ratio) > 1e-3:
        assert kl > 0


def test_kl_is_what_samples_of_the_reparameterization_say():
    rng = np.random.default_rng(11)
    n = 200_000
    for mu1, log_var1, mu2, log_var2 in [(0.3, -1.2, 0, 0), (-0.5, 0.9, 0.4, -0.3)]:
        one, log_one, other, log_other = np.full(
            (4, n, 1), [[[mu1]], [[log_var1]], [[mu2]], [[log_var2]]]
        )
        z = reparameterize(one, log_one, rng.standard_normal((n, 1)))[:, 0]
        q, p = (
            stats.norm(m, math.sqrt(math.exp(lv))) for m, lv in ((mu1, log_var1), (mu2, log_var2))
        )
        log_ratio = q.logpdf(z) - p.logpdf(z)
        error = log_ratio.std() / math.sqrt(n)
        kl = gaussian_kl_between(one[:1], log_one[:1], other[:1], log_other[:1])[0]
        assert abs(log_ratio.mean() - kl) < 5 * error
        if mu2 == log_var2 == 0:
            assert abs(log_ratio.mean() - gaussian_kl(one[:1], log_one[:1])[0]) < 5 * error


def test_samples_have_the_mean_and_the_variance_that_log_var_names():
    n = 200_000
    mu, log_var = np.array([-1.0, 0.5, 3.0]), np.array([-2.0, 0.7, 1.5])
    eps = np.random.default_rng(5).standard_normal((n, 3))
    z = reparameterize(np.tile(mu, (n, 1)), np.tile(log_var, (n, 1)), eps)
    variance = np.exp(log_var)
    error = variance * math.sqrt(2 / n)  # of the sample variance of a normal distribution
    assert np.all(np.abs(z.mean(0) - mu) < 5 * np.sqrt(variance / n))
    assert np.all(np.abs(z.var(0) - variance) < 5 * error)
    assert np.all(np.abs(z.var(0) - variance**2) > 50 * error)  # exp(log_var) is no deviation


def test_the_noise_is_the_only_randomness():
    mu, log_var, eps = np.random.default_rng(0).standard_normal((3, 4, 2))
    np.testing.assert_array_equal(reparameterize(mu, log_var, 0 * eps), mu)
    samples = [reparameterize(mu, log_var, eps) for _ in range(2)]
    np.testing.assert_array_equal(*samples)


def test_the_bound_is_the_identity_near_zero_and_flat_at_twenty():
    raw = np.linspace(-1, 1, 101)
    np.testing.assert_allclose(bound_log_var(raw), raw, rtol=1e-3)
    np.testing.assert_allclose(bound_log_var(raw / 1e4), raw / 1e4, rtol=1e-8)
    far = bound_log_var(np.array([-1e4, -200.0, 200.0, 1e4]))
    np.testing.assert_allclose(far, [-20, -20, 20, 20], rtol=1e-8)
    assert np.all(np.diff(bound_log_var(np.linspace(-300, 300, 601))) > 0)
    slope = bound_log_var_backward(np.array([0.0, -1e4, 1e4]), np.ones(3))
    np.testing.assert_array_equal(slope, [1, 0, 0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("raw", [-1e4, 1e4])
def test_a_bounded_log_variance_overflows_nowhere(raw, dtype):
    mu = np.array([[1e4, -1e4, 0.0]], dtype)
    log_var = bound_log_var(np.full_like(mu, raw))
    eps = np.ones_like(mu)
    z = reparameterize(mu, log_var, eps)
    dy = np.ones(1, dtype)
    for array in (
        z,
        gaussian_log_density(z, mu, log_var),
        kl_per_latent(mu, log_var),
        gaussian_kl(mu, log_var),
        gaussian_kl_between(mu, log_var, -mu, -log_var),
        log_ratio_at(z, log_var, eps),
        *gaussian_log_density_backward(z, mu, log_var, dy),
        *kl_per_latent_backward(mu, log_var, np.ones_like(mu)),
        *gaussian_kl_backward(mu, log_var, dy),
        *log_ratio_at_backward(z, log_var, eps, dy),
        *gaussian_kl_between_backward(mu, log_var, -mu, -log_var, dy),
        *reparameterize_backward(mu, log_var, eps, np.ones_like(z)),
    ):
        assert np.isfinite(array).all()
