"""Linear models, where the exact answers are known: PCA, probabilistic PCA, and what equals them.

In reading order: `principal_axes` finds the eigenvectors of a data set, and `pca` codes data with
them. `linear_gaussian` is a model with closed forms, and `probabilistic_pca` maximises its
likelihood. `autoencoder_is_pca` and `vae_is_ppca` train a model and compare it with these two.
"""

from minivae.linear.autoencoder_is_pca import EquivalenceReport, verify_pca_equivalence
from minivae.linear.linear_gaussian import LinearGaussianModel
from minivae.linear.pca import PCA, align_signs
from minivae.linear.probabilistic_pca import ProbabilisticPCA
from minivae.linear.vae_is_ppca import (
    LinearVAEReport,
    decoder_variance,
    exact_elbo,
    fit_linear_vae,
    sigma_points,
    verify_ppca_equivalence,
    with_sigma_points,
)

__all__ = [
    "PCA",
    "EquivalenceReport",
    "LinearGaussianModel",
    "LinearVAEReport",
    "ProbabilisticPCA",
    "align_signs",
    "decoder_variance",
    "exact_elbo",
    "fit_linear_vae",
    "sigma_points",
    "verify_pca_equivalence",
    "verify_ppca_equivalence",
    "with_sigma_points",
]
