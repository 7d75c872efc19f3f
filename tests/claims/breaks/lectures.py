"""One-line mistakes that the claims of the advanced lectures must notice."""

from breaks import rewrite
from minivae.bayes import gradient_estimators as estimators
from minivae.bayes import mcmc, variational
from minivae.bayes.chain import Chain
from minivae.bayes.conjugate import NormalKnownVariance as NORMAL
from minivae.diagnostics import information, samples
from minivae.linear import pca, principal_axes
from minivae.linear.linear_gaussian import LinearGaussianModel as MODEL
from minivae.models import objectives
from minivae.models.vae import VAE
from minivae.nn import gaussian
from minivae.nn.activations import Tanh
from minivae.nn.layers import Dense
from minivae.training.optimizers import SGD

WEIGHTED = estimators.importance_weighted_gradient

BREAKS = [
    (
        "doubly-reparameterized-gradient",
        rewrite(
            objectives.log_mean_exp_backward, "np.sum(e, axis=-1, keepdims=True)", "e.shape[-1]"
        ),
    ),
    ("gradient-signal-to-noise", rewrite(WEIGHTED, "w * w * along, w * w", "w * along, w")),
    ("doubly-reparameterized-gradient", rewrite(WEIGHTED, "w * w * along, w * w", "w * along, w")),
    ("doubly-reparameterized-gradient", rewrite(WEIGHTED, "log_p + 0.5 * np", "log_p - 0.5 * np")),
    ("doubly-reparameterized-gradient", rewrite(VAE.backward, "+ dz_ratio", "")),
    (
        "information-of-finitely-many",
        rewrite(information.mutual_information, "ratio.mean()", "1.01 * ratio.mean()"),
    ),
    (
        "mixture-of-codes",
        rewrite(information.kl_to_prior, "mean @ mean - len(mean)", "-len(mean)/2"),
    ),
    (
        "bonnet-price-and-stein",
        rewrite(estimators.reparameterized_gradient, "dz * eps)", "dz * abs(eps))"),
    ),
    (
        "bonnet-price-and-stein",
        rewrite(estimators._score, "(eps * eps - 1)", "(eps * eps - 1.001)"),
    ),
    ("a-step-breaks-the-path", rewrite(estimators._score, "return eps / sigma,", "return eps,")),
    (
        "a-moving-support-breaks-the-score",
        rewrite(estimators._score, "(eps * eps - 1)", "(eps * eps)"),
    ),
    (
        "heavy-tails-hide-the-gradient",
        rewrite(estimators.reparameterized_gradient, "dz * eps)", "dz * abs(eps))"),
    ),
    ("local-reparameterization", rewrite(gaussian.reparameterize, "0.5 * log_var", "log_var")),
    ("renyi-bounds", rewrite(gaussian.log_ratio_at, "+ log_var - z * z", "+ log_var")),
    (
        "ppca-stationary-points",
        rewrite(MODEL.log_marginal, "(n_features - n_latent) * np", "n_features * np"),
    ),
    ("ppca-stationary-points", rewrite(MODEL.log_marginal, "/ s2 + (mu**2)", "/ s2 - (mu**2)")),
    (
        "gibbs-on-a-finite-space",
        rewrite(mcmc.gibbs, "draw(z, rng)", "draw(samples[n - 1] if n else z, rng)"),
    ),
    (
        "gibbs-on-a-finite-space",
        rewrite(Chain.autocorrelation, "covariance / covariance[0]", "covariance"),
    ),
    ("metropolis-as-a-matrix", rewrite(mcmc.metropolis, "z + step *", "z + 1.2 * step *")),
    (
        "metropolis-as-a-matrix",
        rewrite(Chain.autocorrelation_time, "2 * monotone.sum(axis=0) - 1", "monotone.sum(axis=0)"),
    ),
    ("eckart-young-mirsky", rewrite(pca.PCA.fit, "axes[:k]", "axes[1 : k + 1]")),
    ("eckart-young-mirsky", rewrite(pca.PCA.inverse_transform, "+ self.mean_", "")),
    ("davis-kahan", rewrite(pca.PCA.fit, "axes[:k]", "axes[-k:]")),
    ("davis-kahan", rewrite(principal_axes.axes_about, "V[:, ::-1].T", "V.T")),
    ("pca-below-the-threshold", rewrite(principal_axes.axes_about, "V[:, ::-1].T", "V.T")),
    (
        "modes-are-learned-in-turn",
        rewrite(SGD._update_block, "self.learning_rate *", "0.9 * self.learning_rate *"),
    ),
    ("modes-are-learned-in-turn", rewrite(Dense.backward, "np.matmul(dy", "np.matmul(0.99 * dy")),
    (
        "fisher-is-the-curvature-of-the-kl",
        rewrite(gaussian.gaussian_kl_between_backward, "0.5 * d * np.expm1", "d * np.expm1"),
    ),
    (
        "a-natural-step-solves-a-conjugate-model",
        rewrite(
            variational.elbo_and_gradient, "dlog_var.mean(axis=0) + 0.5", "dlog_var.mean(axis=0)"
        ),
    ),
    (
        "a-natural-step-solves-a-conjugate-model",
        rewrite(NORMAL.update, "self.mean / self.variance +", ""),
    ),
    (
        "forward-matches-moments-reverse-seeks-a-mode",
        rewrite(
            gaussian.log_density,
            "r * r",
            "r * r / 2",
        ),
    ),
    (
        "forward-matches-moments-reverse-seeks-a-mode",
        rewrite(variational.elbo_and_gradient, "LOG_2PI + log_var)", "LOG_2PI + 2 * log_var)"),
    ),
    ("frechet-is-the-least-transport", rewrite(samples.frechet_distance, "- 2 * cross", "- cross")),
    ("frechet-is-the-least-transport", rewrite(samples.frechet_distance, "shift @ shift +", "")),
    ("change-of-variables", rewrite(Tanh.backward, "return dy * (1 -", "return dy * (1.001 -")),
    (
        "mean-of-backprop",
        rewrite(VAE.backward, "0.5 * p.sigma * dsigma", "0.5001 * p.sigma * dsigma"),
    ),
    ("mean-of-backprop", rewrite(VAE.backward, "dz = self", "dz = 1.0001 * self")),
    (
        "gradients-of-inference",
        rewrite(variational.elbo_and_gradient, "mean(axis=0) + 0.5", "mean(axis=0) + 0.6"),
    ),
]
