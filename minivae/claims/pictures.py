"""The picture of most claims: what was measured, along what was varied, beside the exact value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


def along(
    varied: str,
    places: Sequence[float] | Sequence[str],
    quantity: str,
    exact: ArrayLike,
    measured: ArrayLike,
    *,
    tolerance: ArrayLike = 0.0,
    names: Sequence[str] = ("",),
    log: str = "",
) -> Callable[[Any], None]:
    """Return a function that draws measured points over the exact ones.

    Parameters
    ----------
    varied : str
        What the horizontal axis shows.
    places : sequence of float or str
        The settings at which the quantity was measured: numbers, or words.
    quantity : str
        What the vertical axis shows.
    exact, measured : array_like, shape (n_places,) or (n_places, n_names)
    tolerance : array_like
        The tolerance, drawn as bars at the measured points.
    names : sequence of str
        A name for each column.
    log : str
        The axes that are logarithmic: "x", "y" or "xy".
    """
    shape = len(places), len(names)
    right, got = (
        np.broadcast_to(exact, np.shape(measured)).reshape(shape),
        np.reshape(measured, shape),
    )
    bars = np.broadcast_to(tolerance, np.shape(measured)).reshape(shape)

    def draw(ax: Any) -> None:
        words = isinstance(places[0], str)
        x = np.arange(len(places)) if words else np.asarray(places, float)
        for column, name in enumerate(names):
            color, of = f"C{column}", f"{name}, " if name else ""
            style = {"ls": "", "marker": "_", "ms": 30, "mew": 2} if words else {"ls": "--"}
            ax.plot(x, right[:, column], color=color, label=f"{of}exact", **style)
            ax.errorbar(
                x, got[:, column], bars[:, column], fmt="o", color=color, label=f"{of}measured"
            )
        if words:
            ax.set_xticks(x, places)
            ax.margins(x=0.2)
        if "x" in log:
            ax.set_xscale("log")
        if "y" in log:
            ax.set_yscale("log")
        ax.set(xlabel=varied, ylabel=quantity)
        ax.legend()

    return draw
