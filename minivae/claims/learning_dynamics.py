"""How a linear autoencoder learns: one principal direction after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import integrate

from minivae.claims import Outcome, claim
from minivae.claims.linear_rigs import at, data_with_spectrum, loss_and_gradient, matrices
from minivae.edge.checks import Array
from minivae.training.optimizers import SGD


@claim(
    "A linear autoencoder learns one mode after the other, each along 1 / (1 + c e^(-4 lam t))",
    source="Saxe et al. 2014",
)
def modes_are_learned_in_turn() -> Outcome:
    """From W_e = W_d^T = a_0 along the axes, the gain g = a^2 obeys dg/dt = 4 lam g (1 - g).

    The loss of a mode, a principal direction, is lam (1 - a b)^2, and gradient flow keeps a = b.
    The logistic curve rises at t = log(1 / g_0) / (4 lam), so directions of large variance come
    first, however small all weights are at the start. The exact values are the logistic curves. The
    measured values are the gains that scipy's ODE solver finds for the library's hand-written
    gradient, and the gains of the library's gradient descent with a learning rate of 1/2,000, whose
    discretisation error is of first order.
    """
    lam, g0 = np.array([4.0, 2.0, 1.0]), 1e-3
    X, U = data_with_spectrum(lam, rng=31)
    times = np.linspace(0, 3, 31)
    exact = 1 / (1 + (1 / g0 - 1) * np.exp(-4 * times[:, None] * lam))
    model = at(U * np.sqrt(g0), U.T * np.sqrt(g0))
    start = np.concatenate([W.ravel() for W in matrices(model)])

    def flow(t: float, theta: Array) -> Array:
        for own, given in zip(matrices(model), np.split(theta, 2), strict=True):
            own[...] = given.reshape(own.shape)
        return -loss_and_gradient(model, X)[1]

    solution = integrate.solve_ivp(
        flow, (0, 3), start, t_eval=times, rtol=1e-9, atol=1e-11, method="DOP853"
    )
    by_flow = np.array([_gains(theta, U) for theta in solution.y.T])

    rate, descended = 1 / 2000, at(U * np.sqrt(g0), U.T * np.sqrt(g0))
    optimizer = SGD(rate)
    by_descent = [_gains(start, U)]
    for _ in range(30):
        for _ in range(200):
            optimizer.step(descended.params, descended.loss_and_grads(X)[1])
        theta = np.concatenate([W.ravel() for W in matrices(descended)])
        by_descent.append(_gains(theta, U))

    def draw(ax: Any) -> None:
        for i, value in enumerate(lam):
            ax.plot(times, exact[:, i], color=f"C{i}", label=rf"logistic, $\lambda$ = {value:g}")
            ax.plot(times, by_flow[:, i], "o", ms=4, color=f"C{i}")
        ax.set(xlabel="time (learning rate x steps)", ylabel="gain of the direction")
        ax.set_title("dots: the library's gradient in an ODE solver", fontsize="medium")
        ax.legend()

    return Outcome(
        [exact, exact],
        [by_flow, np.array(by_descent)],
        tolerance=np.broadcast_to(np.array([1e-6, 2e-2])[:, None, None], (2, 31, 3)),
        because="the solver's; first order of the rate",
        draw=draw,
    )


def _gains(theta: Array, U: Array) -> Array:
    W_e, W_d = (half.reshape(3, 3) for half in np.split(theta, 2))
    return np.diag(U.T @ W_e @ W_d @ U)
