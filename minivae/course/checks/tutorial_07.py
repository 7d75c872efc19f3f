"""Tutorial 07: gradients through a sample, and through its density."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minivae.bayes import score_function_gradient
from minivae.course.exercises import (
    Exercises,
    Function,
    GradientCheck,
    ValueCheck,
)
from minivae.course.parts import PartsCheck
from minivae.edge.checks import Array
from minivae.gradient_check.numeric import numerical_gradient
from minivae.nn import gaussian
from minivae.nn.likelihoods import Bernoulli

Values = dict[str, Array]

rng = np.random.default_rng(7)
mu = rng.normal(size=(5, 3))
log_var = rng.normal(size=(5, 3))
eps = rng.normal(size=(5, 3))
target = rng.normal(size=(5, 3))
z = 0.5 + 0.7 * rng.normal(size=8)


def sample(mu: Array, log_var: Array, eps: Array) -> Array:
    """Return the library's sample."""
    return gaussian.reparameterize(mu, log_var, eps)


def code_loss(mu: Array, log_var: Array, eps: Array, target: Array) -> Any:
    """Return half the squared distance from sample to target plus the KL, averaged."""
    distance = np.sum((sample(mu, log_var, eps) - target) ** 2, axis=1) / 2
    return np.mean(distance + gaussian.gaussian_kl(mu, log_var))


def score_gradient(f_values: Array, mu: float, sigma: float, z: Array) -> tuple[Any, Any]:
    """Return the library's estimate, averaged over the draws."""
    noise = ((z - mu) / sigma)[:, None]
    samples = score_function_gradient(lambda _: f_values, mu, sigma, noise)
    return samples.dmu.mean(), samples.dsigma.mean()


def one_path(mu: Array, log_var: Array, eps: Array, target: Array) -> tuple[Array, Array]:
    """Return the gradients through the sample, without those of the KL."""
    dz = (sample(mu, log_var, eps) - target) / len(mu)
    return gaussian.reparameterize_backward(mu, log_var, eps, dz)


def kl_alone(mu: Array, log_var: Array, eps: Array, target: Array) -> tuple[Array, Array]:
    """Return the gradients of the KL alone, as if z were a given number."""
    return gaussian.gaussian_kl_backward(mu, log_var, np.full(len(mu), 1 / len(mu)))


def kl_not_averaged(mu: Array, log_var: Array, eps: Array, target: Array) -> tuple[Array, Array]:
    """Return gradients that divide only one of the two terms by the batch."""
    kl = gaussian.gaussian_kl_backward(mu, log_var, np.ones(len(mu)))
    path = one_path(mu, log_var, eps, target)
    return path[0] + kl[0], path[1] + kl[1]


# A whole VAE, step by step: each step's name, and what makes it.
STEPS: Mapping[str, Callable[[Values], Array]] = {
    "a": lambda v: v["x"] @ v["W_e"] + v["b_e"],
    "h": lambda v: np.tanh(v["a"]),
    "mu": lambda v: v["h"] @ v["W_mu"],
    "log_var": lambda v: v["h"] @ v["W_lv"],
    "sigma": lambda v: np.exp(v["log_var"] / 2),
    "z": lambda v: v["mu"] + v["sigma"] * v["eps"],
    "logits": lambda v: v["z"] @ v["W_d"] + v["b_d"],
}
SHAPES = {"W_e": (6, 4), "b_e": (4,), "W_mu": (4, 3), "W_lv": (4, 3), "W_d": (3, 6), "b_d": (6,)}


def forward_pass(v: Values, given: Values) -> Values:
    """Return all values of a pass; those in `given` are taken as they are."""
    v = v | given
    for name, step in STEPS.items():
        if name not in given:
            v[name] = step(v)
    return v


def reconstruction(v: Values) -> Any:
    """Return the library's reconstruction term, averaged over the batch."""
    return -np.mean(Bernoulli().log_prob(v["x"], v["logits"]))


def kl(v: Values) -> Any:
    """Return the library's KL, averaged over the batch."""
    return np.mean(gaussian.gaussian_kl(v["mu"], v["log_var"]))


def every_gradient(v: Values) -> Values:
    """Return the gradients with respect to every value of the pass, by central differences."""

    def slope(name: str, loss: Function = lambda v: reconstruction(v) + kl(v)) -> Array:
        x = v[name].copy()
        return numerical_gradient(lambda: loss(forward_pass(v, {name: x})), x, ONE)

    slopes = {f"d{name}": slope(name) for name in (*STEPS, *SHAPES)}
    slopes |= {"dlog_var_z": slope("log_var", reconstruction)}
    slopes |= {"dmu_kl": slope("mu", kl), "dlog_var_kl": slope("log_var", kl)}
    return {name: slopes[name] for name in GRADIENTS.split()}


GRADIENTS = (
    "dlogits dW_d db_d dz dsigma dlog_var_z dmu_kl dlog_var_kl dmu dlog_var dW_mu dW_lv dh da dW_e "
    "db_e"
)
ONE = np.ones(())
ONE_PATH = "only one of the two paths: there is one through z, and one through the KL"
drawn: Values = {name: rng.normal(size=shape) / 2 for name, shape in SHAPES.items()}
pass_ = forward_pass(drawn | {"x": rng.uniform(size=(5, 6)), "eps": rng.normal(size=(5, 3))}, {})


def of_log_sigma(mu: Array, log_var: Array, eps: Array, dz: Array) -> tuple[Array, Array]:
    """Return the gradient with respect to log sigma, twice that with respect to log_var."""
    return dz, np.exp(log_var / 2) * eps * dz


def one_head(g: Values) -> Array:
    """Return what comes back to h from mu alone."""
    return g["dmu"] @ pass_["W_mu"].T


EXERCISES: Exercises = {
    "reparameterize_backward": [
        GradientCheck(
            sample,
            (mu, log_var, eps),
            wrt=("mu", "log_var"),
            mistakes={
                "log_var is used as a log standard deviation: sigma = e^(log_var / 2)": (
                    lambda mu, log_var, eps, dz: (dz, np.exp(log_var) * eps * dz)
                ),
                "the variance stands where the standard deviation belongs: e^(log_var / 2)": (
                    lambda mu, log_var, eps, dz: (dz, np.exp(log_var) * eps * dz / 2)
                ),
                "the factor 1/2 of d/dlog_var e^(log_var / 2) is missing": of_log_sigma,
                "the noise is missing: dz/dlog_var = sigma eps / 2": (
                    lambda mu, log_var, eps, dz: (dz, np.exp(log_var / 2) * dz / 2)
                ),
            },
            hint="dz/dmu = 1, and z = mu + e^(log_var / 2) eps",
        ),
    ],
    "every_gradient": [
        PartsCheck(
            every_gradient,
            (pass_,),
            mistakes={
                "dh": {
                    "h feeds both heads, mu and log_var: add what comes back from each": one_head
                },
                "dmu": {
                    "only one of the two paths: through z, and through the KL": lambda g: g["dz"]
                },
                "dlog_var": {
                    "only one of the two paths: through z, and through the KL": (
                        lambda g: g["dlog_var_z"]
                    )
                },
                "da": {"the derivative of tanh is missing: 1 - h^2": lambda g: g["dh"]},
            },
            hint="each is the one before it, times what stands beside it in the forward pass",
        ),
    ],
    "code_loss_backward": [
        GradientCheck(
            code_loss,
            (mu, log_var, eps, target),
            wrt=("mu", "log_var"),
            with_dy=False,
            mistakes={
                "the path through the KL is missing": one_path,
                "the path through the sample is missing: z depends on mu and log_var": kl_alone,
                "the KL is not divided by the batch, but the other term is": kl_not_averaged,
            },
            hint="dz = (z - target) / batch; dKL/dmu = mu, dKL/dlog_var = (e^log_var - 1) / 2",
        ),
    ],
    "score_function_gradient": [
        ValueCheck(
            score_gradient,
            (np.sin(z) + 2, 0.5, 0.7, z),
            returns=("dmu", "dsigma"),
            mistakes={
                "the variance is missing: d log N/dmu = (z - mu) / sigma^2": (
                    lambda f, mu, sigma, z: (
                        np.mean(f * (z - mu)),
                        score_gradient(f, mu, sigma, z)[1],
                    )
                ),
                "the -log sigma of log N is missing: dsigma needs its -1 / sigma": (
                    lambda f, mu, sigma, z: (
                        score_gradient(f, mu, sigma, z)[0],
                        np.mean(f * (z - mu) ** 2) / sigma**3,
                    )
                ),
                "summed over the draws: it should be an average": (
                    lambda f, mu, sigma, z: tuple(
                        len(z) * g for g in score_gradient(f, mu, sigma, z)
                    )
                ),
            },
            hint="dmu is the mean of f (z - mu) / sigma^2 over the draws",
        ),
    ],
}
