"""What a gradient check found: where the two gradients differ most, and the likely mistake."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from minivae.edge.checks import Array


@dataclass(frozen=True)
class Entry:
    """The worst entry of one array: where it is, and both values there."""

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
    """What `check_gradients` found.

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
        What else a reader should know; a check that could not be made says why.
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


def likely_mistake(
    analytic: Array, ours: Array, numeric: Array, n_rows: int, tolerance: float
) -> str:
    """Return what the ratio of the two gradients suggests."""
    large = np.abs(numeric) > 1e-3 * np.max(np.abs(numeric))
    if not np.any(ours):
        return "the gradient is zero everywhere: was it ever filled?"
    if not np.any(large):
        return "the gradient should be zero"
    ratios = ours[large] / numeric[large]
    ratio = float(np.median(ratios))
    if abs(ratio - 1) > tolerance and np.allclose(ratios, ratio, rtol=1e-4):
        causes = {-1.0: "the sign is flipped", 2.0: "twice too large", 0.5: "half of what it is"}
        causes |= {-2.0: "the sign is flipped, and twice too large"}
        causes |= {-0.5: "the sign is flipped, and half of what it is"}
        if n_rows > 2:
            causes |= {n_rows: "not divided by the batch size"}
            causes |= {1 / n_rows: "divided by the batch size once too often"}
        for factor, cause in causes.items():
            if np.isclose(ratio, factor, rtol=1e-3):
                return cause
        return f"{ratio:.8g} times what it is"
    square = analytic.ndim == 2 and analytic.shape[0] == analytic.shape[1]
    if (
        square
        and len(ours) == analytic.size
        and np.allclose(analytic.T.ravel(), numeric, rtol=1e-4)
    ):
        return "transposed"
    return ""
