"""The claims on the code space hold, and each fails when what it checks is broken."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from minivae import gaussian, interpolation, vae
from minivae.claims import all_claims, prove
from minivae.diagnostics import code_space

FAMILIES = {"geometry", "code_space"}
CLAIMS = {name: claim for name, claim in all_claims().items() if claim.family in FAMILIES}

real_log_density = gaussian.gaussian_log_density
real_kl_backward = gaussian.gaussian_kl_backward
real_axes = code_space._axes


@pytest.mark.parametrize("name", CLAIMS)
def test_the_claim_holds_and_can_be_drawn(name):
    row = prove(CLAIMS[name])
    assert row.outcome.ok, str(row)
    if row.outcome.draw is not None:
        ax = Figure().add_subplot()
        row.outcome.draw(ax)
        assert ax.get_xlabel()
        assert ax.get_ylabel() or len(ax.get_yticklabels()) == 3


def test_the_figures_that_textbooks_print():
    means = CLAIMS["gaussian-norms"].measure().exact
    np.testing.assert_allclose(means[0], [1.25331, 2.74162, 4.41661, 7.03580, 22.61637], atol=5e-6)
    shares = np.exp(CLAIMS["the-origin-is-empty"].measure().measured)
    anchors = [0.393, 0.393, 0.00175, 0.143, 1.7e-10, 0.0318, None, 0.00119, 1.7e-23]
    for share, anchor in zip(shares, anchors, strict=True):
        if anchor is not None:
            assert share == pytest.approx(anchor, rel=0.02)
    assert CLAIMS["cycle-error-of-a-linear-vae"].measure().exact == pytest.approx(0.0840241 / 3)


def variance_for_deviation(mu, log_var, eps):
    return mu + np.exp(log_var) * eps


def without_the_half(z, mu, log_var):
    return 2 * real_log_density(z, mu, log_var)


def by_cholesky(codes, rng):
    return np.linalg.cholesky(np.cov(codes, rowvar=False, bias=True)).T


def too_long(codes, rng):
    return 1.2 * real_axes(codes, rng)


def half_its_gradient(mu, log_var, dkl):
    return real_kl_backward(mu, log_var, dkl / 2)


def no_gradient(mu, log_var, dkl):
    return 0 * mu, 0 * log_var


BREAKS = {
    "gaussian-norms": (gaussian, "reparameterize", variance_for_deviation),
    "the-origin-is-empty": (gaussian, "gaussian_log_density", without_the_half),
    "straight-midpoints-are-atypical": (interpolation, "lerp", interpolation.slerp),
    "spherical-midpoints-are-typical": (interpolation, "slerp", interpolation.lerp),
    "measures-follow-the-code": (code_space, "_axes", by_cholesky),
    "continuity-of-a-linear-decoder": (code_space, "_axes", too_long),
    "cycle-error-of-a-linear-vae": (vae, "gaussian_kl_backward", half_its_gradient),
    "vae-is-more-complete": (vae, "gaussian_kl_backward", no_gradient),
}


def test_every_claim_is_broken_once():
    assert BREAKS.keys() == CLAIMS.keys()


@pytest.mark.parametrize("name", BREAKS)
def test_the_claim_fails_when_the_library_is_wrong(name, monkeypatch):
    owner, attribute, wrong = BREAKS[name]
    monkeypatch.setattr(owner, attribute, wrong)
    row = prove(CLAIMS[name])
    assert not row.outcome.ok, str(row)
