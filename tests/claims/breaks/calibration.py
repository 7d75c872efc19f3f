"""Ways to be wrong in a whole distribution, which moments may not show."""

from breaks import rewrite
from minivae.bayes import conjugate, hamiltonian, langevin, mcmc
from minivae.linear.probabilistic_pca import ProbabilisticPCA as PPCA
from minivae.models.vae import VAE

CHAINS, POSTERIORS = "chains-are-calibrated", "posteriors-are-calibrated"
PREDICTIONS, CODES = "predictions-are-calibrated", "codes-are-calibrated"
COIN, NORMAL, BOTH = (
    conjugate.BetaBernoulli,
    conjugate.NormalKnownVariance,
    conjugate.NormalInverseGamma,
)
METROPOLIS_RATIO, HMC_RATIO = "proposed_log_p - log_p:", "< energy_lost"

BREAKS = [
    (CHAINS, rewrite(mcmc.metropolis, METROPOLIS_RATIO, ".8 * (proposed_log_p - log_p):")),
    (CHAINS, rewrite(mcmc.metropolis, METROPOLIS_RATIO, "1.2 * (proposed_log_p - log_p):")),
    (CHAINS, rewrite(mcmc.metropolis, "z + step *", "0.7 * z + step *")),
    (CHAINS, rewrite(mcmc.metropolis, "samples[n] = z[0]", "samples[n] = proposal[0]")),
    (CHAINS, rewrite(mcmc.gibbs, "draw(z, rng)", "draw(samples[n - 1] if n else z, rng)")),
    (CHAINS, rewrite(hamiltonian.hmc, HMC_RATIO, "< 0.5 * energy_lost + 0.2")),
    (CHAINS, rewrite(langevin.baoab, "(1 - (1 - friction) ** 2)", "friction")),
    (POSTERIORS, rewrite(COIN.update, "+ ones, self.b + zeros", "+ zeros, self.b + ones")),
    (POSTERIORS, rewrite(NORMAL.update, "self.mean / self.variance + ", "")),
    (POSTERIORS, rewrite(NORMAL.update, "(mean, 1 / precision,", "(mean, 0.5 / precision,")),
    (POSTERIORS, rewrite(BOTH.update, "self.alpha + n / 2", "self.alpha + n")),
    (POSTERIORS, rewrite(BOTH.update, "(squares + surprise) / 2", "squares / 2")),
    (PREDICTIONS, rewrite(COIN.sample_predictive, "self.a, self.b", "self.b, self.a")),
    (PREDICTIONS, rewrite(NORMAL.sample_predictive, "sqrt(self.variance)", "0")),
    (PREDICTIONS, rewrite(BOTH.sample_predictive, "np.sqrt(variances))", "0.5)")),
    (CODES, rewrite(PPCA.posterior, "model.posterior()[1])", "3 * model.posterior()[1])")),
    (CODES, rewrite(PPCA._centred_blocks, "x - self.mean_", "x")),
    (CODES, rewrite(VAE.sample_posterior, "mu, log_var = ", "log_var, mu = ")),
    (CODES, rewrite(VAE.sample_posterior, "0.5 * log_var", "log_var")),
]
