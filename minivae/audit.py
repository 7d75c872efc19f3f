"""Every hand-written gradient of the package, checked: the table of ``minivae gradcheck``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from minivae import gaussian, layers, likelihoods
from minivae._checks import Array
from minivae.autoencoder import Autoencoder, LinearAutoencoder
from minivae.gradcheck import GradientReport, check_gradients
from minivae.vae import VAE

N_ROWS, N_FEATURES, N_LATENT = 5, 6, 2


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
            f"{worst.relative_error:9.1e} {exact.relative_error:9.1e}  {place:24s}"
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
        seed = int(rng.integers(2**32))
        central, exact = (
            check_gradients(target, *inputs, method=method, rng=seed, **options)
            for method in ("central", "complex")
        )
        yield AuditRow(kind, name, central, exact)


class LikelihoodLayer:
    """A likelihood as a layer: from the decoder's output to ``log p(x | out)``."""

    def __init__(self, likelihood: likelihoods.Likelihood, x: Array) -> None:
        self.likelihood, self.x = likelihood, x
        self.params, self.grads = likelihood.params, likelihood.grads

    def forward(self, out: Array) -> Array:
        """Return ``log p(x | out)``, shape (batch,)."""
        self.out = out
        return self.likelihood.log_prob(self.x, out)

    def backward(self, dlog_prob: Array) -> Array:
        """Return the gradient by the decoder's output."""
        return self.likelihood.log_prob_backward(self.x, self.out, dlog_prob)


def _parts(rng: np.random.Generator) -> Iterator[tuple[str, str, Any, tuple[Any, ...], Any]]:
    """Yield kind, name, target, inputs and options of everything that has a gradient."""
    x = rng.standard_normal((N_ROWS, N_FEATURES))
    for layer in (
        layers.Dense(N_FEATURES, 3, rng=rng),
        layers.Dense(N_FEATURES, 3, bias=False, rng=rng),
    ):
        name = "Dense" if "b" in layer.params else "Dense without bias"
        yield "layer", name, layer, (x,), {}
    for activation in layers.ACTIVATIONS.values():
        yield "layer", activation.__name__, activation(), (x,), {}
    for name in layers.ACTIVATIONS:
        network = layers.mlp([N_FEATURES, 5, 4, 3], activation=name, rng=rng)
        yield "layer", f"mlp, {name}", network, (x,), {}

    a, b, c, d = rng.standard_normal((4, N_ROWS, N_LATENT))
    for function, inputs in {
        gaussian.gaussian_log_density: (a, b, c),
        gaussian.gaussian_kl: (a, b),
        gaussian.gaussian_kl_between: (a, b, c, d),
        gaussian.reparameterize: (a, b, c),
        gaussian.bound_log_var: (10 * a,),
    }.items():
        backward = getattr(gaussian, f"{function.__name__}_backward")
        yield "function", function.__name__, function, inputs, {"backward": backward}

    pixels = rng.random((N_ROWS, N_FEATURES))
    kinds: dict[str, likelihoods.Likelihood] = {
        "bernoulli": likelihoods.Bernoulli(),
        "continuous bernoulli": likelihoods.ContinuousBernoulli(),
        "gaussian, sigma 0.5": likelihoods.Gaussian(0.5),
        "gaussian, learned sigma": likelihoods.Gaussian("learned"),
        "gaussian, predicted sigma": likelihoods.Gaussian("predicted"),
        "squared error": likelihoods.SquaredError(),
    }
    for name, likelihood in kinds.items():
        out = rng.standard_normal((N_ROWS, likelihood.n_outputs(N_FEATURES)))
        yield "likelihood", name, LikelihoodLayer(likelihood, pixels), (out,), {}

    for bias in (False, True):
        name = "LinearAutoencoder" + (" with bias" if bias else "")
        linear = LinearAutoencoder(N_FEATURES, N_LATENT, bias=bias, rng=rng)
        yield "model", name, linear, (pixels,), {}
    for name, likelihood in kinds.items():
        for kind in (Autoencoder, VAE):
            model = kind(N_FEATURES, N_LATENT, hidden=(5,), likelihood=likelihood, rng=rng)
            yield "model", f"{kind.__name__}, {name}", model, (pixels,), {}
    shallow = VAE(N_FEATURES, N_LATENT, beta=4.0, rng=rng)
    yield "model", "VAE, no hidden layer, beta 4", shallow, (pixels,), {}
