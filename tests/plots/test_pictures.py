"""The graph of the reparameterization trick, and training as a film."""

import re
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from matplotlib.text import Text
from PIL import Image
from scipy import stats

from minivae import VAE, Autoencoder, EarlyStopping, LinearAutoencoder, plots
from minivae.explanation.passes import explain
from minivae.plots import animation
from minivae.training.callbacks import CodeRecorder

MINUS = "\N{MINUS SIGN}"
rng = np.random.default_rng(0)
X = (rng.random((5, 9)) < 0.4).astype(float)
EPS = rng.standard_normal((5, 2))
MODEL = VAE(9, 2, hidden=(4,), activation="tanh", beta=2.0, rng=1)


def graph(values=None, ax=None):
    return plots.reparameterization_graph(values or explain(MODEL, X, eps=EPS), ax=ax)


def by_gid(artists, kind):
    return {a.get_gid(): a for a in artists if isinstance(a, kind) and a.get_gid()}


def numbers_of(artists):
    """Return every number that stands in a box, without its words."""
    texts = {gid: text.get_text() for gid, text in by_gid(artists, Text).items()}
    numeric = re.compile(r"(?:d )?(?:mean |rms )?(\S+)$")
    found = {}
    for gid, text in texts.items():
        match = numeric.match(text.replace(MINUS, "-"))
        if gid.partition(" ")[2].startswith(("value of", "d")) and match and "cut" not in gid:
            found[gid] = float(match[1])
    return found


# The graph


def test_every_box_has_its_shape_value_and_gradient():
    arrays = explain(MODEL, X, eps=EPS).arrays
    artists = graph()
    numbers, texts = numbers_of(artists), by_gid(artists, Text)
    three_digits = {"rel": 0.006}
    for name in ("mu", "log_var", "sigma", "eps", "z", "log_prob", "kl", "loss"):
        gradient = arrays.get(f"d{name}", np.array(1.0))
        first = arrays[name].flat[0], gradient.flat[0]
        assert numbers[f"with value of {name}"] == pytest.approx(first[0], **three_digits)
        assert numbers[f"with d{name}"] == pytest.approx(first[1], **three_digits)
    for name, gradient in {"x": "encoder.0.dx", "h": "dh", "out": "dout"}.items():
        rms = np.linalg.norm(arrays[gradient]) / arrays[gradient].size ** 0.5
        assert numbers[f"with value of {name}"] == pytest.approx(
            arrays[name].mean(), **three_digits
        )
        assert numbers[f"with d{name}"] == pytest.approx(rms, **three_digits)
    for gid, text in texts.items():
        if " shape of " in gid:
            assert text.get_text() == str(arrays[gid.split()[-1]].shape)
    assert {gid for gid in texts if "with shape of" in gid} == {
        f"with shape of {name}"
        for name in ("x", "h", "mu", "log_var", "sigma", "eps", "z", "out", "log_prob", "kl")
    }


def test_numbers_have_three_significant_digits():
    arrays = explain(MODEL, X, eps=EPS).arrays | {
        "mu": np.full((5, 2), 2.0),
        "z": np.full((5, 2), -0.00012345),
        "loss": np.array(198.4),
    }
    texts = by_gid(graph(arrays), Text)
    assert texts["with value of mu"].get_text() == "2.00"
    assert texts["with value of z"].get_text() == f"{MINUS}0.000123"
    assert texts["with value of loss"].get_text() == "198"


def test_without_the_trick_only_the_kl_reaches_the_encoder():
    numbers = numbers_of(graph())
    mu, log_var = MODEL.encode(X)

    def mean_kl(mu, log_var):  # 2 times the mean: beta
        q = stats.norm(mu, np.exp(log_var / 2))
        cross = 0.5 * np.log(2 * np.pi) + 0.5 * (mu**2 + np.exp(log_var))
        return 2 * np.mean(np.sum(cross - q.entropy(), axis=1))

    h, step = 1e-5, np.zeros_like(mu)
    step[0, 0] = h
    dmu = (mean_kl(mu + step, log_var) - mean_kl(mu - step, log_var)) / (2 * h)
    dlog_var = (mean_kl(mu, log_var + step) - mean_kl(mu, log_var - step)) / (2 * h)
    assert numbers["without dmu"] == pytest.approx(dmu, rel=0.006)
    assert numbers["without dlog_var"] == pytest.approx(dlog_var, rel=0.006)

    def mean_kl_of_x(x):
        hidden = MODEL.encoder.forward(x)
        return mean_kl(hidden[:, :2], 20 * np.tanh(hidden[:, 2:] / 20))

    dx = np.empty_like(X)
    for i in np.ndindex(X.shape):
        step = np.zeros_like(X)
        step[i] = h
        dx[i] = (mean_kl_of_x(X + step) - mean_kl_of_x(X - step)) / (2 * h)
    assert numbers["without dx"] == pytest.approx(np.sqrt(np.mean(dx**2)), rel=0.006)
    for same in ("dz", "dout", "dlog_prob", "dkl", "value of z", "value of loss"):
        assert numbers[f"without {same}"] == numbers[f"with {same}"]


def test_the_path_from_z_is_cut_without_the_trick_and_open_with_it():
    artists = graph()
    arrows, words = by_gid(artists, FancyArrowPatch), by_gid(artists, Text)
    back = {gid for gid in arrows if " d" in gid}
    both = {
        *("dloss to dlog_prob", "dlog_prob to dout", "dout to dz", "dloss to dkl"),
        *("dkl to dmu", "dkl to dlog_var", "dmu to dh", "dlog_var to dh", "dh to dx"),
    }
    reaches_z = {"dz to dmu", "dz to dsigma"}
    assert back == {
        *(f"with {way}" for way in {*both, *reaches_z, "dsigma to dlog_var", "dz to deps"}),
        *(f"without {way}" for way in both | reaches_z),
    }
    crosses = {gid for gid in words if gid.endswith(", cut")}
    assert crosses == {f"without {way}, cut" for way in reaches_z}
    heads = {gid for gid in back if arrows[gid].get_arrowstyle().fillend}
    assert heads == back - {f"without {way}" for way in reaches_z}
    assert "without eps" not in words
    assert words["without dsigma"].get_text() == "no gradient"


def test_arrows_lead_from_box_to_box_and_the_cut_lies_between():
    artists = graph()
    FigureCanvasAgg(plots.figure_of(artists)).draw()
    arrows, words = by_gid(artists, FancyArrowPatch), by_gid(artists, Text)
    room = np.array([0.6, 0.5])
    for gid, arrow in arrows.items():
        panel, start, _, end = gid.split()
        names = [name[1:] if " d" in gid else name for name in (start, end)]
        a, b = (np.array(words[f"{panel} {name}"].get_position()) for name in names)
        path = arrow.get_path()
        points = path.vertices[path.codes != path.CLOSEPOLY]
        assert (points > np.minimum(a, b) - room).all(), gid
        assert (points < np.maximum(a, b) + room).all(), gid
        assert abs(points[0, 0] - a[0]) < 0.6, gid
        if gid not in ("without dz to dmu", "without dz to dsigma"):
            assert abs(points[-1, 0] - b[0]) < 0.65, gid
    for goal in ("mu", "sigma"):
        cross = words[f"without dz to d{goal}, cut"].get_position()[0]
        box, z = (words[f"without {name}"].get_position()[0] for name in (goal, "z"))
        assert box + 0.51 < cross < z - 0.51


def test_the_words_of_a_box_stay_inside_it():
    tiny = {name: value * 1e-7 for name, value in explain(MODEL, X, eps=EPS).arrays.items()}
    for artists in (graph(), graph(tiny), graph(ax=Figure(figsize=(8, 5)).add_subplot())):
        figure = plots.figure_of(artists)
        renderer = FigureCanvasAgg(figure).get_renderer()
        figure.draw_without_rendering()
        boxes = [a.get_window_extent(renderer) for a in artists if a.get_gid() is None]
        assert len(boxes) == 21
        for gid, text in by_gid(artists, Text).items():
            extent = text.get_window_extent(renderer)
            if " title" in gid or " text" in gid or gid in ("key", "chain rule"):
                assert not any(extent.overlaps(box) for box in boxes), gid
            elif not gid.endswith("cut"):
                middle = extent.x0 + extent.width / 2, extent.y0 + extent.height / 2
                (box,) = (box for box in boxes if box.contains(*middle))
                assert extent.width <= box.width * 1.02, gid
                assert box.y0 <= extent.y0 + 1, gid
                assert extent.y1 - 1 <= box.y1, gid


def test_the_chain_rule_is_written_with_the_numbers():
    text = by_gid(graph(), Text)["chain rule"].get_text().replace(MINUS, "-")
    for line in text.splitlines():
        _, _, sum_, result = re.split("=|\N{ALMOST EQUAL TO}", line)
        value = eval(sum_, {"__builtins__": {}})  # "2.78 * 2.04"
        assert value == pytest.approx(float(result), rel=0.02, abs=2e-3)


def test_a_graph_needs_the_pass_of_a_vae():
    explanation = explain(Autoencoder(9, 2, rng=0), X)
    with pytest.raises(ValueError, match=r"values must have '.*', got"):
        graph(explanation)
    arrays = explain(MODEL, X, eps=EPS).arrays
    bad = {
        "dmu": (np.full((5, 2), np.nan), ValueError, "dmu must be finite, got nan"),
        "z": (np.empty((0, 2)), ValueError, "z must hold at least one number"),
        "kl": (["a"], TypeError, "kl must hold real numbers, got dtype <U1"),
    }
    for name, (value, error, message) in bad.items():
        ax = Figure().add_subplot()
        with pytest.raises(error, match=message):
            graph(arrays | {name: value}, ax)
        assert not ax.texts


# Recording


@pytest.mark.parametrize("model", [VAE, Autoencoder, LinearAutoencoder])
def test_the_recorder_keeps_codes_and_losses_and_changes_nothing(model):
    first, second = (model(9, 2, rng=0) for _ in range(2))
    recorder = CodeRecorder(X[:3])
    first.fit(X, epochs=3, batch_size=2, callbacks=[recorder], rng=0)
    second.fit(X, epochs=3, batch_size=2, rng=0)
    assert first.history_ == second.history_ == recorder.history
    assert all(np.array_equal(first.params[name], second.params[name]) for name in first.params)
    assert len(recorder.frames) == 3
    assert np.array_equal(recorder.frames[-1], first.transform(X[:3]))
    second = model(9, 2, rng=0).fit(X, epochs=1, batch_size=2, rng=0)
    assert np.array_equal(recorder.frames[0], second.transform(X[:3]))


@pytest.mark.parametrize(
    ("every", "epochs", "expected"),
    [(1, 3, [1, 2, 3]), (2, 5, [1, 2, 4, 5]), (4, 4, [1, 4]), (9, 4, [1, 4]), (9, 1, [1])],
)
def test_the_first_and_the_last_epoch_always_have_a_frame(every, epochs, expected):
    recorder = CodeRecorder(X, every)
    for _ in range(2):  # a second run forgets the first
        model = Autoencoder(9, 2, rng=0).fit(
            X, epochs=epochs, batch_size=5, callbacks=[recorder], validation=X, rng=0
        )
        assert recorder.history["epoch"] == expected
        assert recorder.history["val_loss"] == [model.history_["val_loss"][e - 1] for e in expected]
        assert len(recorder.frames) == len(expected)


def test_a_run_that_stops_early_has_its_last_frame():
    recorder, stop = CodeRecorder(X, every=50), EarlyStopping(2, min_delta=1e9)
    model = Autoencoder(9, 2, rng=0).fit(
        X, epochs=20, batch_size=5, callbacks=[recorder, stop], rng=0
    )
    assert recorder.history["epoch"] == [1, len(model.history_["epoch"])] == [1, 3]


def test_the_recorder_says_what_is_wrong():
    with pytest.raises(ValueError, match="every must be at least 1, got 0"):
        CodeRecorder(X, 0)
    with pytest.raises(ValueError, match=r"x must have shape \(n_samples, n_features\)"):
        CodeRecorder(X[0])


# The film


@pytest.fixture(autouse=True)
def _short_end(monkeypatch, request):
    if "stands_still_at_the_end" not in request.node.name:
        monkeypatch.setattr(animation, "STANDING", 1)


def spread_frames(n_frames, n=30):
    labels = np.arange(n) % 3
    centres = np.array([[-4.0, 0], [4, 0], [0, 4]])[labels]
    noise = np.random.default_rng(1).standard_normal((n, 2))
    return [noise + centres * i / n_frames for i in range(n_frames)], labels


def history_of(n_frames):
    epoch = np.arange(1, n_frames + 1)
    return {"epoch": epoch, "loss": 200 / epoch, "val_loss": 210 / epoch, "kl": epoch}


def frames_of(path):
    with Image.open(path) as film:
        for i in range(film.n_frames):
            film.seek(i)
            yield np.asarray(film.convert("L")), film.info["duration"]


def test_the_film_has_a_frame_for_each_and_stands_still_at_the_end(tmp_path):
    frames, labels = spread_frames(4)
    path = plots.animate_codes(frames, labels, history_of(4), tmp_path / "codes.gif")
    assert path == tmp_path / "codes.gif"
    pictures, durations = zip(*frames_of(path), strict=True)
    assert len(pictures) == 4
    assert len(set(durations[:-1])) == 1
    assert durations[-1] > 5 * durations[0]
    half = pictures[0].shape[1] // 2
    for before, after in pairwise(pictures):
        for side in (slice(None, half), slice(half, None)):
            assert (before[:, side] != after[:, side]).any()
    assert list(tmp_path.iterdir()) == [path]


def test_points_labels_and_curves_are_those_of_the_frame_and_the_scales_stand_still(
    tmp_path, monkeypatch
):
    frames, labels = spread_frames(3)
    frames = [np.column_stack([frame, frame]) for frame in frames]  # more dimensions than two
    seen = []

    class Writer(animation.PillowWriter):
        def grab_frame(self):
            left, right = self.fig.axes
            seen.append(
                (
                    [np.array(dots.get_offsets()) for dots in left.collections],
                    [text.get_position() for text in left.texts],
                    [line.get_xydata().tolist() for line in right.lines],
                    (left.get_xlim(), left.get_ylim(), right.get_xlim(), right.get_ylim()),
                    left.get_title(),
                )
            )
            super().grab_frame()

    monkeypatch.setattr(animation, "PillowWriter", Writer)
    history = history_of(3)
    plots.animate_codes(frames, labels, history, tmp_path / "codes.gif")
    assert len({scales for *_, scales, _ in seen}) == 1
    (xlim, ylim, _, (_, top)) = seen[0][3]
    assert top > 210
    for i, (points, places, lines, _, title) in enumerate(seen[:3]):
        for k in range(3):
            mine = frames[i][labels == k, :2]
            assert np.array_equal(points[k], mine)
            assert np.allclose(places[k], np.median(mine, axis=0))
            assert (np.abs(mine - [np.mean(xlim), np.mean(ylim)]) < np.ptp(xlim) / 2).all()
        assert lines[0] == [[e, 200 / e] for e in range(1, i + 2)]
        assert lines[1] == [[e, 210 / e] for e in range(1, i + 2)]
        assert title == f"codes after epoch {i + 1}"


def test_thirty_frames_are_less_than_a_megabyte(tmp_path):
    frames, labels = spread_frames(30, n=300)
    path = plots.animate_codes(frames, labels, history_of(30), tmp_path / "codes.gif")
    assert path.stat().st_size < 1_000_000


def test_a_film_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    frames, labels = spread_frames(3)
    path = tmp_path / "codes.gif"
    path.write_text("old")

    class Writer(animation.PillowWriter):
        def finish(self):
            super().finish()
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(animation, "PillowWriter", Writer)
    with pytest.raises(OSError, match=r"cannot save .*codes\.gif: No space left on device"):
        plots.animate_codes(frames, labels, history_of(3), path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_film_says_what_is_wrong(tmp_path):
    frames, labels = spread_frames(3)
    good = {"frames": frames, "labels": labels, "history": history_of(3)}
    bad = [
        ({"frames": []}, "frames must hold at least one array of codes"),
        ({"frames": [*frames[:2], frames[2][1:]]}, r"got \(29, 2\) for frames\[2\]"),
        ({"frames": [frames[0] * np.nan] * 3}, r"frames\[0\] must be finite"),
        ({"frames": [f[:, :1] for f in frames]}, r"at least 2 columns, got 1"),
        ({"labels": labels[1:]}, r"labels must have shape \(30,\)"),
        ({"history": history_of(4)}, r"history\['epoch'\] must have 3 values, got 4"),
        ({"history": {"epoch": [1, 2, 3]}}, "history must have 'loss'"),
        ({"history": {"loss": [1, 2, 3]}}, "history must have 'epoch'"),
        ({"path": tmp_path / "codes.mp4"}, r"path must end in \.gif, got .*mp4"),
    ]
    for change, message in bad:
        with pytest.raises(ValueError, match=message):
            plots.animate_codes(**({"path": tmp_path / "codes.gif"} | good | change))
    with pytest.raises(OSError, match="there is no folder"):
        plots.animate_codes(**good, path=tmp_path / "nowhere" / "codes.gif")
    assert list(tmp_path.iterdir()) == []
