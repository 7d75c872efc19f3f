"""A VAE of melodies: a recurrent encoder, a conductor, and tokens that hear those before them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from minivae.edge.checks import (
    ArgumentError,
    Array,
    as_integers,
    as_matrix,
    check_flag,
    check_integer,
    check_rng,
)
from minivae.models.vae import VAE
from minivae.music.decoders import Autoregressive, Conductor, Identity
from minivae.music.encoder import MelodyEncoder

Integers = NDArray[np.int64]


class MelodyVAE(VAE):
    """``q(z | x)`` by a network that reads both ways, ``p(x | z)`` by one that writes step by step.

    The data are rows of 32 tokens, as `datasets.loops` makes them: integers, in any dtype.

    Parameters
    ----------
    n_latent : int
    n_tokens, n_steps : int
        Size of the vocabulary and steps of a row; by default those of `datasets.loops`.
    n_hidden : int
        Width of the state that writes, and of each one that reads.
    n_segments : int
        Above 1 the decoder is hierarchical: a conductor turns z into a context for each segment,
        by default a beat. With 1 it is flat: z is the one context.
    n_context : int
        Width of the conductor's contexts.
    restart : bool
        Whether each segment starts from its context alone, as in the paper; otherwise the state
        runs on.
    lookback : int
        Steps before which lies a token that the decoder sees again; 16 is a bar, 0 is none.
    stride : int
        Tokens that the encoder reads at once; 4 is a beat.
    beta, free_nats
        See `VAE`.
    dtype : dtype
    rng : int or numpy.random.Generator, optional

    References
    ----------
    Roberts et al.: A hierarchical latent vector model for learning long-term structure in music,
    ICML 2018, arXiv 1803.05428.
    """

    encoder: MelodyEncoder
    likelihood: Autoregressive

    def __init__(
        self,
        n_latent: int,
        *,
        n_tokens: int = 39,
        n_steps: int = 32,
        n_hidden: int = 128,
        n_segments: int = 8,
        n_context: int = 64,
        restart: bool = False,
        lookback: int = 16,
        stride: int = 4,
        beta: float = 1.0,
        free_nats: float | Sequence[float] = 0.0,
        dtype: DTypeLike = np.float64,
        rng: int | np.random.Generator | None = None,
    ) -> None:
        rng = check_rng(rng)
        check_integer("n_latent", n_latent, 1)
        check_integer("n_tokens", n_tokens, 2), check_integer("n_steps", n_steps, 1)
        check_integer("n_segments", n_segments, 1), check_integer("n_context", n_context, 1)
        check_flag("restart", restart)
        options: dict[str, Any] = {"dtype": dtype, "rng": rng}
        width = n_context if n_segments > 1 else n_latent
        encoder = MelodyEncoder(
            n_tokens, n_steps, 2 * n_latent, stride=stride, n_hidden=n_hidden, **options
        )
        flat = n_segments == 1
        decoder = Identity() if flat else Conductor(n_latent, n_segments, width, **options)
        likelihood = Autoregressive(
            n_tokens,
            n_steps,
            width,
            n_segments=n_segments,
            restart=restart,
            lookback=lookback,
            n_hidden=n_hidden,
            **options,
        )
        super().__init__(
            n_steps,
            n_latent,
            likelihood=likelihood,
            encoder=encoder,
            decoder=decoder,
            beta=beta,
            free_nats=free_nats,
            dtype=dtype,
        )
        self.config = {
            "n_latent": self.n_latent,
            "n_tokens": n_tokens,
            "n_steps": n_steps,
            "n_hidden": n_hidden,
            "n_segments": n_segments,
            "n_context": n_context,
            "restart": bool(restart),
            "lookback": lookback,
            "stride": stride,
            "beta": self.config["beta"],
            "free_nats": self.config["free_nats"],
            "dtype": np.dtype(dtype).name,
        }

    def decode(self, z: ArrayLike, *, y: ArrayLike | None = None) -> Integers:
        """Return a loop for each code, (batch, 32): the likeliest token at each step.

        Parameters
        ----------
        z : array_like, shape (batch, n_latent)
        y : None
            There are no classes.
        """
        self.check_labels(
            y, len(as_matrix(z, self.n_latent, self.dtype, name="z", columns="n_latent"))
        )
        return self.likelihood.mode(self._contexts(z)).astype(np.int64)

    def draw(
        self,
        z: ArrayLike,
        rng: int | np.random.Generator | None = None,
        *,
        temperature: float = 0.5,
        given: Array | None = None,
    ) -> Integers:
        """Return a loop for each code, (batch, 32), drawn token by token.

        Parameters
        ----------
        z : array_like, shape (batch, n_latent)
        rng : int or numpy.random.Generator, optional
        temperature : float
            Above 0. At 1 the model's own probabilities; below, what is likely becomes likelier.
        given : array of int, shape (batch, n_given), optional
            The first tokens, where they are known.
        """
        if given is not None:
            given = as_integers("given", given, "tokens")
            if (
                given.ndim != 2
                or len(given) != len(np.atleast_2d(z))
                or given.shape[1] > self.n_features
            ):
                got = given.shape
                raise ArgumentError(f"given must have shape (batch, n_given), got {got}")
        options: dict[str, Any] = {"temperature": temperature, "given": given}
        return self.likelihood.sample(self._contexts(z), rng, **options).astype(np.int64)

    def sample(
        self,
        n: int,
        rng: int | np.random.Generator | None = None,
        *,
        y: ArrayLike | None = None,
        mean: bool = False,
        temperature: float = 1.0,
    ) -> Integers:
        """Return loops from the model, (n, 32): ``z ~ N(0, I)``, then token by token.

        Parameters
        ----------
        n : int
        rng : int or numpy.random.Generator, optional
        y : None
            There are no classes.
        mean : bool
            Take the likeliest tokens for each z instead of drawing them.
        temperature : float
            Above 0; see `draw`.
        """
        self.check_labels(y, check_integer("n", n, 1))
        rng, mean = check_rng(rng), check_flag("mean", mean)
        z = rng.standard_normal((n, self.n_latent))
        return self.decode(z) if mean else self.draw(z, rng, temperature=temperature)

    def _contexts(self, z: ArrayLike) -> Array:
        z = as_matrix(z, self.n_latent, self.dtype, name="z", columns="n_latent")
        return self.decoder.forward(z)
