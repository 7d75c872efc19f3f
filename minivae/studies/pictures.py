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
    curves: Mapping[str, Mapping[Any, Sequence[float]]],
    levels: Mapping[str, float] | None = None,
    *,
    xlabel: str,
    ylabel: str,
    log_x: bool = False,
    log_y: bool = False,
) -> Any:
    """Draw mean and spread over seeds against x, and baselines as horizontal lines.

    Parameters
    ----------
    curves : dict of str to dict
        For each x the numbers of all seeds.
    levels : dict of str to float, optional

    Returns
    -------
    Figure
    """
    from matplotlib import rc_context
    from matplotlib.ticker import LogFormatter

    from minivae.plots.style import COLORS, LINES, MARKERS, draw_level, finish

    with rc_context(FONT):
        ax = mv.plots.new_axes(8, 5)
        for i, (label, curve) in enumerate(curves.items()):
            means, spreads = _over_seeds(list(curve.values()))
            style = {"color": COLORS[i], "linestyle": LINES[i % len(LINES)], "marker": MARKERS[i]}
            ax.errorbar(list(curve), means, spreads, label=label, capsize=3, **style)
        for i, (label, level) in enumerate((levels or {}).items()):
            draw_level(ax, level, label, LINES[1 + i % 4])
        if log_x:
            ax.set_xscale("log")
            ticks = sorted({x for curve in curves.values() for x in curve})
            ax.set_xticks(ticks, [f"{x:g}" for x in ticks])
            ax.minorticks_off()
        if log_y:
            ax.set_yscale("log")
            ax.yaxis.set_major_formatter(LogFormatter())  # 60, not 6 x 10^1
            ax.yaxis.set_minor_formatter(LogFormatter())
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
        ax.margins(y=0.01)
        if log_x:
            ax.set_xscale("log")
        finish(ax, xlabel + " (grey: baselines)" * (GREY in colors), "")
        return ax.figure


def stacked(entries: Sequence[Entry], columns: Sequence[str], *, xlabel: str) -> Any:
    """Draw the means of several columns of a table as parts of one bar for each entry.

    Returns
    -------
    Figure
    """
    from matplotlib import rc_context

    from minivae.plots.style import COLORS, finish

    left = np.zeros(len(entries))
    with rc_context(FONT):
        ax = mv.plots.new_axes(8, 1.2 + 0.4 * len(entries))
        for column, color in zip(columns, COLORS, strict=False):
            means = [entry.mean(column) for entry in entries]
            ax.barh(range(len(entries)), means, left=left, color=color, label=column)
            left += means
        ax.set_yticks(range(len(entries)), [entry.name for entry in entries])
        ax.invert_yaxis()
        ax.margins(y=0.01)
        finish(ax, xlabel, "")
        ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
        return ax.figure


def heat(panels: Mapping[str, Array], rows: Sequence[str], columns: Sequence[str]) -> Any:
    """Draw tables of numbers between 0 and 1 one above the other, darker for more.

    Parameters
    ----------
    panels : dict of str to array, shape (n_rows, n_columns)

    Returns
    -------
    Figure
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    n, m = len(rows), len(columns)
    size = 4 + 0.62 * m, len(panels) * (1.6 + 0.34 * n)
    with rc_context(FONT | {"font.size": 11}):
        figure = Figure(figsize=size, layout="constrained")
        for ax, (title, values) in zip(
            figure.subplots(len(panels), squeeze=False)[:, 0], panels.items(), strict=True
        ):
            ax.imshow(values, cmap="gray_r", vmin=0, vmax=2, aspect="auto")
            for i, j in np.ndindex(n, m):
                ax.text(j, i, f"{values[i, j]:.2f}", ha="center", va="center")
            ax.set_xticks(range(m), columns, rotation=30, ha="right", rotation_mode="anchor")
            ax.set_yticks(range(n), rows)
            ax.set_title(title)
        return figure


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
            ax.set_title(title.replace(", ", ",\n", 1))
        return figure


def rows(images: Mapping[str, Array]) -> Any:
    """Draw images, each name a row of as many: what stands below another belongs to it.

    Returns
    -------
    Figure
    """
    from minivae.plots.tiles import label_rows

    n = len(next(iter(images.values())))
    image = mv.plots.image_grid(np.concatenate(list(images.values())), n_columns=n)
    label_rows(image.axes, 28, range(len(images)), list(images))
    return mv.plots.figure_of(image)


def scatters(codes: Mapping[str, tuple[Array, Array]]) -> Any:
    """Draw codes of two numbers by class, in a titled panel for each name: (codes, labels).

    Returns
    -------
    Figure
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(FONT):
        figure = Figure(figsize=(5 * len(codes), 5), layout="constrained")
        panels = figure.subplots(1, len(codes), squeeze=False)[0]
        for ax, (title, (z, labels)) in zip(panels, codes.items(), strict=True):
            mv.plots.latent_scatter(z, labels, ax=ax)
            ax.set_aspect("auto")  # a code near an axis would be a thin strip
            ax.set_title(title)
        return figure


def _over_seeds(values: Sequence[Sequence[float]]) -> tuple[Array, Array]:
    """Return means and spreads, the latter 0 for one seed."""
    pairs = [mean_and_spread(each) for each in values]
    return np.array([mean for mean, _ in pairs]), np.array([sd or 0.0 for _, sd in pairs])
