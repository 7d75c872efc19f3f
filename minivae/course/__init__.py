"""The course in `tutorials/`: its figures, its exercises, and a stepper for the terminal.

This file holds what the tutorials themselves call: `show` for a figure, and `chosen_data` for the
data set.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from minivae.edge.checks import ArgumentError
from minivae.edge.files import make_folder

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

FIGURES = "minivae-figures"


def show(artists: Figure | Artist | Sequence[Artist], name: str) -> Path | None:
    """Show a tutorial's figure: in a window where there is a display, else as a file.

    Parameters
    ----------
    artists : Figure, artist or sequence of artists
        What a function of `minivae.plots` returned.
    name : str
        The file's name without its suffix: ``"01_loss"``.

    Returns
    -------
    path or None
        The file: in the folder that the environment variable ``MINIVAE_FIGURES`` names, else, if
        no window can be opened, in ``./minivae-figures/``. None if a window was shown, and closed.
    """
    from minivae.plots import figure_of, save
    from minivae.plots.window import open_window

    if not os.environ.get("MINIVAE_FIGURES") and open_window(figure_of(artists), name):
        return None
    path = save(artists, figure_file(f"{name}.png"))
    print(f"[figure: {path}]")
    return path


def figure_file(name: str) -> Path:
    """Make the folder that `show` writes to, and return the path of the figure `name` in it."""
    folder = Path(os.environ.get("MINIVAE_FIGURES") or FIGURES)
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"MINIVAE_FIGURES must name a folder, and {folder} is a file")
    make_folder(folder)
    return folder / name


def chosen_data(default: str) -> str:
    """Return the data set that the environment variable ``MINIVAE_TUTORIAL_DATA`` names.

    It is `default` or "mnist"; without the variable it is `default`.

    Raises
    ------
    ValueError
        The variable names another data set.
    """
    data = os.environ.get("MINIVAE_TUTORIAL_DATA") or default
    if data not in (default, "mnist"):
        raise ArgumentError(f"MINIVAE_TUTORIAL_DATA must be {default} or mnist, got {data!r}")
    return data
