"""``minivae loops``: train a melody VAE, and draw, interpolate or complete loops with it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import minivae as mv
from minivae.datasets.loop_source import BAR, STEPS
from minivae.edge.checks import ArgumentError, Array, check_integer
from minivae.edge.files import make_folder
from minivae.music import moves, recipe
from minivae.music.melodies import notes_to_tokens, tokens_to_notes
from minivae.music.midi import read_midi, write_midi
from minivae.music.pictures import rolls
from minivae.music.sound import synthesize, write_wav

N_LOOPS = 100_000


def train(path: Path, *, epochs: int, n_loops: int = N_LOOPS, seed: int = 0) -> None:
    """Train a melody VAE on drawn loops, and save it after every epoch.

    Parameters
    ----------
    path : Path
        The file for the model.
    epochs, n_loops, seed : int
    """
    make_folder(path.parent)
    loops = mv.datasets.loops(n_loops, rng=seed).tokens
    model = mv.MelodyVAE(64, dtype=np.float32, rng=seed)
    options = recipe.fit_options(n_loops, epochs)
    model.fit(loops, rng=seed, callbacks=[mv.Checkpoint(path)], verbose=True, **options)
    print(f"the model is in {path}")


def sample(
    checkpoint: Path, out: Path, *, n: int, temperature: float, tempo: float, seed: int
) -> list[Path]:
    """Draw loops from the prior, and write them."""
    loops = _load(checkpoint).sample(n, seed, temperature=temperature)
    titles = [f"sample {i + 1}, temperature {temperature:g}" for i in range(n)]
    return _write(out, loops, titles, tempo)


def interpolate(
    checkpoint: Path,
    out: Path,
    *,
    midi: Sequence[Path],
    k: int,
    path: str,
    tempo: float,
    seed: int,
) -> list[Path]:
    """Write `k` loops on the way from one loop to another: two files, or two drawn loops."""
    model = _load(checkpoint)
    first, second = _melodies(midi, 2, seed)
    check_integer("steps", k, 2)
    loops = moves.interpolate(model, first, second, k, path=path)
    ends = ["the first loop", "the second loop"]
    titles = [f"{t:.0%} of the way" for t in np.linspace(0, 1, k)]
    whole = np.stack([first, *loops, second])
    return _write(out, whole, [ends[0], *titles, ends[1]], tempo)


def complete(
    checkpoint: Path,
    out: Path,
    *,
    midi: Sequence[Path],
    n: int,
    temperature: float,
    tempo: float,
    seed: int,
) -> list[Path]:
    """Write `n` loops that begin with the first bar of a file, or of a drawn loop."""
    model = _load(checkpoint)
    (given,) = _melodies(midi, 1, seed)
    loops = moves.complete(model, given[:BAR], n, temperature=temperature, rng=seed)
    return _write(out, loops, [f"bar 1 as given, bar 2 no. {i + 1}" for i in range(n)], tempo)


def _load(checkpoint: str | os.PathLike[str]) -> Any:
    model = mv.MelodyVAE.load(checkpoint)
    if model.n_features != STEPS:
        raise ArgumentError(f"{checkpoint} holds a model of {model.n_features} steps, not {STEPS}")
    return model


def _melodies(paths: Sequence[Path], n: int, seed: int) -> Array:
    """Return `n` loops, shape (n, 32), from the files, or drawn if there are no files."""
    if not paths:
        return mv.datasets.loops(n, rng=seed).tokens
    if len(paths) != n:
        raise ArgumentError(f"--midi must name {n} file{'s' * (n > 1)}, got {len(paths)}")
    return np.stack([_tokens(path) for path in paths])


def _tokens(path: Path) -> Array:
    try:
        return notes_to_tokens(read_midi(path))
    except ValueError as error:
        said = str(error)
        raise ArgumentError(
            said if said.startswith(path.name) else f"{path.name}: {said}"
        ) from error


def _write(out: Path, loops: Array, titles: list[str], tempo: float) -> list[Path]:
    """Write each loop as a MIDI file and as a sound, and all of them as one picture."""
    make_folder(out)
    paths = []
    for i, loop in enumerate(loops):
        notes = tokens_to_notes(loop)
        midi, wav = (out / f"loop-{i + 1:02d}.{ending}" for ending in ("mid", "wav"))
        write_midi(midi, notes, tempo=tempo)
        write_wav(wav, synthesize(notes, tempo=tempo))
        paths += [midi, wav]
    paths.append(mv.plots.save(rolls(loops, titles), out / "loops.png"))
    valid = int(np.sum(np.isfinite(mv.datasets.loop_log_prob(loops))))
    print(f"{len(loops)} loops are in {out}, as .mid, as .wav, and in the picture loops.png")
    print(f"{valid} of them are loops that the source could have made")
    return paths
