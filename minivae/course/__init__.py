"""The course in `tutorials/`: its figures, its exercises, and a stepper for the terminal.

This file holds what the tutorials themselves call: `show` for a figure, `chosen_data` for the data
set, and `one_thread`, so that a tutorial does not wait for a core that another program uses.
"""

from __future__ import annotations

import base64
import builtins
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minivae.edge.checks import ArgumentError
from minivae.edge.files import make_folder
from minivae.edge.threads import one_thread as one_thread

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

FIGURES = "minivae-figures"


def check(*functions: Callable[..., Any]) -> bool:
    """Print what is right and what is wrong in a student's functions, in a cell of a notebook.

    Raises
    ------
    ValueError
        No exercise asks for a function of that name.
    """
    from minivae.course.here import check_here

    return check_here(*functions)


def show(artists: Figure | Artist | Sequence[Artist], name: str) -> Path:
    """Save a tutorial's figure, and print its path; a notebook shows the figure too.

    Parameters
    ----------
    artists : Figure, artist or sequence of artists
        The result of a function of `minivae.plots`.
    name : str
        The file's name without its suffix: ``"01_loss"``.

    Returns
    -------
    path
        The file. Its folder is ``./minivae-figures/``, unless the environment variable
        ``MINIVAE_FIGURES`` names another. With ``MINIVAE_WINDOWS=1`` and a display, a window shows
        the figure as well, until it is closed.
    """
    from minivae.plots import figure_of, save
    from minivae.plots.window import open_window

    path = save(artists, figure_file(f"{name}.png"))
    show_file(path)
    if os.environ.get("MINIVAE_WINDOWS") and not _in_notebook():
        print("[close the window to go on]", flush=True)
        open_window(figure_of(artists), name)
    return path


def show_file(path: Path) -> None:
    """Print the path of a picture or a film; a notebook shows it too."""
    print(f"[figure: {path}]", flush=True)
    if _in_notebook():
        from IPython.display import HTML, Image, display

        if path.suffix == ".gif":  # a page made from the notebook shows no film of another kind
            film = base64.b64encode(path.read_bytes()).decode()
            display(HTML(f'<img alt="{path.stem}" src="data:image/gif;base64,{film}">'))
        else:
            display(Image(filename=str(path)))


def _in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook, which can show pictures."""
    ask = getattr(builtins, "get_ipython", None)
    return ask is not None and getattr(ask(), "kernel", None) is not None


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
