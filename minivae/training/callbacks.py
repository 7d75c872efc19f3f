"""Callbacks: what happens after an epoch. `fit` calls each with the `Run`.

Any function will do. An object that has them is also asked for a `state_dict` when a checkpoint is
written, for `load_state_dict` when one is resumed, and to `finish` after the last epoch.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from minivae.edge import storage
from minivae.edge.arguments import check_dict, check_has, check_path, check_text
from minivae.edge.checks import ArgumentError, Array, as_data_set, check_integer, check_real

if TYPE_CHECKING:
    from minivae.training.run import Run


def check_run(run: Any) -> None:
    """Refuse what is not the `Run` of a training, or looks like one."""
    check_has("run", run, ("model", "history", "epoch", "epochs", "stop"), "the Run of a training")


class Progress:
    """A callback that prints a line: the loss and its parts, validation loss, and the time left.

    Parameters
    ----------
    every : int
        Epochs from one line to the next; the first and the last always have one.
    """

    def __init__(self, every: int = 1) -> None:
        self.every = check_integer("every", every, 1)
        self.start, self.first = time.monotonic(), 0

    def __call__(self, run: Run) -> None:
        """Print the line of the epoch that has just ended."""
        check_run(run)
        if not self.first:  # the pace is taken from here, because the first epoch warms up
            self.start, self.first = time.monotonic(), run.epoch
        elif run.epoch % self.every and run.epoch != run.epochs:
            return
        words = [f"epoch {run.epoch:3d}/{run.epochs}"]
        for name, values in run.history.items():
            if name == "val_loss":
                words.append(f"validation {values[-1]:.4f}")
            elif name != "epoch" and not name.startswith("val_"):
                words.append(f"{name} {values[-1]:.4f}")
        if run.epoch > self.first:
            pace = (time.monotonic() - self.start) / (run.epoch - self.first)
            words.append(f"{pace * (run.epochs - run.epoch):.0f} s left")
        print("  ".join(words), flush=True)


class Checkpoint:
    """A callback that saves the run after every epoch, for ``fit(..., resume=path)``.

    The file is also a saved model: the model's `load` reads it. A resumed run ends bit for bit
    where an uninterrupted one does.

    Parameters
    ----------
    path : str or path
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = check_path("path", path)

    def __call__(self, run: Run) -> None:
        """Write the file; the one before stays until this one is complete."""
        check_run(run)
        storage.write(self.path, run.state_dict())


class EarlyStopping:
    """A callback that ends training when the loss no longer falls, and keeps the best epoch.

    Parameters
    ----------
    patience : int
        Epochs without improvement that are waited for.
    min_delta : float
        The fall, in the loss's units, that counts as one.
    monitor : str
        A key of the history; by default ``val_loss`` where there is one, else ``loss``.

    Attributes
    ----------
    best, best_epoch : float, int
        The lowest value seen and its epoch, whose parameters the model has after `fit`.
    """

    def __init__(
        self, patience: int = 5, *, min_delta: float = 0.0, monitor: str | None = None
    ) -> None:
        self.patience = check_integer("patience", patience, 1)
        self.min_delta = check_real("min_delta", min_delta, 0, closed="low")
        self.monitor = None if monitor is None else check_text("monitor", monitor)
        self.best, self.best_epoch = float("inf"), 0
        self.best_params: dict[str, Array] = {}

    def __call__(self, run: Run) -> None:
        """Remember the best parameters; stop when they are `patience` epochs old."""
        check_run(run)
        monitor = self.monitor or ("val_loss" if "val_loss" in run.history else "loss")
        if monitor not in run.history:
            raise ArgumentError(f"monitor must be one of {sorted(run.history)}, got {monitor!r}")
        if run.epoch == 1:  # forget what an earlier run may have left
            self.best, self.best_epoch = float("inf"), 0
        value = run.history[monitor][-1]
        if value < self.best - self.min_delta:
            self.best, self.best_epoch = value, run.epoch
            self.best_params = {name: p.copy() for name, p in run.model.params.items()}
        run.stop = run.stop or run.epoch - self.best_epoch >= self.patience

    def finish(self, run: Run) -> None:
        """Give the model its best parameters back."""
        check_run(run)
        for name, value in self.best_params.items():
            run.model.params[name][...] = value

    def state_dict(self) -> dict[str, Any]:
        """Return what resuming needs."""
        return {
            "best": self.best,
            "best_epoch": self.best_epoch,
            "params": {name: value.copy() for name, value in self.best_params.items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        check_dict("state", state, ("best", "best_epoch", "params"))
        self.best = float(state["best"])
        self.best_epoch = check_integer("best_epoch", state["best_epoch"], 0)
        self.best_params = dict(state["params"])


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
        check_run(run)
        if run.epoch == 1:  # forget what an earlier run may have left
            self.frames, self.history = [], {}
        if run.epoch == 1 or run.epoch % self.every == 0:
            self._record(run)

    def finish(self, run: Run) -> None:
        """Keep the codes of the last epoch."""
        check_run(run)
        if run.epoch not in self.history.get("epoch", ()):
            self._record(run)

    def _record(self, run: Run) -> None:
        self.frames.append(run.model.transform(self.x))
        for name, values in run.history.items():
            self.history.setdefault(name, []).append(values[-1])
