"""``minivae prove``: the ledger of claims, or one of them with its derivation and picture."""

from __future__ import annotations

from pathlib import Path

from minivae.claims import Claim, Row, all_claims, find_claim, find_family, prove
from minivae.edge.files import make_folder


def list_claims(name: str | None = None) -> bool:
    """Print name and statement of every claim, family by family, or of one family.

    Returns whether there is such a family.
    """
    family, chosen = "", list[Claim](all_claims().values()) if name is None else find_family(name)
    for each in chosen:
        if each.family != family:
            family = each.family
            print(f"\n{family.replace('_', ' ')}")
        print(f"  {each.name}: {each.statement} [{each.source}]")
    return bool(chosen)


def prove_all(out: Path | None = None) -> list[Row]:
    """Measure every claim, print a row for each, then the count; `out` is a folder for pictures."""
    rows = []
    for each in all_claims().values():
        row = prove(each)
        print(row, flush=True)
        rows.append(row)
        if out is not None:
            draw(row, out)
    n_ok = sum(row.outcome.ok for row in rows)
    seconds = sum(row.seconds for row in rows)
    print(f"{n_ok} of {len(rows)} claims hold, {seconds:.0f} s")
    for row in rows:
        if not row.outcome.ok:
            print(f"FAILED  {row.claim.name}")
    return rows


def prove_one(name: str, out: Path | None = None) -> Row:
    """Print a claim's derivation and its row; `out` is a folder for its picture."""
    chosen = find_claim(name)
    print(f"{chosen.statement} [{chosen.source}]\n\n{chosen.derivation}\n")
    row = prove(chosen)
    print(row)
    if out is not None:
        draw(row, out)
    return row


def draw(row: Row, out: Path) -> Path:
    """Write the claim's own picture, or else measured against exact."""
    from minivae import plots

    make_folder(out)
    if row.outcome.draw is None:
        artists = plots.measured_against_exact(row.outcome.exact, row.outcome.measured)
        ax = plots.figure_of(artists).axes[0]
    else:
        ax = plots.new_axes()
        row.outcome.draw(ax)
    ax.set_title(row.claim.statement, fontsize=10, wrap=True)
    return plots.save(ax, out / f"{row.claim.name}.png")
