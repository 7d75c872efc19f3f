"""One-line mistakes that the claims of the advanced lectures must notice."""

from breaks import rewrite
from minivae.bayes import gradient_estimators as estimators
from minivae.models import objectives
from minivae.models.vae import VAE
from minivae.nn import gaussian

WEIGHTED = estimators.importance_weighted_gradient

BREAKS = [
    (
        "gradient-signal-to-noise",
        rewrite(objectives.log_mean_exp_backward, "np.sum(e, axis=-1, keepdims=True)", "e.shape[-1]"),
    ),
    ("gradient-signal-to-noise", rewrite(WEIGHTED, "w * w * along, w * w", "w * along, w")),
    ("doubly-reparameterized-gradient", rewrite(WEIGHTED, "w * w * along, w * w", "w * along, w")),
    ("doubly-reparameterized-gradient", rewrite(WEIGHTED, "log_p + 0.5 * np", "log_p - 0.5 * np")),
    ("doubly-reparameterized-gradient", rewrite(VAE.backward, "+ dz_ratio", "")),
    ("renyi-bounds", rewrite(gaussian.log_ratio_at, "+ log_var - z * z", "+ log_var")),
]
