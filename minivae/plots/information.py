"""Nats: the KL of each latent dimension, rate and distortion, and bounds on log p(x)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from minivae.edge.arguments import check_text
from minivae.edge.checks import ArgumentError, ArgumentTypeError, check_real, shown
from minivae.plots.figures import axes_or_new
from minivae.plots.style import (
    COLORS,
    GUIDE,
    Curves,
    as_curves,
    as_vector,
    draw_curves,
    draw_level,
    finish,
    number,
)
from minivae.plots.tiles import spread


def kl_per_dimension(kl: ArrayLike, *, ax: Axes | None = None) -> list[Artist]:
    """Draw the KL of every latent dimension: a dimension with a KL of zero carries nothing.

    Parameters
    ----------
    kl : array_like, shape (n_latent,)
        KL(q(z_i | x) || p(z_i)) in nats, averaged over the data. The legend gives the sum, which is
        the rate.
    ax : Axes, optional

    Returns
    -------
    list of artists
        A bar for each dimension.

    Raises
    ------
    TypeError, ValueError
        `kl` is not a finite vector.
    """
    kl = as_vector("kl", kl)
    ax = axes_or_new(ax)
    bars = ax.bar(
        np.arange(1, len(kl) + 1), kl, color=COLORS[0], label=f"sum: {number(kl.sum())} nats"
    )
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    finish(ax, "latent dimension", "KL to the prior (nats per example)")
    return list(bars)


def rate_distortion(
    rate: ArrayLike,
    distortion: ArrayLike,
    *,
    ax: Axes | None = None,
    bound: tuple[ArrayLike, ArrayLike] | None = None,
    labels: Sequence[str] | None = None,
    unit: str = "nats per example",
) -> list[Artist]:
    """Draw the distortion over the rate: beta moves a VAE on a curve, a better model is below it.

    Parameters
    ----------
    rate : array_like, shape (n,)
        The KL, in nats per example.
    distortion : array_like, shape (n,)
        The reconstruction loss, in `unit`.
    ax : Axes, optional
    bound : (rate, distortion), optional
        Two arrays of the same length: the curve of the lowest possible distortion.
    labels : sequence of n str, optional
        A text beside each point, its beta for example.
    unit : str
        The unit of the distortion.

    Returns
    -------
    list of artists
        The measured points in the order of their rates, then the bound.

    Raises
    ------
    TypeError, ValueError
        Lengths differ, or a number is NaN.

    References
    ----------
    Alemi et al.: Fixing a Broken ELBO, ICML 2018.
    """
    rate = as_vector("rate", rate)
    distortion = as_vector("distortion", distortion, len(rate))
    check_text("unit", unit)
    if labels is not None and not isinstance(labels, list | tuple):
        raise ArgumentTypeError(f"labels must be a sequence of texts, got {shown(labels)}")
    if labels is not None and len(labels) != len(rate):
        raise ArgumentError(f"labels must be {len(rate)}, one for each rate, got {len(labels)}")
    if bound is not None and (not isinstance(bound, tuple | list) or len(bound) != 2):
        raise ArgumentTypeError(
            f"bound must be two arrays, a rate and a distortion, got {shown(bound)}"
        )
    if bound is not None:
        bound_rate = as_vector("bound[0]", bound[0])
        bound_distortion = as_vector("bound[1]", bound[1], len(bound_rate))
    ax = axes_or_new(ax)
    order = np.argsort(rate)
    artists: list[Artist] = draw_curves(ax, rate[order], {"measured": distortion[order]})
    if bound is not None:
        artists += ax.plot(bound_rate, bound_distortion, color=GUIDE, linestyle="--", zorder=1)
        artists[-1].set_label("bound")
    for x, y, label in zip(rate, distortion, labels or (), strict=False):
        ax.annotate(label, (x, y), xytext=(6, 6), textcoords="offset points")
    finish(ax, "rate: KL to the prior (nats per example)", f"distortion ({unit})")
    return artists


def importance_bounds(
    k: ArrayLike, bounds: Curves, *, exact: float | None = None, ax: Axes | None = None
) -> list[Artist]:
    """Draw importance-weighted bounds: with more samples for each x, they rise to log p(x).

    Parameters
    ----------
    k : array_like, shape (n,)
        The number of samples for each x, at least 1. With k = 1 the bound is the ELBO.
    bounds : array_like, shape (n,), or dict of str to array_like
        In nats per example.
    exact : float, optional
        log p(x), if it is known; it is drawn as a horizontal line.
    ax : Axes, optional

    Returns
    -------
    list of artists
        A line for each curve, then the exact value.

    Raises
    ------
    TypeError, ValueError
        Lengths differ, a number is NaN, or a `k` is below 1.

    References
    ----------
    Burda, Grosse, Salakhutdinov: Importance Weighted Autoencoders, ICLR 2016, theorem 1.
    """
    k = as_vector("k", k)
    if k.min() < 1:
        raise ArgumentError(f"k must be at least 1, got {k.min():g}")
    curves = as_curves("bounds", bounds, len(k))
    if exact is not None:
        exact = check_real("exact", exact, float("-inf"))
    ax = axes_or_new(ax)
    artists = draw_curves(ax, k, curves)
    if exact is not None:
        artists.append(draw_level(ax, exact, f"log p(x) = {number(exact)}"))
    ax.set_xscale("log")
    ticks = np.unique(k)
    ticks = ticks[spread(len(ticks))]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_xticks([], minor=True)
    finish(ax, "importance samples k", "bound on log p(x) (nats per example)")
    return artists
