"""How far a numerical derivative can be trusted."""

from __future__ import annotations

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from minivae.edge.checks import ArgumentError
from minivae.plots.figures import new_axes
from minivae.plots.style import Curves, above_rounding, as_curves, as_vector, draw_curves, finish


def gradient_errors(steps: ArrayLike, errors: Curves, *, ax: Axes | None = None) -> list[Artist]:
    """Draw the error over the step: differences trade truncation for rounding, in a V.

    The complex step subtracts nothing, so that its error stays at rounding however small the step.

    Parameters
    ----------
    steps : array_like, shape (n,)
        Positive.
    errors : array_like, shape (n,), or dict of str to array_like
        Relative error of the derivative, by method. What is below 2.2e-16, the rounding of
        float64, is drawn there.
    ax : Axes, optional

    Returns
    -------
    list of artists
        A line for each method.

    Raises
    ------
    TypeError, ValueError
        Lengths that differ, NaN, a negative error, a step that is not positive.
    """
    steps = as_vector("steps", steps)
    if steps.min() <= 0:
        raise ArgumentError(f"steps must be positive, got {steps.min():g}")
    curves = as_curves("errors", errors, len(steps))
    curves = {label: above_rounding("errors", curve) for label, curve in curves.items()}
    ax = new_axes() if ax is None else ax
    artists = draw_curves(ax, steps, curves)
    ax.set(xscale="log", yscale="log")
    finish(ax, "step h", "relative error of the derivative")
    return artists
