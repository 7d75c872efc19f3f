"""The strokes of the ten digits in a unit square, with x to the right and y upward."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]


def _stroke(*pieces: ArrayLike) -> Points:
    """Return the path of the pen through all points and curves, shape (n_points, 2)."""
    return np.vstack([np.atleast_2d(np.asarray(piece, dtype=np.float64)) for piece in pieces])


def _arc(x: float, y: float, rx: float, ry: float, start: float, stop: float) -> Points:
    """Return points on an ellipse around (x, y), one for every 20 degrees counterclockwise."""
    angle = np.radians(np.linspace(start, stop, round(abs(stop - start) / 20) + 1))
    return np.stack([x + rx * np.cos(angle), y + ry * np.sin(angle)], axis=1)


def _bezier(start: ArrayLike, control: ArrayLike, stop: ArrayLike) -> Points:
    """Return eight points on the quadratic Bezier curve of three control points."""
    t = np.linspace(0, 1, 8)[:, None]
    a, b, c = np.asarray([start, control, stop], dtype=np.float64)
    return (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c


def _segments(*strokes: Points) -> Points:
    """Return start and end of every straight piece of the strokes, shape (2, n_segments, 2)."""
    starts = np.vstack([stroke[:-1] for stroke in strokes])
    ends = np.vstack([stroke[1:] for stroke in strokes])
    distinct = np.abs(ends - starts).max(axis=1) > 1e-9  # drops joints of two curves
    return np.stack([starts, ends])[:, distinct]


GLYPHS = {
    0: _segments(_stroke(_arc(0.5, 0.5, 0.42, 0.5, 90, 450))),
    1: _segments(_stroke((0.26, 0.78), (0.55, 1), (0.55, 0))),
    2: _segments(_stroke(_arc(0.48, 0.7, 0.38, 0.3, 160, -30), (0.06, 0), (0.95, 0))),
    3: _segments(
        _stroke(_arc(0.45, 0.755, 0.37, 0.245, 150, -90)),
        _stroke(_arc(0.45, 0.255, 0.43, 0.255, 90, -150)),
    ),
    4: _segments(
        _stroke((0.38, 1), (0, 0.34), (1, 0.34)),
        _stroke((0.74, 0.78), (0.74, 0)),
    ),
    5: _segments(
        _stroke((0.86, 1), (0.2, 1), (0.14, 0.52), _arc(0.46, 0.32, 0.43, 0.32, 130, -145)),
    ),
    6: _segments(
        _stroke(_bezier((0.76, 1), (0.2, 0.85), (0.1, 0.3)), _arc(0.5, 0.3, 0.4, 0.3, 180, 540)),
    ),
    7: _segments(_stroke((0.06, 1), (0.94, 1), (0.3, 0))),
    8: _segments(
        _stroke(_arc(0.5, 0.76, 0.34, 0.24, -90, 270)),
        _stroke(_arc(0.5, 0.26, 0.42, 0.26, 90, 450)),
    ),
    9: _segments(
        _stroke(_arc(0.48, 0.7, 0.38, 0.3, 0, 360), _bezier((0.86, 0.7), (0.84, 0.3), (0.66, 0))),
    ),
}
