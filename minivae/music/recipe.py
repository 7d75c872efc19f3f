"""How a melody VAE is trained: the settings of the study and of the command, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minivae.edge.checks import check_integer
from minivae.training.optimizers import Adam
from minivae.training.schedules import Linear

BATCH_SIZE = 64
FIRST_RATE, LAST_RATE = 6e-3, 3e-4
CLIP_NORM = 20.0


@dataclass(frozen=True)
class FallingRate:
    """A callback: the learning rate falls geometrically, epoch by epoch, from first to last."""

    first: float = FIRST_RATE
    last: float = LAST_RATE

    def __call__(self, run: Any) -> None:
        """Set the learning rate of the next epoch."""
        share = min(1.0, run.epoch / max(1, run.epochs - 1))
        run.optimizer.learning_rate = self.first * (self.last / self.first) ** share


def fit_options(
    n_samples: int, epochs: int, *, start_beta: float = 0.05, beta: float = 0.5
) -> dict[str, Any]:
    """Return the options for ``MelodyVAE.fit``: Adam at a falling rate, and gradients clipped.

    Parameters
    ----------
    n_samples, epochs : int
        Loops in the data, and passes over them.
    start_beta, beta : float
        The KL's weight at the first step, and from seven tenths of the steps on; between the two
        it rises linearly. Below 1 the code keeps more of each loop than the bound alone would let
        it.
    """
    batch_size = min(BATCH_SIZE, check_integer("n_samples", n_samples, 1))
    n_steps = check_integer("epochs", epochs, 1) * -(-n_samples // batch_size)
    return {
        "epochs": epochs,
        "batch_size": batch_size,
        "optimizer": Adam(FIRST_RATE),
        "beta": Linear(max(1, round(0.7 * n_steps)), start_beta, beta),
        "clip_norm": CLIP_NORM,
        "callbacks": [FallingRate()],
    }
