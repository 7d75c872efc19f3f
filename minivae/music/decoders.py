"""From a code to tokens: a conductor over segments, and a likelihood with a past."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from minivae.edge.checks import ArgumentError, Array, check_integer, check_real, check_rng
from minivae.nn.activations import Tanh
from minivae.nn.categorical import as_tokens, chosen, draw_tokens, log_softmax, one_hot
from minivae.nn.layers import Dense, Layer
from minivae.nn.likelihoods import Likelihood
from minivae.nn.networks import Composite
from minivae.nn.recurrent import GRU


class Identity(Layer):
    """The code itself, as the one context of a flat decoder."""

    def forward(self, x: Array) -> Array:
        """Return `x`."""
        self._cache = x
        return x

    def backward(self, dy: Array) -> Array:
        """Return `dy`."""
        self._recall(dy)
        return dy


class Conductor(Composite):
    """One context for each segment: a `GRU` that sees the code at every step, and starts from it.

    To each context an affine map of the code is added, with weights of its own for each segment.
    The `GRU` alone uses one set of weights at every step: to give each segment its own part of the
    code, it would have to learn to count first.

    Parameters
    ----------
    n_latent, n_segments, n_context : int
        Widths of the code, number of segments, and width of each segment's context.
    dtype : dtype
    rng : int or numpy.random.Generator, optional

    References
    ----------
    Roberts et al.: A hierarchical latent vector model for learning long-term structure in music,
    ICML 2018, arXiv 1803.05428.
    """

    def __init__(
        self,
        n_latent: int,
        n_segments: int,
        n_context: int,
        *,
        dtype: DTypeLike = np.float64,
        rng: int | np.random.Generator | None = None,
    ) -> None:
        rng = check_rng(rng)
        self.n_segments = check_integer("n_segments", n_segments, 1)
        self.start = Dense(n_latent, n_context, dtype=dtype, rng=rng)
        self.bend = Tanh()
        self.gru = GRU(n_latent, n_context, dtype=dtype, rng=rng)
        self.skip = Dense(n_latent, n_segments * n_context, dtype=dtype, rng=rng)

    @property
    def parts(self) -> dict[str, Any]:
        """The first state's layer, the recurrent one, and the way past it."""
        return {"start": self.start, "gru": self.gru, "skip": self.skip}

    def forward(self, z: Array) -> Array:
        """Return the contexts, side by side: (batch, n_segments * n_context)."""
        h0 = self.bend.forward(self.start.forward(z))
        again = np.repeat(z[:, None], self.n_segments, axis=1)
        return self.gru.forward(again, h0).reshape(len(z), -1) + self.skip.forward(z)

    def backward(self, dy: Array) -> Array:
        """Return the gradient with respect to the code, which every step has used."""
        dc = dy.reshape(len(dy), self.n_segments, self.gru.n_hidden)
        dz = self.gru.backward(dc).sum(axis=1)
        dz += self.start.backward(self.bend.backward(self.gru.dh0))
        return dz + self.skip.backward(dy)


class Autoregressive(Likelihood):
    """``log p(x | out) = sum_t log p(x_t | x_before_t, out)``, by a `GRU` that hears what came.

    `out` is a context for each segment. At each step the network sees the token before (a row of
    zeros at the start), the token `lookback` steps before (zeros while there is none), the context
    of its segment, and its own state. In training the tokens before are the true ones (teacher
    forcing): that is the chain rule of probability, and no approximation.

    Parameters
    ----------
    n_tokens, n_steps, n_context : int
        Size of the vocabulary, steps of a row, width of a context.
    n_segments : int
        Divides `n_steps`.
    restart : bool
        Whether each segment starts from a state that its context alone sets. Otherwise the state
        runs on, and only the first one is set.
    lookback : int
        0: it is not looked back.
    n_hidden : int
    dtype : dtype
    rng : int or numpy.random.Generator, optional

    References
    ----------
    Waite: Generating long-term structure in songs and stories, Magenta 2016, for `lookback`.
    """

    name = "autoregressive"

    def __init__(
        self,
        n_tokens: int,
        n_steps: int,
        n_context: int,
        *,
        n_segments: int = 1,
        restart: bool = True,
        lookback: int = 0,
        n_hidden: int = 128,
        dtype: DTypeLike = np.float64,
        rng: int | np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        rng = check_rng(rng)
        self.n_tokens = check_integer("n_tokens", n_tokens, 2)
        self.n_steps = check_integer("n_steps", n_steps, 1)
        self.n_context = check_integer("n_context", n_context, 1)
        self.n_segments = check_integer("n_segments", n_segments, 1, n_steps, of="n_steps=")
        self.lookback = check_integer("lookback", lookback, 0, n_steps - 1)
        if n_steps % n_segments:
            raise ArgumentError(f"n_segments must divide n_steps={n_steps}, got {n_segments}")
        self.restart = restart
        self.interval = (0.0, n_tokens - 1.0)
        self._pass: tuple[Array, Array, Array, Array] | None = None
        self.lags = [lag for lag in (1, lookback) if lag]
        n_in = len(self.lags) * n_tokens + n_context
        self.start = Dense(n_context, n_hidden, dtype=dtype, rng=rng)
        self.bend = Tanh()
        self.gru = GRU(n_in, n_hidden, dtype=dtype, rng=rng)
        self.readout = Dense(n_hidden, n_tokens, dtype=dtype, rng=rng)
        for name in ("start", "gru", "readout"):
            part = getattr(self, name)
            self.params |= {f"{name}.{key}": value for key, value in part.params.items()}
            self.grads |= {f"{name}.{key}": value for key, value in part.grads.items()}

    def n_outputs(self, n_features: int) -> int:
        """Return the width of `out`: a context for each segment."""
        if n_features != self.n_steps:
            raise ArgumentError(f"n_features must be n_steps={self.n_steps}, got {n_features}")
        return self.n_segments * self.n_context

    @property
    def config(self) -> dict[str, Any]:
        """The arguments that make this likelihood again, but for its weights."""
        return {
            "name": self.name,
            "n_tokens": self.n_tokens,
            "n_steps": self.n_steps,
            "n_context": self.n_context,
            "n_segments": self.n_segments,
            "restart": self.restart,
            "lookback": self.lookback,
            "n_hidden": self.gru.n_hidden,
        }

    def log_prob(self, x: Array, out: Array) -> Array:
        """Return ``log p(x | out)``, shape (batch,), in nats."""
        return self.log_prob_by_step(x, out).sum(axis=1)

    def log_prob_by_step(self, x: Array, out: Array) -> Array:
        """Return ``log p(x_t | x_before_t, out)``, shape (batch, n_steps): the terms of the sum."""
        tokens = as_tokens(x)
        log_p = log_softmax(self._logits(tokens, out))  # (n, T, V)
        self._pass = x, out, tokens, log_p
        return chosen(log_p, tokens)

    def log_prob_backward(self, x: Array, out: Array, dlog_prob: Array) -> Array:
        """Return ``dout``, and fill the gradients of the network.

        ``d log p(x_t) / d logits = one_hot(x_t) - softmax(logits)`` at each step; below it, the
        readout and the `GRU` as they stand. Every step has used its segment's context, and the
        segment's first state too, so the context's gradient is the sum over both. The tokens are
        data, and get none. Right after `log_prob` of the same arrays, its pass is not run again.
        """
        if self._pass is None or self._pass[0] is not x or self._pass[1] is not out:
            self.log_prob(x, out)
        assert self._pass is not None
        _, _, tokens, log_p = self._pass
        dlogits = one_hot(tokens, self.n_tokens, out.dtype) - np.exp(log_p)
        dlogits *= dlog_prob[:, None, None]
        n_rows, n_steps = self._shape(len(out))
        dh = self.readout.backward(dlogits.reshape(-1, self.n_tokens))
        dx = self.gru.backward(dh.reshape(n_rows, n_steps, -1))
        dh0 = self.start.backward(self.bend.backward(self.gru.dh0))
        dcontext = dx[:, :, -self.n_context :]
        segments = dcontext.reshape(len(out), self.n_segments, -1, self.n_context).sum(axis=2)
        first = segments if self.restart else segments[:, 0]
        first += dh0.reshape(first.shape)
        return segments.reshape(out.shape)

    def _shape(self, n: int) -> tuple[int, int]:
        """Return rows and steps of what the network reads: with `restart`, segments are rows."""
        s = self.n_segments if self.restart else 1
        return n * s, self.n_steps // s

    def _logits(self, tokens: Array, out: Array) -> Array:
        """Return the logits of every token given those before it, (batch, n_steps, n_tokens)."""
        n = len(out)
        words = one_hot(tokens, self.n_tokens, out.dtype)  # (n, T, V)
        x = np.zeros((n, self.n_steps, self.gru.n_in), out.dtype)
        for i, lag in enumerate(self.lags):
            x[:, lag:, i * self.n_tokens : (i + 1) * self.n_tokens] = words[:, :-lag]
        contexts = out.reshape(n, self.n_segments, self.n_context)
        x[:, :, -self.n_context :] = np.repeat(contexts, self.n_steps // self.n_segments, axis=1)
        n_rows, n_steps = self._shape(n)
        h0 = self._first_states(contexts if self.restart else contexts[:, :1])
        h = self.gru.forward(x.reshape(n_rows, n_steps, -1), h0)
        logits = self.readout.forward(h.reshape(n_rows * n_steps, -1))
        return logits.reshape(n, self.n_steps, self.n_tokens)

    def _first_states(self, contexts: Array) -> Array:
        return self.bend.forward(self.start.forward(contexts.reshape(-1, self.n_context)))

    def mean(self, out: Array) -> Array:
        """Refuse: the mean of tokens is no token."""
        raise ArgumentError("tokens have no mean; use mode(out), or sample(out, rng)")

    def mode(self, out: Array) -> Array:
        """Return the likeliest token at each step, given those chosen before it."""
        return self._generate(out, lambda logits: np.argmax(logits, axis=1))

    def sample(
        self,
        out: Array,
        rng: int | np.random.Generator | None = None,
        *,
        temperature: float = 1.0,
        given: Array | None = None,
    ) -> Array:
        """Return a draw of ``x | out``, one token after the other, shape (batch, n_steps).

        Parameters
        ----------
        out : array, shape (batch, n_segments * n_context)
        rng : int or numpy.random.Generator, optional
        temperature : float
            Above 0; what logits are divided by. Below 1 likely tokens become likelier.
        given : array, shape (batch, n_given), optional
            The first tokens, where they are known; the rest is drawn given them.
        """
        check_real("temperature", temperature, 0)
        rng = check_rng(rng)
        return self._generate(out, lambda logits: draw_tokens(logits, rng, temperature), given)

    def _generate(self, out: Array, choose: Any, given: Array | None = None) -> Array:
        """Return tokens, chosen one step after the other; the first ones may be given."""
        n, width = len(out), self.n_steps // self.n_segments
        contexts = out.reshape(n, self.n_segments, self.n_context)
        tokens = np.zeros((n, self.n_steps), np.intp)
        n_given = 0 if given is None else given.shape[1]
        if given is not None:
            tokens[:, :n_given] = as_tokens(given)
        for t in range(self.n_steps):
            context = contexts[:, t // width]
            if t == 0 or (self.restart and t % width == 0):
                h = self._first_states(context)
            x = [
                one_hot(tokens[:, t - lag], self.n_tokens, out.dtype)
                if t >= lag
                else np.zeros((n, self.n_tokens), out.dtype)
                for lag in self.lags
            ]
            h = self.gru.forward(np.concatenate([*x, context], axis=1)[:, None], h)[:, 0]
            if t >= n_given:
                tokens[:, t] = choose(self.readout.forward(h))
        return tokens.astype(out.dtype)
