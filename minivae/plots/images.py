"""Images side by side: samples, reconstructions below their originals, interpolations."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike

from minivae.edge.checks import ArgumentError, Array
from minivae.plots.tiles import (
    Shape,
    as_tiles,
    draw_tiles,
    grey_limits,
    label_columns,
    label_rows,
    spread,
)

Images = ArrayLike | Mapping[str, ArrayLike]


def image_grid(
    images: ArrayLike,
    *,
    ax: Axes | None = None,
    n_columns: int | None = None,
    shape: Shape | None = None,
) -> AxesImage:
    """Draw images as one mosaic, row by row, to show a data set or the samples of a model.

    Parameters
    ----------
    images : array_like, shape (n, n_features)
        0 is white and 1 is black. If a value is outside [0, 1], the smallest value is white and the
        largest is black. ``uint8`` is scaled from 0..255.
    ax : Axes, optional
    n_columns : int, optional
        By default the mosaic is as square as full rows allow.
    shape : (height, width), optional
        The size of an image in pixels; by default the images are square.

    Returns
    -------
    AxesImage

    Raises
    ------
    TypeError, ValueError
        The rank is wrong, a number is NaN, the images do not have the given shape, or they are not
        square and no `shape` is given.
    """
    return draw_tiles(as_tiles(images, shape), ax, n_columns)


def reconstructions(
    x: ArrayLike, x_hat: Images, *, ax: Axes | None = None, shape: Shape | None = None
) -> AxesImage:
    """Draw originals above their reconstructions, to show what the code keeps and what it loses.

    Parameters
    ----------
    x : array_like, shape (n, n_features)
        The originals. Their values set the scale of grey, as in `image_grid`.
    x_hat : array_like, shape (n, n_features), or dict of str to array_like
        The reconstructions. A dict has one entry for each labelled row:
        ``{"noisy": ..., "denoised": ...}``.
    ax : Axes, optional
    shape : (height, width), optional
        The size of an image in pixels; by default the images are square.

    Returns
    -------
    AxesImage

    Raises
    ------
    TypeError, ValueError
        As in `image_grid`, or the rows differ in shape.
    """
    original = as_tiles(x, shape, name="x")
    labels, rows = _as_rows("x_hat", x_hat, "reconstruction", shape)
    return _draw_rows(["original", *labels], [original, *rows], ax, grey_limits(original))


def interpolation(
    images: Images, *, ax: Axes | None = None, shape: Shape | None = None
) -> AxesImage:
    """Draw decoded codes on the path from one code to another, to show holes in the code space.

    Parameters
    ----------
    images : array_like, shape (n_steps, n_features), or dict of str to array_like
        The images at evenly spaced positions t on the path, from t = 0 at its start to 1 at its
        end. A dict has one entry for each labelled row: ``{"autoencoder": ..., "VAE": ...}``.
    ax : Axes, optional
    shape : (height, width), optional
        The size of an image in pixels; by default the images are square.

    Returns
    -------
    AxesImage

    Raises
    ------
    TypeError, ValueError
        As in `image_grid`, or the rows differ in shape.
    """
    labels, rows = _as_rows("images", images, "", shape)
    image = _draw_rows(labels, rows, ax)
    n_steps, _, width = rows[0].shape
    columns = spread(n_steps)
    t = np.linspace(0, 1, n_steps)[columns]
    label_columns(image.axes, width, columns, [f"{value:.2g}" for value in t])
    image.axes.set_xlabel("position t on the path")
    return image


def _as_rows(
    name: str, images: Images, label: str, shape: Shape | None
) -> tuple[list[str], list[Array]]:
    """Return the label and the tiles of each row; a single row has the label `label`."""
    if not isinstance(images, Mapping):
        return [label], [as_tiles(images, shape, name=name)]
    if not images:
        raise ArgumentError(f"{name} must hold at least one row, got {{}}")
    rows = [as_tiles(row, shape, name=f"{name}[{key!r}]") for key, row in images.items()]
    return list(images), rows


def _draw_rows(
    labels: list[str],
    rows: list[Array],
    ax: Axes | None,
    limits: tuple[float, float] | None = None,
) -> AxesImage:
    """Draw labelled rows of tiles below each other."""
    n, height, width = rows[0].shape
    for label, row in zip(labels, rows, strict=True):
        if row.shape != rows[0].shape:
            raise ArgumentError(
                f"the rows of images or x_hat must each hold {n} images of {height} x {width} "
                "pixels like the first row, "
                f"got shape {row.shape} for {label!r}"
            )
    image = draw_tiles(np.concatenate(rows), ax, n, limits=limits)
    label_rows(image.axes, height, range(len(rows)), labels)
    return image
