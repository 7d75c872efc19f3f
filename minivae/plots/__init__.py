"""Pictures: each is a function ``f(data, *, ax=None) -> artists`` of plain arrays and dicts.

All pictures use `figures` and `style`, and `tiles` joins images to a mosaic. Every theme has a
file: `images`, `latent`, `manifold`, `subspace`, `training`, `information`, `gradients`, `chains`,
`agreement`, `piano_roll`, and `graph` with its `boxes`. Moving pictures are in `animation`,
`explorer` and `window`.

A picture that is one image returns its `AxesImage`; every other picture returns the list of the
artists it drew. Without `ax` a function makes a new figure. `save(artists, path)` writes the figure
to a file; only `open_window` opens a window. Images are drawn as ink, with 0 white and 1 black. In
photographs 1 is white: draw them by ``image_grid(patches).set_cmap("gray")``.
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
