"""One-line mistakes in diagnostics, likelihoods, models and the gradient check."""

from breaks import rewrite
from minivae.diagnostics import code_space, information, interpolation, marginal_likelihood, rate
from minivae.gradient_check import kinks, numeric, ratio, report
from minivae.gradient_check import worst as worst_of
from minivae.models import objectives
from minivae.models.model import Model
from minivae.models.vae import VAE
from minivae.nn import elementwise, variances
from minivae.nn.likelihoods import Bernoulli, ContinuousBernoulli, Gaussian, SquaredError
from minivae.training import loop
from minivae.training.optimizers import SGD

gradient_ok = report.GradientReport.ok.fget
worst = report.GradientReport.worst.fget


def threshold_of_0018(monkeypatch):
    monkeypatch.setitem(information.active_units.__kwdefaults__, "threshold", 0.018)


BETA = "beta-is-in-the-loss-alone"

BREAKS = [
    ("measures-follow-the-code", rewrite(code_space.hole_fraction, "np.mean(", "0 * np.mean(")),
    ("measures-follow-the-code", rewrite(code_space.cycle_error, "np.concatenate(again) - z", "z")),
    ("measures-follow-the-code", rewrite(code_space.nearest_distances, "argmin", "argmax")),
    (
        "measures-follow-the-code",
        rewrite(code_space.sample_distance_ratio, "np.median(nearest_distances(data))", "1"),
    ),
    ("continuity-of-a-linear-decoder", rewrite(code_space.continuity, "/ delta**2", "/ delta")),
    ("model-samples", rewrite(code_space.sample_codes, "codes.mean(axis=0) +", "")),
    ("reverse-water-filling", rewrite(rate.gaussian_rate_distortion, "lam[:k][lam[:k]", "lam[lam")),
    ("reverse-water-filling", rewrite(rate.gaussian_rate_distortion, "0.5 *", "")),
    ("active-units-are-eigenvalues", threshold_of_0018),
    (
        "elbo-surgery-of-a-mixture",
        rewrite(information.mutual_information, "float(ratio.mean())", "float(ratio.mean()) / 2"),
    ),
    (
        "elbo-surgery-of-a-mixture",
        rewrite(information.mutual_information, "ratio.std() /", "20 * ratio.std() /"),
    ),
    (
        "elbo-surgery-of-a-mixture",
        rewrite(information.kl_per_dimension, ".mean(axis=0)", ".sum(axis=0)"),
    ),
    ("elbo-surgery-of-gaussians", rewrite(information.elbo_surgery, "0.5 * (_log", "(_log")),
    ("elbo-surgery-of-gaussians", rewrite(information.kl_to_prior, "- len(mean)", "")),
    (
        "great-circles-turn-evenly",
        rewrite(interpolation.slerp, "np.sin(t * angle)", "t*np.sin(angle)"),
    ),
    (
        "great-circles-turn-evenly",
        rewrite(interpolation.slerp, "(1 - t) * norm_a + t * norm_b", "norm_a"),
    ),
    ("great-circles-turn-evenly", rewrite(interpolation.lerp, "(1 - t) * a", "(1 - t)**2 * a")),
    ("likelihood-samples", rewrite(ContinuousBernoulli.sample, "1 - x, x", "x, 1 - x")),
    ("likelihood-samples", rewrite(ContinuousBernoulli.sample, "/ -size", "/ -size * 0.9")),
    ("likelihood-samples", rewrite(Gaussian.sample, "np.exp(0.5 * log_var)", "np.exp(log_var)")),
    ("likelihood-samples", rewrite(Bernoulli.sample, "(a.shape) <", "(a.shape) >")),
    (
        "likelihood-samples",
        rewrite(variances.floored_log_var, "softplus(", "("),
    ),
    (
        "continuous-bernoulli-normalised",
        rewrite(elementwise.unit_log_integral, "a**2 / 24 -", "a**2 / 12 -"),
    ),
    (
        "autoencoder-losses",
        rewrite(elementwise.unit_mean, "-np.expm1(-size) - 1 / b", "-np.expm1(-size) - 2 / b"),
    ),
    ("autoencoder-losses", rewrite(SquaredError.log_prob, "-np.sum(r * r", "-0.5 * np.sum(r * r")),
    (
        "autoencoder-losses",
        rewrite(Model._input_and_target, "return x, target", "return x, x"),
    ),
    ("autoencoder-losses", rewrite(objectives.Reconstruction.forward, " / len(p.log_prob)", "")),
    ("autoencoder-losses", rewrite(Model.score, "-loop", "loop")),
    ("autoencoder-losses", rewrite(Model.decode, "self.likelihood.mean(", "(")),
    (BETA, rewrite(VAE.elbo, "p.log_prob - kl,", "p.log_prob - self.beta * kl,")),
    (BETA, rewrite(objectives.Elbo.forward, "+ beta * counted", "+ counted")),
    (BETA, rewrite(objectives.Elbo.forward, "-p.log_prob.sum() / n", "-np.median(p.log_prob)")),
    (BETA, rewrite(VAE._code, "[0]", "[1]")),
    (BETA, rewrite(loop.evaluate, "return {", "return {'loss': 0.0} or {")),
    ("model-samples", rewrite(VAE.sample, "if mean else", "if not mean else")),
    (
        "momentum-is-a-matrix-power",
        rewrite(SGD._update_block, "v *= self.momentum", "v *= self.momentum**2"),
    ),
    (
        "verdicts-on-gradients",
        rewrite(gradient_ok, "self.worst.relative_error <= self.tolerance", "True"),
    ),
    ("verdicts-on-gradients", rewrite(worst, "max(", "min(")),
    ("verdicts-on-gradients", rewrite(worst_of.worst_entry, "np.argmax(errors)", "0")),
    (
        "verdicts-on-gradients",
        rewrite(worst_of.worst_entry, "np.argmax(errors)", "np.argmin(errors)"),
    ),
    ("verdicts-on-gradients", rewrite(ratio.usual_cause, "{-1.0: sign", "{1.0: sign")),
    ("verdicts-at-a-kink", rewrite(kinks.on_kink, "between and abs", "abs")),
    ("verdicts-at-a-kink", rewrite(kinks.on_kink, "between and abs", "False and abs")),
    ("central-difference-error", rewrite(numeric.central_difference, "/ (2 * h)", "/ (2.001 * h)")),
    (
        "complex-step-error",
        rewrite(numeric.complex_step, "/ COMPLEX_STEP", "/ COMPLEX_STEP * 1.001"),
    ),
    (
        "posterior-proposal-is-exact",
        rewrite(marginal_likelihood._log_mean_weight, "+ np.log(shape[1])", ""),
    ),
    (
        "posterior-proposal-is-exact",
        rewrite(marginal_likelihood._log_mean_weight, "- np.log(k)", "- np.log(len(log_w[0]))"),
    ),
    ("importance-weighted-bounds", rewrite(objectives.log_mean_exp, "np.mean(", "np.sum(")),
]
