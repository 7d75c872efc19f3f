"""Full-batch training to the last digits: SciPy's L-BFGS on hand-written gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge.arguments import check_function, check_has
from minivae.edge.checks import ArgumentError, Array, check_integer

LossAndGrads = Callable[[], tuple[Mapping[str, float], Mapping[str, Array]]]


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
        Its parameters must be float64. They end at the minimum that L-BFGS finds.
    X : array_like, shape (n_samples, n_features)
    eps : array_like, optional
        The noise of a VAE. A VAE needs it, because the loss must stay the same function from call
        to call.
    max_iterations : int
    callback : callable, optional
        Called after every iteration with its number, while the model has the parameters of that
        iteration.

    Returns
    -------
    int
        The number of iterations.

    Raises
    ------
    ValueError
        A parameter is not float64, or `max_iterations` is below 1.

    References
    ----------
    Byrd, Lu, Nocedal, Zhu: A limited memory algorithm for bound constrained optimization, SIAM J.
    Sci. Comput. 16 (1995).
    """
    check_has("model", model, ("params", "loss_and_grads"), "a model with loss_and_grads")
    if callback is not None:
        check_function("callback", callback)
    return minimize(
        model.params,
        lambda: model.loss_and_grads(X, eps=eps),
        max_iterations=max_iterations,
        callback=callback,
    )


def minimize(
    params: Mapping[str, Array],
    loss_and_grads: LossAndGrads,
    *,
    max_iterations: int = 10_000,
    callback: Callable[[int], None] | None = None,
) -> int:
    """Minimise a function of some arrays, in place.

    Parameters
    ----------
    params : dict of str to float64 array
        The arrays that L-BFGS may change; all others stay as they are.
    loss_and_grads : callable
        ``loss_and_grads() -> (losses, grads)`` at the present values of `params`:
        ``losses["loss"]`` is minimised, and ``grads[name]`` is its gradient with respect to
        ``params[name]``.
    max_iterations, callback
        As in `fit_lbfgs`.

    Returns
    -------
    int
        The number of iterations.
    """
    from scipy import optimize

    check_integer("max_iterations", max_iterations, 1)
    for name, value in params.items():
        if value.dtype != np.float64:
            raise ArgumentError(f"{name}'s dtype must be float64 for L-BFGS, got {value.dtype}")
    ends = np.cumsum([value.size for value in params.values()])
    n_done = 0

    def set_parameters(theta: Array) -> None:
        for value, piece in zip(params.values(), np.split(theta, ends[:-1]), strict=True):
            value[...] = piece.reshape(value.shape)

    def loss_and_gradient(theta: Array) -> tuple[float, Array]:
        set_parameters(theta)
        losses, grads = loss_and_grads()
        return float(losses["loss"]), np.concatenate([grads[name].ravel() for name in params])

    def after_iteration(theta: Array) -> None:
        nonlocal n_done
        n_done += 1
        if callback is not None:
            set_parameters(theta)
            callback(n_done)

    result = optimize.minimize(
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
