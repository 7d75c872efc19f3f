"""What a study leaves behind: `table.csv`, `report.md` and its pictures, in one folder."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import minivae as mv
from minivae.edge.files import make_folder, whole_file
from minivae.studies.bench import Bench
from minivae.studies.findings import Findings


def check_folder(folder: Path) -> Path:
    """Make the folder and its `parts`, and return it, or refuse what cannot be written.

    Raises
    ------
    OSError
        A file is in the way, or nothing may be written there.
    """
    make_folder(folder)
    make_folder(folder / "parts")
    try:
        with tempfile.TemporaryFile(dir=folder / "parts"):
            return folder
    except OSError as error:
        message = f"cannot write into the folder {folder}: {error.strerror}"
        raise OSError(error.errno, message) from error


def write_report(folder: Path, question: str, findings: Findings, bench: Bench) -> None:
    """Write the table, the pictures and the report, each whole or not at all."""
    for name, figure in findings.figures.items():
        mv.plots.save(figure, folder / f"{name}.png")
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, findings.columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(findings.rows)
    _write(folder / "table.csv", table.getvalue())
    _write(folder / "report.md", report(question, findings, bench))


def report(question: str, findings: Findings, bench: Bench) -> str:
    """Return the report in Markdown."""
    header, *rows = (" | ".join(line) for line in findings.cells())
    ruler = " | ".join(["---"] + ["---:"] * (len(findings.cells()[0]) - 1))
    table = "\n".join(f"| {line} |" for line in (header, ruler, *rows))
    pictures = "\n\n".join(f"![{name}]({name}.png)" for name in findings.figures)
    warning = "**A quick run: it shows that the study runs, not what comes out.**\n\n"
    seeds = "seed 0" if bench.seeds == 1 else f"seeds 0 to {bench.seeds - 1}"
    return (
        f"# {bench.study}, {bench.data}\n\n{warning if bench.quick else ''}"
        f"**What was asked.** {question}\n\n"
        f"**What came out.** {findings.verdict}\n\n"
        f"{table}\n\n"
        "Each number is the mean over the seeds, ± their standard deviation.\n\n"
        f"{pictures}\n\n"
        f"{seeds}; {bench.seconds:.0f} s of training and measuring; "
        f"minivae {mv.__version__}; made by\n\n    {command(bench)}\n"
    )


def command(bench: Bench) -> str:
    """Return the command line that repeats a study."""
    quick = " --quick" if bench.quick else ""
    return f"minivae study {bench.study} --data {bench.data} --seeds {bench.seeds}{quick}"


def _write(path: Path, text: str) -> None:
    with whole_file(path) as file:
        file.write(text.encode())
