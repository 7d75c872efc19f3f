"""Grey patches of a photograph that ships with matplotlib: natural images without a download."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minivae.edge.checks import check_integer, check_rng


def image_patches(n: int, *, size: int = 8, rng: Any = None) -> NDArray[np.float64]:
    """Cut `n` square patches at random positions from a photograph of Grace Hopper.

    Parameters
    ----------
    n : int
        The number of patches, at least 1; they may overlap.
    size : int
        The side of a patch in pixels, from 1 to 512.
    rng : seed or Generator, optional
        The same seed gives the same positions.

    Returns
    -------
    patches : ndarray of float64, shape (n, size * size)
        The luminance, from 0 (black) to 1 (white), row by row from the top left.

    Raises
    ------
    TypeError, ValueError
        `n` or `size` is not an integer or out of range.
    """
    n = check_integer("n", n, 1)
    image = _photograph()
    size = check_integer("size", size, 1, min(image.shape), of="the photograph's ")
    windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))  # a view
    rng = check_rng(rng)
    rows = rng.integers(windows.shape[0], size=n)
    columns = rng.integers(windows.shape[1], size=n)
    return windows[rows, columns].reshape(n, size * size)


def _photograph() -> NDArray[np.float64]:
    """Return the luminance of the photograph in [0, 1], shape (600, 512)."""
    from matplotlib.cbook import get_sample_data
    from PIL import Image

    with Image.open(get_sample_data("grace_hopper.jpg", asfileobj=False)) as picture:
        rgb = np.asarray(picture.convert("RGB"), dtype=np.float64)
    # ITU-R BT.601, the luma of JPEG
    luminance: NDArray[np.float64] = rgb @ np.array([0.299, 0.587, 0.114]) / 255
    return luminance
