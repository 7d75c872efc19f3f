"""The common style of all pictures: colours, markers and line styles, and curves drawn with them.

Curves differ in colour, marker and line style, so that they can be told apart in grey print and by
colour-blind readers.

References
----------
Tol: Colour Schemes, technical note SRON/EPS/TN/09-002, the scheme "muted".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from minivae.edge.checks import ArgumentError, Array, as_reals

COLORS = (  # neighbours also differ in lightness
    *("#332288", "#CC6677", "#117733", "#88CCEE", "#882255"),
    *("#DDCC77", "#AA4499", "#44AA99", "#000000", "#999933"),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")
LINES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)))
SEQUENTIAL = "gray_r"
SIGNED = "cividis"  # blue, grey, yellow; in grey print the lightness shows the sign
GUIDE = "0.35"  # a grey for lines that are only compared with
MARKED_POINTS = 15

Curves = ArrayLike | Mapping[str, ArrayLike]


def as_vector(name: str, values: ArrayLike, length: int | None = None) -> Array:
    """Return `values` as a finite array of shape (n,), or of shape (length,) if that is given."""
    vector = as_reals(name, values, ("n",))
    if length is not None and len(vector) != length:
        raise ArgumentError(f"{name} must have {length} values, got {len(vector)}")
    return vector


def as_curves(name: str, curves: Curves, length: int) -> dict[str, Array]:
    """Return curves by label; a single curve without a label gets the empty label."""
    if not isinstance(curves, Mapping):
        return {"": as_vector(name, curves, length)}
    if not curves:
        raise ArgumentError(f"{name} must hold at least one curve, got {{}}")
    return {label: as_vector(f"{name}[{label!r}]", y, length) for label, y in curves.items()}


def above_rounding(name: str, values: Array) -> Array:
    """Return `values` for a log axis, with 2.2e-16, the rounding of float64, as the least value."""
    if values.min() < 0:
        raise ArgumentError(f"{name} must not be negative, got {values.min():g}")
    return np.maximum(values, np.finfo(float).eps)


def number(value: float, spec: str = ".4g") -> str:
    """Return `value` as matplotlib writes it, with a true minus sign."""
    return format(value, spec).replace("-", "\N{MINUS SIGN}")


def draw_curves(ax: Axes, x: Array, curves: Mapping[str, Array]) -> list[Artist]:
    """Draw each curve in the next colour, marker and line style."""
    every = -(-len(x) // MARKED_POINTS)
    return [
        ax.plot(
            x,
            y,
            label=label,
            color=COLORS[i % len(COLORS)],
            linestyle=LINES[i % len(LINES)],
            marker=MARKERS[i % len(MARKERS)],
            markersize=5,
            markevery=every,
        )[0]
        for i, (label, y) in enumerate(curves.items())
    ]


def draw_level(ax: Axes, y: float, label: str, linestyle: Any = "--") -> Artist:
    """Draw a horizontal line for comparison."""
    return ax.axhline(y, color=GUIDE, linestyle=linestyle, linewidth=1.2, label=label)


def finish(ax: Axes, xlabel: str, ylabel: str) -> None:
    """Label the axes, and add a legend if an artist has a label."""
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.spines[["top", "right"]].set_visible(False)
    if ax.get_legend_handles_labels()[1]:
        ax.legend(frameon=False)
