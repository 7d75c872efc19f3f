"""The source of loops: what it draws, and the probability that it says it has drawn it with."""

from itertools import product

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from minivae import datasets
from minivae.datasets import loop_source
from minivae.datasets.loop_source import FACTORS, HOLD, REST, WINDOWS


@pytest.fixture(scope="module")
def drawn():
    return datasets.loops(200_000, rng=0)


# The probability of a loop, step by step as the docstring of `loops` tells it


def p_rhythm(bar, density, syncopation):
    chances = loop_source.onset_chances()[density, syncopation]
    return np.prod([c if token > 1 else 1 - c for c, token in zip(chances, bar, strict=True)])


def p_notes(bar, window, contour):
    p, here = 1.0, None
    for step, token in enumerate(bar):
        if token < 2:
            continue
        if token not in window:
            return 0.0
        there = window.index(token)
        if here is None:
            p *= {0: 0.4, 2: 0.3, 4: 0.3}.get(there, 0.0)
        else:
            rises = contour == "up" or (contour == "arch" and step < 8)
            chances = {-2: 0.05, -1: 0.1, 0: 0.1, 1: 0.5, 2: 0.25}
            if contour == "wave":
                chances = {-2: 0.1, -1: 0.25, 0: 0.3, 1: 0.25, 2: 0.1}
            elif not rises:
                chances = {-move: c for move, c in chances.items()}
            possible = sum(c for move, c in chances.items() if 0 <= here + move < 8)
            p *= chances.get(there - here, 0.0) / possible
        here = there
    return p


def p_given_factors(loop, scale, register, contour, density, syncopation, repetition, gap):
    if any(token < 2 and token != gap for token in loop):
        return 0.0
    first, second = list(loop[:16]), list(loop[16:])
    window = [int(pitch) - 46 for pitch in WINDOWS[4 * scale + register]]
    bar1 = p_rhythm(first, density, syncopation) * p_notes(first, window, contour)
    if repetition == "AA":
        return bar1 * (first == second)
    notes = p_notes(second, window, contour)
    if repetition == "AA'":
        return bar1 * notes * all((a > 1) == (b > 1) for a, b in zip(first, second, strict=True))
    return bar1 * notes * p_rhythm(second, density, syncopation)


def probability(loop):
    """The mean over all 2,304 settings."""
    settings = product(
        range(4),
        range(4),
        FACTORS["contour"],
        range(3),
        range(2),
        FACTORS["repetition"],
        (HOLD, REST),
    )
    return np.mean([p_given_factors(loop, *setting) for setting in settings])


def test_log_prob_is_the_sum_over_all_settings(drawn):
    kinds = [np.flatnonzero(drawn.factors["repetition"] == k)[0] for k in range(3)]
    some = drawn.tokens[kinds]
    no_gap = np.full(32, 2 + 12)
    leap, wrong_start, both_gaps, no_start = (some[2].copy() for _ in range(4))
    leap[np.flatnonzero(leap > 1)[1]] = 38
    wrong_start[16] = WINDOWS[0, 1] - 46
    both_gaps[np.flatnonzero(both_gaps < 2)[0]] ^= 1
    no_start[0] = HOLD
    odd = np.array([no_gap, leap, wrong_start, both_gaps, no_start])
    for loop, log_p in zip([*some, *odd], datasets.loop_log_prob([*some, *odd]), strict=True):
        with np.errstate(divide="ignore"):
            assert log_p == pytest.approx(np.log(probability(loop.tolist())), rel=1e-12)
    assert np.all(np.isfinite(datasets.loop_log_prob([*some, no_gap])))


def test_frequent_loops_are_as_frequent_as_their_probability_says(drawn):
    first, second = drawn.tokens[:100_000], drawn.tokens[100_000:]
    loops = np.unique(first, axis=0)
    expected = 100_000 * np.exp(datasets.loop_log_prob(loops))
    loops, expected = loops[expected > 3], expected[expected > 3]
    assert len(loops) > 50
    cells = {loop.tobytes(): i for i, loop in enumerate(loops)}
    observed = np.zeros(len(loops) + 1)
    for loop in second:
        observed[cells.get(loop.tobytes(), -1)] += 1
    expected = np.append(expected, 100_000 - expected.sum())
    assert scipy.stats.chisquare(observed, expected).pvalue > 1e-4


def test_every_drawn_loop_is_possible(drawn):
    assert np.all(np.isfinite(datasets.loop_log_prob(drawn.tokens[:20_000])))


# The draws


@given(n=st.integers(1, 9), seed=st.integers(0, 2**32))
def test_loops_have_the_shapes_and_ranges_they_promise(n, seed):
    tokens, factors = datasets.loops(n, rng=seed)
    assert tokens.shape == (n, 32)
    assert tokens.dtype == np.int64
    assert np.all((tokens >= 0) & (tokens <= 38))
    assert list(factors) == list(FACTORS)
    for name, values in FACTORS.items():
        assert factors[name].shape == (n,)
        assert set(factors[name]) <= set(range(len(values)))
    np.testing.assert_array_equal(datasets.loops(n, rng=seed).tokens, tokens)


def test_factors_are_uniform_and_independent(drawn):
    for name, values in FACTORS.items():
        counts = np.bincount(drawn.factors[name], minlength=len(values))
        assert scipy.stats.chisquare(counts).pvalue > 1e-4
    table = np.zeros((4, 4))
    np.add.at(table, (drawn.factors["scale"], drawn.factors["contour"]), 1)
    assert scipy.stats.chi2_contingency(table).pvalue > 1e-4


def test_factors_are_heard(drawn):
    tokens, factors = drawn
    notes = tokens > 1
    bars = tokens.reshape(-1, 2, 16)
    same = np.all(bars[:, 0] == bars[:, 1], axis=1)
    assert np.all(same[factors["repetition"] == 0])
    assert np.mean(same[factors["repetition"] == 2]) < 0.01
    rhythm = np.all((bars[:, 0] > 1) == (bars[:, 1] > 1), axis=1)
    assert np.all(rhythm[factors["repetition"] == 1])
    assert not np.any(tokens[factors["articulation"] == 0] == REST)
    assert not np.any(tokens[factors["articulation"] == 1] == HOLD)
    for density in range(3):
        for syncopation in range(2):
            rows = (factors["density"] == density) & (factors["syncopation"] == syncopation)
            expected = loop_source.onset_chances()[density, syncopation]
            error = np.sqrt(0.25 / rows.sum())
            np.testing.assert_allclose(notes[rows, :16].mean(axis=0), expected, atol=5 * error)
    for i, low in enumerate(FACTORS["register"]):
        pitches = tokens[factors["register"] == i]
        assert pitches[pitches > 1].min() + 46 == low or low in (53, 65)  # not in every scale
        assert pitches[pitches > 1].min() + 46 >= low


@pytest.mark.parametrize(
    ("tokens", "kind", "message"),
    [
        (np.zeros((2, 31), int), ValueError, r"tokens must have shape \(n, 32\), n at least 1"),
        (np.zeros((0, 32), int), ValueError, r"got \(0, 32\)"),
        (np.zeros(32, int), ValueError, r"got \(32,\)"),
        (np.full((2, 32), 39), ValueError, "integers from 0 to 38, got 39 in row 0, column 0"),
        (np.full((2, 32), -1), ValueError, "got -1 in row 0"),
        (np.full((2, 32), 1.5), ValueError, r"got 1\.5 in row 0"),
        (np.full((2, 32), np.nan), ValueError, "got nan in row 0"),
        (np.full((2, 32), "a"), TypeError, "tokens must hold real numbers, got dtype <U1"),
    ],
)
def test_what_is_no_loop_is_refused(tokens, kind, message):
    with pytest.raises(kind, match=message):
        datasets.loop_log_prob(tokens)


@pytest.mark.parametrize(("n", "kind"), [(0, ValueError), (2.5, TypeError)])
def test_a_number_of_loops_is_a_positive_integer(n, kind):
    with pytest.raises(kind, match="n must be"):
        datasets.loops(n)


# What is known of the source


def test_entropy_lies_within_its_exact_bounds():
    low, high = datasets.loop_entropy_bounds()
    entropy = datasets.loop_entropy(20_000, rng=1)
    assert high - low == pytest.approx(np.log(2304), rel=1e-12)
    assert low < entropy.value < high
    assert 0.05 < entropy.standard_error < 0.08
    again = datasets.loop_entropy(20_000, rng=2)
    assert abs(entropy.value - again.value) < 5 * np.hypot(
        entropy.standard_error, again.standard_error
    )


def test_lower_bound_is_the_mean_surprise_given_the_factors(drawn):
    n = 3000
    surprise = np.empty(n)
    for i in range(n):
        f = {name: int(values[i]) for name, values in drawn.factors.items()}
        contour, repetition = (FACTORS[k][f[k]] for k in ("contour", "repetition"))
        gap = (HOLD, REST)[f["articulation"]]
        p = p_given_factors(
            drawn.tokens[i].tolist(),
            f["scale"],
            f["register"],
            contour,
            f["density"],
            f["syncopation"],
            repetition,
            gap,
        )
        surprise[i] = -np.log(p)
    low, _ = datasets.loop_entropy_bounds()
    assert abs(surprise.mean() - low) < 4 * surprise.std() / np.sqrt(n)


@pytest.mark.parametrize("bar", [1, 2, 3])
def test_distinct_loops_are_as_many_as_a_list_of_them(bar):
    loops = set()
    for window in WINDOWS.tolist():
        bars = {(d,) for d in (0, 2, 4)}
        for _ in range(bar - 1):
            bars = {
                (*line, there)
                for line in bars
                for there in (None, *range(8))
                if there is None or abs(there - [d for d in line if d is not None][-1]) <= 2
            }
        for first, second in product(bars, bars):
            for gap in ("hold", "rest"):
                loops.add(tuple(gap if d is None else window[d] for d in (*first, *second)))
    assert datasets.n_distinct_loops(bar) == len(loops)


def test_there_are_more_loops_than_anyone_could_learn_by_heart():
    assert datasets.n_distinct_loops() == pytest.approx(3.756e24, rel=1e-3)
