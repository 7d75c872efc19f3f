"""Densities on the line: each integrates to one, agrees with its draws, and fits what it can."""

import numpy as np
import pytest
from scipy import integrate, stats

import minivae as mv
from minivae.studies.densities import Infinite, Kernels, Mixture, Truth

X = Truth().sample(2000, np.random.default_rng(0))


def infinite():
    """Return a VAE with random weights, whose density is anything but normal."""
    vae = mv.VAE(1, 1, hidden=[8], activation="tanh", likelihood=mv.Gaussian("predicted"), rng=1)
    for value in vae.params.values():
        value[...] = np.random.default_rng(value.size).standard_normal(value.shape)
    return Infinite(vae, 0.5, 1.3)


DENSITIES = {
    "truth": Truth,
    "one normal": lambda: Mixture(1).fit(X),
    "3 normals": lambda: Mixture(3).fit(X),
    "kernels": lambda: Kernels().fit(X),
    "VAE": infinite,
}


@pytest.mark.parametrize("make", DENSITIES.values(), ids=DENSITIES)
def test_a_density_integrates_to_one_and_its_draws_follow_it(make):
    model = make()
    grid = np.linspace(-30, 40, 20_001)
    p = np.exp(model.log_density(grid))
    cdf = integrate.cumulative_simpson(p, x=grid, initial=0)
    assert cdf[-1] == pytest.approx(1, abs=1e-3)
    draws = model.sample(2000, np.random.default_rng(1))
    assert stats.kstest(draws, lambda x: np.interp(x, grid, cdf)).pvalue > 1e-3


def test_one_normal_has_the_moments_of_the_data():
    draws = Mixture(1).fit(X).sample(200_000, np.random.default_rng(4))
    assert (draws.mean(), draws.std()) == pytest.approx((X.mean(), X.std()), abs=0.02)


def test_no_fit_is_better_than_the_truth_on_new_points():
    new = Truth().sample(5000, np.random.default_rng(3))
    best = Truth().log_density(new).mean()
    nats = {name: make().log_density(new).mean() for name, make in DENSITIES.items()}
    assert max(nats.values()) == best
    assert nats["3 normals"] > nats["one normal"] + 0.3
