"""Sample quality is not likelihood: densities with good samples, and those with a good log p(x).

Theis, van den Oord, Bethge: A note on the evaluation of generative models, ICLR 2016,
arXiv 1511.01844, section 3.2.
"""

from __future__ import annotations

import numpy as np

import minivae as mv
from minivae.edge.checks import Array
from minivae.studies.bench import Tree
from minivae.studies.judge import Judge

SHARE = 0.01  # of the VAE, in the mixture with noise
FLIP = 0.01  # the chance that a pixel of a copy is drawn at random
N_IMAGES, N_DRAWS = 100, 200  # whose log p(x) is estimated, and draws for each
VAE, NOISY, COPIES = "samples: VAE", "samples: 1 % VAE, 99 % noise", "samples: training images"


def likelihood_pair(model: mv.VAE, judge: Judge, seed: int) -> Tree:
    """Return log p of held-out images, the Fréchet distance of samples, and some samples.

    Three densities: the VAE; one that is the VAE one time in a hundred and else noise, so that its
    log p(x) is at most ``log 100`` = 4.6 nats lower; and copies of the training images in which
    a pixel is random one time in a hundred.
    """
    n, rng = len(judge.real), np.random.default_rng(seed)
    test = judge.held_out[:N_IMAGES]
    log_p = mv.log_likelihood(model, test, N_DRAWS, seed)
    noise = test.shape[1] * np.log(0.5)  # of fair coins, for every image
    log_mixed = np.logaddexp(np.log(SHARE) + log_p, np.log1p(-SHARE) + noise)
    samples = model.sample(n, rng, mean=True)
    coins = (rng.random(samples.shape) < 0.5).astype(samples.dtype)
    mixed = np.where(rng.random((n, 1)) < SHARE, samples, coins)
    copies = judge.train[rng.integers(len(judge.train), size=n)]
    log_copied = _log_p_of_copies(test, judge.train)
    measured = {}
    for name, log_ps, images in (
        (VAE, log_p, samples),
        (NOISY, log_mixed, mixed),
        (COPIES, log_copied, copies),
    ):
        measured[name] = {
            "log p": float(np.mean(log_ps)),
            "Fréchet": judge.score(images)["Fréchet"],
        }
    return {
        "measured": measured,
        "images": {VAE: samples[:9], NOISY: mixed[:9], COPIES: copies[:9]},
    }


def _log_p_of_copies(X: Array, train: Array) -> Array:
    """Return ``log mean_n p(x | copy of image n)``, a Bernoulli for every pixel."""
    p = (1 - FLIP) * np.asarray(train, float) + FLIP / 2
    X = np.asarray(X, float)
    joint = X @ np.log(p).T + (1 - X) @ np.log1p(-p).T  # (n, n_train)
    return np.logaddexp.reduce(joint, axis=1) - np.log(len(train))
