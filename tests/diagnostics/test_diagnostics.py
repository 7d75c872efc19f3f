import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, stats
from scipy.spatial import cKDTree

from minivae import diagnostics
from minivae.linear.vae_is_ppca import exact_elbo, sigma_points, with_sigma_points
from minivae.models.vae import VAE
from minivae.nn.likelihoods import Gaussian

SEEDS = st.integers(0, 2**32 - 1)


def some_posteriors(seed, n=7, k=3):
    rng = np.random.default_rng(seed)
    return 1.5 * rng.standard_normal((n, k)), rng.uniform(-2, 1, (n, k))


def linear_model(seed=0, n_features=4, n_latent=2):
    model = VAE(n_features, n_latent, likelihood=Gaussian(0.6), rng=seed)
    X = np.random.default_rng(seed).standard_normal((2500, n_features))
    return model, X


# Information


@settings(max_examples=4)
@given(SEEDS)
def test_kl_per_dimension_is_the_integral(seed):
    mu, log_var = some_posteriors(seed, n=2, k=2)

    def kl(m, sd):
        q, p = stats.norm(m, sd), stats.norm()
        return integrate.quad(lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), -30, 30, limit=200)

    expected = [
        np.mean([kl(mu[n, i], np.exp(log_var[n, i] / 2))[0] for n in range(2)]) for i in range(2)
    ]
    np.testing.assert_allclose(diagnostics.kl_per_dimension(mu, log_var), expected, rtol=1e-6)


def test_active_units_by_hand():
    t = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    mu = np.stack([np.cos(t), 0.13 * np.sin(t), 0.15 * np.sin(2 * t) + 3], axis=1)
    # variances: 1/2, 0.00845, 0.01125
    assert diagnostics.active_units(mu) == 2
    assert diagnostics.active_units(mu, threshold=0.008) == 3
    assert diagnostics.active_units(mu, threshold=0.6) == 0
    turn = stats.ortho_group(3, seed=0).rvs()
    assert diagnostics.active_units(mu @ turn) == 3
    assert diagnostics.active_units(mu @ turn, rotate=True) == 2
    assert diagnostics.active_units(mu @ turn, threshold=0.008, rotate=True) == 3


@given(SEEDS)
def test_aggregated_posterior_has_the_moments_of_the_mixture(seed):
    mu, log_var = some_posteriors(seed)
    centres, eps = with_sigma_points(mu, 3)  # the same moments in finitely many points
    points = centres + np.repeat(np.exp(log_var / 2), 4, axis=0) * eps
    mean, covariance = diagnostics.aggregated_posterior(mu, log_var)
    np.testing.assert_allclose(mean, points.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(covariance, np.cov(points, rowvar=False, bias=True), atol=1e-12)


def test_kl_to_prior_is_the_mean_log_ratio():
    rng = np.random.default_rng(0)
    A, mean = rng.standard_normal((3, 3)), rng.standard_normal(3)
    q, p = stats.multivariate_normal(mean, A @ A.T), stats.multivariate_normal(np.zeros(3))
    z = q.rvs(100_000, random_state=1)
    ratios = q.logpdf(z) - p.logpdf(z)
    error = ratios.std() / np.sqrt(len(ratios))
    assert diagnostics.kl_to_prior(mean, A @ A.T) == pytest.approx(ratios.mean(), abs=5 * error)
    assert diagnostics.kl_to_prior(np.zeros(3), np.eye(3)) == 0


@given(SEEDS)
def test_the_parts_of_the_surgery_add_up(seed):
    mu, log_var = some_posteriors(seed)
    parts = diagnostics.elbo_surgery(mu, log_var)
    assert parts.mean_kl == pytest.approx(diagnostics.kl_per_dimension(mu, log_var).sum())
    assert parts.mutual_information + parts.marginal_kl == pytest.approx(parts.mean_kl, rel=1e-12)
    moments = diagnostics.aggregated_posterior(mu, log_var)
    assert parts.marginal_kl == diagnostics.kl_to_prior(*moments)


@settings(max_examples=10)
@given(SEEDS)
def test_the_gaussian_information_is_an_upper_bound(seed):
    mu, log_var = (np.repeat(a, 60, axis=0) for a in some_posteriors(seed))
    estimate, error = diagnostics.mutual_information(mu, log_var, rng=0)
    assert estimate - 5 * error < diagnostics.elbo_surgery(mu, log_var).mutual_information
    assert estimate - 5 * error < np.log(7)


def test_mutual_information_of_codes_far_apart_and_all_the_same():
    mu = 100.0 * np.arange(40)[:, None]
    estimate, error = diagnostics.mutual_information(mu, 0 * mu, rng=0)
    assert estimate == pytest.approx(np.log(40), rel=1e-12)
    assert error < 1e-12
    estimate, error = diagnostics.mutual_information(0 * mu, 0 * mu, rng=0)
    assert estimate == pytest.approx(0, abs=1e-12)
    assert error < 1e-12


def test_mutual_information_is_the_integral_and_blocks_do_not_show(monkeypatch):
    mu, log_var = np.array([-1.0, 0.3, 2.0]), np.log([0.2, 1.0, 0.5])
    parts = [stats.norm(m, np.exp(lv / 2)) for m, lv in zip(mu, log_var, strict=True)]

    def integrand(z):
        densities = np.array([part.pdf(z) for part in parts])
        return np.mean(densities * np.log(densities / densities.mean()))

    exact = integrate.quad(integrand, -8, 8)[0]
    repeated = [np.repeat(a, 700)[:, None] for a in (mu, log_var)]
    estimate, error = diagnostics.mutual_information(*repeated, rng=0)
    assert 0 < error < 0.02
    assert estimate == pytest.approx(exact, abs=5 * error)
    monkeypatch.setattr("minivae.diagnostics.information.NUMBERS", 5000)
    assert diagnostics.mutual_information(*repeated, rng=0)[0] == pytest.approx(estimate, rel=1e-12)


def test_posteriors_are_the_encoders_row_by_row():
    model, X = linear_model()
    for whole, part in zip(
        diagnostics.posteriors(model, X), model.encode(X[[0, 999, 1000, 2499]]), strict=True
    ):
        assert whole.shape == (2500, 2)
        np.testing.assert_allclose(whole[[0, 999, 1000, 2499]], part, rtol=1e-12)


# Rate and distortion


def test_rate_and_distortion_are_the_terms_of_the_elbo():
    model, X = linear_model()
    exact = exact_elbo(model, X)
    draws = np.array([diagnostics.rate_distortion(model, X, rng=seed) for seed in range(40)])
    many = diagnostics.rate_distortion(model, X, n_draws=40, rng=0)
    error = draws.std(axis=0) / np.sqrt(40)
    assert many.rate == pytest.approx(exact.kl.mean(), rel=1e-12)
    assert np.ptp(draws[:, 0]) < 1e-12
    assert many.distortion == pytest.approx(-exact.reconstruction.mean(), abs=5 * error[1])
    assert draws[:, 1].mean() == pytest.approx(-exact.reconstruction.mean(), abs=5 * error[1])
    # -log p = d/2 log(2 pi s2) + error / (2 s2)
    expected = 0.72 * (many.distortion - 2 * np.log(2 * np.pi * 0.36))
    assert many.squared_error == pytest.approx(expected, rel=1e-10)


def test_a_single_draw_is_that_of_the_model():
    model = VAE(6, 2, hidden=(5,), dtype=np.float32, rng=0)
    X = np.random.default_rng(0).random((50, 6), dtype=np.float32)
    eps = np.random.default_rng(7).standard_normal((50, 2), dtype=np.float32)
    parts = model.elbo(X, eps=eps)
    ours = diagnostics.rate_distortion(model, X, rng=7)
    assert ours.rate == pytest.approx(parts.kl.mean(), rel=1e-5)
    assert ours.distortion == pytest.approx(-parts.reconstruction.mean(), rel=1e-5)


@settings(max_examples=15)
@given(SEEDS, st.floats(0.05, 3), st.integers(1, 5))
def test_water_filling_is_the_cheapest_code(seed, level, k):
    lam = np.sort(np.random.default_rng(seed).gamma(1, 2, 5) + 0.01)[::-1]
    rate, distortion = diagnostics.gaussian_rate_distortion(lam, level, k)
    # over the errors D_i <= lam_i of k components: minimise 1/2 sum log(lam_i / D_i), sum D_i given
    budget = distortion - lam[k:].sum()
    found = optimize.minimize(
        lambda D: 0.5 * np.sum(np.log(lam[:k] / D)),
        lam[:k] * min(1, budget / lam[:k].sum()),
        jac=lambda D: -0.5 / D,
        bounds=[(1e-4, v) for v in lam[:k]],
        constraints={"type": "eq", "fun": lambda D: D.sum() - budget, "jac": np.ones_like},
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert rate == pytest.approx(found.fun, abs=1e-5)
    assert diagnostics.gaussian_rate_distortion(lam[::-1], level, k) == (rate, distortion)


def test_water_filling_by_hand():
    rate, distortion = diagnostics.gaussian_rate_distortion([8.0, 2.0, 0.5], 1.0)
    assert rate == pytest.approx(0.5 * np.log(16))
    assert distortion == pytest.approx(2.5)
    assert diagnostics.gaussian_rate_distortion([8.0, 2.0, 0.5], 9.0) == (0, 10.5)


# The code space


def crooked_codes(seed, n=200, k=3):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, k)) @ rng.standard_normal((k, k)) + rng.standard_normal(k)


@settings(max_examples=20)
@given(SEEDS)
def test_sampled_codes_have_the_moments_of_the_codes(seed):
    codes, n = crooked_codes(seed), 20_000
    z = diagnostics.sample_codes(codes, n, rng=seed)
    covariance = np.cov(codes, rowvar=False, bias=True)
    whitened = np.linalg.solve(np.linalg.cholesky(covariance), (z - codes.mean(axis=0)).T)
    assert np.abs(whitened.mean(axis=1)).max() < 6 / np.sqrt(n)
    assert np.abs(whitened @ whitened.T / n - np.eye(3)).max() < 6 * np.sqrt(2 / n)


@settings(max_examples=20)
@given(SEEDS)
def test_nothing_depends_on_the_parameters_of_the_code(seed):
    rng = np.random.default_rng(seed)
    codes, A, G = crooked_codes(seed), rng.standard_normal((3, 3)), rng.standard_normal((3, 8))
    A += 3 * np.sign(np.linalg.det(A)) * np.eye(3)

    def measures(codes, A):
        def decode(z):
            return np.sin(z @ np.linalg.inv(A) @ G)

        z = diagnostics.sample_codes(codes, 100, rng=1)
        return [
            diagnostics.continuity(decode, codes, delta=0.5, rng=2),
            diagnostics.cycle_error(lambda x: x[:, :3] @ A, decode, z, codes),
            diagnostics.hole_fraction(z, codes),
            *z[:5] @ np.linalg.inv(A),
        ]

    for here, there in zip(measures(codes, np.eye(3)), measures(codes @ A, A), strict=True):
        np.testing.assert_allclose(here, there, rtol=1e-6, atol=1e-6)


@settings(max_examples=20)
@given(SEEDS, st.floats(0.1, 10))
def test_steps_have_their_length_in_whitened_codes(seed, delta):
    codes = crooked_codes(seed)
    root = np.linalg.cholesky(np.cov(codes, rowvar=False, bias=True))
    steps = diagnostics.decoded_steps(
        lambda z: np.linalg.solve(root, z.T).T, codes, delta=delta, rng=0
    )
    np.testing.assert_allclose(steps, delta, rtol=1e-8)
    assert diagnostics.continuity(
        lambda z: np.linalg.solve(root, z.T).T, codes, delta=delta
    ) == pytest.approx(1)


def test_directions_are_uniform():
    codes = crooked_codes(0, n=20_000)
    root = np.linalg.cholesky(np.cov(codes, rowvar=False, bias=True))
    for axis in range(3):  # the square of each coordinate has the mean 1/3 and is beta distributed
        steps = diagnostics.decoded_steps(
            lambda z, axis=axis: np.linalg.solve(root, z.T).T[:, [axis]], codes, rng=0
        )
        assert stats.kstest(steps**2, stats.beta(0.5, 1).cdf).pvalue > 1e-4


def test_continuity_of_small_steps_is_that_of_the_jacobian():
    codes = crooked_codes(0, n=5000)
    covariance = np.cov(codes, rowvar=False, bias=True)
    steps = diagnostics.decoded_steps(np.sin, codes, delta=1e-4, rng=0)
    jacobians = np.cos(codes)  # diagonal
    expected = np.mean(np.sum(jacobians**2 * np.diag(covariance), axis=1)) / 3
    error = np.std((steps / 1e-4) ** 2) / np.sqrt(5000)
    measured = diagnostics.continuity(np.sin, codes, delta=1e-4, rng=0)
    assert measured == pytest.approx(expected, abs=5 * error)
    assert error < 0.1 * expected


def test_cycle_error_by_hand():
    codes = crooked_codes(0)
    root = np.linalg.cholesky(np.cov(codes, rowvar=False, bias=True))
    z = sigma_points(3) @ root.T  # their covariance is that of the codes

    def decode(z):
        return np.hstack([z, z])

    def error(shrink):
        return diagnostics.cycle_error(lambda x: shrink * x[:, :3], decode, z, codes)

    assert error(1.0) == pytest.approx(0, abs=1e-20)
    assert error(0.7) == pytest.approx(0.09)
    assert error(0.0) == pytest.approx(1.0)


def test_holes_by_hand():
    x = np.arange(10.0)
    codes = np.stack([x, (x % 2)], axis=1)
    assert diagnostics.hole_fraction(codes, codes) == 0
    assert diagnostics.hole_fraction(codes + 1e3, codes) == 1
    assert diagnostics.hole_fraction([[4.0, 0.0], [4.0, 50.0], [0.1, 0.0]], codes) == 1 / 3


def test_the_quantile_is_the_share_of_codes_that_count_as_near():
    codes = np.random.default_rng(0).standard_normal((1000, 2))
    others = np.random.default_rng(1).standard_normal((4000, 2))
    share = diagnostics.hole_fraction(others, codes, quantile=0.7)
    assert share == pytest.approx(0.3, abs=0.04)  # for draws of the same law
    assert diagnostics.hole_fraction(others, codes, quantile=0.9) < share


@settings(max_examples=20)
@given(SEEDS, st.integers(1, 4), st.integers(1, 7))
def test_nearest_distances_are_those_of_a_tree(seed, d, block):
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((9, d)) + 1e3, rng.standard_normal((12, d)) + 1e3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("minivae.diagnostics.code_space.NUMBERS", 12 * block)
        np.testing.assert_allclose(
            diagnostics.nearest_distances(a, b), cKDTree(b).query(a)[0], rtol=1e-9, atol=1e-9
        )
        among = cKDTree(b).query(b, k=2)[0][:, 1]
        np.testing.assert_allclose(diagnostics.nearest_distances(b), among, rtol=1e-9, atol=1e-9)


def test_sample_distance_ratio_by_hand():
    data = np.array([[0.0], [1.0], [3.0], [6.0]])  # nearest: 1, 1, 2, 3
    assert diagnostics.sample_distance_ratio(data, data) == 0
    assert diagnostics.sample_distance_ratio(data + 0.3, data) == pytest.approx(0.2)
    assert diagnostics.sample_distance_ratio([[9.0]], data) == 2


# Bad input


def test_bad_arguments_are_named():
    codes = crooked_codes(0)
    flat = np.column_stack([codes, codes[:, 0]])
    for call in (
        lambda: diagnostics.sample_codes(flat, 3),
        lambda: diagnostics.continuity(np.sin, flat),
        lambda: diagnostics.hole_fraction(flat, flat),
        lambda: diagnostics.sample_codes(codes[:2], 3),
        lambda: diagnostics.sample_codes(np.ones((5, 2)), 3),
    ):
        with pytest.raises(ValueError, match="codes must vary in every direction"):
            call()
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        diagnostics.sample_codes(codes, 0)
    with pytest.raises(ValueError, match=r"delta must be in \(0, inf\), got 0"):
        diagnostics.continuity(np.sin, codes, delta=0)
    with pytest.raises(ValueError, match=r"quantile must be in \(0, 1\), got 1"):
        diagnostics.hole_fraction(codes, codes, quantile=1)
    with pytest.raises(ValueError, match="z must have n_latent=3 columns, got 2"):
        diagnostics.hole_fraction(codes[:, :2], codes)
    with pytest.raises(
        ValueError, match=r"the number of rows of others .* must be at least 1, got 0"
    ):
        diagnostics.nearest_distances([[1.0, 2.0]])
    with pytest.raises(ValueError, match=r"log_var must have the shape of mu, \(3, 2\), got"):
        diagnostics.elbo_surgery(np.zeros((3, 2)), np.zeros((3, 1)))
    with pytest.raises(ValueError, match="covariance must be positive definite"):
        diagnostics.kl_to_prior([0, 0], [[1, 1], [1, 1]])
    with pytest.raises(
        ValueError, match=r"covariance must have shape \(n, n\) .* \(2, 2\) and \(3,\)"
    ):
        diagnostics.kl_to_prior([0, 0, 0], np.eye(2))
    with pytest.raises(ValueError, match="variances must be at least 0, got -1"):
        diagnostics.gaussian_rate_distortion([1.0, -1.0], 1)
    with pytest.raises(ValueError, match=r"level must be in \(0, inf\), got 0"):
        diagnostics.gaussian_rate_distortion([1.0], 0)
    model, X = linear_model()
    with pytest.raises(ValueError, match="n_draws must be at least 1, got 0"):
        diagnostics.rate_distortion(model, X, n_draws=0)
