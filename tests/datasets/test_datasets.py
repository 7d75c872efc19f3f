"""The data sets that ship: drawn digits, photograph patches, a linear-Gaussian model."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from minivae import datasets
from minivae.datasets import drawn_digits, patches
from minivae.datasets.glyphs import GLYPHS


@pytest.fixture(scope="module")
def drawn():
    return datasets.digits(4000, rng=0)


def slopes_and_errors(y, *factors):
    """Least squares of y on the factors and a constant: their coefficients, standard errors."""
    A = np.stack([*factors, np.ones_like(y)], axis=1)
    coefficients, residual, *_ = np.linalg.lstsq(A, y)
    variance = residual[0] / (len(y) - A.shape[1])
    errors = np.sqrt(variance * np.diag(np.linalg.inv(A.T @ A)))
    return coefficients[:-1], errors[:-1]


# Digits


@given(n=st.integers(1, 37), seed=st.integers(0, 2**32))
def test_digits_have_the_shapes_ranges_and_balance_they_promise(n, seed):
    images, labels, factors = datasets.digits(n, rng=seed)
    assert images.shape == (n, 784)
    assert images.dtype == np.float32
    assert images.min() >= 0
    assert images.max() <= 1
    assert labels.shape == (n,)
    assert labels.dtype == np.int64
    counts = np.bincount(labels, minlength=10)
    assert len(counts) == 10
    assert counts.max() - counts.min() <= 1
    assert list(factors) == ["thickness", "slant", "rotation"]
    for name, (low, high) in drawn_digits.RANGES.items():
        assert factors[name].shape == (n,)
        assert np.all((low <= factors[name]) & (factors[name] <= high))


def test_digits_are_shuffled(drawn):
    assert 0.05 < np.mean(drawn.labels[1:] == drawn.labels[:-1]) < 0.15


def test_factors_fill_their_ranges_and_do_not_depend_on_the_class(drawn):
    for name, (low, high) in drawn_digits.RANGES.items():
        uniform = scipy.stats.uniform(low, high - low)
        assert scipy.stats.kstest(drawn.factors[name], uniform.cdf).pvalue > 1e-4
        groups = [drawn.factors[name][drawn.labels == k] for k in range(10)]
        assert scipy.stats.f_oneway(*groups).pvalue > 1e-4


def test_digits_are_reproducible():
    first, again, other = (datasets.digits(50, rng=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.images, again.images)
    np.testing.assert_array_equal(first.labels, again.labels)
    for name in first.factors:
        np.testing.assert_array_equal(first.factors[name], again.factors[name])
    assert not np.array_equal(first.images, other.images)
    rng = np.random.default_rng(3)
    np.testing.assert_array_equal(first.images, datasets.digits(50, rng=rng).images)
    assert not np.array_equal(first.images, datasets.digits(50, rng=rng).images)


def test_every_digit_lies_inside_the_image_and_is_inked_fully(drawn):
    images = drawn.images.reshape(-1, 28, 28)
    assert max(images[:, [0, -1]].max(), images[:, :, [0, -1]].max()) == 0
    assert images.max(axis=(1, 2)).min() > 0.95


def test_simple_classifiers_read_the_digits(drawn):
    train, test = drawn.images[:2000], drawn.images[2000:]
    labels, truth = drawn.labels[:2000], drawn.labels[2000:]
    nearest = labels[cdist(test, train).argmin(axis=1)]
    assert np.mean(nearest == truth) > 0.99  # 0.996 when this was written
    means = np.stack([train[labels == k].mean(axis=0) for k in range(10)])
    closest = cdist(test, means).argmin(axis=1)
    assert np.mean(closest == truth) > 0.93  # 0.969
    for k in range(10):
        assert np.mean(nearest[truth == k] == k) > 0.96


@pytest.mark.parametrize("label", range(10))
def test_ink_grows_with_thickness(drawn, label):
    of_class = drawn.labels == label
    ink = np.log(drawn.images[of_class].sum(axis=1))
    thickness = np.log(drawn.factors["thickness"][of_class])
    # Length times width: slope 1 where strokes do not overlap, and they hardly do.
    (slope,), _ = slopes_and_errors(ink, thickness)
    assert 0.85 < slope < 1.1
    assert np.corrcoef(ink, thickness)[0, 1] > 0.9


@pytest.mark.parametrize("label", range(10))
def test_the_second_moments_shear_by_the_slant(drawn, label):
    of_class = drawn.labels == label
    ink = drawn.images[of_class].astype(np.float64)
    ink /= ink.sum(axis=1, keepdims=True)
    row, column = np.divmod(np.arange(784), 28)
    x = column - ink @ column[:, None]
    y = ink @ row[:, None] - row
    shear = (ink * x * y).sum(axis=1) / (ink * y * y).sum(axis=1)
    slant, rotation = (drawn.factors[name][of_class] for name in ("slant", "rotation"))
    (by_slant, by_rotation), _ = slopes_and_errors(shear, slant, rotation)
    # Exactly 1 for an area; a shear stretches strokes unevenly, which takes a little off.
    assert 0.75 < by_slant < 1.05
    assert by_rotation < -0.2  # counterclockwise moves the top of a tall digit to the left


def test_the_stem_of_one_has_the_thickness_and_leans_by_slant_and_rotation(drawn):
    of_class = drawn.labels == 1
    images = drawn.images[of_class].reshape(-1, 28, 28).astype(np.float64)
    thickness, slant, rotation = (values[of_class] for values in drawn.factors.values())
    rows = slice(15, 20)  # below the flag, above the foot
    profile = images[:, rows]
    centre = profile @ np.arange(28) / profile.sum(axis=2)
    lean = -np.arctan(np.polyfit(np.arange(5), centre.T, 1)[0])  # clockwise from upright
    # A shear by `slant` leans an upright line by arctan(slant), a rotation leans it back.
    (by_slant, by_rotation), errors = slopes_and_errors(lean, np.arctan(slant), rotation)
    assert by_slant == pytest.approx(1, abs=0.05)
    assert by_rotation == pytest.approx(-1, abs=0.05)
    assert errors.max() < 0.02
    # A row cuts the stem at an angle: what it measures across is the width over the cosine.
    width = profile.sum(axis=2).mean(axis=1) * np.cos(lean)
    np.testing.assert_allclose(width, thickness, rtol=0.03)


def test_the_bar_of_seven_turns_with_the_rotation_and_not_with_the_slant(drawn):
    of_class = drawn.labels == 7
    images = drawn.images[of_class].reshape(-1, 28, 28)
    slant, rotation = (drawn.factors[name][of_class] for name in ("slant", "rotation"))
    angle = np.array([upper_edge_angle(image) for image in images])
    (by_slant, by_rotation), errors = slopes_and_errors(angle, slant, rotation)
    assert by_slant == pytest.approx(0, abs=0.1)
    assert by_rotation == pytest.approx(1, abs=0.1)
    assert errors.max() < 0.04


def test_the_slant_comes_before_the_rotation():
    rng = np.random.default_rng(0)
    slant, rotation, x, y = rng.uniform(-1, 1, (4, 20))
    turned = (x + slant * y + 1j * y) * np.exp(1j * rotation)
    lean = drawn_digits._slant_then_rotate(slant, rotation)
    moved = np.stack([x, y], axis=1)[:, None] @ lean
    np.testing.assert_allclose(moved[:, 0], np.stack([turned.real, turned.imag], 1), atol=1e-12)


def upper_edge_angle(image):
    """Angle of the upper edge of the ink, counterclockwise, right of the middle."""
    inked = np.flatnonzero(image.max(axis=0) > 0.5)
    columns = inked[len(inked) // 2 : -(len(inked) // 6)]
    first = (image[:, columns] > 0.5).argmax(axis=0)
    above, below = image[first - 1, columns], image[first, columns]
    edge = first - (below - 0.5) / (below - above)  # where the ink passes one half
    return -np.arctan(np.polyfit(columns, edge, 1)[0])


def test_ink_is_the_distance_to_the_strokes_cut_off_over_one_pixel():
    rng = np.random.default_rng(0)
    ends = rng.uniform(-10, 10, (3, 2, 4, 2))  # three images of four segments
    thickness = np.array([1.5, 2.0, 3.3])
    along = np.linspace(0, 1, 4001)[:, None]
    row, column = np.divmod(np.arange(784), 28)
    pixels = np.stack([column - 13.5, 13.5 - row], axis=1)
    for image, (start, stop), width in zip(
        drawn_digits._ink(ends, thickness), ends, thickness, strict=True
    ):
        on_stroke = np.vstack([a + along * (b - a) for a, b in zip(start, stop, strict=True)])
        distance = cdist(pixels, on_stroke).min(axis=1)
        expected = np.interp(distance, [width / 2 - 0.5, width / 2 + 0.5], [1, 0])
        np.testing.assert_allclose(image, expected, atol=1e-4)


def test_pen_paths_stay_in_the_unit_square_and_nearly_fill_its_height():
    for segments in GLYPHS.values():
        assert segments.min() >= -0.01
        assert segments.max() <= 1.01
        assert np.ptp(segments[..., 1]) > 0.98
        assert np.linalg.norm(segments[1] - segments[0], axis=1).min() > 0.01


# Patches


def test_patches_have_the_shape_and_range_they_promise():
    cut = datasets.image_patches(300, size=8, rng=0)
    assert cut.shape == (300, 64)
    assert cut.dtype == np.float64
    assert cut.flags.writeable
    assert cut.min() >= 0
    assert cut.max() <= 1
    assert cut.std() > 0.1


@pytest.fixture(scope="module")
def photograph():
    """Return the photograph's luminance by Pillow's own conversion, rounded to 256 levels."""
    from matplotlib.cbook import get_sample_data
    from PIL import Image

    with Image.open(get_sample_data("grace_hopper.jpg", asfileobj=False)) as picture:
        return np.asarray(picture.convert("L")) / 255


def test_patches_are_cut_from_the_photograph(photograph):
    height, side = photograph.shape
    for patch in datasets.image_patches(3, size=side, rng=1).reshape(3, side, side):
        offsets = range(height - side + 1)
        gaps = [np.abs(photograph[top : top + side] - patch).max() for top in offsets]
        assert min(gaps) < 0.6 / 255


def test_patches_come_from_everywhere(photograph):
    pixels = datasets.image_patches(40_000, size=1, rng=2).ravel()
    levels = np.round(255 * pixels), np.round(255 * photograph.ravel())
    assert scipy.stats.ks_2samp(*levels).pvalue > 1e-4


def test_every_position_of_a_small_photograph_is_cut(monkeypatch):
    image = np.arange(30.0).reshape(5, 6)
    monkeypatch.setattr(patches, "_photograph", lambda: image)
    cut = datasets.image_patches(1000, size=2, rng=0)
    expected = {(a, a + 1, a + 6, a + 7) for a in range(24) if a % 6 < 5}
    assert set(map(tuple, cut)) == expected


def test_patches_are_reproducible():
    first, again, other = (datasets.image_patches(20, rng=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


# Linear-Gaussian data


@given(
    n=st.integers(1, 6),
    shape=st.integers(1, 7).flatmap(lambda m: st.tuples(st.just(m), st.integers(1, m))),
    noise=st.sampled_from([0.0, 0.5, 2]),
)
def test_linear_gaussian_has_the_eigenvalues_it_promises(n, shape, noise):
    m, k = shape
    data = datasets.linear_gaussian(n, m, k, noise=noise, rng=n)
    assert data.X.shape == (n, m)
    assert data.W.shape == (k, m)
    assert data.mean.shape == (m,)
    assert data.z.shape == (n, k)
    assert data.sigma2 == pytest.approx(noise**2)
    covariance = data.W.T @ data.W + data.sigma2 * np.eye(m)
    expected = np.full(m, noise**2)
    expected[:k] += np.arange(k, 0, -1) ** 2
    np.testing.assert_allclose(np.linalg.eigvalsh(covariance)[::-1], expected, atol=1e-12)


def test_linear_gaussian_samples_follow_its_model():
    n = 50_000
    X, W, mean, sigma2, z = datasets.linear_gaussian(n, 5, 2, noise=0.7, rng=0)
    assert scipy.stats.kstest(z.ravel(), "norm").pvalue > 1e-4
    noise = (X - z @ W - mean) / np.sqrt(sigma2)
    assert scipy.stats.kstest(noise.ravel(), "norm").pvalue > 1e-4
    joint = np.corrcoef(np.hstack([z, noise]).T)
    np.testing.assert_allclose(joint, np.eye(7), atol=5 / np.sqrt(n))
    # -log p(x) has mean the entropy, and variance n_features / 2.
    model = scipy.stats.multivariate_normal(mean, W.T @ W + sigma2 * np.eye(5))
    assert -model.logpdf(X).mean() == pytest.approx(model.entropy(), abs=5 * np.sqrt(2.5 / n))


def test_linear_gaussian_without_noise_lies_in_the_subspace():
    X, W, mean, sigma2, z = datasets.linear_gaussian(9, 6, 3, noise=0, rng=1)
    assert sigma2 == 0
    np.testing.assert_allclose(X, z @ W + mean, atol=1e-14)


def test_linear_gaussian_is_reproducible():
    first, again, other = (datasets.linear_gaussian(9, 6, 3, rng=seed) for seed in (5, 5, 6))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first.W, other.W)


# Bad input


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: datasets.digits(0), ValueError, "n must be at least 1, got 0"),
        (lambda: datasets.digits(-3), ValueError, "n must be at least 1, got -3"),
        (lambda: datasets.digits(2.0), TypeError, "n must be an integer, got 2.0"),
        (lambda: datasets.digits(True), TypeError, "n must be an integer, got True"),
        (lambda: datasets.image_patches(0), ValueError, "n must be at least 1, got 0"),
        (lambda: datasets.image_patches("5"), TypeError, "n must be an integer, got '5'"),
        (
            lambda: datasets.image_patches(5, size=0),
            ValueError,
            "size must be between 1 and the photograph's 512, got 0",
        ),
        (
            lambda: datasets.image_patches(5, size=513),
            ValueError,
            "size must be between 1 and the photograph's 512, got 513",
        ),
        (
            lambda: datasets.image_patches(5, size=(8, 8)),
            TypeError,
            r"size must be an integer, got \(8, 8\)",
        ),
        (lambda: datasets.linear_gaussian(0, 3, 1), ValueError, "n must be at least 1, got 0"),
        (
            lambda: datasets.linear_gaussian(5, 0, 1),
            ValueError,
            "n_features must be at least 1, got 0",
        ),
        (
            lambda: datasets.linear_gaussian(5, 3, 0),
            ValueError,
            "n_latent must be between 1 and n_features=3, got 0",
        ),
        (
            lambda: datasets.linear_gaussian(5, 3, 4),
            ValueError,
            "n_latent must be between 1 and n_features=3, got 4",
        ),
        (
            lambda: datasets.linear_gaussian(5, 3, 1, noise=-0.1),
            ValueError,
            r"noise must be in \[0, inf\), got -0.1",
        ),
        (
            lambda: datasets.linear_gaussian(5, 3, 1, noise=float("nan")),
            ValueError,
            "noise must be in .*, got nan",
        ),
        (
            lambda: datasets.linear_gaussian(5, 3, 1, noise="low"),
            TypeError,
            "noise must be a number, got 'low'",
        ),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        call()
