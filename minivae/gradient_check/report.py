"""What a gradient check found: where the two gradients differ most, and the likely mistake."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from minivae.edge.checks import Array


@dataclass(frozen=True)
class Slopes:
    """Both gradients of one array: the hand-written one whole, the numeric one where measured."""

    name: str
    gradient: Array
    which: Array  # (n,), the measured entries, as indices into the flat array
    numeric: Array  # (n,)

    @property
    def analytic(self) -> Array:
        """The hand-written gradient at the measured entries."""
        return self.gradient.ravel()[self.which]

    def index(self, j: int) -> tuple[int, ...]:
        """Return the place of the j-th measured entry in the array."""
        return tuple(int(i) for i in np.unravel_index(self.which[j], self.gradient.shape))


@dataclass(frozen=True)
class Entry:
    """The worst entry of one array: where it is, and the value of both gradients there."""

    name: str
    index: tuple[int, ...]
    analytic: float
    numeric: float
    relative_error: float
    n_checked: int
    n_kinks: int
    hint: str

    def __str__(self) -> str:
        place = self.name + (f"[{', '.join(map(str, self.index))}]" if self.index else "")
        text = (
            f"{place}: analytic {self.analytic:.10g}, numeric {self.numeric:.10g}, "
            f"relative error {self.relative_error:.1e} (worst of {self.n_checked})"
        )
        if self.n_kinks:
            text += f"; {self.n_kinks} on a kink, between the slopes of both sides"
        return text + (f"; {self.hint}" if self.hint else "")


@dataclass(frozen=True)
class GradientReport:
    """What `check_gradients` found; ``str(report)`` has a line for every array.

    Attributes
    ----------
    target : str
        What was checked.
    method : {"central", "complex"}
    tolerance : float
        The largest relative error that passes.
    entries : list of Entry
        The worst entry of every parameter and input.
    notes : list of str
        What else a reader should know. If the gradients cannot be compared, the reason is here.
    """

    target: str
    method: str
    tolerance: float
    entries: list[Entry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def worst(self) -> Entry | None:
        """The entry with the largest relative error."""
        return max(self.entries, key=lambda entry: entry.relative_error, default=None)

    @property
    def n_checked(self) -> int:
        """How many numbers were compared."""
        return sum(entry.n_checked for entry in self.entries)

    @property
    def ok(self) -> bool:
        """Whether something was compared, and every relative error is within the tolerance."""
        return self.worst is not None and self.worst.relative_error <= self.tolerance

    def raise_if_failed(self) -> None:
        """Raise `AssertionError` with the whole report unless it is `ok`."""
        if not self.ok:
            raise AssertionError(str(self))

    def __str__(self) -> str:
        verdict = "ok" if self.ok else "FAILED"
        title = f"{self.target}: {verdict} ({self.method}, tolerance {self.tolerance:.0e})"
        return "\n  ".join([title, *map(str, self.entries), *self.notes])
