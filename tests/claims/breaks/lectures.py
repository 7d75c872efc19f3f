"""One-line mistakes that the claims of the advanced lectures must notice."""

from breaks import rewrite
from minivae.bayes import gradient_estimators as estimators
from minivae.diagnostics import information
from minivae.models import objectives
from minivae.models.vae import VAE
from minivae.nn import gaussian

WEIGHTED = estimators.importance_weighted_gradient

BREAKS = [
    (
        "doubly-reparameterized-gradient",
        rewrite(objectives.log_mean_exp_backward, "np.sum(e, axis=-1, keepdims=True)", "e.shape[-1]"),
    ),
    ("gradient-signal-to-noise", rewrite(WEIGHTED, "w * w * along, w * w", "w * along, w")),
    ("doubly-reparameterized-gradient", rewrite(WEIGHTED, "w * w * along, w * w", "w * along, w")),
    ("doubly-reparameterized-gradient", rewrite(WEIGHTED, "log_p + 0.5 * np", "log_p - 0.5 * np")),
    ("doubly-reparameterized-gradient", rewrite(VAE.backward, "+ dz_ratio", "")),
    ("information-of-finitely-many", rewrite(information.mutual_information, "ratio.mean()", "1.01 * ratio.mean()")),
    ("mixture-of-codes", rewrite(information.kl_to_prior, "mean @ mean - len(mean)", "-len(mean)/2")),
    ("bonnet-price-and-stein", rewrite(estimators.reparameterized_gradient, "dz * eps)", "dz * abs(eps))")),
    ("bonnet-price-and-stein", rewrite(estimators._score, "(eps * eps - 1)", "(eps * eps - 1.001)")),
    ("a-step-breaks-the-path", rewrite(estimators._score, "return eps / sigma,", "return eps,")),
    ("a-moving-support-breaks-the-score", rewrite(estimators._score, "(eps * eps - 1)", "(eps * eps)")),
    ("heavy-tails-hide-the-gradient", rewrite(estimators.reparameterized_gradient, "dz * eps)", "dz * abs(eps))")),
    ("local-reparameterization", rewrite(gaussian.reparameterize, "0.5 * log_var", "log_var")),
    ("renyi-bounds", rewrite(gaussian.log_ratio_at, "+ log_var - z * z", "+ log_var")),
]
