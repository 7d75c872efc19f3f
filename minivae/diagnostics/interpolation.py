"""The path from one code to another: straight, or along the shell of Gaussian codes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge.checks import ArgumentError, Array, as_reals


def lerp(a: ArrayLike, b: ArrayLike, t: ArrayLike) -> Array:
    """Return ``(1 - t) a + t b``, a point on the straight line from `a` to `b`.

    The midpoint of two independent draws from N(0, I) has a norm of about ``sqrt(n_latent / 2)``.
    N(0, I) has hardly any mass there if n_latent is large.

    Parameters
    ----------
    a, b : array_like, shape (n_latent,) or (batch, n_latent)
        Start and end.
    t : array_like
        The position on the path, 0 at `a` and 1 at `b`: one number for all rows, or one for each
        row. For a single pair, `t` may have any number of steps.

    Returns
    -------
    array, shape (n_latent,) or (batch or n_steps, n_latent)
    """
    a, b, t = _checked(a, b, t)
    return (1 - t) * a + t * b


def slerp(a: ArrayLike, b: ArrayLike, t: ArrayLike) -> Array:
    """Return a point on a great circle: the direction turns evenly, and the norm changes evenly.

    If `a` and `b` have the same norm r, the path stays on the sphere of radius r. Otherwise the
    norm goes linearly from one to the other, however large the angle is.

    Parameters
    ----------
    a, b : array_like, shape (n_latent,) or (batch, n_latent)
        Start and end. The path is straight if both have the same direction, or if one is zero.
    t : array_like
        As in `lerp`.

    Returns
    -------
    array, shape (n_latent,) or (batch or n_steps, n_latent)

    Raises
    ------
    ValueError
        `a` and `b` have opposite directions, so that all great circles are equally short.

    References
    ----------
    Shoemake: Animating rotation with quaternion curves, SIGGRAPH 1985, for unit vectors.
    """
    a, b, t = _checked(a, b, t)
    norm_a, norm_b = (np.linalg.norm(end, axis=-1, keepdims=True) for end in (a, b))
    straight = (norm_a == 0) | (norm_b == 0)
    u, v = a / np.where(straight, 1, norm_a), b / np.where(straight, 1, norm_b)
    apart, together = (np.linalg.norm(w, axis=-1, keepdims=True) for w in (u - v, u + v))
    if np.any((together < 1e-7) & ~straight):
        raise ArgumentError(
            "a and b must not have opposite directions: no great circle is shortest"
        )
    angle = 2 * np.arctan2(apart, together)  # accurate near pi, where arccos(u . v) is not
    straight |= angle == 0
    angle = np.where(straight, np.pi / 2, angle)
    # u sin((1 - t) angle) / sin(angle) + v sin(t angle) / sin(angle)
    direction = (np.sin((1 - t) * angle) * u + np.sin(t * angle) * v) / np.sin(angle)
    arc = ((1 - t) * norm_a + t * norm_b) * direction
    return np.where(straight, (1 - t) * a + t * b, arc)


def _checked(a: ArrayLike, b: ArrayLike, t: ArrayLike) -> tuple[Array, Array, Array]:
    """Return all three as float arrays; `t` gets a last axis of length 1."""
    a, b, t = as_reals("a", a), as_reals("b", b), as_reals("t", t)
    if a.shape != b.shape or a.ndim not in (1, 2) or not a.size:
        raise ArgumentError(
            "a and b must both have shape (n_latent,) or (batch, n_latent), got "
            f"{a.shape} and {b.shape}"
        )
    if t.ndim > 1 or not t.size or (a.ndim == 2 and t.shape not in ((), (len(a),))):
        raise ArgumentError(f"t must be a number or one for each row of a, got shape {t.shape}")
    return a, b, t[..., None]
