"""A window for a figure, if there is a display."""

from __future__ import annotations

import matplotlib
from matplotlib.figure import Figure


def open_window(figure: Figure, title: str) -> bool:
    """Show `figure` until its window is closed, and return whether there was a window.

    There is none without a display, or if matplotlib's backend only writes files.
    """
    from matplotlib import pyplot
    from matplotlib.backends.registry import BackendFilter, backend_registry

    try:
        backend = matplotlib.get_backend().lower()
        pyplot.switch_backend(backend)
    except ImportError:  # the backend needs a display
        return False
    if backend in backend_registry.list_builtin(BackendFilter.NON_INTERACTIVE):  # type: ignore[no-untyped-call]
        return False
    # pyplot makes windows only for its own figures, so it is given this one
    pyplot.figure(num=title, FigureClass=lambda *args, **options: figure)  # type: ignore[arg-type]
    pyplot.show(block=True)
    pyplot.close(figure)
    return True
