"""Measured values against exact values."""

from __future__ import annotations

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from minivae.edge.checks import ArgumentError, as_reals
from minivae.plots.figures import axes_or_new
from minivae.plots.style import COLORS, GUIDE, finish


def measured_against_exact(
    exact: ArrayLike, measured: ArrayLike, *, ax: Axes | None = None
) -> list[Artist]:
    """Draw measured values over exact values: equal values lie on the diagonal.

    Parameters
    ----------
    exact, measured : array_like
        Arrays of one shape.
    ax : Axes, optional

    Returns
    -------
    list of artists
        The points, and the diagonal.
    """
    exact, measured = as_reals("exact", exact), as_reals("measured", measured)
    if exact.shape != measured.shape or not exact.size:
        raise ArgumentError(
            f"measured must have the shape of exact, {exact.shape}, and a number, "
            f"got shape {measured.shape}"
        )
    x, y = exact.ravel(), measured.ravel()
    ax = axes_or_new(ax, 5.0, 4.4)
    diagonal = ax.axline((x[0], x[0]), slope=1, color=GUIDE, linestyle="--", linewidth=1.2)
    points = ax.plot(x, y, "o", color=COLORS[0], markersize=6)[0]
    ax.margins(0.15)
    finish(ax, "exact", "measured")
    return [points, diagonal]
