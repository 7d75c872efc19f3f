import itertools

import numpy as np
import pytest
from helpers import scattered
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from minivae import VAE, Gaussian, check_gradients
from minivae.nn.activations import ACTIVATIONS

LIKELIHOODS = {
    "bernoulli": "bernoulli",
    "continuous_bernoulli": "continuous_bernoulli",
    "gaussian": "gaussian",
    "gaussian of 0.3": Gaussian(0.3),
    "gaussian, learned": Gaussian("learned", min_sigma=0.1),
    "gaussian, predicted": Gaussian("predicted", min_sigma=0.1),
}
every_likelihood = pytest.mark.parametrize(
    "likelihood", LIKELIHOODS.values(), ids=LIKELIHOODS.keys()
)


def images(n=4, width=5, seed=0):
    return np.random.default_rng(seed).random((n, width))


# Gradients


@pytest.mark.parametrize("method", ["central", "complex"])
@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
@every_likelihood
@pytest.mark.parametrize("activation", [None, *ACTIVATIONS])
def test_gradients(activation, likelihood, beta, method):
    hidden = {} if activation is None else {"hidden": (4,), "activation": activation}
    model = scattered(VAE(5, 2, likelihood=likelihood, beta=beta, **hidden, rng=1))
    options = {"target": images(seed=1), "eps": np.random.default_rng(2).standard_normal((4, 2))}
    report = check_gradients(model, images(), method=method, max_entries=4, rng=3, **options)
    report.raise_if_failed()
    assert {entry.name for entry in report.entries} == set(model.params)
    assert sum(entry.n_kinks for entry in report.entries) == 0


@given(
    st.integers(1, 4),
    st.integers(1, 5),
    st.integers(1, 4),
    st.lists(st.integers(1, 4), max_size=2),
    st.sampled_from(["tanh", "sigmoid", "softplus"]),
    st.sampled_from(list(LIKELIHOODS.values())),
    st.sampled_from([0.0, 1.0, 4.0]),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=40)
def test_gradients_at_random_shapes(
    n, n_features, n_latent, hidden, activation, likelihood, beta, with_target, seed
):
    options = {"hidden": hidden, "activation": activation, "likelihood": likelihood, "beta": beta}
    model = scattered(VAE(n_features, n_latent, **options, rng=seed), seed)
    target = {"target": images(n, n_features, seed + 1)} if with_target else {}
    # no differences here: they have too few digits for gradients that happen to be small
    x = images(n, n_features, seed)
    check_gradients(model, x, method="complex", rng=seed, **target).raise_if_failed()


def test_gradients_where_the_log_variance_is_bounded():
    model = scattered(VAE(5, 2, likelihood="gaussian", rng=0), scale=0.1)
    model.params["encoder.0.b"][2:] = 30, -30
    assert np.abs(model.encode(images())[1]).min() > 15
    assert np.abs(model.encode(images())[1]).max() < 20
    check_gradients(model, images(), method="complex", rng=1).raise_if_failed()


def test_no_raw_log_variance_overflows():
    model = VAE(5, 2, likelihood="gaussian", rng=0)
    for raw in 1e4, 1e300, -1e300:
        model.params["encoder.0.b"][2:] = raw
        losses, grads = model.loss_and_grads(images(), rng=0)
        assert all(np.isfinite(value) for value in losses.values())
        assert all(np.all(np.isfinite(gradient)) for gradient in grads.values())


# The same noise, the same answer


def test_the_same_noise_gives_the_same_answer_bit_for_bit():
    model, eps = scattered(VAE(5, 2, hidden=(4,), rng=0)), np.random.default_rng(1)
    eps = eps.standard_normal((4, 2))
    eps.flags.writeable = False
    losses, grads = model.loss_and_grads(images(), eps=eps)
    grads = {name: gradient.copy() for name, gradient in grads.items()}
    for options in {"eps": eps}, {"eps": eps, "rng": 5}, {"rng": 1}:
        again, their_grads = model.loss_and_grads(images(), **options)
        assert again == losses
        for name, gradient in their_grads.items():
            assert np.array_equal(gradient, grads[name])
    assert model.loss_and_grads(images(), rng=2)[0]["loss"] != losses["loss"]
    assert model.loss_and_grads(images(), rng=2)[0]["kl"] == losses["kl"]


@every_likelihood
def test_losses_and_elbo_are_those_of_loss_and_grads(likelihood):
    model = scattered(VAE(5, 2, likelihood=likelihood, beta=3.0, rng=0))
    losses, _ = model.loss_and_grads(images(), rng=1)
    assert model.losses(images(), rng=1) == losses
    parts = model.elbo(images(), rng=1)
    assert parts._fields == ("elbo", "reconstruction", "kl")
    assert all(part.shape == (4,) for part in parts)
    np.testing.assert_array_equal(parts.elbo, parts.reconstruction - parts.kl)
    np.testing.assert_allclose(losses["reconstruction"], -parts.reconstruction.mean(), rtol=1e-14)
    np.testing.assert_allclose(losses["kl"], parts.kl.mean(), rtol=1e-14)
    expected = losses["reconstruction"] + 3 * losses["kl"]
    np.testing.assert_allclose(losses["loss"], expected, rtol=1e-14)


def test_a_target_is_what_is_reconstructed():
    model, noisy, clean = scattered(VAE(5, 2, rng=0)), images(), images(seed=1)
    eps = np.zeros((4, 2))
    losses, _ = model.loss_and_grads(noisy, target=clean, eps=eps)
    p = model.reconstruct(noisy)  # with eps = 0, the decoded mean
    expected = -np.sum(clean * np.log(p) + (1 - clean) * np.log(1 - p), axis=1).mean()
    np.testing.assert_allclose(losses["reconstruction"], expected, rtol=1e-12)
    assert losses["kl"] == model.loss_and_grads(noisy, eps=eps)[0]["kl"]


# The bound, against the probability itself


def gauss_hermite(n):
    """Nodes and weights that integrate over a standard normal variable."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(n)
    return nodes, weights / np.sqrt(2 * np.pi)


def expected_elbo(model, x, n):
    """The ELBO of each row, integrated over the noise with `n` nodes for each latent."""
    nodes, weights = gauss_hermite(n)
    return sum(
        weights[i].prod() * model.elbo(x, np.tile(nodes[i], (len(x), 1))).elbo
        for i in map(list, itertools.product(range(n), repeat=model.n_latent))
    )


def test_the_elbo_falls_short_of_log_p_by_the_divergence_to_the_true_posterior():
    model = scattered(VAE(3, 1, rng=0), seed=3, scale=0.7)
    x = np.array(list(itertools.product([0.0, 1.0], repeat=3)))  # all there are

    def log_p_given(z):
        return stats.bernoulli.logpmf(x[:, None], model.decode(z[:, None])).sum(axis=2)

    nodes, weights = gauss_hermite(80)
    log_p = np.log(np.exp(log_p_given(nodes)) @ weights)
    assert abs(np.exp(log_p).sum() - 1) < 1e-12

    elbo = expected_elbo(model, x, 80)
    # KL( q(z | x) || p(z | x) ) on a grid, from the densities
    z = np.linspace(-12, 12, 4001)
    mu, log_var = model.encode(x)
    log_q = stats.norm.logpdf(z, mu, np.exp(log_var / 2))
    log_posterior = log_p_given(z) + stats.norm.logpdf(z) - log_p[:, None]
    gap = np.trapezoid(np.exp(log_q) * (log_q - log_posterior), z)
    assert np.all(gap > 1e-3)
    np.testing.assert_allclose(log_p - elbo, gap, rtol=1e-7)


def exact_model():
    """A linear-Gaussian model whose encoder is set to the exact posterior, and its parameters."""
    rng = np.random.default_rng(0)
    sigma, b = 0.6, rng.standard_normal(4)
    # rows at right angles: only then is the posterior's covariance diagonal
    W = np.diag([1.5, 0.7]) @ np.linalg.qr(rng.standard_normal((4, 2))).Q.T
    model = VAE(4, 2, likelihood=Gaussian(sigma))
    covariance = np.linalg.inv(np.eye(2) + W @ W.T / sigma**2)
    log_var = np.log(np.diag(covariance))
    V = W.T @ covariance / sigma**2
    model.params["decoder.0.W"][...], model.params["decoder.0.b"][...] = W, b
    model.params["encoder.0.W"][...] = np.column_stack([V, np.zeros((4, 2))])
    # the bound on log variances is 20 tanh( . / 20)
    model.params["encoder.0.b"][...] = np.concatenate([-b @ V, 20 * np.arctanh(log_var / 20)])
    return model, stats.multivariate_normal(b, W.T @ W + sigma**2 * np.eye(4)), W


def test_the_elbo_is_log_p_where_the_encoder_is_the_exact_posterior():
    model, truth, _ = exact_model()
    x = truth.rvs(50, random_state=1)
    # two nodes are exact: the log density is quadratic in the noise
    np.testing.assert_allclose(expected_elbo(model, x, 2), truth.logpdf(x), rtol=1e-12)
    model.params["encoder.0.b"][0] += 0.1  # with any other encoder it is below
    assert np.all(expected_elbo(model, x, 2) < truth.logpdf(x) - 1e-3)


def test_an_exact_encoder_has_nothing_to_learn():
    model, truth, _ = exact_model()
    x = truth.rvs(6, random_state=1)
    mean = {name: np.zeros_like(value) for name, value in model.params.items()}
    for noise in itertools.product([-1.0, 1.0], repeat=2):  # the two nodes, of equal weight
        _, grads = model.loss_and_grads(x, eps=np.tile(noise, (6, 1)))
        for name, gradient in grads.items():
            mean[name] += gradient / 4
    for name in "encoder.0.W", "encoder.0.b":
        np.testing.assert_allclose(mean[name], 0, atol=1e-13)
    assert np.abs(mean["decoder.0.W"]).max() > 1e-2


# Samples


def assert_moments(draws, mean, covariance):
    """Mean and covariance of the rows, each within five of its standard errors."""
    n, centred = len(draws), draws - mean
    assert np.all(np.abs(centred.mean(axis=0)) < 5 * np.sqrt(np.diag(covariance) / n))
    products = centred[:, :, None] * centred[:, None, :]
    errors = products.std(axis=0) / np.sqrt(n)
    assert np.all(np.abs(products.mean(axis=0) - covariance) < 5 * errors + 1e-12)


def test_posterior_samples_have_the_encoded_mean_and_variance():
    model = scattered(VAE(5, 2, rng=0))
    model.params["encoder.0.b"][2:] = -1.5, 0.8  # far from 0, where a variance is its own root
    x = images(1)
    mu, log_var = model.encode(x)
    z = model.sample_posterior(np.repeat(x, 100_000, axis=0), rng=1)
    assert_moments(z, mu[0], np.diag(np.exp(log_var[0])))
    assert np.array_equal(
        model.sample_posterior(x, rng=3), model.sample_posterior(x, np.random.default_rng(3))
    )


def test_the_elbo_uses_the_samples_that_its_divergence_is_about():
    # KL as a mean of log q - log p over sample_posterior, against what elbo reports
    model = scattered(VAE(5, 2, rng=0))
    model.params["encoder.0.b"][2:] = -1.5, 0.8
    x = images(1)
    mu, log_var = model.encode(x)
    z = model.sample_posterior(np.repeat(x, 100_000, axis=0), rng=1)
    ratios = (stats.norm.logpdf(z, mu, np.exp(log_var / 2)) - stats.norm.logpdf(z)).sum(axis=1)
    kl = model.elbo(x, rng=0).kl[0]
    assert abs(ratios.mean() - kl) < 5 * ratios.std() / np.sqrt(len(z))
    assert kl > 10 * ratios.std() / np.sqrt(len(z))


def test_samples_have_the_moments_of_the_model():
    model, truth, W = exact_model()
    assert_moments(model.sample(100_000, rng=2), truth.mean, truth.cov)
    means = model.sample(100_000, rng=3, mean=True)
    assert_moments(means, truth.mean, W.T @ W)
    on_the_plane = np.linalg.lstsq(W.T, (means - truth.mean).T, rcond=None)[1]
    assert np.all(on_the_plane < 1e-20)
    assert np.array_equal(model.sample(3, rng=4), model.sample(3, np.random.default_rng(4)))
    assert not np.array_equal(model.sample(3, rng=4), model.sample(3, rng=5))


def test_binary_samples_have_the_probabilities_of_the_model():
    model = scattered(VAE(3, 1, rng=0), seed=3)
    nodes, weights = gauss_hermite(80)
    n, mean = 100_000, weights @ model.decode(nodes[:, None])
    draws = model.sample(n, rng=1)
    assert set(np.unique(draws)) == {0.0, 1.0}
    assert np.all(np.abs(draws.mean(axis=0) - mean) < 5 * np.sqrt(mean * (1 - mean) / n))
    means = model.sample(n, rng=1, mean=True)
    assert np.all((means > 0) & (means < 1))
    assert np.all(np.abs(means.mean(axis=0) - mean) < 5 * means.std(axis=0) / np.sqrt(n))


# The verbs


def test_transform_is_the_mean_and_nothing_random():
    model = scattered(VAE(5, 2, rng=0))
    x = images(9)
    mu, log_var = model.encode(x)
    assert mu.shape == log_var.shape == (9, 2)
    for _ in range(2):
        assert np.array_equal(model.transform(x), mu)
        assert np.array_equal(model.reconstruct(x), model.decode(mu))
    assert not np.array_equal(model.sample_posterior(x, rng=0), mu)


def test_the_score_is_the_mean_elbo_with_the_same_noise_every_time():
    model = scattered(VAE(5, 2, rng=0))
    x = images(1500)
    assert model.score(x) == model.score(x)
    elbo = model.elbo(x, rng=1).elbo
    assert abs(model.score(x) - elbo.mean()) < 5 * elbo.std() / np.sqrt(len(x))


def test_training_raises_the_elbo_of_data_not_seen():
    rng = np.random.default_rng(0)
    bars = (rng.random((300, 2, 1)) < 0.5) @ np.ones((1, 4))  # two rows of pixels, each on or off
    X, others = bars.reshape(300, 8)[:200], bars.reshape(300, 8)[200:]
    model = VAE(8, 2, hidden=(16,), rng=0)
    before = model.score(others)
    model.fit(X, epochs=60, batch_size=20, rng=0)
    # two fair coins are left: no code can do better than log 4, and no code at all needs 8 log 2
    assert before < -8 * np.log(2) + 1
    assert -8 * np.log(2) + 2 < model.score(others) < -2 * np.log(2)


@pytest.mark.parametrize("n", [0, -1, 1.5, True])
def test_a_sample_of_no_size_is_refused(n):
    with pytest.raises((ValueError, TypeError), match=f"n must be .*got {n}"):
        VAE(5, 2).sample(n)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_likelihood
def test_every_output_has_the_models_dtype(likelihood, dtype):
    model = VAE(5, 2, likelihood=likelihood, dtype=dtype, rng=0)
    outputs = [
        *model.elbo(images(), rng=0),
        *model.elbo(images(), eps=np.zeros((4, 2), int)),
        *model.encode(images()),
        model.sample_posterior(images(), rng=0),
        model.sample(3, rng=0),
        model.sample(3, rng=0, mean=True),
        model.decode(np.zeros((3, 2))),
    ]
    assert {array.dtype for array in outputs} == {np.dtype(dtype)}
    assert model.sample(3, rng=0).shape == (3, 5)
