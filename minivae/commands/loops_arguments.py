"""The arguments of ``minivae loops``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from minivae.commands.parsing import add_out, command, integer_from


def add_loops(commands: Any) -> None:
    """Add ``loops``."""
    text = (
        "draw loops from a melody VAE, go from one to another, or complete a bar; as MIDI and WAV"
    )
    parser = command(commands, "loops", text, "sample run/loops.npz --out my-loops")
    help = "train a model, or what to do with one"
    parser.add_argument("what", choices=("train", "sample", "interpolate", "complete"), help=help)
    help = "the model's file, which train writes"
    parser.add_argument("checkpoint", type=Path, help=help)
    help = "melodies of your own: two to interpolate, one to complete (default: drawn loops)"
    parser.add_argument("--midi", type=Path, nargs="+", default=[], metavar="FILE", help=help)
    add_out(parser, "minivae-loops")
    count = integer_from(1)
    parser.add_argument("--count", type=count, default=8, help="loops to write (default 8)")
    help = "above 0; below 1 likely notes become likelier (default 0.5)"
    parser.add_argument("--temperature", type=float, default=0.5, help=help)
    parser.add_argument("--path", choices=("straight", "spherical"), default="straight")
    parser.add_argument("--tempo", type=float, default=120.0, help="quarters a minute")
    parser.add_argument("--epochs", type=count, default=3, help="of train (default 3)")
    parser.add_argument("--samples", type=count, default=100_000, help="of train (default 100,000)")

    def run(chosen: argparse.Namespace) -> bool:
        from minivae.commands import loops

        place = chosen.checkpoint, chosen.out
        options = {"tempo": chosen.tempo, "seed": chosen.seed}
        drawn = {"n": chosen.count, "temperature": chosen.temperature, **options}
        if chosen.what == "train":
            loops.train(
                chosen.checkpoint, epochs=chosen.epochs, n_loops=chosen.samples, seed=chosen.seed
            )
        elif chosen.what == "sample":
            loops.sample(*place, **drawn)
        elif chosen.what == "interpolate":
            k, path = chosen.count, chosen.path
            loops.interpolate(*place, midi=chosen.midi, k=k, path=path, **options)
        else:
            loops.complete(*place, midi=chosen.midi, **drawn)
        return True

    parser.set_defaults(run=run)
