"""A kink, such as ReLU's at zero: between the slopes of both sides, every slope is right."""

from __future__ import annotations

import numpy as np

from minivae.edge.checks import Array
from minivae.gradient_check.numeric import Output, output_at

STEP = 1e-6  # larger than the last step of a central difference, so no kink is too near for both


def on_kink(f: Output, x: Array, i: int, dy: Array, slope: float, floor: float) -> bool:
    """Return whether the slopes on both sides of entry `i` differ, and `slope` lies between them.

    Parameters
    ----------
    f, x, i, dy
        As for `central_difference`.
    slope : float
        The hand-written derivative.
    floor : float
        Below which a difference of slopes is rounding; see `error_floors`.
    """
    h = STEP * max(1.0, abs(x.flat[i]))
    middle = output_at(f, x, i, 0)
    right = float(np.sum(dy * (output_at(f, x, i, h) - middle)) / h)
    left = float(np.sum(dy * (middle - output_at(f, x, i, -h))) / h)
    margin = 1e-4 * max(abs(left), abs(right), floor)
    between = min(left, right) - margin <= slope <= max(left, right) + margin
    return between and abs(right - left) > 10 * margin
