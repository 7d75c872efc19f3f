"""What is minimised: the ELBO, its weight and floors, and the importance-weighted bound."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from minivae import VAE, Autoencoder, Gaussian, check_gradients, load
from minivae.models import objectives
from minivae.models.objectives import Elbo, ImportanceWeighted, Reconstruction
from minivae.training import loop

SEEDS = st.integers(0, 2**32 - 1)
LIKELIHOODS = {
    "bernoulli": "bernoulli",
    "continuous Bernoulli": "continuous_bernoulli",
    "Gaussian": Gaussian(0.7),
    "learned": Gaussian("learned"),
    "predicted": Gaussian("predicted"),
}


def model_and_batch(k=3, likelihood="bernoulli", seed=0, n=4, **options):
    rng = np.random.default_rng(seed)
    model = VAE(
        5, 2, hidden=(4,), activation="tanh", likelihood=likelihood, n_importance=k, rng=rng
    )
    for value in model.params.values():
        value += 0.3 * rng.standard_normal(value.shape)  # biases too are not zero
    return model, rng.random((n, 5)), rng.standard_normal((n, k, 2))


@pytest.mark.parametrize("likelihood", LIKELIHOODS.values(), ids=LIKELIHOODS)
@pytest.mark.parametrize("method", ["central", "complex"])
def test_gradient_of_the_bound(likelihood, method):
    model, x, eps = model_and_batch(likelihood=likelihood)
    check_gradients(model, x, eps=eps, method=method, rng=0).raise_if_failed()
    target = np.random.default_rng(1).random(x.shape)
    check_gradients(model, x, target=target, eps=eps, method=method, rng=0).raise_if_failed()


@settings(max_examples=15, deadline=None)
@given(k=st.integers(2, 6), n=st.integers(1, 5), seed=SEEDS)
def test_gradient_at_random_sizes(k, n, seed):
    model, x, eps = model_and_batch(k, seed=seed, n=n)
    check_gradients(model, x, eps=eps, method="complex", rng=seed).raise_if_failed()


@settings(max_examples=25, deadline=None)
@given(k=st.integers(2, 6), seed=SEEDS)
def test_loss_is_minus_the_log_mean_of_the_weights(k, seed):
    model, x, eps = model_and_batch(k, seed=seed)
    x = np.round(x)
    mu, log_var = model.encode(x)
    sigma = np.exp(log_var / 2)
    bounds, log_p = [], []
    for i in range(len(x)):
        z = mu[i] + sigma[i] * eps[i]
        log_p_x = stats.bernoulli.logpmf(x[i], model.decode(z)).sum(axis=1)
        log_p_z = stats.norm.logpdf(z).sum(axis=1)
        log_q_z = stats.norm.logpdf(z, mu[i], sigma[i]).sum(axis=1)
        bounds.append(special.logsumexp(log_p_x + log_p_z - log_q_z, b=1 / k))
        log_p.append(log_p_x.mean())
    losses, _ = model.loss_and_grads(x, eps=eps)
    assert losses["loss"] == pytest.approx(-np.mean(bounds), rel=1e-10)
    assert losses["reconstruction"] == pytest.approx(-np.mean(log_p), rel=1e-10)
    kl = 0.5 * np.sum(mu**2 + sigma**2 - 1 - np.log(sigma**2)) / len(x)
    assert losses["kl"] == pytest.approx(kl, rel=1e-10)


def test_the_loss_is_below_minus_the_elbo_on_average():
    model, x, _ = model_and_batch(k=20)
    losses = model.losses(np.repeat(x, 500, axis=0), rng=0)
    assert losses["loss"] < losses["reconstruction"] + losses["kl"] - 0.01


def test_validation_reports_the_training_loss_however_it_is_cut(monkeypatch):
    model, x, _ = model_and_batch(k=3, n=10)
    trained, _ = model.loss_and_grads(x, rng=0)
    for rows in (1, 7, 1000):
        monkeypatch.setattr(loop, "VALIDATION_BATCH", rows)
        assert loop.evaluate(model, x) == pytest.approx(trained, rel=1e-12)


def test_one_sample_stays_the_elbo():
    model = VAE(5, 2, rng=0)
    x = np.random.default_rng(0).random((3, 5))
    losses = model.losses(x, rng=1)
    assert losses["loss"] == pytest.approx(losses["reconstruction"] + losses["kl"])
    assert model.config["n_importance"] == 1


def test_training_and_file(tmp_path):
    X = (np.random.default_rng(0).random((200, 6)) < [0.9, 0.9, 0.9, 0.1, 0.1, 0.1]).astype(float)
    X[100:] = 1 - X[100:]
    model = VAE(6, 1, hidden=(8,), n_importance=5, rng=0)
    history = model.fit(X, epochs=20, batch_size=20, validation=X, rng=0).history_
    assert history["loss"][-1] < history["loss"][0] - 0.5
    assert history["val_loss"][-1] == pytest.approx(-model.score(X), rel=1e-12)
    model.save(tmp_path / "model.npz")
    again = load(tmp_path / "model.npz")
    assert again.n_importance == 5
    assert again.losses(X, rng=0) == pytest.approx(model.losses(X, rng=0), rel=1e-12)


def test_float32_stays_float32():
    model = VAE(5, 2, n_importance=4, dtype=np.float32, rng=0)
    x = np.random.default_rng(0).random((3, 5))
    losses, grads = model.loss_and_grads(x, rng=0)
    assert losses["loss"].dtype == np.float32
    assert {g.dtype for g in grads.values()} == {np.dtype(np.float32)}
    wide = VAE(5, 2, n_importance=4, rng=0)
    for name, value in wide.params.items():
        value[...] = model.params[name]
    assert losses["loss"] == pytest.approx(wide.loss_and_grads(x, rng=0)[0]["loss"], rel=1e-5)


@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 4), k=st.integers(1, 6), shift=st.floats(-1e4, 1e4), seed=SEEDS)
def test_log_mean_exp(n, k, shift, seed):
    a = 3 * np.random.default_rng(seed).standard_normal((n, k))
    mean = objectives.log_mean_exp(a + shift)
    np.testing.assert_allclose(mean, special.logsumexp(a, axis=1, b=1 / k) + shift, atol=1e-10)
    check_gradients(
        objectives.log_mean_exp,
        a,
        backward=objectives.log_mean_exp_backward,
        method="complex",
        rng=seed,
    ).raise_if_failed()


def test_refused_arguments():
    with pytest.raises(ValueError, match="n_importance must be at least 1, got 0"):
        VAE(5, 2, n_importance=0)
    with pytest.raises(ValueError, match="beta must be 1 with n_importance=3, got 4"):
        VAE(5, 2, beta=4, n_importance=3)
    model, x, eps = model_and_batch()
    for wrong in (eps[0], eps[:, :2], eps[:3]):
        with pytest.raises(ValueError, match=r"eps must have shape .* = \(4, 3, 2\), got"):
            model.loss_and_grads(x, eps=wrong)
    with pytest.raises(ValueError, match="eps must be finite"):
        model.loss_and_grads(x, eps=eps * np.nan)
    with pytest.raises(ValueError, match=r"x must lie in \[0, 1\]"):
        model.losses(2 * x + 1)
    for call in (model.loss_and_grads, model.losses):
        with pytest.raises(ValueError, match=r"beta must be 1 .*got 0\.5"):
            call(x, beta=0.5)
    with pytest.raises(ValueError, match=r"free_nats must be 0 with n_importance=3, got 0\.5"):
        VAE(5, 2, n_importance=3, free_nats=0.5)
    with pytest.raises(ValueError, match=r"free_nats must hold n_latent=2 numbers, got \[1, 2"):
        VAE(5, 2, free_nats=[1, 2, 3])
    with pytest.raises(ValueError, match=r"free_nats must be in \[0, inf\), got -1"):
        VAE(5, 2, free_nats=-1)
    with pytest.raises(AttributeError, match="beta is fixed when the model is made; fit"):
        model.beta = 0.5
    with pytest.raises(ValueError, match="an autoencoder has none, got 2"):
        Autoencoder(5, 2).loss_and_grads(x, beta=2)


# The weight of the KL, and the nats that are free


def vae_with_kls(free_nats, beta=1.0):
    """Return a VAE whose examples and latents lie on both sides of the floors, data and noise."""
    rng = np.random.default_rng(0)
    model = VAE(5, 2, beta=beta, free_nats=free_nats, rng=rng)
    model.params["encoder.0.b"][...] = [0.1, 1.5, -0.1, -1.0]
    return model, rng.random((6, 5)), rng.standard_normal((6, 2))


def kls_of(model, x):
    mu, log_var = model.encode(x)
    sigma = np.exp(log_var / 2)
    cross = 0.5 * np.log(2 * np.pi) + 0.5 * (mu**2 + sigma**2)
    return cross - stats.norm(mu, sigma).entropy()  # (n, L): cross-entropy minus entropy


@pytest.mark.parametrize("beta", [0.0, 0.3, 1.0, 4.0])
def test_the_weight_of_one_call(beta):
    model, x, eps = vae_with_kls(0.0, beta=2.0)
    losses, grads = model.loss_and_grads(x, eps=eps, beta=beta)
    grads = {name: g.copy() for name, g in grads.items()}
    assert losses["loss"] == pytest.approx(losses["reconstruction"] + beta * losses["kl"])
    other = VAE(5, 2, beta=beta)
    for name, value in other.params.items():
        value[...] = model.params[name]
    again, expected = other.loss_and_grads(x, eps=eps)
    assert again == losses
    for name, gradient in grads.items():
        np.testing.assert_array_equal(gradient, expected[name])
    assert model.beta == 2.0
    assert model.losses(x, eps=eps, beta=beta) == losses


def test_free_nats_in_all_count_as_a_floor_of_each_example():
    model, x, eps = vae_with_kls(0.0)
    kl = kls_of(model, x).sum(axis=1)
    floor = float(np.median(kl))
    free = VAE(5, 2, free_nats=floor)
    for name, value in free.params.items():
        value[...] = model.params[name]
    losses, _ = free.loss_and_grads(x, eps=eps, beta=2.0)
    assert losses["kl"] == pytest.approx(kl.mean(), rel=1e-10)  # the true KL
    counted = np.mean([max(each, floor) for each in kl])
    assert losses["loss"] == pytest.approx(losses["reconstruction"] + 2 * counted, rel=1e-10)
    assert counted > kl.mean() * 1.001
    for method in ("central", "complex"):
        check_gradients(free, x, eps=eps, method=method, rng=0).raise_if_failed()


def test_free_nats_of_each_latent():
    model, x, eps = vae_with_kls([0.0, 0.0])
    kl = kls_of(model, x)
    floors = [float(np.median(kl[:, 0])), float(kl[:, 1].min() / 2)]  # one binds, one does not
    free = VAE(5, 2, free_nats=floors)
    for name, value in free.params.items():
        value[...] = model.params[name]
    losses = free.losses(x, eps=eps)
    counted = np.mean(np.sum(np.maximum(kl, floors), axis=1))
    assert losses["loss"] == pytest.approx(losses["reconstruction"] + counted, rel=1e-10)
    assert counted > kl.sum(axis=1).mean() * 1.001
    for method in ("central", "complex"):
        check_gradients(free, x, eps=eps, method=method, rng=0).raise_if_failed()


def test_below_every_floor_the_kl_has_no_gradient():
    model, x, eps = vae_with_kls(1e3)
    grads = {name: g.copy() for name, g in model.loss_and_grads(x, eps=eps)[1].items()}
    without = model.loss_and_grads(x, eps=eps, beta=0.0)[1]
    for name, gradient in grads.items():
        np.testing.assert_array_equal(gradient, without[name])


def test_no_free_nats_change_nothing():
    model, x, eps = vae_with_kls(0.0)
    each, _, _ = vae_with_kls([0.0, 0.0])
    for name, value in each.params.items():
        value[...] = model.params[name]
    losses, grads = model.loss_and_grads(x, eps=eps)
    assert losses["loss"] == losses["reconstruction"] + losses["kl"]
    for name, gradient in each.loss_and_grads(x, eps=eps)[1].items():
        np.testing.assert_allclose(gradient, grads[name], rtol=1e-12, atol=1e-16)


def test_the_draws_that_an_objective_takes():
    assert Reconstruction().n_draws == Elbo().n_draws == 1
    assert ImportanceWeighted(7).n_draws == 7
