"""Figures without pyplot: how they are made, and how they are saved, whole or not at all."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from minivae.edge.arguments import check_object, check_path
from minivae.edge.checks import ArgumentError, check_real, shown
from minivae.edge.files import whole_file

WIDTH, HEIGHT = 6.4, 4.0  # inches


def new_axes(width: float = WIDTH, height: float = HEIGHT) -> Axes:
    """Return the axes of a new figure of the given size, in inches."""
    size = check_real("width", width, 0, 1000), check_real("height", height, 0, 1000)
    return Figure(figsize=size, layout="constrained").add_subplot()


def axes_or_new(ax: Axes | None, width: float = WIDTH, height: float = HEIGHT) -> Axes:
    """Return the axes that a caller gave, or those of a new figure for None."""
    return new_axes(width, height) if ax is None else check_object("ax", ax, Axes)


def axes_in_a_row(
    axes: Sequence[Axes] | None, n: int, width: float = 9.0, height: float = 3.6
) -> list[Axes]:
    """Return the `n` given axes, or the `n` axes of a new figure if `axes` is None."""
    if axes is None:
        layout = ConstrainedLayoutEngine(w_pad=0.12)
        figure = Figure(figsize=(width, height), layout=layout)
        return list(figure.subplots(1, n, squeeze=False)[0])
    if not isinstance(axes, list | tuple) or len(axes) != n:
        raise ArgumentError(
            f"axes must be {n} Axes, one for each panel, "
            f"got {len(axes) if isinstance(axes, list | tuple) else shown(axes)}"
        )
    return [check_object("axes", ax, Axes) for ax in axes]


def figure_of(artists: Figure | Artist | Sequence[Artist]) -> Figure:
    """Return the figure of `artists`, which are the result of a function of this package."""
    artist = artists[0] if isinstance(artists, Sequence) and len(artists) else artists
    artist = check_object(
        "artists", artist, (Figure, Artist), "what a function of minivae.plots returns"
    )
    figure = artist if isinstance(artist, Figure) else artist.figure
    if figure is None:
        raise ArgumentError(f"artists must be part of a figure, got {artist}")
    return figure.canvas.figure


def save(
    artists: Figure | Artist | Sequence[Artist],
    path: str | os.PathLike[str],
    *,
    dpi: float = 120,
) -> Path:
    """Save the figure of `artists`, without its empty margins, and return the path.

    Parameters
    ----------
    artists : Figure, artist or sequence of artists
        The result of a function of this package.
    path : str or path
        Its ending gives the format: ``.png``, ``.pdf``, ``.svg``, ...
    dpi : float
        Pixels per inch.

    Raises
    ------
    OSError
        The folder is missing, `path` is a folder, or the disk is full. A file that was there before
        stays as it was.
    ValueError
        matplotlib cannot write the format.
    """
    path, figure = check_path("path", path), figure_of(artists)
    formats = sorted(figure.canvas.get_supported_filetypes())
    format = path.suffix[1:].lower()
    if format not in formats:
        raise ArgumentError(f"path must end in one of .{', .'.join(formats)}, got {path}")
    picture = io.BytesIO()
    figure.savefig(
        picture,
        format=format,
        dpi=check_real("dpi", dpi, 10, 10_000, closed="both"),
        bbox_inches="tight",
        pad_inches=0.08,
    )
    with whole_file(path) as file:
        file.write(picture.getbuffer())
    return path
