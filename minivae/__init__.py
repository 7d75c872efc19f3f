"""minivae: autoencoders, PCA and variational autoencoders from scratch in NumPy.

Every gradient is written by hand, and every claim is checked against something that did not come
from here. ``python -m minivae tour`` shows it.
"""

from importlib import import_module
from typing import Any

from minivae.bayes.bayesian_vae import BayesianVAE
from minivae.diagnostics.interpolation import lerp, slerp
from minivae.diagnostics.marginal_likelihood import importance_weighted_bound, log_likelihood
from minivae.diagnostics.outliers import outlier_scores
from minivae.diagnostics.two_samples import TwoSampleReport, two_sample_test
from minivae.explanation.passes import explain
from minivae.gradient_check.check import check_gradients
from minivae.gradient_check.report import GradientReport
from minivae.linear.autoencoder_is_pca import EquivalenceReport, verify_pca_equivalence
from minivae.linear.pca import PCA
from minivae.linear.probabilistic_pca import ProbabilisticPCA
from minivae.linear.vae_is_ppca import LinearVAEReport, verify_ppca_equivalence
from minivae.models.autoencoder import Autoencoder, LinearAutoencoder
from minivae.models.saving import load
from minivae.models.vae import VAE, ConditionalVAE
from minivae.music.model import MelodyVAE
from minivae.nn.activations import LeakyReLU, ReLU, Sigmoid, Softplus, Tanh
from minivae.nn.categorical import Categorical
from minivae.nn.gaussian import (
    bound_log_var,
    bound_log_var_backward,
    gaussian_kl,
    gaussian_kl_backward,
    gaussian_kl_between,
    gaussian_kl_between_backward,
    gaussian_log_density,
    gaussian_log_density_backward,
    reparameterize,
    reparameterize_backward,
)
from minivae.nn.layers import Dense, Layer
from minivae.nn.likelihoods import Bernoulli, ContinuousBernoulli, Gaussian, SquaredError
from minivae.nn.networks import Sequential, mlp
from minivae.nn.recurrent import GRU
from minivae.training.batches import minibatches
from minivae.training.callbacks import Checkpoint, CodeRecorder, EarlyStopping, Progress
from minivae.training.lbfgs import fit_lbfgs
from minivae.training.optimizers import SGD, Adam

__version__ = "0.1.0"

__all__ = [
    "GRU",
    "PCA",
    "SGD",
    "VAE",
    "Adam",
    "Autoencoder",
    "BayesianVAE",
    "Bernoulli",
    "Categorical",
    "Checkpoint",
    "CodeRecorder",
    "ConditionalVAE",
    "ContinuousBernoulli",
    "Dense",
    "EarlyStopping",
    "EquivalenceReport",
    "Gaussian",
    "GradientReport",
    "Layer",
    "LeakyReLU",
    "LinearAutoencoder",
    "LinearVAEReport",
    "MelodyVAE",
    "ProbabilisticPCA",
    "Progress",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softplus",
    "SquaredError",
    "Tanh",
    "TwoSampleReport",
    "bound_log_var",
    "bound_log_var_backward",
    "check_gradients",
    "explain",
    "fit_lbfgs",
    "gaussian_kl",
    "gaussian_kl_backward",
    "gaussian_kl_between",
    "gaussian_kl_between_backward",
    "gaussian_log_density",
    "gaussian_log_density_backward",
    "importance_weighted_bound",
    "lerp",
    "load",
    "log_likelihood",
    "minibatches",
    "mlp",
    "outlier_scores",
    "reparameterize",
    "reparameterize_backward",
    "slerp",
    "two_sample_test",
    "verify_pca_equivalence",
    "verify_ppca_equivalence",
]

# modules by their short names, imported when they are first entered
_MODULES = {
    "bayes": "bayes",
    "claims": "claims",
    "corruptions": "training.corruptions",
    "datasets": "datasets",
    "diagnostics": "diagnostics",
    "edge": "edge",
    "explanation": "explanation",
    "gradient_check": "gradient_check",
    "linear": "linear",
    "models": "models",
    "nn": "nn",
    "plots": "plots",
    "regularizers": "models.regularizers",
    "studies": "studies",
    "schedules": "training.schedules",
    "training": "training",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"{__name__}.{_MODULES[name]}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
