"""Both autoencoders, and what every trainable model shares: gradients, dtypes, data, verbs."""

import numpy as np
import pytest
from helpers import scattered
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

import minivae
from minivae import (
    SGD,
    VAE,
    Adam,
    Autoencoder,
    Bernoulli,
    Gaussian,
    LinearAutoencoder,
    check_gradients,
)
from minivae.nn.activations import ACTIVATIONS

LIKELIHOODS = {
    "bernoulli": "bernoulli",
    "continuous_bernoulli": "continuous_bernoulli",
    "squared_error": "squared_error",
    "gaussian": "gaussian",
    "gaussian of 0.3": Gaussian(0.3),
    "gaussian, learned": Gaussian("learned", min_sigma=0.1),
    "gaussian, predicted": Gaussian("predicted", min_sigma=0.1),
}
MODELS = {
    "linear": lambda **options: LinearAutoencoder(6, 2, **options),
    "linear with bias": lambda **options: LinearAutoencoder(6, 2, bias=True, **options),
    **{
        f"{kind.__name__}, {name}, {hidden}": (
            lambda kind=kind, likelihood=likelihood, hidden=hidden, **options: kind(
                6, 2, hidden=hidden, activation="softplus", likelihood=likelihood, **options
            )
        )
        for kind in (Autoencoder, VAE)
        for name, likelihood in LIKELIHOODS.items()
        for hidden in ((), (5,))
    },
}
every_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())


def images(n=7, width=6, seed=0):
    return np.random.default_rng(seed).random((n, width))


# Gradients


@pytest.mark.parametrize("method", ["central", "complex"])
@pytest.mark.parametrize("likelihood", LIKELIHOODS.values(), ids=LIKELIHOODS.keys())
@pytest.mark.parametrize("activation", [None, *ACTIVATIONS])
def test_gradients_of_the_autoencoder(activation, likelihood, method):
    hidden = {} if activation is None else {"hidden": (4,), "activation": activation}
    model = scattered(Autoencoder(5, 2, likelihood=likelihood, **hidden, rng=1))
    x, target = images(4, 5), images(4, 5, seed=1)
    report = check_gradients(model, x, target=target, method=method, max_entries=6, rng=2)
    report.raise_if_failed()
    assert {entry.name for entry in report.entries} == set(model.params)
    assert sum(entry.n_kinks for entry in report.entries) == 0


@given(
    st.sampled_from([LinearAutoencoder, Autoencoder]),
    st.integers(1, 4),
    st.integers(1, 5),
    st.integers(1, 5),
    st.lists(st.integers(1, 4), max_size=2),
    st.sampled_from(["tanh", "sigmoid", "softplus"]),
    st.sampled_from(list(LIKELIHOODS.values())),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=40)
def test_gradients_at_random_shapes(
    kind, n, n_features, n_latent, hidden, activation, likelihood, flag, seed
):
    if kind is LinearAutoencoder:
        model = kind(n_features, min(n_latent, n_features), bias=flag, rng=seed)
    else:
        options = {"hidden": hidden, "activation": activation, "likelihood": likelihood}
        model = kind(n_features, n_latent, **options, rng=seed)
    scattered(model, seed)
    options = {"target": images(n, n_features, seed + 1)} if flag else {}
    x = images(n, n_features, seed)
    # no differences here: they have too few digits for gradients that happen to be small
    check_gradients(model, x, method="complex", rng=seed, **options).raise_if_failed()


def test_grads_are_the_layers_own_arrays_and_overwritten():
    model = Autoencoder(6, 2, hidden=(3,), rng=0)
    assert list(model.params) == [
        "encoder.0.W",
        "encoder.0.b",
        "encoder.2.W",
        "encoder.2.b",
        "decoder.0.W",
        "decoder.0.b",
        "decoder.2.W",
        "decoder.2.b",
    ]
    assert model.params["encoder.2.W"] is model.encoder.layers[2].params["W"]
    _, grads = model.loss_and_grads(images())
    first = {name: gradient.copy() for name, gradient in grads.items()}
    _, again = model.loss_and_grads(images())
    for name, gradient in again.items():
        assert gradient is model.grads[name] is grads[name]
        assert np.array_equal(gradient, first[name])  # it does not add up


@every_model
def test_a_gradient_changes_no_parameter_and_no_argument(make):
    model, x, target = make(rng=0), images(), images(seed=1)
    x.flags.writeable = target.flags.writeable = False
    before = {name: value.copy() for name, value in model.params.items()}
    model.loss_and_grads(x, target=target, rng=0)
    for name, value in model.params.items():
        assert np.array_equal(value, before[name])


# Values


@every_model
def test_a_batch_has_the_mean_loss_and_gradient_of_its_rows(make):
    model, x, target = scattered(make(rng=0)), images(), images(seed=1)
    eps = np.random.default_rng(2).standard_normal((len(x), 2))

    def at(rows):
        losses, grads = model.loss_and_grads(x[rows], target=target[rows], eps=eps[rows])
        return losses, {name: gradient.copy() for name, gradient in grads.items()}

    losses, grads = at(slice(None))
    singles = [at([i]) for i in range(len(x))]
    for name in losses:
        mean = np.mean([single[name] for single, _ in singles])
        np.testing.assert_allclose(losses[name], mean, rtol=1e-12)
    for name in grads:
        mean = np.mean([single[name] for _, single in singles], axis=0)
        np.testing.assert_allclose(grads[name], mean, rtol=1e-10, atol=1e-12)


def log_density(name, x, model):
    """Log p(x given decoder output), from the decoded mean alone, by SciPy."""
    mean = model.reconstruct(x)
    if name == "bernoulli":
        return special.xlogy(x, mean) + special.xlog1py(1 - x, -mean)
    if name == "squared_error":
        return stats.norm.logpdf(x, mean, np.sqrt(0.5)) + 0.5 * np.log(np.pi)
    sigma = {"gaussian": 1.0, "gaussian of 0.3": 0.3}[name]
    return stats.norm.logpdf(x, mean, sigma)


@pytest.mark.parametrize("name", ["bernoulli", "squared_error", "gaussian", "gaussian of 0.3"])
def test_the_loss_is_minus_the_log_density_of_the_data(name):
    model, x = scattered(Autoencoder(6, 2, likelihood=LIKELIHOODS[name], rng=0)), images()
    expected = -np.mean(np.sum(log_density(name, x, model), axis=1))
    np.testing.assert_allclose(model.losses(x)["loss"], expected, rtol=1e-12)
    np.testing.assert_allclose(model.loss_and_grads(x)[0]["loss"], expected, rtol=1e-12)


def test_the_linear_loss_is_the_squared_distance():
    model, x, target = (
        scattered(LinearAutoencoder(6, 2, bias=True, rng=0)),
        images(),
        images(seed=1),
    )
    for answer, loss in [
        (x, model.losses(x)["loss"]),
        (target, model.loss_and_grads(x, target=target)[0]["loss"]),
    ]:
        distances = np.linalg.norm(answer - model.reconstruct(x), axis=1)
        np.testing.assert_allclose(loss, np.mean(distances**2), rtol=1e-12)


@pytest.mark.parametrize("bias", [False, True])
def test_a_linear_autoencoder_learns_the_discarded_variance(bias):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 5)) @ np.diag([3.0, 2.0, 1.0, 0.5, 0.2]) @ rng.normal(size=(5, 5))
    X -= X.mean(axis=0)
    discarded = np.sum(np.linalg.eigvalsh(X.T @ X / len(X))[:-2])
    if bias:
        X += rng.standard_normal(5)
    model = LinearAutoencoder(5, 2, bias=bias, rng=0)
    for learning_rate in 0.1, 0.01, 0.001:
        model.fit(X, epochs=700, batch_size=len(X), optimizer=Adam(learning_rate), rng=0)
    loss = model.losses(X)["loss"]
    assert discarded * (1 - 1e-12) < loss < discarded * (1 + 1e-6)


def test_a_wider_code_than_the_data_can_copy_them():
    X = images(30, 3)
    model = Autoencoder(3, 5, likelihood="squared_error", rng=0)
    model.fit(X, epochs=1500, batch_size=30, optimizer=Adam(0.02), rng=0)
    assert model.losses(X)["loss"] < 1e-6 * X.var(axis=0).sum()


# The verbs


@every_model
def test_the_verbs_agree(make):
    model, x = scattered(make(rng=0)), images(2345)
    z = model.transform(x)  # in pieces
    code = model.encode(x)
    np.testing.assert_allclose(z, code[0] if isinstance(model, VAE) else code, rtol=1e-12)
    assert z.shape == (2345, 2)
    assert np.array_equal(model.transform(x), z)
    assert np.array_equal(model.inverse_transform(z), model.decode(z))
    assert np.array_equal(model.reconstruct(x), model.decode(z))
    assert model.reconstruct(x).shape == x.shape
    assert model.score(x) == model.score(x)
    if not isinstance(model, VAE):
        np.testing.assert_allclose(model.score(x), -model.losses(x)["loss"], rtol=1e-12)


@every_model
def test_fit_transform_is_fit_and_then_transform(make):
    x, options = images(), {"epochs": 2, "batch_size": 4, "rng": 0}
    codes = make(rng=0).fit_transform(x, **options)
    assert np.array_equal(codes, make(rng=0).fit(x, **options).transform(x))


@every_model
def test_one_seed_gives_one_model_whose_repr_makes_it_again(make):
    model, twin, other = make(rng=3), make(rng=3), make(rng=4)
    for name, value in model.params.items():
        assert np.array_equal(value, twin.params[name])
    assert not np.array_equal(model.params["encoder.0.W"], other.params["encoder.0.W"])
    again = eval(repr(model), vars(minivae))
    assert repr(again) == repr(model)
    assert {n: v.shape for n, v in again.params.items()} == {
        n: v.shape for n, v in model.params.items()
    }


def test_models_do_not_share_a_likelihood():
    shared = Gaussian("learned")
    first, second = (Autoencoder(6, 2, likelihood=shared, rng=0) for _ in range(2))
    first.fit(images(), epochs=1, batch_size=7, rng=0)
    assert first.params["likelihood.raw_log_var"][0] != 0
    assert second.params["likelihood.raw_log_var"][0] == 0 == shared.params["raw_log_var"][0]
    bernoulli = Autoencoder(6, 2, likelihood=Bernoulli())
    assert bernoulli.config == Autoencoder(6, 2).config


def test_the_decoder_mirrors_the_encoder():
    model = Autoencoder(7, 2, hidden=(5, 3))
    shapes = [value.shape for name, value in model.params.items() if name.endswith("W")]
    assert shapes == [(7, 5), (5, 3), (3, 2), (2, 3), (3, 5), (5, 7)]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: Autoencoder(6, 2, activation="gelu"),
            "activation must be one of .*'tanh'.*'gelu'",
        ),
        (lambda: VAE(6, 2, likelihood="poisson"), "likelihood must be one of .*, got 'poisson'"),
        (lambda: VAE(6, 2, dtype="float16"), "dtype must be float32 or float64, got float16"),
        (lambda: LinearAutoencoder(6, 2, dtype=int), "dtype must be float32 or float64, got int64"),
        (lambda: VAE(6, 2, hidden=(3,)).encoder.backward(np.ones((1, 4))), "before forward"),
    ],
)
def test_what_a_model_cannot_be_made_of_is_named(call, message):
    with pytest.raises((ValueError, RuntimeError), match=message):
        call()


# Dtypes


@pytest.mark.parametrize("optimizer", [Adam, SGD])
@every_model
def test_float32_stays_float32(make, optimizer):
    model, optimizer, seen = make(dtype="float32", rng=0), optimizer(0.01), []

    def watch(function):
        return lambda array: (seen.append(array), function(array))[1]

    for layer in [*model.encoder.layers, *model.decoder.layers]:
        layer.forward, layer.backward = watch(layer.forward), watch(layer.backward)
        layer.backward_params = watch(layer.backward_params)

    def look(run):
        losses, grads = model.loss_and_grads(images(), rng=0)
        seen.extend([*losses.values(), *model.losses(images(), rng=0).values(), *grads.values()])
        for state in run.optimizer.state_dict().values():
            seen.extend(state.values() if isinstance(state, dict) else ())

    model.fit(images(), epochs=1, batch_size=4, optimizer=optimizer, callbacks=[look], rng=0)
    code = model.encode(images())
    seen.extend(code if isinstance(model, VAE) else [code])
    seen.extend([*model.params.values(), model.transform(images()), model.reconstruct(images())])
    seen.append(model.decode(np.zeros((1, 2))))
    assert {array.dtype for array in seen} == {np.dtype("float32")}
    assert model.dtype == np.float32


@every_model
def test_float32_agrees_with_float64(make):
    single, double = make(dtype="float32", rng=0), make(dtype="float64", rng=0)
    eps = np.random.default_rng(0).standard_normal((7, 2))
    (losses, grads), (their_losses, their_grads) = (
        model.loss_and_grads(images(), eps=eps) for model in (single, double)
    )
    np.testing.assert_allclose(losses["loss"], their_losses["loss"], rtol=1e-5)
    for name, gradient in grads.items():
        scale = np.abs(their_grads[name]).max()
        np.testing.assert_allclose(gradient, their_grads[name], atol=1e-4 * scale)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_model
def test_bytes_are_images_between_0_and_1(make, dtype, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (9, 6), dtype=np.uint8)
    floats = pixels.astype(dtype) / dtype(255)
    mapped = np.memmap(tmp_path / "pixels", np.uint8, "w+", shape=pixels.shape)
    mapped[:] = pixels
    options = {"epochs": 2, "batch_size": 4, "rng": 0}
    expected = make(dtype=dtype, rng=0).fit(floats, validation=floats, **options)
    for X in pixels, mapped:
        model = make(dtype=dtype, rng=0).fit(X, validation=X, **options)
        assert model.history_ == expected.history_
        assert model.score(X) == expected.score(floats)
        assert np.array_equal(model.reconstruct(X), expected.reconstruct(floats))
        losses, _ = model.loss_and_grads(X, target=X, rng=0)
        assert losses == expected.loss_and_grads(floats, target=floats, rng=0)[0]
    assert np.array_equal(mapped, pixels)


@pytest.mark.parametrize("kind", [Autoencoder, VAE])
def test_a_model_starts_as_it_is_told_and_remembers(kind, tmp_path):
    model = kind(9, 2, hidden=(4,), init="fan_in", rng=0)
    sizes = {name: np.abs(W).max() for name, W in model.params.items() if W.ndim == 2}
    for name, size in sizes.items():
        assert 0.5 < size * np.sqrt(len(model.params[name])) <= 1
    model.save(tmp_path / "model.npz")
    assert minivae.load(tmp_path / "model.npz").config == model.config
    assert model.config["init"] == "fan_in"
    with pytest.raises(ValueError, match=r"init must be one of .* got 'zeros'"):
        kind(9, 2, init="zeros")
