"""The pictures: what they draw, read back from the artists and from the rendered pixels."""

import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
import scipy.stats
from helpers import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import colors, markers
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from minivae import VAE, plots
from minivae.explanation.passes import explain
from minivae.plots import style, tiles

MINUS = "\N{MINUS SIGN}"
rng = np.random.default_rng(0)
IMAGES = rng.uniform(size=(16, 36))
STEPS = np.arange(1, 41)
HISTORY = {
    "epoch": [1, 2, 3],
    "loss": [200.0, 150.0, 130.0],
    "reconstruction": [199.0, 146.0, 124.0],
    "kl": [1.0, 4.0, 6.0],
    "val_loss": [190.0, 155.0, 140.0],
    "val_reconstruction": [188.0, 150.5, 133.0],
    "val_kl": [2.0, 4.5, 7.0],
}
PASS = explain(VAE(36, 2, rng=0), IMAGES, rng=0).arrays

# every picture on one axes: how it is drawn, and the axes' labels
PICTURES = {
    "image_grid": (lambda ax: plots.image_grid(IMAGES, ax=ax), "", ""),
    "reconstructions": (lambda ax: plots.reconstructions(IMAGES[:9], IMAGES[:9], ax=ax), "", ""),
    "interpolation": (
        lambda ax: plots.interpolation(IMAGES[:11], ax=ax),
        "position t on the path",
        "",
    ),
    "latent_scatter": (
        lambda ax: plots.latent_scatter(IMAGES, np.arange(16) % 10, ax=ax, prior=True),
        "$z_1$",
        "$z_2$",
    ),
    "manifold": (
        lambda ax: plots.manifold(IMAGES, ax=ax),
        r"$z_1$ = $\Phi^{-1}(u)$, u from 0.05 to 0.95",
        r"$z_2$ = $\Phi^{-1}(u)$, u from 0.05 to 0.95",
    ),
    "traversals": (
        lambda ax: plots.traversals(IMAGES, np.linspace(-2, 2, 8), ax=ax),
        "value of the coordinate",
        "",
    ),
    "basis": (lambda ax: plots.basis(IMAGES - 0.5, ax=ax), "", ""),
    "angle_history": (
        lambda ax: plots.angle_history(STEPS, np.exp(-STEPS), ax=ax, tolerance=1e-5),
        "training step",
        "largest principal angle (radians)",
    ),
    "scree": (
        lambda ax: plots.scree(1 / STEPS, ax=ax, n_latent=3),
        "component",
        "eigenvalue (variance along it)",
    ),
    "loss_curves": (
        lambda ax: plots.loss_curves(HISTORY, ax=ax, baselines={"mean image": 206.8}),
        "epoch",
        "loss (nats per example)",
    ),
    "kl_per_dimension": (
        lambda ax: plots.kl_per_dimension([2.0, 0.0, 1.5], ax=ax),
        "latent dimension",
        "KL to the prior (nats per example)",
    ),
    "rate_distortion": (
        lambda ax: plots.rate_distortion([1, 3], [9, 4], ax=ax, bound=([0, 4], [9, 3])),
        "rate: KL to the prior (nats per example)",
        "distortion (nats per example)",
    ),
    "importance_bounds": (
        lambda ax: plots.importance_bounds([1, 10, 5000], [-5, -4, -3.5], ax=ax, exact=-3.4),
        "importance samples k",
        "bound on log p(x) (nats per example)",
    ),
    "gradient_errors": (
        lambda ax: plots.gradient_errors(10.0**-STEPS, {"central": 10.0**-STEPS}, ax=ax),
        "step h",
        "relative error of the derivative",
    ),
    "chain_trace": (lambda ax: plots.chain_trace(IMAGES[:, :2], ax=ax), "step", "sample"),
    "measured_against_exact": (
        lambda ax: plots.measured_against_exact([1, 3], [1.1, 2.9], ax=ax),
        "exact",
        "measured",
    ),
    "autocorrelation": (
        lambda ax: plots.autocorrelation(0.5**STEPS, ax=ax),
        "lag (steps)",
        "autocorrelation",
    ),
    "piano_roll": (
        lambda ax: plots.piano_roll([(0, 4, 60), (4, 2, 64), (16, 16, 55)], ax=ax),
        "beat",
        "pitch",
    ),
    "reparameterization_graph": (
        lambda ax: plots.reparameterization_graph(PASS, ax=ax),
        "",
        "",
    ),
}
MANY_AXES = {"bases_side_by_side", "loss_parts"}


def own_axes():
    return Figure(figsize=(6, 4), layout="constrained").add_subplot()


def first(artists):
    return artists[0] if isinstance(artists, list) else artists


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def ticks_of(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def tiles_of(image, n_columns, height, width):
    """Cut a mosaic into its tiles, by slices of what is drawn."""
    drawn = np.ma.filled(image.get_array(), np.nan)
    n_rows = (drawn.shape[0] + 1) // (height + 1)
    corners = [(r * (height + 1), c * (width + 1)) for r in range(n_rows) for c in range(n_columns)]
    return np.array([drawn[r : r + height, c : c + width] for r, c in corners])


# All pictures


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_draws_on_the_given_axes_or_on_its_own_and_labels_them(name):
    draw, xlabel, ylabel = PICTURES[name]
    ax = own_axes()
    assert first(draw(ax)).axes is ax
    mine = first(draw(None)).axes
    assert mine is not ax
    for axes in (ax, mine):
        assert (axes.get_xlabel(), axes.get_ylabel()) == (xlabel, ylabel)


def test_the_table_above_holds_every_picture():
    helpers = {"figure_of", "new_axes", "open_window", "save", "manifold_grid", "traversal_grid"}
    moving = {"animate_codes", "Explorer"}
    assert set(plots.__all__) == set(PICTURES) | MANY_AXES | helpers | moving


@pytest.mark.parametrize("name", PICTURES)
def test_all_words_are_legible_and_apart(name):
    figure = plots.figure_of(PICTURES[name][0](None))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    for ax in figure.axes:
        for axis, side in ((ax.xaxis, "x"), (ax.yaxis, "y")):
            words = [t for t in axis.get_ticklabels() if t.get_visible() and t.get_text()]
            assert all(word.get_fontsize() >= 8 for word in words)
            boxes = [word.get_window_extent(canvas.get_renderer()) for word in words]
            spans = sorted((getattr(box, f"{side}0"), getattr(box, f"{side}1")) for box in boxes)
            for (_, end), (start, _) in pairwise(spans):
                assert end <= start + 1, f"tick labels of {side} overlap"


def test_no_pyplot_and_no_window():
    code = (
        "import sys, minivae\n"
        "assert 'matplotlib' not in sys.modules\n"
        "from minivae import plots\n"
        "artists = plots.kl_per_dimension([1.0, 2.0])\n"
        "plots.figure_of(artists).canvas.draw()\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "models = {'minivae.plots.' + m for m in ('vae', 'pca')} & set(sys.modules)\n"
        "assert not models\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_curves_differ_in_colour_marker_and_line_and_neighbours_in_lightness():
    assert len(set(style.COLORS)) == len(style.COLORS) == len(style.MARKERS)
    assert len(set(style.MARKERS)) == len(style.MARKERS)
    assert set(style.MARKERS) <= set(markers.MarkerStyle.filled_markers)
    rgb = np.array([colors.to_rgb(c) for c in style.COLORS])
    # relative luminance of sRGB (IEC 61966-2-1), then CIE 1976 lightness, 0 to 100
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    Y = linear @ [0.2126, 0.7152, 0.0722]
    lightness = np.where(Y > 216 / 24389, 116 * np.cbrt(Y) - 16, Y * 24389 / 27)
    assert np.abs(np.diff(lightness)).min() > 10
    assert lightness.max() < 90  # still seen on white
    curves = {str(i): STEPS for i in range(10)}
    looks = [
        (a.get_color(), a.get_marker(), str(a.get_linestyle()))
        for a in style.draw_curves(own_axes(), STEPS, curves)
    ]
    assert len({color for color, _, _ in looks}) == 10
    assert len({marker for _, marker, _ in looks}) == 10
    assert len({line for _, _, line in looks[:4]}) == 4


@given(n=st.integers(1, 200))
def test_some_of_the_ticks_are_spread_from_end_to_end(n):
    some = tiles.spread(n)
    assert (some[0], some[-1]) == (0, n - 1)
    assert min(n, 4) <= len(some) <= 12
    gaps = np.diff(some)
    assert (gaps > 0).all()
    assert n == 1 or np.ptp(gaps) <= 1


# Images


@settings(deadline=None, max_examples=40)
@given(
    n=st.integers(1, 9),
    height=st.integers(1, 4),
    width=st.integers(1, 4),
    n_columns=st.integers(1, 10),
    seed=st.integers(0, 2**32),
)
def test_every_image_is_in_its_place_with_a_gap_between(n, height, width, n_columns, seed):
    images = np.random.default_rng(seed).uniform(size=(n, height * width))
    image = plots.image_grid(images, n_columns=n_columns, shape=(height, width))
    found = tiles_of(image, n_columns, height, width)
    assert np.array_equal(found[:n], images.reshape(n, height, width))
    assert np.isnan(found[n:]).all()
    assert np.isfinite(np.ma.filled(image.get_array(), np.nan)).sum() == images.size
    assert image.get_clim() == (0, 1)


@pytest.mark.parametrize(
    ("n", "n_columns"), [(1, 1), (2, 2), (3, 3), (7, 3), (8, 4), (10, 5), (64, 8), (100, 10)]
)
def test_the_mosaic_is_square_or_has_full_rows(n, n_columns):
    drawn = plots.image_grid(np.zeros((n, 4))).get_array()
    assert drawn.shape == (3 * -(-n // n_columns) - 1, 3 * n_columns - 1)


def test_images_are_upright_dark_on_white_and_their_gaps_have_the_colour_of_none():
    ink = [[1, 0.5, 0, 0], [0, 0, 0, 0]]
    image = plots.image_grid(ink)
    canvas = FigureCanvasAgg(image.axes.figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    # the drawn array is 2 x 5: two tiles, a gap in the column between them
    to_display = image.axes.transData.transform
    assert to_display((0, 0))[1] > to_display((0, 1))[1]  # the first row on top
    seen = {}
    for row, column in np.ndindex(2, 5):
        x, y = to_display((column, row))
        seen[row, column] = tuple(pixels[pixels.shape[0] - round(y), round(x)].tolist())
    assert seen[0, 0] == (0, 0, 0)
    assert np.ptp(seen[0, 1]) == 0
    assert 100 < seen[0, 1][0] < 200
    assert seen[1, 0] == seen[1, 4] == (255, 255, 255)
    assert seen[0, 2] == seen[1, 2]
    assert np.ptp(seen[0, 2]) > 20


def test_images_beyond_0_and_1_are_scaled_and_bytes_are_divided():
    assert plots.image_grid([[-2.0, 3.0, 0.0, 0.0]]).get_clim() == (-2, 3)
    assert plots.image_grid([[-0.5, 0.5, 0.0, 0.0]]).get_clim() == (-0.5, 0.5)
    stored = plots.image_grid(np.array([[255, 0, 51, 0]], np.uint8))
    assert stored.get_clim() == (0, 1)
    assert np.allclose(stored.get_array(), [[1, 0], [0.2, 0]], atol=1e-15)


def test_reconstructions_lie_below_their_originals():
    x, x_hat = rng.uniform(size=(2, 3, 4))
    image = plots.reconstructions(x, x_hat * 1.5)
    assert np.array_equal(tiles_of(image, 3, 2, 2).reshape(6, 4), np.concatenate([x, x_hat * 1.5]))
    assert image.get_clim() == (0, 1)
    assert ticks_of(image.axes.yaxis) == ["original", "reconstruction"]
    assert image.axes.get_yticks().tolist() == [0.5, 3.5]


def test_reconstructions_of_several_models_are_named():
    x = rng.uniform(size=(3, 4))
    image = plots.reconstructions(x, {"PCA": x / 2, "VAE": x / 4})
    rows = tiles_of(image, 3, 2, 2).reshape(3, 3, 4)
    assert np.array_equal(rows, [x, x / 2, x / 4])
    assert ticks_of(image.axes.yaxis) == ["original", "PCA", "VAE"]


def test_interpolation_says_how_far_it_is():
    way = rng.uniform(size=(5, 4))
    image = plots.interpolation({"straight": way, "spherical": way[::-1]})
    assert np.array_equal(tiles_of(image, 5, 2, 2).reshape(10, 4), [*way, *way[::-1]])
    assert ticks_of(image.axes.xaxis) == ["0", "0.25", "0.5", "0.75", "1"]
    assert image.axes.get_xticks().tolist() == [0.5, 3.5, 6.5, 9.5, 12.5]
    assert ticks_of(image.axes.yaxis) == ["straight", "spherical"]


# Code space


@given(n=st.integers(2, 12), low=st.floats(0.01, 0.4), width=st.floats(0.05, 0.5))
def test_manifold_codes_are_evenly_spaced_in_probability(n, low, width):
    u = scipy.stats.norm.cdf(plots.manifold_grid(n, low, low + width)).reshape(n, n, 2)
    expected = low + width * np.arange(n) / (n - 1)
    assert np.allclose(u[..., 0], expected, atol=1e-12)
    assert np.allclose(u[..., 1], expected[::-1, None], atol=1e-12)


@pytest.mark.parametrize("n", [2, 5, 12, 13, 20, 27])
def test_manifold_ticks_are_the_codes_of_the_images_beside_them(n):
    codes = plots.manifold_grid(n, 0.1, 0.8)
    for coordinate, axis, along in ((0, "xaxis", 1), (1, "yaxis", 0)):
        image = plots.manifold(codes[:, [coordinate] * 4], low=0.1, high=0.8)
        drawn = np.ma.filled(image.get_array(), np.nan)
        axis = getattr(image.axes, axis)
        places, words = axis.get_ticklocs(), ticks_of(axis)
        assert len(words) >= min(n, 4)
        for place, word in zip(places, words, strict=True):
            value = np.take(drawn, int(place), axis=along)[0]
            assert float(word.replace(MINUS, "-")) == pytest.approx(value, abs=0.005 + 1e-9)
    assert "0.1 to 0.8" in image.axes.get_xlabel()


def test_a_tick_at_zero_has_no_sign():
    image = plots.manifold(np.zeros((9, 4)))
    assert ticks_of(image.axes.xaxis) == [f"{MINUS}1.64", "0.00", "1.64"]


def test_traversal_moves_one_coordinate_at_a_time():
    codes = plots.traversal_grid([7, 8, 9], [-1.5, 1.5])
    assert codes.tolist() == [
        [-1.5, 8, 9],
        [1.5, 8, 9],
        [7, -1.5, 9],
        [7, 1.5, 9],
        [7, 8, -1.5],
        [7, 8, 1.5],
    ]
    image = plots.traversals(np.repeat(codes[:, :1], 4, axis=1), [-1.5, 1.5])
    assert np.array_equal(tiles_of(image, 2, 2, 2)[:, 0, 0], codes[:, 0])
    assert ticks_of(image.axes.xaxis) == [f"{MINUS}1.50", "1.50"]
    assert ticks_of(image.axes.yaxis) == ["$z_{1}$", "$z_{2}$", "$z_{3}$"]


def test_every_class_has_its_points_colour_marker_and_a_label_among_them():
    labels = rng.permutation(np.arange(200) % 10)
    z = rng.standard_normal((200, 3)) + 5 * labels[:, None]
    *classes, one, two = plots.latent_scatter(z, labels, prior=True)
    ax = classes[0].axes
    assert len(classes) == 10
    assert len({tuple(dots.get_facecolor()[0]) for dots in classes}) == 10
    assert len({dots.get_paths()[0].vertices.tobytes() for dots in classes}) == 10
    for k, dots in enumerate(classes):
        mine = z[labels == k, :2]
        assert np.array_equal(dots.get_offsets(), mine)
        assert ax.texts[k].get_text() == dots.get_label() == str(k)
        assert any(np.array_equal(ax.texts[k].get_position(), point) for point in mine)
        assert np.linalg.norm(ax.texts[k].get_position() - mine.mean(axis=0)) < 1
    assert legend_of(ax) == [str(k) for k in range(10)]
    assert ax.get_aspect() == 1
    assert [(c.center, c.radius) for c in (one, two)] == [((0, 0), 1), ((0, 0), 2)]


def test_the_circles_hold_what_the_docstring_says():
    shares = scipy.stats.chi(2).cdf([1, 2])
    assert [f"{share:.0%}".replace("%", " %") for share in shares] == ["39 %", "86 %"]
    assert all(text in plots.latent_scatter.__doc__ for text in ("39 % and 86 %",))


def test_classes_may_have_names():
    artists = plots.latent_scatter(np.eye(3), ["b", "a", "b"])
    assert [dots.get_label() for dots in artists] == ["a", "b"]
    assert len(artists[1].get_offsets()) == 2


# PCA and the linear autoencoder


def test_a_basis_has_one_scale_symmetric_about_grey_and_signs_that_survive_grey_print():
    components = np.array([[0.5, -3.0, 0, 1], [2.0, 0, 0, 0]])
    image = plots.basis(components)
    assert np.array_equal(tiles_of(image, 2, 2, 2).reshape(2, 4), components)
    assert image.get_clim() == (-3, 3)
    negative, zero, positive = image.to_rgba(np.array([-3.0, 0.0, 3.0]))[:, :3]
    assert np.ptp(zero) < 0.03
    assert negative[2] > negative[0] + 0.2  # blue
    assert positive[0] > positive[2] + 0.2  # yellow
    lightness = image.to_rgba(np.linspace(-3, 3, 50))[:, :3] @ [0.299, 0.587, 0.114]  # ITU-R BT.601
    assert (np.diff(lightness) > 0).all()
    assert image.colorbar.ax.get_xlabel() == "weight"


def test_a_basis_of_zeros_is_grey():
    grey = plots.basis([[0.0, 0.0, 0.0, 1.0]]).to_rgba(0.0)
    assert plots.basis(np.zeros((1, 4))).to_rgba(0.0) == grey


def test_bases_lie_side_by_side_each_in_its_scale():
    rows = rng.standard_normal((4, 9))
    images = plots.bases_side_by_side({"PCA": rows, "linear autoencoder": 10 * rows})
    left, right = (image.axes for image in images)
    assert (left.get_title(), right.get_title()) == ("PCA", "linear autoencoder")
    assert left.figure is right.figure
    assert images[1].get_clim()[1] == 10 * images[0].get_clim()[1] == 10 * np.abs(rows).max()
    assert np.array_equal(tiles_of(images[1], 2, 3, 3).reshape(4, 9), 10 * rows)
    assert left.get_position().x1 <= right.get_position().x0
    mine = [own_axes(), own_axes()]
    images = plots.bases_side_by_side({"a": rows, "b": rows}, axes=mine)
    assert [image.axes for image in images] == mine


def test_the_angle_falls_on_a_log_axis_to_its_tolerance():
    angles = [1.5, 1e-3, 0.0, 1e-300]
    line, level = plots.angle_history([0, 10, 20, 30], angles, tolerance=1e-5)
    assert line.get_xdata().tolist() == [0, 10, 20, 30]
    assert line.get_ydata().tolist() == [1.5, 1e-3, 2.0**-52, 2.0**-52]
    assert line.axes.get_yscale() == "log"
    assert line.axes.get_ylim()[0] < 2.0**-52
    assert set(level.get_ydata()) == {1e-5}
    assert legend_of(line.axes) == [f"tolerance 1e{MINUS}05"]


def test_several_angles_are_named_and_one_is_not():
    lines = plots.angle_history([0, 1], {"subspace": [1, 0.1], "axes": [1, 0.5]})
    assert legend_of(lines[0].axes) == ["subspace", "axes"]
    assert [list(line.get_ydata()) for line in lines] == [[1, 0.1], [1, 0.5]]
    assert plots.angle_history([0, 1], [1, 0.1])[0].axes.get_legend() is None


def test_scree_gives_the_kept_share_and_the_discarded_sum():
    kept, discarded = plots.scree([8, 4, 2, 1, 1, 0], n_latent=2)
    assert kept.get_xydata().tolist() == [[1, 8], [2, 4]]
    assert discarded.get_xydata().tolist() == [[3, 2], [4, 1], [5, 1], [6, 0]]
    assert legend_of(kept.axes) == ["kept: 2, 75.0% of the variance", "discarded: 4, sum 4"]
    assert kept.axes.get_yscale() == "log"
    (line,) = plots.scree([3, 2, 1])
    assert line.get_xydata().tolist() == [[1, 3], [2, 2], [3, 1]]
    assert line.axes.get_legend() is None


# Training


def test_loss_curves_stand_beside_their_baselines():
    lines = plots.loss_curves(HISTORY, baselines={"mean image": 206.8, "PCA": 170.25})
    assert [list(line.get_ydata()) for line in lines[:2]] == [HISTORY["loss"], HISTORY["val_loss"]]
    assert lines[0].get_xdata().tolist() == [1, 2, 3]
    assert [set(line.get_ydata()) for line in lines[2:]] == [{206.8}, {170.25}]
    ax = lines[0].axes
    assert legend_of(ax) == ["training", "validation", "mean image: 206.8", "PCA: 170.2"]
    assert ax.get_ylim()[0] < 130
    assert ax.get_ylim()[1] > 206.8


def test_a_history_without_validation_is_one_curve_in_its_unit():
    history = {"epoch": [1, 2], "loss": [3.0, 2.0]}
    (line,) = plots.loss_curves(history, unit="squared error per example")
    assert line.axes.get_ylabel() == "loss (squared error per example)"


def test_reconstruction_and_kl_have_axes_of_their_own():
    lines = plots.loss_parts(HISTORY)
    names = ["reconstruction", "val_reconstruction", "kl", "val_kl"]
    assert [list(line.get_ydata()) for line in lines] == [HISTORY[name] for name in names]
    left, right = lines[0].axes, lines[2].axes
    assert left is lines[1].axes is not right
    assert right is lines[3].axes
    assert left.get_ylabel() == f"reconstruction, {MINUS}log p(x | z)\n(nats per example)"
    assert right.get_ylabel() == "KL to the prior\n(nats per example)"
    mine = [own_axes(), own_axes()]
    assert plots.loss_parts(HISTORY, axes=mine)[-1].axes is mine[1]


# Information


def test_every_latent_dimension_has_a_bar_of_its_kl():
    bars = plots.kl_per_dimension([2.5, 0.0, 1.25])
    assert [bar.get_height() for bar in bars] == [2.5, 0, 1.25]
    assert [bar.get_x() + bar.get_width() / 2 for bar in bars] == pytest.approx([1, 2, 3])
    assert legend_of(bars[0].axes) == ["sum: 3.75 nats"]


def test_rate_and_distortion_are_joined_in_the_order_of_rates():
    bound = ([0, 1, 2], [4, 2, 1])
    points, curve = plots.rate_distortion(
        [3, 1, 2], [5, 9, 6], bound=bound, labels=["a", "b", "c"], unit="squared error"
    )
    assert points.get_xydata().tolist() == [[1, 9], [2, 6], [3, 5]]
    assert curve.get_xydata().tolist() == [[0, 4], [1, 2], [2, 1]]
    ax = points.axes
    assert {t.get_text(): t.xy for t in ax.texts} == {"a": (3, 5), "b": (1, 9), "c": (2, 6)}
    assert ax.get_ylabel() == "distortion (squared error)"
    assert legend_of(ax) == ["measured", "bound"]


def test_bounds_rise_to_the_exact_value():
    k = [1, 5, 50, 5000]
    curves = {"encoder": [-4, -3.6, -3.4, -3.3], "prior": [-9, -7, -5, -4]}
    *lines, exact = plots.importance_bounds(k, curves, exact=-3.25)
    assert [list(line.get_ydata()) for line in lines] == list(curves.values())
    assert lines[0].get_xdata().tolist() == k
    assert set(exact.get_ydata()) == {-3.25}
    ax = exact.axes
    assert ax.get_xscale() == "log"
    assert ticks_of(ax.xaxis) == ["1", "5", "50", "5000"]
    assert ax.get_xticks().tolist() == k
    assert legend_of(ax) == ["encoder", "prior", f"log p(x) = {MINUS}3.25"]


def test_a_bound_and_an_exact_value_are_drawn_only_where_they_are_known():
    (points,) = plots.rate_distortion([1, 2], [4, 3])
    assert points.get_xydata().tolist() == [[1, 4], [2, 3]]
    (line,) = plots.importance_bounds([1, 2], [-4, -3])
    assert line.axes.get_legend() is None


# Gradients and chains


def test_gradient_errors_show_the_v_and_the_flat_line():
    h = np.geomspace(1e-14, 1e-1, 27)
    central = np.abs((np.sin(1 + h) - np.sin(1 - h)) / (2 * h) - np.cos(1)) / np.cos(1)
    complex_step = np.abs(np.sin(1 + 1j * h).imag / h - np.cos(1)) / np.cos(1)
    errors = {"central": central, "complex step": complex_step}
    v, flat = plots.gradient_errors(h, errors)
    assert np.array_equal(v.get_xdata(), h)
    assert np.array_equal(v.get_ydata(), np.maximum(central, np.finfo(float).eps))
    assert 0 < np.argmin(v.get_ydata()) < 26
    assert flat.get_ydata()[0] < 1e-15
    assert (flat.get_ydata() >= 2.0**-52).all()
    assert (v.axes.get_xscale(), v.axes.get_yscale()) == ("log", "log")
    assert legend_of(v.axes) == ["central", "complex step"]


@pytest.mark.parametrize("n_dims", [1, 2])
def test_a_trace_has_its_histogram_at_its_side(n_dims):
    samples = rng.standard_normal((500, n_dims)) * [1, 3][:n_dims]
    artists = plots.chain_trace(samples if n_dims > 1 else samples[:, 0])
    traces, outlines = artists[:n_dims], artists[n_dims:]
    for column, trace, outline in zip(samples.T, traces, outlines, strict=True):
        assert np.array_equal(trace.get_xydata(), np.stack([np.arange(500), column], axis=1))
        density, edges, _ = outline.get_data()
        assert np.sum(density * np.diff(edges)) == pytest.approx(1)
        inside = (edges[:-1] < np.median(column)) & (np.median(column) < edges[1:])
        assert density[inside] > np.median(density)
        assert outline.orientation == "horizontal"
        assert outline.get_edgecolor() == colors.to_rgba(trace.get_color())
    side = outlines[0].axes
    assert side is not traces[0].axes
    traces[0].axes.set_ylim(-9, 9)
    assert side.get_ylim() == (-9, 9)
    legend = [f"coordinate {i + 1}" for i in range(n_dims)] if n_dims > 1 else None
    assert (legend_of(traces[0].axes) if legend else traces[0].axes.get_legend()) == legend


def test_a_chain_that_never_moves_can_be_looked_at():
    trace, _ = plots.chain_trace(np.ones(50))
    assert set(trace.get_ydata()) == {1.0}


def test_autocorrelation_is_drawn_over_its_lags_with_zero():
    columns = np.stack([0.5 ** np.arange(4), 0.9 ** np.arange(4)], axis=1)
    one, two, zero = plots.autocorrelation(columns)
    assert one.get_xydata().tolist() == [[0, 1], [1, 0.5], [2, 0.25], [3, 0.125]]
    assert np.array_equal(two.get_ydata(), columns[:, 1])
    assert set(zero.get_ydata()) == {0}
    assert legend_of(one.axes) == ["coordinate 1", "coordinate 2"]


def test_what_agrees_lies_on_the_diagonal():
    points, diagonal = plots.measured_against_exact([1, 2, 4], [1.1, 2.0, 3.9])
    assert points.get_xydata().tolist() == [[1, 1.1], [2, 2.0], [4, 3.9]]
    x, y = diagonal.get_xy1()
    assert x == y
    assert diagonal.get_slope() == 1


# Melodies


def test_notes_lie_at_their_time_and_pitch():
    (bars,) = plots.piano_roll([(0, 4, 60), (20, 2, 67)])
    (a, b), ax = bars.get_paths(), bars.axes
    assert a.get_extents().extents == pytest.approx([0.06, 59.58, 3.94, 60.42])
    assert b.get_extents().extents == pytest.approx([20.06, 66.58, 21.94, 67.42])
    assert ax.get_xlim() == (0, 32)
    assert ticks_of(ax.xaxis)[:2] == ["1", "2"]
    assert ticks_of(ax.yaxis) == ["C4"]
    assert ax.get_ylim() == (58.5, 68.5)
    (empty,) = plots.piano_roll([], pitches=(48, 84), n_steps=16)
    assert empty.get_paths() == []
    assert empty.axes.get_ylim() == (47.5, 84.5)


# Saving


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_saved_from_its_artists_and_cropped(name, tmp_path):
    path = plots.save(PICTURES[name][0](None), tmp_path / f"{name}.png", dpi=50)
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("L"))
    assert picture.format == "PNG"
    height, width = pixels.shape
    assert 100 < width < 500
    for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert (edge == 255).all()  # nothing is cut off
    dark = np.argwhere(pixels < 255)
    assert (dark.min(axis=0) < 12).all()
    assert (dark.max(axis=0) > [height - 12, width - 12]).all()


def test_a_figure_is_found_from_whatever_holds_it():
    figure = Figure()
    part, _ = figure.subfigures(1, 2)
    bars = plots.kl_per_dimension([1.0], ax=part.add_subplot())
    assert plots.figure_of(bars) is figure
    assert plots.figure_of(bars[0]) is figure
    assert plots.figure_of(part) is figure
    assert plots.figure_of(figure) is figure


def test_saving_writes_the_whole_file_or_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "kl.svg"
    path.write_text("old")
    artists = plots.kl_per_dimension([1.0])

    def full_disk(file):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full_disk)
        with pytest.raises(OSError, match=r"cannot save .*kl\.svg: No space left on device"):
            plots.save(artists, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    assert plots.save(artists, str(path)) == path
    assert "<svg" in path.read_text()
    assert list(tmp_path.iterdir()) == [path]


def test_saving_says_what_is_wrong_with_a_path(tmp_path):
    artists = plots.kl_per_dimension([1.0])
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(IsADirectoryError, match="path must name a file"):
        plots.save(artists, tmp_path / "folder.png")
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere"):
        plots.save(artists, tmp_path / "nowhere" / "kl.png")
    for name in ("kl.bmpx", "kl"):
        with pytest.raises(ValueError, match=rf"path must end in one of .*\.png.*, got .*{name}$"):
            plots.save(artists, tmp_path / name)
    with pytest.raises(ValueError, match="dpi must be in"):
        plots.save(artists, tmp_path / "kl.png", dpi=0)
    artists[0].remove()
    with pytest.raises(ValueError, match="artists must be part of a figure"):
        plots.figure_of(artists)


# Bad input

BAD = {
    "rank": (
        lambda ax: plots.image_grid(np.zeros((2, 3, 3)), ax=ax),
        r"images must have shape .*got shape \(2, 3, 3\)",
    ),
    "not square": (
        lambda ax: plots.image_grid(np.zeros((2, 50)), ax=ax),
        "shape must be given if images are not square, got n_features=50",
    ),
    "shape": (
        lambda ax: plots.image_grid(np.zeros((2, 6)), ax=ax, shape=(2, 4)),
        r"shape must be \(height, width\) with n_features=6 pixels, got \(2, 4\)",
    ),
    "negative shape": (
        lambda ax: plots.image_grid(np.zeros((2, 6)), ax=ax, shape=(-2, -3)),
        "shape must be",
    ),
    "columns": (
        lambda ax: plots.image_grid(IMAGES, ax=ax, n_columns=0),
        "n_columns must be at least 1, got 0",
    ),
    "nan image": (
        lambda ax: plots.basis([[0, np.nan, 0, 0]], ax=ax),
        "components must be finite, got nan in row 0, column 1",
    ),
    "rows differ": (
        lambda ax: plots.reconstructions(IMAGES, IMAGES[1:], ax=ax),
        r"must each hold 16 images of 6 x 6 pixels.*got shape \(15, 6, 6\) "
        "for 'reconstruction'",
    ),
    "no rows": (
        lambda ax: plots.interpolation({}, ax=ax),
        "images must hold at least one row, got {}",
    ),
    "bad row": (
        lambda ax: plots.reconstructions(IMAGES, {"VAE": IMAGES[0]}, ax=ax),
        r"x_hat\['VAE'\] must have shape",
    ),
    "one latent": (
        lambda ax: plots.latent_scatter(np.zeros((3, 1)), [0, 1, 2], ax=ax),
        "z must have at least 2 columns, got 1",
    ),
    "labels": (
        lambda ax: plots.latent_scatter(np.zeros((3, 2)), [0, 1], ax=ax),
        r"labels must have shape \(3,\).*got \(2,\)",
    ),
    "no grid": (
        lambda ax: plots.manifold(IMAGES[:15], ax=ax),
        r"images must have n \* n rows with n at least 2, got 15",
    ),
    "quantiles": (
        lambda ax: plots.manifold(IMAGES, ax=ax, low=0.5, high=0.5),
        r"high must be in \(0.5, 1\), got 0.5",
    ),
    "quantile 0": (lambda ax: plots.manifold_grid(3, low=0), r"low must be in \(0, 1\), got 0"),
    "n": (lambda ax: plots.manifold_grid(1), "n must be at least 2, got 1"),
    "traversals": (
        lambda ax: plots.traversals(IMAGES, [1, 2, 3], ax=ax),
        r"images must have n_latent \* 3 rows for 3 values, got 16",
    ),
    "no bases": (lambda ax: plots.bases_side_by_side({}), "bases must hold at least one"),
    "axes": (
        lambda ax: plots.bases_side_by_side({"a": IMAGES, "b": IMAGES}, axes=[ax]),
        "axes must be 2 Axes, one for each panel, got 1",
    ),
    "bad basis": (
        lambda ax: plots.bases_side_by_side({"a": IMAGES, "b": IMAGES[0]}, axes=[ax, ax]),
        r"bases\['b'\] must have shape",
    ),
    "length": (
        lambda ax: plots.angle_history([1, 2], [1, 2, 3], ax=ax),
        "angles must have 2 values, got 3",
    ),
    "negative angle": (
        lambda ax: plots.angle_history([1, 2], {"a": [1, -0.5]}, ax=ax),
        "angles must not be negative, got -0.5",
    ),
    "tolerance": (
        lambda ax: plots.angle_history([1], [1], ax=ax, tolerance=0),
        r"tolerance must be in \(0, inf\), got 0",
    ),
    "no curves": (
        lambda ax: plots.gradient_errors([1], {}, ax=ax),
        "errors must hold at least one curve",
    ),
    "rising": (
        lambda ax: plots.scree([3, 1, 2], ax=ax),
        "eigenvalues must be in falling order, got a rise after 1",
    ),
    "all zero": (
        lambda ax: plots.scree([0, 0], ax=ax),
        "eigenvalues must be positive, got 0 as the largest",
    ),
    "all kept": (
        lambda ax: plots.scree([2, 1], ax=ax, n_latent=2),
        "n_latent must be between 1 and 1, got 2",
    ),
    "no epoch": (
        lambda ax: plots.loss_curves({"loss": [1.0]}, ax=ax),
        r"history must have 'epoch', got \['loss'\]",
    ),
    "no kl": (
        lambda ax: plots.loss_parts({"epoch": [1], "reconstruction": [1]}, axes=[ax, ax]),
        "history must have 'kl'",
    ),
    "untrained": (
        lambda ax: plots.loss_curves({"epoch": [], "loss": []}, ax=ax),
        r"history\['epoch'\] must have shape \(n,\), got shape \(0,\)",
    ),
    "nan loss": (
        lambda ax: plots.loss_curves({"epoch": [1, 2], "loss": [1, np.nan]}, ax=ax),
        r"history\['loss'\] must be finite, got nan at index 1",
    ),
    "baseline": (
        lambda ax: plots.loss_curves(HISTORY, ax=ax, baselines={"PCA": np.inf}),
        r"baselines\['PCA'\] must be in \(-inf, inf\), got inf",
    ),
    "kl rank": (
        lambda ax: plots.kl_per_dimension([[1.0]], ax=ax),
        r"kl must have shape \(n,\).*got shape \(1, 1\)",
    ),
    "names": (
        lambda ax: plots.rate_distortion([1, 2], [3, 4], ax=ax, labels=["a"]),
        "labels must be 2, one for each rate, got 1",
    ),
    "bound": (
        lambda ax: plots.rate_distortion([1], [3], ax=ax, bound=([1, 2], [1])),
        r"bound\[1\] must have 2 values, got 1",
    ),
    "k": (lambda ax: plots.importance_bounds([0, 1], [1, 2], ax=ax), "k must be at least 1, got 0"),
    "exact": (
        lambda ax: plots.importance_bounds([1], [1], ax=ax, exact=np.nan),
        "exact must be in",
    ),
    "steps": (
        lambda ax: plots.gradient_errors([0, 1], [1, 1], ax=ax),
        "steps must be positive, got 0",
    ),
    "chain": (
        lambda ax: plots.chain_trace(np.zeros((2, 2, 2)), ax=ax),
        r"samples must have shape \(n,\) or \(n, n_dims\), got shape \(2, 2, 2\)",
    ),
    "no notes": (lambda ax: plots.piano_roll([], ax=ax), "notes must hold at least one note"),
    "nan chain": (
        lambda ax: plots.autocorrelation([1, np.nan], ax=ax),
        "correlation must be finite, got nan at index 1",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named_and_draws_nothing(name):
    draw, message = BAD[name]
    ax = own_axes()
    before = len(ax.get_children())
    with pytest.raises(ValueError, match=message):
        draw(ax)
    assert len(ax.get_children()) == before
    assert ax.get_xlabel() == ""


def test_what_holds_no_numbers_is_a_type_error():
    with pytest.raises(TypeError, match="kl must hold real numbers, got dtype <U1"):
        plots.kl_per_dimension(["a"])
    with pytest.raises(TypeError, match="images must hold real numbers"):
        plots.image_grid([["a"]])


def test_the_data_stay_as_they_were():
    images = np.full((4, 4), 0.5)
    images.flags.writeable = False
    angles = np.array([1.0, 0.0])
    angles.flags.writeable = False
    plots.image_grid(images)
    plots.angle_history([0, 1], angles)
    assert angles[1] == 0
    assert isinstance(plots.new_axes(), Axes)
