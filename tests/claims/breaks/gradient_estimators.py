"""Ways to be wrong on gradients of expectations."""

from breaks import swap
from minivae.bayes import gradient_estimators as estimators


def score_without_the_last_minus_one(sigma, eps):
    return eps / sigma, eps * eps / sigma


def half_score(sigma, eps):
    return 0.5 * eps / sigma, 0.5 * (eps * eps - 1) / sigma


def path_without_noise(df, mu, sigma, eps):
    dz = df(mu + sigma * eps)
    return estimators.GradientSamples(dz, dz)


def path_with_variance_for_deviation(df, mu, sigma, eps):
    dz = df(mu + sigma**2 * eps)
    return estimators.GradientSamples(dz, dz * eps)


def twice_the_path(df, mu, sigma, eps):
    dz = 2 * df(mu + sigma * eps)
    return estimators.GradientSamples(dz, dz * eps)


def elbo_gradient_that_never_sticks(dlog_p, mu, sigma, eps, *, stick_the_landing=False):
    dz = dlog_p(mu + sigma * eps)
    return estimators.GradientSamples(dz, dz * eps + 1 / sigma)


BREAKS = [
    (
        "reparameterized-gradient-is-unbiased",
        swap(estimators, "_score", score_without_the_last_minus_one),
    ),
    (
        "reparameterized-gradient-is-unbiased",
        swap(estimators, "reparameterized_gradient", path_without_noise),
    ),
    ("estimator-variances", swap(estimators, "_score", half_score)),
    (
        "estimator-variances",
        swap(estimators, "reparameterized_gradient", path_with_variance_for_deviation),
    ),
    ("score-function-baseline", swap(estimators, "_score", half_score)),
    ("estimator-dimension-growth", swap(estimators, "_score", half_score)),
    ("estimator-dimension-growth", swap(estimators, "reparameterized_gradient", twice_the_path)),
    ("sticking-the-landing", swap(estimators, "elbo_gradient", elbo_gradient_that_never_sticks)),
    ("elbo-gradient-variances", swap(estimators, "elbo_gradient", elbo_gradient_that_never_sticks)),
    ("elbo-gradient-variances", swap(estimators, "_score", score_without_the_last_minus_one)),
]
