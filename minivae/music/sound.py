"""Sound by adding sine waves: a melody as samples, and as a ``.wav`` that a browser plays."""

from __future__ import annotations

import os
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from minivae.edge.checks import check_integer, check_real
from minivae.edge.files import whole_file
from minivae.music.melodies import Note

RATE = 22_050  # samples a second
OVERTONES = (1.0, 0.5, 0.25, 0.125)  # amplitudes of 1, 2, 3 and 4 times the pitch's frequency
ATTACK, DECAY, RELEASE = 0.01, 0.6, 0.04  # seconds


def synthesize(
    notes: Iterable[Note], *, tempo: float = 120.0, n_steps: int = 32, rate: int = RATE
) -> NDArray[np.float32]:
    """Return the samples of a melody, between -1 and 1.

    A note of MIDI pitch p has the frequency ``440 * 2**((p - 69) / 12)`` hertz. Its sound is a sum
    of sine waves of 1, 2, 3 and 4 times this frequency, each half as loud as the one before. It
    swells for 10 ms, fades exponentially, and ends within 40 ms, so that nothing clicks.

    Parameters
    ----------
    notes : iterable of Note
    tempo : float
        Quarters a minute, between 4 and 1000.
    n_steps : int
        Sixteenths that sound, from 1 to 4096; later notes are cut off.
    rate : int
        Samples a second, from 8000 to 96,000.

    Returns
    -------
    ndarray of float32, shape (n_samples,)
    """
    sixteenth = 15 / check_real("tempo", tempo, 4, 1000, closed="both")  # seconds
    check_integer("n_steps", n_steps, 1, 4096)
    check_integer("rate", rate, 8000, 96_000)
    sound = np.zeros(round(n_steps * sixteenth * rate))
    for note in notes:
        first = round(note.start * sixteenth * rate)
        tone = _tone(note.pitch, note.length * sixteenth, rate)[: max(0, len(sound) - first)]
        sound[first : first + len(tone)] += tone
    loudest = np.max(np.abs(sound))
    return (0.9 * sound / max(loudest, 1e-9)).astype(np.float32)


def _tone(pitch: int, seconds: float, rate: int) -> NDArray[np.float64]:
    t = np.arange(round((seconds + RELEASE) * rate)) / rate
    frequency = 440 * 2 ** ((pitch - 69) / 12)
    waves = [
        amplitude * np.sin(2 * np.pi * k * frequency * t)
        for k, amplitude in enumerate(OVERTONES, start=1)
    ]
    swell = np.minimum(1, t / ATTACK)
    end = np.clip((seconds + RELEASE - t) / RELEASE, 0, 1)
    envelope: NDArray[np.float64] = swell * np.exp(-t / DECAY) * end
    return envelope * np.sum(waves, axis=0)


def write_wav(
    path: str | os.PathLike[str], sound: NDArray[np.float32], *, rate: int = RATE
) -> None:
    """Write samples between -1 and 1 as 16-bit integers, whole or not at all."""
    from scipy.io import wavfile

    with whole_file(path) as file:
        wavfile.write(file, rate, np.round(32767 * np.clip(sound, -1, 1)).astype(np.int16))
