"""What a model's weights and its code cost, and the gradient of that."""

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from minivae import (
    VAE,
    Adam,
    Autoencoder,
    Gaussian,
    LinearAutoencoder,
    ReLU,
    Sequential,
    check_gradients,
    load,
    mlp,
)
from minivae.models.regularizers import (
    L2,
    NonUniformL2,
    ProductL2,
    SparseCode,
    regularizer_from,
)

WEIGHTS = [0.3, 0.7, 1.1]
REGULARIZERS = [L2(0.4), NonUniformL2(WEIGHTS), ProductL2(0.9)]
SEEDS = st.integers(0, 2**32 - 1)

each_regularizer = pytest.mark.parametrize("regularizer", REGULARIZERS, ids=lambda r: r.name)


def model_and_data(regularizer, seed=0, **options):
    x = np.random.default_rng(seed).standard_normal((7, 5))
    return LinearAutoencoder(5, 3, regularizer=regularizer, rng=seed, **options), x


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(1, 6), st.integers(1, 4))
def test_penalties_are_squared_norms(seed, n_features, n_latent):
    rng = np.random.default_rng(seed)
    W_e = rng.standard_normal((n_features, n_latent))
    W_d = rng.standard_normal((n_latent, n_features))
    weights = rng.uniform(0, 2, n_latent)

    def norm2(A):
        return np.linalg.norm(A) ** 2

    params = {"encoder.0.W": W_e, "encoder.0.b": W_e[0], "decoder.0.W": W_d, "decoder.0.b": W_d[0]}

    both = np.concatenate([W_e, W_d.T])
    np.testing.assert_allclose(L2(0.4).penalty(params), 0.4 * norm2(both))
    np.testing.assert_allclose(
        NonUniformL2(weights).penalty(params), norm2(both @ np.diag(np.sqrt(weights)))
    )
    np.testing.assert_allclose(ProductL2(0.9).penalty(params), 0.9 * norm2(W_e @ W_d))
    even = NonUniformL2([0.4] * n_latent)
    np.testing.assert_allclose(even.penalty(params), L2(0.4).penalty(params))


@each_regularizer
@pytest.mark.parametrize("method", ["central", "complex"])
@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, n_features=st.integers(1, 6))
def test_penalty_gradients(regularizer, method, seed, n_features):
    rng = np.random.default_rng(seed)
    W_e, W_d = rng.standard_normal((n_features, 3)), rng.standard_normal((3, n_features))
    names = "encoder.0.W", "decoder.0.W"

    def penalty(*matrices):
        return regularizer.penalty(dict(zip(names, matrices, strict=True)))

    def backward(*matrices_and_dpenalty):
        *matrices, dpenalty = matrices_and_dpenalty
        grads = regularizer.penalty_backward(dict(zip(names, matrices, strict=True)), dpenalty)
        return tuple(grads[name] for name in names)

    report = check_gradients(penalty, W_e, W_d, backward=backward, method=method, rng=seed)
    assert len(report.entries) == 2
    report.raise_if_failed()


@each_regularizer
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("method", ["central", "complex"])
def test_model_gradients(regularizer, bias, method):
    model, x = model_and_data(regularizer, bias=bias)
    check_gradients(model, x, method=method).raise_if_failed()


@each_regularizer
def test_penalty_comes_on_top_of_the_squared_error(regularizer):
    model, x = model_and_data(regularizer)
    plain, _ = model_and_data(None)
    losses, _ = model.loss_and_grads(x)
    assert losses == model.losses(x)
    assert list(losses) == ["loss", "reconstruction", "penalty"]
    assert losses["reconstruction"] == plain.losses(x)["loss"]
    assert losses["loss"] == losses["reconstruction"] + losses["penalty"]
    assert losses["penalty"] > 0
    assert list(plain.loss_and_grads(x)[0]) == list(plain.losses(x)) == ["loss"]


@pytest.mark.parametrize("kind", [Autoencoder, VAE])
@pytest.mark.parametrize("method", ["central", "complex"])
def test_l2_counts_every_matrix_of_any_model_and_no_bias(kind, method):
    options = {"hidden": (4,), "activation": "tanh", "likelihood": Gaussian("learned"), "rng": 0}
    model, plain = kind(5, 2, regularizer=L2(0.3), **options), kind(5, 2, **options)
    for value in model.params.values():
        value += 0.1
    for name, value in plain.params.items():
        value[...] = model.params[name]
    x = np.random.default_rng(0).random((4, 5))
    losses, without = model.loss_and_grads(x, rng=1)[0], plain.loss_and_grads(x, rng=1)[0]
    squares = sum(np.linalg.norm(W) ** 2 for W in model.params.values() if W.ndim == 2)
    assert losses["penalty"] == pytest.approx(0.3 * squares)
    assert losses["loss"] == pytest.approx(without["loss"] + 0.3 * squares)
    assert model.losses(x, rng=1) == losses
    check_gradients(model, x, method=method).raise_if_failed()


@each_regularizer
def test_a_weight_of_zero_is_no_regularizer(regularizer):
    nothing = NonUniformL2([0, 0, 0]) if regularizer.name == "non_uniform_l2" else None
    model, x = model_and_data(nothing or type(regularizer)(0))
    plain, _ = model_and_data(None)
    assert model.losses(x)["loss"] == plain.losses(x)["loss"]
    for ours, theirs in zip(
        model.loss_and_grads(x)[1].values(), plain.loss_and_grads(x)[1].values(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


@each_regularizer
def test_gradients_are_filled_and_not_added_up(regularizer):
    model, x = model_and_data(regularizer)
    first = {name: grad.copy() for name, grad in model.loss_and_grads(x)[1].items()}
    for name, grad in model.loss_and_grads(x)[1].items():
        np.testing.assert_array_equal(grad, first[name])
        assert grad is model.grads[name]


@each_regularizer
def test_float32_stays_float32(regularizer):
    model, x = model_and_data(regularizer, dtype=np.float32)
    losses, grads = model.loss_and_grads(x)
    assert {np.asarray(value).dtype for value in (*losses.values(), *grads.values())} == {
        np.dtype(np.float32)
    }


@pytest.mark.parametrize("regularizer", [None, *REGULARIZERS])
def test_saved_with_the_model(regularizer, tmp_path):
    model, x = model_and_data(regularizer)
    model.fit(x, epochs=2, batch_size=4, rng=0)
    model.save(tmp_path / "model.npz")
    loaded = LinearAutoencoder.load(tmp_path / "model.npz")
    assert loaded.config == model.config
    assert type(loaded.regularizer) is type(regularizer)
    assert loaded.losses(x) == model.losses(x)
    assert loaded.history_ == model.history_
    assert ("penalty" in model.history_) == (regularizer is not None)


# The code


def test_the_best_sparse_code_is_the_bounded_solvers():
    # Row n of the identity makes row n of W_e the free code of target n; the decoder is fixed. With
    # z = a - b and a, b >= 0 the sum of magnitudes has no kink, so a solver with bounds finds it.
    rng = np.random.default_rng(3)
    l1, targets = 1.3, rng.standard_normal((6, 6))
    model = LinearAutoencoder(6, 5, regularizer=SparseCode(l1, 0.0), rng=0)
    W_d = model.params["decoder.0.W"]
    both = np.vstack([W_d, -W_d])  # x_hat = (a, b) @ both
    cost = 0.0
    for n, x in enumerate(targets):
        found = scipy.optimize.minimize(
            lambda c, x=x: np.sum((x - c @ both) ** 2) + l1 * np.sum(c),
            np.ones(10),
            jac=lambda c, x=x: 2 * (c @ both - x) @ both.T + l1,
            bounds=[(0, None)] * 10,
            options={"ftol": 0, "gtol": 1e-12},
        )
        model.params["encoder.0.W"][n] = found.x[:5] - found.x[5:]
        cost += found.fun / 6
    losses, grads = model.loss_and_grads(np.eye(6), target=targets)
    assert losses["loss"] == pytest.approx(cost, rel=1e-12)
    zero = model.params["encoder.0.W"] == 0
    assert 5 < np.sum(zero) < 25  # of 30
    np.testing.assert_allclose(grads["encoder.0.W"][~zero], 0, atol=1e-7)  # where L-BFGS stops
    assert np.abs(grads["encoder.0.W"][zero]).max() < l1 / 6  # the slope on either side of the kink


@pytest.mark.parametrize("kind", [LinearAutoencoder, Autoencoder])
@pytest.mark.parametrize("method", ["central", "complex"])
def test_sparse_code_counts_code_and_matrices(kind, method):
    options = {} if kind is LinearAutoencoder else {"hidden": (4,), "activation": "tanh"}
    model = kind(5, 8, regularizer=SparseCode(0.7, 0.2), rng=0, **options)  # overcomplete
    plain = kind(5, 8, rng=0, **options)
    x = np.random.default_rng(0).random((4, 5))
    losses = model.loss_and_grads(x)[0]
    squares = sum(np.linalg.norm(W) ** 2 for W in model.params.values() if W.ndim == 2)
    magnitudes = np.linalg.norm(model.encode(x), ord=1, axis=1).mean()
    assert losses["reconstruction"] == plain.losses(x)["loss"]
    assert losses["penalty"] == pytest.approx(0.7 * magnitudes + 0.2 * squares)
    assert losses["loss"] == pytest.approx(losses["reconstruction"] + losses["penalty"])
    assert model.losses(x) == losses
    check_gradients(model, x, method=method).raise_if_failed()


def test_sparse_code_makes_a_code_of_rectified_units_sparse():
    x = np.random.default_rng(0).standard_normal((200, 6))
    shares = []
    for regularizer in (None, SparseCode(1.0, 1e-3)):
        encoder = Sequential([*mlp([6, 12], rng=1).layers, ReLU()])
        model = Autoencoder(
            6, 12, encoder=encoder, likelihood="squared_error", regularizer=regularizer, rng=2
        )
        model.fit(x, epochs=200, batch_size=50, optimizer=Adam(1e-2), rng=3)
        shares.append(np.mean(model.encode(x) > 0))
    assert shares[1] < 0.8 * shares[0]


def test_sparse_code_is_saved_and_loaded(tmp_path):
    model = Autoencoder(5, 8, regularizer=SparseCode(0.7, 0.2), dtype=np.float32, rng=0)
    x = np.random.default_rng(0).random((4, 5))
    model.fit(x, epochs=1, batch_size=4, rng=0)
    model.save(tmp_path / "model.npz")
    loaded = load(tmp_path / "model.npz")
    assert loaded.config == model.config
    assert loaded.config["regularizer"] == {"name": "sparse_code", "l1": 0.7, "l2": 0.2}
    assert loaded.losses(x) == model.losses(x)
    arrays = (*model.losses(x).values(), *model.grads.values())
    assert {np.asarray(a).dtype for a in arrays} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: L2(-0.1), ValueError, r"weight must be in \[0, inf\), got -0.1"),
        (lambda: ProductL2(np.nan), ValueError, r"weight must be in \[0, inf\), got nan"),
        (lambda: SparseCode(-1, 0), ValueError, r"l1 must be in \[0, inf\), got -1"),
        (lambda: SparseCode(1, "much"), TypeError, "l2 must be a number, got 'much'"),
        (
            lambda: VAE(5, 3, regularizer=SparseCode(1, 0)),
            ValueError,
            "regularizer must cost weights alone in a VAE, got SparseCode",
        ),
        (lambda: L2("much"), TypeError, "weight must be a number, got 'much'"),
        (lambda: NonUniformL2([1, -2]), ValueError, r"weights\[1\] must be in \[0, inf\), got -2"),
        (lambda: NonUniformL2(0.5), ValueError, "a number for each latent, got 0.5"),
        (
            lambda: LinearAutoencoder(5, 3, regularizer=NonUniformL2([1, 2])),
            ValueError,
            r"weights must hold n_latent=3 numbers, got \[1.0, 2.0\]",
        ),
        (
            lambda: VAE(5, 3, hidden=(4,), regularizer=ProductL2(1)),
            ValueError,
            r"params must be of a model without hidden layers for ProductL2, got .*'enc",
        ),
        (
            lambda: LinearAutoencoder(5, 3, regularizer=0.1),
            TypeError,
            r"regularizer must be None or an object such as L2\(weight\), got 0.1",
        ),
        (
            lambda: regularizer_from({"name": "l1", "weight": 1.0}),
            ValueError,
            "regularizer must be one of .*'l2'.*, got 'l1'",
        ),
    ],
)
def test_bad_arguments_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()
