"""Tutorial 12: a label in a layer, Bayes' rule for bounds, and an optimum on paper."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax
from scipy.stats import norm

from minivae.course.diagnosis import Diagnosis
from minivae.course.exercises import Exercises, Function, ValueCheck
from minivae.edge.checks import Array
from minivae.linear.probabilistic_pca import ProbabilisticPCA
from minivae.models.labels import one_hot
from minivae.nn.layers import Dense

N_LATENT, N_CLASSES = 3, 5
rng = np.random.default_rng(12)
z, y = rng.normal(size=(7, N_LATENT)), np.array([0, 2, 4, 2, 1, 0, 2])  # nobody has class 3
W, dy = rng.normal(size=(N_LATENT + N_CLASSES, 4)), rng.normal(size=(7, 4))
log_p = -9 + 3 * rng.normal(size=(6, 4))
log_prior = np.log([0.1, 0.2, 0.3, 0.4])
classes = np.array([0, 1, 2, 0, 0, 1, 2, 0, 1, 0, 0, 1, 2])
X = 0.4 * rng.normal(size=(13, 7)) @ rng.normal(size=(7, 7)) + rng.normal(size=(3, 7))[classes]


def labelled_layer_backward(z: Array, y: Array, W: Array, dy: Array) -> tuple[Array, Array]:
    """Return the gradients of the library's layer; those of the one-hot numbers are left out."""
    layer = Dense(*W.shape)
    layer.params["W"][...] = W
    n_classes = len(W) - z.shape[1]
    layer.forward(np.concatenate([z, one_hot(y, len(z), n_classes, float)], axis=1))
    return layer.backward(dy)[:, : z.shape[1]], layer.grads["W"]


def class_rows(wrong: Function) -> Function:
    """Return a function with other gradients of the rows of the classes."""

    def backward(z: Array, y: Array, W: Array, dy: Array) -> tuple[Array, Array]:
        dz, dW = labelled_layer_backward(z, y, W, dy)
        labels = one_hot(y, len(z), len(W) - z.shape[1], float)
        dW[z.shape[1] :] = wrong(labels, dy)
        return dz, dW

    return backward


def last_of_each(labels: Array, dy: Array) -> Array:
    """Return for each class the dy of its last image, as an assignment by index leaves it."""
    left = np.zeros((labels.shape[1], dy.shape[1]))
    left[np.argmax(labels, axis=1)] = dy
    return left


def labels_in_front(z: Array, y: Array, W: Array, dy: Array) -> tuple[Array, Array]:
    """Return the gradients of a layer whose rows begin with the one-hot numbers."""
    n_classes = len(W) - z.shape[1]
    labels = one_hot(y, len(z), n_classes, float)
    return dy @ W[n_classes:].T, np.concatenate([labels, z], axis=1).T @ dy


def whole_row(z: Array, y: Array, W: Array, dy: Array) -> tuple[Array, Array]:
    """Return the gradient of the whole row in place of dz."""
    return dy @ W.T, labelled_layer_backward(z, y, W, dy)[1]


def last_columns(z: Array, y: Array, W: Array, dy: Array) -> tuple[Array, Array]:
    """Return the gradient of as many numbers at the end of the row."""
    return (dy @ W.T)[:, -z.shape[1] :], labelled_layer_backward(z, y, W, dy)[1]


def class_probabilities(log_p: Array, log_prior: Array) -> Array:
    """Return SciPy's softmax."""
    return softmax(log_p + log_prior, axis=1)


def largest_class(log_p: Array, log_prior: Array) -> Array:
    """Return 1 for the most probable class, and 0 for the others."""
    return np.eye(log_p.shape[1])[np.argmax(log_p + log_prior, axis=1)]


def stays_finite(function: Function) -> Diagnosis | None:
    """Return what is wrong with probabilities of images whose log likelihoods are large numbers."""
    with np.errstate(all="ignore"):
        p = function(log_p - 1000, log_prior.copy())
    if np.all(np.isfinite(np.asarray(p, float))):
        return None
    return Diagnosis(
        f"for log_p 1000 nats lower p[0, 0] is {np.asarray(p, float).flat[0]:.4g}, and should be "
        f"{class_probabilities(log_p, log_prior)[0, 0]:.8g} as before",
        "all exponentials of a row are 0, or one is infinite: a constant is missing, subtract the "
        "largest number of each row first",
        hint=LARGEST_FIRST,
        find="print the exponentials of log_p = -1000 and -1001",
        known=True,
    )


LARGEST_FIRST = "a = log_p + log_prior; a = a - its largest number in each row; e^a / sum e^a"


def class_means(X: Array, y: Array) -> Array:
    """Return the mean of each class, as the least squares of X on the one-hot labels."""
    return np.linalg.lstsq(one_hot(y, len(y), y.max() + 1, float), X, rcond=None)[0]


def conditional_optimum(X: Array, y: Array, n_latent: int) -> tuple[Array, float, float]:
    """Return the class means, and the library's probabilistic PCA of the rest."""
    means = class_means(X, y)
    rest = X - means[y]
    model = ProbabilisticPCA(n_latent).fit(rest)
    return means, model.noise_variance_, model.score(rest)


def with_eigenvalues(of: Function) -> Function:
    """Return the optimum for other eigenvalues, which fall."""

    def optimum(X: Array, y: Array, k: int) -> tuple[Array, float, float]:
        lam, means = of(X - class_means(X, y)[y], X, y), class_means(X, y)
        return means, lam[k:].mean(), log_p_of(lam, lam[k:].mean(), k)

    return optimum


def log_p_of(lam: Array, s2: float, k: int) -> float:
    """Return the log-likelihood: that of a normal with these variances, at these variances."""
    variances = np.concatenate([lam[:k], np.full(len(lam) - k, s2)])
    return float(np.sum(norm.logpdf(0, scale=np.sqrt(variances)) - 1 / 2))


def spectrum(rows: Array, divisor: float) -> Array:
    """Return the eigenvalues of ``rows^T rows / divisor``, the largest first."""
    return np.linalg.svd(rows, compute_uv=False) ** 2 / divisor


def of_each_class(rest: Array, X: Array, y: Array) -> Array:
    """Return the spectrum of the plain mean of the classes' covariances."""
    each = [np.cov(rest[y == c].T, bias=True) for c in np.unique(y)]
    return np.linalg.eigvalsh(np.mean(each, axis=0))[::-1]


def with_noise(s2_of: Function) -> Function:
    """Return the optimum with another noise variance."""

    def optimum(X: Array, y: Array, k: int) -> tuple[Array, float, float]:
        means = class_means(X, y)
        lam = spectrum(X - means[y], len(X))
        return means, s2_of(lam, k), log_p_of(lam, s2_of(lam, k), k)

    return optimum


def with_log_p(change: Function) -> Function:
    """Return the optimum with another log-likelihood, from the right one, d, k and s2."""

    def optimum(X: Array, y: Array, k: int) -> tuple[Array, float, float]:
        means, s2, log_p = conditional_optimum(X, y, k)
        return means, s2, change(log_p, X.shape[1], k, s2)

    return optimum


EXERCISES: Exercises = {
    "labelled_layer_backward": [
        ValueCheck(
            labelled_layer_backward,
            (z, y, W, dy),
            returns=("dz", "dW"),
            mistakes={
                "dz has a number for each column of z: leave out what the one-hot part gets": (
                    whole_row
                ),
                "dz is at the wrong end of the row: z comes first, the classes behind it": (
                    last_columns
                ),
                "the one-hot numbers stand in front of z: they stand behind it": labels_in_front,
                "the rows of the classes learn nothing: each gets the dy of its class": class_rows(
                    lambda labels, dy: 0
                ),
                "all classes learn from all images: each from its own": class_rows(
                    lambda labels, dy: dy.sum(axis=0)
                ),
                "a class learns from its last image alone: its images add up": class_rows(
                    last_of_each
                ),
                "the dy of a class are averaged: every image adds its own": class_rows(
                    lambda labels, dy: labels.T @ dy / np.maximum(labels.sum(axis=0), 1)[:, None]
                ),
            },
            hint="row = [z, one-hot]; dW = row^T dy; dz is the first columns of dy W^T",
        ),
    ],
    "class_probabilities": [
        ValueCheck(
            class_probabilities,
            (log_p, log_prior),
            returns="p",
            mistakes={
                "the prior is missing: add log_prior before the exponential": (
                    lambda log_p, log_prior: softmax(log_p, axis=1)
                ),
                "the prior itself is added to a logarithm: add log_prior as it is": (
                    lambda log_p, log_prior: softmax(log_p + np.exp(log_prior), axis=1)
                ),
                "the prior has the wrong sign: it multiplies p(x | class), so add its logarithm": (
                    lambda log_p, log_prior: softmax(log_p - log_prior, axis=1)
                ),
                "each class adds up to 1 over the images: each image should, over its classes": (
                    lambda log_p, log_prior: softmax(log_p + log_prior, axis=0)
                ),
                "all images together add up to 1: each image should, over its classes": (
                    lambda log_p, log_prior: softmax(log_p + log_prior)
                ),
                "not normalised: divide each row by its sum": lambda log_p, log_prior: np.exp(
                    log_p + log_prior - np.max(log_p + log_prior, axis=1, keepdims=True)
                ),
                "still a logarithm: take the exponential": lambda log_p, log_prior: np.log(
                    class_probabilities(log_p, log_prior)
                ),
                "the most probable class alone: the others have a probability, too": largest_class,
                "a log likelihood with the wrong sign: larger is more probable": (
                    lambda log_p, log_prior: softmax(-(log_p + log_prior), axis=1)
                ),
            },
            hint=LARGEST_FIRST,
        ),
        stays_finite,
    ],
    "conditional_optimum": [
        ValueCheck(
            conditional_optimum,
            (X, classes, 3),
            returns=("means", "s2", "log_p"),
            mistakes={
                "the covariance of all rows: subtract from each row the mean of its class": (
                    with_eigenvalues(lambda rest, X, y: spectrum(X - X.mean(axis=0), len(X)))
                ),
                "the class means are subtracted 0 times or 2: once, from the rows of a class": (
                    with_eigenvalues(lambda rest, X, y: spectrum(X, len(X)))
                ),
                "every class counts the same: every row should, whatever its class": (
                    with_eigenvalues(of_each_class)
                ),
                "the divisor is n - 1: divide by n": with_eigenvalues(
                    lambda rest, X, y: spectrum(rest, len(X) - 1)
                ),
                "the divisor is n less the number of classes: divide by n": with_eigenvalues(
                    lambda rest, X, y: spectrum(rest, len(X) - len(np.unique(y)))
                ),
                "the divisor is missing: divide by n": with_eigenvalues(
                    lambda rest, X, y: spectrum(rest, 1)
                ),
                "the eigenvalues grow, as eigvalsh returns them: the largest come first": (
                    with_eigenvalues(lambda rest, X, y: spectrum(rest, len(X))[::-1])
                ),
                "singular values where variances belong: square them": with_eigenvalues(
                    lambda rest, X, y: spectrum(rest, len(X)) ** 0.5
                ),
                "s2 is a sum: it is the mean of what is left": with_noise(
                    lambda lam, k: lam[k:].sum()
                ),
                "s2 is the mean of what is kept: it is the mean of what is left": with_noise(
                    lambda lam, k: lam[:k].mean()
                ),
                "s2 is the first eigenvalue that is left: it is their mean": with_noise(
                    lambda lam, k: lam[k]
                ),
                "s2 is the mean of all eigenvalues: of those that are left": with_noise(
                    lambda lam, k: lam.mean()
                ),
                "d is missing in log_p: the squared distances have the mean d": with_log_p(
                    lambda log_p, d, k, s2: log_p + d / 2
                ),
                "log(2 pi) is missing in log_p: d times": with_log_p(
                    lambda log_p, d, k, s2: log_p + d * np.log(2 * np.pi) / 2
                ),
                "log s2 counts once: it counts for d - k directions": with_log_p(
                    lambda log_p, d, k, s2: log_p + (d - k - 1) * np.log(s2) / 2
                ),
                "log s2 counts for k directions: it counts for d - k": with_log_p(
                    lambda log_p, d, k, s2: log_p + (d - 2 * k) * np.log(s2) / 2
                ),
                "log s2 is missing in log_p: it counts for d - k directions": with_log_p(
                    lambda log_p, d, k, s2: log_p + (d - k) * np.log(s2) / 2
                ),
                "the factor 1/2 of log_p is missing": with_log_p(lambda log_p, d, k, s2: 2 * log_p),
                "the sum over the rows: log_p is their mean": lambda X, y, k: (
                    *conditional_optimum(X, y, k)[:2],
                    len(X) * conditional_optimum(X, y, k)[2],
                ),
            },
            hint="rest = X - means[y]; lam of rest^T rest / n, the largest first; then s2, log_p",
        ),
    ],
}
