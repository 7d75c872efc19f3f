"""What it means if an array is a constant times the right one: a sign, a factor of 2, a mean."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from minivae.edge.checks import Array

RTOL = 1e-4  # a numerical gradient is that good, or better


def constant_ratio(
    values: Array, right: Array, sizes: Mapping[str, int]
) -> tuple[float, str] | None:
    """Return the number c of ``values = c * right`` and the likely mistake, or None.

    Only the entries above a thousandth of the largest decide: smaller ones may be rounding.

    Parameters
    ----------
    values, right : array
        Both of one shape.
    sizes : dict of str to int
        The numbers by which a mean differs from a sum: ``{"batch size": 5}``. A size of 1 or 2 is
        passed over, because a factor of 2 has likelier causes.
    """
    large = np.abs(right) > 1e-3 * np.max(np.abs(right), initial=0.0)
    ratios = values[large] / right[large]
    ratio = float(np.median(ratios)) if len(ratios) else 1.0
    if not np.allclose(ratios, ratio, rtol=RTOL, atol=0.0):
        return None
    for factor, mistake in _mistakes(sizes).items():
        if np.isclose(ratio, factor, rtol=RTOL, atol=0.0):
            return ratio, mistake
    if right.size < 2 or ratio == 1:  # one number has a ratio to any other
        return None
    return ratio, f"every entry is {ratio:.8g} times what it should be"


def _mistakes(sizes: Mapping[str, int]) -> dict[float, str]:
    sign = "the sign is flipped"
    scale = {2.0: "twice too large", 0.5: "half of what it should be"}
    mistakes = {-1.0: sign, **scale, **{-c: f"{sign}, and {words}" for c, words in scale.items()}}
    for name, n in sizes.items():
        if n > 2:
            mistakes.setdefault(float(n), f"not divided by the {name}")
            mistakes.setdefault(1 / n, f"divided by the {name} once too often")
    return mistakes
