"""The claims on the linear VAE hold, and each fails when what it checks is broken."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from minivae import diagnostics, gaussian, linear_vae, probabilistic_pca, vae
from minivae.claims import all_claims, prove
from minivae.claims import linear_vae as claims_of_ppca
from minivae.diagnostics import information

FAMILIES = {"linear_vae", "rate_distortion", "elbo_surgery"}
CLAIMS = {name: claim for name, claim in all_claims().items() if claim.family in FAMILIES}

real_axes = probabilistic_pca.principal_axes
real_kl = gaussian.gaussian_kl
real_kl_backward = gaussian.gaussian_kl_backward
real_reparameterize_backward = gaussian.reparameterize_backward
real_sigma_points = linear_vae.sigma_points
real_water_filling = diagnostics.gaussian_rate_distortion


@pytest.mark.parametrize("name", CLAIMS)
def test_the_claim_holds_and_can_be_drawn(name):
    row = prove(CLAIMS[name])
    assert row.outcome.ok, str(row)
    if row.outcome.draw is not None:
        ax = Figure().add_subplot()
        row.outcome.draw(ax)
        assert ax.get_xlabel()
        assert ax.get_ylabel()


def test_the_closed_form_is_the_fitted_likelihood():
    X = np.random.default_rng(0).standard_normal((40, 5)) * [3, 2, 1, 1, 0.5]
    lam = np.linalg.eigvalsh(np.cov(X, rowvar=False, bias=True))[::-1]
    model = probabilistic_pca.ProbabilisticPCA(2).fit(X)
    assert claims_of_ppca.largest_log_likelihood(lam, 2) == pytest.approx(model.score(X))
    centred, W, s2 = X - X.mean(axis=0), model.W_, model.noise_variance_
    assert claims_of_ppca.log_likelihood(centred, W, s2) == pytest.approx(model.score(X))


def divided_by_one_less(X):
    mean, squares, axes = real_axes(X)
    return mean, squares * len(X) / (len(X) - 1), axes


def half_the_kl(mu, log_var):
    return real_kl(mu, log_var) / 2


def without_its_constant(mu, log_var):
    return 0.5 * np.sum(mu * mu + np.exp(log_var) - log_var, axis=-1)


def half_its_gradient(mu, log_var, dkl):
    return real_kl_backward(mu, log_var, dkl / 2)


def without_the_half(mu, log_var, eps, dz):
    dmu, dlog_var = real_reparameterize_backward(mu, log_var, eps, dz)
    return dmu, 2 * dlog_var


def too_near(n_dims):
    return 0.9 * real_sigma_points(n_dims)


def rate_in_twice_the_nats(variances, level, n_latent=None):
    rate, distortion = real_water_filling(variances, level, n_latent)
    return 2 * rate, distortion


def means_alone(mu, log_var):
    return mu.mean(axis=0), np.cov(mu, rowvar=False, bias=True)


def deviations_for_variances(mu, log_var):
    mean, covariance = means_alone(mu, log_var)
    return mean, covariance + np.diag(np.exp(log_var / 2).mean(axis=0))


def log_sum_exp(a):
    return np.log(np.exp(a).sum(axis=-1))


def by_deviation(mu, *, threshold=0.01, rotate=False):
    axes = np.linalg.svd(mu - mu.mean(axis=0), full_matrices=False)[2] if rotate else np.eye(4)
    return int(np.sum((mu @ axes.T).std(axis=0) > threshold))


BREAKS = {
    "ppca-largest-likelihood": (probabilistic_pca, "principal_axes", divided_by_one_less),
    "ppca-is-the-maximum": (probabilistic_pca, "principal_axes", divided_by_one_less),
    "elbo-is-the-log-likelihood": (vae, "gaussian_kl", half_the_kl),
    "elbo-of-photograph-patches": (vae, "gaussian_kl", without_its_constant),
    "elbo-fixes-the-rotation": (vae, "gaussian_kl_backward", half_its_gradient),
    "trained-encoder-is-the-posterior": (vae, "reparameterize_backward", without_the_half),
    "gap-of-a-rotated-decoder": (linear_vae, "sigma_points", too_near),
    "collapse-of-weights": (vae, "gaussian_kl_backward", half_its_gradient),
    "collapse-of-posteriors": (vae, "reparameterize_backward", without_the_half),
    "reverse-water-filling": (diagnostics, "gaussian_rate_distortion", rate_in_twice_the_nats),
    "slope-of-the-frontier": (vae, "gaussian_kl", half_the_kl),
    "active-units-are-eigenvalues": (diagnostics, "active_units", by_deviation),
    "aggregated-posterior-is-the-prior": (diagnostics, "aggregated_posterior", means_alone),
    "elbo-surgery-of-gaussians": (information, "aggregated_posterior", deviations_for_variances),
    "elbo-surgery-of-a-mixture": (information, "log_mean_exp", log_sum_exp),
}


def test_every_claim_is_broken_once():
    assert BREAKS.keys() == CLAIMS.keys()


@pytest.mark.parametrize("name", BREAKS)
def test_the_claim_fails_when_the_library_is_wrong(name, monkeypatch):
    owner, attribute, wrong = BREAKS[name]
    monkeypatch.setattr(owner, attribute, wrong)
    row = prove(CLAIMS[name])
    assert not row.outcome.ok, str(row)
