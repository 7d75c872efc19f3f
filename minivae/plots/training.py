"""Learning curves, and the baselines that a model must beat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from minivae.edge.arguments import check_dict, check_text
from minivae.edge.checks import Array, check_real
from minivae.plots.figures import axes_in_a_row, axes_or_new
from minivae.plots.style import LINES, as_vector, draw_curves, draw_level, finish, number

History = Mapping[str, ArrayLike]


def loss_curves(
    history: History,
    *,
    ax: Axes | None = None,
    baselines: Mapping[str, float] | None = None,
    unit: str = "nats per example",
) -> list[Artist]:
    """Draw the loss over the epochs, to show whether training has settled and whether it overfits.

    Parameters
    ----------
    history : dict of str to list
        A model's ``history_``: `epoch`, `loss`, and `val_loss` if there was a validation set.
    ax : Axes, optional
    baselines : dict of str to float, optional
        Losses that a model must beat, by label; they are drawn as horizontal lines.
    unit : str
        The unit of the losses.

    Returns
    -------
    list of artists
        Training, validation if there was any, then the baselines.

    Raises
    ------
    TypeError, ValueError
        The history has no `epoch` or `loss`, its lists differ in length, or a number is NaN.
    """
    check_text("unit", unit)
    epoch, curves = _part(history, "loss")
    levels = {
        label: check_real(f"baselines[{label!r}]", value, float("-inf"))
        for label, value in check_dict("baselines", {} if baselines is None else baselines).items()
    }
    ax = axes_or_new(ax)
    artists = draw_curves(ax, epoch, curves)
    for i, (label, value) in enumerate(levels.items()):
        artists.append(draw_level(ax, value, f"{label}: {number(value)}", LINES[1 + i % 4]))
    _finish(ax, f"loss ({unit})")
    return artists


def loss_parts(
    history: History, *, axes: Sequence[Axes] | None = None, unit: str = "nats per example"
) -> list[Artist]:
    """Draw reconstruction and KL apart: if the KL rises while the loss falls, the code is used.

    Parameters
    ----------
    history : dict of str to list
        A VAE's ``history_``: `epoch`, `reconstruction`, `kl`, and their ``val_`` counterparts if
        there was a validation set.
    axes : two Axes, optional
    unit : str
        The unit of both.

    Returns
    -------
    list of artists
        The lines of the reconstruction, training first, then the lines of the KL.

    Raises
    ------
    TypeError, ValueError
        As in `loss_curves`.
    """
    check_text("unit", unit)
    epoch, reconstruction = _part(history, "reconstruction")
    epoch, kl = _part(history, "kl")
    left, right = axes_in_a_row(axes, 2)
    artists = draw_curves(left, epoch, reconstruction) + draw_curves(right, epoch, kl)
    _finish(left, f"reconstruction, \N{MINUS SIGN}log p(x | z)\n({unit})")
    _finish(right, f"KL to the prior\n({unit})")
    return artists


def _part(history: History, name: str) -> tuple[Array, dict[str, Array]]:
    """Return the epochs, and one entry of the history with its ``val_`` counterpart if any."""
    epoch = _column(history, "epoch")
    curves = {"training": _column(history, name, len(epoch))}
    if f"val_{name}" in history:
        curves["validation"] = _column(history, f"val_{name}", len(epoch))
    return epoch, curves


def _column(history: History, name: str, length: int | None = None) -> Array:
    check_dict("history", history, (name,))
    return as_vector(f"history[{name!r}]", history[name], length)


def _finish(ax: Axes, ylabel: str) -> None:
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    finish(ax, "epoch", ylabel)
