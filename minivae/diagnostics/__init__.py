"""Diagnostics: what a trained model does with its code."""

from minivae.diagnostics.code_space import (
    continuity,
    cycle_error,
    decoded_steps,
    hole_fraction,
    nearest_distances,
    sample_codes,
    sample_distance_ratio,
)
from minivae.diagnostics.detection import auprc, auroc, false_positive_rate
from minivae.diagnostics.disagreement import effective_models, weight_scores
from minivae.diagnostics.information import (
    ElboSurgery,
    active_units,
    aggregated_posterior,
    elbo_surgery,
    kl_per_dimension,
    kl_to_prior,
    mutual_information,
    posteriors,
)
from minivae.diagnostics.rate import (
    RateDistortion,
    gaussian_rate_distortion,
    rate_distortion,
)
from minivae.diagnostics.samples import (
    frechet_distance,
    inception_score,
    precision_and_recall,
)

__all__ = [
    "ElboSurgery",
    "RateDistortion",
    "active_units",
    "aggregated_posterior",
    "auprc",
    "auroc",
    "continuity",
    "cycle_error",
    "decoded_steps",
    "effective_models",
    "elbo_surgery",
    "false_positive_rate",
    "frechet_distance",
    "gaussian_rate_distortion",
    "hole_fraction",
    "inception_score",
    "kl_per_dimension",
    "kl_to_prior",
    "mutual_information",
    "nearest_distances",
    "posteriors",
    "precision_and_recall",
    "rate_distortion",
    "sample_codes",
    "sample_distance_ratio",
    "weight_scores",
]
