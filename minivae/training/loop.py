"""Training: shuffled minibatches, the loop over epochs, and how it is resumed."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge import storage
from minivae.edge.arguments import check_function, check_has, check_path
from minivae.edge.checks import (
    ArgumentError,
    ArgumentTypeError,
    Array,
    as_data_set,
    check_flag,
    check_integer,
    check_real,
    check_rng,
    shown,
)
from minivae.edge.files import check_folder_of
from minivae.training.batches import Batches, check_noise
from minivae.training.callbacks import Checkpoint, Progress
from minivae.training.clipping import clip_by_norm
from minivae.training.optimizers import Adam, Optimizer
from minivae.training.run import Run, name_of
from minivae.training.schedules import schedule_from

VALIDATION_BATCH = 1000
FEW = 32  # rows that are looked at after an epoch
GROWTH = 1000.0  # of the loss, beyond which training has diverged

Noisy = Callable[[Array, np.random.Generator], Array]
M = TypeVar("M", bound=Any)


def fit(
    model: M,
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    epochs: int,
    batch_size: int = 128,
    optimizer: Optimizer | None = None,
    validation: ArrayLike | tuple[ArrayLike, ArrayLike] | None = None,
    augment: Noisy | None = None,
    corrupt: Noisy | None = None,
    beta: float | Callable[[int], float] | None = None,
    clip_norm: float | None = None,
    callbacks: Iterable[Any] = (),
    rng: int | np.random.Generator | None = None,
    verbose: bool = False,
    resume: str | os.PathLike[str] | None = None,
) -> M:
    """Train on shuffled minibatches.

    Parameters
    ----------
    X : array_like or memmap, shape (n_samples, n_features)
        Floats, or images as ``uint8``, which are scaled to [0, 1] batch by batch; never copied.
    y : array_like of int, shape (n_samples,), optional
        Class labels, for a model with `n_classes`; a model without classes ignores them.
    epochs : int
        Passes over the data; with `resume`, those that were done before count.
    batch_size : int
        The last batch of an epoch holds what is left; with fewer rows than this, all of them.
    optimizer : SGD or Adam, optional
        ``Adam()`` by default.
    validation : array_like or (array_like, labels), optional
        Data whose losses the history holds as ``val_...``, always with the same noise and the
        model's own weight of the KL.
    augment : callable, optional
        ``augment(x, rng)`` returns other data of the same shape, drawn anew for each batch, which
        the model sees and is asked for: fresh binarisation, small shifts.
    corrupt : callable, optional
        ``corrupt(x, rng)`` returns a noisy batch of the same shape; the model sees it, and is
        asked for the clean one (a denoising autoencoder). See `minivae.corruptions`.
    beta : float or callable, optional
        The weight of the KL in training instead of the model's own: a number, or a schedule
        ``beta(step)`` with the number of updates so far, from 0. See `minivae.schedules`.
    clip_norm : float, optional
        Gradients that are longer than this, all parameters taken as one vector, are shortened to
        it: for recurrent networks, whose gradients may explode. See `clip_by_norm`.
    callbacks : iterable of callables
        Each is called with the `Run` after every epoch: `EarlyStopping`, yours, and last
        `Checkpoint`.
    rng : int or numpy.random.Generator, optional
        One seed gives one history, bit for bit, on one machine with one number of BLAS threads:
        another number sums in another order. ``OPENBLAS_NUM_THREADS=1`` in the environment, before
        NumPy is imported, fixes it.
    verbose : bool
        Print a line for every epoch.
    resume : path, optional
        A file of `Checkpoint`: go on where it stopped, with the same data, batch size, optimizer,
        callbacks, schedule and corruption. A seed or a learning rate that is given must be the
        file's. If resuming is refused, model, optimizer and generator are as they were.

    Returns
    -------
    self
        With `history_`, a dict of lists: ``epoch``, ``loss``, its parts, ``val_...``, and with
        `beta` the mean weight of the epoch.

    Raises
    ------
    ValueError, TypeError
        An argument is out of its range; X holds NaN, infinity, or what the likelihood excludes.
    FloatingPointError
        The loss stopped being finite; the last checkpoint stays.

    References
    ----------
    Vincent et al.: Extracting and composing robust features with denoising autoencoders, ICML
    2008, for `corrupt`.
    """
    interval = model.likelihood.interval
    X = as_data_set(X, model.n_features, model.dtype, interval=interval)
    y = model.check_labels(y, len(X)) if model.n_classes else None
    check_integer("epochs", epochs, 1)
    check_integer("batch_size", batch_size, 1)
    batch_size = min(batch_size, len(X))
    learning_rate = getattr(optimizer, "learning_rate", None)  # None: that of the file resumed
    optimizer = Adam() if optimizer is None else optimizer
    check_has(
        "optimizer", optimizer, ("step",), "an object with a step, as SGD(...) and Adam() are"
    )
    check_flag("verbose", verbose)
    check_noise("augment", augment)
    check_noise("corrupt", corrupt)
    if not isinstance(callbacks, Iterable) or isinstance(
        callbacks, str | bytes | dict | np.ndarray
    ):
        got = shown(callbacks)
        raise ArgumentTypeError(f"callbacks must be a list of functions or callbacks, got {got}")
    callbacks = [check_function("callbacks", callback) for callback in callbacks]
    limit = math.inf if clip_norm is None else check_real("clip_norm", clip_norm, 0)
    callbacks = [*callbacks, Progress()] if verbose else callbacks
    checkpoints = [each for each in callbacks if isinstance(each, Checkpoint)]
    for checkpoint in checkpoints:
        check_folder_of(checkpoint.path)  # now, and not after the first epoch
    run = Run(
        model=model,
        optimizer=optimizer,
        rng=check_rng(rng),
        epochs=epochs,
        # checkpoints come last: they hold what the others have made of the epoch
        callbacks=sorted(callbacks, key=lambda callback: isinstance(callback, Checkpoint)),
        conditions={
            "n_samples": len(X),
            "batch_size": batch_size,
            "optimizer": type(optimizer).__name__,
            "beta": name_of(beta),
            "corrupt": name_of(corrupt),
            "clip_norm": str(clip_norm),
            "seed": _seed_of(rng),
            "learning_rate": learning_rate,
            "data": _digest(X, y) if checkpoints or resume is not None else None,
        },
    )
    held_out = _validation(model, validation)
    weight = schedule_from(beta)
    if model.objective.weight(weight(0)) is not None and beta is not None and weight(0) is None:
        raise ArgumentTypeError("beta must be a schedule that returns numbers, got None at step 0")
    if resume is not None:
        state = storage.read(check_path("resume", resume))
        try:
            run.load_state_dict(state)
        except Exception as error:
            raise ArgumentError(f"cannot resume from {resume}: {error}") from error
    _train(run, Batches(X, y, batch_size, augment, corrupt), weight, limit, held_out)
    return model


def _train(run: Run, data: Batches, weight: Any, limit: float, held_out: Any) -> None:
    """Train until the epochs are done or a callback stops the run."""
    model = run.model
    while run.epoch < run.epochs and not run.stop:
        losses = _train_epoch(run, data, weight, limit)
        if held_out is not None:
            losses |= {f"val_{k}": v for k, v in evaluate(model, *held_out).items()}
        run.epoch += 1
        for name, value in {"epoch": run.epoch, **losses}.items():
            run.history.setdefault(name, []).append(value)
        for callback in run.callbacks:
            callback(run)
    for callback in run.callbacks:
        if hasattr(callback, "finish"):
            callback.finish(run)
    model.history_ = run.history


def _train_epoch(run: Run, data: Batches, weight: Any, limit: float) -> dict[str, float]:
    """Take one optimizer step for each minibatch, and return the epoch's mean losses."""
    model, totals, first = run.model, dict[str, float](), run.epoch * len(data)
    for step, (x, y, target) in enumerate(data.shuffled(model, run.rng)):
        beta = weight(first + step)
        with np.errstate(all="ignore"):  # what overflows is reported here, with its step and array
            losses, grads = model.loss_and_grads(x, y=y, target=target, rng=run.rng, beta=beta)
            if not np.isfinite(losses["loss"]):
                raise FloatingPointError(_diagnosis(model, "the loss", run.epoch, step))
            if limit < math.inf:
                clip_by_norm(grads, limit)
            run.optimizer.step(model.params, grads)
        if step == 0:
            first_loss = float((run.history.get("loss") or [losses["loss"]])[0])
        for name, value in (losses if beta is None else losses | {"beta": beta}).items():
            totals[name] = totals.get(name, 0.0) + float(value) * len(x)
    if not all(np.all(np.isfinite(value)) for value in model.params.values()):
        raise FloatingPointError(_diagnosis(model, "a parameter", run.epoch, step))
    _check_progress(run, target[:FEW], None if y is None else y[:FEW], first_loss)
    return {name: total / len(data.X) for name, total in totals.items()}


def _check_progress(run: Run, x: Array, y: Any, first: float) -> None:
    """Raise FloatingPointError if a few rows show that training has left all sense.

    Numbers can stay finite while they grow without bound. And after the last step of an epoch no
    loss has been computed yet, but a checkpoint is about to be written.
    """
    with np.errstate(all="ignore"):
        loss = float(run.model.losses(x, y=y, rng=0)["loss"])
    if not loss < GROWTH * (abs(first) + run.model.n_features):
        raise FloatingPointError(
            f"the loss of {len(x)} rows is {loss:.1e} after epoch {run.epoch + 1}, and was "
            f"{first:.1e} at first: training diverges; try a smaller learning_rate"
        )


def _seed_of(rng: int | np.random.Generator | None) -> int | None:
    """Return the seed of `rng`; None if there is none, or if the system chose it."""
    if isinstance(rng, np.random.Generator):
        sequence = rng.bit_generator.seed_seq
        rng = getattr(sequence, "entropy", None)
    return int(rng) if isinstance(rng, int | np.integer) and rng < 1 << 64 else None


def _digest(X: Array, y: Any) -> str:
    """Return a digest of the data, read block by block."""
    digest = hashlib.blake2b(digest_size=16)
    for start in range(0, len(X), VALIDATION_BATCH):
        digest.update(np.ascontiguousarray(X[start : start + VALIDATION_BATCH]).data)
    if y is not None:
        digest.update(np.ascontiguousarray(y).data)
    return digest.hexdigest()


def evaluate(model: Any, X: ArrayLike, y: ArrayLike | None = None) -> dict[str, float]:
    """Return the model's mean losses over a data set, always with the same noise.

    Parameters
    ----------
    model : model with `losses`
    X : array_like, shape (n_samples, n_features)
    y : array_like of int, shape (n_samples,), optional
        Class labels, for a model with `n_classes`.

    Returns
    -------
    dict of str to float
        ``loss`` and its parts, per example.
    """
    X = as_data_set(X, model.n_features, model.dtype, interval=model.likelihood.interval)
    y = model.check_labels(y, len(X)) if model.n_classes else None
    rng, totals = np.random.default_rng(0), dict[str, float]()
    step = max(1, VALIDATION_BATCH // model.objective.n_draws)
    for start in range(0, len(X), step):
        rows = slice(start, start + step)
        x, labels = X[rows], None if y is None else y[rows]
        for name, value in model.losses(x, y=labels, rng=rng).items():
            totals[name] = totals.get(name, 0.0) + float(value) * len(x)
    return {name: total / len(X) for name, total in totals.items()}


def _validation(model: Any, validation: Any) -> tuple[Array, Any] | None:
    """Return the held-out data and labels, checked before anything is trained."""
    if validation is None:
        return None
    X, y = validation if isinstance(validation, tuple) else (validation, None)
    interval = model.likelihood.interval
    X = as_data_set(X, model.n_features, model.dtype, name="validation", interval=interval)
    return X, model.check_labels(y, len(X)) if model.n_classes else None


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
