"""What lies between a VAE's ELBO and log p(x): log p(x) by annealing.

``log p(x) - ELBO`` is the sum of two gaps. Even the best Gaussian q of an example has the
approximation gap. An encoder adds the amortization gap, because one function serves all examples;
`minivae.diagnostics.posterior_fit` finds the best q.

References
----------
Cremer, Li and Duvenaud (2018), Inference Suboptimality in Variational Autoencoders,
arXiv 1801.03558.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from minivae.bayes.annealing import annealed_importance_sampling
from minivae.bayes.hamiltonian import LogDensityAndGradient
from minivae.diagnostics.posterior_fit import blocks_with_draws, density_batch
from minivae.edge.checks import Array, as_floats, check_integer, check_rng
from minivae.models.vae import VAE
from minivae.nn.gaussian import log_density
from minivae.nn.rows import repeat_rows


def log_joint(model: VAE, x: Array) -> LogDensityAndGradient:
    """Return ``z -> log p(x, z)`` and its gradient with respect to z, row by row.

    Parameters
    ----------
    model : VAE
    x : array, shape (batch, n_features)
        One row for each row of z.
    """
    x = density_batch(model, x)

    def log_density_and_gradient(z: Array) -> tuple[Array, Array]:
        z = as_floats("z", z, (len(x), model.n_latent))
        log_p, dz = _log_likelihood(model, x, z)
        zeros = np.zeros_like(z)
        return log_p + log_density(z, zeros, zeros), dz - z

    return log_density_and_gradient


def annealed_log_likelihood(
    model: VAE,
    x: ArrayLike,
    *,
    n_steps: int = 300,
    n_chains: int = 16,
    step: float = 0.8,
    rng: int | np.random.Generator | None = None,
) -> Array:
    """Estimate log p(x) of every example by annealing from the encoder's q to the posterior.

    On average the estimate is a lower bound, like the estimate of `minivae.log_likelihood`. It is
    tighter where the encoder misses most of the posterior.

    Parameters
    ----------
    model : VAE
        Its likelihood is a density, as for `minivae.log_likelihood`.
    x : array_like, shape (n, n_features)
    n_steps, step
        As in `minivae.bayes.annealed_importance_sampling`.
    n_chains : int
        The number of chains for each example; their weights are averaged.
    rng : int or numpy.random.Generator, optional

    Returns
    -------
    array of float64, shape (n,), in nats
    """
    n_chains, rng = check_integer("n_chains", n_chains, 1), check_rng(rng)
    estimates = []
    x = density_batch(model, x)
    for rows in blocks_with_draws(x, n_chains):
        mu, log_var = (repeat_rows(each, n_chains) for each in model.encode(x[rows]))
        target = log_joint(model, repeat_rows(x[rows], n_chains))
        chains = annealed_importance_sampling(
            target, mu, log_var, n_steps=n_steps, step=step, rng=rng
        )
        log_w = chains.log_weights.reshape(-1, n_chains)
        estimates.append(np.logaddexp.reduce(log_w, axis=1) - np.log(n_chains))
    return np.concatenate(estimates)


def _log_likelihood(model: VAE, x: Array, z: Array) -> tuple[Array, Array]:
    """Return ``log p(x | z)`` in float64, and its gradient with respect to z."""
    out = model.decoder.forward(z.astype(model.dtype, copy=False))
    log_p = model.likelihood.log_prob(x, out)
    dout = model.likelihood.log_prob_backward(x, out, np.ones(len(x), model.dtype))
    return np.asarray(log_p, float), np.asarray(model.decoder.backward(dout), float)
