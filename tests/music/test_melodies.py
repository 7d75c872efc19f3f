import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minivae import datasets
from minivae.music.melodies import Note, notes_to_tokens, tokens_to_notes


def loop(*tokens):
    return np.array([*tokens] + [0] * (32 - len(tokens)))


@pytest.mark.parametrize(
    ("tokens", "notes"),
    [
        (loop(14, 1, 1, 16, 0, 16), [Note(0, 3, 60), Note(3, 1, 62), Note(5, 1, 62)]),
        (loop(0, 0, 2), [Note(2, 1, 48)]),
        (loop(38), [Note(0, 1, 84)]),
        (np.array([14] + [1] * 31), [Note(0, 32, 60)]),
        (loop(1, 1, 14, 0, 1, 1), [Note(2, 1, 60)]),  # a hold of nothing is silence
        (loop(), []),
    ],
)
def test_tokens_as_notes(tokens, notes):
    assert tokens_to_notes(tokens) == notes


def test_every_loop_of_the_source_comes_back():
    for row in datasets.loops(300, rng=0).tokens:
        np.testing.assert_array_equal(notes_to_tokens(tokens_to_notes(row)), row)


@given(st.lists(st.integers(0, 38), min_size=32, max_size=32))
def test_any_tokens_come_back_as_the_same_sound(tokens):
    notes = tokens_to_notes(tokens)
    if notes:
        assert tokens_to_notes(notes_to_tokens(notes)) == notes


@pytest.mark.parametrize(
    ("notes", "message"),
    [
        ([], "at least one note, got none"),
        ([Note(0, 4, 60), Note(2, 4, 64)], "one note at a time, got pitch 64 at sixteenth 2 while"),
        ([Note(0, 4, 60), Note(0, 4, 64)], "one note at a time, got pitch 64 at sixteenth 0"),
        ([Note(30, 4, 60)], r"within 32 sixteenths \(two bars of 4/4\), got one from 30 to 34"),
        ([Note(-1, 4, 60)], "got one from -1 to 3"),
        ([Note(3, 0, 60)], "got one from 3 to 3"),
        ([Note(0, 4, 85)], "pitches must be between 48 and 84, got 85 at sixteenth 0: transpose"),
        ([Note(0, 4, 47)], "got 47"),
    ],
)
def test_what_is_no_melody_is_refused(notes, message):
    with pytest.raises(ValueError, match=message):
        notes_to_tokens(notes)


@pytest.mark.parametrize("tokens", [np.zeros(31, int), np.full(32, 39), np.zeros((2, 32), int)])
def test_what_is_no_loop_is_refused(tokens):
    with pytest.raises(ValueError, match=r"tokens must (have shape|be integers)"):
        tokens_to_notes(tokens)
