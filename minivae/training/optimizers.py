"""Optimizers: they see two dicts with the same keys, `params` and `grads`, and nothing else.

A step of Adam stands here twice: as its paper defines it (`adam_step`), and as it is computed fast.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from operator import is_
from typing import Any

import numpy as np

from minivae.edge.arguments import check_arrays, check_dict
from minivae.edge.checks import ArgumentError, Array, check_integer, check_real
from minivae.edge.vectors import behind_one_vector, the_vector_behind

BLOCK = 32_768  # so many numbers stay in a core's cache while the lines of an update pass over them


class Optimizer:
    """What all optimizers share: a learning rate, and a state that can be saved and restored."""

    hyperparameters: tuple[str, ...] = ("learning_rate",)
    moments: tuple[str, ...] = ()

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = check_real("learning_rate", learning_rate, 0)
        self.t = 0
        self._state: dict[str, dict[str, Array]] = {name: {} for name in self.moments}
        self._known: list[Array] = []  # the parameters and gradients that `_blocks` are views of
        self._blocks: list[tuple[Array, ...]] = []

    def step(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        """Update every array of `params` in place.

        Parameters
        ----------
        params, grads : dict of str to array
            The same keys, the same shapes.

        Raises
        ------
        ValueError
            The names or shapes of the two differ from each other, or from those of earlier steps.
        """
        if not isinstance(params, Mapping) or not isinstance(grads, Mapping):
            check_dict("params", params)
            check_dict("grads", grads)
        arrays = [*params.values(), *grads.values()]
        if not (len(arrays) == len(self._known) and all(map(is_, arrays, self._known))):
            self._check(params, grads)
            pieces = _pieces(params, grads, *self._state.values())
            self._blocks = [block for piece in pieces for block in _blocks(*piece)]
            self._known = arrays
        self.t += 1
        self._update(params, grads)

    def _check(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        """Refuse names and shapes that differ, and start the moments at the first step."""
        if params.keys() != grads.keys():
            raise ArgumentError(
                "params and grads must have the same keys, and differ in "
                f"{sorted(params.keys() ^ grads.keys())}"
            )
        if self.t == 0:
            for moment in self.moments:
                zeros = {name: np.zeros_like(p) for name, p in params.items()}
                self._state[moment] = behind_one_vector(zeros)
        for state in self._state.values():
            if state.keys() != params.keys():
                raise ValueError(
                    f"the optimizer's state is for parameters {sorted(state)}, got {sorted(params)}"
                )
        for others in (grads, *self._state.values()):
            for name, p in params.items():
                if others[name].shape != p.shape:
                    raise ValueError(
                        f"{name} has shape {p.shape}, but its gradient or moment has shape "
                        f"{others[name].shape}"
                    )

    def _update(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        """Update the parameters and each moment, some numbers at a time."""
        for block in self._blocks:
            self._update_block(*block)

    def _update_block(self, theta: Array, g: Array, *moments: Array) -> None:
        raise NotImplementedError

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy starts from: its parameters will be others."""
        return self.__dict__ | {"_known": [], "_blocks": []}

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of everything on which the next step depends.

        Returns
        -------
        dict
            The hyper-parameters, the step count ``"t"``, and each moment as a dict of arrays
            keyed by parameter name.
        """
        moments = {
            name: {key: value.copy() for key, value in moment.items()}
            for name, moment in self._state.items()
        }
        return {name: getattr(self, name) for name in (*self.hyperparameters, "t")} | moments

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned; the state is copied.

        Raises
        ------
        ValueError
            An entry is missing, or belongs to another kind of optimizer.
        """
        check_dict("state", state)
        expected = {*self.hyperparameters, "t", *self.moments}
        if state.keys() != expected:
            raise ArgumentError(f"state must have the keys {sorted(expected)}, got {sorted(state)}")
        hyperparameters = {name: state[name] for name in self.hyperparameters}
        # the class that names the hyperparameters refuses what they cannot be
        next(kind for kind in type(self).__mro__ if "hyperparameters" in vars(kind))(
            **hyperparameters
        )
        t = check_integer("t", state["t"], 0)
        for name in self.moments:
            check_arrays(name, state[name])
        self.__dict__ |= hyperparameters | {"t": t}
        for name in self.moments:
            copies = {key: np.array(value) for key, value in state[name].items()}
            self._state[name] = behind_one_vector(copies)
        self._known = []


class SGD(Optimizer):
    """Gradient descent with momentum.

    Parameters
    ----------
    learning_rate : float
    momentum : float
        Between 0 (inclusive) and 1 (exclusive).

    References
    ----------
    Sutskever, Martens, Dahl, Hinton: On the importance of initialization and momentum in deep
    learning, ICML 2013, equations 1 and 2.
    """

    hyperparameters = ("learning_rate", "momentum")
    moments = ("velocity",)

    def __init__(self, learning_rate: float, momentum: float = 0.0) -> None:
        super().__init__(learning_rate)
        self.momentum = check_real("momentum", momentum, 0, 1, closed="low")

    def _update_block(self, theta: Array, g: Array, *moments: Array) -> None:
        (v,) = moments
        # v <- momentum v - lr g,  theta <- theta + v
        v *= self.momentum
        v -= self.learning_rate * g
        theta += v


def adam_step(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    t: int,
    *,
    learning_rate: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> tuple[Array, Array, Array]:
    """Take one step of Adam as the paper defines it; `Adam` computes the same step faster.

    Parameters
    ----------
    theta, g : array
        The parameter, and the gradient of the loss with respect to it.
    m, v : array
        The moving averages of the gradient and of its square; both start at zero.
    t : int
        The number of this step, counted from 1.

    Returns
    -------
    theta, m, v : array
        After the step.

    References
    ----------
    Kingma, Ba: Adam: a method for stochastic optimization, ICLR 2015, arXiv 1412.6980,
    Algorithm 1.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)
    return theta, m, v


class Adam(Optimizer):
    """Adam: the steps of `adam_step`, computed in place and with fewer operations.

    Parameters
    ----------
    learning_rate : float
    beta1, beta2 : float
        Decay of the first and the second moment, between 0 (inclusive) and 1 (exclusive).
    epsilon : float
        Positive; it stands outside the root of the corrected second moment.

    Notes
    -----
    The moments are kept without the factors ``1 - beta``, as plain sums
    ``M = sum_s beta1**(t - s) g_s`` and ``V = sum_s beta2**(t - s) g_s**2``. So
    ``m = (1 - beta1) M`` and ``v = (1 - beta2) V``. With ``c1 = (1 - beta1) / (1 - beta1**t)``
    and ``c2 = (1 - beta2) / (1 - beta2**t)`` the corrected moments are ``m_hat = c1 M`` and
    ``v_hat = c2 V``, and the step is

        lr c1 M / (sqrt(c2 V) + eps)  =  (lr c1 / sqrt(c2))  M / (sqrt(V) + eps / sqrt(c2)).

    The factors are then computed once for a step, and not once for every parameter.
    """

    hyperparameters = ("learning_rate", "beta1", "beta2", "epsilon")
    moments = ("M", "V")

    def __init__(
        self,
        learning_rate: float = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(learning_rate)
        self.beta1 = check_real("beta1", beta1, 0, 1, closed="low")
        self.beta2 = check_real("beta2", beta2, 0, 1, closed="low")
        self.epsilon = check_real("epsilon", epsilon, 0)

    def _update_block(self, theta: Array, g: Array, *moments: Array) -> None:
        M, V = moments
        c1 = (1 - self.beta1) / (1 - self.beta1**self.t)
        root_c2 = math.sqrt((1 - self.beta2) / (1 - self.beta2**self.t))
        # M <- beta1 M + g,  V <- beta2 V + g^2
        M *= self.beta1
        M += g
        V *= self.beta2
        scratch = g * g
        V += scratch
        # theta <- theta - step_size M / (sqrt(V) + epsilon)
        np.sqrt(V, out=scratch)
        scratch += self.epsilon / root_c2
        np.divide(M, scratch, out=scratch)
        scratch *= self.learning_rate * c1 / root_c2
        theta -= scratch


def _pieces(*dicts: Mapping[str, Array]) -> list[tuple[Array, ...]]:
    """Return what an update passes over: one vector of each dict, or array by array."""
    vectors = [the_vector_behind(arrays) for arrays in dicts]
    if all(vector is not None for vector in vectors):
        return [tuple(vectors)]  # type: ignore[arg-type]
    return [tuple(arrays[name] for arrays in dicts) for name in dicts[0]]


def _blocks(*arrays: Array) -> Iterator[tuple[Array, ...]]:
    """Yield views of the same rows of every array, about `BLOCK` numbers of each at a time."""
    views = [np.atleast_1d(array) for array in arrays]
    n_rows = len(views[0])
    rows = max(1, BLOCK * n_rows // max(1, views[0].size))
    for start in range(0, n_rows, rows):
        yield tuple(view[start : start + rows] for view in views)
