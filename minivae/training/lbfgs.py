"""Full-batch training to the last digits: SciPy's L-BFGS on the gradients of `loss_and_grads`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge.checks import Array, check_integer


def fit_lbfgs(
    model: Any,
    X: ArrayLike,
    *,
    eps: ArrayLike | None = None,
    max_iterations: int = 10_000,
    callback: Callable[[int], None] | None = None,
) -> int:
    """Minimise the loss over all of `X` at once, until it falls no further in float64.

    Parameters
    ----------
    model : model with `params` and `loss_and_grads`
        Its parameters are float64, and are left at the minimum that was found.
    X : array_like, shape (n_samples, n_features)
    eps : array_like, optional
        The noise of a VAE, which must stay the same from call to call.
    max_iterations : int
    callback : callable, optional
        Called with the number of every iteration, when the model has that iteration's parameters.

    Returns
    -------
    int
        How many iterations were taken.

    References
    ----------
    Byrd, Lu, Nocedal, Zhu: A limited memory algorithm for bound constrained optimization, SIAM J.
    Sci. Comput. 16 (1995).
    """
    from scipy.optimize import minimize

    check_integer("max_iterations", max_iterations, 1)
    if model.dtype != np.float64:
        raise ValueError(f"the model's dtype must be float64 for L-BFGS, got {model.dtype}")
    params = model.params
    ends = np.cumsum([value.size for value in params.values()])
    n_done = 0

    def set_parameters(theta: Array) -> None:
        for value, piece in zip(params.values(), np.split(theta, ends[:-1]), strict=True):
            value[...] = piece.reshape(value.shape)

    def loss_and_gradient(theta: Array) -> tuple[float, Array]:
        set_parameters(theta)
        losses, grads = model.loss_and_grads(X, eps=eps)
        return float(losses["loss"]), np.concatenate([g.ravel() for g in grads.values()])

    def after_iteration(theta: Array) -> None:
        nonlocal n_done
        n_done += 1
        if callback is not None:
            set_parameters(theta)
            callback(n_done)

    result = minimize(
        loss_and_gradient,
        np.concatenate([value.ravel() for value in params.values()]),
        jac=True,
        method="L-BFGS-B",
        callback=after_iteration,
        options={
            "maxiter": max_iterations,
            "maxfun": 2 * max_iterations,
            "maxcor": 30,
            "ftol": 0,
            "gtol": 1e-12,
        },
    )
    set_parameters(result.x)
    return n_done
