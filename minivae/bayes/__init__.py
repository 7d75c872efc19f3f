"""Bayesian inference before the VAE: exact where it can be, sampled or approximated elsewhere.

In reading order: `conjugate` models have a posterior in closed form, and `plug_in` shows what is
lost without one; `mcmc` and `hamiltonian` draw from any posterior; `variational` fits a Gaussian
to it; `amortization` prices the encoder that does so for all data at once.
"""

from minivae.bayes.amortization import (
    InferenceGaps,
    expected_inference_gaps,
    inference_gaps,
)
from minivae.bayes.chain import Chain
from minivae.bayes.conjugate import BetaBernoulli, NormalInverseGamma, NormalKnownVariance
from minivae.bayes.hamiltonian import hmc, leapfrog
from minivae.bayes.mcmc import gibbs, metropolis
from minivae.bayes.plug_in import plug_in_coverage, plug_in_interval
from minivae.bayes.variational import (
    MeanFieldGaussian,
    elbo_and_gradient,
    fit_mean_field,
    gaussian_mean_field,
)
from minivae.linear.linear_gaussian import LinearGaussianModel

__all__ = [
    "BetaBernoulli",
    "Chain",
    "InferenceGaps",
    "LinearGaussianModel",
    "MeanFieldGaussian",
    "NormalInverseGamma",
    "NormalKnownVariance",
    "elbo_and_gradient",
    "expected_inference_gaps",
    "fit_mean_field",
    "gaussian_mean_field",
    "gibbs",
    "hmc",
    "inference_gaps",
    "leapfrog",
    "metropolis",
    "plug_in_coverage",
    "plug_in_interval",
]
