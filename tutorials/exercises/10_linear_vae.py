"""Exercises for tutorial 10: the linear VAE, probabilistic PCA, and collapse.

Fill in the three functions, and run
    python -m minivae check tutorials/exercises/10_linear_vae.py
It answers for each function, and names the first number that is wrong.
"""

import numpy as np


def fit_ppca(X, k):
    """Return ``(s2, C)`` of the most likely probabilistic PCA with k latents.

    X has the shape (N, d), and is not centred. s2 is the noise variance, one number. C, shape
    (d, d), is the model's covariance ``W^T W + s2 I``.

    Derive: s2 is the mean of the discarded eigenvalues of the covariance (divisor N). The rows of W
    are the first k eigenvectors, scaled to the squared length lam_i - s2.

    Hint: `np.cov` divides by N - 1 without bias=True. `np.linalg.eigh` has rising order.
    """
    raise NotImplementedError


def posterior(x, W, b, s2):
    """Return ``(mu, covariance)`` of p(z | x) for the model x = z W + b + noise of variance s2.

    x has the shape (N, d), W (k, d), b (d,). mu, shape (N, k), holds a mean for every row of x. The
    covariance, shape (k, k), is the same for all rows. The prior is N(0, I).

    Derive: collect the terms of -1/2 [ |z|^2 + |x - b - z W|^2 / s2 ] that are quadratic in z. They
    make the precision. The terms that are linear in z make the mean.

    Hint: M = W W^T + s2 I. The rows of W need not be orthogonal.
    """
    raise NotImplementedError


def collapse(lam, s2, beta):
    """Return ``(squares, kl)``, each of shape (k,), for a trained linear VAE.

    lam, shape (k,), holds the eigenvalues of the data's covariance along the k latents. s2 is the
    decoder's fixed variance, and beta is the weight of the KL. squares holds the squared lengths of
    the rows of W, and kl the KL of each latent to the prior, in nats.

    Derive: W depends only on the product t = beta s2. For lam_i > t the variance of q is t / lam_i,
    and the variance of the means is 1 - t / lam_i. Insert both into the mean of
    (mu^2 + variance - 1 - log variance) / 2. For lam_i <= t, both results are 0.
    """
    raise NotImplementedError
