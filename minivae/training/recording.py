"""A callback that keeps how the codes of some data move while a model is trained."""

from __future__ import annotations

from numpy.typing import ArrayLike

from minivae.edge.checks import Array, as_data_set, check_integer
from minivae.training.loop import Run


class CodeRecorder:
    """A callback that keeps the codes of some data after every epoch: the frames of a film.

    Parameters
    ----------
    x : array_like, shape (n, n_features)
        The data; a few hundred rows make a clear picture.
    every : int
        Epochs from one frame to the next; the first and the last always have one.

    Attributes
    ----------
    frames : list of arrays, each of shape (n, n_latent)
        ``model.transform(x)``: for a VAE the posterior means.
    history : dict of lists
        That of the training run, but only of the epochs that have a frame.
    """

    def __init__(self, x: ArrayLike, every: int = 1) -> None:
        self.x = as_data_set(x, name="x")
        self.every = check_integer("every", every, 1)
        self.frames: list[Array] = []
        self.history: dict[str, list[float]] = {}

    def __call__(self, run: Run) -> None:
        """Keep the codes of the epoch that has just ended."""
        if run.epoch == 1:  # forget what an earlier run may have left
            self.frames, self.history = [], {}
        if run.epoch == 1 or run.epoch % self.every == 0:
            self._record(run)

    def finish(self, run: Run) -> None:
        """Keep the codes of the last epoch."""
        if run.epoch not in self.history.get("epoch", ()):
            self._record(run)

    def _record(self, run: Run) -> None:
        self.frames.append(run.model.transform(self.x))
        for name, values in run.history.items():
            self.history.setdefault(name, []).append(values[-1])
