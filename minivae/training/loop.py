"""Training: shuffled minibatches, the loop over epochs, and how it is resumed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge import storage
from minivae.edge.checks import Array, as_batch, as_data_set, check_integer
from minivae.training.callbacks import Checkpoint, Progress
from minivae.training.optimizers import Adam, Optimizer

VALIDATION_BATCH = 1000


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
    conditions: dict[str, int | str]
    epoch: int = 0
    stop: bool = False
    history: dict[str, list[float]] = field(default_factory=dict)

    def state_dict(self) -> dict[str, Any]:
        """Return the model's file contents, and below ``"run"`` what resuming needs besides."""
        states = {str(i): c.state_dict() for i, c in enumerate(self.callbacks) if _has_state(c)}
        run = {
            "epoch": self.epoch,
            "stop": self.stop,
            "conditions": self.conditions,
            "rng": self.rng.bit_generator.state,
            "optimizer": self.optimizer.state_dict(),
            "callbacks": states,
        }
        self.model.history_ = self.history
        return self.model.state_dict() | {"run": run}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go back to where `state_dict` was taken."""
        if "run" not in state:
            raise ValueError("it is a saved model, not a checkpoint of a training run")
        run = state["run"]
        for name, value in self.conditions.items():
            if run["conditions"][name] != value:
                raise ValueError(f"it was made with {name}={run['conditions'][name]}, got {value}")
        self.optimizer.load_state_dict(run["optimizer"])
        self.rng.bit_generator.state = run["rng"]
        self.epoch, self.stop = check_integer("epoch", run["epoch"], 1), bool(run["stop"])
        for i, callback in enumerate(self.callbacks):
            if _has_state(callback) and str(i) in run["callbacks"]:
                callback.load_state_dict(run["callbacks"][str(i)])
        self.model.load_state_dict(state)  # last, so that a refused file leaves the model alone
        self.history = self.model.history_


def fit(
    model: Any,
    X: ArrayLike,
    *,
    epochs: int,
    batch_size: int = 128,
    optimizer: Optimizer | None = None,
    validation: ArrayLike | None = None,
    corrupt: Callable[[Array, np.random.Generator], Array] | None = None,
    callbacks: Iterable[Any] = (),
    rng: int | np.random.Generator | None = None,
    verbose: bool = False,
    resume: str | os.PathLike[str] | None = None,
) -> Run:
    """Train `model` on `X`; the models' own `fit` documents the parameters.

    Returns
    -------
    Run
        As it stands after the last epoch.
    """
    interval = model.likelihood.interval
    X = as_data_set(X, model.n_features, model.dtype, interval=interval)
    check_integer("epochs", epochs, 1)
    check_integer("batch_size", batch_size, 1, len(X), of="n_samples=")
    if validation is not None:
        validation = as_data_set(
            validation, model.n_features, model.dtype, name="validation", interval=interval
        )
    optimizer = Adam() if optimizer is None else optimizer
    if not hasattr(optimizer, "step"):
        raise TypeError(f"optimizer must have a step, as SGD and Adam have, got {optimizer!r}")
    callbacks = [*callbacks, Progress()] if verbose else list(callbacks)
    run = Run(
        model=model,
        optimizer=optimizer,
        rng=np.random.default_rng(rng),
        epochs=epochs,
        # checkpoints come last: they hold what the others have made of the epoch
        callbacks=sorted(callbacks, key=lambda callback: isinstance(callback, Checkpoint)),
        conditions={
            "n_samples": len(X),
            "batch_size": batch_size,
            "optimizer": type(optimizer).__name__,
        },
    )
    if resume is not None:
        state = storage.read(resume)
        try:
            run.load_state_dict(state)
        except Exception as error:
            raise ValueError(f"cannot resume from {resume}: {error}") from error
    _train(run, X, batch_size, corrupt, validation)
    return run


def minibatches(
    n_samples: int, batch_size: int, rng: int | np.random.Generator | None = None
) -> Iterator[Array]:
    """Yield shuffled row numbers, `batch_size` at a time; the last batch holds what is left."""
    check_integer("n_samples", n_samples, 1)
    check_integer("batch_size", batch_size, 1)
    order = np.random.default_rng(rng).permutation(n_samples)
    for start in range(0, n_samples, batch_size):
        yield order[start : start + batch_size]


def _train(run: Run, X: Array, batch_size: int, corrupt: Any, validation: Array | None) -> None:
    """Train until the epochs are done or a callback stops the run."""
    model = run.model
    while run.epoch < run.epochs and not run.stop:
        losses = _train_epoch(run, X, batch_size, corrupt)
        if validation is not None:
            losses |= {f"val_{k}": v for k, v in evaluate(model, validation).items()}
        run.epoch += 1
        for name, value in {"epoch": run.epoch, **losses}.items():
            run.history.setdefault(name, []).append(value)
        for callback in run.callbacks:
            callback(run)
    for callback in run.callbacks:
        if hasattr(callback, "finish"):
            callback.finish(run)
    model.history_ = run.history


def _train_epoch(run: Run, X: Array, batch_size: int, corrupt: Any) -> dict[str, float]:
    """Take one optimizer step for each minibatch, and return the epoch's mean losses."""
    model, totals = run.model, dict[str, float]()
    for step, rows in enumerate(minibatches(len(X), batch_size, run.rng)):
        x = target = as_batch(X[rows], dtype=model.dtype)
        if corrupt is not None:
            noisy = corrupt(target.copy(), run.rng)
            x = as_batch(noisy, model.n_features, model.dtype, name="what corrupt returns")
        with np.errstate(all="ignore"):  # what overflows is reported here, with its step and array
            losses, grads = model.loss_and_grads(x, target=target, rng=run.rng)
            if not np.isfinite(losses["loss"]):
                raise FloatingPointError(_diagnosis(model, "the loss", run.epoch, step))
            run.optimizer.step(model.params, grads)
        for name, value in losses.items():
            totals[name] = totals.get(name, 0.0) + float(value) * len(rows)
    if not all(np.all(np.isfinite(value)) for value in model.params.values()):
        raise FloatingPointError(_diagnosis(model, "a parameter", run.epoch, step))
    return {name: total / len(X) for name, total in totals.items()}


def evaluate(model: Any, X: ArrayLike) -> dict[str, float]:
    """Return the model's mean losses over a data set, always with the same noise.

    Parameters
    ----------
    model : model with `losses`
    X : array_like, shape (n_samples, n_features)

    Returns
    -------
    dict of str to float
        ``loss`` and its parts, per example.
    """
    X = as_data_set(X, model.n_features, model.dtype, interval=model.likelihood.interval)
    rng, totals = np.random.default_rng(0), dict[str, float]()
    for start in range(0, len(X), VALIDATION_BATCH):
        x = X[start : start + VALIDATION_BATCH]
        for name, value in model.losses(x, rng=rng).items():
            totals[name] = totals.get(name, 0.0) + float(value) * len(x)
    return {name: total / len(X) for name, total in totals.items()}


def _diagnosis(model: Any, what: str, epoch: int, step: int) -> str:
    """Return what happened, when, in which array, and what to try."""
    arrays = model.params | {f"the gradient of {n}": g for n, g in model.grads.items()}
    sizes = {name: np.max(np.abs(array)) for name, array in arrays.items()}
    bad = [name for name, size in sizes.items() if not np.isfinite(size)]
    name = bad[0] if bad else max(sizes, key=lambda name: sizes[name])
    return (
        f"{what} stopped being finite in epoch {epoch + 1}, step {step + 1}, "
        f"when {name} held {sizes[name]:.0e}; "
        "try a smaller learning_rate, or data of a smaller scale"
    )


def _has_state(callback: Any) -> bool:
    return hasattr(callback, "state_dict")
