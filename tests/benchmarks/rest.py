"""Time the rest of the work beside what a user would take instead, as ratios.

Run it as ``python tests/benchmarks/rest.py``, or name some of its rows. Ours and the other program
have a process each and take turns, as in `step.py`. ``--job`` adds the whole job: ten epochs on
MNIST from a cold start, imports included, beside torch with its usual DataLoader (minutes).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from programs import NotHereError, weights
from turns import ROOT, Worker, machine, serve

Task = Callable[[], Any]
THREADS = 1


def _images(n: int) -> Any:
    from minivae.datasets import digits

    return digits(n, rng=0).images.astype(np.float32)


def _vae() -> Any:
    from minivae import VAE

    return VAE(784, 20, hidden=(400,), dtype=np.float32, rng=0)


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        raise NotHereError("torch is not installed") from None
    torch.set_num_threads(THREADS)
    torch.set_grad_enabled(False)
    W = [torch.from_numpy(w) for w in weights()]

    def encode(x: Any) -> Any:
        mu, raw = (torch.relu(x @ W[0] + W[1]) @ W[2] + W[3]).chunk(2, dim=1)
        return mu, 20 * torch.tanh(raw / 20)

    def decode(z: Any) -> Any:
        return torch.relu(z @ W[4] + W[5]) @ W[6] + W[7]

    return torch, encode, decode


def our_pca() -> Task:
    from minivae import PCA

    X = _big()
    return lambda: PCA(50).fit(X)


def their_pca() -> Task:
    try:
        from sklearn.decomposition import PCA
    except ImportError:
        raise NotHereError("scikit-learn is not installed") from None
    X = _big()
    return lambda: PCA(50, svd_solver="covariance_eigh").fit(X)


def _big() -> Any:
    rng = np.random.default_rng(0)
    factors = rng.standard_normal((60_000, 40)) @ rng.standard_normal((40, 784))
    return factors + rng.standard_normal((60_000, 784))


def our_transform() -> Task:
    model, X = _vae(), _images(10_000)
    return lambda: model.transform(X)


def their_transform() -> Task:
    torch, encode, _ = _torch()
    X = torch.from_numpy(_images(10_000))
    return lambda: torch.cat([encode(x)[0] for x in X.split(1000)]).numpy()


def our_likelihood() -> Task:
    from minivae import log_likelihood

    model, X = _vae(), _images(20)
    return lambda: log_likelihood(model, X, 1000, rng=0)


def their_likelihood() -> Task:
    torch, encode, decode = _torch()
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    X = torch.from_numpy(_images(20))

    def one(x: Any) -> Any:
        mu, log_var = encode(x[None])
        eps = torch.randn(1000, 20)
        z = mu + torch.exp(log_var / 2) * eps
        logits = decode(z)
        log_p = -bce(logits, x.expand_as(logits), reduction="none").sum(1)
        log_w = log_p + 0.5 * (eps**2 + log_var - z**2).sum(1)
        return torch.logsumexp(log_w, 0) - np.log(1000)

    return lambda: [float(one(x)) for x in X]


def our_sample() -> Task:
    model = _vae()
    return lambda: model.sample(5000, rng=0)


def their_sample() -> Task:
    torch, _, decode = _torch()
    return lambda: torch.bernoulli(torch.sigmoid(decode(torch.randn(5000, 20)))).numpy()


def our_autoencoder() -> Task:
    from minivae import Autoencoder

    X = _images(5000)

    def fit() -> Any:
        options = {"hidden": (256, 64), "likelihood": "squared_error", "dtype": np.float32}
        return Autoencoder(784, 16, **options, rng=0).fit(X, epochs=2, batch_size=128, rng=0)

    return fit


def their_autoencoder() -> Task:
    try:
        from sklearn.neural_network import MLPRegressor
    except ImportError:
        raise NotHereError("scikit-learn is not installed") from None
    import warnings

    X = _images(5000)
    options = {"hidden_layer_sizes": (256, 64, 16, 64, 256), "batch_size": 128, "max_iter": 2}

    def fit() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # two epochs do not converge
            return MLPRegressor(**options, tol=0, random_state=0).fit(X, X)

    return fit


def our_gru() -> Task:
    from minivae import GRU

    layer = GRU(64, 128, dtype=np.float32, rng=0)
    x = np.random.default_rng(0).standard_normal((64, 32, 64), dtype=np.float32)
    dy = np.ones((64, 32, 128), np.float32)

    def both() -> Any:
        layer.forward(x)
        return layer.backward(dy)

    return both


def their_gru() -> Task:
    torch, _, _ = _torch()
    torch.set_grad_enabled(True)
    layer = torch.nn.GRU(64, 128, batch_first=True)
    x = torch.randn(64, 32, 64, requires_grad=True)

    def both() -> Any:
        layer.zero_grad()
        layer(x)[0].sum().backward()

    return both


def our_import() -> Task:
    return lambda: subprocess.run([sys.executable, "-c", "import minivae"], check=True, cwd=ROOT)


def numpys_import() -> Task:
    return lambda: subprocess.run([sys.executable, "-c", "import numpy"], check=True, cwd=ROOT)


# what, ours, the other's name, theirs, the goal for the ratio, calls in a turn
PAIRS: dict[str, tuple[str, Callable[[], Task], Callable[[], Task], float, int]] = {
    "PCA, 60,000 x 784": ("scikit-learn, covariance_eigh", our_pca, their_pca, 1.0, 1),
    "transform, 10,000 images": ("torch", our_transform, their_transform, 1.0, 3),
    "log_likelihood, 20 images, k = 1,000": ("torch", our_likelihood, their_likelihood, 1.0, 1),
    "sample, 5,000 images": ("torch", our_sample, their_sample, 1.0, 2),
    "Autoencoder, two epochs": ("MLPRegressor", our_autoencoder, their_autoencoder, 0.7, 1),
    "GRU, forward and backward": ("torch.nn.GRU", our_gru, their_gru, 1.5, 5),
    "import minivae": ("import numpy", our_import, numpys_import, np.inf, 1),
}

OUR_JOB = """
import numpy as np, minivae as mv
X, _ = mv.datasets.mnist("train")
model = mv.VAE(784, 20, hidden=(400,), dtype=np.float32, rng=0)
model.fit(X, epochs={epochs}, rng=0)
print(model.history_["loss"][-1])
"""
TORCH_JOB = """
import torch, minivae as mv
from torch.utils.data import DataLoader, TensorDataset
X, _ = mv.datasets.mnist("train")
data = DataLoader(TensorDataset(torch.from_numpy(X).float() / 255), batch_size=128, shuffle=True)
first = torch.nn.Sequential(torch.nn.Linear(784, 400), torch.nn.ReLU(), torch.nn.Linear(400, 40))
second = torch.nn.Sequential(torch.nn.Linear(20, 400), torch.nn.ReLU(), torch.nn.Linear(400, 784))
optimizer = torch.optim.Adam([*first.parameters(), *second.parameters()])
bce = torch.nn.functional.binary_cross_entropy_with_logits
for epoch in range({epochs}):
    total = 0.0
    for (x,) in data:
        mu, log_var = first(x).chunk(2, dim=1)
        out = second(mu + torch.exp(log_var / 2) * torch.randn_like(mu))
        kl = 0.5 * (mu * mu + log_var.exp() - 1 - log_var).sum()
        loss = (bce(out, x, reduction="sum") + kl) / len(x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
print(total / len(X))
"""


def job(code: str, epochs: int, threads: int) -> tuple[float, float]:
    """Return the wall seconds of a program from its start to its end, and its last loss."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    environment = os.environ | dict.fromkeys(names, str(threads)) | {"PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code.format(epochs=epochs)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return time.perf_counter() - start, float(done.stdout)


def main() -> None:
    """Print a table: ours, theirs, the ratio and the goal."""
    parser = argparse.ArgumentParser(description="Time the rest of the work beside its peers.")
    parser.add_argument("rows", nargs="*", help=f"beginnings of {', '.join(PAIRS)}")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--job", action="store_true", help="the whole job too (minutes)")
    parser.add_argument("--epochs", type=int, default=10, help="of the whole job")
    arguments = parser.parse_args()

    print(f"Least wall seconds of one call, threads {arguments.threads}. {machine()}\n")
    print("| what | ours | beside | theirs | ours / theirs | goal |\n|---|---|---|---|---|---|")
    for what, (other, *_, goal, calls) in PAIRS.items():
        if arguments.rows and not any(map(what.startswith, arguments.rows)):
            continue
        workers = [
            Worker("rest.py", "--worker", what, who, arguments.threads, threads=arguments.threads)
            for who in (0, 1)
        ]
        missing = [worker.state for worker in workers if worker.state != "ready"]
        if missing:
            print(f"| {what} | | {other} | {missing[0]} | | |")
        else:
            for _ in range(arguments.turns):
                for worker in workers:
                    worker.take_turn(calls)
            ours, theirs = (min(worker.times) / 1e3 for worker in workers)
            shown = f"{goal:.1f}" if goal < np.inf else "numpy's + .1 s"
            print(
                f"| {what} | {ours:.3f} | {other} | {theirs:.3f} | {ours / theirs:.2f} | {shown} |",
                flush=True,
            )
        for worker in workers:
            worker.close()
    if arguments.job:
        times = [job(code, arguments.epochs, arguments.threads) for code in (OUR_JOB, TORCH_JOB)]
        (ours, loss), (theirs, other_loss) = times
        print(
            f"| {arguments.epochs} epochs on MNIST from a cold start | {ours:.1f} | torch with "
            f"DataLoader | {theirs:.1f} | {ours / theirs:.2f} | 1.0 |\n\n"
            f"last losses {loss:.1f} and {other_loss:.1f} nats"
        )


def work(what: str, who: int, threads: int) -> None:
    """Be one side of a pair."""
    global THREADS
    THREADS = threads
    try:
        task = PAIRS[what][1 + who]()
        task()
    except NotHereError as error:
        print(f"not here: {error}", flush=True)
        return

    def step() -> float:
        task()
        return float("nan")

    serve(step)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        work(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
