"""What musicians do with a code: go from loop to loop, turn an attribute up, complete a bar."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minivae.datasets.loop_source import BAR, FIRST_NOTE, LOWEST_PITCH, STEPS, Integers
from minivae.diagnostics.interpolation import lerp, slerp
from minivae.edge.checks import ArgumentError, Array, check_integer, check_rng
from minivae.music.model import MelodyVAE
from minivae.nn.gaussian import log_density

PATHS = {"straight": lerp, "spherical": slerp}


def interpolate(
    model: MelodyVAE, first: ArrayLike, second: ArrayLike, k: int, *, path: str = "straight"
) -> Integers:
    """Return `k` loops from one to the other, (k, 32), decoded along a path between their codes.

    Parameters
    ----------
    model : MelodyVAE
    first, second : array_like of int, shape (32,)
    k : int
        At least 2: both ends are among them, as the model reconstructs them.
    path : {"straight", "spherical"}
    """
    check_integer("k", k, 2)
    if path not in PATHS:
        raise ArgumentError(f"path must be one of {', '.join(PATHS)}, got {path!r}")
    a, b = model.transform(np.stack([first, second]))
    return model.decode(np.stack([PATHS[path](a, b, t) for t in np.linspace(0, 1, k)]))


def density(tokens: ArrayLike) -> Array:
    """Return how many notes each loop has, (n,)."""
    return np.sum(np.asarray(tokens) >= FIRST_NOTE, axis=1)


def register(tokens: ArrayLike) -> Array:
    """Return the mean MIDI pitch of each loop's notes, (n,); NaN where it has none."""
    tokens = np.asarray(tokens, float)
    pitches = np.where(tokens >= FIRST_NOTE, tokens - FIRST_NOTE + LOWEST_PITCH, 0)
    n_notes = density(tokens)
    return np.where(n_notes > 0, pitches.sum(axis=1) / np.maximum(n_notes, 1), np.nan)


def attribute_vector(model: MelodyVAE, X: ArrayLike, values: ArrayLike) -> Array:
    """Return the direction of an attribute in the code, (n_latent,).

    It leads from the mean code of the quarter of loops with the smallest values to that of the
    quarter with the largest.

    References
    ----------
    Roberts et al.: A hierarchical latent vector model, ICML 2018, section 5.3.
    """
    codes, values = model.transform(X), np.asarray(values)
    low, high = np.quantile(values, [0.25, 0.75])
    return codes[values >= high].mean(axis=0) - codes[values <= low].mean(axis=0)


def complete(
    model: MelodyVAE,
    bar: ArrayLike,
    n: int,
    *,
    n_codes: int = 256,
    temperature: float = 0.5,
    rng: int | np.random.Generator | None = None,
) -> Integers:
    """Return `n` loops, (n, 32), that begin with a given bar.

    The second bar is drawn from ``p(second | first) = E[p(second | first, z)]``, where z has the
    posterior p(z given the first bar). It is reached by importance resampling: codes are drawn
    from q, the encoder's distribution for the bar played twice, widened, and from the prior, half
    each; `n` of them are kept in proportion to ``p(first | z) p(z) / q(z)``, q being that mixture.

    Parameters
    ----------
    model : MelodyVAE
    bar : array_like of int, shape (16,)
    n : int
    n_codes : int
        How many codes are weighed.
    temperature : float
        Above 0; see `MelodyVAE.draw`.
    rng : int or numpy.random.Generator, optional
    """
    bar = np.asarray(bar)
    if bar.shape != (BAR,):
        raise ArgumentError(f"bar must have shape ({BAR},), got {bar.shape}")
    check_integer("n", n, 1)
    check_integer("n_codes", n_codes, 2)
    rng = check_rng(rng)
    twice = np.tile(bar, STEPS // BAR)[None]
    z, log_ratio = _proposals(model, twice, n_codes, rng)
    contexts = model.decoder.forward(z.astype(model.dtype))
    steps = model.likelihood.log_prob_by_step(np.repeat(twice, n_codes, axis=0), contexts)
    # log weight = log p(first | z) + log p(z) - log q(z); Gumbel noise and argmax draw by it
    log_weight = steps[:, :BAR].sum(axis=1) + log_ratio
    kept = np.argmax(log_weight + rng.gumbel(size=(n, n_codes)), axis=1)
    given = np.tile(bar, (n, 1))
    return model.draw(z[kept], rng, temperature=temperature, given=given)


def _proposals(
    model: MelodyVAE, x: Integers, n: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return codes, half from the prior and half around q(z | x), with log p(z) - log q(z)."""
    mu, log_var = (np.asarray(each, float) for each in model.encode(x))
    log_var = np.maximum(log_var, np.log(0.25))
    from_q = rng.random(n) < 0.5
    eps = rng.standard_normal((n, model.n_latent))
    z = np.where(from_q[:, None], mu + np.exp(0.5 * log_var) * eps, eps)
    zero = np.zeros_like(z)
    log_prior = log_density(z, zero, zero)
    log_q = log_density(z, zero + mu, zero + log_var)
    mixture = np.logaddexp(log_prior, log_q) - np.log(2)
    return z, log_prior - mixture


def blend(first: ArrayLike, second: ArrayLike, t: float, way: str, rng: Any = None) -> Integers:
    """Return a loop between two without any model, (32,): what interpolation is compared with.

    Parameters
    ----------
    first, second : array_like of int, shape (32,)
    t : float
        Between 0 and 1.
    way : {"coin", "switch", "pitch"}
        Each token from the second with chance t; the second's up to step 32 t, then the first's;
        or the first's, with the rounded mean pitch where both start a note, and the second's from
        t = 1/2 on elsewhere.
    rng : int or numpy.random.Generator, optional
        Throws the coins.
    """
    a, b = np.asarray(first), np.asarray(second)
    if way == "coin":
        return np.where(check_rng(rng).random(a.shape) < t, b, a)
    if way == "switch":
        return np.where(np.arange(len(a)) < round(len(a) * t), b, a)
    if way == "pitch":
        both = (a >= FIRST_NOTE) & (b >= FIRST_NOTE)
        mean = np.round((1 - t) * a + t * b).astype(np.int64)
        return np.where(both, mean, b if t >= 0.5 else a)
    raise ArgumentError(f"way must be 'coin', 'switch' or 'pitch', got {way!r}")
