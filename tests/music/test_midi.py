"""MIDI files: what is written is read by others, and what is read is refused in our words."""

import io
import struct
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minivae import datasets
from minivae.music import midi
from minivae.music.melodies import Note, tokens_to_notes

NOTES = [Note(0, 4, 60), Note(4, 2, 64), Note(6, 1, 64), Note(16, 16, 84)]


def drawn_notes():
    return [tokens_to_notes(row) for row in datasets.loops(200, rng=0).tokens]


# Writing


def test_bytes_of_one_note_are_those_of_the_standard():
    expected = (
        "4d546864 00000006 0000 0001 0060"  # MThd, 6 bytes, format 0, 1 track, 96 ticks a quarter
        "4d54726b 00000021"  # MTrk, 33 bytes
        "00 ff5103 07a120"  # 500,000 microseconds a quarter
        "00 ff5804 04021808"  # 4/4
        "00 903c60"  # note 60 on
        "8300 803c00"  # 384 ticks later, off
        "8300 ff2f00"  # end of track
    ).replace(" ", "")
    data = midi.midi_bytes([Note(0, 16, 60)])
    assert data.hex() == expected.replace("00000021", f"{len(data) - 22:08x}")
    assert struct.unpack(">I", data[18:22])[0] == len(data) - 22


def test_mido_reads_every_note():
    mido = pytest.importorskip("mido")
    for notes in drawn_notes():
        song = mido.MidiFile(file=io.BytesIO(midi.midi_bytes(notes, tempo=90)))
        assert (song.type, song.ticks_per_beat, len(song.tracks)) == (0, 96, 1)
        assert song.length == pytest.approx(32 * 15 / 90)
        now, started, heard = 0, {}, []
        for message in song.tracks[0]:
            now += message.time
            if message.type == "note_on":
                assert not started  # the note before has ended
                started[message.note] = now
            elif message.type == "note_off":
                first = started.pop(message.note)
                heard.append((first / 24, (now - first) / 24, message.note))
        assert heard == notes


def test_two_other_libraries_read_every_note(tmp_path):
    pretty_midi = pytest.importorskip("pretty_midi")
    symusic = pytest.importorskip("symusic")
    for i, notes in enumerate(drawn_notes()[:50]):
        path = tmp_path / f"{i}.mid"
        midi.write_midi(path, notes, tempo=120)
        (instrument,) = pretty_midi.PrettyMIDI(str(path)).instruments
        theirs = [(n.start * 8, (n.end - n.start) * 8, n.pitch) for n in instrument.notes]
        np.testing.assert_allclose(theirs, notes, atol=1e-6)
        (track,) = symusic.Score(str(path)).tracks
        assert sorted((n.time / 24, n.duration / 24, n.pitch) for n in track.notes) == notes


@pytest.mark.parametrize("tempo", [3, 1001, np.nan, "fast"])
def test_a_tempo_that_cannot_be_is_refused(tempo):
    with pytest.raises((ValueError, TypeError), match="tempo must be"):
        midi.midi_bytes(NOTES, tempo=tempo)


@given(number=st.integers(0, 2**28 - 1))
def test_lengths_are_written_as_mido_writes_them(number):
    meta = pytest.importorskip("mido.midifiles.meta")
    assert list(midi._variable_length(number)) == meta.encode_variable_int(number)


# Reading


@pytest.fixture
def read(tmp_path):
    pytest.importorskip("mido")

    def from_bytes(data):
        path = tmp_path / "song.mid"
        path.write_bytes(data)
        return midi.read_midi(path)

    return from_bytes


def file_of(*tracks, kind=1, n_tracks=None, division=96):
    n_tracks = len(tracks) if n_tracks is None else n_tracks
    data = struct.pack(">4sIHHh", b"MThd", 6, kind, n_tracks, division)
    return data + b"".join(struct.pack(">4sI", b"MTrk", len(t)) + t for t in tracks)


END = b"\x00\xff\x2f\x00"
ON, OFF = b"\x00\x90\x3c\x40", b"\x60\x80\x3c\x40"


def test_what_is_written_is_read(read):
    for notes in drawn_notes():
        assert read(midi.midi_bytes(notes)) == notes


def test_other_ways_to_say_it(read):
    by_velocity = ON + b"\x60\x90\x3c\x00" + END
    running = b"\x00\x90\x3c\x40\x60\x3c\x00" + END
    for track in (by_velocity, running):
        assert read(file_of(b"\x00\xff\x03\x04name" + END, track)) == [Note(0, 4, 60)]
    assert read(file_of(ON + OFF + END, division=48, kind=0)) == [Note(0, 8, 60)]
    never_ended = ON + b"\x60\x90\x3e\x40" + b"\x60\x80\x3e\x40" + END
    assert read(file_of(never_ended)) == [Note(0, 8, 60), Note(4, 4, 62)]


def test_players_timing_is_forgiven_within_a_quarter_of_a_sixteenth(read):
    assert read(file_of(b"\x05" + ON[1:] + OFF + END)) == [Note(0, 4, 60)]
    with pytest.raises(ValueError, match=r"quantised to sixteenths, got a note at 0\.50"):
        read(file_of(b"\x0c" + ON[1:] + OFF + END))


GOOD = midi.midi_bytes(NOTES)
HUGE = b"\xff\xff\xff\x7f"  # 2**28 - 1 in groups of seven bits
REFUSED = {
    "empty": (b"", "not a MIDI file"),
    "text": (b"I am a text, and not music." * 9, "not a MIDI file"),
    "a wave": (b"RIFF" + bytes(200), "not a MIDI file"),
    "cut in its header": (GOOD[:12], "not a MIDI file"),
    "cut in its track": (GOOD[:40], "damaged MIDI file"),
    "cut at its end": (GOOD[:-1], "damaged MIDI file"),
    "too large": (GOOD + bytes(64 * 1024), "must have at most 64 kB, got more"),
    "three quarters": (file_of(b"\x00\xff\x58\x04\x03\x02\x18\x08" + ON + OFF + END), "got 3/4"),
    "no notes": (file_of(END), "must have at least one note, got none"),
    "format 2": (file_of(ON + OFF + END, kind=2), "got format 2 with 1 tracks"),
    "65,535 tracks": (file_of(ON + OFF + END, n_tracks=65535), "with 65535 tracks"),
    "no tracks": (file_of(), "with 0 tracks"),
    "no ticks": (file_of(ON + OFF + END, division=0), "got division 0"),
    "frames of film": (file_of(ON + OFF + END, division=-6400), "got division -6400"),
    "a hostile track": (file_of(END)[:-8] + b"\x7f\xff\xff\xff" + END, "damaged MIDI file"),
    "a hostile sysex": (file_of(b"\x00\xf0" + HUGE + END), "damaged MIDI file"),
    "a hostile meta": (file_of(b"\x00\xff\x01" + HUGE + END), "damaged MIDI file"),
    "endless groups": (file_of(b"\xff" * 60_000), "damaged MIDI file"),
    "a wrong key": (file_of(b"\x00\xff\x59\x02\x7f\x7f" + END), "damaged MIDI file"),
    "a status of nothing": (file_of(b"\x00\xf4" + END), "MIDI file"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_one_line_within_a_second_and_little_memory(read, name):
    data, message = REFUSED[name]
    tracemalloc.start()
    start = time.process_time()
    with pytest.raises(ValueError, match=message) as caught:
        read(data)
    seconds, (_, peak) = time.process_time() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert str(caught.value).startswith("song.mid ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200
    assert seconds < 2  # tracing memory doubles it
    assert peak < 64e6


def test_the_largest_honest_file_takes_a_second_at_most(read):
    events = (ON + b"\x18\x80\x3c\x40") * 8000
    start = time.process_time()
    assert len(read(file_of(events[: 64 * 1000] + END))) == 8000
    assert time.process_time() - start < 2


@settings(max_examples=60)
@given(data=st.data())
def test_whatever_the_bytes_it_reads_or_says_why_not(tmp_path_factory, data):
    pytest.importorskip("mido")
    path = tmp_path_factory.mktemp("midi") / "x.mid"
    broken = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(broken)
    try:
        answer = midi.read_midi(path)
    except ValueError as error:
        answer = str(error)
    assert answer[:6] == "x.mid " or all(isinstance(note, Note) for note in answer)


def test_without_mido_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "mido", None)
    midi.write_midi(tmp_path / "a.mid", NOTES)
    with pytest.raises(ImportError, match=r"needs mido: pip install 'minivae\[music\]'"):
        midi.read_midi(tmp_path / "a.mid")
