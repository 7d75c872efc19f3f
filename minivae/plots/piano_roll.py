"""Melodies as a sequencer draws them: time to the right, pitch upward, a bar for each note."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.patches import Rectangle

from minivae.edge.checks import ArgumentError, ArgumentTypeError, check_integer, shown
from minivae.plots.figures import axes_or_new
from minivae.plots.style import COLORS

NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
BAR = 16


def piano_roll(
    notes: Sequence[tuple[int, int, int]],
    *,
    ax: Axes | None = None,
    n_steps: int = 32,
    pitches: tuple[int, int] | None = None,
    color: str = COLORS[0],
) -> list[Artist]:
    """Draw notes as bars: from their start to their end, at the height of their pitch.

    Parameters
    ----------
    notes : sequence of (start, length, pitch)
        Start and length in sixteenths, pitch in MIDI's numbers (60 is the middle C, called C4).
    ax : Axes, optional
    n_steps : int
        Sixteenths to show; bar lines stand at every sixteenth one.
    pitches : (low, high), optional
        The range to show; by default that of the notes, with a semitone around it.
    color : color

    Returns
    -------
    list of artists
        The notes' bars, one collection.

    Raises
    ------
    ValueError
        There are no notes, and no range of pitches is given.
    """
    from matplotlib.colors import is_color_like

    n_steps = check_integer("n_steps", n_steps, 1, 10_000)
    if not is_color_like(color):
        raise ArgumentError(f"color must be one that matplotlib knows, got {shown(color)}")
    if not isinstance(notes, Sequence) or any(np.shape(note) != (3,) for note in notes):
        raise ArgumentTypeError(f"notes must be (start, length, pitch) each, got {shown(notes)}")
    for note in notes:
        for value in note:
            check_integer("a number of notes", value, 0)
    if pitches is not None:
        pair = isinstance(pitches, tuple | list) and len(pitches) == 2
        if not pair or not all(isinstance(p, int) and 0 <= p <= 127 for p in pitches):
            raise ArgumentTypeError(f"pitches must be (low, high), got {shown(pitches)}")
    if not len(notes) and pitches is None:
        raise ArgumentError("notes must hold at least one note, or pitches be given, got neither")
    ax = axes_or_new(ax, 6.4, 2.4)
    bars = PatchCollection(
        [
            Rectangle((start + 0.06, pitch - 0.42), length - 0.12, 0.84)
            for start, length, pitch in notes
        ],
        facecolor=color,
        edgecolor="none",
    )
    ax.add_collection(bars)
    low, high = pitches or (min(n[2] for n in notes) - 1, max(n[2] for n in notes) + 1)
    ax.set(xlim=(0, n_steps), ylim=(low - 0.5, high + 0.5))
    ax.set_xticks(range(0, n_steps + 1, 4), [str(i // 4 + 1) for i in range(0, n_steps, 4)] + [""])
    octaves = [pitch for pitch in range(low, high + 1) if pitch % 12 == 0] or [low, high]
    ax.set_yticks(octaves, [f"{NAMES[p % 12]}{p // 12 - 1}" for p in octaves])
    for step in range(0, n_steps + 1, 4):
        ax.axvline(step, color="0.6" if step % BAR == 0 else "0.88", linewidth=0.8, zorder=0)
    for pitch in octaves:
        ax.axhline(pitch - 0.5, color="0.88", linewidth=0.8, zorder=0)
    ax.set(xlabel="beat", ylabel="pitch")
    return [bars]
