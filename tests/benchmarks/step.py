"""Time one training step of the 784-400-20 VAE: ours, its products, plain C, torch and JAX.

Run it as ``python tests/benchmarks/step.py``, with ``--pin`` to keep all to as many cores as they
have threads, and with ``--clock cpu`` to count processor time on a busy machine (one thread).
Each program has its own process, and they take turns: while one works the others are stopped, so
that no pool of threads that spins can slow another. Only ratios count, and only within one run.
What is not installed is left out with a word.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
from programs import PROGRAMS
from turns import Worker, machine


def measure(batch: int, threads: int, arguments: argparse.Namespace) -> list[Worker]:
    """Return the workers that are here after their turns, and say which are not."""
    options = batch, threads, arguments.clock
    workers = [
        Worker("programs.py", name, *options, threads=threads, pin=arguments.pin)
        for name in arguments.programs
    ]
    here = [worker for worker in workers if worker.state == "ready"]
    for worker in workers:
        if worker not in here:
            print(f"left out, {worker.name}: {worker.state}", file=sys.stderr)
    for _ in range(arguments.turns):
        for worker in here:
            worker.take_turn(arguments.steps)
    for worker in workers:
        worker.close()
    return here


def main() -> None:
    """Print one table for all batches and threads: the least and the median time of a step."""
    parser = argparse.ArgumentParser(description="Time one training step beside its peers.")
    parser.add_argument("--batch", type=int, nargs="+", default=[32, 128, 512])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--turns", type=int, default=15, help="how often each program works")
    parser.add_argument("--steps", type=int, default=10, help="steps in a turn")
    parser.add_argument("--pin", action="store_true", help="use as many cores as threads")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall")
    parser.add_argument("--programs", nargs="+", default=list(PROGRAMS), choices=PROGRAMS)
    arguments = parser.parse_args()

    clock = "processor time" if arguments.clock == "cpu" else "wall time"
    n = arguments.turns * arguments.steps
    print(
        f"One step, ms of {clock}: least (median) of {n}. {machine()}\n",
        flush=True,
    )
    print(f"| batch, threads | {' | '.join(arguments.programs)} |")
    print("|---" * (1 + len(arguments.programs)) + "|")
    notes = []
    for threads in arguments.threads:
        for batch in arguments.batch:
            here = {worker.name: worker for worker in measure(batch, threads, arguments)}
            cells = [
                f"{min(here[name].times):.2f} ({np.median(here[name].times):.2f})"
                if name in here
                else ""
                for name in arguments.programs
            ]
            print(f"| {batch}, {threads} | {' | '.join(cells)} |", flush=True)
            notes.append(_ratios(batch, threads, here))
    print("\n" + "\n".join(notes))


def _ratios(batch: int, threads: int, here: dict[str, Worker]) -> str:
    """Return our least time over each other program's, and the losses that all have reached."""
    if "minivae" not in here:
        return f"{batch}, {threads}: minivae did not run"
    ours = min(here["minivae"].times)
    ratios = [f"{ours / min(w.times):.2f} x {n}" for n, w in here.items() if n != "minivae"]
    losses = [w.loss for w in here.values() if not np.isnan(w.loss)]
    reached = f"all losses within {min(losses):.1f} and {max(losses):.1f} nats"
    return f"batch {batch}, threads {threads}: ours is {', '.join(ratios)}; {reached}"


if __name__ == "__main__":
    main()
