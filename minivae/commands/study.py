"""``minivae study``: list the studies, or run one beside its baselines."""

from __future__ import annotations

from pathlib import Path

from minivae import studies


def list_studies() -> None:
    """Print the name and the question of every study."""
    for each in studies.all_studies().values():
        print(f"{each.name}: {each.question}")


def run_study(name: str, *, data: str, seeds: int, quick: bool, out: Path | None) -> None:
    """Run a study with a line for each piece, and print its table and its verdict.

    Parameters
    ----------
    name, data, seeds, quick
        The arguments of `minivae.studies.run`.
    out : Path, optional
        The folder for what is written; by default ``minivae-study/NAME``.
    """
    chosen = studies.find_study(name)
    folder = Path("minivae-study", chosen.name) if out is None else out
    print(f"{chosen.question}\n")
    found = studies.run(chosen.name, data=data, seeds=seeds, quick=quick, out=folder, verbose=True)
    print(f"\n{found}\n\ntable.csv, report.md and pictures are in {folder}")
