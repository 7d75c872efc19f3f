"""One forward and one backward pass through a model, line by line, in the order of its code.

The model runs its own pass. Its encoder and decoder are wrapped, so that they keep a line for each
layer; all other lines are what `forward` and `backward` return by name.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge.checks import ArgumentTypeError
from minivae.explanation.formulas import formulas_of
from minivae.explanation.table import Explanation, Lines, Watched
from minivae.models.model import Model
from minivae.models.passes import VAEGradients, VAEPass
from minivae.nn.gaussian import bound_log_var_backward


def explain(
    model: Model,
    x: ArrayLike,
    *,
    y: ArrayLike | None = None,
    eps: ArrayLike | None = None,
    rng: int | np.random.Generator | None = None,
) -> Explanation:
    """Run one forward and one backward pass through a model, and keep every array.

    Parameters
    ----------
    model : Autoencoder, LinearAutoencoder or VAE
        It stays as it is: the passes go through a copy.
    x : array_like, shape (batch, n_features)
    y : array_like of int, shape (batch,), optional
        Class labels, for a model with `n_classes`.
    eps : array_like, shape (batch, n_latent), optional
        The noise of a VAE, as in `loss_and_grads`.
    rng : int or numpy.random.Generator, optional
        Draws `eps` where it is not given.

    Returns
    -------
    Explanation
        Its loss and gradients are those of ``model.loss_and_grads(x, y=y, eps=eps, rng=rng)``.

    Raises
    ------
    TypeError
        `model` is something else.
    ValueError
        `x`, `y` or `eps` does not fit the model.

    Examples
    --------
    >>> from minivae import LinearAutoencoder, explain
    >>> explanation = explain(LinearAutoencoder(2, 1), [[3.0, 4.0]])
    >>> [row.name for row in explanation.forward]
    ['x', 'encoder.0.y', 'z', 'decoder.0.y', 'out', 'log_prob', 'loss']
    """
    if not isinstance(model, Model) or type(model).loss_and_grads is not Model.loss_and_grads:
        raise ArgumentTypeError(
            f"model must be an Autoencoder, LinearAutoencoder or VAE, got {model!r}"
        )
    model = copy.deepcopy(model)
    encoder, decoder = Watched("encoder", model.encoder), Watched("decoder", model.decoder)
    model.encoder, model.decoder = encoder, decoder
    beta = model.objective.weight(None)
    p = model.forward(*model.inputs(x, y, None, eps, rng))
    losses = model.objective.forward(p, beta)
    dterms = model.objective.backward(p, beta)
    gradients = model.backward(p, *dterms)

    formulas = formulas_of(model, beta)
    line, back = Lines(formulas), Lines(formulas)
    for name, value in p._asdict().items():
        for network in (encoder, decoder):
            line += network.forward_rows if value is network.output else ()
        if not (name == "target" and np.array_equal(value, p.x)):
            line(name, value)
    names = [f"d{name}" for name in p._fields[-len(dterms) :]]
    for name, value in (dict(zip(names, dterms, strict=True)) | gradients._asdict()).items():
        back(name, value)
        for key, gradient in model.likelihood.grads.items() if name == "dout" else ():
            back(f"likelihood.d{key}", gradient, f"dlog_prob * dlog p/d{key}")
        for network in (encoder, decoder):
            back += network.backward_rows if value is network.dy else ()
    if isinstance(p, VAEPass):
        _add_what_training_does_not_need(encoder.network, back, p, gradients)
    _add_the_end(model, p, line, back, losses["loss"])
    title = (
        f"{type(model).__name__}: {model.n_features} features, {model.n_latent} latent, "
        f"likelihood {model.likelihood.name}, batch of {len(p.x)}"
    )
    return Explanation(title, line, back)


def _add_the_end(model: Model, p: Any, line: Lines, back: Lines, loss: Any) -> None:
    """Add the loss, and what a regularizer adds to the loss and to the gradients."""
    if model.regularizer is None:
        line("loss", loss)
        return
    line("penalty", model.penalty(p), f"by {type(model.regularizer).__name__}")
    line("loss", loss + line[-1].value, f"{line.formulas['loss']} + penalty")
    grads = model.grads
    for name, gradient in model.regularizer.penalty_backward(model.params).items():
        part, _, key = name.rpartition(".")
        back(f"{part}.d{key}_penalty", gradient, f"dpenalty/d{key}")
        back(f"{part}.d{key}", grads[name] + gradient, f"d{key} + d{key}_penalty")


def _add_what_training_does_not_need(
    encoder: Any, back: Lines, p: VAEPass, gradients: VAEGradients
) -> None:
    """Add the gradient of the noise, and all that reaches the encoder without the trick."""
    back("deps", gradients.dz * p.sigma)
    if "dx_kl" not in back.formulas:
        return
    d_raw_kl = bound_log_var_backward(p.raw, gradients.dlog_var_kl)
    back("dh_kl", np.concatenate([gradients.dmu_kl, d_raw_kl], axis=1))
    grads = {key: value.copy() for key, value in encoder.grads.items()}
    back("dx_kl", encoder.backward(back[-1].value))
    for key, value in grads.items():
        encoder.grads[key][...] = value
