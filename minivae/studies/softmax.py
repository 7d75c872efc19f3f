"""Classes from numbers: the softmax, its cross-entropy, and logistic regression by L-BFGS."""

from __future__ import annotations

import numpy as np

from minivae.edge.checks import Array


def softmax(logits: Array) -> Array:
    """Return ``e^a_c / sum_j e^a_j``: the probability of every class, shape (n, n_classes)."""
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def cross_entropy(logits: Array, labels: Array) -> Array:
    """Return ``-log p(class)``, shape (n,), in nats."""
    # -log p_y = log sum_j e^a_j - a_y
    shifted = logits - logits.max(axis=1, keepdims=True)
    right = shifted[np.arange(len(labels)), labels]
    return np.log(np.exp(shifted).sum(axis=1)) - right


def cross_entropy_backward(logits: Array, labels: Array, dy: Array) -> Array:
    """Return ``dlogits = dy (p - onehot(y))``, shape (n, n_classes)."""
    d = softmax(logits)
    d[np.arange(len(labels)), labels] -= 1
    return dy[:, None] * d


def logistic_regression(
    x: Array, labels: Array, points: Array, *, n_classes: int = 10, weight: float = 1.0
) -> Array:
    """Return the most probable class of each point by multinomial logistic regression.

    It minimises ``sum_n -log p(y_n | x_n) + weight |W|^2 / 2`` by L-BFGS. The features are centred
    and divided by one number, their root mean variance, so that the penalty means the same for
    codes and for pixels.

    Parameters
    ----------
    x : array, shape (n_labelled, n_dims)
    labels : array of int, shape (n_labelled,)
    points : array, shape (n, n_dims)

    Returns
    -------
    array of int, shape (n,)
    """
    from scipy.optimize import minimize

    centre, scale = x.mean(axis=0), np.sqrt(np.mean(x.var(axis=0)))
    x, points = (np.asarray((each - centre) / scale, float) for each in (x, points))
    n_dims = x.shape[1]

    def loss_and_gradient(theta: Array) -> tuple[float, Array]:
        W, b = theta[:-n_classes].reshape(n_dims, n_classes), theta[-n_classes:]
        logits = x @ W + b
        loss = cross_entropy(logits, labels).sum() + weight / 2 * np.sum(W**2)
        dlogits = cross_entropy_backward(logits, labels, np.ones(len(x)))
        dW = x.T @ dlogits + weight * W
        return loss, np.concatenate([dW.ravel(), dlogits.sum(axis=0)])

    start = np.zeros(n_dims * n_classes + n_classes)
    found = minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B").x
    logits = points @ found[:-n_classes].reshape(n_dims, n_classes) + found[-n_classes:]
    return logits.argmax(axis=1)
