"""Exercises for tutorial 12: a label in a layer, Bayes' rule for bounds, and the best denoiser.

Fill in the three functions, and run
    python -m minivae check tutorials/exercises/12_what_labels_noise_and_width_change.py
It answers for each function, and names the first number that is wrong.
"""

import numpy as np


def labelled_layer_backward(z, y, W, dy):
    """Return ``(dz, dW)`` of a decoder's first layer that sees the code and the class.

    z has the shape (batch, n_latent), y (batch,) holds integer labels, W has the shape
    (n_latent + n_classes, n_out), and dy (batch, n_out) is the gradient of the loss with respect
    to the output of

        row = [z, one-hot of y]          out = row W

    Derive: put the rows together first. The gradient with respect to a row has a part for z, and a
    part for the one-hot numbers, which nobody asks for.

    Hint: ``np.eye(n_classes)[y]`` is one-hot. How many classes there are, the shapes tell.
    """
    raise NotImplementedError


def class_probabilities(log_p, log_prior):
    """Return p(class | x) for each row, shape (batch, n_classes), by Bayes' rule.

    log_p, shape (batch, n_classes), holds log p(x | class) in nats, or a bound of it: for images
    some hundred nats below 0. log_prior, shape (n_classes,), holds log p(class).

        p(class | x) = p(x | class) p(class) / sum over all classes of the same

    Derive: a constant that is added to all log p of a row changes nothing. Which constant makes
    the largest exponential 1?

    Hint: ``np.exp(-800)`` is 0, and 0 / 0 is no probability.
    """
    raise NotImplementedError


def best_denoiser(X, s2):
    """Return ``(W, error)``: the best linear denoiser of the rows of X, and its expected error.

    X, shape (n, n_features), holds clean rows, which are centred already. Noise of variance s2 is
    added to every number. W, shape (n_features, n_features), minimises

        error = mean over rows of E |x - (x + e) W|^2

    where the mean is over the n rows, and the squares are summed over the features.

    Derive: the gradient of |x - x W|^2 + s2 |W|^2, averaged over the rows, is zero at the best W.

    Hint: S = X^T X / n. The error is s2 times one number that W has.
    """
    raise NotImplementedError
