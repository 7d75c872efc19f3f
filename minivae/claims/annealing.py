"""Annealed importance sampling: unbiased for every number of steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from minivae.bayes import annealing
from minivae.claims import Outcome, claim
from minivae.linear.linear_gaussian import LinearGaussianModel

N_CHAINS = 40_000


@claim(
    "Annealed importance sampling estimates p(x) without bias, for every number of steps",
    source="Neal 2001",
)
def annealing_is_unbiased() -> Outcome:
    """E w = p(x) for T = 1 (importance sampling) and for T = 30; only the variance falls with T.

    Let move t leave f_t invariant, with f_0 = q and f_T = p(x, z). Draws from f_0 with the weights
    f_1 / f_0 are weighted draws from f_1, and move 1 keeps them weighted draws from f_1. With the
    further weights f_2 / f_1 they are weighted draws from f_2, and so on. At the end the mean
    weight is the integral of f_T divided by the integral of q, which is p(x), for every step size
    and every number of moves. Here q has a wrong mean and a wrong width, and the model is linear,
    so that p(x) is known exactly.
    """
    W, x = np.array([[1.2, -0.4, 0.3], [0.5, 0.9, -0.8]]), np.array([0.7, -1.1, 0.4])
    model = LinearGaussianModel(W, 0.5)
    log_p = model.log_marginal(x[None])[0]
    mu, log_var = np.tile([0.5, 0.0], (N_CHAINS, 1)), np.full((N_CHAINS, 2), 0.2)
    steps, ratios = (1, 3, 10, 30), []
    for n_steps in steps:
        chains = annealing.annealed_importance_sampling(
            model.log_joint(x), mu, log_var, n_steps=n_steps, rng=0
        )
        ratios.append(np.exp(chains.log_weights - log_p))
    errors = np.std(ratios, axis=1) / np.sqrt(N_CHAINS)

    def draw(ax: Any) -> None:
        for n_steps, ratio in zip(steps, ratios, strict=True):
            ax.hist(np.log(ratio), 60, range=(-4, 3), histtype="step", label=f"{n_steps} steps")
        ax.set(xlabel="log w - log p(x) (nats)", ylabel="chains")
        ax.legend()

    return Outcome(
        exact=np.ones(4),
        measured=np.mean(ratios, axis=1),
        tolerance=4 * errors,
        because="four standard errors",
        draw=draw,
    )
