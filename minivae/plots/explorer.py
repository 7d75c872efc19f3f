"""The latent explorer: the mouse moves over the code space, and shows the decoded images."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.patheffects import withStroke
from matplotlib.widgets import Slider
from numpy.typing import ArrayLike

from minivae.edge.arguments import check_function
from minivae.edge.checks import ArgumentError, Array, as_matrix
from minivae.plots.latent import latent_scatter
from minivae.plots.style import COLORS, number
from minivae.plots.tiles import Shape, as_tiles, draw_tiles, grey_limits

MOST_SLIDERS = 8
MOVING = "move over the codes; click to hold the place"
HELD = "held here; click to let go"


class Explorer:
    """A figure that follows the mouse: the code space on the left, the decoded image on the right.

    The position of the mouse sets the first two dimensions of the code. A click holds them, a ring
    shows it, and the next click releases them. Dotted circles lie 1, 2 and 3 from the prior's mean.
    Each of the eight other dimensions with the largest variance has a slider; the remaining
    dimensions stay at the mean of the codes.

    Parameters
    ----------
    decode : callable
        ``decode(z)`` maps codes of shape (batch, n_latent) to images of shape (batch, n_features),
        as a model's method `decode` does.
    codes : array_like, shape (n, n_latent)
        The codes in the picture, with at least two dimensions. They also set the ranges of the
        sliders.
    labels : array_like, shape (n,), optional
        The classes of the codes.
    shape : (height, width), optional
        The size of an image in pixels; by default the images are square.

    Attributes
    ----------
    figure : Figure
        The figure, for `minivae.plots.open_window`.
    z : array, shape (n_latent,)
        The code of the image shown; at first it is the mean of the codes.
    held : bool
        Whether a click holds the first two dimensions.
    sliders : dict of int to Slider
        The slider of each dimension that has one; dimensions are counted from 0.

    Raises
    ------
    TypeError, ValueError
        `codes` is not a finite matrix with at least two columns, the number of `labels` is another,
        or a decoded image does not have the given shape.
    """

    def __init__(
        self,
        decode: Callable[[Array], Array],
        codes: ArrayLike,
        labels: ArrayLike | None = None,
        *,
        shape: Shape | None = None,
    ) -> None:
        codes = as_matrix(codes, name="codes")
        n_latent = codes.shape[1]
        if n_latent < 2:
            raise ArgumentError(f"codes must have at least 2 columns, got {n_latent}")
        tiles = as_tiles(check_function("decode", decode)(codes), shape, name="what decode returns")
        self.z, self.held = codes.mean(axis=0), False
        self._decode, self._shape = decode, tiles.shape[1:]

        spread = codes[:, 2:].std(axis=0)
        chosen = sorted(2 + np.argsort(-spread, kind="stable")[:MOST_SLIDERS])
        self.figure = Figure(figsize=(10.0, 5.2 + 0.35 * len(chosen)), layout="constrained")
        heights = [5.2, *[0.35] * len(chosen)]
        grid = self.figure.add_gridspec(1 + len(chosen), 2, height_ratios=heights)
        self.plane = self.figure.add_subplot(grid[0, 0])
        self._draw_plane(codes, labels)
        self.image = draw_tiles(
            tiles[:1], self.figure.add_subplot(grid[0, 1]), limits=grey_limits(tiles)
        )
        self.sliders = {}
        for row, i in enumerate(chosen):
            ax = self.figure.add_subplot(grid[1 + row, :])
            self.sliders[int(i)] = self._add_slider(ax, int(i), codes[:, i])
        self._moving = (self.image, self.cursor, self.image.axes.title)
        for artist in self._moving:
            artist.set_animated(True)
        self._background: Any = None
        # the figure holds no strong reference to a method, but a partial keeps the explorer alive
        self.figure.canvas.mpl_connect("motion_notify_event", partial(Explorer._move, self))
        self.figure.canvas.mpl_connect("button_press_event", partial(Explorer._click, self))
        self.figure.canvas.mpl_connect("draw_event", partial(Explorer._keep, self))
        self._draw()

    def _add_slider(self, ax: Axes, dimension: int, values: Array) -> Slider:
        mean = self.z[dimension]
        low, high = min(values.min(), mean - 1), max(values.max(), mean + 1)
        name = f"$z_{{{dimension + 1}}}$"
        slider = Slider(ax, name, low, high, valinit=mean, valfmt="%.2f", color=COLORS[0])
        slider.on_changed(partial(self._slide, dimension))
        return slider

    def _draw_plane(self, codes: Array, labels: ArrayLike | None) -> None:
        if labels is None:
            x, y = codes[:, :2].T
            self.plane.scatter(x, y, s=10, color=COLORS[0], alpha=0.7, linewidths=0)
            self.plane.set(xlabel="$z_1$", ylabel="$z_2$", aspect="equal")
        else:
            latent_scatter(codes, labels, ax=self.plane)
        for text in self.plane.texts:
            text.set_clip_on(True)  # where one zooms in, a label outside stays outside
        for radius in (1, 2, 3):
            circle = Circle((0, 0), radius, fill=False, linestyle=":", color="grey")
            self.plane.add_artist(circle)  # which leaves the limits as they are
        self.plane.set_title(MOVING)
        outline = [withStroke(linewidth=5, foreground="white")]
        style: dict[str, Any] = {"markersize": 18, "markeredgewidth": 2.5, "path_effects": outline}
        (self.cursor,) = self.plane.plot(*self.z[:2], "+", color="black", **style)

    def _move(self, event: Any) -> None:
        if event.inaxes is self.plane and not self.held:
            self.z[:2] = event.xdata, event.ydata
            self._draw()

    def _click(self, event: Any) -> None:
        zooming = self.figure.canvas.widgetlock.locked()
        if event.inaxes is self.plane and not zooming:
            self.held = not self.held
            self.plane.set_title(HELD if self.held else MOVING)
            self.cursor.set(marker="o" if self.held else "+", fillstyle="none")
            self.z[:2] = event.xdata, event.ydata
            self._draw()

    def _slide(self, dimension: int, value: float) -> None:
        self.z[dimension] = value
        self._draw()

    def _draw(self) -> None:
        self.cursor.set_data(self.z[:1], self.z[1:2])
        self.image.set_data(as_tiles(self._decode(self.z[None]), self._shape)[0])
        places = (f"$z_{i + 1}$ = {number(self.z[i], 'z.2f')}" for i in range(2))
        self.image.axes.set_title("decoded at " + ", ".join(places))
        canvas: Any = self.figure.canvas
        if self._background is None or self._shown_title != self.plane.get_title():
            canvas.draw_idle()
            return
        canvas.restore_region(self._background)
        self._draw_moving()
        canvas.blit(self.figure.bbox)

    def _keep(self, _: Any) -> None:
        """Keep all that stands still: from then on a frame draws only what moves."""
        canvas: Any = self.figure.canvas
        if canvas.is_saving() or not canvas.supports_blit:
            return
        self._background = canvas.copy_from_bbox(self.figure.bbox)
        self._shown_title = self.plane.get_title()
        self._draw_moving()

    def _draw_moving(self) -> None:
        for artist in self._moving:
            axes: Any = artist.axes
            axes.draw_artist(artist)
