"""The lines of a pass by name: values from `forward`, and gradients from `backward`."""

from __future__ import annotations

from typing import NamedTuple

from minivae.edge.checks import Array


class AutoencoderPass(NamedTuple):
    """Every line of `Autoencoder.forward`; the last is the term of the loss."""

    x: Array  # (n, n_features)
    z: Array  # (n, n_latent)
    out: Array  # (n, n_outputs)
    target: Array  # (n, n_features)
    log_prob: Array  # (n,)


class AutoencoderGradients(NamedTuple):
    """The gradient of the loss with respect to the lines of an `AutoencoderPass`."""

    dout: Array
    dz_penalty: Array
    dz: Array


class VAEPass(NamedTuple):
    """Every line of `VAE.forward`; the last three are the terms of the bound."""

    x: Array  # (n, n_features)
    h: Array  # (n, 2 L)
    mu: Array  # (n k, L), like the next five
    raw: Array
    log_var: Array
    sigma: Array
    eps: Array
    z: Array
    out: Array  # (n k, n_outputs)
    target: Array  # (n k, n_features)
    log_prob: Array  # (n k,)
    kl: Array  # (n k, L)
    log_ratio: Array  # (n k,)


class VAEGradients(NamedTuple):
    """The gradient of the loss with respect to the lines of a `VAEPass`, last to first.

    A name with an ending is the part of a gradient that came by one term: ``dmu_kl`` by the KL,
    ``dlog_var_z`` by way of the sample z.
    """

    dz_ratio: Array
    dlog_var_ratio: Array
    dmu_kl: Array
    dlog_var_kl: Array
    dout: Array
    dz: Array
    dsigma: Array
    dmu: Array
    dlog_var_z: Array
    dlog_var: Array
    d_raw: Array
    dh: Array


class ElboParts(NamedTuple):
    """The evidence lower bound and its two terms, each (batch,), in nats.

    ``elbo = reconstruction - kl``, where `reconstruction` is ``log p(x | z)`` at one sample of z.
    """

    elbo: Array
    reconstruction: Array
    kl: Array
