"""Measured values against exact values."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from minivae.plots.figures import new_axes
from minivae.plots.style import COLORS, GUIDE, as_vector, finish


def measured_against_exact(
    exact: ArrayLike, measured: ArrayLike, *, ax: Axes | None = None
) -> list[Artist]:
    """Draw measured values over exact values: equal values lie on the diagonal.

    Parameters
    ----------
    exact, measured : array_like
        Their shapes broadcast together.
    ax : Axes, optional

    Returns
    -------
    list of artists
        The points, and the diagonal.
    """
    exact, measured = np.broadcast_arrays(exact, measured)
    x = as_vector("exact", np.ravel(exact))
    y = as_vector("measured", np.ravel(measured))
    ax = new_axes(5.0, 4.4) if ax is None else ax
    diagonal = ax.axline((x[0], x[0]), slope=1, color=GUIDE, linestyle="--", linewidth=1.2)
    points = ax.plot(x, y, "o", color=COLORS[0], markersize=6)[0]
    ax.margins(0.15)
    finish(ax, "exact", "measured")
    return [points, diagonal]
