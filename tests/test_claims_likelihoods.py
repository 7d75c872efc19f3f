import numpy as np
import pytest
from matplotlib.figure import Figure

from minivae import gaussian, likelihoods
from minivae.claims import all_claims, prove

CLAIMS = [c for c in all_claims().values() if c.family == "likelihoods"]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.name)
def test_claim_holds_and_can_be_drawn(claim):
    row = prove(claim)
    assert row.outcome.ok, str(row)
    if row.outcome.draw is not None:
        ax = Figure().add_subplot()
        row.outcome.draw(ax)
        assert ax.get_xlabel()
        assert ax.get_ylabel()


def kl_without_its_half(mu1, log_var1, mu2, log_var2):
    return 2 * gaussian_kl_between(mu1, log_var1, mu2, log_var2)


def kl_the_other_way(mu1, log_var1, mu2, log_var2):
    return gaussian_kl_between(mu2, log_var2, mu1, log_var1)


def kl_of_a_deviation(mu, log_var):
    return gaussian_kl(mu, 2 * log_var)


def sample_with_variance_for_deviation(mu, log_var, eps):
    return mu + np.exp(log_var) * eps


def density_of_a_deviation(z, mu, log_var):
    return gaussian_log_density(z, mu, 2 * log_var)


def cross_entropy(self, x, out):
    return bernoulli_log_prob(self, x, out)


def log_prob_clipped(self, x, out):
    return bernoulli_log_prob(self, x, np.clip(out, -1, 1))


def log_prob_without_the_last_term(self, x, out):
    return np.vecdot(x, out) - np.sum(np.maximum(out, 0), axis=1)


gaussian_kl = gaussian.gaussian_kl
gaussian_kl_between = gaussian.gaussian_kl_between
gaussian_log_density = gaussian.gaussian_log_density
bernoulli_log_prob = likelihoods.Bernoulli.log_prob


@pytest.mark.parametrize(
    ("name", "where", "function", "wrong"),
    [
        ("gaussian-kl-quadrature", gaussian, "gaussian_kl_between", kl_without_its_half),
        ("gaussian-kl-quadrature", gaussian, "gaussian_kl_between", kl_the_other_way),
        ("gaussian-kl-quadrature", gaussian, "gaussian_kl", kl_of_a_deviation),
        ("gaussian-kl-monte-carlo", gaussian, "reparameterize", sample_with_variance_for_deviation),
        ("gaussian-kl-monte-carlo", gaussian, "gaussian_log_density", density_of_a_deviation),
        ("gaussian-kl-monte-carlo", gaussian, "gaussian_kl_between", kl_the_other_way),
        ("bernoulli-floor", likelihoods.Bernoulli, "log_prob", log_prob_without_the_last_term),
        ("bernoulli-floor", likelihoods.Bernoulli, "log_prob", log_prob_clipped),
        ("continuous-bernoulli-normalised", likelihoods.ContinuousBernoulli, "log_prob", None),
        ("continuous-bernoulli-optimum", likelihoods.ContinuousBernoulli, "log_prob", None),
        ("gaussian-shared-variance", likelihoods, "gaussian_log_density", density_of_a_deviation),
    ],
)
def test_claim_fails_where_the_library_is_wrong(name, where, function, wrong, monkeypatch):
    monkeypatch.setattr(where, function, wrong or cross_entropy)
    assert not prove(all_claims()[name]).outcome.ok
