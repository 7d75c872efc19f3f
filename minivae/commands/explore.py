"""``minivae explore``: the latent explorer of a saved model."""

from __future__ import annotations

import os
from math import isqrt

from minivae import datasets
from minivae.edge.checks import ArgumentError, Array
from minivae.models.autoencoder import Autoencoder, LinearAutoencoder
from minivae.models.saving import load
from minivae.models.vae import VAE

N_CODES = 1000


def explore(path: str | os.PathLike[str], *, out: str | os.PathLike[str] | None = None) -> None:
    """Open a window with the codes of a data set, and the decoded image at the mouse beside them.

    Parameters
    ----------
    path : path
        A file that ``minivae train`` or a model's `save` wrote.
    out : path, optional
        A file for a picture of the window, which is then not opened.

    Raises
    ------
    ValueError
        `path` holds no model, a model of another kind, a model with one latent, or a model whose
        data are not square images.
    OSError
        `path` cannot be read, `out` cannot be written, or no window can be opened.
    """
    from minivae.plots import Explorer, open_window, save

    model = _load(path)
    x, labels, name = _images(model.n_features)
    explorer = Explorer(model.decode, model.transform(x), labels)
    if labels is None:
        explorer.image.set_cmap("gray")  # in a photograph 1 is white
    print(f"{path} holds {model}\nThe points are the codes of {len(x)} {name}.")
    if out is not None:
        print(f"The picture is in {save(explorer.figure, out)}")
    elif not open_window(explorer.figure, f"minivae explore {path}"):
        raise OSError(
            "no window can be opened: there is no display, or matplotlib has no backend for it. "
            "Write a picture instead, with --out explorer.png"
        )


def _load(path: str | os.PathLike[str]) -> Autoencoder | LinearAutoencoder | VAE:
    """Return a model whose codes have at least two dimensions to move over."""
    try:
        model = load(path)
    except ArgumentError as error:
        raise ArgumentError(
            f"{error}; explore needs what `minivae train` or a model's save wrote"
        ) from error
    if not isinstance(model, Autoencoder | LinearAutoencoder | VAE):
        raise ArgumentError(
            f"{path} holds {type(model).__name__}; explore shows Autoencoder, LinearAutoencoder "
            "and VAE"
        )
    if model.n_latent < 2:
        raise ArgumentError(
            f"{path} holds a model with n_latent={model.n_latent}; explore needs at least 2, "
            "as `minivae train --latent 2` makes them"
        )
    return model


def _images(n_features: int) -> tuple[Array, Array | None, str]:
    """Return images of `n_features` pixels, their labels if they have any, and their name."""
    side = isqrt(n_features)
    if side * side != n_features:
        raise ArgumentError(
            f"the model has n_features={n_features}, which is not a square image; "
            "use minivae.plots.Explorer, which takes their shape"
        )
    if n_features != 784:
        return datasets.image_patches(N_CODES, size=side, rng=0), None, "patches of a photograph"
    folder = os.environ.get("MINIVAE_DATA")
    if folder:
        try:
            images, labels = datasets.mnist("test", folder=folder)
            return images[:N_CODES], labels[:N_CODES], "MNIST digits"
        except (FileNotFoundError, NotADirectoryError):
            print(f"MINIVAE_DATA={folder} has no MNIST")
    drawn = datasets.digits(N_CODES, rng=0)
    return drawn.images, drawn.labels, "drawn digits"
