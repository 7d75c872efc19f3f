"""Diagonal Gaussians: density, KL divergence and sampling, each with its gradient below it.

`mu` and `log_var` are the mean and the log *variance*, shape (batch, n_latent). Densities and
divergences are sums over the latent dimensions, in nats per example, shape (batch,); only
`kl_per_latent` is not summed.

The ``_backward`` of a function takes the same arguments and then the gradient of the loss with
respect to the value of the function. It returns the gradients with respect to the arguments, in
their order.
"""

from __future__ import annotations

import numpy as np

from minivae.edge.checks import Array, as_floats, as_same_shape

LOG_2PI = float(np.log(2 * np.pi))
LOG_VAR_LIMIT = 20.0


def gaussian_log_density(z: Array, mu: Array, log_var: Array) -> Array:
    """Return ``log N(z; mu, exp(log_var))``, summed over the last axis.

    Parameters
    ----------
    z, mu, log_var : array, shape (batch, n_latent)

    Returns
    -------
    array, shape (batch,), in nats
    """
    return log_density(*as_same_shape(z=z, mu=mu, log_var=log_var))


def log_density(z: Array, mu: Array, log_var: Array) -> Array:
    """Return what `gaussian_log_density` does, for arrays whose shapes may broadcast."""
    # log N = -1/2 sum_i [ log 2 pi + lv_i + ((z_i - mu_i) / e^(lv_i / 2))^2 ]
    r = (z - mu) * np.exp(-0.5 * log_var)  # where 1 / e^lv overflows, its root may not
    return -0.5 * np.sum(LOG_2PI + log_var + r * r, axis=-1)


def gaussian_log_density_backward(
    z: Array, mu: Array, log_var: Array, dlog_density: Array
) -> tuple[Array, Array, Array]:
    """Return ``(dz, dmu, dlog_var)``; ``d log N / dz = -(z - mu) / var = -d log N / dmu``."""
    z, mu, log_var = as_same_shape(z=z, mu=mu, log_var=log_var)
    dlog_density = as_floats("dlog_density", dlog_density, z.shape[:-1])
    return log_density_backward(z, mu, log_var, dlog_density)


def log_density_backward(
    z: Array, mu: Array, log_var: Array, dlog_density: Array
) -> tuple[Array, Array, Array]:
    """Return what `gaussian_log_density_backward` does, for arrays whose shapes may broadcast."""
    # d log N / dlv = -1/2 [ 1 - (z - mu)^2 / e^lv ]
    d = dlog_density[..., None]
    scaled = (z - mu) * np.exp(-log_var)
    dz = -d * scaled
    return dz, -dz, -0.5 * d * (1 - (z - mu) * scaled)


def kl_per_latent(mu: Array, log_var: Array) -> Array:
    """Return the analytic ``KL( N(mu, exp(log_var)) || N(0, 1) )`` of every latent dimension.

    Parameters
    ----------
    mu, log_var : array, shape (batch, n_latent)

    Returns
    -------
    array, shape (batch, n_latent), in nats

    References
    ----------
    Kingma, Welling: Auto-Encoding Variational Bayes, arXiv 1312.6114, appendix B.
    """
    # KL_i = 1/2 [ mu_i^2 + e^lv_i - 1 - lv_i ]
    return 0.5 * (mu * mu + np.expm1(log_var) - log_var)


def kl_per_latent_backward(mu: Array, log_var: Array, dkl: Array) -> tuple[Array, Array]:
    """Return ``(dmu, dlog_var)``: ``dKL_i/dmu_i = mu_i`` and ``dKL_i/dlv_i = (e^lv_i - 1) / 2``."""
    return dkl * mu, 0.5 * dkl * np.expm1(log_var)


def gaussian_kl(mu: Array, log_var: Array) -> Array:
    """Return the analytic ``KL( N(mu, exp(log_var)) || N(0, I) )``, the sum over the latents.

    Parameters
    ----------
    mu, log_var : array, shape (batch, n_latent)

    Returns
    -------
    array, shape (batch,), in nats
    """
    return np.sum(kl_per_latent(*as_same_shape(mu=mu, log_var=log_var)), axis=-1)


def gaussian_kl_backward(mu: Array, log_var: Array, dkl: Array) -> tuple[Array, Array]:
    """Return ``(dmu, dlog_var)``: each term of the sum has the gradient of the sum."""
    mu, log_var = as_same_shape(mu=mu, log_var=log_var)
    return kl_per_latent_backward(mu, log_var, as_floats("dkl", dkl, mu.shape[:-1])[..., None])


def gaussian_kl_between(mu1: Array, log_var1: Array, mu2: Array, log_var2: Array) -> Array:
    """Return the analytic ``KL( N(mu1, exp(log_var1)) || N(mu2, exp(log_var2)) )``.

    Parameters
    ----------
    mu1, log_var1, mu2, log_var2 : array, shape (batch, n_latent)

    Returns
    -------
    array, shape (batch,), in nats
    """
    mu1, log_var1, mu2, log_var2 = as_same_shape(
        mu1=mu1, log_var1=log_var1, mu2=mu2, log_var2=log_var2
    )
    # KL = 1/2 sum_i [ lv2 - lv1 + (e^lv1 + (mu1 - mu2)^2) / e^lv2 - 1 ]
    r = mu1 - mu2
    log_ratio = log_var1 - log_var2
    return 0.5 * np.sum(np.expm1(log_ratio) - log_ratio + r * r * np.exp(-log_var2), axis=-1)


def gaussian_kl_between_backward(
    mu1: Array, log_var1: Array, mu2: Array, log_var2: Array, dkl: Array
) -> tuple[Array, Array, Array, Array]:
    """Return ``(dmu1, dlog_var1, dmu2, dlog_var2)``."""
    mu1, log_var1, mu2, log_var2 = as_same_shape(
        mu1=mu1, log_var1=log_var1, mu2=mu2, log_var2=log_var2
    )
    # dKL/dmu1 = (mu1 - mu2) / e^lv2         dKL/dlv1 = 1/2 (e^(lv1 - lv2) - 1)
    # dKL/dmu2 = -dKL/dmu1                   dKL/dlv2 = -dKL/dlv1 - 1/2 (mu1 - mu2)^2 / e^lv2
    d = as_floats("dkl", dkl, mu1.shape[:-1])[..., None]
    r = mu1 - mu2
    dmu1 = d * r * np.exp(-log_var2)
    dlog_var1 = 0.5 * d * np.expm1(log_var1 - log_var2)
    return dmu1, dlog_var1, -dmu1, -dlog_var1 - 0.5 * r * dmu1


def reparameterize(mu: Array, log_var: Array, eps: Array) -> Array:
    """Return a sample of ``N(mu, exp(log_var))`` as a differentiable function of its parameters.

    The noise `eps` is an argument, so the path from `mu` and `log_var` to the sample is plain
    arithmetic, and the chain rule applies to it.

    Parameters
    ----------
    mu, log_var : array, shape (batch, n_latent)
    eps : array, shape (batch, n_latent)
        Standard normal noise.

    Returns
    -------
    z : array, shape (batch, n_latent)

    References
    ----------
    Kingma, Welling: Auto-Encoding Variational Bayes, arXiv 1312.6114, section 2.4.
    """
    mu, log_var, eps = as_same_shape(mu=mu, log_var=log_var, eps=eps)
    # z = mu + sigma eps, and the standard deviation is sigma = e^(lv / 2)
    return mu + np.exp(0.5 * log_var) * eps


def reparameterize_backward(
    mu: Array, log_var: Array, eps: Array, dz: Array
) -> tuple[Array, Array]:
    """Return ``(dmu, dlog_var)``: ``dz/dmu = 1`` and ``dz/dlv = e^(lv / 2) eps / 2``."""
    _, log_var, eps, dz = as_same_shape(mu=mu, log_var=log_var, eps=eps, dz=dz)
    return dz, 0.5 * np.exp(0.5 * log_var) * eps * dz


def log_ratio_at(z: Array, log_var: Array, eps: Array) -> Array:
    """Return ``log p(z) - log q(z | x)`` at the draw ``z = mu + sigma eps``.

    The prior is ``p = N(0, I)`` and the posterior ``q = N(mu, sigma^2)`` with
    ``sigma = exp(log_var / 2)``. The mean of the ratio over draws is minus the KL.

    Parameters
    ----------
    z, log_var, eps : array, shape (batch, n_latent)
        `eps` is the noise that `z` was drawn with.

    Returns
    -------
    array, shape (batch,), in nats
    """
    # log p - log q = 1/2 sum_i [ ((z_i - mu_i) / sigma_i)^2 + lv_i - z_i^2 ], and the quotient is
    # eps_i: the two constants log 2 pi cancel, and mu is not needed
    return 0.5 * np.sum(eps * eps + log_var - z * z, axis=-1)


def log_ratio_at_backward(
    z: Array, log_var: Array, eps: Array, dlog_ratio: Array
) -> tuple[Array, Array]:
    """Return ``(dz, dlog_var)`` for fixed `eps`: the partial derivatives are -z and 1/2."""
    d = dlog_ratio[:, None]
    return -d * z, 0.5 * d * np.ones_like(log_var)


def bound_log_var(raw: Array) -> Array:
    """Return a log variance between -20 and 20, a smooth function that is `raw` itself near zero.

    A network can put out any number, and ``exp`` of a large one overflows. Models bound the output
    once, before they use it, so that all terms and all gradients see the same variance.

    Parameters
    ----------
    raw : array of any shape

    Returns
    -------
    log_var : array of the same shape; variances lie between 2e-9 and 5e8
    """
    raw = as_floats("raw", raw)
    return LOG_VAR_LIMIT * np.tanh(raw / LOG_VAR_LIMIT)


def bound_log_var_backward(raw: Array, dlog_var: Array) -> Array:
    """Return ``d_raw``: the derivative of ``L tanh(raw / L)`` is ``1 - tanh(raw / L)**2``."""
    raw, dlog_var = as_same_shape(raw=raw, dlog_var=dlog_var)
    t = np.tanh(raw / LOG_VAR_LIMIT)
    return dlog_var * (1 - t * t)
