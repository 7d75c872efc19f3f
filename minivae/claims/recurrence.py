"""Recurrent networks: how gradients change on their way through time, and the loss of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from minivae.claims import Outcome, claim
from minivae.edge.checks import Array
from minivae.music.decoders import Autoregressive
from minivae.nn.categorical import Categorical
from minivae.nn.recurrent import GRU


@claim(
    "Through T steps of a gate with the constant value u, a gradient shrinks by the factor u^T",
    source="Bengio, Simard and Frasconi 1994",
)
def gradient_through_a_held_gate() -> Outcome:
    """With zero weights and the bias b of the update gate, h' = u h, u = sigmoid(b): h_T = u^T h_0.

    So dh_T / dh_0 = u^T, which is half after ln 2 / -ln u steps. The bias of the gate acts at every
    step, so dh_T / db = T u^(T-1) du/db h_0 = T (1 - u) u^T h_0, a sum of T equal terms. The exact
    values are these powers; the measured values are backprop through time, for u = .5, .9, .99.
    """
    lengths, gates, h0 = np.array([1, 2, 5, 20, 60]), np.array([0.5, 0.9, 0.99]), 1.7
    exact, measured = [], []
    for u, T in product(gates, lengths):
        layer = _gru_at_rest(1, u)
        layer.forward(np.zeros((1, T, 1)), np.full((1, 1), h0))
        layer.backward(_last_step(T, np.ones((1, 1))))
        exact.append([u**T, T * (1 - u) * u**T * h0])
        measured.append([layer.dh0[0, 0], layer.grads["b_h"][1]])

    def draw(ax: Any) -> None:
        T = np.arange(61)
        by_gate = np.split(np.array(measured)[:, 0], 3)
        for u, points, style in zip(gates, by_gate, ("-", "--", ":"), strict=True):
            ax.semilogy(T, u**T, style, label=f"u = {u:g}")
            ax.semilogy(lengths, points, "ko")
        ax.set(xlabel="steps", ylabel="gradient of the first state", ylim=(1e-6, 2))
        ax.legend(title="points: backprop through time")

    return Outcome(exact, measured, tolerance=1e-12, because="rounding", draw=draw)


@claim(
    "Gradients grow or shrink through time like powers of the Jacobian's largest eigenvalue",
    source="Pascanu, Mikolov and Bengio 2013",
)
def gradient_growth_rate() -> Outcome:
    """A long product of the same Jacobian grows at each step by its spectral radius.

    At rest, h = 0 and x = 0, every step of a GRU has the Jacobian J = u I + (1 - u) r W_hn, because
    tanh has the slope 1 there, and the slopes of the gates are multiplied by 0. T steps multiply a
    gradient by J^T. By Gelfand's formula |J^T|^(1/T) approaches the largest absolute eigenvalue, in
    every norm. J has the eigenvectors of a random matrix, which are far from orthogonal, and
    eigenvalues below, at and above 1. The exact value is the spectral radius; the measured value is
    |J^(T+1)| / |J^T| by backprop, T = 200.
    """
    radii, u, lengths = np.array([0.9, 1.0, 1.1]), 0.3, [*range(1, 60, 3), 200, 201]
    norms = [_norms_through_time(_matrix_of(radius), u, lengths) for radius in radii]
    measured = [each[-1] / each[-2] for each in norms]

    def draw(ax: Any) -> None:
        for radius, each, style in zip(radii, norms, ("-", "--", ":"), strict=True):
            ax.semilogy(lengths[:-2], each[:-2], style, label=f"largest eigenvalue {radius:g}")
        ax.set(xlabel="steps", ylabel="norm of the product of Jacobians")
        ax.legend()

    return Outcome(radii, measured, tolerance=1e-9, because="rounding of long products", draw=draw)


@claim(
    "The cross-entropy of tokens from p under q is the entropy of p plus KL(p || q)",
    source="Shannon 1948; Kullback and Leibler 1951",
)
def cross_entropy_of_tokens() -> Outcome:
    """For tokens from p, the mean of -log q is H(p) + KL(p || q), which is at least H(p).

    -sum p log q = -sum p log p + sum p log(p / q), and the last sum is at least 0. The exact values
    are SciPy's two entropies, of p and of p relative to q. The measured value is the categorical
    likelihood's log_prob of every token with the logits of q, averaged over p. In the first row q
    equals p.
    """
    from scipy.stats import entropy

    p, *others = np.random.default_rng(0).dirichlet(np.full(7, 0.8), 6)
    tokens, likelihood = np.arange(7)[:, None], Categorical(7)
    exact, measured = [], []
    for q in (p, *others):
        exact.append(entropy(p) + entropy(p, q))
        logits = np.tile(np.log(q) + 5, (7, 1))  # any constant may be added to logits
        measured.append(-p @ likelihood.log_prob(tokens, logits))
    return Outcome(exact, measured, tolerance=1e-12, because="rounding")


@claim(
    "Teacher forcing gives a distribution: the probabilities of all sequences add up to 1",
    source="the chain rule of probability",
)
def teacher_forcing_is_the_chain_rule() -> Outcome:
    """A product of p(x_t given the earlier tokens) sums to 1 over all sequences.

    Summing over the last token first leaves the same product with one step less. This holds only if
    no step sees its own token or a later one, which teacher forcing must ensure. The exact value is
    1. The measured value is the sum over all 4^5 sequences, for a flat decoder, for segments that
    start anew, and for tokens that see the token three steps before.
    """
    rows = np.array(list(product(range(4), repeat=5)))
    rng, sums = np.random.default_rng(1), []
    options: tuple[dict[str, Any], ...] = ({}, {"n_segments": 5}, {"lookback": 3})
    for kind in options:
        likelihood = Autoregressive(4, 5, 2, n_hidden=6, rng=rng, **kind)
        out = rng.standard_normal((1, likelihood.n_outputs(5)))
        log_p = likelihood.log_prob(rows, np.tile(out, (len(rows), 1)))
        sums.append(np.sum(np.exp(log_p)))
    return Outcome(np.ones(3), sums, tolerance=1e-12, because="rounding")


def _gru_at_rest(n: int, u: float) -> GRU:
    """Return a GRU with zero weights, whose update gate has the constant value `u` by its bias."""
    layer = GRU(n, n)
    for value in layer.params.values():
        value[...] = 0
    layer.params["b_h"][n : 2 * n] = np.log(u / (1 - u))
    return layer


def _last_step(T: int, dy: Array) -> Array:
    """Return gradients with respect to all states, which are zero except at the last state."""
    whole = np.zeros((len(dy), T, dy.shape[1]))
    whole[:, -1] = dy
    return whole


def _matrix_of(radius: float) -> Array:
    """Return a matrix with the eigenvalues radius, .8 radius, ... and slanted eigenvectors."""
    V = np.random.default_rng(2).standard_normal((5, 5))
    return V @ np.diag(radius * np.array([1, 0.8, -0.7, 0.5, 0.1])) @ np.linalg.inv(V)


def _norms_through_time(J: Array, u: float, lengths: Sequence[int]) -> Array:
    """Return the norm of each power of the Jacobian, by backprop through a GRU at rest."""
    n, r = len(J), 0.5  # the reset gate of bias 0
    layer = _gru_at_rest(n, u)
    # h is a row: h' = h (u I + (1 - u) r W_hn), so the matrix in it is J transposed
    layer.params["W_h"][:, 2 * n :] = (J.T - u * np.eye(n)) / ((1 - u) * r)
    norms = []
    for steps in lengths:
        layer.forward(np.zeros((n, steps, n)))
        layer.backward(_last_step(steps, np.eye(n)))
        norms.append(np.linalg.norm(layer.dh0, 2))
    return np.array(norms)
