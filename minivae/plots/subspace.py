"""PCA and the linear autoencoder: their bases, the angle between them, and the spectrum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from minivae.edge.arguments import check_dict
from minivae.edge.checks import ArgumentError, Array, check_integer, check_real
from minivae.plots.figures import axes_in_a_row, axes_or_new, figure_of
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
    """Draw the rows of a basis as signed images: every reconstruction is a mixture of them.

    Parameters
    ----------
    components : array_like, shape (n_latent, n_features)
        PCA's ``components_``, or the ``W`` of a linear decoder. All images share one symmetric
        scale: negative values are blue, zero is grey, positive values are yellow.
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
    return _draw_basis(as_tiles(components, shape, name="components"), ax, n_columns)


def bases_side_by_side(
    bases: Mapping[str, ArrayLike],
    *,
    axes: Sequence[Axes] | None = None,
    n_columns: int | None = None,
    shape: Shape | None = None,
) -> list[AxesImage]:
    """Draw several bases: PCA and a linear autoencoder span the same subspace with other axes.

    Parameters
    ----------
    bases : dict of str to array_like, each of shape (n_latent, n_features)
        Titles and bases. Every basis has its own scale, because the subspace does not fix the
        lengths of its axes.
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
        As in `basis`, or the number of `axes` is not the number of `bases`.
    """
    if not check_dict("bases", bases):
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
    """Draw the largest principal angle to PCA's subspace over the training.

    Parameters
    ----------
    steps : array_like, shape (n,)
        Optimizer steps, or iterations.
    angles : array_like, shape (n,), or dict of str to array_like
        In radians. An angle below 2.2e-16, the rounding of float64, is drawn at 2.2e-16.
    ax : Axes, optional
    tolerance : float, optional
        The largest angle, in radians, at which both subspaces count as equal.

    Returns
    -------
    list of artists
        A line for each curve, then the tolerance.

    Raises
    ------
    TypeError, ValueError
        Lengths differ, a number is NaN, or an angle is negative.
    """
    steps = as_vector("steps", steps)
    curves = as_curves("angles", angles, len(steps))
    curves = {label: above_rounding("angles", curve) for label, curve in curves.items()}
    if tolerance is not None:
        tolerance = check_real("tolerance", tolerance, 0)
    ax = axes_or_new(ax)
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
        The eigenvalues of the covariance, in falling order. Zeros are not drawn, because the axis
        is logarithmic.
    ax : Axes, optional
    n_latent : int, optional
        The number of components that are kept. The legend then gives the kept share of the variance
        and the discarded sum.

    Returns
    -------
    list of artists
        One line, or with `n_latent` two: the kept and the discarded eigenvalues.

    Raises
    ------
    TypeError, ValueError
        The eigenvalues are not in falling order, the largest is not positive, or `n_latent` is not
        between 1 and n - 1.
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
    ax = axes_or_new(ax)
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
