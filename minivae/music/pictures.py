"""Loops as pictures: several piano rolls below each other, in one range of pitches."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from minivae.datasets.loop_source import LOWEST_PITCH
from minivae.music.melodies import HIGHEST_PITCH, tokens_to_notes


def rolls(loops: ArrayLike, titles: list[str] | None = None) -> Any:
    """Return a figure with the piano roll of each loop, (n, 32), one below the other."""
    from matplotlib.figure import Figure

    from minivae.plots.piano_roll import piano_roll

    melodies = [tokens_to_notes(loop) for loop in list(loops)]  # type: ignore[arg-type]
    pitches = [note.pitch for notes in melodies for note in notes] or [LOWEST_PITCH, HIGHEST_PITCH]
    figure = Figure(figsize=(6.4, 0.5 + 1.15 * len(melodies)), layout="constrained")
    axes = figure.subplots(len(melodies), 1, sharex=True, squeeze=False)[:, 0]
    for i, (ax, notes) in enumerate(zip(axes, melodies, strict=True)):
        piano_roll(notes, ax=ax, pitches=(min(pitches) - 1, max(pitches) + 1))
        if titles:
            ax.set_title(titles[i], loc="left", fontsize="small")
        ax.set_ylabel("")
        if i < len(melodies) - 1:
            ax.set_xlabel("")
    return figure
