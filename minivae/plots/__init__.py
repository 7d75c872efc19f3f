"""Pictures, each a function ``f(data, *, ax=None) -> artists`` of plain arrays and dicts.

`figures` and `style` hold what all share, `tiles` turns rows of pixels into a mosaic; then, one
theme a file: `images`, `latent`, `manifold`, `subspace`, `training`, `information`, `gradients`,
`chains`, `agreement`, `piano_roll`, `graph` with its `boxes`; and what moves: `animation`,
`explorer`, `window`.

A picture of one image returns its `AxesImage`, every other one the list of what it drew. Without
`ax` it makes a figure of its own; `save(artists, path)` writes the figure, and no window is opened
but by `open_window`. Images are drawn as ink, 0 white and 1 black; for photographs, whose 1 is
white, say ``image_grid(patches).set_cmap("gray")``.
"""

from minivae.plots.agreement import measured_against_exact
from minivae.plots.animation import animate_codes
from minivae.plots.chains import autocorrelation, chain_trace
from minivae.plots.explorer import Explorer
from minivae.plots.figures import figure_of, new_axes, save
from minivae.plots.gradients import gradient_errors
from minivae.plots.graph import reparameterization_graph
from minivae.plots.images import image_grid, interpolation, reconstructions
from minivae.plots.information import importance_bounds, kl_per_dimension, rate_distortion
from minivae.plots.latent import latent_scatter, traversal_grid, traversals
from minivae.plots.manifold import manifold, manifold_grid
from minivae.plots.piano_roll import piano_roll
from minivae.plots.subspace import angle_history, bases_side_by_side, basis, scree
from minivae.plots.training import loss_curves, loss_parts
from minivae.plots.window import open_window

__all__ = [
    "Explorer",
    "angle_history",
    "animate_codes",
    "autocorrelation",
    "bases_side_by_side",
    "basis",
    "chain_trace",
    "figure_of",
    "gradient_errors",
    "image_grid",
    "importance_bounds",
    "interpolation",
    "kl_per_dimension",
    "latent_scatter",
    "loss_curves",
    "loss_parts",
    "manifold",
    "manifold_grid",
    "measured_against_exact",
    "new_axes",
    "open_window",
    "piano_roll",
    "rate_distortion",
    "reconstructions",
    "reparameterization_graph",
    "save",
    "scree",
    "traversal_grid",
    "traversals",
]
