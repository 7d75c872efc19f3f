import numpy as np
import pytest
from scipy import stats

from minivae import Adam, Autoencoder, Checkpoint, check_gradients, datasets, load
from minivae.music import moves
from minivae.music.model import MelodyVAE

X = datasets.loops(400, rng=0).tokens
SMALL = {"n_hidden": 12, "n_context": 6, "rng": 0}
KINDS = {
    "flat": {"n_segments": 1},
    "flat, no lookback": {"n_segments": 1, "lookback": 0, "stride": 1},
    "hierarchical": {},
    "four segments, running on": {"n_segments": 4, "restart": False},
}
EVERY_KIND = pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)


def model_of(**options):
    return MelodyVAE(5, **(SMALL | options))


@pytest.fixture(scope="module")
def trained():
    """A small model that has learned from few loops what their notes and windows are like."""
    model = MelodyVAE(8, n_hidden=48, n_context=16, dtype=np.float32, rng=0)
    loops = datasets.loops(3000, rng=1).tokens
    return model.fit(loops, epochs=6, batch_size=50, optimizer=Adam(1e-2), beta=0.2, rng=0)


@pytest.mark.parametrize("method", ["central", "complex"])
@pytest.mark.parametrize("n_segments", [1, 2])
def test_gradients_of_flat_and_hierarchical(n_segments, method):
    sizes = {"n_tokens": 3, "n_steps": 4, "lookback": 2, "stride": 2, "n_hidden": 2, "n_context": 2}
    model = MelodyVAE(2, n_segments=n_segments, rng=0, **sizes)
    x = np.random.default_rng(0).integers(3, size=(4, 4))
    check_gradients(model, x, method=method, rng=0).raise_if_failed()


@EVERY_KIND
def test_it_is_a_vae_like_any_other(options, tmp_path):
    model = model_of(**options)
    before = model.score(X)
    model.fit(X, epochs=2, batch_size=40, optimizer=Adam(1e-2), clip_norm=20.0, rng=0)
    assert model.score(X) > before
    assert model.transform(X).shape == (400, 5)
    path = tmp_path / "model.npz"
    model.save(path)
    again = load(path)
    assert repr(again) == repr(model)
    np.testing.assert_array_equal(again.transform(X), model.transform(X))
    assert again.score(X) == model.score(X)
    with pytest.raises(ValueError, match="holds MelodyVAE, not Autoencoder"):
        Autoencoder.load(path)


def test_untrained_it_knows_what_uniform_tokens_cost():
    model = model_of()
    for name, value in model.params.items():
        if name.startswith("likelihood.readout"):
            value[...] = 0
    _, reconstruction, _ = model.elbo(X, rng=0)
    np.testing.assert_allclose(-reconstruction, 32 * np.log(39), rtol=1e-12)


def test_training_goes_on_where_it_stopped(tmp_path):
    path = tmp_path / "run.npz"
    options = {"batch_size": 100, "rng": 0, "callbacks": [Checkpoint(path)]}
    whole = model_of().fit(X, epochs=3, batch_size=100, rng=0, callbacks=[Checkpoint(path)])
    model_of().fit(X, epochs=1, **options)
    resumed = model_of(rng=3).fit(X, epochs=3, resume=path, **options)
    for name, value in resumed.params.items():
        np.testing.assert_array_equal(value, whole.params[name])


def test_it_learns_more_than_the_counts_of_tokens(trained):
    test = datasets.loops(500, rng=2).tokens
    counts = np.bincount(X.ravel(), minlength=39) + 1
    unigram = -np.log(counts / counts.sum())[test].sum(axis=1).mean()
    assert 70 < unigram < 77
    assert -trained.score(test) < 0.75 * unigram
    assert -trained.score(test) > 19.2  # the entropy's exact lower bound


@EVERY_KIND
def test_tokens_come_out(options):
    model = model_of(**options)
    z = np.random.default_rng(0).standard_normal((7, 5))
    for tokens in (
        model.decode(z),
        model.reconstruct(X[:7]),
        model.draw(z, 0),
        model.sample(7, 0),
        model.sample(7, 0, mean=True),
        model.sample(7, 0, temperature=0.1),
    ):
        assert tokens.shape == (7, 32)
        assert tokens.dtype == np.int64
        assert np.all((tokens >= 0) & (tokens < 39))
    np.testing.assert_array_equal(model.draw(z, 0), model.draw(z, 0))
    np.testing.assert_array_equal(model.draw(z, 0, temperature=1e-9), model.decode(z))


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda m: m.fit(X[:0], epochs=1), ValueError, "X must have at least one row"),
        (lambda m: m.losses(np.zeros((0, 32))), ValueError, "x must have at least one row"),
        (lambda m: m.losses(np.zeros((2, 31))), ValueError, "n_features=32 columns, got 31"),
        (lambda m: m.losses(np.full((2, 32), 39)), ValueError, r"lie in \[0, 38\], got 39"),
        (lambda m: m.losses(np.full((2, 32), -1)), ValueError, r"lie in \[0, 38\], got -1"),
        (
            lambda m: m.losses(np.full((2, 32), 0.5)),
            ValueError,
            r"tokens in x must be integers, got 0.5",
        ),
        (lambda m: m.losses([["C"] * 32]), TypeError, "x must hold real numbers"),
        (lambda m: m.sample(2, temperature=0), ValueError, "temperature must be in"),
        (lambda m: m.sample(2, temperature=-1), ValueError, "temperature must be in"),
        (lambda m: m.draw(np.zeros((1, 5)), temperature=0), ValueError, "temperature must be in"),
        (lambda m: m.decode(np.zeros((1, 4))), ValueError, "n_latent=5 columns, got 4"),
        (lambda m: m.sample(0), ValueError, "n must be at least 1"),
        (lambda m: model_of(stride=5), ValueError, "stride must divide n_steps=32, got 5"),
        (lambda m: model_of(n_segments=3), ValueError, "n_segments must divide n_steps=32, got 3"),
        (lambda m: MelodyVAE(0), ValueError, "n_latent must be at least 1, got 0"),
        (lambda m: moves.interpolate(m, X[0], X[1], 1), ValueError, "k must be at least 2, got 1"),
        (
            lambda m: moves.interpolate(m, X[0], X[1], 3, path="bent"),
            ValueError,
            "path must be one of straight, spherical, got 'bent'",
        ),
        (lambda m: moves.complete(m, X[0], 2), ValueError, r"bar must have shape \(16,\)"),
        (lambda m: moves.blend(X[0], X[1], 0.5, "mix"), ValueError, "way must be 'coin'"),
    ],
)
def test_what_does_not_fit_is_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call(model_of())


# What musicians do with it


@pytest.mark.parametrize("path", ["straight", "spherical"])
def test_a_way_leads_from_one_loop_to_the_other(trained, path):
    way = moves.interpolate(trained, X[0], X[1], 5, path=path)
    assert way.shape == (5, 32)
    ends = trained.reconstruct(X[:2])
    np.testing.assert_array_equal(way[[0, -1]], ends)
    same = moves.interpolate(trained, X[0], X[0], 3)
    assert np.all(same == trained.reconstruct(X[:1]))


def test_an_attribute_vector_turns_its_attribute(trained):
    loops = datasets.loops(1000, rng=3).tokens
    vector = moves.attribute_vector(trained, loops, moves.register(loops))
    z = trained.transform(loops[:100])
    pitches = [np.nanmean(moves.register(trained.decode(z + t * vector))) for t in (-1, 0, 1)]
    assert pitches[0] + 2 < pitches[1] < pitches[2] - 2


def test_attributes_are_what_they_say():
    loop = np.zeros((2, 32), int)
    loop[0, [0, 4]] = 14, 16  # 60 and 62
    np.testing.assert_array_equal(moves.density(loop), [2, 0])
    np.testing.assert_array_equal(moves.register(loop), [61, np.nan])


def test_a_completed_loop_begins_with_its_bar(trained):
    bar = X[3, :16]
    loops = moves.complete(trained, bar, 6, n_codes=64, rng=0)
    assert loops.shape == (6, 32)
    np.testing.assert_array_equal(loops[:, :16], np.tile(bar, (6, 1)))
    np.testing.assert_array_equal(moves.complete(trained, bar, 6, n_codes=64, rng=0), loops)
    many = moves.complete(trained, bar, 80, n_codes=16, rng=0)
    assert many.shape == (80, 32)


def test_blending_without_a_model():
    a, b = X[0], X[1]
    for way in ("coin", "switch", "pitch"):
        np.testing.assert_array_equal(moves.blend(a, b, 0.0, way, 0), a)
    for way in ("coin", "switch"):
        np.testing.assert_array_equal(moves.blend(a, b, 1.0, way, 0), b)
    half = moves.blend(a, b, 0.5, "switch")
    np.testing.assert_array_equal(half, [*b[:16], *a[16:]])
    shares = [np.mean(moves.blend(np.zeros(32), np.ones(32), 0.3, "coin", s)) for s in range(200)]
    assert abs(stats.zscore([*shares, 0.3])[-1]) < 1
    tune, other = np.array([2, 0, 10]), np.array([6, 5, 1])
    np.testing.assert_array_equal(moves.blend(tune, other, 0.25, "pitch"), [3, 0, 10])
    np.testing.assert_array_equal(moves.blend(tune, other, 0.75, "pitch"), [5, 5, 1])
