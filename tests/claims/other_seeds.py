"""Whether the claims hold by luck: measure them on other seeds, a maintainer's command.

    python tests/claims/other_seeds.py [--seeds 1 2] [NAME ...]

A claim asks for its random numbers by a seed, such as 0. Here every such seed is moved by 1000
times the number of a run, in all modules at once, so each run draws other numbers. A line for each
run says how many claims hold, and names those that do not. NAME is a part of a claim's name;
without one, all are measured, which takes a few minutes.

The tolerances are about five standard errors. So a claim that fails on one of many seeds is not yet
wrong; one that fails on two of three is.
"""

import argparse
import os
import sys
import warnings
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from minivae.claims import all_claims, prove

generator = np.random.default_rng


def moved(run):
    """Return a `default_rng` that adds 1000 times `run` to a seed that is an integer."""

    def default_rng(seed=None):
        return generator(seed + 1000 * run if isinstance(seed, int) else seed)

    return default_rng


def main(runs, words):
    """Print for each run how many claims hold, and return whether all of them do."""
    warnings.simplefilter("ignore")
    claims = [c for c in all_claims().values() if not words or any(w in c.name for w in words)]
    everything = True
    for run in runs:
        np.random.default_rng = moved(run)
        rows = [prove(claim) for claim in claims]
        failed = [row for row in rows if not row.outcome.ok]
        everything = everything and not failed
        print(f"seeds moved by {1000 * run}: {len(rows) - len(failed)} of {len(rows)} claims hold")
        for row in failed:
            print(row)
    return everything


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", metavar="NAME")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2], metavar="N")
    given = parser.parse_args()
    sys.exit(not main(given.seeds, given.words))
