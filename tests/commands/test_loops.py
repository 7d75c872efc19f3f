"""``minivae loops``: what it writes plays, and what cannot be read is said in one line."""

import numpy as np
import pytest
from scipy.io import wavfile

import minivae as mv
from minivae.commands.cli import main
from minivae.music.melodies import notes_to_tokens, tokens_to_notes
from minivae.music.midi import midi_bytes, read_midi, write_midi

LOOPS = mv.datasets.loops(6, rng=0).tokens


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "loops.npz"
    mv.MelodyVAE(4, n_hidden=8, n_context=4, rng=0).save(path)
    return path


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / f"{name}.mid" for name in ("a", "b")]
    for path, row in zip(paths, LOOPS[:2], strict=True):
        write_midi(path, tokens_to_notes(row))
    return [str(path) for path in paths]


def run(*arguments):
    return main(["loops", *map(str, arguments)])


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def expected(n):
    files = [f"loop-{i:02d}.{end}" for i in range(1, n + 1) for end in ("mid", "wav")]
    return sorted([*files, "loops.png"])


def test_samples_are_written_as_midi_sound_and_picture(model, tmp_path, capsys):
    out = tmp_path / "out"
    assert run("sample", model, "--out", out, "--count", 3, "--tempo", 90) == 0
    assert names(out) == expected(3)
    assert "3 loops are in" in capsys.readouterr().out
    rate, sound = wavfile.read(out / "loop-01.wav")
    assert len(sound) / rate == pytest.approx(32 * 15 / 90, abs=0.01)
    again = tmp_path / "again"
    run("sample", model, "--out", again, "--count", 3, "--tempo", 90)
    for name in expected(3):
        if not name.endswith("png"):
            assert (out / name).read_bytes() == (again / name).read_bytes()


def test_a_way_between_two_files_has_them_at_its_ends(model, files, tmp_path):
    pytest.importorskip("mido")
    out = tmp_path / "out"
    assert run("interpolate", model, "--midi", *files, "--out", out, "--count", 4) == 0
    assert names(out) == expected(6)
    for name, row in (("loop-01.mid", LOOPS[0]), ("loop-06.mid", LOOPS[1])):
        np.testing.assert_array_equal(notes_to_tokens(read_midi(out / name)), row)


def test_a_completed_loop_begins_with_the_file_s_bar(model, files, tmp_path):
    pytest.importorskip("mido")
    out = tmp_path / "out"
    assert run("complete", model, "--midi", files[0], "--out", out, "--count", 2) == 0
    for name in ("loop-01.mid", "loop-02.mid"):
        np.testing.assert_array_equal(notes_to_tokens(read_midi(out / name))[:16], LOOPS[0, :16])


@pytest.mark.parametrize("what", ["interpolate", "complete"])
def test_without_files_loops_are_drawn(model, tmp_path, what):
    assert run(what, model, "--out", tmp_path / what, "--count", 2, "--path", "spherical") == 0
    assert "loops.png" in names(tmp_path / what)


def test_train_writes_a_model_that_sample_reads(tmp_path, capsys):
    path = tmp_path / "new" / "loops.npz"
    assert run("train", path, "--epochs", 1, "--samples", 64) == 0
    assert run("sample", path, "--out", tmp_path / "out", "--count", 1) == 0
    assert "the model is in" in capsys.readouterr().out


def midi_of(tmp_path, *notes):
    path = tmp_path / "song.mid"
    path.write_bytes(midi_bytes(notes))
    return path


@pytest.mark.parametrize(
    ("notes", "message"),
    [
        ([(0, 4, 60), (2, 4, 64)], "song.mid: a melody has one note at a time, got pitch 64"),
        ([(0, 4, 60), (40, 4, 60)], "song.mid: notes must lie within 32 sixteenths"),
        ([(0, 4, 90)], "song.mid: pitches must be between 48 and 84, got 90"),
        ([], "song.mid must have at least one note, got none"),
    ],
)
def test_what_is_no_loop_is_said_in_one_line(model, tmp_path, capsys, notes, message):
    pytest.importorskip("mido")
    out = tmp_path / "out"
    assert run("complete", model, "--midi", midi_of(tmp_path, *notes), "--out", out) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"minivae loops: {message}")
    assert said.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("interpolate", "MODEL", "--midi", "a.mid"), "--midi must name 2 files, got 1"),
        (("interpolate", "MODEL", "--count", "1"), "steps must be at least 2, got 1"),
        (("sample", "MODEL", "--temperature", "0"), "temperature must be in (0, inf), got 0.0"),
        (("sample", "MODEL", "--tempo", "0"), "tempo must be in [4, 1000], got 0.0"),
        (("sample", "nowhere.npz"), ""),
    ],
)
def test_wrong_arguments_are_refused(model, tmp_path, capsys, arguments, message):
    arguments = [model if each == "MODEL" else each for each in arguments]
    assert run(*arguments, "--out", tmp_path / "out") == 2
    assert capsys.readouterr().err.startswith(f"minivae loops: {message}")


def test_another_kind_of_model_is_refused(tmp_path, capsys):
    path = tmp_path / "vae.npz"
    mv.VAE(4, 2).save(path)
    assert run("sample", path, "--out", tmp_path / "out") == 2
    assert "holds VAE, not MelodyVAE" in capsys.readouterr().err
