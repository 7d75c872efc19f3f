"""What a study found: a table with a row for each thing compared, a verdict, and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Value = str | int | float
Values = Value | Sequence[float]


@dataclass(frozen=True)
class Entry:
    """One thing that is compared.

    Parameters
    ----------
    name : str
        "VAE, 20 latents".
    values : dict
        A setting (a plain value), or what was measured: a list with one number for each seed.
    baseline : bool
        Whether it is what a sceptic would compare with.
    """

    name: str
    values: Mapping[str, Values]
    baseline: bool = False

    def seeds(self, column: str) -> list[float]:
        """Return a column as one number for each seed; a setting is one number."""
        return [float(value) for value in np.atleast_1d(self.values[column])]

    def mean(self, column: str) -> float:
        """Return the mean of a column over the seeds."""
        return mean_and_spread(self.seeds(column))[0]


@dataclass(frozen=True)
class Findings:
    """The table, the verdict and the pictures of a study.

    Parameters
    ----------
    entries : list of Entry
        A column that an entry lacks stays empty in its row.
    verdict : str
        Two sentences that the numbers decide.
    figures : dict of str to matplotlib Figure
        By the name of the file that each is written to.

    Attributes
    ----------
    columns : list of str
        ``name``, ``baseline``, then each setting as it is, and each measured quantity with its
        spread in the next column, ``<quantity> sd``.
    rows : list of dict
        A dict of columns for each entry: mean over the seeds, and standard deviation over them
        (None with one seed). ``baseline`` is "yes" or "no", a missing value is None.
    """

    entries: Sequence[Entry]
    verdict: str
    figures: Mapping[str, Any]

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in order."""
        columns = ["name", "baseline"]
        for quantity in _quantities(self.entries):
            columns += [quantity, f"{quantity} sd"] if self._measured(quantity) else [quantity]
        return columns

    @property
    def rows(self) -> list[dict[str, Value | None]]:
        """A dict of columns for each entry."""
        rows = []
        for entry in self.entries:
            row: dict[str, Value | None] = dict.fromkeys(self.columns)
            row |= {"name": entry.name, "baseline": "yes" if entry.baseline else "no"}
            for quantity, value in entry.values.items():
                if self._measured(quantity):
                    row[quantity], row[f"{quantity} sd"] = mean_and_spread(value)
                elif isinstance(value, str | int | float):
                    row[quantity] = value
            rows.append(row)
        return rows

    def cells(self) -> list[list[str]]:
        """Return the table as it is printed, the header first: ``mean ± spread`` in one cell."""
        quantities = _quantities(self.entries)
        decimals = {quantity: self._decimals(quantity) for quantity in quantities}
        table = [["", "baseline", *quantities]]
        for row in self.rows:
            line = [str(row["name"]), "yes" if row["baseline"] == "yes" else ""]
            for quantity in quantities:
                line.append(_cell(row[quantity], row.get(f"{quantity} sd"), decimals[quantity]))
            table.append(line)
        return table

    def __str__(self) -> str:
        table = self.cells()
        widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
        lines = []
        for line in table:
            first, *others = (f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True))
            rest = (f"{cell.strip():>{len(cell)}}" for cell in others)
            lines.append("  ".join([first, *rest]).rstrip())
        return "\n".join([*lines, "", self.verdict])

    def _measured(self, quantity: str) -> bool:
        """Whether a column has one number for each seed."""
        values = (entry.values.get(quantity, "") for entry in self.entries)
        return any(not isinstance(value, str | int | float) for value in values)

    def _decimals(self, quantity: str) -> int:
        """Return how many decimals give the largest number of a column four digits."""
        numbers = [row[quantity] for row in self.rows]
        if all(number is None or isinstance(number, int | str) for number in numbers):
            return 0
        sizes = [abs(x) for x in numbers if isinstance(x, float) and np.isfinite(x)]
        largest = max(sizes, default=1.0)
        return int(np.clip(3 - np.floor(np.log10(max(largest, 1e-9))), 0, 3))


def mean_and_spread(values: Values) -> tuple[float, float | None]:
    """Return the mean over seeds and the standard deviation over them (divisor n - 1).

    One seed has no spread: then the second is None.
    """
    numbers = np.asarray(values, float)
    spread = float(numbers.std(ddof=1)) if numbers.size > 1 else None
    return float(numbers.mean()), spread


def column(results: Sequence[Mapping[str, Any]], key: str) -> list[float]:
    """Return what was measured under one key, one number for each seed."""
    return [float(result[key]) for result in results]


def _quantities(entries: Sequence[Entry]) -> list[str]:
    """Return all columns that entries have, in the order in which they first appear."""
    return list(dict.fromkeys(key for entry in entries for key in entry.values))


def _cell(value: Value | None, spread: Value | None, decimals: int) -> str:
    if value is None:
        return ""
    if isinstance(value, str | int):
        return str(value)
    text = f"{value:.{decimals}f}"
    return text if spread is None else f"{text} ± {spread:.{decimals}f}"
