"""Exercises for tutorial 04: PCA, and PCA is a linear autoencoder.

Fill in the three functions, and run
    python -m minivae check tutorials/exercises/04_pca.py
It answers for each function, and names the first number that is wrong.
"""

import numpy as np


def pca_reconstruct(X, k):
    """Return the rows of X as PCA reconstructs them from k numbers each, in X's shape (N, m).

    The steps: subtract the mean, take the k eigenvectors of the covariance that have the largest
    eigenvalues, project onto them, and add the mean again.

    Hint: `np.linalg.eigh` returns the eigenvalues in *rising* order, and the eigenvectors as
    columns.
    """
    raise NotImplementedError


def autoencoder_gradients(X, W_e, W_d):
    """Return ``(dW_e, dW_d)``, the gradients of the linear autoencoder's loss

        L = 1/N sum_n |x_n - x_n W_e W_d|^2

    X has the shape (N, m). The encoder W_e has (m, k), and the decoder W_d has (k, m). (If you
    wrote these gradients for tutorial 03 already, write them once more without looking.)

    Derive: first find dL/dx_hat. Then go back through two dense layers: the gradient with respect
    to a layer's matrix is its input, transposed, times the gradient with respect to its output.

    Hint: the gradient with respect to the code is dz = dx_hat W_d^T.
    """
    raise NotImplementedError


def largest_angle(A, B):
    """Return the largest principal angle between two planes, one number, in radians.

    The rows of A span one plane, the rows of B the other. Both have shape (k, m), and k < m. The
    rows are linearly independent, but neither orthogonal nor of length 1.

    For *orthonormal* bases Q_A, Q_B, with the basis vectors as columns, the cosines of the
    principal angles are the singular values of Q_A^T Q_B.

    Hint: `np.linalg.qr` makes a basis orthonormal, and `np.linalg.svd(..., compute_uv=False)`
    returns singular values. Which of them belongs to the largest angle?
    """
    raise NotImplementedError
