"""The code space: where the codes of the data are, and what each coordinate changes."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patches import Circle
from matplotlib.patheffects import withStroke
from numpy.ma import MaskedArray
from numpy.typing import ArrayLike

from minivae.edge.checks import ArgumentError, Array, as_matrix, as_reals, check_flag
from minivae.plots.figures import axes_or_new
from minivae.plots.style import COLORS, GUIDE, MARKERS, as_vector, number
from minivae.plots.tiles import Shape, as_tiles, draw_tiles, label_columns, label_rows, spread


def latent_scatter(
    z: ArrayLike, labels: ArrayLike, *, ax: Axes | None = None, prior: bool = False
) -> list[Artist]:
    """Draw the first two dimensions of the codes by class, to show if the code finds the classes.

    Parameters
    ----------
    z : array_like, shape (n, n_latent)
        The codes, with at least two dimensions.
    labels : array_like, shape (n,)
        Each class has a colour, a marker, and a label at a typical code: the code nearest to the
        point of median coordinates.
    ax : Axes, optional
    prior : bool
        Whether to draw the circles of radius one and two, which contain 39 % and 86 % of N(0, I).

    Returns
    -------
    list of artists
        A `PathCollection` for each class in sorted order, then the circles.

    Raises
    ------
    TypeError, ValueError
        `z` is not a finite matrix with at least two columns, or the number of labels differs from
        its number of rows.
    """
    z, labels = as_matrix(z, name="z"), _as_labels(labels)
    check_flag("prior", prior)
    if z.shape[1] < 2:
        raise ArgumentError(f"z must have at least 2 columns, got {z.shape[1]}")
    if labels.shape != (len(z),):
        raise ArgumentError(
            f"labels must have shape ({len(z)},), one for each row of z, got {labels.shape}"
        )
    ax = axes_or_new(ax, 6.0, 6.0)
    artists: list[Artist] = []
    for i, label in enumerate(np.unique(labels)):
        points = z[labels == label, :2]
        color, marker = COLORS[i % len(COLORS)], MARKERS[i % len(MARKERS)]
        x, y = points.T
        dots = ax.scatter(x, y, s=10, color=color, marker=marker, alpha=0.7, linewidths=0)
        dots.set_label(str(label))
        artists.append(dots)
        x, y = points[np.linalg.norm(points - np.median(points, axis=0), axis=1).argmin()]
        text = ax.text(x, y, str(label), fontsize=16, fontweight="bold")
        text.set(ha="center", va="center", path_effects=[withStroke(linewidth=3.5, foreground="w")])
    if prior:
        artists += [
            ax.add_patch(Circle((0, 0), radius, fill=False, color=GUIDE, ls=style, zorder=3))
            for radius, style in ((1, "-"), (2, "--"))
        ]
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, markerscale=2.5)
    ax.set(xlabel="$z_1$", ylabel="$z_2$", aspect="equal")
    return artists


def _as_labels(labels: ArrayLike) -> Array:
    """Return labels as an array: numbers, or texts."""
    try:
        array = np.asarray(labels)
    except ValueError:  # ragged rows, which `as_reals` refuses
        array = np.empty(0)
    if array.dtype.kind == "U" and not isinstance(labels, MaskedArray):
        return array
    as_reals("labels", labels)
    return array


def traversal_grid(z: ArrayLike, values: ArrayLike) -> Array:
    """Return copies of one code, each with one coordinate replaced by one of the values.

    Parameters
    ----------
    z : array_like, shape (n_latent,)
    values : array_like, shape (n_steps,)

    Returns
    -------
    array, shape (n_latent * n_steps, n_latent)
        In the order of `traversals`: all values of the first coordinate, then of the second, ...
    """
    z, values = as_vector("z", z), as_vector("values", values)
    codes = np.tile(z.astype(float), (len(z), len(values), 1))  # (n_latent, n_steps, n_latent)
    coordinate = np.arange(len(z))
    codes[coordinate, :, coordinate] = values
    return codes.reshape(-1, len(z))


def traversals(
    images: ArrayLike, values: ArrayLike, *, ax: Axes | None = None, shape: Shape | None = None
) -> AxesImage:
    """Draw a row of images for each latent dimension, which alone varies along the row.

    Parameters
    ----------
    images : array_like, shape (n_latent * n_steps, n_features)
        The decoded ``traversal_grid(z, values)``.
    values : array_like, shape (n_steps,)
    ax : Axes, optional
    shape : (height, width), optional
        The size of an image in pixels; by default the images are square.

    Returns
    -------
    AxesImage

    Raises
    ------
    TypeError, ValueError
        As in `image_grid`, or the number of images is not a multiple of the number of values.
    """
    tiles, values = as_tiles(images, shape), as_vector("values", values)
    n_latent, rest = divmod(len(tiles), len(values))
    if rest:
        raise ArgumentError(
            f"images must have n_latent * {len(values)} rows for {len(values)} values, "
            f"got {len(tiles)}"
        )
    image = draw_tiles(tiles, ax, len(values))
    some = spread(len(values))
    label_columns(
        image.axes, tiles.shape[2], some, [number(value, "z.2f") for value in values[some]]
    )
    label_rows(
        image.axes, tiles.shape[1], range(n_latent), [f"$z_{{{i + 1}}}$" for i in range(n_latent)]
    )
    image.axes.set_xlabel("value of the coordinate")
    return image
