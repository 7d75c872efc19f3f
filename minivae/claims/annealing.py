"""Annealed importance sampling: right on average after any number of steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from minivae.bayes import annealing
from minivae.claims import Outcome, claim
from minivae.linear.linear_gaussian import LinearGaussianModel

N_CHAINS = 40_000


@claim("Annealing weighs p(x) rightly on average, after any number of steps", source="Neal 2001")
def annealing_is_unbiased() -> Outcome:
    """E w = p(x) for T = 1 (importance sampling) as for T = 30; what falls with T is the variance.

    Let move t leave f_t invariant, with f_0 = q and f_T = p(x, z). Draws of f_0 that are weighted
    by f_1 / f_0 are weighted draws of f_1, and move 1 keeps them so; weighted by f_2 / f_1 they are
    draws of f_2, and so on. At the end the mean weight is the integral of f_T over that of q:
    p(x), whatever the step and however few the moves. Here q is wrong in its place and in its
    width, on a linear model whose p(x) is exact.
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
