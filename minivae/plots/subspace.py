"""PCA and the linear autoencoder: their bases, the angle between them, the spectrum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from minivae.edge.checks import ArgumentError, Array, check_integer, check_real
from minivae.plots.figures import axes_in_a_row, figure_of, new_axes
from minivae.plots.style import (
    COLORS,
    MARKERS,
    SIGNED,
    Curves,
    above_rounding,
    as_curves,
    as_vector,
    draw_curves,
    draw_level,
    finish,
    number,
)
from minivae.plots.tiles import Shape, as_tiles, draw_tiles


def basis(
    components: ArrayLike,
    *,
    ax: Axes | None = None,
    n_columns: int | None = None,
    shape: Shape | None = None,
) -> AxesImage:
    """Draw the rows of a basis as signed images: the patterns of which a reconstruction is made.

    Parameters
    ----------
    components : array_like, shape (n_latent, n_features)
        PCA's ``components_``, or a linear decoder's ``W``. All share one scale: blue below
        zero, grey at it, yellow as far above.
    ax : Axes, optional
    n_columns : int, optional
        By default as square as full rows allow.
    shape : (height, width), optional
        Pixels; by default the images are square.

    Returns
    -------
    AxesImage

    Raises
    ------
    TypeError, ValueError
        Wrong rank, NaN, images that `shape` does not fit, or not square without one.
    """
    return _draw_basis(as_tiles(components, shape, name="components"), ax, n_columns)


def bases_side_by_side(
    bases: Mapping[str, ArrayLike],
    *,
    axes: Sequence[Axes] | None = None,
    n_columns: int | None = None,
    shape: Shape | None = None,
) -> list[AxesImage]:
    """Draw several bases: PCA and a linear autoencoder find one subspace, and other axes in it.

    Parameters
    ----------
    bases : dict of str to array_like, each of shape (n_latent, n_features)
        Title and basis; each has a scale of its own, because the subspace fixes no lengths.
    axes : sequence of Axes, optional
        One for each basis.
    n_columns, shape
        As in `basis`.

    Returns
    -------
    list of AxesImage

    Raises
    ------
    TypeError, ValueError
        As `basis`, or not one of `axes` for each of `bases`.
    """
    if not bases:
        raise ArgumentError("bases must hold at least one basis, got {}")
    tiles = [as_tiles(rows, shape, name=f"bases[{title!r}]") for title, rows in bases.items()]
    panels = axes_in_a_row(axes, len(bases))
    images = [_draw_basis(rows, ax, n_columns) for rows, ax in zip(tiles, panels, strict=True)]
    for ax, title in zip(panels, bases, strict=True):
        ax.set_title(title)
    if axes is None:  # as wide as the widest basis needs
        aspect = max(np.divide(*image.get_size()[::-1]) for image in images)
        figure_of(images).set_size_inches(len(bases) * min(0.6 + 2.6 * aspect, 4.5), 3.6)
    return images


def angle_history(
    steps: ArrayLike,
    angles: Curves,
    *,
    ax: Axes | None = None,
    tolerance: float | None = None,
) -> list[Artist]:
    """Draw the largest principal angle to PCA's subspace: training does end at PCA.

    Parameters
    ----------
    steps : array_like, shape (n,)
        Optimizer steps, or iterations.
    angles : array_like, shape (n,), or dict of str to array_like
        Radians. What is below 2.2e-16, the rounding of float64, is drawn there.
    ax : Axes, optional
    tolerance : float, optional
        The angle, in radians, below which both subspaces count as one.

    Returns
    -------
    list of artists
        A line for each curve, then the tolerance.

    Raises
    ------
    TypeError, ValueError
        Lengths that differ, NaN, a negative angle.
    """
    steps = as_vector("steps", steps)
    curves = as_curves("angles", angles, len(steps))
    curves = {label: above_rounding("angles", curve) for label, curve in curves.items()}
    if tolerance is not None:
        tolerance = check_real("tolerance", tolerance, 0)
    ax = new_axes() if ax is None else ax
    artists = draw_curves(ax, steps, curves)
    if tolerance is not None:
        artists.append(draw_level(ax, tolerance, f"tolerance {number(tolerance)}"))
    ax.set_yscale("log")
    finish(ax, "training step", "largest principal angle (radians)")
    return artists


def scree(
    eigenvalues: ArrayLike, *, ax: Axes | None = None, n_latent: int | None = None
) -> list[Artist]:
    """Draw the spectrum: the sum of the discarded eigenvalues is the least error of a linear code.

    Parameters
    ----------
    eigenvalues : array_like, shape (n,)
        Of the covariance, in falling order; zeros lie below the log axis.
    ax : Axes, optional
    n_latent : int, optional
        How many components are kept: the legend then gives both shares.

    Returns
    -------
    list of artists
        The line, or two: kept and discarded.

    Raises
    ------
    TypeError, ValueError
        Not in falling order, none above zero, or `n_latent` not among 1, ..., n - 1.
    """
    eigenvalues = as_vector("eigenvalues", eigenvalues)
    n, rises = len(eigenvalues), np.flatnonzero(np.diff(eigenvalues) > 0)
    if len(rises):
        raise ArgumentError(f"eigenvalues must be in falling order, got a rise after {rises[0]}")
    if eigenvalues[0] <= 0:
        raise ArgumentError(f"eigenvalues must be positive, got {eigenvalues[0]:g} as the largest")
    parts = {"": slice(0, n)}
    if n_latent is not None:
        k = check_integer("n_latent", n_latent, 1, n - 1)
        kept, lost = eigenvalues[:k].sum(), eigenvalues[k:].sum()
        share = kept / (kept + lost)
        parts = {f"kept: {k}, {share:.1%} of the variance": slice(0, k)}
        parts[f"discarded: {n - k}, sum {lost:.4g}"] = slice(k, n)
    ax = new_axes() if ax is None else ax
    artists: list[Artist] = []
    for i, (label, part) in enumerate(parts.items()):
        number = np.arange(1, n + 1)[part]
        (line,) = ax.plot(number, eigenvalues[part], color=COLORS[i], marker=MARKERS[i])
        line.set(label=label, markersize=4, linewidth=0.8)
        artists.append(line)
    ax.set_yscale("log", nonpositive="mask")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    finish(ax, "component", "eigenvalue (variance along it)")
    return artists


def _draw_basis(tiles: Array, ax: Axes | None, n_columns: int | None) -> AxesImage:
    limit = float(np.abs(tiles).max())
    image = draw_tiles(tiles, ax, n_columns, cmap=SIGNED, gap="white", limits=(-limit, limit))
    axes = image.axes
    axes.figure.colorbar(image, ax=axes, label="weight", location="bottom", shrink=0.8)
    return image
