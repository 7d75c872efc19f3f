"""Linear models, where the exact answers are known: PCA, probabilistic PCA, and what equals them.

In reading order: `principal_axes` computes what all share; `pca`; `linear_gaussian`, a model with a
closed form for everything, and `probabilistic_pca`, its maximum likelihood. Then the two theorems:
`autoencoder_is_pca` and `vae_is_ppca` train a model and compare it with the exact answer.
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
