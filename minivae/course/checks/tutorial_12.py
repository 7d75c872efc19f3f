"""Tutorial 12: a label in a layer, Bayes' rule for bounds, and the best linear denoiser."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from minivae.course.diagnosis import Diagnosis
from minivae.course.exercises import Exercises, Function, ValueCheck
from minivae.edge.checks import Array
from minivae.models.labels import one_hot
from minivae.nn.layers import Dense

N_LATENT, N_CLASSES = 3, 5
rng = np.random.default_rng(12)
z, y = rng.normal(size=(7, N_LATENT)), np.array([0, 2, 4, 2, 1, 0, 2])  # nobody has class 3
W, dy = rng.normal(size=(N_LATENT + N_CLASSES, 4)), rng.normal(size=(7, 4))
log_p = -9 + 3 * rng.normal(size=(6, 4))
log_prior = np.log([0.1, 0.2, 0.3, 0.4])
X = rng.normal(size=(9, 5)) @ rng.normal(size=(5, 5))
X = X - X.mean(axis=0)


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


def best_denoiser(X: Array, s2: float) -> tuple[Array, float]:
    """Return the ridge regression of X on itself, by least squares, and what it leaves."""
    n, d = X.shape
    ridge = np.sqrt(n * s2) * np.eye(d)
    W = np.linalg.lstsq(np.vstack([X, ridge]), np.vstack([X, 0 * ridge]), rcond=None)[0]
    return W, float((np.sum((X - X @ W) ** 2) + n * s2 * np.sum(W**2)) / n)


def with_covariance(of: Function) -> Function:
    """Return a denoiser of another covariance."""

    def denoiser(X: Array, s2: float) -> tuple[Array, float]:
        S = of(X)
        W = np.linalg.solve(S + s2 * np.eye(len(S)), S)
        return W, s2 * np.trace(W)

    return denoiser


def with_error(error: Function) -> Function:
    """Return the right W with another error."""
    return lambda X, s2: (best_denoiser(X, s2)[0], error(X, best_denoiser(X, s2)[0], s2))


def with_noise(noise: Function) -> Function:
    """Return a denoiser of another noise variance."""
    return lambda X, s2: best_denoiser(X, noise(s2))


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
    "best_denoiser": [
        ValueCheck(
            best_denoiser,
            (X, 0.7),
            returns=("W", "error"),
            mistakes={
                "S is a sum, and should be a mean: divide by n": with_covariance(lambda X: X.T @ X),
                "S is divided by n - 1: the mean over the rows divides by n": with_covariance(
                    lambda X: X.T @ X / (len(X) - 1)
                ),
                "S is divided by the number of features: the mean is over the n rows": (
                    with_covariance(lambda X: X.T @ X / X.shape[1])
                ),
                "S is divided by all numbers of X: the mean is over the n rows": (
                    with_covariance(lambda X: X.T @ X / X.size)
                ),
                "s2 is a variance already: do not square it": with_noise(lambda s2: s2**2),
                "s2 is a variance, and not its root: take it as it is": with_noise(np.sqrt),
                "the error is s2 tr W: s2 is missing": with_error(lambda X, W, s2: np.trace(W)),
                "the error is s2 tr W, not s2 |W|^2: the signal is shrunk, too": with_error(
                    lambda X, W, s2: s2 * np.sum(W**2)
                ),
                "the noise that gets through is missing in the error: add s2 |W|^2": with_error(
                    lambda X, W, s2: np.sum((X - X @ W) ** 2) / len(X)
                ),
                "the error is averaged over the features: they are summed": with_error(
                    lambda X, W, s2: s2 * np.trace(W) / len(W)
                ),
                "what is left is returned, I - W: W is what is kept": (
                    lambda X, s2: (
                        np.eye(X.shape[1]) - best_denoiser(X, s2)[0],
                        best_denoiser(X, s2)[1],
                    )
                ),
                "upside down, S^-1 (S + s2 I): W shrinks": lambda X, s2: (
                    np.linalg.inv(best_denoiser(X, s2)[0]),
                    s2 * np.trace(np.linalg.inv(best_denoiser(X, s2)[0])),
                ),
                "copying is not denoising: s2 I is missing in the inverse": lambda X, s2: (
                    np.eye(X.shape[1]),
                    s2 * X.shape[1],
                ),
            },
            hint="S = X^T X / n; W = (S + s2 I)^-1 S; error = s2 tr W",
        ),
    ],
}
