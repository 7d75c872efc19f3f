"""How time grows: with the rows, with the samples k, and with width times hidden width.

Run it as ``python tests/benchmarks/growth.py --out growth.png``. It prints a table with the slope
of log time against log size, which is 1 where the time is linear, and draws the three lines.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from turns import machine

from minivae import VAE, Adam, log_likelihood
from minivae.edge.threads import one_thread


def rows(n: int) -> Callable[[], object]:
    """One epoch over n rows."""
    X = np.random.default_rng(0).random((n, 784), dtype=np.float32)
    model = VAE(784, 20, hidden=(100,), dtype=np.float32, rng=0)
    return lambda: model.fit(X, epochs=1, rng=0)


def samples(k: int) -> Callable[[], object]:
    """The log-likelihood of ten images from k samples of z each."""
    X = np.random.default_rng(0).random((10, 784), dtype=np.float32)
    model = VAE(784, 20, hidden=(100,), dtype=np.float32, rng=0)
    return lambda: log_likelihood(model, X, k, rng=0)


def widths(n: int) -> Callable[[], object]:
    """Ten steps of a model with n weights in each of its two large layers."""
    side = round(n**0.5)
    X = np.random.default_rng(0).random((128, side), dtype=np.float32)
    model, adam = VAE(side, 20, hidden=(side,), dtype=np.float32, rng=0), Adam()

    def steps() -> None:
        for _ in range(10):
            adam.step(model.params, model.loss_and_grads(X, rng=0)[1])

    return steps


LINES: dict[str, tuple[Callable[[int], Callable[[], object]], list[int]]] = {
    "rows of the data": (rows, [1024, 2048, 4096, 8192, 16384]),
    "samples k": (samples, [512, 1024, 2048, 4096, 8192]),
    "width x hidden": (widths, [200**2, 283**2, 400**2, 566**2, 800**2]),
}


def main() -> None:
    """Print the table and draw the picture."""
    parser = argparse.ArgumentParser(description="How the time grows with the size.")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("growth.png"))
    arguments = parser.parse_args()
    from minivae.plots import new_axes, save

    one_thread()
    print(f"Least processor time of {arguments.turns}, one thread. {machine()}\n")
    print("| what grows | sizes | seconds | slope |\n|---|---|---|---|")
    ax = new_axes()
    ax.set(xlabel="size, in multiples of the smallest", ylabel="seconds")
    for name, (make, sizes) in LINES.items():
        tasks = [make(size) for size in sizes]
        times: list[list[float]] = [[] for _ in sizes]
        for _ in range(arguments.turns):
            for task, seconds in zip(tasks, times, strict=True):
                start = time.process_time()
                task()
                seconds.append(time.process_time() - start)
        least = [min(seconds) for seconds in times]
        slope = np.polyfit(np.log(sizes), np.log(least), 1)[0]
        spelled = ", ".join(f"{seconds:.3f}" for seconds in least)
        print(f"| {name} | {', '.join(map(str, sizes))} | {spelled} | {slope:.2f} |", flush=True)
        ax.plot(np.divide(sizes, sizes[0]), least, marker="o", label=f"{name}: slope {slope:.2f}")
    ax.set(xscale="log", yscale="log")
    ax.legend()
    print(f"[picture: {save(ax, arguments.out)}]")


if __name__ == "__main__":
    main()
