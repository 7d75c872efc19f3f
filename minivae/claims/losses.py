"""Losses: the numbers that every model reports, from scipy's densities and the definitions."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special, stats

from minivae.claims import Outcome, claim
from minivae.edge.checks import Array
from minivae.models.autoencoder import Autoencoder, LinearAutoencoder
from minivae.models.vae import VAE
from minivae.nn import likelihoods
from minivae.training import loop
from minivae.training.optimizers import SGD


def _by_hand(model: Any, x: Array, part: str) -> Array:
    """Return the output of a network with one tanh layer, by hand."""
    p = model.params
    hidden = np.tanh(x @ p[f"{part}.0.W"] + p[f"{part}.0.b"])
    return hidden @ p[f"{part}.2.W"] + p[f"{part}.2.b"]


def _random(model: Any) -> Any:
    rng = np.random.default_rng(4)
    for value in model.params.values():
        value[...] = rng.standard_normal(value.shape)
    return model


@claim(
    "beta weights the KL in the loss and the gradient of a VAE, but not in its ELBO",
    source="Higgins et al. 2017",
)
def beta_is_in_the_loss_alone() -> Outcome:
    """The loss is E[-log p(x|z)] + beta KL; the ELBO, a bound on log p(x), has beta = 1.

    The model is a VAE with one tanh layer, binary pixels and beta = 2.5. For the same noise, the
    exact values are scipy's Bernoulli at the decoder's output, computed by hand, and the KL as a
    mean of scipy's log ratios over Gauss-Hermite nodes. The measured values are the parts and sums
    that `loss_and_grads` and `elbo` report. `losses`, `score` and the validation draw their own
    noise; they are measured with a decoder that ignores z, so that the noise does not matter.
    """
    rng, beta = np.random.default_rng(0), 2.5
    model = _random(VAE(5, 2, hidden=(4,), activation="tanh", beta=beta))
    x, eps = rng.integers(0, 2, (7, 5)).astype(float), rng.standard_normal((7, 2))
    mu, raw = np.split(_by_hand(model, x, "encoder"), 2, axis=1)
    sigma = np.exp(10 * np.tanh(raw / 20))
    chances = special.expit(_by_hand(model, mu + sigma * eps, "decoder"))
    log_p = stats.bernoulli.logpmf(x, chances).sum(axis=1)
    kl = _kl_by_nodes(mu, sigma)
    parts, elbo = model.loss_and_grads(x, eps=eps)[0], model.elbo(x, eps=eps)
    exact = [-log_p.mean() + beta * kl.mean(), -log_p.mean(), kl.mean(), *log_p, *kl, *(log_p - kl)]
    measured = [parts["loss"], parts["reconstruction"], parts["kl"]]
    measured += [*elbo.reconstruction, *elbo.kl, *elbo.elbo]

    # with a decoder that ignores z the noise has no effect
    model.params["decoder.0.W"][...] = 0
    log_p = stats.bernoulli.logpmf(x, special.expit(_by_hand(model, mu, "decoder"))).sum(axis=1)
    loss = float(np.mean(-log_p + beta * kl))
    exact += [loss, -log_p.mean(), kl.mean(), -loss, loss, *mu.ravel(), *np.log(sigma**2).ravel()]
    parts = model.losses(x, rng=0)
    measured += [parts["loss"], parts["reconstruction"], parts["kl"], model.score(x)]
    measured += [loop.evaluate(model, x)["loss"], *model.transform(x).ravel()]
    measured += list(model.encode(x)[1].ravel())
    return Outcome(exact, measured, tolerance=1e-10, because="rounding")


def _kl_by_nodes(mu: Array, sigma: Array) -> Array:
    """Return E_q log(q / p) for each row; four nodes are exact for a quadratic function."""
    nodes, weights = special.roots_hermitenorm(4)
    z = mu[..., None] + sigma[..., None] * nodes
    q = stats.norm(mu[..., None], sigma[..., None])
    ratios = q.logpdf(z) - stats.norm.logpdf(z)
    return np.sum(ratios @ (weights / weights.sum()), axis=1)


@claim(
    "The loss of an autoencoder is minus the log-likelihood of its output, summed over features",
    source="derived here",
)
def autoencoder_losses() -> Outcome:
    """For each likelihood: scipy's density at the output of the decoder, summed over features.

    The mean over the batch is the loss, also if the target differs from the input. `decode` returns
    the mean of this density; for the continuous Bernoulli it is scipy's mean of a truncated
    exponential. `score` is minus the loss over all rows. The squared error is not a density, but |x
    - x_hat|^2, and so is the loss of the linear autoencoder.
    """
    rng = np.random.default_rng(1)
    x, target = rng.random((6, 4)), rng.random((6, 4))
    exact, measured = [], []
    for name, densities, mean in (
        ("continuous_bernoulli", _continuous, _continuous_mean),
        (likelihoods.Gaussian(0.7), lambda x, a: stats.norm(a, 0.7).logpdf(x), lambda a: a),
        ("squared_error", lambda x, a: -((x - a) ** 2), lambda a: a),
    ):
        model = _random(Autoencoder(4, 2, hidden=(3,), activation="tanh", likelihood=name))
        code = _by_hand(model, x, "encoder")
        out = _by_hand(model, code, "decoder")
        own, other = (-densities(goal, out).sum() / 6 for goal in (x, target))
        exact += [own, other, own, -own, *code.ravel(), *mean(out).ravel()]
        measured += [model.loss_and_grads(x)[0]["loss"], model.losses(x)["loss"]]
        measured[-1:] = [model.loss_and_grads(x, target=target)[0]["loss"], measured[-1]]
        measured += [model.score(x), *model.encode(x).ravel(), *model.reconstruct(x).ravel()]
    linear = _random(LinearAutoencoder(4, 2, bias=True))
    p = linear.params
    code = x @ p["encoder.0.W"] + p["encoder.0.b"]
    x_hat = code @ p["decoder.0.W"] + p["decoder.0.b"]
    squares = np.sum((x - x_hat) ** 2) / 6
    exact += [squares, squares, -squares, *code.ravel(), *x_hat.ravel()]
    measured += [linear.losses(x)["loss"], linear.loss_and_grads(x)[0]["loss"], linear.score(x)]
    measured += [*linear.transform(x).ravel(), *linear.inverse_transform(code).ravel()]
    return Outcome(exact, measured, tolerance=1e-10, because="rounding")


def _falling(a: Array) -> Any:
    return stats.truncexpon(b=np.abs(a), scale=1 / np.abs(a))


def _continuous(x: Array, a: Array) -> Array:
    """Return the log density of e^(a x) on [0, 1]: scipy's, mirrored if a > 0."""
    return _falling(a).logpdf(np.where(a < 0, x, 1 - x))


def _continuous_mean(a: Array) -> Array:
    mean = _falling(a).mean()
    return np.where(a < 0, mean, 1 - mean)


@claim(
    "On a quadratic, gradient descent with momentum is the power of a two-by-two matrix",
    source="Polyak 1964",
)
def momentum_is_a_matrix_power() -> Outcome:
    """A step v' = m v - lr lam x, x' = x + v' multiplies (x, v) by [[1 - lr lam, m], [-lr lam, m]].

    So after t steps the state is M^t (x, 0), which numpy computes without a loop. The product of
    the eigenvalues is m. With momentum a slow direction, with a small lam, falls like sqrt(m)^t
    instead of (1 - lr lam)^t. The measured value is the optimizer's path in three directions.
    """
    lam, rate, momentum = np.array([1.0, 0.3, 0.02]), 0.6, 0.8
    paths = {}
    for m in (momentum, 0.0):
        optimizer, x = SGD(rate, momentum=m), {"x": np.ones(3)}
        paths[m] = [np.ones(3)]
        for _ in range(60):
            optimizer.step(x, {"x": lam * x["x"]})
            paths[m].append(x["x"].copy())
    exact = []
    for m in paths:
        matrices = [np.array([[1 - rate * v, m], [-rate * v, m]]) for v in lam]
        exact.append([[np.linalg.matrix_power(M, t)[0, 0] for M in matrices] for t in range(61)])

    def draw(ax: Any) -> None:
        for m, style in zip(paths, ("-", "--"), strict=True):
            for i, value in enumerate(lam):
                label = rf"$\lambda$ = {value:g}, momentum {m:g}"
                ax.semilogy(np.abs(paths[m])[:, i], style, color=f"C{i}", label=label)
        ax.set(xlabel="step", ylabel="distance from the minimum", ylim=(1e-9, 3))
        ax.legend(fontsize="small")

    return Outcome(exact, list(paths.values()), tolerance=1e-13, because="rounding", draw=draw)
