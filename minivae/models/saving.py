"""How a model is saved and loaded: one file, whole or not at all, and nothing in it is run."""

from __future__ import annotations

import math
import os
from inspect import signature
from typing import Any, ClassVar, Self

import numpy as np

from minivae.edge import storage
from minivae.edge.arguments import check_dict, check_path
from minivae.edge.checks import ArgumentError


class Saved:
    """What can be made again from `config`, and then takes its parameters from a file."""

    kinds: ClassVar[dict[str, type[Saved]]] = {}

    config: dict[str, Any]
    params: Any
    history_: dict[str, list[float]]

    def __init_subclass__(cls) -> None:
        Saved.kinds[cls.__name__] = cls

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.config.items())
        return f"{type(self).__name__}({arguments})"

    def state_dict(self) -> storage.Tree:
        """Return what a file holds: the kind of model, its arguments, parameters and history."""
        return {
            "kind": type(self).__name__,
            "config": self.config,
            "history": getattr(self, "history_", {}),
            "params": self.params,
        }

    def load_state_dict(self, state: storage.Tree) -> None:
        """Take over parameters and history; kind and arguments must be this model's own."""
        check_dict("state", state, ("kind", "config", "history", "params"))
        defaults = {name: p.default for name, p in signature(type(self)).parameters.items()}
        theirs = {name: defaults.get(name) for name in self.config} | state["config"]
        if state["kind"] != type(self).__name__ or theirs != self.config:
            raise ArgumentError(f"the file holds {state['kind']} {state['config']}, not {self!r}")
        params, history = self.params, state["history"]
        needed = {name: (value.dtype.name, value.shape) for name, value in params.items()}
        found = {name: (v.dtype.name, v.shape) for name, v in state["params"].items()}
        if found != needed:
            raise ArgumentError(f"the file's parameters must be {needed}, got {found}")
        self.history_ = {name: list(values) for name, values in history.items()}
        for name, value in state["params"].items():
            params[name][...] = value

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one ``.npz`` file, whole or not at all.

        Raises
        ------
        OSError
            The file cannot be written; an earlier one of that name is unharmed.
        """
        storage.write(check_path("path", path), self.state_dict())

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], *, encoder: Any = None, decoder: Any = None
    ) -> Self:
        """Return the model that `save` or a `Checkpoint` wrote.

        Parameters
        ----------
        path : str or path
        encoder, decoder : object, optional
            Given again where the model was made with a network of the caller's own; it takes its
            parameters from the file.

        Raises
        ------
        OSError
            The file cannot be read.
        ValueError
            The file is damaged, holds no model or another kind of model, or holds one whose
            networks must be given.
        """
        path = check_path("path", path)
        state = storage.read(path)
        try:
            kind = Saved.kinds[state["kind"]]
            networks = _networks(state["config"], encoder=encoder, decoder=decoder)
            n_numbers = sum(array.size for array in state["params"].values())
            model = kind(**state["config"] | networks, rng=_Budget(n_numbers))  # type: ignore[call-arg]
            model.load_state_dict(state)
        except Exception as error:
            raise ArgumentError(f"{path} does not hold a minivae model: {error}") from error
        if not isinstance(model, cls):
            raise ArgumentError(
                f"{path} holds {kind.__name__}, not {cls.__name__}: use its own load"
            )
        return model


def _networks(config: dict[str, Any], **given: Any) -> dict[str, Any]:
    """Return the networks that a model needs besides its `config`, or say which is missing."""
    for name, network in given.items():
        theirs = config.get(name)
        if theirs is not None and network is None:
            raise ArgumentError(
                f"its {name} is a {theirs} of its maker's own: give one, load(path, {name}=...)"
            )
        if theirs is None and network is not None:
            raise ArgumentError(f"its {name} is in the file already, and cannot be given")
    return {name: network for name, network in given.items() if network is not None}


class _Budget(np.random.Generator):
    """A generator that draws no more than the numbers that a file holds.

    Every weight is drawn before the file's own takes its place. So a file that asks for a larger
    model than it holds is refused here, before memory is taken.
    """

    def __init__(self, n_numbers: int) -> None:
        super().__init__(np.random.PCG64(0))
        self.left = n_numbers

    def _spend(self, shape: Any) -> None:
        self.left -= math.prod(map(int, np.atleast_1d(1 if shape is None else shape)))
        if self.left < 0:
            raise ArgumentError("its widths do not fit its parameters")

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        """Draw and count."""
        self._spend(size)
        return super().uniform(low, high, size)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        """Draw and count."""
        self._spend(size)
        return super().normal(loc, scale, size)


load = Saved.load
