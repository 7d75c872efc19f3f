"""The bench of a study: it measures piece by piece, and keeps what is finished."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import minivae as mv
from minivae.edge import storage
from minivae.edge.checks import Array
from minivae.studies.data import Split, load_split

T = TypeVar("T")
Tree = dict[str, Any]  # arrays and plain values by name
SECONDS = 10  # from one line about a training to the next


class Bench:
    """What a study works with: the name of its data, how many seeds, and where pieces are kept.

    Attributes
    ----------
    study, data : str
    seeds : int
    quick : bool
        Whether the study is to be over in seconds.
    folder : Path or None
        Where all that is written goes.
    seconds : float
        What the pieces took, those that an earlier run made included.
    """

    def __init__(
        self,
        study: str,
        data: str,
        seeds: int,
        *,
        quick: bool = False,
        folder: Path | None = None,
        verbose: bool = False,
    ) -> None:
        self.study, self.data, self.seeds, self.quick = study, data, seeds, quick
        self.folder, self.verbose, self.seconds = folder, verbose, 0.0

    def choose(self, settings: Mapping[str, T]) -> T:
        """Return the settings under ``"quick"`` if the study is to be quick, else the data's."""
        return settings["quick" if self.quick else self.data]

    def measure(self, plan: Mapping[str, partial[Tree]]) -> dict[str, list[Tree]]:
        """Carry out every piece of the plan once for each seed, unless it is kept already.

        Parameters
        ----------
        plan : dict of str to partial
            ``{"VAE, 20 latents": partial(measure_vae, n_latent=20)}``: the name of what is
            compared, and the function that trains and measures it with all its settings as
            keywords, plain values. ``measure_vae(trial, n_latent=20)`` returns a dict of arrays
            and plain values.

        Returns
        -------
        dict of str to list of dict
            For each name what the function returned, one for each seed.
        """
        results: dict[str, list[Tree]] = {name: [] for name in plan}
        n_pieces, n_done, start = self.seeds * len(plan), 0, time.monotonic()
        for seed in range(self.seeds):
            for name, piece in plan.items():
                kept = self._piece(name, piece, seed)
                self.seconds += kept["seconds"]
                results[name].append(kept["result"])
                n_done += 1
                left = (time.monotonic() - start) / n_done * (n_pieces - n_done)
                self.say(
                    f"{n_done}/{n_pieces}  {name}, seed {seed}: {kept['seconds']:.1f} s"
                    f"  about {left:.0f} s left"
                )
        return results

    def say(self, line: str) -> None:
        """Print a line, if lines are wanted."""
        if self.verbose:
            print(line, flush=True)

    def _piece(self, name: str, piece: partial[Tree], seed: int) -> Tree:
        """Return a piece from its file, or carry it out and write the file."""
        settings = [mv.__version__, self.study, self.data, piece.func.__name__, piece.keywords]
        digest = hashlib.sha256(json.dumps([*settings, seed], sort_keys=True).encode()).hexdigest()
        stem = f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}-seed-{seed}-{digest[:12]}"
        path = None if self.folder is None else self.folder / "parts" / f"{stem}.npz"
        if path is not None and path.exists():
            try:
                return storage.read(path)
            except ValueError:  # a damaged piece is made again
                pass
        trial = Trial(self.data, seed, path, self.say)
        start = time.perf_counter()
        result = piece(trial)
        kept = {"result": result, "seconds": time.perf_counter() - start}
        if path is not None:
            storage.write(path, kept)
            trial.forget_checkpoints()
        return kept


class Trial:
    """One piece of a study: one thing that is compared, with one seed."""

    def __init__(self, data: str, seed: int, path: Path | None, say: Any) -> None:
        self.data, self.seed, self._path, self._say = data, seed, path, say

    def split(self, n_train: int, n_test: int) -> Split:
        """Return the data of this seed; every piece of the study sees the same."""
        return load_split(self.data, n_train, n_test, self.seed)

    def fit(self, model: Any, X: Array, *, name: str = "model", **options: Any) -> Any:
        """Train a model with this seed, with a checkpoint after every epoch, and return it.

        Parameters
        ----------
        model : model with `fit`
        X : array, shape (n_samples, n_features)
        name : str
            Tells this training from others of the same piece.
        **options
            Of `fit`, ``epochs`` and so on.
        """
        callbacks = [_Slowly(name, self._say), *options.pop("callbacks", ())]
        checkpoint = self._checkpoint(name)
        if checkpoint is not None:
            callbacks.append(mv.Checkpoint(checkpoint))
        resume = checkpoint if checkpoint is not None and checkpoint.exists() else None
        return model.fit(X, rng=self.seed, callbacks=callbacks, resume=resume, **options)

    def forget_checkpoints(self) -> None:
        """Remove the checkpoints of this piece, which is finished."""
        if self._path is not None:
            for path in self._path.parent.glob(f"{self._path.stem}.*.checkpoint"):
                path.unlink()

    def _checkpoint(self, name: str) -> Path | None:
        return None if self._path is None else self._path.with_suffix(f".{name}.checkpoint")


class _Slowly:
    """A callback that prints a line about a training every `SECONDS`."""

    def __init__(self, name: str, say: Any) -> None:
        self.name, self.say, self.shown = name, say, time.monotonic()

    def __call__(self, run: Any) -> None:
        if time.monotonic() > self.shown + SECONDS:
            self.shown = time.monotonic()
            loss = run.history["loss"][-1]
            self.say(f"    {self.name}: epoch {run.epoch}/{run.epochs}, loss {loss:.3f}")
