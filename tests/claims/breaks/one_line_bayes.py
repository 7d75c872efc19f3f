"""One-line mistakes in Bayesian inference and in chains."""

from breaks import rewrite
from minivae.bayes import (
    amortization,
    chain,
    conjugate,
    gradient_estimators,
    hamiltonian,
    mcmc,
    plug_in,
    variational,
)

COIN, NORMAL, BOTH = (
    conjugate.BetaBernoulli,
    conjugate.NormalKnownVariance,
    conjugate.NormalInverseGamma,
)
reference_prior = BOTH.from_reference_prior.__func__

BREAKS = [
    (
        "beta-bernoulli",
        rewrite(COIN.update, "a + ones, self.b + zeros", "a + zeros, self.b + ones"),
    ),
    ("beta-bernoulli", rewrite(COIN.predictive, "self.a / (", "self.b / (")),
    ("beta-bernoulli", rewrite(COIN.log_evidence, "_log_beta(self.a, self.b)", "0")),
    ("normal-mean", rewrite(NORMAL.update, "self.mean / self.variance + ", "")),
    ("normal-mean", rewrite(NORMAL.update, "1 / self.variance + n", "n")),
    ("normal-mean", rewrite(NORMAL.log_evidence, "(average - self.mean)", "average")),
    (
        "evidence-one-step-at-a-time",
        rewrite(NORMAL.log_evidence, "+ n * self.variance", "+ self.variance"),
    ),
    ("normal-inverse-gamma", rewrite(BOTH.update, "kappa = self.kappa + n", "kappa = n")),
    ("normal-inverse-gamma", rewrite(BOTH.update, "self.kappa * self.mean + n", "n")),
    ("normal-inverse-gamma", rewrite(BOTH.update, "(average - self.mean) ** 2", "average ** 2")),
    ("normal-inverse-gamma", rewrite(BOTH.update, "surprise) / 2", "0 * surprise) / 2")),
    ("normal-inverse-gamma", rewrite(BOTH.predictive, "(self.kappa + 1)", "self.kappa")),
    ("evidence-one-step-at-a-time", rewrite(BOTH.log_evidence, "- n / 2 * log(2 * pi)", "")),
    ("t-interval-coverage", rewrite(reference_prior, "(n - 1) / 2", "n / 2")),
    ("predictive-samples", rewrite(COIN.sample_predictive, "size=n", "size=1")),
    ("predictive-samples", rewrite(COIN.sample_predictive, "self.a, self.b", "self.b, self.a")),
    ("predictive-samples", rewrite(NORMAL.sample_predictive, "sqrt(self.variance)", "0")),
    (
        "predictive-samples",
        rewrite(NORMAL.sample_predictive, "sqrt(self.noise_variance)", "self.noise_variance"),
    ),
    (
        "predictive-samples",
        rewrite(BOTH.sample_predictive, "rng.normal(means, np.sqrt(variances))", "means"),
    ),
    ("predictive-samples", rewrite(BOTH.sample_predictive, "variances / self.kappa", "variances")),
    (
        "predictive-samples",
        rewrite(BOTH.sample_predictive, "(self.alpha, size=n)", "(2 * self.alpha, size=n)"),
    ),
    ("plug-in-under-coverage", rewrite(plug_in._quantile, "0.5 + ", "0.475 + ")),
    ("plug-in-under-coverage", rewrite(plug_in.plug_in_interval, "ddof=check", "ddof=0 * check")),
    ("plug-in-under-coverage", rewrite(plug_in.plug_in_coverage, "1 + 1 / n", "1")),
    (
        "autoregression-is-worth-so-many-draws",
        rewrite(
            chain.Chain.effective_sample_size, "len(self.samples) /", "len(self.samples)**.5 /"
        ),
    ),
    (
        "autoregression-is-worth-so-many-draws",
        rewrite(
            chain.Chain.autocorrelation_time, "2 * monotone.sum(axis=0) - 1", "monotone.sum(0)"
        ),
    ),
    (
        "gibbs-autocorrelation",
        rewrite(chain.Chain.autocorrelation, "- self.samples.mean(axis=0)", "+ 1"),
    ),
    (
        "metropolis-acceptance",
        rewrite(mcmc.metropolis, "proposed_log_p - log_p:", ".8 * (proposed_log_p - log_p):"),
    ),
    (
        "rejection-repeats-the-state",
        rewrite(mcmc.metropolis, "proposed_log_p - log_p:", ".8 * (proposed_log_p - log_p):"),
    ),
    ("metropolis-acceptance", rewrite(mcmc.metropolis, "n_accepted += 1", "n_accepted += 1.1")),
    ("detailed-balance", rewrite(mcmc.metropolis, "z + step *", "abs(z) + step *")),
    (
        "gibbs-autocorrelation",
        rewrite(mcmc.gibbs, "draw(z, rng)", "draw(samples[n - 1] if n else z, rng)"),
    ),
    (
        "hamiltonian-accept-step",
        rewrite(hamiltonian.hmc, "(kinetic - log_p)", "(0.9 * kinetic - log_p)"),
    ),
    ("hamiltonian-resonance", rewrite(hamiltonian.hmc, "< energy_lost", "< energy_lost - .1")),
    (
        "leapfrog-modified-energy",
        rewrite(hamiltonian.leapfrog, "z = z + step * momentum", "z = z + 1.01 * step * momentum"),
    ),
    ("mean-field-gap", rewrite(variational.elbo_and_gradient, "1 + LOG_2PI", "LOG_2PI")),
    ("mean-field-gap", rewrite(variational.gaussian_mean_field, "0.5 * (np.log", "0.4 * (np.log")),
    (
        "inference-gaps-add-up",
        rewrite(amortization.inference_gaps, "-np.log(np.diag", "np.log(np.diag"),
    ),
    (
        "amortization-gap",
        rewrite(amortization.expected_inference_gaps, "+ misplaced)", "+ misplaced / 2)"),
    ),
    (
        "score-function-baseline",
        rewrite(
            gradient_estimators.score_function_gradient,
            "value - check_real(",
            "value - 0.5 * check_real(",
        ),
    ),
]
