"""Training as a film: how the code space finds its shape, beside the loss."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from matplotlib.animation import PillowWriter
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from minivae.edge.arguments import check_dict, check_path, check_text
from minivae.edge.checks import ArgumentError, ArgumentTypeError, Array, as_matrix, shown
from minivae.edge.files import whole_file
from minivae.plots.latent import latent_scatter
from minivae.plots.style import as_vector, number
from minivae.plots.training import loss_curves

SIZE, DPI = (8.0, 4.0), 100  # inches, pixels per inch
PER_SECOND = 6
STANDING = 8  # frames that repeat the last one


def animate_codes(
    frames: Sequence[ArrayLike],
    labels: ArrayLike,
    history: Mapping[str, ArrayLike],
    path: str | os.PathLike[str],
    *,
    unit: str = "nats per example",
) -> Path:
    """Write a GIF of the codes during training, beside the loss up to each epoch.

    Parameters
    ----------
    frames : sequence of array_like, each of shape (n, n_latent)
        The codes of the same data after each epoch, for example from `CodeRecorder`. The first two
        dimensions are drawn.
    labels : array_like, shape (n,)
        The class of each row, as in `latent_scatter`.
    history : dict of str to list
        ``epoch``, ``loss``, and optionally ``val_loss``, each with one entry for each frame.
    path : str or path
        The path must end in ``.gif``.
    unit : str
        The unit of the loss.

    Returns
    -------
    path

    Raises
    ------
    TypeError, ValueError
        The frames differ in shape, the history has another length, a number is NaN, or the path
        has another ending.
    OSError
        The file cannot be written. A file that was there before stays as it was.
    """
    path, unit = check_path("path", path), check_text("unit", unit)
    if path.suffix.lower() != ".gif":
        raise ArgumentError(f"path must end in .gif, got {path}")
    codes = _check(frames)
    losses = {
        name: as_vector(f"history[{name!r}]", values, len(codes))
        for name, values in check_dict("history", history, ("epoch", "loss")).items()
        if name in ("epoch", "loss", "val_loss")
    }
    # matplotlib's writer needs a path, not an open file
    with whole_file(path) as file, TemporaryDirectory() as folder:
        film = Path(folder) / "codes.gif"
        _write(film, codes, np.asarray(labels), losses, unit)
        file.write(film.read_bytes())
    return path


def _check(frames: Sequence[ArrayLike]) -> Array:
    """Return the first two dimensions of all codes, shape (n_frames, n, 2)."""
    if not isinstance(frames, list | tuple):
        raise ArgumentTypeError(f"frames must be a list of arrays of codes, got {shown(frames)}")
    if len(frames) == 0:
        raise ArgumentError(f"frames must hold at least one array of codes, got {shown(frames)}")
    codes = [as_matrix(frame, name=f"frames[{i}]") for i, frame in enumerate(frames)]
    for i, frame in enumerate(codes):
        if frame.shape != codes[0].shape:
            raise ArgumentError(
                f"frames must all have the shape of the first, {codes[0].shape}, "
                f"got {frame.shape} for frames[{i}]"
            )
    return np.array(codes)[..., :2]


def _write(film: Path, codes: Array, labels: Array, losses: dict[str, Array], unit: str) -> None:
    """Draw the last frame to fix all scales, then move its points and lines for each frame."""
    figure = Figure(figsize=SIZE, layout="constrained")
    left, right = figure.subplots(1, 2)
    classes: list[Any] = latent_scatter(codes[-1], labels, ax=left)
    curves: list[Any] = loss_curves(losses, ax=right, unit=unit)
    left.get_legend().remove()  # the labels stand among the points
    low, high = codes.min(axis=(0, 1)), codes.max(axis=(0, 1))
    middle, half = (low + high) / 2, 0.53 * max(high - low) or 1.0
    left.set(xlim=middle[0] + [-half, half], ylim=middle[1] + [-half, half])
    left.set_title("codes")  # reserves the space of the title
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # the axes stay where they are

    writer = PillowWriter(fps=PER_SECOND)
    writer.setup(figure, str(film), dpi=DPI)
    for i in [*range(len(codes)), *[len(codes) - 1] * STANDING]:
        for label, dots, text in zip(np.unique(labels), classes, left.texts, strict=True):
            points = codes[i][labels == label]
            dots.set(offsets=points, sizes=[16])
            text.set_position(np.median(points, axis=0))
        for line, name in zip(curves, ("loss", "val_loss"), strict=False):
            line.set_data(losses["epoch"][: i + 1], losses[name][: i + 1])
        left.set_title(f"codes after epoch {losses['epoch'][i]:.0f}")
        right.set_title(f"loss {number(losses['loss'][i])}")
        writer.grab_frame()
    writer.finish()
