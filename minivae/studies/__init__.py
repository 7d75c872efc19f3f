"""Studies: experiments on data, each beside honest baselines and over several seeds.

A study is a function decorated with `study` in any module of this package, one study a file. It
takes a `Bench`, which trains and measures piece by piece and keeps what is finished, and returns
`Findings`: a row for each thing compared, a verdict that the numbers decide, and pictures. Writing
the function is all that is needed: `all_studies` finds it and ``python -m minivae study`` runs it.
`latent_dimension` is the example to copy.
"""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from minivae.edge.arguments import check_text
from minivae.edge.checks import ArgumentError, check_integer
from minivae.studies.bench import Bench
from minivae.studies.data import check_data
from minivae.studies.findings import Entry, Findings
from minivae.studies.report import check_folder, write_report

__all__ = ["Bench", "Entry", "Findings", "Study", "all_studies", "find_study", "run", "study"]


@dataclass(frozen=True)
class Study:
    """A study: its name, what it asks, and the function that answers."""

    name: str
    question: str
    answer: Callable[[Bench], Findings]

    @property
    def design(self) -> str:
        """What is trained, and what it is compared with, in a few lines."""
        return inspect.getdoc(self.answer) or ""


_REGISTRY: dict[str, Study] = {}


def study(question: str) -> Callable[[Callable[[Bench], Findings]], Callable[[Bench], Findings]]:
    """Return a decorator that makes a function a study.

    Parameters
    ----------
    question : str
        What is asked, in a line. The study's name is the function's, with hyphens.
    """
    check_text("question", question)

    def enter(answer: Callable[[Bench], Findings]) -> Callable[[Bench], Findings]:
        name = answer.__name__.replace("_", "-")
        _REGISTRY[name] = Study(name, question, answer)
        return answer

    return enter


def all_studies() -> dict[str, Study]:
    """Return every study by name, in alphabetical order."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(_REGISTRY.items()))


def find_study(name: str) -> Study:
    """Return the study of that name.

    Raises
    ------
    ValueError
        There is no such study; the message suggests the nearest names.
    """
    name, studies = check_text("name", name), all_studies()
    key = name.strip().lower().replace("_", "-")
    if key not in studies:
        near = get_close_matches(key, studies, n=3, cutoff=0.4)
        raise ArgumentError(
            f"name must be that of a study, and there is no study {name!r}; "
            + (f"did you mean {', '.join(near)}?" if near else f"there are {', '.join(studies)}")
        )
    return studies[key]


def run(
    name: str,
    *,
    data: str = "digits",
    seeds: int = 3,
    quick: bool = False,
    out: str | os.PathLike[str] | None = None,
    verbose: bool = False,
) -> Findings:
    """Run a study, or go on with one that was interrupted.

    Parameters
    ----------
    name : str
        As ``minivae study --list`` has it.
    data : {"digits", "mnist"}
        Drawn digits, or handwritten ones.
    seeds : int
        How often everything is repeated, data and starts of the weights drawn anew: seeds 0, 1, ...
    quick : bool
        Little data and few epochs: whether the study runs, not what comes out.
    out : path, optional
        A folder for ``table.csv``, ``report.md`` and the pictures. Finished pieces are kept in its
        folder ``parts``: the same call goes on where an interrupted one stopped, and a piece that
        was made with other settings is not reused. Without `out` nothing is written.
    verbose : bool
        Print a line for each piece.

    Returns
    -------
    Findings
        With ``columns``, ``rows``, ``verdict`` and ``figures``.

    Raises
    ------
    TypeError, ValueError
        There is no such study or data set, or `seeds` is below 1.
    OSError
        `out` cannot be written, or MNIST cannot be found.
    """
    chosen = find_study(name)
    check_data(data)
    check_integer("seeds", seeds, 1)
    folder = None if out is None else check_folder(Path(out))
    bench = Bench(chosen.name, data, seeds, quick=quick, folder=folder, verbose=verbose)
    findings = chosen.answer(bench)
    if folder is not None:
        write_report(folder, chosen.question, findings, bench)
    return findings
