"""The table of a pass: its numbers are those of the model, and its gradients are gradients."""

import copy
import doctest
import sys

import numpy as np
import pytest
from helpers import SEEDS, SIZES, frozen, scattered
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from minivae import PCA, VAE, Autoencoder, Gaussian, LinearAutoencoder, Sequential
from minivae.explanation.passes import explain
from minivae.models.regularizers import L2, SparseCode
from minivae.nn.activations import ACTIVATIONS
from minivae.nn.layers import Layer

LIKELIHOODS = {
    "bernoulli": "bernoulli",
    "continuous_bernoulli": "continuous_bernoulli",
    "gaussian": "gaussian",
    "learned": Gaussian("learned"),
    "predicted": Gaussian("predicted"),
    "squared_error": "squared_error",
}


def check_against_the_model(model, x, eps=None):
    """Compare the table with `loss_and_grads`, bit for bit, before and after on the same model."""
    before = copy.deepcopy(model.params)
    losses, grads = model.loss_and_grads(x, eps=eps)
    grads = copy.deepcopy(grads)
    other = np.random.default_rng(9).random(x.shape)
    model.loss_and_grads(other, eps=eps)
    left = copy.deepcopy(model.grads)

    explanation = explain(model, x, eps=eps)
    arrays = explanation.arrays
    assert arrays["loss"] == losses["loss"]
    for name, gradient in grads.items():
        part, _, key = name.rpartition(".")
        assert np.array_equal(arrays[f"{part}.d{key}"], gradient), name
        assert np.array_equal(model.grads[name], left[name])
        assert np.array_equal(model.params[name], before[name])
    return explanation


@settings(max_examples=60)
@given(
    n=SIZES,
    width=SIZES,
    n_latent=SIZES,
    hidden=st.lists(SIZES, max_size=2),
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    likelihood=st.sampled_from(sorted(LIKELIHOODS)),
    beta=st.sampled_from([0.0, 1.0, 4.0]),
    dtype=st.sampled_from(["float32", "float64"]),
    seed=SEEDS,
)
def test_loss_and_gradients_are_the_models(
    n, width, n_latent, hidden, activation, likelihood, beta, dtype, seed
):
    rng = np.random.default_rng(seed)
    x, eps = frozen(rng.random((n, width)), rng.standard_normal((n, n_latent)))
    options = {"hidden": hidden, "activation": activation, "dtype": dtype, "rng": rng}
    options["likelihood"] = LIKELIHOODS[likelihood]
    vae = scattered(VAE(width, n_latent, beta=beta, **options))
    explanation = check_against_the_model(vae, x, eps)
    assert {row.value.dtype for row in explanation.forward} == {np.dtype(dtype)}
    check_against_the_model(scattered(Autoencoder(width, n_latent, **options)), x)


@pytest.mark.parametrize("regularizer", [None, L2(0.3), SparseCode(0.4, 0.2)])
@pytest.mark.parametrize("bias", [False, True])
def test_loss_and_gradients_of_a_linear_autoencoder(bias, regularizer):
    model = scattered(LinearAutoencoder(5, 2, bias=bias, regularizer=regularizer, rng=0))
    explanation = check_against_the_model(model, np.random.default_rng(1).random((4, 5)))
    arrays = explanation.arrays
    part = np.sum((arrays["out"] - arrays["x"]) ** 2) / 4
    assert arrays["loss"] - arrays.get("penalty", 0.0) == pytest.approx(part, rel=1e-12)
    assert explanation.forward[1].formula == ("x @ W + b" if bias else "x @ W")
    if isinstance(regularizer, SparseCode):
        slopes = arrays["dz"] - arrays["decoder.0.dx"]
        np.testing.assert_allclose(slopes, 0.4 * np.sign(arrays["z"]) / 4, atol=1e-15)
        np.testing.assert_array_equal(arrays["dz_penalty"], 0.4 * np.sign(arrays["z"]) / 4)


def test_the_same_seed_draws_the_models_noise():
    model, x = VAE(5, 2, rng=0), np.full((3, 5), 0.5)
    losses, _ = model.loss_and_grads(x, rng=7)
    explanation = explain(model, x, rng=7)
    assert explanation.arrays["loss"] == losses["loss"]
    noise = np.random.default_rng(7).standard_normal((3, 2))
    assert np.array_equal(explanation.arrays["eps"], noise)


def test_the_lines_stand_in_the_order_of_the_code():
    explanation = explain(VAE(5, 2, hidden=(3,), rng=0), np.full((3, 5), 0.5), rng=0)
    encoder, decoder = ([f"{part}.{i}.y" for i in range(3)] for part in ("encoder", "decoder"))
    assert [row.name for row in explanation.forward] == [
        *("x", *encoder, "h", "mu", "raw", "log_var", "sigma", "eps", "z"),
        *(*decoder, "out", "log_prob", "kl", "loss"),
    ]
    assert [row.name for row in explanation.backward] == [
        *("dlog_prob", "dkl", "dmu_kl", "dlog_var_kl", "dout"),
        *("decoder.2.dW", "decoder.2.db", "decoder.2.dx", "decoder.1.dx"),
        *("decoder.0.dW", "decoder.0.db", "decoder.0.dx"),
        *("dz", "dsigma", "dmu", "dlog_var_z", "dlog_var", "d_raw", "dh"),
        *("encoder.2.dW", "encoder.2.db", "encoder.2.dx", "encoder.1.dx"),
        *("encoder.0.dW", "encoder.0.db", "encoder.0.dx", "deps", "dh_kl", "dx_kl"),
    ]


def slope(f, at):
    """Return the gradient of a scalar function by central differences."""
    h = 1e-5
    gradient = np.empty_like(at)
    for i in np.ndindex(at.shape):
        step = np.zeros_like(at)
        step[i] = h
        gradient[i] = (f(at + step) - f(at - step)) / (2 * h)
    return gradient


def test_every_gradient_is_that_of_its_line():
    rng = np.random.default_rng(0)
    model = scattered(VAE(4, 2, hidden=(3,), activation="tanh", beta=2.0, rng=0))
    x, eps = (rng.random((3, 4)) < 0.5).astype(float), rng.standard_normal((3, 2))
    a = explain(model, x, eps=eps).arrays

    # the lines after each array, without this package's own formulas
    def from_parts(log_prob, kl):
        return np.mean(2 * np.sum(kl, axis=1) - log_prob)

    def from_out(out, kl=a["kl"]):
        return from_parts(stats.bernoulli.logpmf(x, special.expit(out)).sum(axis=1), kl)

    def from_z(z, kl=a["kl"]):
        return from_out(model.decoder.forward(z), kl)

    def kl(mu, sigma):  # cross-entropy minus entropy
        cross = 0.5 * np.log(2 * np.pi) + 0.5 * (mu**2 + sigma**2)
        return cross - stats.norm(mu, sigma).entropy()

    def from_code(mu, log_var):
        sigma = np.sqrt(np.exp(log_var))
        return from_z(stats.norm(mu, sigma).ppf(stats.norm.cdf(eps)), kl(mu, sigma))

    def from_h(h):
        return from_code(h[:, :2], 20 * np.tanh(h[:, 2:] / 20))

    functions = {
        "log_prob": lambda v: from_parts(v, a["kl"]),
        "kl": lambda v: from_parts(a["log_prob"], v),
        "out": from_out,
        "z": from_z,
        "sigma": lambda v: from_z(a["mu"] + v * eps),
        "eps": lambda v: from_z(a["mu"] + a["sigma"] * v),
        "mu": lambda v: from_code(v, a["log_var"]),
        "log_var": lambda v: from_code(a["mu"], v),
        "raw": lambda v: from_code(a["mu"], 20 * np.tanh(v / 20)),
        "h": from_h,
        "encoder.0.x": lambda v: from_h(model.encoder.forward(v)),
    }
    for name, f in functions.items():
        at = a["x"] if name == "encoder.0.x" else a[name]
        part, _, key = name.rpartition(".")
        own = "d_raw" if key == "raw" else f"d{key}"  # "draw" would be read as a draw
        gradient = a[f"{part}.{own}" if part else own]
        np.testing.assert_allclose(gradient, slope(f, at), rtol=1e-6, atol=1e-8, err_msg=name)
    parts = {
        "dmu_kl": slope(lambda v: from_parts(a["log_prob"], kl(v, a["sigma"])), a["mu"]),
        "dlog_var_kl": slope(
            lambda v: from_parts(a["log_prob"], kl(a["mu"], np.exp(v / 2))), a["log_var"]
        ),
        "dlog_var_z": slope(lambda v: from_z(a["mu"] + np.exp(v / 2) * eps), a["log_var"]),
    }

    def kl_of_h(h):
        return from_parts(a["log_prob"], kl(h[:, :2], np.exp(10 * np.tanh(h[:, 2:] / 20))))

    parts["dh_kl"] = slope(kl_of_h, a["h"])
    parts["dx_kl"] = slope(lambda v: kl_of_h(model.encoder.forward(v)), a["x"])
    for name, expected in parts.items():
        np.testing.assert_allclose(a[name], expected, rtol=1e-6, atol=1e-8, err_msg=name)


def test_labels_and_free_nats_are_explained():
    rng = np.random.default_rng(0)
    model = scattered(VAE(4, 2, hidden=(3,), n_classes=3, free_nats=0.4, beta=2.0, rng=0))
    x, y, eps = rng.random((3, 4)), [2, 0, 1], rng.standard_normal((3, 2))
    losses, grads = model.loss_and_grads(x, y=y, eps=eps)
    grads = copy.deepcopy(grads)
    a = explain(model, x, y=y, eps=eps).arrays
    assert a["loss"] == losses["loss"]
    for name, gradient in grads.items():
        part, _, key = name.rpartition(".")
        assert np.array_equal(a[f"{part}.d{key}"], gradient), name


def test_every_line_of_an_importance_weighted_pass():
    rng = np.random.default_rng(0)
    model = scattered(VAE(4, 2, hidden=(3,), activation="tanh", n_importance=3, rng=0))
    x, eps = rng.random((2, 4)), rng.standard_normal((2, 3, 2))
    explanation = check_against_the_model(model, x, eps)
    a = explanation.arrays
    assert {"log_ratio", "dlog_ratio", "dz_ratio", "target"} <= a.keys()
    assert not {"dkl", "dmu_kl", "dh_kl"} & a.keys()

    def loss(log_prob, log_ratio):
        return -np.mean(special.logsumexp((log_prob + log_ratio).reshape(2, 3), axis=1, b=1 / 3))

    expected = slope(lambda v: loss(v, a["log_ratio"]), a["log_prob"])
    np.testing.assert_allclose(a["dlog_prob"], expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(a["dlog_ratio"], expected, rtol=1e-6, atol=1e-9)


@settings(max_examples=40)
@given(
    n=st.sampled_from([1, 3, 1000]),
    width=st.sampled_from([1, 4, 1000]),
    depth=st.integers(0, 5),
    kind=st.sampled_from([VAE, Autoencoder]),
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    likelihood=st.sampled_from(sorted(LIKELIHOODS)),
)
def test_the_table_is_aligned_and_fits_the_screen(n, width, depth, kind, activation, likelihood):
    model = kind(
        *(width, 2),
        hidden=(3,) * depth,
        activation=activation,
        likelihood=LIKELIHOODS[likelihood],
        rng=0,
    )
    explanation = explain(model, np.random.default_rng(0).random((n, width)), rng=0)
    title, *lines = str(explanation).splitlines()
    assert max(map(len, lines)) < 120
    assert kind.__name__ in title
    assert f"batch of {n}" in title
    starts = {
        (line.index("formula"), line.index("shape"), *(line.index(w) + len(w) for w in HEADS))
        for line in lines
        if "formula" in line
    }
    assert len(starts) == 1  # both parts have the same columns
    formula, shape, *ends = starts.pop()
    rows = iter([*explanation.forward, *explanation.backward])
    for line in lines:
        if "(" not in line[shape : shape + 1]:
            continue
        row = next(rows)
        assert line[:formula].rstrip() == row.name
        assert line[formula:shape].rstrip() == row.formula
        assert line[shape:].startswith(f"{row.value.shape} ")
        expected = [row.value.mean(), row.value.min(), row.value.max(), row.value.flat[0]]
        for end, number in list(zip(ends, expected, strict=True))[: 4 if row.value.ndim else 1]:
            assert float(line[:end].split()[-1]) == pytest.approx(number, rel=6e-4)
    assert next(rows, None) is None


HEADS = ("mean", "min", "max", "first")


def test_the_table_stays_when_data_and_model_change():
    model, x = VAE(5, 2, rng=0), np.full((3, 5), 0.5)
    explanation = explain(model, x, rng=0)
    before = copy.deepcopy(explanation.arrays)
    x[...] = 1
    model.fit(x, epochs=1, batch_size=1, rng=0)
    for name, value in explanation.arrays.items():
        assert np.array_equal(value, before[name])


class Square(Layer):
    def forward(self, x):
        self._cache = x
        return x * x

    def backward(self, dy):
        return 2 * self._cache * dy


def test_a_layer_of_your_own_has_its_lines():
    model, x = Autoencoder(4, 2, rng=0), np.full((3, 4), 0.5)
    model.encoder = Sequential([*model.encoder.layers, Square()])
    explanation = check_against_the_model(model, x)
    row = explanation.forward[2]
    assert (row.name, row.formula) == ("encoder.1.y", "forward(x)")
    assert np.array_equal(row.value, explanation.forward[1].value ** 2)


def test_what_cannot_be_explained_is_refused():
    class Other(VAE):
        def loss_and_grads(self, x, **options):
            return {"loss": 0.0}, self.grads

    for model in (Other(4, 2), PCA(2), None):
        with pytest.raises(TypeError, match="model must be an Autoencoder, Linear"):
            explain(model, np.zeros((1, 4)))
    with pytest.raises(ValueError, match="x must have n_features=4 columns, got 5"):
        explain(VAE(4, 2), np.zeros((1, 5)))
    with pytest.raises(ValueError, match=r"x must lie in \[0, 1\], got 2.0 in row 0, column 0"):
        explain(VAE(4, 2), np.full((1, 4), 2.0))
    with pytest.raises(ValueError, match="eps must have 2 rows, as x has, got 3"):
        explain(VAE(4, 2), np.zeros((2, 4)), eps=np.zeros((3, 2)))


def test_a_subclass_that_trains_like_its_parent_is_explained():
    class Named(VAE):
        pass

    assert "Named" in explain(Named(4, 2, rng=0), np.zeros((1, 4))).title


def test_the_docstrings_example():
    assert doctest.testmod(sys.modules["minivae.explanation.passes"]).failed == 0
