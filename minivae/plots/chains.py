"""Markov chains: whether they mix, and how long they remember the past."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from minivae.edge.checks import ArgumentError, Array, as_reals
from minivae.plots.figures import axes_or_new
from minivae.plots.style import COLORS, LINES, as_vector, draw_curves, draw_level, finish

BINS = 40


def chain_trace(samples: ArrayLike, *, ax: Axes | None = None) -> list[Artist]:
    """Draw a chain over its steps, with a histogram beside it: a chain that mixes looks like noise.

    Parameters
    ----------
    samples : array_like, shape (n_samples,) or (n_samples, n_dims)
        The states in the order of the steps.
    ax : Axes, optional
        The histogram is drawn at the right of these axes.

    Returns
    -------
    list of artists
        The trace of each coordinate, then the outline of each histogram.

    Raises
    ------
    TypeError, ValueError
        Wrong rank, NaN.
    """
    columns = _columns("samples", samples)
    ax = axes_or_new(ax, 8.0, 3.2)
    side = ax.inset_axes((1.02, 0, 0.2, 1), sharey=ax)
    traces: list[Artist] = []
    outlines: list[Artist] = []
    bins = np.histogram_bin_edges(np.concatenate(columns), BINS)
    for i, (label, column) in enumerate(_by_coordinate(columns).items()):
        color, linestyle = COLORS[i % len(COLORS)], LINES[i % len(LINES)]
        traces += ax.plot(column, color=color, linewidth=0.6, label=label)
        count, _ = np.histogram(column, bins, density=True)
        outlines.append(
            side.stairs(count, bins, orientation="horizontal", color=color, linestyle=linestyle)
        )
    side.tick_params(labelleft=False, left=False)
    side.set_xticks([])
    finish(side, "density", "")
    finish(ax, "step", "sample")
    return traces + outlines


def autocorrelation(correlation: ArrayLike, *, ax: Axes | None = None) -> list[Artist]:
    """Draw the autocorrelation of a chain: if it falls fast, every sample is worth more.

    Parameters
    ----------
    correlation : array_like, shape (n_lags,) or (n_lags, n_dims)
        The correlation of the chain with itself `lag` steps later, for each lag from 0 on.
    ax : Axes, optional

    Returns
    -------
    list of artists
        A line for each coordinate, then the line at zero.

    Raises
    ------
    TypeError, ValueError
        Wrong rank, NaN.
    """
    columns = _columns("correlation", correlation)
    ax = axes_or_new(ax)
    artists = draw_curves(ax, np.arange(len(columns[0])), _by_coordinate(columns))
    artists.append(draw_level(ax, 0, "", "-"))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    finish(ax, "lag (steps)", "autocorrelation")
    return artists


def _columns(name: str, values: ArrayLike) -> list[Array]:
    """Return the columns of a matrix; a vector is one column."""
    values = as_reals(name, values)
    if values.ndim not in (1, 2) or values.size == 0:
        raise ArgumentError(f"{name} must have shape (n,) or (n, n_dims), got shape {values.shape}")
    return [as_vector(name, column) for column in values.reshape(len(values), -1).T]


def _by_coordinate(columns: list[Array]) -> dict[str, Array]:
    if len(columns) == 1:
        return {"": columns[0]}
    return {f"coordinate {i + 1}": column for i, column in enumerate(columns)}
