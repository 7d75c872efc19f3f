"""Exercises for tutorial 12: a label in a layer, Bayes' rule for bounds, and an optimum on paper.

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


def conditional_optimum(X, y, n_latent):
    """Return ``(means, s2, log_p)``: the best linear conditional VAE, without training it.

    X has the shape (n, n_features), and y (n,) holds integer labels; each class has rows. means,
    shape (n_classes, n_features), are the decoder's rows of the classes: the class means. With the
    eigenvalues lam_1 >= lam_2 >= ... of the covariance *within* the classes (of the rows less their
    class mean; divisor n), and d features of which the first k = n_latent directions are kept:

        s2 = mean of lam_(k+1) to lam_d
        log_p = -1/2 (d log(2 pi) + sum of log lam_1 to log lam_k + (d - k) log s2 + d)

    s2 and log_p are numbers, and log_p is the mean over the rows.

    Hint: ``means[y]`` has a row for each row of X. `np.linalg.eigvalsh` begins with the smallest.
    """
    raise NotImplementedError
