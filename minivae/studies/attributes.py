"""Attributes of digits: slant and thickness measured from pixels, and directions that edit them."""

from __future__ import annotations

import numpy as np

from minivae.edge.checks import Array

SIDE = 28  # pixels


def slant(images: Array) -> Array:
    """Return the shear of the ink, in pixels to the right for each pixel upward, shape (n,).

    It is the slope of the regression of the column on the height, weighted with the ink.
    """
    ink = np.asarray(images, float).clip(0, 1)
    height, column = _places()
    total = ink.sum(axis=1) + 1e-9
    x, y = ink @ column / total, ink @ height / total
    covariance = ink @ (column * height) / total - x * y
    return covariance / (ink @ height**2 / total - y**2 + 1e-9)


def thickness(images: Array) -> Array:
    """Return the width of the stroke in pixels, shape (n,): twice the area over the outline.

    A stroke of length L and width w has the area L w and an outline of about 2 L, which is the sum
    of the lengths of the gradients, however blurred its edges are.
    """
    pixels = np.asarray(images, float).clip(0, 1).reshape(-1, SIDE, SIDE)
    area = pixels.sum(axis=(1, 2))
    return 2 * area / (steepness(pixels, 1) + 1e-9)


def steepness(images: Array, power: int) -> Array:
    """Return the sum over pixels of the length of the gradient to a power, shape (n,)."""
    pixels = np.pad(np.asarray(images, float).reshape(-1, SIDE, SIDE), ((0, 0), (1, 1), (1, 1)))
    across = np.diff(pixels, axis=2)[:, :-1]
    down = np.diff(pixels, axis=1)[:, :, :-1]
    return np.sum(np.hypot(across, down) ** power, axis=(1, 2))


MEASURES = {"slant": slant, "thickness": thickness}


def directions(codes: Array, values: Array, labels: Array) -> Array:
    """Return how the codes of each class move for one standard deviation of an attribute.

    It is the slope of the regression of the codes of the class on the attribute, ``Cov(z, a) /
    Var(a)``, times the standard deviation of a.

    Parameters
    ----------
    codes : array, shape (n, n_dims)
        Codes of any model, or pixels.
    values : array, shape (n,)
    labels : array of int, shape (n,)

    Returns
    -------
    array, shape (n_classes, n_dims)
    """
    a, z = (within(each, labels) for each in (values, codes))
    return np.array(
        [
            a[labels == c] @ z[labels == c] / np.sum(a[labels == c] ** 2) * a.std()
            for c in range(labels.max() + 1)
        ]
    )


def within(values: Array, labels: Array) -> Array:
    """Return values minus the mean of their class."""
    values = np.asarray(values, float)
    means = np.array([values[labels == c].mean(axis=0) for c in range(labels.max() + 1)])
    return values - means[labels]


def shear(images: Array, amount: float) -> Array:
    """Return images sheared by `amount`, in pixels to the right for each pixel upward."""
    from scipy.ndimage import affine_transform

    middle = (SIDE - 1) / 2
    matrix = np.array([[1, 0], [amount, 1]])  # output (row, column) to input: rows go down
    offset = middle - matrix @ [middle, middle]
    pixels = np.asarray(images, float).reshape(-1, SIDE, SIDE)
    moved = [affine_transform(each, matrix, offset, order=1) for each in pixels]
    return np.reshape(moved, (len(pixels), -1))


def thicken(images: Array, amount: float) -> Array:
    """Return images mixed with their dilation by one pixel (eroded, where `amount` is negative)."""
    from scipy.ndimage import grey_dilation, grey_erosion

    pixels = np.asarray(images, float).reshape(-1, SIDE, SIDE)
    change = grey_dilation if amount > 0 else grey_erosion
    cross = np.array([[[0, 1, 0], [1, 1, 1], [0, 1, 0]]])
    other = change(pixels, footprint=cross)
    return (pixels + abs(amount) * (other - pixels)).reshape(len(pixels), -1)


def _places() -> tuple[Array, Array]:
    """Return height and column of every pixel, shape (784,) each."""
    row, column = np.divmod(np.arange(SIDE * SIDE), SIDE)
    return -row.astype(float), column.astype(float)
