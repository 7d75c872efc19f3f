"""Loops: two-bar melodies from a source whose probabilities are known exactly.

A loop is a row of 32 tokens, one for each sixteenth: 0 is a rest, 1 holds what sounds, and 2 to 38
start the notes of MIDI pitch 48 to 84. Seven independent, uniform factors set its law.
"""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minivae.edge.checks import ArgumentError, as_reals, check_integer, check_rng

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

REST, HOLD, FIRST_NOTE, LOWEST_PITCH = 0, 1, 2, 48
VOCABULARY = 39
BAR, STEPS = 16, 32

FACTORS: dict[str, tuple[Any, ...]] = {
    "scale": ("major", "minor", "pentatonic", "blues"),
    "register": (48, 53, 60, 65),
    "contour": ("up", "down", "arch", "wave"),
    "density": ("low", "middle", "high"),
    "syncopation": ("straight", "syncopated"),
    "repetition": ("AA", "AA'", "AB"),
    "articulation": ("hold", "rest"),
}
_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9), (0, 3, 5, 6, 7, 10))
_RANGE = np.arange(LOWEST_PITCH, 85)
# the 16 windows, (scale, register) each: the first 8 pitches of the scale from the register upward
WINDOWS = np.array(
    [
        [p for p in _RANGE if p % 12 in scale and p >= low][:8]
        for scale, low in product(_SCALES, FACTORS["register"])
    ]
)
FIRST_DEGREES = {0: 0.4, 2: 0.3, 4: 0.3}  # of a bar, as places in the window
_MOVES = {
    "up": (0.05, 0.10, 0.10, 0.50, 0.25),  # by -2, -1, 0, 1, 2 degrees
    "down": (0.25, 0.50, 0.10, 0.10, 0.05),
    "wave": (0.10, 0.25, 0.30, 0.25, 0.10),
}
_UP, _DOWN, _WAVE = range(3)


class Loops(NamedTuple):
    """Melodies with the factors that they were drawn from, row by row.

    Attributes
    ----------
    tokens : ndarray of int64, shape (n, 32)
        0 rest, 1 hold, 2 to 38 a note of pitch 48 to 84.
    factors : dict of ndarray of int64, each of shape (n,)
        ``scale``, ``register``, ``contour``, ``density``, ``syncopation``, ``repetition`` and
        ``articulation``, as places in the tuples of `FACTORS`.
    """

    tokens: Integers
    factors: dict[str, Integers]


def loops(n: int, *, rng: Any = None) -> Loops:
    """Draw `n` two-bar loops from seven uniform, independent factors.

    *Scale* and *register* choose a window of eight pitches: the first eight of a scale on C (major,
    minor, pentatonic, blues) from MIDI pitch 48, 53, 60 or 65 upward. *Density* and *syncopation*
    set the chance that a note starts, at each place of the bar; its first step always does.
    *Contour* is the law of the move, at most two degrees of the window, from note to note: mostly
    up, mostly down, up in the bar's first half and down in its second, or either way. Each bar
    begins on degree 0, 2 or 4. *Repetition*: bar 2 is bar 1 (AA), or has its rhythm with new notes
    (AA'), or is drawn anew (AB). *Articulation*: a note is held until the next one, or a rest
    follows each.

    Parameters
    ----------
    n : int
        How many, at least 1.
    rng : seed or Generator, optional
        The same seed gives the same loops.

    Returns
    -------
    Loops
        ``tokens`` (n, 32), ``factors``.

    Raises
    ------
    TypeError, ValueError
        `n` is not an integer, or is below 1.
    """
    n = check_integer("n", n, 1)
    rng = check_rng(rng)
    factors = {name: rng.integers(len(values), size=n) for name, values in FACTORS.items()}
    chance = onset_chances()[factors["density"], factors["syncopation"]]  # (n, 16)
    onset = rng.random((n, 2, BAR)) < chance[:, None]
    again = factors["repetition"] < 2
    onset[again, 1] = onset[again, 0]
    degree = np.stack([_walk(onset[:, bar], factors["contour"], rng) for bar in (0, 1)], axis=1)
    same = factors["repetition"] == 0
    degree[same, 1] = degree[same, 0]

    window = factors["scale"] * 4 + factors["register"]
    pitch = WINDOWS[window[:, None, None], degree]
    gap = np.where(factors["articulation"] == 0, HOLD, REST)
    tokens = np.where(onset, pitch - LOWEST_PITCH + FIRST_NOTE, gap[:, None, None])
    return Loops(tokens.reshape(n, STEPS), factors)


def _walk(onset: NDArray[np.bool_], contour: Integers, rng: np.random.Generator) -> Integers:
    """Return the degree that each step of a bar is on, (n, 16): it moves at onsets."""
    reach = np.cumsum(move_laws(), axis=2)  # (3, 8, 8)
    degree = np.empty(onset.shape, np.int64)
    degree[:, 0] = rng.choice([*FIRST_DEGREES], len(onset), p=[*FIRST_DEGREES.values()])
    for step in range(1, BAR):
        here = degree[:, step - 1]
        law = reach[contour_laws(step)[contour], here]  # (n, 8)
        there = np.sum(rng.random((len(onset), 1)) > law[:, :-1], axis=1)
        degree[:, step] = np.where(onset[:, step], there, here)
    return degree


def onset_chances() -> Floats:
    """Return the chance that a note starts, (density, syncopation, step of the bar)."""
    step = np.arange(BAR)
    chances = np.empty((3, 2, BAR))
    for i, (beat, even, odd) in enumerate([(0.65, 0.1, 0.02), (0.9, 0.5, 0.03), (0.95, 0.9, 0.15)]):
        chances[i, 0] = np.select([step % 4 == 0, step % 2 == 0], [beat, even], odd)
    off_beat = np.isin(step, (3, 6, 11, 14))
    for i, (off, even, odd) in enumerate([(0.7, 0.1, 0.02), (0.9, 0.225, 0.05), (0.95, 0.4, 0.25)]):
        chances[i, 1] = np.select([off_beat, step % 2 == 0], [off, even], odd)
    chances[:, :, 0] = 1
    return chances


def move_laws() -> Floats:
    """Return the chance of each next degree, (up, down or wave; degree; next degree)."""
    laws = np.zeros((3, 8, 8))
    for law, chances in zip(laws, _MOVES.values(), strict=True):
        for here, (move, chance) in product(range(8), zip(range(-2, 3), chances, strict=True)):
            if 0 <= here + move < 8:
                law[here, here + move] = chance
    return laws / laws.sum(axis=2, keepdims=True)  # the window's edge takes moves away


def contour_laws(step: int) -> Integers:
    """Return which of `move_laws` each contour follows at a step of the bar."""
    return np.array([_UP, _DOWN, _UP if step < BAR // 2 else _DOWN, _WAVE])


def loop_log_prob(tokens: ArrayLike) -> Floats:
    """Return the exact log probability of each loop under the source.

    Given the factors, the picture of onsets and degrees determines the loop. The factors of rhythm,
    pitch and articulation act apart, so the sum over all 2,304 settings is a product of small ones:
    ``p(x) = art / 3 * ([bars equal] R1 P1 + [rhythms equal] R1 P12 + R12 P12)``. R1 and R12 are the
    means, over density and syncopation, of the probability of the first rhythm and of both; P1 and
    P12 likewise of the pitches, over scale, register and contour; and art = 1/2 where the loop has
    gaps, all holds or all rests, or 1 where it has none.

    Parameters
    ----------
    tokens : array_like of int, shape (n, 32)
        Integers, of any dtype, from 0 to 38.

    Returns
    -------
    ndarray, shape (n,)
        In nats; ``-inf`` for what the source cannot make.

    Raises
    ------
    TypeError, ValueError
        `tokens` is not a matrix of 32 columns of tokens.
    """
    tokens = check_tokens("tokens", tokens)
    blocks = range(0, len(tokens), 4096)
    return np.concatenate([_log_prob(tokens[i : i + 4096]) for i in blocks])


def _log_prob(tokens: Integers) -> Floats:
    bars = tokens.reshape(-1, 2, BAR)
    onset = bars >= FIRST_NOTE
    rhythm, pitches = _log_rhythms(onset), _log_pitches(bars)  # (n, 2, 6), (n, 2, 64)
    R1, R12 = _log_mean(rhythm[:, 0]), _log_mean(rhythm.sum(axis=1))
    P1, P12 = _log_mean(pitches[:, 0]), _log_mean(pitches.sum(axis=1))
    with np.errstate(divide="ignore"):
        same_bar = np.log(np.all(bars[:, 0] == bars[:, 1], axis=1))
        same_rhythm = np.log(np.all(onset[:, 0] == onset[:, 1], axis=1))
        art = np.log(0.5 * np.all(tokens != REST, axis=1) + 0.5 * np.all(tokens != HOLD, axis=1))
    ways = [same_bar + R1 + P1, same_rhythm + R1 + P12, R12 + P12]
    return art - np.log(3) + np.logaddexp.reduce(ways, axis=0)


def _log_rhythms(onset: NDArray[np.bool_]) -> Floats:
    """Return log p(rhythm) of each bar, (n, 2, 6), for each density and syncopation."""
    chance = onset_chances().reshape(6, BAR)[:, 1:].T  # (15, 6)
    later = onset[:, :, 1:].astype(float)
    log_p = later @ np.log(chance) + (1 - later) @ np.log1p(-chance)
    return np.where(onset[:, :, :1], log_p, -np.inf)


def _log_pitches(bars: Integers) -> Floats:
    """Return log p(pitches) of each bar, (n, 2, 64), for each window and contour."""
    step = np.arange(BAR)
    onset = bars >= FIRST_NOTE
    latest = np.maximum.accumulate(np.where(onset, step, 0), axis=2)
    before = np.take_along_axis(bars, latest, axis=2)[:, :, :-1]  # the note before each step
    first_half = step[1:] < BAR // 2
    log_p = np.empty((len(bars), 2, len(WINDOWS), 4))
    for i, (first, moves) in enumerate(zip(*_pitch_tables(), strict=True)):
        steps = moves[:, before, bars[:, :, 1:]]  # (3, n, 2, 15)
        up, down, wave = steps.sum(axis=3)
        arch = np.where(first_half, steps[_UP], steps[_DOWN]).sum(axis=2)
        for contour, value in enumerate((up, down, arch, wave)):
            log_p[:, :, i, contour] = first[bars[:, :, 0]] + value
    return log_p.reshape(len(bars), 2, -1)


def _pitch_tables() -> tuple[Floats, Floats]:
    """Return log p of a bar's first token, (16, 39), and of a token after a note, (16, 3, 39, 39).

    What is no note costs nothing: the rhythm has paid for it.
    """
    first = np.zeros((len(WINDOWS), VOCABULARY))
    moves = np.zeros((len(WINDOWS), 3, VOCABULARY, VOCABULARY))
    moves[..., :FIRST_NOTE] = 1
    for window, p_first, p_move in zip(WINDOWS, first, moves, strict=True):
        token = window - LOWEST_PITCH + FIRST_NOTE
        p_first[token[[*FIRST_DEGREES]]] = [*FIRST_DEGREES.values()]
        p_move[:, token[:, None], token] = move_laws()
    with np.errstate(divide="ignore"):
        return np.log(first), np.log(moves)


def _log_mean(log_p: Floats) -> Floats:
    """Return the log of the mean of probabilities along the last axis, given their logs."""
    return np.logaddexp.reduce(log_p, axis=-1) - np.log(log_p.shape[-1])


def check_tokens(name: str, tokens: ArrayLike) -> Integers:
    """Return `tokens` as integers, (n, 32), each from 0 to 38."""
    tokens = as_reals(name, tokens, dtype=None, finite=False)
    if tokens.ndim != 2 or tokens.shape[1] != STEPS or len(tokens) == 0:
        raise ArgumentError(
            f"{name} must have shape (n, {STEPS}), n at least 1, got {tokens.shape}"
        )
    bad = ~((tokens >= 0) & (tokens < VOCABULARY) & (tokens == np.floor(tokens)))
    if np.any(bad):
        row, column = np.argwhere(bad)[0]
        raise ArgumentError(
            f"{name} must be integers from 0 to {VOCABULARY - 1}, got {tokens[row, column]:g} in "
            f"row {row}, column {column}"
        )
    return tokens.astype(np.int64)
