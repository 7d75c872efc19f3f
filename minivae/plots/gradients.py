"""How accurate a numerical derivative is."""

from __future__ import annotations

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from minivae.edge.checks import ArgumentError
from minivae.plots.figures import axes_or_new
from minivae.plots.style import Curves, above_rounding, as_curves, as_vector, draw_curves, finish


def gradient_errors(steps: ArrayLike, errors: Curves, *, ax: Axes | None = None) -> list[Artist]:
    """Draw the error over the step: the curve of a difference quotient has the shape of a V.

    A large step has a large truncation error, and a small step has a large rounding error. The
    complex step subtracts nothing, so its error stays at rounding for every small step.

    Parameters
    ----------
    steps : array_like, shape (n,)
        The positive steps.
    errors : array_like, shape (n,), or dict of str to array_like
        The relative error of the derivative, by method. An error below 2.2e-16, the rounding of
        float64, is drawn at 2.2e-16.
    ax : Axes, optional

    Returns
    -------
    list of artists
        A line for each method.

    Raises
    ------
    TypeError, ValueError
        Lengths differ, a number is NaN, an error is negative, or a step is not positive.
    """
    steps = as_vector("steps", steps)
    if steps.min() <= 0:
        raise ArgumentError(f"steps must be positive, got {steps.min():g}")
    curves = as_curves("errors", errors, len(steps))
    curves = {label: above_rounding("errors", curve) for label, curve in curves.items()}
    ax = axes_or_new(ax)
    artists = draw_curves(ax, steps, curves)
    ax.set(xscale="log", yscale="log")
    finish(ax, "step h", "relative error of the derivative")
    return artists
