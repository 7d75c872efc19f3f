"""``minivae gradcheck``: a table with a row for every hand-written gradient of the package."""

from __future__ import annotations

from minivae.claims.audit import HEADER, AuditRow, audit


def gradcheck(seed: int = 0) -> list[AuditRow]:
    """Print each row of the table when it is computed, then the verdict; return the rows."""
    print(HEADER)
    rows = []
    for row in audit(seed):
        print(row, flush=True)
        rows.append(row)
    wrong = [row.name for row in rows if not row.ok]
    n_checked = sum(row.central.n_checked for row in rows)
    print(
        f"{len(rows)} parts, {n_checked} derivatives, each by both methods: "
        + (f"WRONG in {', '.join(wrong)}" if wrong else "all right")
    )
    return rows


def worst_errors(rows: list[AuditRow]) -> tuple[float, float]:
    """Return the largest relative errors of all rows, by central differences and complex step."""
    reports = [(row.central.worst, row.complex_step.worst) for row in rows]
    central = max(worst.relative_error for worst, _ in reports if worst)
    return central, max(worst.relative_error for _, worst in reports if worst)
