"""SGHMC for the weights of a network: each weight has its own step size, found in burn-in.

The sampler has the face of an optimizer, so `fit` trains with it, and a checkpoint holds its state.

References
----------
Springenberg, Klein, Falkner, Hutter: Bayesian optimization with robust Bayesian neural networks,
NIPS 2016, section 4. Chen, Fox, Guestrin: Stochastic gradient Hamiltonian Monte Carlo, ICML 2014,
arXiv 1402.4102.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minivae.bayes.langevin import INTEGRATORS, check_integrator
from minivae.edge.checks import Array, check_integer, check_real, check_rng
from minivae.training.optimizers import Adam, Optimizer

HOT = 100.0  # the temperature of a chain that has diverged; falling from a far start gives 10


class ScaleAdaptedSGHMC(Optimizer):
    """Draw weights from ``p(theta) exp(-n_examples * loss)`` instead of minimising the loss.

    Every array has a normal prior N(0, 1 / precision). Its precision has a Gamma(1, 1) prior and is
    drawn anew, given the weights, once an epoch. A weight's step has the size
    ``learning_rate / V^(1/4)``, where V is a moving average of its squared gradient; it is frozen
    after the first `n_adapting` steps, because a step size that depends on the past would change
    the target.

    Parameters
    ----------
    learning_rate : float
        The step size of a weight with V = 1.
    friction : float
        The share of its velocity that a weight loses in a step, in (0, 1].
    n_examples : int
        The size of the data set, of which `step` gets the gradient of the mean loss.
    n_batches : int
        Steps in an epoch.
    n_adapting : int
        Steps in which V is adapted.
    integrator : {"baoab", "euler"}
        See `minivae.bayes.baoab`. The paper's form is ``"euler"``, with a noise whose variance is
        smaller by ``learning_rate^4``, to allow for the noise of minibatches. This is not done
        here: it is right only where V is the variance of that noise, and leaves a negative variance
        where ``sqrt(V) > 2 friction / learning_rate^2``.
    rng : int or numpy.random.Generator, optional
        It is not part of the state; `fit` keeps the state of a generator that it shares with the
        sampler.
    """

    hyperparameters = (
        *("learning_rate", "friction", "integrator"),
        *("n_examples", "n_batches", "n_adapting"),
    )
    moments = ("v", "mean", "V", "memory")

    def __init__(
        self,
        learning_rate: float = 0.01,
        friction: float = 0.05,
        *,
        n_examples: int,
        n_batches: int,
        n_adapting: int,
        integrator: str = "baoab",
        rng: Any = None,
    ) -> None:
        super().__init__(learning_rate)
        self.friction = check_real("friction", friction, 0, 1, closed="high")
        self.n_examples = check_integer("n_examples", n_examples, 1)
        self.n_batches = check_integer("n_batches", n_batches, 1)
        self.n_adapting = check_integer("n_adapting", n_adapting, 1)
        check_integrator(integrator)
        self.integrator, self.rng = integrator, check_rng(rng)
        self.precisions: dict[str, float] = {}

    def _update(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        if (self.t - 1) % self.n_batches == 0:
            self._draw_precisions(params)
        move = INTEGRATORS[self.integrator]
        for name, theta in params.items():
            # U = n_examples loss + precision |theta|^2 / 2
            g = self.n_examples * grads[name] + self.precisions[name] * theta
            if self.t <= self.n_adapting:
                self._adapt(name, g)
            v, eps = self._state["v"][name], self.rng.standard_normal(g.shape, g.dtype.type)
            theta[...], v[...] = move(theta, v, -g, self._h(name), self.friction, eps)

    def _draw_precisions(self, params: Mapping[str, Array]) -> None:
        for name, theta in params.items():
            # Gamma(1 + n / 2, 1 + |theta|^2 / 2), given the n weights of an array
            rate = 1 + 0.5 * float(np.sum(np.square(theta, dtype=float)))
            self.precisions[name] = float(self.rng.gamma(1 + theta.size / 2) / rate)

    def _adapt(self, name: str, g: Array) -> None:
        """Move the averages of g and g^2, over a window that grows where g is mostly noise."""
        mean, V, memory = (self._state[moment][name] for moment in ("mean", "V", "memory"))
        if self.t == 1:
            mean[...], V[...], memory[...] = g, g * g, 1
        share = 1 / (memory + 1)
        memory += 1 - memory * mean**2 / (V + 1e-16)
        mean += share * (g - mean)
        V += share * (g * g - V)

    def _h(self, name: str) -> Array:
        """Return the squared step sizes; weights without a gradient count as V = 1."""
        h: Array = self.learning_rate**2 / np.sqrt(np.maximum(self._state["V"][name], 1))
        return h

    def temperature(self) -> float:
        """Return the mean of ``v^2 / h``: about 1, more with noise, huge if unstable.

        The noise of minibatches adds to it, for a weight with V = B about
        ``learning_rate^2 sqrt(B) / (2 friction)``.
        """
        squares = sum(float(np.sum(v**2 / self._h(n))) for n, v in self._state["v"].items())
        return squares / sum(v.size for v in self._state["v"].values())

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of everything on which the next step depends, but for the generator."""
        return super().state_dict() | {"precisions": dict(self.precisions)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        own = {name: value for name, value in state.items() if name != "precisions"}
        super().load_state_dict(own)
        self.precisions = dict(state["precisions"])


class WarmUpThenSample:
    """An optimizer that hands some weights over to a sampler after `warm_up` steps of Adam.

    Parameters
    ----------
    sampler : ScaleAdaptedSGHMC
    is_sampled : callable
        Whether the sampler takes over the weights of a name; Adam keeps all others.
    warm_up : int
        Steps of Adam before the first of the sampler.
    """

    def __init__(
        self, sampler: ScaleAdaptedSGHMC, is_sampled: Callable[[str], bool], warm_up: int
    ) -> None:
        self.sampler, self.is_sampled = sampler, is_sampled
        self.warm_up, self.t = check_integer("warm_up", warm_up, 0), 0
        self.parts: dict[str, Optimizer] = {
            "warm": Adam(),
            "others": Adam(),
            "sampler": sampler,
        }

    def step(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        """Update every array of `params` in place."""
        self.t += 1
        mine = "warm" if self.t <= self.warm_up else "sampler"
        for part, sampled in ((mine, True), ("others", False)):
            names = [name for name in params if self.is_sampled(name) is sampled]
            if names:
                self.parts[part].step({n: params[n] for n in names}, {n: grads[n] for n in names})

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of everything on which the next step depends, but for the generator."""
        states = {name: part.state_dict() for name, part in self.parts.items()}
        return {"t": self.t, "warm_up": self.warm_up} | states

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        for name, part in self.parts.items():
            part.load_state_dict(state[name])
        self.t, self.warm_up = state["t"], state["warm_up"]


class KeepSamples:
    """A callback that keeps samples of a `BayesianVAE`, and watches the temperature of its chain.

    Parameters
    ----------
    sampler : ScaleAdaptedSGHMC
    warm_up : int
        Epochs of Adam at the start.
    silent : int
        Epochs at the start, warm-up and burn-in together, after which no sample is kept.
    keep_every : int
        Epochs from one sample to the next.
    """

    def __init__(
        self, sampler: ScaleAdaptedSGHMC, warm_up: int, silent: int, keep_every: int
    ) -> None:
        self.sampler, self.warm_up, self.silent = sampler, warm_up, silent
        self.keep_every = keep_every

    def __call__(self, run: Any) -> None:
        """Write the temperature into the history, and keep a sample where one is due."""
        hot = self.sampler.temperature() if run.epoch > self.warm_up else 0.0
        run.history.setdefault("temperature", []).append(hot)
        if not hot < HOT:
            raise FloatingPointError(
                f"the temperature after epoch {run.epoch} is {hot:.3g} instead of 1"
            )
        if run.epoch > self.silent and (run.epoch - self.silent) % self.keep_every == 0:
            model = run.model
            kept = {n: w.copy() for n, w in model.params.items() if model.is_sampled(n)}
            model.samples_.append(kept)

    def state_dict(self) -> dict[str, int]:
        """Return when samples are kept."""
        return {"warm_up": self.warm_up, "silent": self.silent, "keep_every": self.keep_every}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Keep samples when the run that is resumed did."""
        self.warm_up, self.silent = state["warm_up"], state["silent"]
        self.keep_every = state["keep_every"]
