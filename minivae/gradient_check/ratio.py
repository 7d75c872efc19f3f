"""What it means if an array is a constant times the right one: a sign, a factor of 2, a mean."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from minivae.edge.checks import Array

RTOL = 1e-4  # a numerical gradient is that good, or better


def constant_ratio(values: Array, right: Array) -> float | None:
    """Return the number c of ``values = c * right``, or None if there is no such number.

    Only the entries above a thousandth of the largest decide: smaller ones may be rounding.

    Parameters
    ----------
    values, right : array
        Both of one shape.
    """
    large = np.abs(right) > 1e-3 * np.max(np.abs(right), initial=0.0)
    if not np.any(large):
        return None
    ratios = values[large] / right[large]
    ratio = float(np.median(ratios))
    return ratio if np.allclose(ratios, ratio, rtol=RTOL, atol=0.0) else None


def usual_cause(ratio: float, sizes: Mapping[str, int]) -> str:
    """Return the mistake that usually makes a result `ratio` times too large, or "".

    Parameters
    ----------
    ratio : float
    sizes : dict of str to int
        The numbers by which a mean differs from a sum: ``{"batch size": 5}``. A size of 2 is
        passed over, because a factor of 2 has likelier causes.
    """
    sign = "the sign is flipped"
    scale = {2.0: "twice too large", 0.5: "half of what it should be"}
    causes = {-1.0: sign, **scale, **{-c: f"{sign}, and {words}" for c, words in scale.items()}}
    for name, n in sizes.items():
        if n > 1:
            causes.setdefault(float(n), f"not divided by the {name}")
            causes.setdefault(1 / n, f"divided by the {name} once too often")
    found = (cause for c, cause in causes.items() if np.isclose(ratio, c, rtol=RTOL, atol=0.0))
    return next(found, "")


def meaning_of(ratio: float, sizes: Mapping[str, int]) -> str:
    """Return the usual cause of a ratio, or else the ratio itself in words."""
    return usual_cause(ratio, sizes) or f"every entry is {ratio:.8g} times what it should be"
