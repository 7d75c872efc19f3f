"""Tutorial 15: one step of a GRU, its gradients, and what a decoder sees of the past."""

from __future__ import annotations

import numpy as np

from minivae.course.exercises import Exercises, GradientCheck, ValueCheck
from minivae.edge.checks import Array
from minivae.nn.elementwise import sigmoid
from minivae.nn.recurrent import GRU

N_IN, N = 4, 3
rng = np.random.default_rng(15)
x, h = rng.normal(size=(5, N_IN)), rng.normal(size=(5, N))
W_x, W_h = rng.normal(size=(N_IN, 3 * N)), rng.normal(size=(N, 3 * N))
b_x, b_h = rng.normal(size=(2, 3 * N))
INPUTS = (x, h, W_x, W_h, b_x, b_h)
TOKENS = rng.integers(6, size=(3, 7))


def layer_with(W_x: Array, W_h: Array, b_x: Array, b_h: Array) -> GRU:
    """Return the library's layer with given weights."""
    layer = GRU(len(W_x), len(W_h))
    for name, value in {"W_x": W_x, "W_h": W_h, "b_x": b_x, "b_h": b_h}.items():
        layer.params[name][...] = value
    return layer


def by_layer(x: Array, h: Array, W_x: Array, W_h: Array, b_x: Array, b_h: Array) -> Array:
    """Return the library's state after one step."""
    return layer_with(W_x, W_h, b_x, b_h).forward(x[:, None], h)[:, 0]


def parts(
    x: Array, h: Array, W_x: Array, W_h: Array, b_x: Array, b_h: Array
) -> tuple[Array, Array, Array, Array]:
    """Return r, u, the proposal, and what the reset gate multiplies."""
    from_x, from_h = np.split(x @ W_x + b_x, 3, axis=1), np.split(h @ W_h + b_h, 3, axis=1)
    r, u = sigmoid(from_x[0] + from_h[0]), sigmoid(from_x[1] + from_h[1])
    return r, u, np.tanh(from_x[2] + r * from_h[2]), from_h[2]


def blend_turned(*given: Array) -> Array:
    """Return the step with u for the new state and 1 - u for the old one."""
    _, u, n, _ = parts(*given)
    return u * n + (1 - u) * given[1]


def gates_exchanged(*given: Array) -> Array:
    """Return the step that takes r's columns for u, and u's for r."""
    return by_layer(*given[:2], *(np.roll(w, -N, axis=-1)[..., ORDER] for w in given[2:]))


ORDER = np.r_[0:N, 2 * N : 3 * N, N : 2 * N]  # (u, n, r) -> (u, r, n)


def reset_in_front(*given: Array) -> Array:
    """Return the step whose reset gate multiplies h before the product."""
    x, h, W_x, W_h, b_x, b_h = given
    r, u, _, _ = parts(*given)
    a = x @ W_x[:, 2 * N :] + b_x[2 * N :] + (r * h) @ W_h[:, 2 * N :] + b_h[2 * N :]
    return (1 - u) * np.tanh(a) + u * h


def bias_outside(*given: Array) -> Array:
    """Return the step whose reset gate does not multiply b_hn."""
    x, h, W_x, _, b_x, b_h = given
    r, u, _, past = parts(*given)
    a = x @ W_x[:, 2 * N :] + b_x[2 * N :] + r * (past - b_h[2 * N :]) + b_h[2 * N :]
    return (1 - u) * np.tanh(a) + u * h


def no_reset(*given: Array) -> Array:
    """Return the step without the reset gate."""
    x, h, W_x, _, b_x, _ = given
    _, u, _, past = parts(*given)
    return (1 - u) * np.tanh(x @ W_x[:, 2 * N :] + b_x[2 * N :] + past) + u * h


def backward(
    *given: Array, blend: bool = True, reset: bool = True, into_r: str = "past", slope: bool = True
) -> tuple[Array, Array]:
    """Return dx and dh, with one of the lines wrong if so asked."""
    *forward, dy = given
    _, h, W_x, W_h, _, _ = forward
    r, u, n, past = parts(*forward)
    da_n = dy * (1 - u) * (1 - n * n if slope else 1)
    dr = da_n * (past if into_r == "past" else h)
    da = [dr * r * (1 - r), dy * (h - n) * u * (1 - u), da_n]
    dg = [*da[:2], da_n * r if reset else da_n]
    dh = np.concatenate(dg, axis=1) @ W_h.T
    return np.concatenate(da, axis=1) @ W_x.T, dh + dy * u if blend else dh


def shifted(tokens: Array, n_tokens: int, lag: int) -> Array:
    """Return the one-hot rows of the tokens `lag` steps before: the diagonal of a shift matrix."""
    words = (np.arange(n_tokens) == tokens[:, :, None]).astype(float)
    return np.einsum("ts,nsv->ntv", np.eye(tokens.shape[1], k=-lag), words)


def wrapped(tokens: Array, n_tokens: int, lag: int) -> Array:
    """Return rows that come round from the end."""
    return np.eye(n_tokens)[np.roll(tokens, lag, axis=1)]


def started_with_zero(tokens: Array, n_tokens: int, lag: int) -> Array:
    """Return the rows with token 0 where there is none yet."""
    rows = shifted(tokens, n_tokens, lag)
    rows[:, :lag, 0] = 1
    return rows


EXERCISES: Exercises = {
    "gru_step": [
        ValueCheck(
            by_layer,
            INPUTS,
            returns="h'",
            mistakes={
                "u keeps the old state: h' = (1 - u) n + u h, and not the other way": blend_turned,
                "the columns are those of r, then u, then n: r and u are exchanged": (
                    gates_exchanged
                ),
                "r multiplies the product h W_hn + b_hn, and not h before it": reset_in_front,
                "b_hn stands inside the brackets that r multiplies": bias_outside,
                "the reset gate is missing in the proposal": no_reset,
            },
            hint="n = tanh(x W_xn + b_xn + r (h W_hn + b_hn)), h' = (1 - u) n + u h",
        ),
    ],
    "gru_step_backward": [
        GradientCheck(
            by_layer,
            INPUTS,
            wrt=("x", "h"),
            mistakes={
                "what h W_hn receives is r da_n: the factor r is missing": (
                    lambda *given: backward(*given, reset=False)
                ),
                "h is used in the blend, too: u dy is missing in dh": (
                    lambda *given: backward(*given, blend=False)
                ),
                "dr is da_n (h W_hn + b_hn): what r multiplies, and not h itself": (
                    lambda *given: backward(*given, into_r="h")
                ),
                "the slope of tanh is missing: da_n = dn (1 - n^2)": (
                    lambda *given: backward(*given, slope=False)
                ),
            },
            hint="da = [da_r, da_u, da_n] goes to x, dg = [da_r, da_u, r da_n] goes to h",
        ),
    ],
    "teacher_forcing": [
        ValueCheck(
            shifted,
            (TOKENS, 6, lag),
            returns="the past",
            mistakes={
                "each step sees its own token: there is nothing left to predict": (
                    lambda tokens, n, lag: shifted(tokens, n, 0)
                ),
                "each step sees a later token: the past is to the left": (
                    lambda tokens, n, lag: shifted(tokens, n, -lag)
                ),
                "the first steps see the end of the row: np.roll comes round": wrapped,
                "where there is no token yet the row is zeros, and not token 0": started_with_zero,
                "the lag is not 1 here: the token of step t - lag": (
                    lambda tokens, n, lag: shifted(tokens, n, 1)
                ),
            },
            hint="words[:, :-lag] goes to the steps from lag on",
        )
        for lag in (1, 3)
    ],
}
