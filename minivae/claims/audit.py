"""The check of every hand-written gradient of the package: the table of ``minivae gradcheck``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from minivae.bayes.bayesian_vae import BayesianVAE
from minivae.edge.checks import Array
from minivae.gradient_check.check import check_gradients
from minivae.gradient_check.report import GradientReport
from minivae.models import objectives, regularizers
from minivae.models.autoencoder import Autoencoder, LinearAutoencoder
from minivae.models.vae import VAE, ConditionalVAE
from minivae.music import decoders
from minivae.music.model import MelodyVAE
from minivae.nn import (
    activations,
    bidirectional,
    categorical,
    gaussian,
    layers,
    likelihoods,
    networks,
    recurrent,
    variances,
)

N_ROWS, N_FEATURES, N_LATENT, N_STEPS, N_TOKENS = 5, 6, 2, 4, 3

Part = tuple[str, str, Any, tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True)
class AuditRow:
    """One part of the package, with its report for each method."""

    kind: str
    name: str
    central: GradientReport
    complex_step: GradientReport

    @property
    def ok(self) -> bool:
        """Whether both methods agree with the hand-written gradient."""
        return self.central.ok and self.complex_step.ok

    def __str__(self) -> str:
        worst = self.central.worst
        exact = self.complex_step.worst
        if worst is None or exact is None:
            return f"{self.kind:10s} {self.name:37s} FAILED\n{self.central}\n{self.complex_step}"
        place = f"{worst.name}[{', '.join(map(str, worst.index))}]"
        line = (
            f"{self.kind:10s} {self.name:37s} {self.central.n_checked:7d} "
            f"{worst.relative_error:9.1e} {exact.relative_error:9.1e}  {place:28s}  "
        )
        return line + ("ok" if self.ok else f"FAILED\n{self.central}\n{self.complex_step}")


HEADER = f"{'':10s} {'':37s} numbers   central   complex  worst at"


def audit(rng: int | np.random.Generator | None = 0) -> Iterator[AuditRow]:
    """Check every layer, function, likelihood and model by both methods, one row after another.

    Parameters
    ----------
    rng : int or numpy.random.Generator, optional
        Draws weights, data and noise.

    Yields
    ------
    AuditRow
    """
    rng = np.random.default_rng(rng)
    for kind, name, target, inputs, options in _parts(rng):
        for value in getattr(target, "params", {}).values():
            value += 0.1 * rng.standard_normal(value.shape)  # zero biases put units on their kinks
        seed = int(rng.integers(2**32))
        central, exact = (
            check_gradients(target, *inputs, method=method, rng=seed, **options)
            for method in ("central", "complex")
        )
        yield AuditRow(kind, name, central, exact)


class LikelihoodLayer:
    """A likelihood as a layer: it maps the decoder's output to ``log p(x | out)``."""

    def __init__(self, likelihood: likelihoods.Likelihood, x: Array) -> None:
        self.likelihood, self.x = likelihood, x
        self.params, self.grads = likelihood.params, likelihood.grads

    def forward(self, out: Array) -> Array:
        """Return ``log p(x | out)``, shape (batch,)."""
        self.out = out
        return self.likelihood.log_prob(self.x, out)

    def backward(self, dlog_prob: Array) -> Array:
        """Return the gradient with respect to the decoder's output."""
        return self.likelihood.log_prob_backward(self.x, self.out, dlog_prob)


def _parts(rng: np.random.Generator) -> Iterator[Part]:
    """Yield kind, name, target, inputs and options of every part that has a gradient."""
    for name, layer in _layers(rng):
        x = rng.standard_normal((N_ROWS, N_FEATURES))
        yield "layer", name, layer, (x,), {}
    for recurrence in (recurrent.GRU, bidirectional.BidirectionalGRU):
        x = rng.standard_normal((N_ROWS, N_STEPS, N_FEATURES))
        yield "layer", recurrence.__name__, recurrence(N_FEATURES, 3, rng=rng), (x,), {}
    yield from _music(rng)
    for function, backward, inputs in _functions(rng):
        yield "function", function.__name__, function, inputs, {"backward": backward}
    pixels = rng.random((N_ROWS, N_FEATURES))
    for name, likelihood in _likelihoods().items():
        out = rng.standard_normal((N_ROWS, likelihood.n_outputs(N_FEATURES)))
        yield "likelihood", name, LikelihoodLayer(likelihood, pixels), (out,), {}
    for name, model in _models(rng):
        labels = {"y": rng.integers(0, model.n_classes, N_ROWS)} if model.n_classes else {}
        yield "model", name, model, (pixels,), labels


def _layers(rng: np.random.Generator) -> Iterator[tuple[str, Any]]:
    yield "Dense", layers.Dense(N_FEATURES, 3, rng=rng)
    yield "Dense without bias", layers.Dense(N_FEATURES, 3, bias=False, rng=rng)
    for activation in activations.ACTIVATIONS.values():
        yield activation.__name__, activation()
    for name in activations.ACTIVATIONS:
        yield f"mlp, {name}", networks.mlp([N_FEATURES, 5, 4, 3], activation=name, rng=rng)


def _music(rng: np.random.Generator) -> Iterator[Part]:
    """Yield the parts that work on tokens."""
    x = rng.integers(N_TOKENS, size=(N_ROWS, N_STEPS)).astype(float)
    z = rng.standard_normal((N_ROWS, N_LATENT))
    yield "layer", "Identity", decoders.Identity(), (z,), {}
    yield "layer", "Conductor", decoders.Conductor(N_LATENT, 2, 3, rng=rng), (z,), {}
    sizes: dict[str, Any] = {"n_hidden": 2, "lookback": 3, "rng": rng}
    for name, likelihood in {
        "categorical": categorical.Categorical(N_TOKENS),
        "autoregressive": decoders.Autoregressive(N_TOKENS, N_STEPS, 2, n_segments=2, **sizes),
    }.items():
        out = rng.standard_normal((N_ROWS, likelihood.n_outputs(N_STEPS)))
        yield "likelihood", name, LikelihoodLayer(likelihood, x), (out,), {}
    sizes |= {"n_tokens": N_TOKENS, "n_steps": N_STEPS, "n_context": 2, "stride": 2}
    model = MelodyVAE(N_LATENT, n_segments=2, free_nats=0.1, **sizes)
    yield "model", "MelodyVAE", model, (x,), {}


def _functions(rng: np.random.Generator) -> Iterator[tuple[Any, Any, tuple[Array, ...]]]:
    """Yield function, backward and inputs."""
    a, b, c, d = rng.standard_normal((4, N_ROWS, N_LATENT))
    for module, name, inputs in (
        (gaussian, "gaussian_log_density", (a, b, c)),
        (gaussian, "log_density", (a, b, c)),
        (gaussian, "kl_per_latent", (a, b)),
        (gaussian, "gaussian_kl", (a, b)),
        (gaussian, "gaussian_kl_between", (a, b, c, d)),
        (gaussian, "reparameterize", (a, b, c)),
        (gaussian, "log_ratio_at", (a, b, c)),
        (gaussian, "bound_log_var", (10 * a,)),
        (variances, "floored_log_var", (a, b)),
        (objectives, "log_mean_exp", (a,)),
    ):
        yield getattr(module, name), getattr(module, f"{name}_backward"), inputs


def _likelihoods() -> dict[str, likelihoods.Likelihood]:
    return {
        "bernoulli": likelihoods.Bernoulli(),
        "continuous bernoulli": likelihoods.ContinuousBernoulli(),
        "gaussian, sigma 0.5": likelihoods.Gaussian(0.5),
        "gaussian, learned sigma": likelihoods.Gaussian("learned"),
        "gaussian, predicted sigma": likelihoods.Gaussian("predicted"),
        "squared error": likelihoods.SquaredError(),
    }


def _models(rng: np.random.Generator) -> Iterator[tuple[str, Any]]:
    shape = N_FEATURES, N_LATENT
    yield "LinearAutoencoder", LinearAutoencoder(*shape, rng=rng)
    yield "LinearAutoencoder with bias", LinearAutoencoder(*shape, bias=True, rng=rng)
    for penalty in (
        regularizers.L2(0.1),
        regularizers.NonUniformL2([0.1, 0.2]),
        regularizers.ProductL2(0.1),
        regularizers.SparseCode(0.1, 0.2),
    ):
        name = f"LinearAutoencoder, {type(penalty).__name__}"
        yield name, LinearAutoencoder(*shape, regularizer=penalty, rng=rng)
    # smooth units: near a kink, central differences lose the digits of small gradients
    deep: dict[str, Any] = {"hidden": (5,), "activation": "tanh"}
    for name, likelihood in _likelihoods().items():
        for kind in (Autoencoder, VAE):
            model = kind(*shape, likelihood=likelihood, rng=rng, **deep)
            yield f"{kind.__name__}, {name}", model
    yield "VAE, no hidden layer, beta 4", VAE(*shape, beta=4.0, rng=rng)
    yield "VAE, 3 importance samples", VAE(*shape, n_importance=3, rng=rng)
    # floors between the KLs of these rows, so that some are free and some are not
    yield "VAE, free nats", VAE(*shape, free_nats=1.0, rng=rng, **deep)
    yield "VAE, free nats for each latent", VAE(*shape, free_nats=[0.5, 0.4], rng=rng, **deep)
    yield "VAE, L2", VAE(*shape, regularizer=regularizers.L2(0.1), rng=rng, **deep)
    yield "ConditionalVAE", ConditionalVAE(*shape, 3, rng=rng, **deep)
    yield "BayesianVAE", BayesianVAE(*shape, rng=rng, **deep)
    predicted = likelihoods.Gaussian("predicted")
    yield (
        "ConditionalVAE, 3 importance samples",
        ConditionalVAE(*shape, 3, n_importance=3, likelihood=predicted, rng=rng, **deep),
    )
