import numpy as np
import pytest
from scipy.io import wavfile

from minivae.music.melodies import Note
from minivae.music.sound import RATE, synthesize, write_wav


def loudest_frequency(sound):
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return np.fft.rfftfreq(len(sound), 1 / RATE)[np.argmax(spectrum)]


@pytest.mark.parametrize(("pitch", "hertz"), [(69, 440), (60, 261.626), (81, 880)])
def test_a_note_has_its_frequency(pitch, hertz):
    sound = synthesize([Note(0, 32, pitch)])
    assert loudest_frequency(sound) == pytest.approx(hertz, abs=0.5)


def test_a_note_sounds_when_it_is_played_and_then_not():
    sound = synthesize([Note(4, 4, 60)], tempo=120)
    sixteenth = round(RATE * 0.125)
    assert len(sound) == 32 * sixteenth or abs(len(sound) - 4 * RATE) <= 1
    loud = [np.max(np.abs(sound[i * sixteenth : (i + 1) * sixteenth])) for i in range(32)]
    assert np.all(np.array(loud[:4]) == 0)
    assert np.all(np.array(loud[4:8]) > 0.1)
    assert np.all(np.array(loud[9:]) == 0)


def test_it_neither_clips_nor_clicks():
    chord = [Note(0, 8, 60), Note(0, 8, 64), Note(8, 1, 84), Note(9, 23, 48)]
    sound = synthesize(chord)
    assert np.max(np.abs(sound)) == pytest.approx(0.9, rel=1e-5)
    assert np.abs(sound[0]) == 0
    assert sound.dtype == np.float32
    steepest = 2 * np.pi * 4 * 1047 / RATE  # of the highest overtone at full loudness
    assert np.max(np.abs(np.diff(sound))) < steepest


def test_notes_behind_the_end_are_cut_off_and_silence_is_silent():
    assert np.all(synthesize([Note(40, 4, 60)]) == 0)
    assert np.all(synthesize([]) == 0)
    assert len(synthesize([Note(30, 9, 60)])) == 4 * RATE


def test_scipy_reads_the_file(tmp_path):
    sound = synthesize([Note(0, 4, 60)])
    write_wav(tmp_path / "a.wav", sound)
    rate, samples = wavfile.read(tmp_path / "a.wav")
    assert (rate, samples.dtype, len(samples)) == (RATE, np.int16, len(sound))
    np.testing.assert_allclose(samples / 32767, sound, atol=1e-4)
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


@pytest.mark.parametrize("options", [{"tempo": 0}, {"n_steps": 0}, {"rate": 10}, {"n_steps": 1e9}])
def test_what_cannot_be_played_is_refused(options):
    with pytest.raises((ValueError, TypeError), match="must be"):
        synthesize([Note(0, 4, 60)], **options)
