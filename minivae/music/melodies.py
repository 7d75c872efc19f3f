"""Melodies two ways: as a row of tokens, a token each sixteenth, and as notes with a length."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from minivae.datasets.loop_source import (
    FIRST_NOTE,
    HOLD,
    LOWEST_PITCH,
    REST,
    STEPS,
    VOCABULARY,
    Integers,
    check_tokens,
)
from minivae.edge.checks import ArgumentError

HIGHEST_PITCH = LOWEST_PITCH + VOCABULARY - FIRST_NOTE - 1


class Note(NamedTuple):
    """A note: the sixteenth at which it starts, how many it lasts, and its MIDI pitch."""

    start: int
    length: int
    pitch: int


def tokens_to_notes(tokens: ArrayLike) -> list[Note]:
    """Return the notes of one loop, in the order in which they start.

    Parameters
    ----------
    tokens : array_like of int, shape (32,)
        0 rest, 1 hold, 2 to 38 a note of pitch 48 to 84. A hold after a rest, or before the first
        note, is silence.

    Raises
    ------
    TypeError, ValueError
        What is given is no loop.
    """
    notes: list[Note] = []
    sounding = False
    for step, token in enumerate(check_tokens("tokens", np.asarray(tokens)[None])[0].tolist()):
        if token >= FIRST_NOTE:
            notes.append(Note(step, 1, token - FIRST_NOTE + LOWEST_PITCH))
        elif token == HOLD and sounding:
            notes[-1] = notes[-1]._replace(length=notes[-1].length + 1)
        sounding = token >= FIRST_NOTE or (token == HOLD and sounding)
    return notes


def notes_to_tokens(notes: Iterable[Note]) -> Integers:
    """Return one loop, shape (32,): `tokens_to_notes` backward.

    Parameters
    ----------
    notes : iterable of Note
        At least one; one at a time, within 32 sixteenths, of pitch 48 to 84.

    Raises
    ------
    ValueError
        The notes are none, or too many at a time, too long, too high or too low.
    """
    tokens = np.full(STEPS, REST)
    end, before = 0, None
    for note in sorted(notes):
        if before is not None and note.start < end:
            raise ArgumentError(
                f"a melody has one note at a time, got pitch {note.pitch} at sixteenth "
                f"{note.start} while pitch {before.pitch} sounds"
            )
        end, before = note.start + note.length, note
        if not 0 <= note.start < end <= STEPS:
            raise ArgumentError(
                f"notes must lie within {STEPS} sixteenths (two bars of 4/4), got one from "
                f"{note.start} to {end}"
            )
        if not LOWEST_PITCH <= note.pitch <= HIGHEST_PITCH:
            raise ArgumentError(
                f"pitches must be between {LOWEST_PITCH} and {HIGHEST_PITCH}, got {note.pitch} at "
                f"sixteenth {note.start}: transpose it"
            )
        tokens[note.start : end] = HOLD
        tokens[note.start] = note.pitch - LOWEST_PITCH + FIRST_NOTE
    if before is None:
        raise ArgumentError("there must be at least one note, got none")
    return tokens
