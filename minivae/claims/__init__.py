"""Claims: statements of textbooks on this subject, each as a function that measures it.

A claim is a function without arguments, decorated with `claim`, in any module of this package. Its
docstring is a short derivation. It returns an `Outcome`: an exact value, and a value that is
measured by another method. `all_claims` finds every such function, and ``python -m minivae prove``
and the tests run it.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge.arguments import check_choice, check_function, check_object, check_text
from minivae.edge.checks import ArgumentError, Array, as_reals


@dataclass(frozen=True)
class Outcome:
    """An exact value, a measured one, and how far apart they may be.

    Parameters
    ----------
    exact, measured : array_like
        Arrays of the same shape; `exact` may be one number for all entries of `measured`.
    tolerance : array_like
        The largest absolute difference that passes, for each entry or for all.
    because : str
        The origin of the tolerance: the standard error of some number of draws, rounding, or a
        stopping rule. It is required unless the tolerance is zero.
    relation : {"==", "<=", ">="}
        The relation of `measured` to `exact`. An inequality may be missed by the tolerance.
    draw : callable, optional
        ``draw(ax)`` makes the picture of the claim. By default measured is drawn against exact.
    """

    exact: ArrayLike
    measured: ArrayLike
    tolerance: ArrayLike = 0.0
    relation: Literal["==", "<=", ">="] = "=="
    draw: Callable[[Any], Any] | None = None
    because: str = ""

    def __post_init__(self) -> None:
        exact = as_reals("exact", self.exact, finite=False)
        measured = as_reals("measured", self.measured, finite=False)
        if exact.ndim and measured.shape != exact.shape:
            raise ArgumentError(
                f"measured must have the shape of exact, {exact.shape}, got {measured.shape}"
            )
        if not measured.size:
            raise ArgumentError("measured must hold at least one number, got none")
        tolerance = as_reals("tolerance", self.tolerance, finite=False)  # NaN passes nothing
        if np.isinf(tolerance).any():
            raise ArgumentError(f"tolerance must be finite, got {tolerance}")
        try:
            np.broadcast_to(tolerance, measured.shape)
        except ValueError:
            raise ArgumentError(
                f"tolerance must fit the entries of measured, {measured.shape}, "
                f"got shape {tolerance.shape}"
            ) from None
        check_choice("relation", self.relation, ("==", "<=", ">="))
        check_text("because", self.because)
        if self.draw is not None:
            check_function("draw", self.draw)

    @property
    def excess(self) -> Array:
        """The error of each entry minus its tolerance; infinite for NaN."""
        difference = np.asarray(self.measured, float) - np.asarray(self.exact, float)
        miss = {"==": np.abs(difference), "<=": difference, ">=": -difference}[self.relation]
        return np.atleast_1d(np.where(np.isnan(miss), np.inf, miss - self.tolerance))

    @property
    def ok(self) -> bool:
        """Whether every entry is within the tolerance."""
        return bool(np.all(self.excess <= 0))

    @property
    def worst(self) -> tuple[float, float, float]:
        """Exact value, measured value and tolerance of the entry that agrees least."""
        values = np.broadcast_arrays(self.exact, self.measured, self.tolerance)
        i = int(np.argmax(self.excess))
        exact, measured, tolerance = (float(np.atleast_1d(v).ravel()[i]) for v in values)
        return exact, measured, tolerance


@dataclass(frozen=True)
class Claim:
    """A claim: name, family, statement and source, and the function that measures it."""

    name: str
    family: str
    statement: str
    source: str
    measure: Callable[[], Outcome]

    @property
    def derivation(self) -> str:
        """The derivation of the statement, in a few lines."""
        return inspect.getdoc(self.measure) or ""


@dataclass(frozen=True)
class Row:
    """A claim with its outcome, as `prove` prints it."""

    claim: Claim
    outcome: Outcome
    seconds: float

    def __str__(self) -> str:
        exact, measured, tolerance = self.outcome.worst
        verdict = "ok" if self.outcome.ok else "FAILED"
        because = f" ({self.outcome.because})" if self.outcome.because else ""
        return (
            f"{verdict:6s}  {self.claim.name}: {self.claim.statement} [{self.claim.source}]\n"
            f"        measured {measured:.10g} {self.outcome.relation} exact {exact:.10g}, "
            f"tolerance {tolerance:.1e}{because}, {self.seconds:.1f} s"
        )


_REGISTRY: dict[str, Claim] = {}


def claim(statement: str, *, source: str) -> Callable[[Callable[[], Outcome]], Any]:
    """Return a decorator that registers a function as a claim.

    Parameters
    ----------
    statement : str
        The claim in one line.
    source : str
        Author and year, or "derived here".
    """
    check_text("statement", statement)
    check_text("source", source)

    def enter(measure: Callable[[], Outcome]) -> Callable[[], Outcome]:
        name = measure.__name__.replace("_", "-")
        family = measure.__module__.rpartition(".")[2]
        if name in _REGISTRY and _REGISTRY[name].measure.__module__ != measure.__module__:
            raise ValueError(f"there are two claims of the name {name}: in {family}, and before")
        _REGISTRY[name] = Claim(name, family, statement, source, measure)
        return measure

    return enter


def all_claims() -> dict[str, Claim]:
    """Return every claim of the package by name, one family after the other."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(_REGISTRY)


def find_claim(name: str) -> Claim:
    """Return the claim with this name.

    Raises
    ------
    ValueError
        There is no such claim. The message suggests similar names.
    """
    name, claims = check_text("name", name), all_claims()
    key = name.strip().lower().replace("_", "-")
    if key not in claims:
        near = get_close_matches(key, claims, n=3, cutoff=0.3)
        raise ArgumentError(
            f"name must be that of a claim, and there is no claim {name!r}; "
            + (f"did you mean {', '.join(near)}?" if near else "prove --list names them all")
        )
    return claims[key]


def find_family(name: str) -> list[Claim]:
    """Return the claims of a family such as ``linear-autoencoder``; an unknown family is empty."""
    family = check_text("name", name).strip().lower().replace("-", "_")
    return [claim for claim in all_claims().values() if claim.family == family]


def prove(claim: Claim) -> Row:
    """Measure a claim."""
    check_object("claim", claim, Claim)
    start = time.perf_counter()
    outcome = claim.measure()
    return Row(claim, outcome, time.perf_counter() - start)
