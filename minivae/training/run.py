"""A training run: all that its next epoch depends on, in a form that a file can hold."""

from __future__ import annotations

from dataclasses import dataclass, field, is_dataclass
from typing import Any

import numpy as np

from minivae.edge.checks import ArgumentError, as_reals, check_integer
from minivae.training.optimizers import Optimizer

OPTIONAL = {"seed", "learning_rate", "data"}  # a caller may leave them to the file


@dataclass
class Run:
    """One training run: all that the next epoch depends on, and what a callback may look at.

    Attributes
    ----------
    model, optimizer, rng
        What is trained, by what, and where shuffling and noise come from.
    epoch : int
        Epochs that are done.
    epochs : int
        Epochs that are asked for.
    history : dict of lists
        ``epoch``, ``loss``, the model's other parts of the loss, and each with ``val_``.
    stop : bool
        A callback sets it to end training after this epoch.
    """

    model: Any
    optimizer: Optimizer
    rng: np.random.Generator
    epochs: int
    callbacks: list[Any]
    conditions: dict[str, Any]
    epoch: int = 0
    stop: bool = False
    history: dict[str, list[float]] = field(default_factory=dict)

    def state_dict(self) -> dict[str, Any]:
        """Return the model's file contents, and below ``"run"`` what resuming needs besides."""
        run = self._changeable() | {"conditions": self.conditions}
        self.model.history_ = self.history
        return self.model.state_dict() | {"run": run}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go back to where `state_dict` was taken."""
        if "run" not in state:
            raise ArgumentError("it is a saved model, not a checkpoint of a training run")
        run = state["run"]
        for name, value in self.conditions.items():
            theirs = run["conditions"].get(name, value)  # an older file says less
            if theirs != value and not (name in OPTIONAL and None in (theirs, value)):
                raise ArgumentError(f"it was made with {name}={theirs}, got {value}")
        check_integer("epoch", run["epoch"], 1)
        for name, values in state["history"].items():
            as_reals(f"history[{name!r}]", values, finite=False)
        before = self._changeable()
        try:
            self._take_over(run)
            self.model.load_state_dict(state)  # last: if it refuses, the rest goes back
        except Exception:
            self._take_over(before)
            raise
        self.history = self.model.history_

    def _changeable(self) -> dict[str, Any]:
        """Return what `_take_over` changes."""
        states = {str(i): c.state_dict() for i, c in enumerate(self.callbacks) if has_state(c)}
        return {
            "epoch": self.epoch,
            "stop": self.stop,
            "rng": self.rng.bit_generator.state,
            "optimizer": self.optimizer.state_dict(),
            "callbacks": states,
        }

    def _take_over(self, run: dict[str, Any]) -> None:
        self.optimizer.load_state_dict(run["optimizer"])
        self.rng.bit_generator.state = run["rng"]
        self.epoch, self.stop = run["epoch"], bool(run["stop"])
        for i, callback in enumerate(self.callbacks):
            if has_state(callback) and str(i) in run["callbacks"]:
                callback.load_state_dict(run["callbacks"][str(i)])


def has_state(callback: Any) -> bool:
    """Return whether a callback has something to remember in a checkpoint."""
    return hasattr(callback, "state_dict")


def name_of(given: Any) -> str:
    """Return what a checkpoint remembers of a condition.

    Dataclasses, such as schedules and corruptions, are known by their `repr`; of another function
    only that it is one is known.
    """
    return "a function" if callable(given) and not is_dataclass(given) else repr(given)
