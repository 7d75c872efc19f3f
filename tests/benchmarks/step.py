"""Time one training step of the 784-400-20 VAE against its eleven matrix products.

Run it as ``python tests/benchmarks/step.py``. Only ratios count, and only within one run: other
programs on the machine slow down both sides. The three things are timed in turns, and the median
is taken over the turns.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from minivae import VAE, Adam

WIDTHS = {"x": 784, "h": 400, "mu_and_log_var": 40, "z": 20, "h2": 400, "out": 784}


def products(batch: int, rng: np.random.Generator) -> Callable[[], None]:
    """Return a function that does the step's eleven matrix products and nothing else."""
    shapes = [(784, 400), (400, 40), (20, 400), (400, 784)]
    layers = []
    for n_in, n_out in shapes:
        x, dy = (rng.standard_normal((batch, n)).astype(np.float32) for n in (n_in, n_out))
        W = rng.standard_normal((n_in, n_out)).astype(np.float32)
        layers.append((x, dy, W, np.empty_like(x), np.empty_like(dy), np.empty_like(W)))

    def run() -> None:
        for x, _, W, _, y, _ in layers:
            np.matmul(x, W, out=y)
        for i, (x, dy, W, dx, _, dW) in enumerate(layers):
            np.matmul(x.T, dy, out=dW)
            if i > 0:  # the data's gradient is not needed
                np.matmul(dy, W.T, out=dx)

    return run


def main() -> None:
    """Print the medians in milliseconds, and the two ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--turns", type=int, default=300)
    arguments = parser.parse_args()

    rng = np.random.default_rng(0)
    model = VAE(784, 20, hidden=(400,), dtype=np.float32, rng=rng)
    optimizer = Adam()
    x = rng.random((arguments.batch, 784)).astype(np.float32)
    params, grads = model.params, model.loss_and_grads(x, rng=rng)[1]

    def step() -> None:
        _, grads = model.loss_and_grads(x, rng=rng)
        optimizer.step(model.params, grads)

    tasks = {
        "eleven matrix products": products(arguments.batch, rng),
        "one Adam pass": lambda: optimizer.step(params, grads),
        "the whole step": step,
    }
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(arguments.turns):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            seconds[name].append(time.perf_counter() - start)
    median = {name: 1e3 * float(np.median(values)) for name, values in seconds.items()}
    for name, milliseconds in median.items():
        print(f"{name:24s} {milliseconds:7.3f} ms")
    matmul, adam, whole = median.values()
    print(f"step / (products + Adam)       {whole / (matmul + adam):.2f}")
    print(f"(step - Adam) / products       {(whole - adam) / matmul:.2f}")


if __name__ == "__main__":
    main()
