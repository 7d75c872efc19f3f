"""SGHMC beyond the claims on it: targets that are no Gaussian, minibatches, steps that diverge."""

import numpy as np
import pytest

from minivae.bayes import baoab, euler, sghmc


def standard_normal(z):
    return -0.5 * np.sum(z**2, axis=1), -z


def logistic(z):
    return -np.sum(z + 2 * np.log1p(np.exp(-z)), axis=1), -np.tanh(z / 2)


def assert_variance(samples, expected):
    """Within four standard errors of independent coordinates, which must be small."""
    squares = np.mean(samples**2, axis=0)
    error = squares.std() / np.sqrt(len(squares))
    assert error < 0.02 * expected
    assert squares.mean() == pytest.approx(expected, abs=4 * error)


def test_a_density_that_is_no_gaussian():
    chain = sghmc(logistic, np.zeros(200), 3000, step=0.4, friction=0.2, burn_in=200, rng=0)
    assert_variance(chain.samples, np.pi**2 / 3)
    assert chain.acceptance_rate == 1


@pytest.mark.parametrize("integrator", ["baoab", "euler"])
def test_noisy_gradients_make_the_chain_wider_as_the_formula_says(integrator):
    """The formulas are those of the claim on the stationary law, found here by running."""
    B, step, a, noise = 1.5, 0.6, 0.3, np.random.default_rng(1)

    def noisy(z):
        log_p, gradient = standard_normal(z)
        return log_p, gradient + np.sqrt(B) * noise.standard_normal(z.shape)

    h = step**2
    wider = {
        "baoab": 1 + h * B * (2 - a) / (4 * a * (1 - h / 4)),
        "euler": (1 + h * B / (2 * a)) / (1 - h / (2 * (2 - a))),
    }
    options = {"step": step, "friction": a, "burn_in": 100, "integrator": integrator}
    chain = sghmc(noisy, np.zeros(300), 2000, rng=0, **options)
    assert_variance(chain.samples, wider[integrator])


@pytest.mark.parametrize("n", [1, 3, 8])
def test_a_chain_that_starts_from_the_target_stays_there(n):
    """A first kick that is whole gives .8 after 3 steps."""
    start = np.random.default_rng(0).standard_normal(100_000)
    chain = sghmc(standard_normal, start, 1, step=0.3, friction=0.3, burn_in=n - 1, rng=1)
    assert np.mean(chain.samples**2) == pytest.approx(1, abs=0.03)


def test_a_step_by_hand():
    z, v = baoab(np.array([1.0]), np.array([0.5]), np.array([-2.0]), 0.25, 0.2, np.array([1.0]))
    # the kick gives 0.5 - 0.25 * 2 = 0; the noise has the variance 0.25 * (1 - 0.8^2) = 0.09
    np.testing.assert_allclose([z, v], [[1.15], [0.3]])
    z, v = euler(np.array([1.0]), np.array([0.5]), np.array([-2.0]), 0.25, 0.2, np.array([1.0]))
    np.testing.assert_allclose(v, 0.8 * 0.5 - 0.5 + np.sqrt(0.1))
    np.testing.assert_allclose(z, 1 + v)


def test_burn_in_is_left_out_and_the_seed_decides():
    start = np.array([0.3, -1.0])
    options = {"step": 0.5, "friction": 0.2}
    whole = sghmc(standard_normal, start, 9, rng=3, **options).samples
    late = sghmc(standard_normal, start, 5, burn_in=4, rng=np.random.default_rng(3), **options)
    np.testing.assert_array_equal(late.samples, whole[4:])
    np.testing.assert_array_equal(start, [0.3, -1.0])
    assert np.any(whole != sghmc(standard_normal, start, 9, rng=4, **options).samples)


@pytest.mark.parametrize(
    ("integrator", "stable", "unstable"), [("baoab", 1.95, 2.05), ("euler", 1.85, 2.0)]
)
def test_a_step_that_diverges_is_said_at_once(integrator, stable, unstable):
    options = {"friction": 0.1, "integrator": integrator, "rng": 0}
    sghmc(standard_normal, [0.5], 3000, step=stable, **options)
    with pytest.raises(FloatingPointError, match=r"diverged with step=2.*try a tenth of the step"):
        sghmc(standard_normal, [0.5], 100, step=unstable, **options)
    with pytest.raises(FloatingPointError, match=r"step=1e\+06: after 1 steps"):
        sghmc(standard_normal, [0.5], 5, step=1e6, **options)


def test_a_start_far_away_is_no_divergence():
    chain = sghmc(standard_normal, [1e4], 2000, step=0.5, friction=0.1, burn_in=1000, rng=0)
    assert abs(chain.samples.mean()) < 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"step": 0.0}, r"step must be in \(0, inf\), got 0"),
        ({"friction": 0.0}, r"friction must be in \(0, 1\], got 0"),
        ({"friction": 1.5}, r"friction must be in \(0, 1\], got 1.5"),
        ({"burn_in": -1}, "burn_in must be at least 0, got -1"),
        ({"n_samples": 0}, "n_samples must be at least 1, got 0"),
        ({"start": [np.nan]}, "start must be finite, got nan"),
        ({"integrator": "leapfrog"}, "integrator must be one of 'baoab', 'euler', got 'leap"),
    ],
)
def test_bad_input_is_refused(options, message):
    arguments = {"start": [0.0], "n_samples": 5, "step": 0.5, "friction": 0.1} | options
    with pytest.raises(ValueError, match=message):
        sghmc(standard_normal, **arguments)
    with pytest.raises(ValueError, match="finite"):
        sghmc(lambda z: (np.array([np.nan]), z), [0.0], 5, step=0.5, friction=0.1)
