import numpy as np
import pytest
from matplotlib.figure import Figure

from minivae import density, importance, vae
from minivae.claims import all_claims, prove
from minivae.importance import log_weights
from minivae.vae import gaussian_kl

CLAIMS = [c for c in all_claims().values() if c.family in ("density", "binary_density")]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.name)
def test_claim_holds_and_can_be_drawn(claim):
    row = prove(claim)
    assert row.outcome.ok, str(row)
    if row.outcome.draw is not None:
        ax = Figure().add_subplot()
        row.outcome.draw(ax)
        assert ax.get_xlabel()
        assert ax.get_ylabel()


def mean_of_the_log(a):
    return np.mean(a, axis=-1)


def log_of_the_sum(a):
    return importance.log_mean_exp(a) + np.log(a.shape[-1])


def weights_without_prior(model, x, mu, log_var, eps):
    log_w, log_p_x = log_weights(model, x, mu, log_var, eps)
    z = mu[:, None] + np.exp(log_var / 2)[:, None] * eps
    return log_w + 0.5 * np.sum(z * z, axis=-1), log_p_x


def weights_without_proposal(model, x, mu, log_var, eps):
    log_w, log_p_x = log_weights(model, x, mu, log_var, eps)
    return log_w - 0.5 * np.sum(eps * eps + log_var[:, None], axis=-1), log_p_x


def draws_with_variance_for_deviation(model, x, mu, log_var, eps):
    return log_weights(model, x, mu, log_var, eps * np.exp(log_var / 2)[:, None])


def wider_draws(model, x, mu, log_var, eps):
    return log_weights(model, x, mu, log_var, 1.2 * eps)


def draws_that_look_at_x(model, x, mu, log_var, eps):
    return log_weights(model, x, *model.encode(x), eps)


def twice_the_kl(mu, log_var):
    return 2 * gaussian_kl(mu, log_var)


@pytest.mark.parametrize(
    ("name", "where", "function", "wrong"),
    [
        ("importance-weighted-bounds", density, "log_mean_exp", mean_of_the_log),
        ("importance-weighted-bounds", density, "log_weights", weights_without_prior),
        ("importance-weighted-bounds", density, "log_weights", draws_with_variance_for_deviation),
        ("importance-weighted-gap", density, "log_mean_exp", mean_of_the_log),
        ("importance-weighted-gap", density, "log_weights", wider_draws),
        ("posterior-proposal-is-exact", density, "log_weights", weights_without_proposal),
        ("posterior-proposal-is-exact", density, "log_mean_exp", log_of_the_sum),
        ("naive-monte-carlo-variance", density, "log_weights", wider_draws),
        ("naive-monte-carlo-fails", density, "log_weights", draws_that_look_at_x),
        ("binary-density-sums-to-one", density, "log_weights", weights_without_prior),
        ("binary-density-sums-to-one", density, "log_mean_exp", mean_of_the_log),
        ("binary-bounds-in-order", density, "log_mean_exp", log_of_the_sum),
        ("binary-bounds-in-order", density, "log_weights", weights_without_prior),
        ("binary-elbo-and-gap", vae, "gaussian_kl", twice_the_kl),
    ],
)
def test_claim_fails_where_the_library_is_wrong(name, where, function, wrong, monkeypatch):
    monkeypatch.setattr(where, function, wrong)
    assert not prove(all_claims()[name]).outcome.ok
