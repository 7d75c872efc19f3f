"""Mosaics: rows of pixels become images side by side, with thin lines between them."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike

from minivae.edge.checks import (
    ArgumentError,
    ArgumentTypeError,
    Array,
    as_batch,
    check_integer,
    shown,
)
from minivae.plots.figures import axes_or_new
from minivae.plots.style import SEQUENTIAL

GAP_COLOR = "#cfe0ee"  # a pale blue, which no grey image has
WIDEST, TALLEST = 6.4, 6.0  # inches
LABELS = 0.8  # inches beside and below the images

Shape = tuple[int, int]


def as_tiles(images: ArrayLike, shape: Shape | None, *, name: str = "images") -> Array:
    """Return `images` of shape (n, n_features) as tiles of shape (n, height, width).

    Raises
    ------
    TypeError, ValueError
        `images` is not a finite matrix of numbers, `shape` has another number of pixels, or the
        images cannot be square and no `shape` is given.
    """
    pixels = as_batch(images, name=name)
    n_features = pixels.shape[1]
    if shape is None:
        side = isqrt(n_features)
        if side * side != n_features:
            raise ArgumentError(
                f"shape must be given if {name} are not square, got n_features={n_features}"
            )
        shape = (side, side)
    pair = isinstance(shape, tuple | list) and len(shape) == 2
    if not pair or not all(isinstance(n, int) for n in shape):
        raise ArgumentTypeError(f"shape must be (height, width), got {shown(shape)}")
    if shape[0] < 1 or shape[0] * shape[1] != n_features:
        raise ArgumentError(
            f"shape must be (height, width) with n_features={n_features} pixels, got {shape}"
        )
    return pixels.reshape(-1, *shape)


def mosaic(tiles: Array, n_columns: int) -> Array:
    """Return all tiles in one array, row by row; gaps and empty places are NaN."""
    n, height, width = tiles.shape
    n_rows = -(-n // n_columns)
    padded = np.full((n_rows * n_columns, height + 1, width + 1), np.nan)
    padded[:n, :height, :width] = tiles
    grid = padded.reshape(n_rows, n_columns, height + 1, width + 1).swapaxes(1, 2)
    return grid.reshape(n_rows * (height + 1), n_columns * (width + 1))[:-1, :-1]


def draw_tiles(
    tiles: Array,
    ax: Axes | None,
    n_columns: int | None = None,
    *,
    cmap: str = SEQUENTIAL,
    gap: str = GAP_COLOR,
    limits: tuple[float, float] | None = None,
) -> AxesImage:
    """Draw the mosaic without ticks; `limits` are the values at the two ends of `cmap`."""
    if n_columns is None:
        n_columns = squarest(len(tiles))
    picture = mosaic(tiles, check_integer("n_columns", n_columns, 1))
    ax = axes_or_new(ax, *figure_size(picture.shape))
    low, high = grey_limits(tiles) if limits is None else limits
    image = ax.imshow(picture, cmap=cmap, vmin=low, vmax=high)
    ax.set_facecolor(gap)  # visible where the picture is NaN
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return image


def squarest(n: int) -> int:
    """Return a number of columns for `n` tiles: full rows, at most twice as wide as a square."""
    side = isqrt(n - 1) + 1
    return next((columns for columns in range(side, 2 * side) if n % columns == 0), side)


def figure_size(picture: Shape) -> tuple[float, float]:
    """Return the width and height, in inches, of a figure for a picture of the largest size."""
    height, width = picture
    scale = min(WIDEST / width, TALLEST / height)
    return width * scale + LABELS, height * scale + LABELS


def grey_limits(tiles: Array) -> tuple[float, float]:
    """Return 0 and 1 if all values are between them, else the smallest and the largest value."""
    low, high = float(tiles.min()), float(tiles.max())
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)


def label_columns(ax: Axes, width: int, columns: Sequence[int], labels: Sequence[str]) -> None:
    """Write a label under each of the `columns`."""
    centres = [column * (width + 1) + (width - 1) / 2 for column in columns]
    ax.set_xticks(centres, labels)
    ax.tick_params(axis="x", length=0)


def label_rows(ax: Axes, height: int, rows: Sequence[int], labels: Sequence[str]) -> None:
    """Write a label to the left of each of the `rows`."""
    centres = [row * (height + 1) + (height - 1) / 2 for row in rows]
    ax.set_yticks(centres, labels)
    ax.tick_params(axis="y", length=0)


def spread(n: int, most: int = 12) -> list[int]:
    """Return at most `most` of 0, ..., n - 1, with both ends, as evenly spaced as possible."""
    if n <= most:
        return list(range(n))
    steps = [step for step in range(1, n) if (n - 1) % step == 0 and 3 <= (n - 1) // step < most]
    return list(range(0, n, steps[0])) if steps else [round(i) for i in np.linspace(0, n - 1, 6)]
