"""Encoders and decoders of the caller's own: how they are used, saved and refused."""

import numpy as np
import pytest

from minivae import VAE, Autoencoder, Dense, Sequential, Tanh, check_gradients, explain, load
from minivae.nn.gaussian import bound_log_var

X = np.random.default_rng(0).random((6, 5))


class Recurrent:
    """A linear recurrence over the features, one at a time: no layer of the package."""

    def __init__(self, n_out, rng=0, dtype=np.float64):
        rng = np.random.default_rng(rng)
        self.params = {
            "w": rng.normal(0, 0.5, n_out).astype(dtype),
            "U": rng.normal(0, 0.5, (n_out, n_out)).astype(dtype),
        }
        self.grads = {name: np.zeros_like(value) for name, value in self.params.items()}

    def forward(self, x):
        w, U = self.params["w"], self.params["U"]
        self.x, self.states = x, [np.zeros((len(x), len(w)), w.dtype)]
        for t in range(x.shape[1]):
            self.states.append(np.tanh(x[:, [t]] * w + self.states[-1] @ U))
        return self.states[-1]

    def backward(self, dy):
        w, U = self.params["w"], self.params["U"]
        dw, dU, dx = np.zeros_like(w), np.zeros_like(U), np.zeros_like(self.x, dtype=w.dtype)
        for t in reversed(range(self.x.shape[1])):
            da = dy * (1 - self.states[t + 1] ** 2)
            dw += self.x[:, t] @ da
            dU += self.states[t].T @ da
            dx[:, t] = da @ w
            dy = da @ U.T
        self.grads["w"][...], self.grads["U"][...] = dw, dU
        return dx


def decoder(rng=1):
    return Sequential([Dense(2, 4, rng=rng), Tanh(), Dense(4, 5, rng=rng)])


@pytest.mark.parametrize("options", [{}, {"n_importance": 3}, {"free_nats": [0.1, 0.0]}])
@pytest.mark.parametrize("method", ["central", "complex"])
def test_gradients_through_networks_of_ones_own(options, method):
    model = VAE(5, 2, encoder=Recurrent(4), decoder=decoder(), **options)
    check_gradients(model, X, method=method, rng=0).raise_if_failed()
    auto = Autoencoder(5, 2, encoder=Recurrent(2), rng=0)
    check_gradients(auto, X, method=method, rng=0).raise_if_failed()


def test_networks_are_used_and_not_copied():
    encoder, other = Recurrent(4), decoder()
    model = VAE(5, 2, encoder=encoder, decoder=other)
    assert model.encoder is encoder
    assert model.decoder is other
    assert model.params["encoder.U"] is encoder.params["U"]
    mu, log_var = model.encode(X)
    h = encoder.forward(X)
    np.testing.assert_array_equal(mu, h[:, :2])
    np.testing.assert_array_equal(log_var, bound_log_var(h[:, 2:]))
    before = encoder.params["U"].copy()
    model.fit(X, epochs=1, batch_size=3, rng=0)
    assert np.all(encoder.params["U"] != before)


def test_labels_reach_a_network_of_ones_own():
    model = VAE(5, 2, n_classes=3, encoder=Recurrent(4), rng=0)
    y = np.array([0, 1, 2, 0, 1, 2])
    check_gradients(model, X, y=y, method="complex", rng=0).raise_if_failed()
    rows = np.hstack([X, np.eye(3)[y]])
    np.testing.assert_array_equal(model.encode(X, y=y)[0], model.encoder.forward(rows)[:, :2])


def test_a_pass_through_it_is_explained():
    model = VAE(5, 2, encoder=Recurrent(4), rng=0)
    losses, grads = model.loss_and_grads(X, rng=1)
    grads = {name: value.copy() for name, value in grads.items()}
    arrays = explain(model, X, rng=1).arrays
    assert arrays["loss"] == losses["loss"]
    np.testing.assert_array_equal(arrays["encoder.0.dU"], grads["encoder.U"])


def test_a_file_loads_where_the_networks_are_given_again(tmp_path):
    path = tmp_path / "model.npz"
    model = VAE(5, 2, encoder=Recurrent(4), rng=0).fit(X, epochs=2, batch_size=3, rng=0)
    model.save(path)
    again = load(path, encoder=Recurrent(4, rng=9))
    assert again.losses(X, rng=0) == model.losses(X, rng=0)
    with pytest.raises(ValueError, match=r"its encoder is a Recurrent.*load\(path, encoder="):
        load(path)
    with pytest.raises(ValueError, match="its decoder is in the file already"):
        load(path, encoder=Recurrent(4), decoder=decoder())
    with pytest.raises(ValueError, match="encoder must map"):
        load(path, encoder=Recurrent(6))
    with pytest.raises(ValueError, match="the file holds VAE"):
        load(path, encoder=Sequential([Dense(5, 4)]))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: VAE(5, 2, encoder=Recurrent(3)),
            ValueError,
            r"encoder must map \(batch, 5\) to \(batch, 4\), got \(1, 3\)",
        ),
        (
            lambda: VAE(5, 2, decoder=Sequential([Dense(2, 4)])),
            ValueError,
            r"decoder must map \(batch, 2\) to \(batch, 5\), got \(1, 4\)",
        ),
        (lambda: VAE(5, 2, encoder=np.tanh), TypeError, "encoder must have forward, as a layer"),
        (
            lambda: VAE(5, 2, encoder=Recurrent(4, dtype=np.float32)),
            ValueError,
            "encoder must have parameters of dtype=float64, got float32 for w",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
