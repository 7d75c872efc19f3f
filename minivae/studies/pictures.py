"""Pictures that a lecturer can project: lines and bars over seeds with baselines, and images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import minivae as mv
from minivae.edge.checks import Array
from minivae.studies.findings import Entry, mean_and_spread

FONT: Any = {"font.size": 13}  # to be read from the last row
GREY = "0.6"  # of a baseline


def lines(
    x: Sequence[float],
    curves: Mapping[str, Sequence[Sequence[float]]],
    levels: Mapping[str, float] | None = None,
    *,
    xlabel: str,
    ylabel: str,
    log_x: bool = False,
) -> Any:
    """Draw mean and spread over seeds against `x`, and baselines as horizontal lines.

    Parameters
    ----------
    x : sequence of float
    curves : dict of str to sequence of sequences
        For each `x` the numbers of all seeds.
    levels : dict of str to float, optional

    Returns
    -------
    Figure
    """
    from matplotlib import rc_context

    from minivae.plots.style import COLORS, LINES, MARKERS, draw_level, finish

    with rc_context(FONT):
        ax = mv.plots.new_axes(8, 5)
        for i, (label, values) in enumerate(curves.items()):
            means, spreads = _over_seeds(values)
            style = {"color": COLORS[i], "linestyle": LINES[i % len(LINES)], "marker": MARKERS[i]}
            ax.errorbar(x, means, spreads, label=label, capsize=3, **style)
        for i, (label, level) in enumerate((levels or {}).items()):
            draw_level(ax, level, label, LINES[1 + i % 4])
        if log_x:
            ax.set_xscale("log")
            ax.set_xticks(x, [f"{each:g}" for each in x])
            ax.minorticks_off()
        finish(ax, xlabel, ylabel)
        ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
        return ax.figure


def bars(entries: Sequence[Entry], column: str, *, xlabel: str, log_x: bool = False) -> Any:
    """Draw one column of a table as bars with their spread, baselines in grey.

    Returns
    -------
    Figure
    """
    from matplotlib import rc_context

    from minivae.plots.style import COLORS, finish

    entries = [entry for entry in entries if column in entry.values]
    means, spreads = _over_seeds([entry.seeds(column) for entry in entries])
    colors = [GREY if entry.baseline else COLORS[0] for entry in entries]
    with rc_context(FONT):
        ax = mv.plots.new_axes(8, 1.2 + 0.36 * len(entries))
        ax.barh(range(len(entries)), means, xerr=spreads, color=colors, capsize=3)
        ax.set_yticks(range(len(entries)), [entry.name for entry in entries])
        ax.invert_yaxis()
        if log_x:
            ax.set_xscale("log")
        finish(ax, xlabel + " (grey: baselines)" * (GREY in colors), "")
        return ax.figure


def grids(images: Mapping[str, ArrayLike], *, n_columns: int = 4, per_row: int = 4) -> Any:
    """Draw a titled mosaic of images for each name, side by side.

    Returns
    -------
    Figure
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    n_rows = -(-len(images) // per_row)
    width = min(per_row, len(images))
    with rc_context(FONT):
        figure = Figure(figsize=(2.6 * width, 2.9 * n_rows), layout="constrained")
        panels = figure.subplots(n_rows, width, squeeze=False).ravel()
        for ax in panels[len(images) :]:
            ax.remove()
        for ax, (title, each) in zip(panels, images.items(), strict=False):
            mv.plots.image_grid(each, ax=ax, n_columns=n_columns)
            ax.set_title(title)
        return figure


def _over_seeds(values: Sequence[Sequence[float]]) -> tuple[Array, Array]:
    """Return means and spreads, the latter 0 for one seed."""
    pairs = [mean_and_spread(each) for each in values]
    return np.array([mean for mean, _ in pairs]), np.array([sd or 0.0 for _, sd in pairs])
