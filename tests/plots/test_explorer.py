"""The latent explorer, driven by synthetic mouse events, and the command that opens it."""

import gc
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from helpers import ROOT
from matplotlib.backend_bases import MouseEvent
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from minivae import VAE, Autoencoder, LinearAutoencoder, datasets, load, plots
from minivae.commands import cli
from minivae.commands import explore as command
from minivae.commands.explore import explore
from minivae.models.model import Model
from minivae.plots import Explorer

CODES = np.random.default_rng(0).standard_normal((40, 2)) * [2, 1] + [1, 0]


def decode(z):
    """Return images of 2 x 3 pixels that hold the code itself."""
    pixels = np.zeros((len(z), 6))
    pixels[:, : z.shape[1]] = np.asarray(z)[:, :6]
    return pixels


def explorer_of(codes=CODES, labels=None, decode=decode, shape=(2, 3)):
    explorer = Explorer(decode, codes, labels, shape=shape)
    FigureCanvasAgg(explorer.figure).draw()  # the axes now have their places
    return explorer


def send(explorer, name, at, axes=None, button=None):
    """Process a mouse event at a place in the data of `axes`."""
    axes = explorer.plane if axes is None else axes
    x, y = axes.transData.transform(at)
    canvas = explorer.figure.canvas
    canvas.callbacks.process(name, MouseEvent(name, canvas, x, y, button=button))


def move(explorer, at, axes=None):
    send(explorer, "motion_notify_event", at, axes)


def click(explorer, at, axes=None):
    send(explorer, "button_press_event", at, axes, button=1)


# The window


def test_moving_over_the_codes_shows_what_is_decoded_there():
    explorer = explorer_of()
    assert np.allclose(explorer.z, CODES.mean(axis=0))
    for at in [(0.5, -0.25), (-1.0, 0.75)]:
        move(explorer, at)
        assert np.allclose(explorer.z, at)
        assert np.allclose(explorer.image.get_array(), [[*at, 0], [0, 0, 0]])
        assert np.allclose(explorer.cursor.get_xydata(), [at])
    title = explorer.image.axes.get_title()
    assert title == "decoded at $z_1$ = \N{MINUS SIGN}1.00, $z_2$ = 0.75"


def test_the_picture_on_the_screen_changes():
    explorer = explorer_of()
    canvas = explorer.figure.canvas
    before = np.asarray(canvas.buffer_rgba()).copy()
    move(explorer, (3.0, 1.0))
    canvas.draw()
    after = np.asarray(canvas.buffer_rgba())
    box = explorer.image.axes.get_window_extent()
    rows = slice(len(before) - int(box.y1), len(before) - int(box.y0))
    columns = slice(int(box.x0), int(box.x1))
    assert (before[rows, columns] != after[rows, columns]).any()


def test_elsewhere_the_mouse_changes_nothing():
    explorer = explorer_of()
    move(explorer, (0.5, -0.25))
    move(explorer, (1, 1), explorer.image.axes)
    click(explorer, (1, 1), explorer.image.axes)
    move(explorer, (1e3, 1e3))  # outside the figure
    assert np.allclose(explorer.z, (0.5, -0.25))
    assert not explorer.held


def test_a_click_holds_the_place_and_the_next_lets_go():
    explorer = explorer_of()
    move(explorer, (0.5, -0.25))
    click(explorer, (0.5, -0.25))
    assert explorer.held
    move(explorer, (1.5, 0.5))
    assert np.allclose(explorer.z, (0.5, -0.25))
    click(explorer, (1.0, 0.5))
    assert np.allclose(explorer.z, (1.0, 0.5))
    move(explorer, (1.5, 0.5))
    assert np.allclose(explorer.z, (1.5, 0.5))


def test_a_click_that_zooms_does_not_hold():
    explorer = explorer_of()
    explorer.figure.canvas.widgetlock(explorer)  # as the toolbar does
    click(explorer, (0.5, -0.25))
    assert not explorer.held


def test_sliders_set_the_dimensions_beyond_two():
    codes = np.random.default_rng(1).standard_normal((30, 4)) * [1, 1, 5, 0.01]
    explorer = explorer_of(codes)
    move(explorer, (0.5, -0.25))
    assert list(explorer.sliders) == [2, 3]
    assert [s.label.get_text() for s in explorer.sliders.values()] == ["$z_{3}$", "$z_{4}$"]
    for i, slider in explorer.sliders.items():
        assert slider.valmin <= codes[:, i].min()
        assert slider.valmax >= codes[:, i].max()
        assert slider.valmax - slider.valmin >= 2  # a collapsed dimension can be moved too
        assert slider.val == explorer.z[i] == pytest.approx(codes[:, i].mean())
    explorer.sliders[2].set_val(1.5)
    assert np.allclose(explorer.z, [0.5, -0.25, 1.5, codes[:, 3].mean()])
    assert np.allclose(explorer.image.get_array().ravel()[:4], explorer.z)
    move(explorer, (0, 0))
    assert explorer.z[2] == 1.5


def test_a_slider_follows_the_mouse():
    explorer = explorer_of(np.random.default_rng(1).standard_normal((30, 3)))
    slider = explorer.sliders[2]
    click(explorer, (0.75, 0.5), slider.ax)
    assert explorer.z[2] == slider.val == pytest.approx(0.75, abs=0.02)
    send(explorer, "motion_notify_event", (-0.5, 0.5), slider.ax, button=1)
    assert explorer.z[2] == pytest.approx(-0.5, abs=0.02)
    assert np.allclose(explorer.image.get_array().ravel()[:3], explorer.z)


def test_of_many_dimensions_those_that_vary_most_have_sliders():
    spread = np.array([1, 1, 5, 0.1, 4, 3, 0.2, 6, 7, 8, 0.3, 9, 2])
    codes = np.random.default_rng(1).standard_normal((200, 13)) * spread + 1
    explorer = explorer_of(codes)
    assert list(explorer.sliders) == [2, 4, 5, 7, 8, 9, 11, 12]
    assert np.allclose(explorer.z, codes.mean(axis=0))


def test_classes_are_drawn_where_there_are_labels():
    labels = np.arange(40) % 3
    explorer = explorer_of(labels=labels)
    points = [np.asarray(dots.get_offsets()) for dots in explorer.plane.collections]
    for k in range(3):
        assert np.array_equal(points[k], CODES[labels == k])
    (dots,) = explorer_of().plane.collections
    assert np.array_equal(dots.get_offsets(), CODES)


@pytest.mark.parametrize("labels", [None, np.arange(40) % 3])
def test_the_plane_shows_all_codes_and_stands_still(labels):
    explorer = explorer_of(labels=labels)
    limits = explorer.plane.get_xlim(), explorer.plane.get_ylim()
    for low, high, codes in zip(*zip(*limits, strict=True), CODES.T, strict=True):
        assert low < codes.min()
        assert codes.max() < high
    move(explorer, np.transpose(limits)[1] * 0.999)
    FigureCanvasAgg(explorer.figure).draw()
    assert (explorer.plane.get_xlim(), explorer.plane.get_ylim()) == limits


@pytest.mark.parametrize("n_latent", [2, 3])  # without a slider and with one
def test_the_figure_keeps_its_explorer_alive(n_latent):
    figure = explorer_of(np.random.default_rng(1).standard_normal((30, n_latent))).figure
    gc.collect()
    plane, picture = figure.axes[:2]
    x, y = plane.transData.transform((0.5, -0.25))
    for name, button in (("motion_notify_event", None), ("button_press_event", 1)):
        event = MouseEvent(name, figure.canvas, x, y, button=button)
        figure.canvas.callbacks.process(name, event)
    assert np.allclose(picture.images[0].get_array().ravel()[:2], (0.5, -0.25))
    for slider in figure.axes[2:]:
        x, y = slider.transData.transform((0.75, 0.5))
        event = MouseEvent("button_press_event", figure.canvas, x, y, button=1)
        figure.canvas.callbacks.process("button_press_event", event)
        assert picture.images[0].get_array().ravel()[2] == pytest.approx(0.75, abs=0.02)


def test_the_scale_of_grey_is_that_of_all_codes():
    low, high = explorer_of().image.get_clim()
    assert (low, high) == (CODES.min(), CODES.max())
    assert explorer_of(decode=lambda z: np.full((len(z), 6), 0.5)).image.get_clim() == (0, 1)


def test_the_codes_stay_as_they_were():
    codes = CODES.copy()
    codes.flags.writeable = False
    move(explorer_of(codes), (0, 0))
    assert np.array_equal(codes, CODES)


def test_an_explorer_says_what_is_wrong():
    bad = {
        "codes must have at least 2 columns, got 1": {"codes": CODES[:, :1]},
        "codes must be finite, got nan in row 0": {"codes": CODES * np.nan},
        r"labels must have shape \(40,\)": {"labels": [1, 2]},
        r"shape must be .* with n_features=6 pixels, got \(4, 4\)": {"shape": (4, 4)},
        r"shape must be given if what decode returns are not square": {"shape": None},
    }
    for message, change in bad.items():
        with pytest.raises(ValueError, match=message):
            explorer_of(**change)


# The command


def saved(tmp_path, model):
    path = tmp_path / "model.npz"
    model.save(path)
    return path


@pytest.fixture
def windows(monkeypatch):
    """Catch the figures that would be shown."""
    shown = []
    monkeypatch.setattr(plots, "open_window", lambda *window: shown.append(window) or True)
    monkeypatch.setattr(command, "N_CODES", 60)
    monkeypatch.delenv("MINIVAE_DATA", raising=False)
    return shown


@pytest.mark.parametrize("kind", [VAE, Autoencoder, LinearAutoencoder])
def test_a_saved_model_is_explored_with_drawn_digits(kind, tmp_path, windows, capsys):
    path = saved(tmp_path, kind(784, 3, rng=0))
    explore(path)
    ((figure, title),) = windows
    assert title == f"minivae explore {path}"
    drawn = datasets.digits(60, rng=0)
    codes = load(path).transform(drawn.images)
    plane, picture, _ = figure.axes
    for k, dots in enumerate(plane.collections):
        assert np.allclose(dots.get_offsets(), codes[drawn.labels == k, :2])
    x, y = plane.transData.transform(codes[0, :2])
    event = MouseEvent("motion_notify_event", figure.canvas, x, y)
    figure.canvas.callbacks.process("motion_notify_event", event)
    expected = load(path).decode([[*codes[0, :2], codes[:, 2].mean()]])
    assert np.allclose(picture.images[0].get_array(), expected.reshape(28, 28), atol=1e-6)
    assert "codes of 60 drawn digits" in capsys.readouterr().out


def test_other_squares_are_patches_of_the_photograph(tmp_path, windows, capsys):
    path = saved(tmp_path, Autoencoder(64, 2, rng=0))
    explore(path)
    plane, picture = windows[0][0].axes
    codes = load(path).transform(datasets.image_patches(60, size=8, rng=0))
    assert np.allclose(plane.collections[0].get_offsets(), codes)
    assert picture.images[0].get_cmap().name == "gray"
    assert "codes of 60 patches of a photograph" in capsys.readouterr().out


def test_mnist_is_taken_where_it_is(tmp_path, windows, monkeypatch, capsys):
    path = saved(tmp_path, VAE(784, 2, rng=0))
    images = np.random.default_rng(0).integers(0, 256, (100, 784)).astype(np.uint8)
    labels = np.arange(100) % 10

    def mnist(split, *, folder):
        assert (split, folder) == ("test", "somewhere")
        return images, labels

    monkeypatch.setenv("MINIVAE_DATA", "somewhere")
    monkeypatch.setattr(datasets, "mnist", mnist)
    explore(path)
    points = windows[0][0].axes[0].collections[3].get_offsets()
    codes = load(path).transform(images[:60])
    assert np.allclose(points, codes[labels[:60] == 3])
    assert "codes of 60 MNIST digits" in capsys.readouterr().out


@pytest.mark.parametrize("folder", [".", "nowhere", "model.npz"])
def test_a_folder_without_mnist_leaves_the_drawn_digits(
    tmp_path, windows, monkeypatch, capsys, folder
):
    path = saved(tmp_path, VAE(784, 2, rng=0))
    monkeypatch.setenv("MINIVAE_DATA", str(path.parent / folder))
    explore(path)
    output = capsys.readouterr().out
    assert f"MINIVAE_DATA={path.parent / folder} has no MNIST" in output
    assert "codes of 60 drawn digits" in output


def test_a_picture_is_written_instead_of_a_window(tmp_path, windows, capsys):
    out = tmp_path / "explorer.png"
    explore(saved(tmp_path, VAE(784, 2, rng=0)), out=out)
    assert windows == []
    assert str(out) in capsys.readouterr().out
    with Image.open(out) as picture:
        assert picture.format == "PNG"
        assert min(picture.size) > 300


def test_without_a_display_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "N_CODES", 60)
    path = saved(tmp_path, VAE(784, 2, rng=0))
    with pytest.raises(OSError, match=r"no window can be opened: .* --out explorer\.png"):
        explore(path)  # the tests' backend draws into memory


def test_a_file_that_is_no_model_for_it_is_refused(tmp_path, windows, monkeypatch):
    foreign = tmp_path / "pca.npz"
    np.savez(foreign, components_=np.eye(3), mean_=np.zeros(3))
    with pytest.raises(ValueError, match=r"pca\.npz is damaged, or not a .*; explore needs what"):
        explore(foreign)
    with pytest.raises(FileNotFoundError, match=r"nothing\.npz"):
        explore(tmp_path / "nothing.npz")
    with pytest.raises(ValueError, match="n_latent=1; explore needs at least 2"):
        explore(saved(tmp_path, VAE(784, 1, rng=0)))
    with pytest.raises(ValueError, match="n_features=50, which is not a square image"):
        explore(saved(tmp_path, VAE(50, 2, rng=0)))

    monkeypatch.setattr(Model, "kinds", dict(Model.kinds))

    class Other(Model):
        def __init__(self, n_features, n_latent, *, rng=None):
            self.config = {"n_features": n_features, "n_latent": n_latent}
            part = Autoencoder(n_features, n_latent, rng=0)
            self.encoder, self.decoder = part.encoder, part.decoder
            self.likelihood = part.likelihood

    with pytest.raises(ValueError, match="holds Other; explore shows Autoencoder, Linear"):
        explore(saved(tmp_path, Other(784, 2)))
    assert windows == []


BACKEND = """
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backend_bases import FigureManagerBase, MouseEvent

class FigureManager(FigureManagerBase):
    @classmethod
    def pyplot_show(cls, *, block=None):
        from matplotlib import pyplot
        assert block is True
        figure = pyplot.gcf()
        figure.canvas.draw()
        ax = figure.axes[0]
        x, y = ax.transData.transform((0.5, -0.25))
        event = MouseEvent("motion_notify_event", figure.canvas, x, y)
        figure.canvas.callbacks.process("motion_notify_event", event)
        image = figure.axes[1].images[0].get_array()
        print(figure.canvas.manager.num, image.ravel()[:2].round(6).tolist())

class FigureCanvas(FigureCanvasAgg):
    manager_class = FigureManager
"""


def environment(backend, *folders):
    """Return that of a process with this backend, these folders of modules, and no display."""
    path = os.pathsep.join(map(str, [*folders, ROOT]))
    own = {"MPLBACKEND": backend, "PYTHONPATH": path, "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    return os.environ | own


def test_in_a_window_of_a_real_backend_events_arrive(tmp_path):
    (tmp_path / "own_backend.py").write_text(BACKEND)
    code = """
        import sys
        import numpy as np
        from minivae import plots
        codes = np.random.default_rng(0).standard_normal((20, 2))
        explorer = plots.Explorer(lambda z: np.hstack([z, z]), codes, shape=(2, 2))
        assert "matplotlib.pyplot" not in sys.modules
        assert plots.open_window(explorer.figure, "codes")
        from matplotlib import pyplot
        assert pyplot.get_fignums() == []
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        check=True,
        text=True,
        stdout=subprocess.PIPE,
        env=environment("module://own_backend", tmp_path),
    )
    assert done.stdout.strip().endswith("[0.5, -0.25]")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there always is a display")
@pytest.mark.parametrize("backend", ["agg", "svg", "tkagg"])
def test_no_window_where_there_is_no_display(backend):
    code = """
        from matplotlib.figure import Figure
        from minivae import plots
        assert not plots.open_window(Figure(), "nothing")
    """
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        check=True,
        env=environment(backend),
    )


def test_exploring_a_saved_model_from_the_command_line(tmp_path, capsys):
    VAE(784, 2, rng=0).save(tmp_path / "model.npz")
    picture = tmp_path / "window.png"
    assert cli.main(["explore", str(tmp_path / "model.npz"), "--out", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert cli.main(["explore", str(tmp_path / "model.npz")]) == 2
    assert "no window can be opened" in capsys.readouterr().err
    assert cli.main(["explore", str(tmp_path / "nothing.npz")]) == 2


def test_a_frame_draws_only_what_moves(monkeypatch):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    explorer = explorer_of(np.random.default_rng(1).standard_normal((30, 2)))
    canvas = FigureCanvasAgg(explorer.figure)
    canvas.draw()
    still = np.asarray(canvas.buffer_rgba()).copy()
    monkeypatch.setattr(Figure, "draw", lambda *_: pytest.fail("the whole figure is drawn"))
    explorer.z[:2] = 0.3, -0.6
    explorer._draw()
    moved = np.asarray(canvas.buffer_rgba()).copy()
    monkeypatch.undo()
    assert np.any(still != moved)
    canvas.draw()  # all of it, for comparison
    assert np.array_equal(np.asarray(canvas.buffer_rgba()), moved)


def test_a_held_place_shows_it_and_the_prior_has_circles():
    codes = np.random.default_rng(1).standard_normal((30, 2))
    explorer = explorer_of(codes)
    radii = [patch.get_radius() for patch in explorer.plane.patches]
    assert radii == [1, 2, 3]
    x, y = explorer.plane.transData.transform((0.5, -0.25))
    marker = explorer.cursor.get_marker()
    for words in ("held here", "click to hold"):
        event = MouseEvent("button_press_event", explorer.figure.canvas, x, y, button=1)
        explorer.figure.canvas.callbacks.process("button_press_event", event)
        assert words in explorer.plane.get_title()
        assert (explorer.cursor.get_marker() == marker) == (words == "click to hold")
    labelled = Explorer(lambda z: np.zeros((len(z), 4)), codes, np.arange(30) % 3)
    assert len(labelled.plane.texts) == 3
    assert all(text.get_clip_on() for text in labelled.plane.texts)
