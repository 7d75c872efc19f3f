"""Images whose quality is known: what a score of samples must rank rightly to be trusted."""

from __future__ import annotations

import numpy as np

from minivae.edge.checks import Array

SIDE = 28  # pixels
GARBAGE = (  # worse than what a trained model draws
    "mixed pixels",
    "shuffled patches",
    "pixels of other images",
    "uniform noise",
)


def controls(x: Array, labels: Array, rng: np.random.Generator) -> dict[str, Array]:
    """Return sets of n images each, made of n real ones, from hardly touched to noise.

    Parameters
    ----------
    x : array, shape (n, 784)
    labels : array of int, shape (n,)
    """
    ten = x[np.unique(labels, return_index=True)[1]]  # the first of each class
    return {
        "blur, 1 pixel": blur(x, 1.0),
        "blur, 2 pixels": blur(x, 2.0),
        "mixed pixels": (x + x[of_another_class(labels, rng)]) / 2,
        "shuffled patches": shuffle_patches(x, rng),
        "pixels of other images": np.stack([rng.permutation(column) for column in x.T], axis=1),
        "uniform noise": rng.random(x.shape, dtype=np.float32),
        "one class only": np.resize(x[labels == 3], x.shape),
        "ten images repeated": np.resize(ten, x.shape),
    }


def blur(x: Array, deviation: float) -> Array:
    """Return images blurred by a Gaussian, its standard deviation in pixels."""
    from scipy.ndimage import gaussian_filter

    images = x.reshape(-1, SIDE, SIDE)
    return gaussian_filter(images, (0, deviation, deviation)).reshape(x.shape)


def shuffle_patches(x: Array, rng: np.random.Generator, *, side: int = 7) -> Array:
    """Return images whose patches, side x side pixels, have changed places."""
    m = SIDE // side
    patches = x.reshape(-1, m, side, m, side).swapaxes(2, 3).reshape(-1, m * m, side, side)
    order = rng.random(patches.shape[:2]).argsort(axis=1)
    patches = np.take_along_axis(patches, order[:, :, None, None], axis=1)
    return patches.reshape(-1, m, m, side, side).swapaxes(2, 3).reshape(x.shape)


def of_another_class(labels: Array, rng: np.random.Generator) -> Array:
    """Return for each row a random row of another class."""
    partner = rng.permutation(len(labels))
    while np.any(same := labels[partner] == labels):
        partner[same] = rng.integers(len(labels), size=same.sum())
    return partner
