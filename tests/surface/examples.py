"""One right call of every public function, small enough to be made some thousand times."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from walk import Call

import minivae as mv
from minivae import bayes, claims, diagnostics, linear, studies
from minivae.datasets import digits, image_patches, linear_gaussian, loops

FOLDER = Path(tempfile.mkdtemp(prefix="surface-"))
EXAMPLES: dict[str, Callable[[], Call]] = {}


def numbers(*shape: int, seed: int = 0, low: float = 0.1, high: float = 0.9) -> Any:
    """Return numbers between `low` and `high`, none of which are equal."""
    return np.random.default_rng(seed).uniform(low, high, shape)


def example(name: str, make: Callable[[], Any], /, **arguments: Any) -> None:
    """Enter a right call: `make()` gives the function, and functions among the arguments too."""

    def call() -> Call:
        given = {
            key: value()
            if isinstance(value, Fresh)
            else np.array(value)
            if isinstance(value, np.ndarray)
            else value
            for key, value in arguments.items()
        }
        return Call(make(), given)

    EXAMPLES[name] = call


class Fresh:
    """An argument that is made anew for each call."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make

    def __call__(self) -> Any:
        """Return the argument."""
        return self.make()


X = numbers(6, 4)
Z = numbers(6, 2, seed=1)
Y = np.arange(6) % 3


# Models


def vae(**options: Any) -> Any:
    return mv.VAE(4, 2, hidden=(3,), rng=0, **options)


def conditional() -> Any:
    return mv.ConditionalVAE(4, 2, 3, rng=0)


def melody_vae() -> Any:
    return mv.MelodyVAE(2, n_hidden=4, n_segments=2, n_context=3, n_steps=8, lookback=2, rng=0)


@cache
def melodies() -> Any:
    return loops(4, rng=0).tokens[:, :8]


def autoencoder() -> Any:
    return mv.Autoencoder(4, 2, rng=0)


def run() -> Any:
    """Return a run as a callback sees it."""
    history = {"epoch": [1], "loss": [1.0]}
    return SimpleNamespace(
        model=vae(), epoch=1, epochs=2, history=history, stop=False, state_dict=vae().state_dict
    )


OF_MODELS = {
    "VAE": (vae, X, Z),
    "ConditionalVAE": (conditional, X, Z),
    "MelodyVAE": (melody_vae, melodies(), np.array(Z[:4])),
    "Autoencoder": (autoencoder, X, Z),
    "LinearAutoencoder": (lambda: mv.LinearAutoencoder(4, 2, rng=0), X, Z),
}
SAVED = FOLDER / "saved.npz"
vae().save(SAVED)
for kind, (make, x, z) in OF_MODELS.items():
    y = {"y": Y} if kind == "ConditionalVAE" else {}
    optional = y or {"y": None}

    def method(name: str, make: Any = make) -> Callable[[], Any]:
        return lambda: getattr(make(), name)

    small = {"epochs": 1, "batch_size": 3, "rng": 0}
    example(f"{kind}.fit", method("fit"), X=x, **optional, **small)
    example(f"{kind}.fit_transform", method("fit_transform"), X=x, **optional, **small)
    for name in ("encode", "transform", "reconstruct", "sample_posterior", "elbo"):
        first = {"transform": "X"}.get(name, "x")
        rest = {"rng": 0} if name in ("elbo", "sample_posterior") else {}
        example(f"{kind}.{name}", method(name), **{first: x}, **y, **rest)
    example(f"{kind}.decode", method("decode"), z=z, **y)
    example(f"{kind}.inverse_transform", method("inverse_transform"), Z=z, **y)
    example(f"{kind}.score", method("score"), X=x, **y)
    example(f"{kind}.losses", method("losses"), x=x, **y, rng=0)
    example(f"{kind}.loss_and_grads", method("loss_and_grads"), x=x, **y, rng=0)
    example(f"{kind}.inputs", method("inputs"), x=x, **y, rng=0)
    example(f"{kind}.check_labels", method("check_labels"), y=y.get("y"), n_rows=6)
    example(f"{kind}.class_elbos", method("class_elbos"), X=x, rng=0)
    example(f"{kind}.classify", method("classify"), X=x, rng=0)
    example(f"{kind}.sample", method("sample"), n=6, **y, rng=0)
    example(f"{kind}.save", method("save"), path=FOLDER / "model.npz")
    example(f"{kind}.state_dict", method("state_dict"))
    example(
        f"{kind}.load_state_dict",
        method("load_state_dict"),
        state=Fresh(lambda make=make: make().state_dict()),
    )
    example(f"{kind}.with_encoder", method("with_encoder"), encoder=Fresh(lambda: mv.mlp([4, 4])))
for name in ("class_elbos", "classify", "check_labels"):
    EXAMPLES[f"VAE.{name}"] = EXAMPLES[f"ConditionalVAE.{name}"]
example("VAE.load", lambda: mv.VAE.load, path=SAVED)
example("MelodyVAE.draw", lambda: melody_vae().draw, z=Z, rng=0)

example("VAE", lambda: mv.VAE, n_features=4, n_latent=2, rng=0)
example("ConditionalVAE", lambda: mv.ConditionalVAE, n_features=4, n_latent=2, n_classes=3)
example("Autoencoder", lambda: mv.Autoencoder, n_features=4, n_latent=2, rng=0)
example("LinearAutoencoder", lambda: mv.LinearAutoencoder, n_features=4, n_latent=2, rng=0)
example("MelodyVAE", lambda: mv.MelodyVAE, n_latent=2, n_hidden=4, n_segments=2, n_context=3, rng=0)

# PCA


def pca() -> Any:
    return mv.PCA(2).fit(X)


def ppca() -> Any:
    return mv.ProbabilisticPCA(2).fit(X)


for kind, make in {"PCA": pca, "ProbabilisticPCA": ppca}.items():
    for name in ("fit", "fit_transform", "transform", "score", "score_samples", "posterior"):
        example(f"{kind}.{name}", lambda make=make, name=name: getattr(make(), name), X=X)
    for name in ("encode", "reconstruct"):
        example(f"{kind}.{name}", lambda make=make, name=name: getattr(make(), name), x=X)
    example(f"{kind}.decode", lambda make=make: make().decode, z=Z)
    example(f"{kind}.inverse_transform", lambda make=make: make().inverse_transform, Z=Z)
    example(f"{kind}.get_covariance", lambda make=make: make().get_covariance)
    example(f"{kind}.sample", lambda make=make: make().sample, n=3, rng=0)
example("PCA", lambda: lambda n_components: mv.PCA(n_components).fit(X), n_components=2)
example(
    "ProbabilisticPCA",
    lambda: lambda n_components: mv.ProbabilisticPCA(n_components).fit(X),
    n_components=2,
)

# Layers, likelihoods, densities

LAYERS = {
    "Dense": (lambda: mv.Dense(4, 2, rng=0), X, Z),
    "GRU": (lambda: mv.GRU(4, 2, rng=0), numbers(2, 3, 4), numbers(2, 3, 2)),
    "Sequential": (lambda: mv.mlp([4, 3, 2], rng=0), X, Z),
    **{
        name: (getattr(mv, name), X, numbers(6, 4, seed=3))
        for name in ("LeakyReLU", "ReLU", "Sigmoid", "Softplus", "Tanh")
    },
}


def passed(make: Callable[[], Any], x: Any) -> Any:
    layer = make()
    layer.forward(np.array(x))
    return layer


for name, (make, x, dy) in LAYERS.items():
    example(f"{name}.forward", lambda make=make: make().forward, x=x)
    for back in ("backward", "backward_params"):
        example(
            f"{name}.{back}",
            lambda make=make, x=x, back=back: getattr(passed(make, x), back),
            dy=dy,
        )
EXAMPLES["Layer.backward_params"] = EXAMPLES["Tanh.backward_params"]
example("Dense", lambda: mv.Dense, n_in=4, n_out=2, rng=0)
example("GRU", lambda: mv.GRU, n_in=4, n_hidden=2, rng=0)
example("LeakyReLU", lambda: mv.LeakyReLU)
example("Sequential", lambda: mv.Sequential, layers=Fresh(lambda: [mv.Dense(4, 2), mv.Tanh()]))
example("mlp", lambda: mv.mlp, sizes=[4, 3, 2], rng=0)

TOKENS = np.array([[0, 1, 2], [2, 1, 0]])
LIKELIHOODS = {
    "Bernoulli": (mv.Bernoulli, X, numbers(6, 4, seed=4)),
    "ContinuousBernoulli": (mv.ContinuousBernoulli, X, numbers(6, 4, seed=4)),
    "SquaredError": (mv.SquaredError, X, numbers(6, 4, seed=4)),
    "Gaussian": (lambda: mv.Gaussian(0.5), X, numbers(6, 4, seed=4)),
    "Categorical": (lambda: mv.Categorical(3), TOKENS, numbers(2, 9, seed=4)),
}
for name, (make, x, out) in LIKELIHOODS.items():
    example(f"{name}.log_prob", lambda make=make: make().log_prob, x=x, out=out)
    example(
        f"{name}.log_prob_backward",
        lambda make=make: make().log_prob_backward,
        x=x,
        out=out,
        dlog_prob=numbers(len(x), seed=5),
    )
    for method_name in ("mean", "mode", "mean_and_log_var"):
        example(
            f"{name}.{method_name}", lambda make=make, m=method_name: getattr(make(), m), out=out
        )
    example(f"{name}.sample", lambda make=make: make().sample, out=out, rng=0)
    example(f"{name}.n_outputs", lambda make=make: make().n_outputs, n_features=4)
example("Gaussian", lambda: mv.Gaussian)
example("Categorical", lambda: mv.Categorical, n_tokens=3)

M = numbers(6, 3, seed=6)
LV = numbers(6, 3, seed=7)
LV2 = numbers(6, 3, seed=8)
DK = numbers(6, seed=9)
example("bound_log_var", lambda: mv.bound_log_var, raw=LV)
example("bound_log_var_backward", lambda: mv.bound_log_var_backward, raw=LV, dlog_var=LV2)
example("gaussian_kl", lambda: mv.gaussian_kl, mu=M, log_var=LV)
example("gaussian_kl_backward", lambda: mv.gaussian_kl_backward, mu=M, log_var=LV, dkl=DK)
BETWEEN = {"mu1": M, "log_var1": LV, "mu2": numbers(6, 3, seed=10), "log_var2": LV2}
example("gaussian_kl_between", lambda: mv.gaussian_kl_between, **BETWEEN)
example("gaussian_kl_between_backward", lambda: mv.gaussian_kl_between_backward, **BETWEEN, dkl=DK)
example("gaussian_log_density", lambda: mv.gaussian_log_density, z=LV2, mu=M, log_var=LV)
example(
    "gaussian_log_density_backward",
    lambda: mv.gaussian_log_density_backward,
    **{"z": LV2, "mu": M, "log_var": LV, "dlog_density": DK},
)
example("reparameterize", lambda: mv.reparameterize, mu=M, log_var=LV, eps=LV2)
example(
    "reparameterize_backward", lambda: mv.reparameterize_backward, mu=M, log_var=LV, eps=LV2, dz=M
)
example("lerp", lambda: mv.lerp, a=Z, b=Z[::-1], t=0.5)
example("slerp", lambda: mv.slerp, a=Z, b=Z[::-1], t=0.5)

# Training


def parameters() -> dict[str, Any]:
    return {"W": numbers(2, 3)}


for name, make in {"SGD": lambda: mv.SGD(0.1), "Adam": mv.Adam}.items():
    example(
        f"{name}.step",
        lambda make=make: make().step,
        params=Fresh(parameters),
        grads=Fresh(parameters),
    )
    example(f"{name}.state_dict", lambda make=make: make().state_dict)
    example(
        f"{name}.load_state_dict",
        lambda make=make: make().load_state_dict,
        state=Fresh(lambda make=make: make().state_dict()),
    )
example("SGD", lambda: mv.SGD, learning_rate=0.1)
example("Adam", lambda: mv.Adam)
example("minibatches", lambda: mv.minibatches, n_samples=6, batch_size=4, rng=0)
example("Checkpoint", lambda: mv.Checkpoint, path=FOLDER / "run.npz")
example("Checkpoint.__call__", lambda: mv.Checkpoint(FOLDER / "run.npz"), run=Fresh(run))
example("CodeRecorder", lambda: mv.CodeRecorder, x=X)
example("CodeRecorder.__call__", lambda: mv.CodeRecorder(X), run=Fresh(run))
example("CodeRecorder.finish", lambda: mv.CodeRecorder(X).finish, run=Fresh(run))
example("EarlyStopping", lambda: mv.EarlyStopping)
example("EarlyStopping.__call__", mv.EarlyStopping, run=Fresh(run))
example("EarlyStopping.finish", lambda: mv.EarlyStopping().finish, run=Fresh(run))
example("EarlyStopping.state_dict", lambda: mv.EarlyStopping().state_dict)
example(
    "EarlyStopping.load_state_dict",
    lambda: mv.EarlyStopping().load_state_dict,
    state=Fresh(lambda: mv.EarlyStopping().state_dict()),
)
example("Progress", lambda: mv.Progress)
example("Progress.__call__", mv.Progress, run=Fresh(run))


def squared() -> Any:
    return mv.LinearAutoencoder(4, 2, rng=0)


example("fit_lbfgs", lambda: mv.fit_lbfgs, model=Fresh(squared), X=X, max_iterations=2)


def check_square(target: Any, backward: Any = None, **options: Any) -> Any:
    return mv.check_gradients(target, X, backward=backward, **options)


example(
    "check_gradients",
    lambda: check_square,
    target=np.square,
    backward=lambda x, dy: 2 * x * dy,
    max_entries=2,
    rng=0,
)
example("GradientReport.raise_if_failed", lambda: check_square(mv.Tanh()).raise_if_failed)
for name in ("linear", "cyclical", "sigmoid"):
    kind = getattr(mv.schedules, name)
    argument = "period" if name == "cyclical" else "n_steps"
    example(f"schedules.{kind.__name__}", lambda kind=kind: kind, **{argument: 10})
    example(f"schedules.{kind.__name__}.__call__", lambda kind=kind: kind(10), step=3)
example("schedules.schedule_from", lambda: mv.schedules.schedule_from, beta=1.0)
example("schedules.name_of", lambda: mv.schedules.name_of, beta=1.0)
for name, make in {
    "L2": lambda: mv.regularizers.L2(0.1),
    "NonUniformL2": lambda: mv.regularizers.NonUniformL2([0.1, 0.2]),
    "ProductL2": lambda: mv.regularizers.ProductL2(0.1),
}.items():
    for method_name in ("check", "penalty", "penalty_backward"):
        example(
            f"regularizers.{name}.{method_name}",
            lambda make=make, m=method_name: getattr(make(), m),
            params=Fresh(lambda: squared().params),
        )
EXAMPLES["regularizers.Regularizer.check"] = EXAMPLES["regularizers.L2.check"]
EXAMPLES["regularizers.LinearRegularizer.check"] = EXAMPLES["regularizers.ProductL2.check"]
example("regularizers.L2", lambda: mv.regularizers.L2, weight=0.1)
example("regularizers.ProductL2", lambda: mv.regularizers.ProductL2, weight=0.1)
example("regularizers.NonUniformL2", lambda: mv.regularizers.NonUniformL2, weights=[0.1, 0.2])
example("regularizers.regularizer_from", lambda: mv.regularizers.regularizer_from, spec=None)

# What a model does

example("load", lambda: mv.load, path=SAVED)
example("explain", lambda: mv.explain, model=Fresh(vae), x=X, rng=0)
example(
    "importance_weighted_bound",
    lambda: mv.importance_weighted_bound,
    model=Fresh(vae),
    x=X,
    k=2,
    rng=0,
)
example("log_likelihood", lambda: mv.log_likelihood, model=Fresh(vae), x=X, n_samples=2, rng=0)
example(
    "verify_pca_equivalence",
    lambda: mv.verify_pca_equivalence,
    X=X,
    n_latent=1,
    max_iterations=2,
    rng=0,
)
example(
    "verify_ppca_equivalence",
    lambda: mv.verify_ppca_equivalence,
    X=X,
    n_latent=1,
    max_iterations=2,
    rng=0,
)


def linear_vae() -> Any:
    return mv.VAE(4, 1, likelihood=mv.Gaussian("learned"), rng=0)


example("linear.align_signs", lambda: linear.align_signs, components=Z)
example("linear.decoder_variance", lambda: linear.decoder_variance, model=Fresh(linear_vae))
example("linear.exact_elbo", lambda: linear.exact_elbo, model=Fresh(linear_vae), X=X)
example(
    "linear.fit_linear_vae",
    lambda: linear.fit_linear_vae,
    model=Fresh(linear_vae),
    X=X,
    max_iterations=2,
)
example("linear.sigma_points", lambda: linear.sigma_points, n_dims=2)
example("linear.with_sigma_points", lambda: linear.with_sigma_points, X=X, n_latent=2)

# Diagnostics


def identity(z: Any) -> Any:
    return z


def double(z: Any) -> Any:
    return 2 * z


for name in ("aggregated_posterior", "elbo_surgery", "kl_per_dimension", "mutual_information"):
    rest = {"rng": 0} if name == "mutual_information" else {}
    example(
        f"diagnostics.{name}",
        lambda name=name: getattr(diagnostics, name),
        mu=M,
        log_var=LV,
        **rest,
    )
example("diagnostics.active_units", lambda: diagnostics.active_units, mu=M)
for name in ("continuity", "decoded_steps"):
    example(
        f"diagnostics.{name}",
        lambda name=name: getattr(diagnostics, name),
        decode=double,
        codes=Z,
        rng=0,
    )
example(
    "diagnostics.cycle_error",
    lambda: diagnostics.cycle_error,
    encode=identity,
    decode=double,
    z=Z,
    codes=Z,
)
example(
    "diagnostics.frechet_distance",
    lambda: diagnostics.frechet_distance,
    features=X,
    others=X[::-1] + 1,
)
example(
    "diagnostics.gaussian_rate_distortion",
    lambda: diagnostics.gaussian_rate_distortion,
    variances=numbers(4),
    level=0.2,
)
example("diagnostics.hole_fraction", lambda: diagnostics.hole_fraction, z=Z, codes=Z)
example(
    "diagnostics.inception_score",
    lambda: diagnostics.inception_score,
    probabilities=np.full((4, 2), 0.5),
)
example(
    "diagnostics.kl_to_prior",
    lambda: diagnostics.kl_to_prior,
    mean=numbers(2),
    covariance=np.array([[2.0, 0.5], [0.5, 1.0]]),
)
example(
    "diagnostics.nearest_distances", lambda: diagnostics.nearest_distances, points=X, others=X + 1
)
example("diagnostics.posteriors", lambda: diagnostics.posteriors, model=Fresh(vae), X=X)
example(
    "diagnostics.precision_and_recall",
    lambda: diagnostics.precision_and_recall,
    real=X,
    generated=X + 0.1,
    n_neighbours=2,
)
example(
    "diagnostics.rate_distortion", lambda: diagnostics.rate_distortion, model=Fresh(vae), X=X, rng=0
)
example("diagnostics.sample_codes", lambda: diagnostics.sample_codes, codes=Z, n=3, rng=0)
example(
    "diagnostics.sample_distance_ratio",
    lambda: diagnostics.sample_distance_ratio,
    samples=X + 0.1,
    data=X,
)

# Bayes


def log_normal(z: Any) -> Any:
    return -0.5 * np.sum(z**2, axis=1)


def log_normal_and_gradient(z: Any) -> tuple[Any, Any]:
    return log_normal(z), -z


COIN = {"data": np.array([0, 1, 1])}
NORMAL = {"data": numbers(4)}
PRIORS = {
    "BetaBernoulli": (bayes.BetaBernoulli, {"a": 1.0, "b": 2.0}, COIN),
    "NormalInverseGamma": (
        bayes.NormalInverseGamma,
        {"mean": 0.0, "kappa": 1.0, "alpha": 2.0, "beta": 1.0},
        NORMAL,
    ),
    "NormalKnownVariance": (
        bayes.NormalKnownVariance,
        {"mean": 0.0, "variance": 1.0, "noise_variance": 1.0},
        NORMAL,
    ),
}
for name, (kind, prior, data) in PRIORS.items():
    example(f"bayes.{name}", lambda kind=kind: kind, **prior)
    for method_name in ("update", "log_evidence"):
        example(
            f"bayes.{name}.{method_name}",
            lambda kind=kind, prior=prior, m=method_name: getattr(kind(**prior), m),
            **data,
        )
    example(f"bayes.{name}.predictive", lambda kind=kind, prior=prior: kind(**prior).predictive)
    example(
        f"bayes.{name}.sample_predictive",
        lambda kind=kind, prior=prior: kind(**prior).sample_predictive,
        n=3,
        rng=0,
    )
example(
    "bayes.NormalInverseGamma.from_reference_prior",
    lambda: bayes.NormalInverseGamma.from_reference_prior,
    **NORMAL,
)


def chain() -> Any:
    return bayes.Chain(numbers(20, 2), 1.0)


example("bayes.Chain.autocorrelation", lambda: chain().autocorrelation, max_lag=3)
example("bayes.Chain.autocorrelation_time", lambda: chain().autocorrelation_time)
example("bayes.Chain.effective_sample_size", lambda: chain().effective_sample_size)


def model() -> Any:
    return bayes.LinearGaussianModel(numbers(2, 4), 0.5)


W = numbers(4, 2)
example(
    "bayes.LinearGaussianModel",
    lambda: bayes.LinearGaussianModel,
    W=numbers(2, 4),
    noise_variance=0.5,
)
example("bayes.LinearGaussianModel.covariance", lambda: model().covariance)
example("bayes.LinearGaussianModel.posterior", lambda: model().posterior)
example("bayes.LinearGaussianModel.posterior_mean", lambda: model().posterior_mean, x=X)
example("bayes.LinearGaussianModel.log_marginal", lambda: model().log_marginal, x=X)
example("bayes.LinearGaussianModel.log_joint", lambda: lambda x: model().log_joint(x)(Z), x=X[0])
example("bayes.LinearGaussianModel.elbo", lambda: model().elbo, x=X, mu=Z, log_var=Z)
example(
    "bayes.inference_gaps", lambda: bayes.inference_gaps, model=Fresh(model), x=X, mu=Z, log_var=Z
)
example(
    "bayes.expected_inference_gaps",
    lambda: bayes.expected_inference_gaps,
    model=Fresh(model),
    encoder=W,
    log_var=numbers(2),
)
F = {"log_density_and_gradient": log_normal_and_gradient}
example(
    "bayes.annealed_importance_sampling",
    lambda: bayes.annealed_importance_sampling,
    **F,
    mu=Z,
    log_var=Z,
    n_steps=2,
    rng=0,
)
example(
    "bayes.annealed_log_likelihood",
    lambda: bayes.annealed_log_likelihood,
    model=Fresh(vae),
    x=X,
    n_steps=2,
    n_chains=2,
    rng=0,
)
example(
    "bayes.elbo_and_gradient",
    lambda: bayes.elbo_and_gradient,
    **F,
    mu=numbers(2),
    log_var=numbers(2, seed=1),
    eps=Z,
)
example(
    "bayes.elbo_and_likelihood",
    lambda: bayes.elbo_and_likelihood,
    model=Fresh(vae),
    x=X,
    mu=Z,
    log_var=Z,
    n_draws=2,
    rng=0,
)
example("bayes.fit_mean_field", lambda: bayes.fit_mean_field, **F, n_dims=2, n_draws=10, rng=0)
example(
    "bayes.fit_posterior",
    lambda: bayes.fit_posterior,
    model=Fresh(vae),
    x=X,
    n_steps=2,
    n_draws=2,
    rng=0,
)
example(
    "bayes.gaussian_mean_field",
    lambda: bayes.gaussian_mean_field,
    mean=numbers(2),
    precision=np.array([[2.0, 0.5], [0.5, 1.0]]),
)
example(
    "bayes.gibbs",
    lambda: bayes.gibbs,
    conditionals=[lambda z, rng: rng.normal(), lambda z, rng: rng.normal()],
    start=numbers(2),
    n_samples=3,
    rng=0,
)
example(
    "bayes.hmc",
    lambda: bayes.hmc,
    **F,
    start=numbers(2),
    n_samples=3,
    step=0.1,
    n_leapfrog=2,
    rng=0,
)
example("bayes.leapfrog", lambda: bayes.leapfrog, **F, z=Z, momentum=Z, step=0.1, n_leapfrog=2)
example(
    "bayes.log_joint", lambda: lambda model, x: bayes.log_joint(model, x)(Z), model=Fresh(vae), x=X
)
example(
    "bayes.metropolis",
    lambda: bayes.metropolis,
    log_density=log_normal,
    start=numbers(2),
    n_samples=3,
    step=1.0,
    rng=0,
)
example("bayes.plug_in_coverage", lambda: bayes.plug_in_coverage, n=5)
example("bayes.plug_in_interval", lambda: bayes.plug_in_interval, data=numbers(5))
G = {"mu": numbers(2), "sigma": numbers(2, seed=1), "eps": Z}
example("bayes.elbo_gradient", lambda: bayes.elbo_gradient, dlog_p=double, **G)
example("bayes.reparameterized_gradient", lambda: bayes.reparameterized_gradient, df=double, **G)
example("bayes.score_function_gradient", lambda: bayes.score_function_gradient, f=log_normal, **G)
example(
    "bayes.importance_weighted_gradient",
    lambda: bayes.importance_weighted_gradient,
    log_p_and_slope=lambda z: (-0.5 * (z**2).sum(axis=-1), -z),
    mu=numbers(2),
    sigma=numbers(2, seed=1),
    eps=numbers(6, 3, 2),
)

# Data sets, claims, studies, the course

example("datasets.digits", lambda: digits, n=2, rng=0)
example("datasets.image_patches", lambda: image_patches, n=2, rng=0)
example("datasets.linear_gaussian", lambda: linear_gaussian, n=3, n_features=3, n_latent=1, rng=0)
example("datasets.loops", lambda: loops, n=2, rng=0)
example("datasets.loop_entropy", lambda: mv.datasets.loop_entropy, n=20, rng=0)
example("datasets.loop_entropy_bounds", lambda: mv.datasets.loop_entropy_bounds)
example("datasets.loop_log_prob", lambda: mv.datasets.loop_log_prob, tokens=loops(2, rng=0).tokens)
example("datasets.n_distinct_loops", lambda: mv.datasets.n_distinct_loops, bar=4)
example("claims.Outcome", lambda: claims.Outcome, exact=numbers(3), measured=numbers(3))
example("claims.claim", lambda: claims.claim, statement="one is one", source="arithmetic")
example("claims.all_claims", lambda: claims.all_claims)
example("claims.find_claim", lambda: claims.find_claim, name="adam-constant-gradient")
example("claims.find_family", lambda: claims.find_family, name="adam")
example("claims.prove", lambda: claims.prove, claim=claims.find_claim("adam-constant-gradient"))
example("studies.all_studies", lambda: studies.all_studies)
example("studies.find_study", lambda: studies.find_study, name="latent-dimension")
example("studies.study", lambda: studies.study, question="What is it?")

# Later names

RHO = {"n_examples": 12, "n_batches": 3, "n_adapting": 2}
example("outlier_scores", lambda: mv.outlier_scores, model=Fresh(vae), X=X, rng=0)
example(
    "two_sample_test",
    lambda: mv.two_sample_test,
    X=X,
    Y=X + 0.1,
    statistic="energy",
    n_permutations=9,
    rng=0,
)
example(
    "bayes.sghmc",
    lambda: bayes.sghmc,
    **F,
    start=numbers(2),
    n_samples=3,
    step=0.1,
    friction=0.1,
    rng=0,
)
example("bayes.ScaleAdaptedSGHMC", lambda: bayes.ScaleAdaptedSGHMC, **RHO, rng=0)
INSIDE = {"inside": numbers(5), "outside": numbers(6, seed=1)}
for name in ("auprc", "auroc", "false_positive_rate"):
    example(f"diagnostics.{name}", lambda name=name: getattr(diagnostics, name), **INSIDE)
for name in ("effective_models", "weight_scores"):
    example(f"diagnostics.{name}", lambda name=name: getattr(diagnostics, name), log_p=X)
example("regularizers.SparseCode", lambda: mv.regularizers.SparseCode, l1=0.1, l2=0.1)
for name, argument in {"Gaussian": "sigma", "Masking": "p", "SaltAndPepper": "p"}.items():
    kind = getattr(mv.corruptions, name)
    example(f"corruptions.{name}", lambda kind=kind: kind, **{argument: 0.3})
example("corruptions.Corruption.__call__", lambda: mv.corruptions.Gaussian(0.3), x=X, rng=0)
