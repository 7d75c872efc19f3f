"""The map of a two-dimensional code space: a grid of codes, and the decoded images."""

from __future__ import annotations

from math import isqrt

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike
from scipy.special import ndtri

from minivae.edge.checks import ArgumentError, Array, check_integer, check_real
from minivae.plots.style import number
from minivae.plots.tiles import Shape, as_tiles, draw_tiles, label_columns, label_rows, spread


def manifold_grid(n: int, low: float = 0.05, high: float = 0.95) -> Array:
    """Return a grid of two-dimensional codes at evenly spaced quantiles of the prior.

    Parameters
    ----------
    n : int
        The number of codes along each axis, at least 2.
    low, high : float
        The outer quantiles, 0 < low < high < 1.

    Returns
    -------
    array, shape (n * n, 2)
        In the order of `manifold`: z_1 grows from left to right, z_2 falls from top to bottom.

    References
    ----------
    Kingma, Welling: Auto-Encoding Variational Bayes, ICLR 2014, appendix A, which also maps a grid
    on the unit square through the inverse distribution function of the Gaussian.
    """
    z = _quantiles(check_integer("n", n, 2), low, high)
    z1, z2 = np.meshgrid(z, z[::-1])
    return np.stack([z1.ravel(), z2.ravel()], axis=1)


def manifold(
    images: ArrayLike,
    *,
    ax: Axes | None = None,
    low: float = 0.05,
    high: float = 0.95,
    shape: Shape | None = None,
) -> AxesImage:
    """Draw the decoded images over a two-dimensional code space: similar codes, similar images.

    Parameters
    ----------
    images : array_like, shape (n * n, n_features)
        The decoded ``manifold_grid(n, low, high)``.
    ax : Axes, optional
    low, high : float
        The outer quantiles, as in `manifold_grid`.
    shape : (height, width), optional
        The size of an image in pixels; by default the images are square.

    Returns
    -------
    AxesImage

    Raises
    ------
    TypeError, ValueError
        As in `image_grid`, or the images do not form a square grid.
    """
    tiles = as_tiles(images, shape)
    n = isqrt(len(tiles))
    if n < 2 or n * n != len(tiles):
        raise ArgumentError(f"images must have n * n rows with n at least 2, got {len(tiles)}")
    z = _quantiles(n, low, high)
    image = draw_tiles(tiles, ax, n)
    some = spread(n)
    label_columns(image.axes, tiles.shape[2], some, [number(value, "z.2f") for value in z[some]])
    label_rows(image.axes, tiles.shape[1], some, [number(value, "z.2f") for value in z[::-1][some]])
    between = rf"$\Phi^{{-1}}(u)$, u from {low:g} to {high:g}"
    image.axes.set(xlabel=f"$z_1$ = {between}", ylabel=f"$z_2$ = {between}")
    return image


def _quantiles(n: int, low: float, high: float) -> Array:
    low = check_real("low", low, 0, 1)
    high = check_real("high", high, low, 1)
    return ndtri(np.linspace(low, high, n))
