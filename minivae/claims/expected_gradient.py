"""The mean of backprop over the noise, against the gradient of the mean loss by another method."""

from __future__ import annotations

from typing import Any

import numpy as np

from minivae.claims import Outcome, claim
from minivae.edge.checks import Array
from minivae.models.vae import VAE
from minivae.nn import likelihoods
from minivae.nn.networks import cast

STEP = 1e-30


def nodes_and_weights(n_latent: int, n: int) -> tuple[Array, Array]:
    """Return the Gauss-Hermite nodes in `n_latent` dimensions, and their weights."""
    line, weights = np.polynomial.hermite_e.hermegauss(n)
    weights = weights / weights.sum()
    grid = np.stack(np.meshgrid(*[line] * n_latent, indexing="ij"), axis=-1)
    product = np.prod(np.meshgrid(*[weights] * n_latent, indexing="ij"), axis=0)
    return grid.reshape(-1, n_latent), product.ravel()


def mean_backprop(model: VAE, x: Array, eps: Array, weights: Array) -> Array:
    """Return the hand-written gradient, averaged over the noise by weighted passes at all nodes."""
    k = len(eps)
    rows = np.repeat(x, k, axis=0)
    p = model.forward(*model.inputs(rows, eps=np.tile(eps, (len(x), 1))))
    terms = model.objective.backward(p, model.beta)
    w = np.tile(weights, len(x)) * k
    model.backward(p, *(d * (w if d.ndim == 1 else w[:, None]) for d in terms))
    return np.concatenate([g.ravel() for g in model.grads.values()])


def gradient_of_mean(model: VAE, x: Array, eps: Array, weights: Array) -> Array:
    """Return the gradient of the expected loss by complex steps, without reparameterization.

    E f(z) is the integral of q(z) f(z) over z. A step in the encoder's parameters changes the
    density q, but not the codes z at which the integrand is evaluated.
    """
    n, k, L = len(x), len(eps), model.n_latent
    moved = cast(model, np.complex128)
    mu, log_var = _encode(moved, x)
    z = (mu + np.exp(log_var / 2) * eps[:, None]).real.reshape(k * n, L)  # (k, n, L)
    log_q = _log_density(z.reshape(k, n, L), mu, log_var)

    def loss() -> Any:
        mu, log_var = _encode(moved, x)
        ratio = np.exp(_log_density(z.reshape(k, n, L), mu, log_var) - log_q)
        out = moved.decoder.forward(z.astype(np.complex128))
        log_p = moved.likelihood.log_prob(np.tile(x, (k, 1)), out).reshape(k, n)
        kl = 0.5 * np.sum(mu**2 + np.exp(log_var) - 1 - log_var, axis=1)
        return np.mean(model.beta * kl - weights @ (ratio * log_p))

    slopes = []
    for array in moved.params.values():
        for i in range(array.size):
            array.flat[i] += 1j * STEP
            slopes.append(loss().imag / STEP)
            array.flat[i] = array.flat[i].real
    return np.array(slopes)


def _encode(model: Any, x: Array) -> tuple[Array, Array]:
    h = model.encoder.forward(x.astype(np.complex128))
    return h[:, : model.n_latent], 20 * np.tanh(h[:, model.n_latent :] / 20)


def _log_density(z: Array, mu: Array, log_var: Array) -> Array:
    return -0.5 * np.sum(log_var + (z - mu) ** 2 * np.exp(-log_var), axis=-1)


def narrow(model: VAE) -> VAE:
    """Give the encoder a small variance, so that quadrature with few nodes is exact."""
    name = next(reversed([key for key in model.params if key.startswith("encoder")]))
    model.params[name][model.n_latent :] -= 4
    return model


@claim(
    "For the whole VAE the mean of backprop over the noise is the gradient of the mean loss",
    source="Kingma and Welling 2014",
)
def mean_of_backprop() -> Outcome:
    """E d loss(z(eps)) = d E loss: the sampled gradient is unbiased for every parameter.

    Three VAEs have tanh, sigmoid and softplus layers, binary, grey and real pixels, and beta = 1
    and 2.5. The measured value is the library's backward pass, averaged over Gauss-Hermite nodes of
    the noise. The exact value is the derivative of the expected loss as an integral over z, where
    the encoder changes the density and the codes stay fixed, by complex steps in every parameter.
    Both agree to 1e-9.
    """
    rng = np.random.default_rng(0)
    exact, measured, paths = [], [], []
    for activation, likelihood, beta in (
        ("tanh", "bernoulli", 1.0),
        ("sigmoid", "continuous_bernoulli", 2.5),
        ("softplus", likelihoods.Gaussian("learned"), 1.0),
    ):
        model = narrow(
            VAE(3, 2, hidden=(3,), activation=activation, likelihood=likelihood, beta=beta, rng=rng)
        )
        x = rng.random((2, 3))
        eps, weights = nodes_and_weights(2, 24)
        exact.append(gradient_of_mean(model, x, eps, weights))
        measured.append(mean_backprop(model, x, eps, weights))
        noise = rng.standard_normal((400, 2))
        paths.append([mean_backprop(model, x, e[None], np.ones(1)) for e in noise])

    def draw(ax: Any) -> None:
        n = np.arange(1, 401)
        for i, name in enumerate(("tanh", "sigmoid", "softplus")):
            running = np.cumsum(paths[i], axis=0) / n[:, None]
            off = np.linalg.norm(running - exact[i], axis=1) / np.linalg.norm(exact[i])
            ax.loglog(n, off, label=f"{name}: mean of so many draws")
        ax.loglog(n, n**-0.5, "k:", label="1 / root of the draws")
        ax.set(xlabel="draws of the noise", ylabel="relative error of the mean gradient")
        ax.legend()

    return Outcome(
        np.concatenate(exact),
        np.concatenate(measured),
        tolerance=1e-9,
        because="24 nodes for each latent",
        draw=draw,
    )
