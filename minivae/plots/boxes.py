"""Boxes of words and arrows between them, to draw the graph of a computation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.patheffects import withStroke

from minivae.edge.checks import Array
from minivae.plots.figures import figure_of
from minivae.plots.style import COLORS, GUIDE

WIDTH, HEIGHT = 1.02, 0.7  # of a box, inches
SIZE = 8.5  # of words, points
LONGEST = 13  # characters in a line of a box; a longer line is written smaller
LINE = 0.16  # from one line of a box to the next, inches
ASIDE = 0.08  # from an arrow to the line between the centres, inches
CUT = 0.35  # from a box to the end of an arrow that is cut, inches
BACK = COLORS[4]

Line = tuple[str, str, dict[str, Any]]  # gid, text, style


class Drawing:
    """A slide on axes whose units are inches of the slide; words and lines shrink with the axes.

    Parameters
    ----------
    ax : Axes
    width, height : float
        The size of the slide, in inches.
    """

    def __init__(self, ax: Axes, width: float, height: float) -> None:
        ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
        ax.axis("off")
        self.ax, self.artists = ax, list[Artist]()
        dpi = figure_of(ax).dpi
        self.scale = min(ax.bbox.width / dpi / width, ax.bbox.height / dpi / height)

    def words(
        self, gid: str, x: float, y: float, text: str, size: float = SIZE, **style: Any
    ) -> None:
        """Write `text` in a size of `size` points."""
        self.artists.append(self.ax.text(x, y, text, gid=gid, size=size * self.scale, **style))

    def box(self, x: float, y: float, lines: Sequence[Line], *, dashed: bool) -> FancyBboxPatch:
        """Draw a box with the centre `(x, y)` and centred lines of words."""
        box = FancyBboxPatch(
            (x - WIDTH / 2, y - HEIGHT / 2),
            WIDTH,
            HEIGHT,
            boxstyle="round,pad=0,rounding_size=0.08",
            facecolor="0.92" if dashed else "white",
            edgecolor="black",
            linestyle="--" if dashed else "-",
            linewidth=1.2 * self.scale,
        )
        self.artists.append(self.ax.add_patch(box))
        for i, (gid, text, style) in enumerate(lines):
            height = y + LINE * ((len(lines) - 1) / 2 - i)
            size = SIZE * min(1, LONGEST / len(text))
            self.words(gid, x, height, text, size, ha="center", va="center", **style)
        return box

    def arrow(
        self,
        gid: str,
        start: FancyBboxPatch,
        end: FancyBboxPatch,
        *,
        back: bool = False,
        corner: bool = False,
        cut: bool = False,
    ) -> None:
        """Draw a thin arrow, or a thick and dashed arrow if it goes `back`.

        With `corner`, the arrow leaves the left box sideways and meets the right box from above.
        With `cut`, it ends at a cross before the next box.
        """
        a, b = _centre(start), _centre(end)
        style: dict[str, Any] = {"color": GUIDE, "linewidth": 1.2 * self.scale}
        if back:
            style = {"color": BACK, "linewidth": 2.2 * self.scale, "linestyle": (0, (2, 1))}
        if corner:
            aside = np.array([-ASIDE, -ASIDE] if back else [ASIDE, ASIDE])
            angles = "angleA=90,angleB=0" if back else "angleA=0,angleB=90"
            style["connectionstyle"] = f"angle,{angles},rad=5"
        else:
            left = np.array([a[1] - b[1], b[0] - a[0]])
            aside = ASIDE * left / np.linalg.norm(left)
        a, b = a + aside, b + aside
        if cut:
            b = a + (b - a) * min(0.5, (WIDTH / 2 + CUT) / abs(b[0] - a[0]))
            self._cross(f"{gid}, cut", b)
        arrow = FancyArrowPatch(
            (a[0], a[1]),
            (b[0], b[1]),
            patchA=start,
            patchB=None if cut else end,
            arrowstyle="-" if cut else "-|>",
            mutation_scale=9 * self.scale,
            shrinkA=0,
            shrinkB=0,
            gid=gid,
            **style,
        )
        self.artists.append(self.ax.add_patch(arrow))

    def _cross(self, gid: str, at: Array) -> None:
        outline = withStroke(linewidth=4 * self.scale, foreground="white")
        style: dict[str, Any] = {"weight": "bold", "ha": "center", "va": "center", "zorder": 4}
        cross = "\N{MULTIPLICATION SIGN}"
        self.words(gid, at[0], at[1], cross, 22, path_effects=[outline], **style)


def _centre(box: FancyBboxPatch) -> Array:
    return np.array([box.get_x() + WIDTH / 2, box.get_y() + HEIGHT / 2])
