"""Exercises for tutorial 04: PCA, and PCA is a linear autoencoder.

Fill in the three functions, and run
    python -m minivae check tutorials/exercises/04_pca.py
It answers for each function, and names the first number that is wrong.
"""

import numpy as np


def pca_reconstruct(X, k):
    """Return the rows of X as PCA reconstructs them from k numbers each, in X's shape (N, m).

    The steps: subtract the mean; take the k eigenvectors of the covariance that have the largest
    eigenvalues; project onto them; add the mean again.

    Hint: `np.linalg.eigh` returns the eigenvalues in *rising* order, and the eigenvectors as
    columns.
    """
    raise NotImplementedError


def autoencoder_gradients(X, W_e, W_d):
    """Return ``(dW_e, dW_d)``, the gradients of the linear autoencoder's loss

        L = 1/N sum_n |x_n - x_n W_e W_d|^2

    X has the shape (N, m), W_e (m, k) and W_d (k, m): the encoder and the decoder. (If you wrote
    them for tutorial 03 already, write them once more without looking.)

    Derive: L by x_hat first, then through the two products as in two dense layers; the gradient
    with respect to a layer's matrix is its input, transposed, times the gradient at its output.

    Hint: what comes back to the code is dz = dx_hat W_d^T.
    """
    raise NotImplementedError


def largest_angle(A, B):
    """Return the largest principal angle between two planes, one number, in radians.

    The planes are spanned by the rows of A and the rows of B, each of shape (k, m), k < m. The rows
    are independent, but neither orthogonal nor of length 1.

    For *orthonormal* bases Q_A, Q_B, with the basis vectors as columns, the cosines of the
    principal angles are the singular values of Q_A^T Q_B.

    Hint: `np.linalg.qr` makes a basis orthonormal; `np.linalg.svd(..., compute_uv=False)`. Which
    singular value belongs to the largest angle?
    """
    raise NotImplementedError
