"""The claims on Adam and on derivatives hold, and each fails when what it checks is broken."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from minivae import gaussian, likelihoods, vae
from minivae.claims import all_claims, derivatives, prove
from minivae.gradcheck import check_gradients
from minivae.optimizers import Adam

FAMILIES = {"adam", "derivatives"}
CLAIMS = {name: claim for name, claim in all_claims().items() if claim.family in FAMILIES}

real_update = Adam._update
real_kl_backward = gaussian.gaussian_kl_backward


@pytest.mark.parametrize("name", CLAIMS)
def test_the_claim_holds_and_can_be_drawn(name):
    row = prove(CLAIMS[name])
    assert row.outcome.ok, str(row)
    if row.outcome.draw is not None:
        ax = Figure().add_subplot()
        row.outcome.draw(ax)
        assert ax.get_xlabel()
        assert ax.get_ylabel() or len(ax.get_yticklabels()) > 10


def test_the_figures_that_textbooks_could_print():
    path = CLAIMS["adam-step-values"].measure().measured
    anchors = [-0.099999999000, -0.063389646528, -0.049720580326, -0.120983472454]
    np.testing.assert_allclose(path[[0, 1, 2, 4]], anchors, atol=1e-12)
    np.testing.assert_allclose(
        CLAIMS["adam-longest-step"].measure().exact, [3.16228, -7.27029], atol=1e-5
    )


def without_the_power_t(self, params, grads):
    t, self.t = self.t, 1
    real_update(self, params, grads)
    self.t = t


def without_the_root(self, params, grads):
    for name, g in grads.items():
        params[name] -= self.learning_rate * g / (g**2 + self.epsilon)


def epsilon_before_the_correction(self, params, grads):
    epsilon = self.epsilon
    self.epsilon = epsilon / np.sqrt(1 - self.beta2**self.t)
    real_update(self, params, grads)
    self.epsilon = epsilon


def half_of_it(mu, log_var, dkl):
    dmu, dlog_var = real_kl_backward(mu, log_var, dkl)
    return dmu, dlog_var / 2


def softplus_by_absolute_value(a):
    return np.maximum(a, 0) + np.log1p(np.exp(-np.abs(a)))


def says_yes_to_all(function, x, *, backward, **options):
    del backward
    return check_gradients(
        function, x, backward=lambda x, dy: dy * (1 - np.tanh(x) ** 2), **options
    )


BREAKS = {
    "adam-step-values": (Adam, "_update", epsilon_before_the_correction),
    "adam-constant-gradient": (Adam, "_update", without_the_power_t),
    "adam-scale-invariance": (Adam, "_update", without_the_root),
    "adam-epsilon": (Adam, "_update", epsilon_before_the_correction),
    "adam-longest-step": (Adam, "_update", without_the_power_t),
    "central-difference-error": (vae, "gaussian_kl_backward", half_of_it),
    "complex-step-error": (likelihoods, "softplus", softplus_by_absolute_value),
    "every-gradient": (gaussian, "gaussian_kl_backward", half_of_it),
    "checker-sees-a-thousandth": (derivatives, "check_gradients", says_yes_to_all),
}


def test_every_claim_is_broken_once():
    assert BREAKS.keys() == CLAIMS.keys()


@pytest.mark.parametrize("name", BREAKS)
def test_the_claim_fails_when_the_library_is_wrong(name, monkeypatch):
    owner, attribute, wrong = BREAKS[name]
    monkeypatch.setattr(owner, attribute, wrong)
    row = prove(CLAIMS[name])
    assert not row.outcome.ok, str(row)
