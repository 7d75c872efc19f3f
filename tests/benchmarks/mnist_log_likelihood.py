"""Train a VAE or an importance-weighted one on MNIST, and estimate its test log-likelihood.

Run it as ``python tests/benchmarks/mnist_log_likelihood.py --epochs 50``, with ``--n-importance 5``
to train on the importance-weighted bound. The set-up is that of Burda, Grosse and Salakhutdinov
(Importance weighted autoencoders, ICLR 2016), whose table 1 is printed beside the
result: one layer of 50 latent units, two hidden layers of 200 tanh units on each side, every pixel
drawn black or white afresh each time an image is seen, Adam(.9, .999, 1e-4), and the output's bias
started at the logit of the mean image. They pass 3,280 times over the data, 3^i passes for
i = 0 ... 7 at the rate 1e-3 * 10^(-i/7). Here each of the eight rates has the same share of
``--epochs``: in their proportions a short training would pass at the lowest rate.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minivae import VAE, Adam
from minivae.datasets import mnist
from minivae.diagnostics.marginal_likelihood import log_likelihood
from minivae.training.batches import minibatches

STAGES = 8
PAPER = {"VAE": 86.76, "IWAE, k = 5": 85.54, "IWAE, k = 50": 84.78}  # minus nats


def binarise(images: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return one draw of the pixels: white with the probability that is the grey value."""
    uniform = rng.random(images.shape, dtype=np.float32)
    return (255 * uniform < images).astype(np.float32)


def learning_rate(progress: float) -> float:
    """Return the rate when `progress`, from 0 to 1, of the training is done."""
    stage = int(progress * STAGES)
    return float(1e-3 * 10 ** (-stage / (STAGES - 1)))


def train(
    model: VAE, images: NDArray[np.uint8], epochs: int, batch: int, rng: np.random.Generator
) -> None:
    """Train with fresh pixels at every step."""
    mean = np.clip(images.mean(axis=0) / 255, 1e-3, 1 - 1e-3)
    model.params["decoder.4.b"][...] = np.log(mean / (1 - mean))
    optimizer, start = Adam(epsilon=1e-4), time.monotonic()
    for epoch in range(epochs):
        total = 0.0
        for step, rows in enumerate(minibatches(len(images), batch, rng)):
            optimizer.learning_rate = learning_rate((epoch + step * batch / len(images)) / epochs)
            losses, grads = model.loss_and_grads(binarise(images[rows], rng), rng=rng)
            optimizer.step(model.params, grads)
            total += float(losses["loss"]) * len(rows)
        print(
            f"epoch {epoch + 1}/{epochs}: bound {-total / len(images):.2f} nats, "
            f"learning rate {optimizer.learning_rate:.1e}, {time.monotonic() - start:.0f} s",
            flush=True,
        )


def main() -> None:
    """Train, estimate, and print what it cost."""
    parser = argparse.ArgumentParser(description="Test log-likelihood of a VAE on binarised MNIST.")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--n-importance", type=int, default=1, help="k of the training bound")
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--images", type=int, default=1000, help="test images, drawn at random")
    parser.add_argument("--samples", type=int, default=5000, help="k of the estimate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="write numbers (.json) and model (.npz) here")
    arguments = parser.parse_args()

    rng = np.random.default_rng(arguments.seed)
    model = VAE(
        784,
        50,
        hidden=(200, 200),
        activation="tanh",
        n_importance=arguments.n_importance,
        dtype=np.float32,
        rng=rng,
    )
    start = time.monotonic()
    train(model, mnist("train")[0], arguments.epochs, arguments.batch, rng)
    training = time.monotonic() - start
    if arguments.out:
        model.save(arguments.out.with_suffix(".npz"))

    start, test = time.monotonic(), mnist("test")[0]
    rows = np.sort(rng.permutation(len(test))[: arguments.images])
    x = binarise(test[rows], rng)
    estimates = log_likelihood(model, x, arguments.samples, rng, verbose=True)
    result = {
        **{name: value for name, value in vars(arguments).items() if name != "out"},
        "log_likelihood": float(np.mean(estimates)),
        "standard_error": float(np.std(estimates, ddof=1) / np.sqrt(len(estimates))),
        "elbo": float(np.mean(model.elbo(x, rng=rng).elbo)),
        "training_seconds": training,
        "estimate_seconds": time.monotonic() - start,
    }
    if arguments.out:
        arguments.out.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
    print(
        f"trained for {arguments.epochs} epochs of 60,000 images, batch {arguments.batch}, "
        f"n_importance={arguments.n_importance}: {training:.0f} s\n"
        f"test log-likelihood {result['log_likelihood']:.2f} "
        f"+- {result['standard_error']:.2f} nats ({len(x)} images, {arguments.samples} samples "
        f"each: {result['estimate_seconds']:.0f} s), ELBO {result['elbo']:.2f}\n"
        "after 3,280 epochs, all 10,000 images (Burda, Grosse, Salakhutdinov, table 1): "
        + ", ".join(f"{name} -{value:.2f}" for name, value in PAPER.items())
    )


if __name__ == "__main__":
    main()
