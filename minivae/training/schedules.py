"""Schedules: the weight of the KL as a function of the step, for ``fit(..., beta=schedule)``.

A schedule is any function of the number of updates so far, from 0. These three are also values:
they compare, and their `repr` goes into a checkpoint, so that a run that is resumed under another
schedule is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from minivae.edge.arguments import check_function
from minivae.edge.checks import check_integer, check_real


class Schedule:
    """What the schedules of this module have in common: a step in, a weight out."""

    def __call__(self, step: int) -> float:
        """Return the weight of the KL at a step."""
        raise NotImplementedError


@dataclass(frozen=True)
class Linear(Schedule):
    """A straight line from `start` to `end`, which it reaches at `n_steps` and keeps.

    Parameters
    ----------
    n_steps : int
        At least 1.
    start, end : float
        ``0 <= start <= end``.

    References
    ----------
    Bowman et al.: Generating sentences from a continuous space, CoNLL 2016, arXiv 1511.06349.
    """

    n_steps: int
    start: float = 0.0
    end: float = 1.0

    def __post_init__(self) -> None:
        check_integer("n_steps", self.n_steps, 1)
        check_real("start", self.start, 0, closed="low")
        check_real("end", self.end, self.start, closed="low")

    def __call__(self, step: int) -> float:
        """Return the weight of the KL at a step."""
        check_integer("step", step, 0)
        return self.start + (self.end - self.start) * min(step / self.n_steps, 1.0)


@dataclass(frozen=True)
class Cyclical(Schedule):
    """A saw: in each period the weight rises from 0 to `end`, stays there, and starts anew.

    Parameters
    ----------
    period : int
        Steps from one start to the next; at least 1.
    ramp : float
        The share of a period in which the weight rises, in (0, 1].
    end : float
        At least 0.

    References
    ----------
    Fu et al.: Cyclical annealing schedule, NAACL 2019, arXiv 1903.10145.
    """

    period: int
    ramp: float = 0.5
    end: float = 1.0

    def __post_init__(self) -> None:
        check_integer("period", self.period, 1)
        check_real("ramp", self.ramp, 0, 1, closed="high")
        check_real("end", self.end, 0, closed="low")

    def __call__(self, step: int) -> float:
        """Return the weight of the KL at a step."""
        check_integer("step", step, 0)
        return self.end * min(step % self.period / (self.ramp * self.period), 1.0)


@dataclass(frozen=True)
class Sigmoid(Schedule):
    """A logistic curve: 1 percent of `end` at first, half at ``n_steps / 2``, 99 at `n_steps`.

    Parameters
    ----------
    n_steps : int
        At least 1.
    end : float
        At least 0.

    References
    ----------
    Bowman et al.: Generating sentences from a continuous space, CoNLL 2016, arXiv 1511.06349.
    """

    n_steps: int
    end: float = 1.0

    def __post_init__(self) -> None:
        check_integer("n_steps", self.n_steps, 1)
        check_real("end", self.end, 0, closed="low")

    def __call__(self, step: int) -> float:
        """Return the weight of the KL at a step."""
        check_integer("step", step, 0)
        t = 10 * (step / self.n_steps - 0.5)  # from -5 to 5
        return self.end * 0.5 * (1 + math.tanh(0.5 * t))


# a call reads like the curve: schedules.linear(2000)
linear, cyclical, sigmoid = Linear, Cyclical, Sigmoid


def schedule_from(beta: float | Callable[[int], float] | None) -> Callable[[int], float | None]:
    """Return what ``fit(..., beta=)`` was given as a function of the step."""
    if callable(beta):
        return check_function("beta", beta)
    if beta is not None:
        beta = check_real("beta", beta, 0, closed="low")
    return lambda step: beta
