"""``minivae study``: what the studies ask, or one of them, run beside its baselines."""

from __future__ import annotations

from pathlib import Path

from minivae import studies


def list_studies() -> None:
    """Print the name of every study, and what it asks."""
    for each in studies.all_studies().values():
        print(f"{each.name}: {each.question}")


def run_study(name: str, *, data: str, seeds: int, quick: bool, out: Path | None) -> None:
    """Run a study with a line for each piece, and print its table and its verdict.

    Parameters
    ----------
    name, data, seeds, quick
        As `minivae.studies.run` has them.
    out : Path, optional
        By default a folder of the study's name in ``minivae-study``.
    """
    chosen = studies.find_study(name)
    folder = Path("minivae-study", chosen.name) if out is None else out
    print(f"{chosen.question}\n")
    found = studies.run(chosen.name, data=data, seeds=seeds, quick=quick, out=folder, verbose=True)
    print(f"\n{found}\n\ntable.csv, report.md and pictures are in {folder}")
