"""How a melody VAE is trained: the settings of the study and of the command, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minivae.edge.checks import Array, check_integer, check_real
from minivae.training.optimizers import Adam
from minivae.training.schedules import Linear

BATCH_SIZE = 64
CLIP_NORM = 20.0


class FallingAdam(Adam):
    """`Adam` with a learning rate that falls geometrically, step by step.

    Parameters
    ----------
    n_steps : int
        Steps until the rate has fallen from `first` to `last`, where it stays.
    first, last : float
    """

    def __init__(self, n_steps: int, first: float = 6e-3, last: float = 3e-4) -> None:
        super().__init__(check_real("first", first, 0))
        self.n_steps = check_integer("n_steps", n_steps, 1)
        self.first, self.last = first, check_real("last", last, 0)

    def step(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        """Update every array of `params` in place, at the rate that is due."""
        share = min(1.0, self.t / self.n_steps)
        self.learning_rate = self.first * (self.last / self.first) ** share
        super().step(params, grads)


def fit_options(
    n_samples: int, epochs: int, *, start_beta: float = 0.05, beta: float = 0.8
) -> dict[str, Any]:
    """Return the options for ``MelodyVAE.fit``: Adam at a falling rate, and gradients clipped.

    Parameters
    ----------
    n_samples, epochs : int
        Loops in the data, and passes over them.
    start_beta, beta : float
        The KL's weight at the first step, and from eight tenths of the steps on; between the two
        it rises linearly. So the code first learns to hold whole loops, and then to hold them
        cheaply. The end is a choice: at 1 the bound is best and fewer loops come back exactly;
        below 1 it is the other way round.
    """
    batch_size = min(BATCH_SIZE, check_integer("n_samples", n_samples, 1))
    n_steps = check_integer("epochs", epochs, 1) * -(-n_samples // batch_size)
    return {
        "epochs": epochs,
        "batch_size": batch_size,
        "optimizer": FallingAdam(n_steps),
        "beta": Linear(max(1, round(0.8 * n_steps)), start_beta, beta),
        "clip_norm": CLIP_NORM,
    }
