"""The course in `tutorials/`: its figures, its exercises, and a stepper for the terminal."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from minivae._files import make_folder

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
        Of the file, without an ending: ``"01_loss"``.

    Returns
    -------
    path or None
        The file: in the folder that the environment variable ``MINIVAE_FIGURES`` names, else, if
        no window can be opened, in ``./minivae-figures/``. None if a window was shown, and closed.
    """
    from minivae.plots import figure_of, save

    folder = os.environ.get("MINIVAE_FIGURES")
    if not folder and _opened(figure_of(artists), name):
        return None
    target = Path(folder or FIGURES)
    make_folder(target)
    path = save(artists, target / f"{name}.png")
    print(f"[figure: {path}]")
    return path


def _opened(figure: Figure, title: str) -> bool:
    """Show `figure` in a window until it is closed; return whether that was possible."""
    import matplotlib
    from matplotlib.backends.registry import BackendFilter, backend_registry

    try:
        from matplotlib import pyplot

        backend = matplotlib.get_backend().lower()
        pyplot.switch_backend(backend)
    except ImportError:  # one was asked for that needs a display
        return False
    if backend in backend_registry.list_builtin(BackendFilter.NON_INTERACTIVE):  # type: ignore
        return False
    # a figure that was made without pyplot gets its window here
    pyplot.figure(num=title, FigureClass=lambda *args, **kwargs: figure)  # type: ignore
    pyplot.show(block=True)
    pyplot.close(figure)
    return True
