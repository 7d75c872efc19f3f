"""Calibration by simulation: no sampler is accused wrongly, and every claim's picture is right."""

import numpy as np
import pytest

from minivae.claims import calibration
from minivae.claims.calibration_rigs import N_DRAWS, around, p_values, ranks

EXPERIMENTS = (
    calibration.CHAINS
    | calibration.POSTERIORS
    | {f"prediction: {name}": each for name, each in calibration.PREDICTIONS.items()}
    | calibration.codes()
)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_at_most_one_alarm_in_a_hundred_is_false(name):
    """Over 20 seeds; where ranks are even a p-value is below .001 once in a thousand."""
    found = [
        p_values(ranks(EXPERIMENTS[name], 200, np.random.default_rng(seed))) for seed in range(20)
    ]
    assert np.size(found) >= 40
    assert np.mean(np.array(found) < 1e-3) <= 0.01 + 1 / np.size(found)


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_even_ranks_pass_and_uneven_ones_fail(shift):
    def experiment(rng):
        draws = rng.standard_normal((N_DRAWS + 1, 1))
        return draws[0] + shift, draws[1:]

    found = ranks(experiment, 1000, np.random.default_rng(0))
    assert found.min() == 0
    assert found.max() == N_DRAWS
    assert (p_values(found)[0] < 1e-4) == (shift > 0)


def test_ties_are_broken_at_random():
    found = ranks(lambda rng: (np.zeros(1), np.zeros((N_DRAWS, 1))), 2000, np.random.default_rng(0))
    assert p_values(found)[0] > 1e-3


def test_the_start_has_every_place_in_its_chain():
    def count(step):
        return lambda start, n: (start + step * np.arange(1, n + 1))[:, None]

    rng, places = np.random.default_rng(0), set()
    for _ in range(300):
        states = around(np.zeros(1), count(1), count(-1), rng)
        assert sorted(np.abs(np.diff(np.sort(np.append(states, 0))))) == [1] * N_DRAWS
        places.add(int(np.sum(states < 0)))
    assert places == set(range(N_DRAWS + 1))
