"""Several VAEs as one model, where each VAE's density is known."""

import numpy as np
import pytest
from scipy import special, stats

from minivae import VAE, Autoencoder
from minivae.bayes import Ensemble
from minivae.nn.likelihoods import Gaussian

PLACES = np.array([[0.0, 1.0, -1.0], [2.0, 0.5, 0.0], [-1.0, -1.0, 3.0]])
SIGMA = 0.7
X = np.random.default_rng(0).standard_normal((6, 3))


def blind(place):
    """Return a VAE that knows one place only: ``p(x) = N(x; place, SIGMA^2 I)`` exactly."""
    vae = VAE(3, 2, likelihood=Gaussian(SIGMA), rng=0)
    for value in vae.params.values():
        value[...] = 0
    vae.params["decoder.0.b"][...] = place
    return vae


@pytest.fixture
def ensemble():
    return Ensemble(map(blind, PLACES))


def exact(x):
    return np.array([stats.multivariate_normal(m, SIGMA**2).logpdf(x) for m in PLACES])


def test_log_likelihoods_of_known_densities(ensemble):
    np.testing.assert_allclose(ensemble.log_likelihoods(X, 3, rng=1), exact(X), atol=1e-10)
    mixture = special.logsumexp(exact(X), axis=0) - np.log(3)
    np.testing.assert_allclose(ensemble.log_likelihood(X, 3, rng=1), mixture, atol=1e-10)


def test_all_members_have_the_same_noise():
    same = [VAE(3, 2, likelihood="gaussian", rng=4) for _ in range(3)]
    first, *others = Ensemble(same).log_likelihoods(X, 2, rng=1)
    for other in others:
        np.testing.assert_array_equal(first, other)
    assert np.any(first != Ensemble(same).log_likelihoods(X, 2, rng=2)[0])


def test_codes_are_judged_by_draws_from_the_members(ensemble):
    found = ensemble.code_log_likelihoods(np.zeros((2000, 2)), 60, rng=0)
    assert found.shape == (60, 3, 2000)
    # E log N(x; b_m, s^2) for x ~ N(b_j, s^2), averaged over j
    apart = np.sum((PLACES[:, None] - PLACES) ** 2, axis=2)  # (j, m)
    constant = -1.5 * np.log(2 * np.pi * SIGMA**2) - 1.5
    by_drawn = found.mean(axis=2)  # (60, 3): each draw has one of three values
    expected = constant - apart / (2 * SIGMA**2)
    nearest = np.abs(by_drawn[:, None] - expected).max(axis=2)
    assert np.all(nearest.min(axis=1) < 0.6)
    assert set(nearest.argmin(axis=1)) == {0, 1, 2}


def test_samples_come_from_every_member_equally_often(ensemble):
    drawn = ensemble.sample(30_000, rng=0)
    spread = SIGMA**2 + PLACES.var(axis=0)
    np.testing.assert_allclose(drawn.mean(axis=0), PLACES.mean(axis=0), atol=0.05)
    np.testing.assert_allclose(drawn.var(axis=0), spread, rtol=0.05)
    means = ensemble.sample(300, rng=0, mean=True)
    assert {tuple(row) for row in means} == {tuple(row) for row in PLACES}


def test_predictions_are_means_over_the_members():
    models = [VAE(3, 2, hidden=[4], likelihood="gaussian", rng=seed) for seed in range(4)]
    ensemble, Z = Ensemble(models), np.ones((5, 2))
    codes = [model.encode(X)[0] for model in models]
    np.testing.assert_allclose(ensemble.codes(X), codes)
    np.testing.assert_allclose(ensemble.transform(X), np.mean(codes, axis=0))
    decoded = np.mean([model.decode(Z) for model in models], axis=0)
    np.testing.assert_allclose(ensemble.inverse_transform(Z), decoded)
    rebuilt = [model.decode(code) for model, code in zip(models, codes, strict=True)]
    np.testing.assert_allclose(ensemble.reconstruct(X), np.mean(rebuilt, axis=0))
    assert ensemble.score(X) == pytest.approx(np.mean([model.score(X) for model in models]))


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ([], "models must be at least one VAE"),
        ([Autoencoder(3, 2)], "models must be at least one VAE, got"),
        (
            [VAE(3, 2), VAE(3, 1)],
            r"the same n_features and n_latent, got \[\(3, 1\), \(3, 2\)\]",
        ),
    ],
)
def test_bad_input_is_refused(models, message):
    with pytest.raises(ValueError, match=message):
        Ensemble(models)
