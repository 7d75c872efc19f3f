import numpy as np


def pca_reconstruct(X, k):
    mean = X.mean(axis=0)
    U = np.linalg.eigh(np.cov(X, rowvar=False)).eigenvectors[:, -k:]
    return (X - mean) @ U @ U.T + mean


def autoencoder_gradients(X, W_e, W_d):
    z = X @ W_e
    dx_hat = 2 * (z @ W_d - X) / len(X)
    return X.T @ (dx_hat @ W_d.T), z.T @ dx_hat


def largest_angle(A, B):
    cosines = np.linalg.svd(np.linalg.qr(A.T).Q.T @ np.linalg.qr(B.T).Q, compute_uv=False)
    return np.arccos(cosines.min())


SOLUTIONS = {f.__name__: f for f in (pca_reconstruct, autoencoder_gradients, largest_angle)}


def never_centres(X, k):
    U = np.linalg.eigh(X.T @ X).eigenvectors[:, -k:]
    return X @ U @ U.T


def centres_the_covariance_only(X, k):
    U = np.linalg.eigh(np.cov(X, rowvar=False)).eigenvectors[:, -k:]
    return X @ U @ U.T


def leaves_out_the_mean(X, k):
    U = np.linalg.eigh(np.cov(X, rowvar=False)).eigenvectors[:, -k:]
    return (X - X.mean(axis=0)) @ U @ U.T


def takes_the_first_columns(X, k):
    mean = X.mean(axis=0)
    U = np.linalg.eigh(np.cov(X, rowvar=False)).eigenvectors[:, :k]
    return (X - mean) @ U @ U.T + mean


def takes_rows_of_eigh(X, k):
    mean = X.mean(axis=0)
    V = np.linalg.eigh(np.cov(X, rowvar=False)).eigenvectors[-k:]
    return (X - mean) @ V.T @ V + mean


def sums_over_the_batch(X, W_e, W_d):
    dx_hat = 2 * (X @ W_e @ W_d - X)
    return X.T @ (dx_hat @ W_d.T), (X @ W_e).T @ dx_hat


def takes_np_mean(X, W_e, W_d):
    dx_hat = 2 * (X @ W_e @ W_d - X) / X.size
    return X.T @ (dx_hat @ W_d.T), (X @ W_e).T @ dx_hat


def goes_back_by_the_encoder(X, W_e, W_d):
    dx_hat = 2 * (X @ W_e @ W_d - X) / len(X)
    return X.T @ (dx_hat @ W_e), (X @ W_e).T @ dx_hat


def subtracts_the_wrong_way(X, W_e, W_d):
    dx_hat = 2 * (X - X @ W_e @ W_d) / len(X)
    return X.T @ (dx_hat @ W_d.T), (X @ W_e).T @ dx_hat


def forgets_the_two(X, W_e, W_d):
    dx_hat = (X @ W_e @ W_d - X) / len(X)
    return X.T @ (dx_hat @ W_d.T), (X @ W_e).T @ dx_hat


def returns_the_decoder_first(X, W_e, W_d):
    return autoencoder_gradients(X, W_e, W_d)[::-1]


def takes_the_largest_cosine(A, B):
    cosines = np.linalg.svd(np.linalg.qr(A.T).Q.T @ np.linalg.qr(B.T).Q, compute_uv=False)
    return np.arccos(cosines[0])


def stops_at_the_cosine(A, B):
    return np.cos(largest_angle(A, B))


def answers_in_degrees(A, B):
    return np.degrees(largest_angle(A, B))


def forgets_qr(A, B):
    return np.arccos(np.linalg.svd(A @ B.T)[1].min())


def only_scales_the_rows(A, B):
    A = A / np.linalg.norm(A, axis=1)[:, None]
    B = B / np.linalg.norm(B, axis=1)[:, None]
    return np.arccos(np.linalg.svd(A @ B.T)[1].min())


WRONG = [
    ("pca_reconstruct", never_centres, "nothing is centred"),
    ("pca_reconstruct", centres_the_covariance_only, "half a centring"),
    ("pca_reconstruct", leaves_out_the_mean, "the mean is not added again"),
    ("pca_reconstruct", takes_the_first_columns, "eigh's order is rising"),
    ("pca_reconstruct", takes_rows_of_eigh, "its eigenvectors are the columns"),
    ("autoencoder_gradients", sums_over_the_batch, "not divided by the batch"),
    ("autoencoder_gradients", takes_np_mean, "averaged over the features too"),
    ("autoencoder_gradients", goes_back_by_the_encoder, "does not pass through the decoder"),
    ("autoencoder_gradients", subtracts_the_wrong_way, "the signs are flipped"),
    ("autoencoder_gradients", forgets_the_two, "the factor 2 of the square is missing"),
    ("autoencoder_gradients", returns_the_decoder_first, "in the wrong order"),
    ("largest_angle", takes_the_largest_cosine, "the smallest angle"),
    ("largest_angle", stops_at_the_cosine, "a cosine is not yet an angle"),
    ("largest_angle", answers_in_degrees, "in degrees"),
    ("largest_angle", forgets_qr, "the bases are not orthonormal"),
    ("largest_angle", only_scales_the_rows, "not yet orthogonal"),
]
