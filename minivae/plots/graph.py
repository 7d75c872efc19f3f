"""The graph of the reparameterization trick: where the gradient passes, and where it is cut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from minivae.edge.arguments import check_dict, check_object
from minivae.edge.checks import ArgumentError, Array, as_reals
from minivae.plots.boxes import BACK, SIZE, Drawing, Line
from minivae.plots.style import GUIDE, number

WIDTH, HEIGHT = 9.6, 6.3  # inches
LONGEST = 66  # characters in a line of the chain rule; a longer line is written smaller
ABOVE, BELOW = 3.55, 0.8  # the lower edges of the panels, inches
PLACES = {  # the centre of each box in its panel
    **{"x": (0.6, 1.15), "h": (1.8, 1.15), "mu": (3, 1.6), "log_var": (3, 0.7)},
    **{"sigma": (4.2, 0.7), "eps": (5.4, 0.2), "z": (5.4, 1.15), "out": (6.6, 1.15)},
    **{"log_prob": (7.8, 1.15), "kl": (5.4, 2.25), "loss": (9, 1.15)},
}
NAMES = {"h": "encoder", "out": "decoder", "log_prob": "log p(x|z)", "kl": "KL"}
MINUS, ABOUT = "\N{MINUS SIGN}", "\N{ALMOST EQUAL TO}"
WIDE = ("x", "h", "out")
GRADIENTS = {name: f"d{name}" for name in PLACES} | {"x": "encoder.0.dx"}
KL_ONLY = {"dmu": "dmu_kl", "dlog_var": "dlog_var_kl", "dh": "dh_kl", "encoder.0.dx": "dx_kl"}
INTO_A_DRAW = (("mu", "z"), ("sigma", "z"))
EDGES = (
    *(("x", "h"), ("h", "mu"), ("h", "log_var"), ("log_var", "sigma"), *INTO_A_DRAW),
    *(("eps", "z"), ("z", "out"), ("out", "log_prob"), ("log_prob", "loss")),
    *(("mu", "kl"), ("log_var", "kl"), ("kl", "loss")),
)
WITHOUT = "Without the trick: z is drawn from N(mu, sigma\N{SUPERSCRIPT TWO})"
CUT_OFF = """\
A random draw has no derivative. The
decoder's gradient ends at z, and the
encoder learns from the KL alone."""
WITH = "With the trick: z = mu + sigma * eps"
PASSES = """\
eps is an input, so z is a function
of mu and sigma, and the gradient
passes through z to both."""
KEY = """\
Each box: name, shape, value, and d, the gradient of the loss with respect to the value (for x:
through the encoder). Arrays show their first number; x, encoder and decoder show their mean, and
the root mean square (rms) of d. Thin: forward. Thick and dashed: gradient. Grey box: random."""


def reparameterization_graph(
    values: Mapping[str, ArrayLike] | Any, *, ax: Axes | None = None
) -> list[Artist]:
    """Draw a VAE's pass without the reparameterization trick, and below it with the trick.

    Parameters
    ----------
    values : dict of str to array_like, or Explanation
        The arrays of one forward and backward pass, with the names that ``explain(vae, x)`` gives
        them: ``mu`` and its gradient ``dmu``, ...
    ax : Axes, optional
        The size of the words follows the size of the axes; a whole slide is best.

    Returns
    -------
    list of artists
        Boxes, words and arrows. The `gid` names each: ``"with mu"`` and ``"with dmu"`` are words,
        ``"with mu to z"`` and ``"with dz to dmu"`` are arrows; in the panel above, the names begin
        with ``"without"``.

    Raises
    ------
    TypeError, ValueError
        An array is missing, or does not hold finite real numbers.

    References
    ----------
    Kingma, Welling: Auto-Encoding Variational Bayes, arXiv 1312.6114, section 2.4.
    """
    arrays = _check(getattr(values, "arrays", values))
    if ax is None:
        ax = Figure(figsize=(WIDTH, HEIGHT)).add_axes((0.0, 0.0, 1.0, 1.0))
    check_object("ax", ax, Axes)
    drawing = Drawing(ax, WIDTH, HEIGHT)
    _draw_panel(drawing, "without", ABOVE, (WITHOUT, CUT_OFF), _without_the_trick(arrays))
    _draw_panel(drawing, "with", BELOW, (WITH, PASSES), arrays)
    chain = _chain_rule(arrays)
    size = SIZE * min(1, LONGEST / max(map(len, chain.splitlines())))
    style: dict[str, Any] = {"color": BACK, "va": "top", "linespacing": 1.4}
    drawing.words("chain rule", 0.1, BELOW + 0.24, chain, size, **style)
    drawing.words("key", 0.1, 0.1, KEY, 7.5, color=GUIDE)
    return drawing.artists


def _check(values: Mapping[str, ArrayLike]) -> dict[str, Array]:
    """Return the arrays of the picture, after checking that their numbers are finite."""
    needed = {*PLACES, *GRADIENTS.values(), *KL_ONLY.values()} - {"dloss"}
    check_dict("values", values, sorted(needed))
    arrays = {name: as_reals(name, values[name]) for name in sorted(needed)}
    for name, value in arrays.items():
        if value.size == 0:
            raise ArgumentError(f"{name} must hold at least one number, got shape {value.shape}")
    return arrays | {"dloss": np.array(1.0)}


def _without_the_trick(arrays: dict[str, Array]) -> dict[str, Array]:
    """Return the arrays without the gradient from z to mu and sigma: the KL's gradient is left."""
    left = arrays | {name: arrays[kl] for name, kl in KL_ONLY.items()}
    return {name: value for name, value in left.items() if name not in ("eps", "deps", "dsigma")}


def _draw_panel(
    drawing: Drawing, panel: str, bottom: float, words: tuple[str, str], arrays: dict[str, Array]
) -> None:
    """Draw the boxes that have a value, and the arrows between them."""
    title, text = words
    drawing.words(f"{panel} title", 0.1, bottom + 2.35, title, 12, weight="bold")
    drawing.words(f"{panel} text", 6.1, bottom + 0.5, text, 10.5, va="top", linespacing=1.35)
    drawn = "eps" not in arrays
    boxes = {}
    for name, (x, y) in PLACES.items():
        if name in arrays:
            random = name == ("z" if drawn else "eps")
            lines = [(f"{panel} {gid}", text, style) for gid, text, style in _lines(name, arrays)]
            boxes[name] = drawing.box(x, bottom + y, lines, dashed=random)
    for start, end in EDGES:
        if start not in boxes:
            continue
        corner, cut = (start, end) == ("kl", "loss"), drawn and (start, end) in INTO_A_DRAW
        drawing.arrow(f"{panel} {start} to {end}", boxes[start], boxes[end], corner=corner)
        if cut or (GRADIENTS[start] in arrays and GRADIENTS[end] in arrays):
            gid = f"{panel} d{end} to d{start}"
            drawing.arrow(gid, boxes[end], boxes[start], back=True, corner=corner, cut=cut)


def _lines(name: str, arrays: dict[str, Array]) -> list[Line]:
    """Return the lines of a box: name, shape, value, gradient."""
    value, gradient = arrays[name], arrays.get(GRADIENTS[name])
    lines: list[Line] = [(name, NAMES.get(name, name), {"weight": "bold"})]
    if value.ndim:
        lines.append((f"shape of {name}", str(value.shape), {"color": GUIDE}))
    text = f"mean {_digits(value.mean())}" if name in WIDE else _digits(value.flat[0])
    lines.append((f"value of {name}", text, {}))
    if gradient is None:
        return [*lines, (f"d{name}", "no gradient", {"color": GUIDE})]
    rms = np.sqrt(np.mean(np.square(gradient)))
    text = f"rms {_digits(rms)}" if name in WIDE else _digits(gradient.flat[0])
    return [*lines, (f"d{name}", f"d {text}", {"color": BACK, "weight": "bold"})]


def _chain_rule(arrays: dict[str, Array]) -> str:
    """Return the chain rule through z, in words and in the numbers of the first entries."""
    n = {name: _digits(value.flat[0]) for name, value in arrays.items()}
    plus = {
        name: f"{'+' if value.flat[0] >= 0 else MINUS} {_digits(abs(value.flat[0]))}"
        for name, value in arrays.items()
    }
    return (
        f"dmu = dz + KL's = {n['dz']} {plus['dmu_kl']} {ABOUT} {n['dmu']}\n"
        f"dsigma = dz * eps = {n['dz']} * {n['eps']} {ABOUT} {n['dsigma']}\n"
        f"dlog_var = dsigma * sigma / 2 + KL's = {n['dsigma']} * {n['sigma']} / 2 "
        f"{plus['dlog_var_kl']} {ABOUT} {n['dlog_var']}"
    )


def _digits(value: float) -> str:
    """Return `value` with three significant digits."""
    return number(value, "#.3g").rstrip(".")
