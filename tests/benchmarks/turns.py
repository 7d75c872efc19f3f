"""Programs that are timed in turns, each in its own process."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class Worker:
    """A program in a process of its own, stopped except where it takes its turn."""

    def __init__(
        self, script: str, name: str, *arguments: object, threads: int, pin: bool = False
    ) -> None:
        self.name, self.times, self.loss = name, [], float("nan")
        environment = os.environ | dict.fromkeys(THREADS, str(threads))
        environment["PYTHONPATH"] = os.pathsep.join(
            [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        )
        command = [sys.executable, str(Path(__file__).with_name(script))]
        if pin and hasattr(os, "sched_setaffinity"):
            cores = sorted(os.sched_getaffinity(0))[:threads]
            command = ["taskset", "-c", ",".join(map(str, cores)), *command]
        self.process = subprocess.Popen(
            [*command, name, *map(str, arguments)],
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


def serve(step: Callable[[], float], clock: Callable[[], float] = time.perf_counter) -> None:
    """Answer each line on the standard input, a number of steps, with the seconds of each step."""
    print("ready", flush=True)
    for line in sys.stdin:
        times = [clock()]
        for _ in range(int(line)):
            last = step()
            times.append(clock())
        print(*np.diff(times), last, flush=True)


def machine() -> str:
    """Return what the figures were measured on."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        model = next((line.split(":")[1].strip() for line in lines if "model name" in line), model)
    python, numpy = platform.python_version(), np.__version__
    return f"{model}, {os.cpu_count()} cores, Python {python}, NumPy {numpy}"
