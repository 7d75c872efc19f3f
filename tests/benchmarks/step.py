"""Time one training step of the 784-400-20 VAE: ours, its products, plain C, torch and JAX.

Run it as ``python tests/benchmarks/step.py``, with ``--pin`` to keep all to as many cores as they
have threads, and ``--clock cpu`` to count processor time on a busy machine (one thread). Each program has its own process, and they take turns: while one works the others are
stopped, so that no pool of threads that spins can slow another. Only ratios count, and only within
one run. What is not installed is left out with a word.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
from programs import PROGRAMS

ROOT = Path(__file__).resolve().parents[2]
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class Worker:
    """A program in a process of its own, stopped except where it takes its turn."""

    def __init__(self, name: str, batch: int, threads: int, pin: bool, clock: str) -> None:
        self.name, self.times, self.loss = name, [], float("nan")
        environment = os.environ | dict.fromkeys(THREADS, str(threads))
        environment["PYTHONPATH"] = os.pathsep.join(
            [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        )
        command = [sys.executable, str(Path(__file__).with_name("programs.py"))]
        if pin and hasattr(os, "sched_setaffinity"):
            cores = sorted(os.sched_getaffinity(0))[:threads]
            command = ["taskset", "-c", ",".join(map(str, cores)), *command]
        self.process = subprocess.Popen(
            [*command, name, str(batch), str(threads), clock],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        self.state = self._answer()  # "ready", or why it is not here
        if self.state == "ready":
            self.process.send_signal(signal.SIGSTOP)

    def take_turn(self, steps: int) -> None:
        """Take some steps, and note the time of each."""
        self.process.send_signal(signal.SIGCONT)
        print(steps, file=self.process.stdin, flush=True)
        *seconds, self.loss = map(float, self._answer().split())
        self.process.send_signal(signal.SIGSTOP)
        self.times += [1e3 * each for each in seconds]

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()

    def _answer(self) -> str:
        return self.process.stdout.readline().strip() or "it stopped with an error"


def measure(batch: int, threads: int, arguments: argparse.Namespace) -> list[Worker]:
    """Return the workers that are here after their turns, and say which are not."""
    options = batch, threads, arguments.pin, arguments.clock
    workers = [Worker(name, *options) for name in arguments.programs]
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


def machine() -> str:
    """Return what the figures were measured on."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        model = next((line.split(":")[1].strip() for line in lines if "model name" in line), model)
    python, numpy = platform.python_version(), np.__version__
    return f"{model}, {os.cpu_count()} cores, Python {python}, NumPy {numpy}"


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
    print(
        f"One step, ms of {clock}: least (median) of {arguments.turns * arguments.steps}. {machine()}\n",
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
