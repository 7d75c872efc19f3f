"""One right call of every function that draws."""

from __future__ import annotations

import numpy as np
from examples import FOLDER, X, Z, example, numbers, vae

import minivae as mv
from minivae import plots

IMAGES = numbers(6, 4)
CODES = numbers(6, 2, seed=1)
LABELS = np.arange(6) % 3
STEPS = np.array([1.0, 2.0, 3.0])
HISTORY = {
    "epoch": [1, 2],
    "loss": [3.0, 2.0],
    "reconstruction": [2.0, 1.5],
    "kl": [1.0, 0.5],
}


def draws(name, /, **arguments):
    example(f"plots.{name}", lambda: getattr(plots, name), **arguments)


draws("Explorer", decode=vae().decode, codes=CODES)
draws("angle_history", steps=STEPS, angles=STEPS)
draws("animate_codes", frames=[CODES, CODES], labels=LABELS, history=HISTORY, path=FOLDER / "a.gif")
draws("autocorrelation", correlation=STEPS)
draws("bases_side_by_side", bases={"one": IMAGES, "two": IMAGES})
draws("basis", components=IMAGES)
draws("chain_trace", samples=numbers(9))
draws("figure_of", artists=plots.new_axes())
draws("gradient_errors", steps=STEPS, errors=STEPS)
draws("image_grid", images=IMAGES)
draws("importance_bounds", k=np.array([1, 2, 4]), bounds=STEPS)
draws("interpolation", images=IMAGES)
draws("kl_per_dimension", kl=STEPS)
draws("latent_scatter", z=CODES, labels=LABELS)
draws("loss_curves", history=HISTORY)
draws("loss_parts", history=HISTORY)
draws("manifold", images=numbers(4, 4))
draws("manifold_grid", n=2)
draws("measured_against_exact", exact=STEPS, measured=STEPS)
draws("new_axes", width=3.0, height=2.0)
draws("piano_roll", notes=[(0, 2, 60), (2, 2, 64)])
draws("rate_distortion", rate=STEPS, distortion=STEPS)
draws("reconstructions", x=IMAGES, x_hat=IMAGES)
draws("reparameterization_graph", values=mv.explain(vae(), X, rng=0))
draws("save", artists=plots.new_axes(), path=FOLDER / "a.png")
draws("scree", eigenvalues=STEPS[::-1])
draws("traversal_grid", z=Z[0], values=STEPS)
draws("traversals", images=IMAGES, values=STEPS)
