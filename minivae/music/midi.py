"""Standard MIDI files: format 0 written by hand, and any monophonic, quantised file read.

Writing needs nothing. Reading leaves the format to `mido`, an optional dependency, and refuses in
our own words what is no loop.
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from minivae.edge.checks import ArgumentError, MissingPackageError, check_real
from minivae.edge.files import whole_file
from minivae.music.melodies import Note

TICKS = 24  # of a sixteenth; a quarter has four times as many
LOUDNESS = 96
LARGEST_FILE = 64 * 1024  # bytes: reading time and memory grow with the number of events
OFF_GRID = 0.25  # sixteenths


def midi_bytes(notes: Iterable[Note], *, tempo: float = 120.0, n_steps: int = 32) -> bytes:
    """Return a standard MIDI file of one track (format 0).

    A track is a list of events, each behind the number of ticks since the one before. A note is two
    events: on at its start, off at its end. Where one note ends and another starts, off goes first.

    Parameters
    ----------
    notes : iterable of Note
    tempo : float
        Quarters a minute, between 4 and 1000.
    n_steps : int
        Sixteenths after which the track ends, so that it loops in time.

    References
    ----------
    MIDI Manufacturers Association: Standard MIDI Files 1.0, 1988.
    """
    microseconds = round(60e6 / check_real("tempo", tempo, 4, 1000, closed="both"))
    events = [
        (0, 0, b"\xff\x51\x03" + microseconds.to_bytes(3)),
        (0, 0, b"\xff\x58\x04\4\2\x18\x08"),
    ]
    for start, length, pitch in notes:
        events.append((start, 2, bytes([0x90, pitch, LOUDNESS])))
        events.append((start + length, 1, bytes([0x80, pitch, 0])))
    end = max([n_steps, *(step for step, _, _ in events)])
    track, now = b"", 0
    for step, _, event in [*sorted(events), (end, 3, b"\xff\x2f\x00")]:
        track += _variable_length((step - now) * TICKS) + event
        now = step
    header = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, 4 * TICKS)
    return header + struct.pack(">4sI", b"MTrk", len(track)) + track


def _variable_length(number: int) -> bytes:
    """Return a number in groups of seven bits; all but the last have the eighth bit set."""
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F | 0x80)
    return bytes(reversed(groups))


def write_midi(path: str | os.PathLike[str], notes: Iterable[Note], **options: Any) -> None:
    """Write `midi_bytes` to a file, whole or not at all."""
    with whole_file(path) as file:
        file.write(midi_bytes(notes, **options))


def read_midi(path: str | os.PathLike[str]) -> list[Note]:
    """Return the notes of a MIDI file, in sixteenths from its start.

    Parameters
    ----------
    path : path
        At most 64 kB, in 4/4; every note starts within a quarter of a sixteenth of the grid.

    Raises
    ------
    ImportError
        `mido` is not installed.
    OSError
        The file cannot be read.
    ValueError
        It is too large, is damaged or no MIDI file, has another metre, no notes, or notes between
        the sixteenths. The message is one line, and names the file.
    """
    with open(path, "rb") as file:
        data = file.read(LARGEST_FILE + 1)
    name = Path(path).name
    if len(data) > LARGEST_FILE:
        raise ArgumentError(f"{name} must have at most {LARGEST_FILE // 1024} kB, got more")
    song = _parse(name, data)
    metres = {(m.numerator, m.denominator) for m in _messages(song, "time_signature")}
    if other := metres - {(4, 4)}:
        numerator, denominator = min(other)
        raise ArgumentError(f"{name} must be in 4/4, got {numerator}/{denominator}")
    notes = _notes(name, song)
    if not notes:
        raise ArgumentError(f"{name} must have at least one note, got none")
    return notes


def _parse(name: str, data: bytes) -> Any:
    """Return what `mido` makes of a file's bytes; refuse the kinds that it misreads."""
    try:
        import mido
    except ImportError as error:
        raise MissingPackageError(
            "reading MIDI files needs mido: pip install 'minivae[music]'"
        ) from error
    if len(data) < 14 or data[:4] != b"MThd":
        raise ArgumentError(f"{name} is not a MIDI file: it does not begin with a MIDI header")
    kind, n_tracks, division = struct.unpack(">HHh", data[8:14])
    if kind not in (0, 1) or not 1 <= n_tracks <= len(data) // 8:
        raise ArgumentError(
            f"{name} must be a MIDI file of format 0 or 1 with tracks, got format {kind} with "
            f"{n_tracks} tracks"
        )
    if division <= 0:
        raise ArgumentError(
            f"{name} must count time in ticks of a quarter, got division {division}"
        )
    try:
        return mido.MidiFile(file=io.BytesIO(data))
    except Exception as error:  # of many kinds, some without a message
        kind = type(error).__name__
        reason = " ".join(str(error).split()) or "it ends too early"
        raise ArgumentError(f"{name} is a damaged MIDI file: {reason} ({kind})") from error


def _messages(song: Any, kind: str) -> list[Any]:
    return [message for track in song.tracks for message in track if message.type == kind]


def _notes(name: str, song: Any) -> list[Note]:
    """Return the notes of all tracks on the grid of sixteenths."""
    sixteenth = song.ticks_per_beat / 4
    spans = []
    for track in song.tracks:
        now, started = 0, dict[tuple[int, int], int]()
        for message in track:
            now += message.time
            if message.type not in ("note_on", "note_off"):
                continue
            key = message.channel, message.note
            if key in started:  # a note that starts again ends first
                spans.append((started.pop(key), now, message.note))
            if message.type == "note_on" and message.velocity > 0:
                started[key] = now
        spans += [(start, now, pitch) for (_, pitch), start in started.items()]
    notes = []
    for first, last, pitch in sorted(spans):
        start = round(first / sixteenth)
        if abs(first / sixteenth - start) > OFF_GRID:
            raise ArgumentError(
                f"{name} must be quantised to sixteenths, got a note at {first / sixteenth:.2f}"
            )
        notes.append(Note(start, max(1, round(last / sixteenth) - start), pitch))
    return notes
