"""Class labels: where they enter, what they change, and which are refused."""

import numpy as np
import pytest
from helpers import frozen, scattered
from scipy import special, stats

from minivae import (
    VAE,
    Adam,
    Autoencoder,
    ConditionalVAE,
    Gaussian,
    check_gradients,
    load,
    log_likelihood,
)
from minivae.diagnostics import rate_distortion
from minivae.models.labels import one_hot

X = np.random.default_rng(0).random((6, 5))
Y = np.array([2, 0, 1, 1, 0, 2])


def conditional(**options):
    options = {"hidden": (4,), "activation": "tanh", "rng": 0} | options
    return scattered(ConditionalVAE(5, 2, 3, **options))


def test_one_hot_rows():
    np.testing.assert_array_equal(one_hot(Y, 6, 3, float), np.eye(3)[Y])
    assert one_hot(None, 4, 0, np.float32).shape == (4, 0)


def test_the_label_stands_behind_x_and_behind_z():
    model = conditional(likelihood=Gaussian(0.5))
    shapes = {name: value.shape for name, value in model.params.items()}
    assert shapes["encoder.0.W"] == (5 + 3, 4)
    assert shapes["decoder.0.W"] == (2 + 3, 4)
    eps = np.random.default_rng(1).standard_normal((6, 2))
    p = model.params

    def network(part, a):
        hidden = np.tanh(a @ p[f"{part}.0.W"] + p[f"{part}.0.b"])
        return hidden @ p[f"{part}.2.W"] + p[f"{part}.2.b"]

    h = network("encoder", np.hstack([X, np.eye(3)[Y]]))
    mu, sigma = h[:, :2], np.exp(10 * np.tanh(h[:, 2:] / 20))
    out = network("decoder", np.hstack([mu + sigma * eps, np.eye(3)[Y]]))
    reconstruction = -stats.norm(out, 0.5).logpdf(X).sum(axis=1).mean()
    cross = 0.5 * np.log(2 * np.pi) + 0.5 * (mu**2 + sigma**2)
    kl = np.sum(cross - stats.norm(mu, sigma).entropy(), axis=1).mean()
    losses, _ = model.loss_and_grads(X, y=Y, eps=eps)
    assert losses["reconstruction"] == pytest.approx(reconstruction, rel=1e-10)
    assert losses["kl"] == pytest.approx(kl, rel=1e-10)


@pytest.mark.parametrize("options", [{}, {"n_importance": 3}, {"free_nats": 0.3, "beta": 2.0}])
@pytest.mark.parametrize("method", ["central", "complex"])
def test_gradients(options, method):
    model = conditional(likelihood=Gaussian("predicted"), **options)
    x, y = frozen(X, Y)
    check_gradients(model, x, y=y, target=X[::-1], method=method, rng=0).raise_if_failed()


def test_a_model_of_classes_is_as_many_models():
    """Without hidden layers a label is a bias of its own."""
    model = scattered(VAE(5, 2, n_classes=3, rng=0))
    for c in range(3):
        plain = VAE(5, 2)
        for part, n_in in (("encoder", 5), ("decoder", 2)):
            W, b = model.params[f"{part}.0.W"], model.params[f"{part}.0.b"]
            plain.params[f"{part}.0.W"][...] = W[:n_in]
            plain.params[f"{part}.0.b"][...] = b + W[n_in + c]
        y = np.full(6, c)
        np.testing.assert_allclose(model.elbo(X, rng=1, y=y), plain.elbo(X, rng=1), rtol=1e-12)
        np.testing.assert_allclose(model.transform(X, y=y), plain.transform(X), rtol=1e-12)
        np.testing.assert_allclose(model.reconstruct(X, y=y), plain.reconstruct(X), rtol=1e-12)
        draws, expected = model.sample(6, rng=2, y=c), plain.sample(6, rng=2)
        np.testing.assert_array_equal(draws, expected)
        np.testing.assert_array_equal(model.sample(6, rng=2, y=y), expected)
        np.testing.assert_allclose(
            model.sample_posterior(X, rng=3, y=y), plain.sample_posterior(X, rng=3), rtol=1e-12
        )


def test_class_elbos_and_the_class_they_tell():
    model = conditional()
    elbos = model.class_elbos(X, rng=5)
    eps = np.random.default_rng(5).standard_normal((6, 2))
    for c in range(3):
        expected = model.elbo(X, eps, y=np.full(6, c)).elbo
        np.testing.assert_allclose(elbos[:, c], expected, rtol=1e-12)
    np.testing.assert_array_equal(model.classify(X, rng=5), elbos.argmax(axis=1))


def test_training_uses_labels(tmp_path):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 300)
    means = np.eye(3)[:, [0, 0, 1, 1, 2]]
    data = (rng.random((300, 5)) < special.expit(8 * means[y] - 4)).astype(float)
    model = ConditionalVAE(5, 1, 3, hidden=(8,), rng=0)
    options = {"batch_size": 10, "optimizer": Adam(1e-2), "validation": (data[200:], y[200:])}
    model.fit(data[:200], y[:200], epochs=20, rng=0, **options)
    assert np.mean(model.classify(data[200:], rng=0) == y[200:]) > 0.9
    history = model.history_
    assert history["val_loss"][-1] == pytest.approx(-model.score(data[200:], y[200:]), rel=1e-12)
    wrong = -model.score(data[200:], (y[200:] + 1) % 3)
    assert wrong > history["val_loss"][-1] + 1
    codes = ConditionalVAE(5, 1, 3, rng=0).fit_transform(data, y, epochs=1, rng=0)
    assert codes.shape == (300, 1)
    model.save(tmp_path / "model.npz")
    again = load(tmp_path / "model.npz")
    assert type(again) is ConditionalVAE
    assert again.score(data, y) == model.score(data, y)


def test_a_model_without_classes_ignores_the_labels_of_fit():
    ours, theirs = (VAE(5, 2, rng=0).fit(X, y, epochs=2, batch_size=3, rng=0) for y in (Y, None))
    for name, value in ours.params.items():
        np.testing.assert_array_equal(value, theirs.params[name])
    assert ours.score(X, Y) == theirs.score(X)
    auto = Autoencoder(5, 2, rng=0).fit(X, Y, epochs=1, batch_size=3, validation=(X, Y), rng=0)
    assert auto.history_["val_loss"][-1] == pytest.approx(-auto.score(X))


CALLS = {
    "loss_and_grads": lambda model, y: model.loss_and_grads(X, y=y),
    "losses": lambda model, y: model.losses(X, y=y),
    "encode": lambda model, y: model.encode(X, y=y),
    "decode": lambda model, y: model.decode(X[:, :2], y=y),
    "transform": lambda model, y: model.transform(X, y=y),
    "inverse_transform": lambda model, y: model.inverse_transform(X[:, :2], y=y),
    "reconstruct": lambda model, y: model.reconstruct(X, y=y),
    "elbo": lambda model, y: model.elbo(X, y=y),
    "sample": lambda model, y: model.sample(6, y=y),
    "sample_posterior": lambda model, y: model.sample_posterior(X, y=y),
    "check_gradients": lambda model, y: check_gradients(model, X, y=y),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_wrong_labels_are_named(call):
    model = conditional()
    for y, error, message in (
        (None, ValueError, "y must hold a label for each row of x: the model has n_classes"),
        ([0, 1, 2], ValueError, r"y must have shape \(6,\), a label for each row.*got \(3,\)"),
        (Y[:, None], ValueError, r"y must have shape \(6,\), .*got \(6, 1\)"),
        (Y + 1, ValueError, "y must lie between 0 and n_classes-1=2, got 3 in row 0"),
        (Y - 1, ValueError, "y must lie between 0 and n_classes-1=2, got -1 in row 1"),
        (Y + 0.5, TypeError, "y must hold integer labels, got dtype float64"),
        (list("abcdef"), TypeError, "y must hold integer labels, got dtype <U1"),
    ):
        with pytest.raises(error, match=message):
            call(model, y)
    with pytest.raises(ValueError, match="y must be None: the model was made without n_classes"):
        call(VAE(5, 2), Y)


def test_scores_and_diagnostics_refuse_wrong_labels_too():
    model, plain = conditional(), VAE(5, 2)
    calls = {
        "score": lambda y: model.score(X, y),
        "rate_distortion": lambda y: rate_distortion(model, X, y=y),
        "log_likelihood": lambda y: log_likelihood(model, X, 5, 0, y=y),
        "fit_transform": lambda y: model.fit_transform(X, y, epochs=1, batch_size=3),
    }
    for call in calls.values():
        for y, error, message in (
            (None, ValueError, "y must hold a label for each row of x"),
            (Y[:2], ValueError, r"y must have shape \(6,\), .*got \(2,\)"),
            (Y + 1, ValueError, "y must lie between 0 and n_classes-1=2, got 3 in row 0"),
            (Y > 0, TypeError, "y must hold integer labels, got dtype bool"),
        ):
            with pytest.raises(error, match=message) as caught:
                call(y)
            assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="y must be None: the model was made without n_classes"):
        rate_distortion(plain, X, y=Y)
    with pytest.raises(ValueError, match="y must lie between 0 and n_classes-1=2, got 3 in row 0"):
        model.sample(2, y=3)


def test_fit_refuses_wrong_labels_before_training():
    model = conditional()
    before = {name: value.copy() for name, value in model.params.items()}
    for y, validation in ((None, None), (Y[:3], None), (Y, X), (Y, (X, Y + 1))):
        with pytest.raises(ValueError, match="y must"):
            model.fit(X, y, epochs=1, batch_size=3, validation=validation)
    for name, value in model.params.items():
        np.testing.assert_array_equal(value, before[name])
    with pytest.raises(ValueError, match="class_elbos and classify need a model"):
        VAE(5, 2).classify(X)
    with pytest.raises(ValueError, match="n_classes must be at least 1, got 0"):
        ConditionalVAE(5, 2, 0)
