"""Ways to be wrong on the density of a mixture that a decoder makes."""

from breaks import rewrite, swap
from minivae.diagnostics import marginal_likelihood
from minivae.models import objectives, vae
from minivae.nn.gaussian import log_ratio_at
from minivae.nn.likelihoods import Gaussian

STEPS, SMOOTH = "steps-make-a-finite-mixture", "smooth-decoders-make-infinite-mixtures"


def no_ratio(z, log_var, eps):
    return 0 * log_ratio_at(z, log_var, eps)


def best_weight(a):
    return objectives.log_mean_exp(a.max(axis=-1, keepdims=True))


BREAKS = [
    (STEPS, swap(vae, "log_ratio_at", no_ratio)),
    (STEPS, swap(marginal_likelihood, "log_mean_exp", best_weight)),
    (SMOOTH, swap(vae, "log_ratio_at", no_ratio)),
    (SMOOTH, rewrite(Gaussian.log_prob, "return ", "return 1.1 * ")),
]
