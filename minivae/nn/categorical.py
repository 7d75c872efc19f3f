"""A likelihood of tokens: at each place one of a vocabulary."""

from __future__ import annotations

from typing import Any

import numpy as np

from minivae.edge.checks import (
    ArgumentError,
    Array,
    as_floats,
    check_integer,
    check_real,
    check_rng,
)
from minivae.nn.likelihoods import LIKELIHOODS, Likelihood


class Categorical(Likelihood):
    """Tokens that are independent given `out`, which holds a logit for each token of each place.

    The data are integers from 0 to ``n_tokens - 1``, whatever their dtype, one column a place.

    Parameters
    ----------
    n_tokens : int
        Size of the vocabulary, at least 2.
    """

    name = "categorical"

    def __init__(self, n_tokens: int) -> None:
        super().__init__()
        self.n_tokens = check_integer("n_tokens", n_tokens, 2)
        self.interval = (0.0, n_tokens - 1.0)

    def n_outputs(self, n_features: int) -> int:
        """Return the width of `out`: `n_tokens` logits for each place."""
        return check_integer("n_features", n_features, 1) * self.n_tokens

    @property
    def config(self) -> dict[str, Any]:
        """What `likelihood_from` needs to make this likelihood again."""
        return {"name": self.name, "n_tokens": self.n_tokens}

    def log_prob(self, x: Array, out: Array) -> Array:
        """Return ``log p(x | out)``, shape (batch,), in nats."""
        log_p = log_softmax(self._by_place(out))  # (n, places, n_tokens)
        return chosen(log_p, self._tokens(x, log_p)).sum(axis=1)

    def log_prob_backward(self, x: Array, out: Array, dlog_prob: Array) -> Array:
        """Return ``dout``; ``d log p / d logits = one_hot(x) - softmax(logits)``."""
        p = softmax(self._by_place(out))  # (n, places, n_tokens)
        dlog_prob = as_floats("dlog_prob", dlog_prob, p.shape[:1])
        dlogits = one_hot(self._tokens(x, p), self.n_tokens, p.dtype) - p
        return (dlogits * dlog_prob[:, None, None]).reshape(len(p), -1)

    def mean(self, out: Array) -> Array:
        """Refuse: the mean of tokens is no token."""
        raise ArgumentError("tokens have no mean; use mode(out), or sample(out, rng)")

    def mode(self, out: Array) -> Array:
        """Return the likeliest tokens, shape (batch, n_features)."""
        return np.argmax(self._by_place(out), axis=2).astype(np.asarray(out).dtype)

    def sample(
        self,
        out: Array,
        rng: int | np.random.Generator | None = None,
        *,
        temperature: float = 1.0,
    ) -> Array:
        """Return a draw of ``x | out``, shape (batch, n_features); logits over `temperature`."""
        check_real("temperature", temperature, 0)
        return draw_tokens(self._by_place(out), rng, temperature).astype(np.asarray(out).dtype)

    def _by_place(self, out: Array) -> Array:
        out = as_floats("out", out, ("batch", "n_outputs"))
        if out.shape[1] % self.n_tokens:
            raise ArgumentError(
                f"out must have a multiple of n_tokens={self.n_tokens} columns, got {out.shape[1]}"
            )
        return out.reshape(len(out), -1, self.n_tokens)

    def _tokens(self, x: Array, log_p: Array) -> Array:
        """Return `x` as integers, one for each place of `log_p`."""
        tokens = as_tokens(as_floats("x", x, log_p.shape[:2]))
        if tokens.min() < 0 or tokens.max() >= self.n_tokens:
            raise ArgumentError(
                f"x must hold tokens from 0 to n_tokens-1={self.n_tokens - 1}, "
                f"got {tokens.min()} to {tokens.max()}"
            )
        return tokens


def log_softmax(logits: Array) -> Array:
    """Return ``logits - log sum exp(logits)`` along the last axis, without overflow."""
    shifted = logits - np.max(logits.real, axis=-1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))


def softmax(logits: Array) -> Array:
    """Return ``exp(logits) / sum exp(logits)`` along the last axis, without overflow."""
    e = np.exp(logits - np.max(logits.real, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def chosen(log_p: Array, tokens: Array) -> Array:
    """Return the entry of each token in the last axis of `log_p`: one axis less."""
    return np.take_along_axis(log_p, tokens[..., None], axis=-1)[..., 0]


def one_hot(tokens: Array, n_tokens: int, dtype: Any) -> Array:
    """Return a row of zeros with a one at the token, for each token: one axis more."""
    return np.eye(n_tokens, dtype=dtype)[tokens]


def draw_tokens(
    logits: Array, rng: int | np.random.Generator | None = None, temperature: float = 1.0
) -> Array:
    """Return a token for each row of logits, drawn with ``p ~ exp(logits / temperature)``.

    Adding Gumbel noise and taking the largest is such a draw (Gumbel 1954).
    """
    noise = check_rng(rng).gumbel(size=logits.shape)
    return np.argmax(logits / temperature + noise, axis=-1)


def as_tokens(x: Array) -> Array:
    """Return tokens that came as floats, or as complex numbers, as integers."""
    tokens = np.asarray(x).real
    if not np.array_equal(tokens, np.floor(tokens)):
        bad = tokens[tokens != np.floor(tokens)].flat[0]
        raise ArgumentError(f"the tokens in x must be integers, got {bad}")
    return tokens.astype(np.intp)


LIKELIHOODS[Categorical.name] = Categorical
