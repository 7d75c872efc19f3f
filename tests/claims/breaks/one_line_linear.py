"""One-line mistakes in PCA, probabilistic PCA and the reports on them."""

from breaks import rewrite
from minivae.linear import (
    autoencoder_is_pca,
    linear_gaussian,
    pca,
    principal_axes,
    probabilistic_pca,
    vae_is_ppca,
)

PCA, PPCA = pca.PCA, probabilistic_pca.ProbabilisticPCA
MODEL = linear_gaussian.LinearGaussianModel
SVD, DENSITY = "pca-is-the-singular-value-decomposition", "pca-density-is-a-normal"
POSTERIOR = "ppca-posterior-by-conditioning"
report_ok = autoencoder_is_pca.EquivalenceReport.ok.fget
vae_report_ok = vae_is_ppca.LinearVAEReport.ok.fget

BREAKS = [
    (SVD, rewrite(PCA.fit, "squares / (n_samples - 1)", "squares / n_samples")),
    (SVD, rewrite(PCA.fit, "variances[k:].mean()", "variances[k:].sum()")),
    (SVD, rewrite(PCA.fit, "np.sqrt(squares[:k])", "squares[:k]")),
    (SVD, rewrite(PCA.fit, "ratios[:k]", "ratios[:k] / ratios[:k].sum()")),
    (SVD, rewrite(pca.align_signs, ", -1, 1)", ", 1, -1)")),
    (SVD, rewrite(PCA._centred_blocks, "x - self.mean_", "x")),
    (SVD, rewrite(PCA.inverse_transform, " + self.mean_", "")),
    (SVD, rewrite(principal_axes.axes_about, "centred.T @ U[:, ::-1]", "centred.T @ U")),
    (DENSITY, rewrite(PCA.score_samples, "-0.5 * (", "1 - 0.5 * (")),
    (DENSITY, rewrite(PCA.score_samples, "n_discarded * np.log(s2)", "np.log(s2)")),
    (DENSITY, rewrite(PCA.get_covariance, "variance_ - s2", "variance_")),
    (DENSITY, rewrite(PCA.score, ".mean()", ".sum()")),
    (
        "a-share-takes-the-fewest-components",
        rewrite(PCA._count_components, "np.cumsum(ratios[:-1])", "ratios[:-1]"),
    ),
    (POSTERIOR, rewrite(PPCA.posterior, "np.linalg.inv(model.posterior()[1])", "np.eye(3)")),
    (POSTERIOR, rewrite(MODEL.posterior_mean, "self._M(), ", "self._M() + 0.1, ")),
    (POSTERIOR, rewrite(MODEL.log_marginal, "+ (mu**2).sum(axis=1)", "")),
    (POSTERIOR, rewrite(MODEL.posterior, "self._M() / self.noise_variance", "self._M()")),
    ("inference-gaps-add-up", rewrite(MODEL.elbo, "- spread / (2", "- spread / (4")),
    ("inference-gaps-add-up", rewrite(MODEL.log_joint, "log_likelihood + log_prior", "log_prior")),
    ("amortization-gap", rewrite(MODEL.covariance, "self.noise_variance *", "")),
    (POSTERIOR, rewrite(PPCA.fit, "lam[:k] - s2, 0", "lam[:k], 0")),
    (POSTERIOR, rewrite(PPCA.inverse_transform, " + self.mean_", "")),
    (
        "model-samples",
        rewrite(PPCA.sample, "np.sqrt(self.noise_variance_)", "self.noise_variance_"),
    ),
    ("ppca-largest-likelihood", rewrite(PPCA.fit, "/ (n_features - k)", "/ n_features")),
    ("verdicts-on-pca", rewrite(report_ok, "and self.largest_angle <= self.max_angle", "")),
    ("verdicts-on-pca", rewrite(report_ok, "abs(self.relative_gap)", "0")),
    ("verdicts-on-pca", rewrite(report_ok, "abs(self.relative_gap)", "self.relative_gap")),
    ("verdicts-on-ppca", rewrite(vae_report_ok, "max(noise, self.off_diagonal)", "noise")),
    (
        "verdicts-on-ppca",
        rewrite(vae_report_ok, "max(noise, self.off_diagonal)", "self.off_diagonal"),
    ),
    ("verdicts-on-ppca", rewrite(vae_report_ok, "abs(self.difference)", "self.difference")),
    (
        "trained-encoder-is-the-posterior",
        rewrite(vae_is_ppca.fit_linear_vae, "b -= mean @ W", "b -= 0.9 * mean @ W + 0.1"),
    ),
    (
        "verdicts-on-ppca",
        rewrite(vae_is_ppca.decoder_variance, "np.exp(log_var)", "np.exp(log_var / 2)"),
    ),
]
