"""Mistakes that inference on many data, and the packing of a code space, must notice."""

from breaks import rewrite
from minivae.bayes import mcmc, variational
from minivae.bayes.conjugate import NormalKnownVariance
from minivae.nn import gaussian

BREAKS = [
    (
        "subsampled-metropolis-is-biased",
        rewrite(mcmc.metropolis, "proposed_log_p - log_p:", "0.8 * (proposed_log_p - log_p):"),
    ),
    (
        "copies-sharpen-the-posterior",
        rewrite(NormalKnownVariance.update, "+ n / self.noise_variance\n", "+ 1\n"),
    ),
    (
        "copies-sharpen-the-posterior",
        rewrite(NormalKnownVariance.update, "(self.mean / self.variance + ", "("),
    ),
    (
        "variational-warm-start",
        rewrite(variational.gaussian_mean_field, "1 / diagonal", "1 / diagonal**0.5"),
    ),
    (
        "variational-warm-start",
        rewrite(mcmc.gibbs, "z[j] = draw(z, rng)", "z[j] = draw(rows[0], rng)"),
    ),
    ("sphere-packing", rewrite(gaussian.reparameterize, "0.5 * log_var", "log_var")),
    ("sphere-packing", rewrite(gaussian.kl_per_latent, "np.expm1(", "np.exp(")),
]
