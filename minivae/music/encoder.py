"""From tokens to the parameters of q(z | x): a recurrent network that reads both ways."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from minivae.edge.checks import ArgumentError, Array, check_integer, check_rng
from minivae.nn.bidirectional import BidirectionalGRU
from minivae.nn.categorical import as_tokens, one_hot
from minivae.nn.layers import Dense
from minivae.nn.networks import Composite


class MelodyEncoder(Composite):
    """One-hot tokens, a `BidirectionalGRU` over them, and an affine map of its last states.

    To the output a linear map of all the one-hot tokens is added: what the state would have to hold
    until the last step, this hands over at once.

    Parameters
    ----------
    n_tokens, n_steps, n_out : int
        Size of the vocabulary, steps of a row, width of the output.
    stride : int
        Tokens that are read at once, 4 for a beat of sixteenths; it divides `n_steps`.
    n_hidden : int
        Of each direction.
    dtype : dtype
    rng : int or numpy.random.Generator, optional
    """

    def __init__(
        self,
        n_tokens: int,
        n_steps: int,
        n_out: int,
        *,
        stride: int = 1,
        n_hidden: int = 128,
        dtype: DTypeLike = np.float64,
        rng: int | np.random.Generator | None = None,
    ) -> None:
        rng = check_rng(rng)
        self.n_tokens, self.n_steps = n_tokens, n_steps
        self.stride = check_integer("stride", stride, 1, n_steps, of="n_steps=")
        if n_steps % stride:
            raise ArgumentError(f"stride must divide n_steps={n_steps}, got {stride}")
        self.gru = BidirectionalGRU(stride * n_tokens, n_hidden, dtype=dtype, rng=rng)
        self.readout = Dense(2 * n_hidden, n_out, dtype=dtype, rng=rng)
        self.skip = Dense(n_steps * n_tokens, n_out, bias=False, dtype=dtype, rng=rng)

    @property
    def parts(self) -> dict[str, Any]:
        """The recurrent layers, their readout, and the way past them."""
        return {"gru": self.gru, "readout": self.readout, "skip": self.skip}

    def forward(self, x: Array) -> Array:
        """Return the readout of the last states, (batch, n_out), for tokens (batch, n_steps)."""
        words = one_hot(as_tokens(x), self.n_tokens, self.readout.params["W"].dtype)
        read = words.reshape(len(x), -1, self.stride * self.n_tokens)
        past = self.skip.forward(words.reshape(len(x), -1))
        return self.readout.forward(self.gru.forward(read)) + past

    def backward_params(self, dy: Array) -> None:
        """Fill `grads`; tokens are integers and have no gradient."""
        self.gru.backward_params(self.readout.backward(dy))
        self.skip.backward_params(dy)

    def backward(self, dy: Array) -> Array:
        """Refuse: tokens are integers, and the output has no gradient with respect to them."""
        raise NotImplementedError("tokens have no gradient; use backward_params")
