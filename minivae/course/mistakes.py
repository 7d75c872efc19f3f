"""The mistakes that are tried for every exercise: signs, factors, axes, roots and logarithms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from minivae.edge.checks import Array
from minivae.gradient_check.ratio import constant_ratio, meaning_of, usual_cause


def common_mistakes(
    right: Array, got: Array, batch: tuple[int, ...]
) -> Iterator[tuple[str, Array]]:
    """Yield a mistake in words, and the array that results from it.

    Parameters
    ----------
    right, got : array
        The right answer and the student's.
    batch : tuple of int
        The shape of the batch: its numbers of rows and columns.
    """
    yield "zero everywhere: was it ever filled?", np.zeros_like(right)
    ratio = constant_ratio(got, right) if got.shape == right.shape else None
    sizes = dict(zip(("batch size", "number of columns"), batch, strict=False))
    if ratio and (cause := usual_cause(ratio, sizes)):
        yield f"{cause}{_missing_factor(abs(ratio))}", ratio * right
    yield "transposed", right.T
    if right.ndim:
        yield "in reversed order", right[..., ::-1]
    if got.shape != right.shape:
        yield from _reshaped(right, got)
    with np.errstate(all="ignore"):
        yield "the square of what it should be: a variance for a standard deviation?", right**2
        yield "the root of what it should be: a standard deviation for a variance?", np.sqrt(right)
        yield "the exp of what it should be: is it a logarithm?", np.exp(right)
        yield "the log of what it should be: an exp is missing", np.log(right)


def _missing_factor(ratio: float) -> str:
    """Return by what to multiply an answer that is `ratio` times the right one."""
    if np.isclose(ratio, 1):
        return ""
    return f" (a factor of {f'1/{ratio:.6g}' if ratio > 1 else f'{1 / ratio:.6g}'} is missing)"


def _reshaped(right: Array, got: Array) -> Iterator[tuple[str, Array]]:
    """Yield mistakes that give `got` another shape than `right` has."""
    places = [("all axes", None), *((f"axis {axis}", axis) for axis in range(1, got.ndim))]
    for place, axis in [("the batch, axis 0", 0), *places]:
        for words, total in (("summed", np.sum), ("averaged", np.mean)):
            reduced = total(got, axis=axis) if got.ndim else got
            if reduced.size == right.size and np.allclose(np.reshape(reduced, right.shape), right):
                yield f"not {words} over {place}", got
    if got.size == right.size:
        yield "the right numbers in the wrong shape", np.reshape(right, got.shape)
    yield "summed over everything: one number, where an array should be", np.array(right.sum())
    yield "averaged over everything: one number, where an array should be", np.array(right.mean())


def odd_factor(right: Array, got: Array) -> str:
    """Return the factor or the constant by which all entries are wrong, or "" if there is none."""
    if got.shape != right.shape or right.size < 2 or not np.all(np.isfinite(got)):
        return ""
    offset = got - right
    if np.ptp(offset) < 1e-6 * np.max(np.abs(offset)):
        return f"every entry is off by the same {offset.flat[0]:.6g}: a constant term"
    ratio = constant_ratio(got, right)
    if ratio is not None and np.all(np.abs(got - ratio * right) < 1e-6 * np.max(np.abs(got))):
        return meaning_of(ratio, {})
    return ""
