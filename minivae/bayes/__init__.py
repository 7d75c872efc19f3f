"""Bayesian inference before the VAE: exact where possible, sampled or approximated elsewhere.

In reading order: `conjugate` models have a posterior in closed form, and `plug_in` shows what
prediction loses without it. `mcmc`, `hamiltonian` and `langevin` draw from any posterior, and
`annealing` finds its integral. `variational` fits a Gaussian to it, `gradient_estimators`
differentiates through the draws, and `amortization` measures what one encoder for all data costs.
`weight_sampling` and `bayesian_vae` draw the weights of a VAE, and an `Ensemble` is several VAEs.
"""

from minivae.bayes.amortization import (
    InferenceGaps,
    expected_inference_gaps,
    inference_gaps,
)
from minivae.bayes.annealing import Annealed, annealed_importance_sampling
from minivae.bayes.bayesian_vae import BayesianVAE
from minivae.bayes.chain import Chain
from minivae.bayes.conjugate import BetaBernoulli, NormalInverseGamma, NormalKnownVariance
from minivae.bayes.ensembles import Ensemble
from minivae.bayes.gradient_estimators import (
    GradientSamples,
    elbo_gradient,
    importance_weighted_gradient,
    reparameterized_gradient,
    score_function_gradient,
)
from minivae.bayes.hamiltonian import hmc, leapfrog
from minivae.bayes.langevin import baoab, euler, sghmc
from minivae.bayes.mcmc import gibbs, metropolis
from minivae.bayes.plug_in import plug_in_coverage, plug_in_interval
from minivae.bayes.vae_inference import annealed_log_likelihood, log_joint
from minivae.bayes.variational import (
    MeanFieldGaussian,
    elbo_and_gradient,
    fit_mean_field,
    gaussian_mean_field,
)
from minivae.bayes.weight_sampling import ScaleAdaptedSGHMC
from minivae.diagnostics.posterior_fit import elbo_and_likelihood, fit_posterior
from minivae.linear.linear_gaussian import LinearGaussianModel

__all__ = [
    "Annealed",
    "BayesianVAE",
    "BetaBernoulli",
    "Chain",
    "Ensemble",
    "GradientSamples",
    "InferenceGaps",
    "LinearGaussianModel",
    "MeanFieldGaussian",
    "NormalInverseGamma",
    "NormalKnownVariance",
    "ScaleAdaptedSGHMC",
    "annealed_importance_sampling",
    "annealed_log_likelihood",
    "baoab",
    "elbo_and_gradient",
    "elbo_and_likelihood",
    "elbo_gradient",
    "euler",
    "expected_inference_gaps",
    "fit_mean_field",
    "fit_posterior",
    "gaussian_mean_field",
    "gibbs",
    "hmc",
    "importance_weighted_gradient",
    "inference_gaps",
    "leapfrog",
    "log_joint",
    "metropolis",
    "plug_in_coverage",
    "plug_in_interval",
    "reparameterized_gradient",
    "score_function_gradient",
    "sghmc",
]
