"""The mistakes that are tried for every exercise: signs, factors, axes, roots and logarithms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from minivae.edge.checks import Array


def common_mistakes(
    right: Array, got: Array, batch: tuple[int, ...]
) -> Iterator[tuple[str, Array]]:
    """Yield words for a mistake, and what `got` would then be."""
    yield "it is zero everywhere: was it ever filled?", np.zeros_like(right)
    yield "the sign is flipped", -right
    yield "half of it is missing, a factor of 2", right / 2
    yield "twice too large, a factor of 1/2 is missing", right * 2
    yield "the sign is flipped, and a factor of 2 is missing", -right / 2
    yield "the sign is flipped, and a factor of 1/2 is missing", -right * 2
    for n, what in zip(batch, ("batch", "columns"), strict=False):
        if n > 2:
            yield f"not divided by the {what}: {n} times too large", right * n
            yield f"divided by the {what} once too often: {n} times too small", right / n
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


def _reshaped(right: Array, got: Array) -> Iterator[tuple[str, Array]]:
    """Yield what would give `got` another shape than `right` has."""
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
    """Return by which factor or constant all entries are wrong, if by one."""
    if got.shape != right.shape or right.size < 2 or not np.all(np.isfinite(got)):
        return ""
    offset = got - right
    scale = np.max(np.abs(offset))
    if np.ptp(offset) < 1e-6 * scale:
        return f"every entry is off by the same {offset.flat[0]:.6g}: a constant term"
    largest = np.argmax(np.abs(right))
    if right.flat[largest]:
        factor = f"{got.flat[largest] / right.flat[largest]:.6g}"
        close = np.abs(got - float(factor) * right) < 2e-6 * np.max(np.abs(got))
        if factor != "1" and np.all(close):
            return f"every entry is {factor} times what it should be"
    return ""
