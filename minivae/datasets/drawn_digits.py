"""Drawn digits: images that vary like handwriting, with the factors of each image."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minivae.datasets.glyphs import GLYPHS
from minivae.edge.checks import check_integer, check_rng

Floats = NDArray[np.float64]

SIDE = 28  # pixels
BOX = (13.0, 17.5)  # width and height of an average digit, pixels
SIZE_JITTER = 0.1  # relative to the box, separately for each axis
BEND_JITTER = 0.2  # relative to the box
SHIFT_JITTER = 1.0  # pixels
RANGES = {"thickness": (1.5, 3.3), "slant": (-0.3, 0.3), "rotation": (-0.2, 0.2)}
IMAGES_AT_ONCE = 8  # so that the distances to all segments stay in the processor's cache


class Digits(NamedTuple):
    """Images with their labels and factors; row i of each belongs to image i.

    Attributes
    ----------
    images : ndarray of float32, shape (n, 784)
        The ink, from 0 to 1, of 28 x 28 pixels, row by row from the top left.
    labels : ndarray of int64, shape (n,)
        The digit, 0 to 9.
    factors : dict of ndarray of float64, each of shape (n,)
        ``thickness`` is the width of the stroke in pixels. ``slant`` is a shear, in pixels to the
        right for each pixel upward. ``rotation`` is in radians, counterclockwise, after the slant.
    """

    images: NDArray[np.float32]
    labels: NDArray[np.int64]
    factors: dict[str, Floats]


def digits(n: int, *, rng: Any = None) -> Digits:
    """Draw `n` digits with a pen, in shuffled order, with equally many of each class.

    If `n` is not a multiple of ten, the classes differ in size by one. The factors are uniform, and
    independent of each other and of the class: thickness from 1.5 to 3.3 pixels, slant from -0.3 to
    0.3, rotation from -0.2 to 0.2 radians. Size, curvature and position vary a little, too, so that
    the factors do not determine an image completely.

    Parameters
    ----------
    n : int
        The number of images, at least 1.
    rng : seed or Generator, optional
        The same seed gives the same images.

    Returns
    -------
    Digits
        ``images`` (n, 784), ``labels`` (n,), ``factors``.

    Raises
    ------
    TypeError, ValueError
        `n` is not an integer, or is below 1.
    """
    n = check_integer("n", n, 1)
    rng = check_rng(rng)
    labels = rng.permutation(np.arange(n) % len(GLYPHS))
    factors = {name: rng.uniform(low, high, n) for name, (low, high) in RANGES.items()}
    size = rng.uniform(1 - SIZE_JITTER, 1 + SIZE_JITTER, (n, 2)) * BOX
    bend = rng.uniform(-BEND_JITTER, BEND_JITTER, (n, 3, 2))
    shift = rng.uniform(-SHIFT_JITTER, SHIFT_JITTER, (n, 2))
    lean = _slant_then_rotate(factors["slant"], factors["rotation"])

    images = np.empty((n, SIDE * SIDE), dtype=np.float32)
    for label, segments in GLYPHS.items():
        rows = np.flatnonzero(labels == label)
        for i in np.split(rows, range(IMAGES_AT_ONCE, len(rows), IMAGES_AT_ONCE)):
            ends = _place(segments, size[i], bend[i], lean[i], shift[i])
            images[i] = _ink(ends, factors["thickness"][i])
    return Digits(images, labels, factors)


def _slant_then_rotate(slant: Floats, rotation: Floats) -> Floats:
    """Return matrices A, shape (n, 2, 2), which map a point to (x, y) @ A."""
    zero, one = np.zeros_like(slant), np.ones_like(slant)
    cos, sin = np.cos(rotation), np.sin(rotation)
    shear = np.array([[one, zero], [slant, one]])
    turn = np.array([[cos, sin], [-sin, cos]])
    return np.einsum("ijn,jkn->nik", shear, turn)


def _place(segments: Floats, size: Floats, bend: Floats, lean: Floats, shift: Floats) -> Floats:
    """Return the ends of all segments in pixels from the centre, (batch, 2, n_segments, 2)."""
    points = segments.reshape(-1, 2) - 0.5
    x, y = points.T
    # A bend moves each point by a quadratic function of (x, y), so that strokes still meet.
    points = points + np.stack([x * x, x * y, y * y], axis=1) @ bend  # (batch, n_points, 2)
    points = points * size[:, None] @ lean
    middle = (points.min(axis=1) + points.max(axis=1)) / 2
    points += (shift - middle)[:, None]
    return points.reshape(len(size), *segments.shape)


def _ink(ends: Floats, thickness: Floats) -> NDArray[np.float32]:
    """Return the ink of every pixel, (batch, 784), from its distance to the nearest segment."""
    x, y = np.moveaxis(ends.astype(np.float32), -1, 0)[..., None, None]
    x0, y0 = x[:, 0], y[:, 0]  # (batch, n_segments, 1, 1)
    ex, ey = x[:, 1] - x0, y[:, 1] - y0
    length2 = np.square(ex) + np.square(ey)
    pixel = np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2
    dx = pixel - x0  # (batch, n_segments, 1, 28)
    dy = -pixel[:, None] - y0  # (batch, n_segments, 28, 1): image rows go down
    foot = np.clip(dx * (ex / length2) + dy * (ey / length2), 0, 1)  # (batch, n_segments, 28, 28)
    squared = np.square(dx - foot * ex) + np.square(dy - foot * ey)
    distance = np.sqrt(squared.min(axis=1)).reshape(len(ends), SIDE * SIDE)
    # The edge of a stroke is one pixel wide: there the ink falls linearly from 1 to 0.
    half_width = thickness[:, None].astype(np.float32) / 2
    ink: NDArray[np.float32] = np.clip(half_width + np.float32(0.5) - distance, 0, 1)
    return ink
