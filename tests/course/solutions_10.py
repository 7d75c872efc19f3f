import numpy as np


def fit_ppca(X, k):
    lam, U = np.linalg.eigh(np.cov(X, rowvar=False, bias=True))
    s2 = lam[:-k].mean()
    W = np.sqrt(lam[-k:] - s2)[:, None] * U[:, -k:].T
    return s2, W.T @ W + s2 * np.eye(len(lam))


def posterior(x, W, b, s2):
    M = W @ W.T + s2 * np.eye(len(W))
    return np.linalg.solve(M, W @ (x - b).T).T, s2 * np.linalg.inv(M)


def collapse(lam, s2, beta):
    t = beta * s2
    return np.where(lam > t, lam - t, 0), np.where(lam > t, 0.5 * np.log(lam / t), 0)


SOLUTIONS = {f.__name__: f for f in (fit_ppca, posterior, collapse)}


def divides_by_n_minus_1(X, k):
    lam, U = np.linalg.eigh(np.cov(X, rowvar=False))
    s2 = lam[:-k].mean()
    return s2, U[:, -k:] @ np.diag(lam[-k:] - s2) @ U[:, -k:].T + s2 * np.eye(len(lam))


def sums_the_discarded(X, k):
    lam, U = np.linalg.eigh(np.cov(X, rowvar=False, bias=True))
    s2 = lam[:-k].sum()
    return s2, U[:, -k:] @ np.diag(lam[-k:] - s2) @ U[:, -k:].T + s2 * np.eye(len(lam))


def takes_the_first_discarded(X, k):
    lam, U = np.linalg.eigh(np.cov(X, rowvar=False, bias=True))
    s2 = lam[-k - 1]
    return s2, U[:, -k:] @ np.diag(lam[-k:] - s2) @ U[:, -k:].T + s2 * np.eye(len(lam))


def leaves_the_noise_in_w(X, k):
    lam, U = np.linalg.eigh(np.cov(X, rowvar=False, bias=True))
    s2 = lam[:-k].mean()
    return s2, U[:, -k:] @ np.diag(lam[-k:]) @ U[:, -k:].T + s2 * np.eye(len(lam))


def keeps_the_smallest(X, k):
    lam, U = np.linalg.eigh(np.cov(X, rowvar=False, bias=True))
    s2 = lam[k:].mean()
    return s2, U[:, :k] @ np.diag(lam[:k] - s2) @ U[:, :k].T + s2 * np.eye(len(lam))


def forgets_to_centre(X, k):
    lam, U = np.linalg.eigh(X.T @ X / len(X))
    s2 = lam[:-k].mean()
    return s2, U[:, -k:] @ np.diag(lam[-k:] - s2) @ U[:, -k:].T + s2 * np.eye(len(lam))


def takes_rows_for_eigenvectors(X, k):
    lam, U = np.linalg.eigh(np.cov(X, rowvar=False, bias=True))
    s2 = lam[:-k].mean()
    return s2, U[-k:].T @ np.diag(lam[-k:] - s2) @ U[-k:] + s2 * np.eye(len(lam))


def returns_the_covariance_first(X, k):
    return fit_ppca(X, k)[::-1]


def forgets_the_prior(x, W, b, s2):
    inverse = np.linalg.inv(W @ W.T)
    return (x - b) @ W.T @ inverse, s2 * inverse


def forgets_s2_in_m(x, W, b, s2):
    inverse = np.linalg.inv(W @ W.T + np.eye(len(W)))
    return (x - b) @ W.T @ inverse, s2 * inverse


def takes_the_diagonal(x, W, b, s2):
    squares = np.diag(W @ W.T) + s2
    return (x - b) @ W.T / squares, np.diag(s2 / squares)


def forgets_s2_outside(x, W, b, s2):
    mu, covariance = posterior(x, W, b, s2)
    return mu, covariance / s2


def forgets_b(x, W, b, s2):
    return posterior(x, W, 0, s2)


def forgets_beta(lam, s2, beta):
    return collapse(lam, s2, 1)


def divides_by_beta(lam, s2, beta):
    return collapse(lam, s2, 1 / beta)


def squares_the_variance(lam, s2, beta):
    return collapse(lam, s2**2, beta)


def lets_them_be_negative(lam, s2, beta):
    return lam - beta * s2, 0.5 * np.log(lam / (beta * s2))


def lets_the_kl_be_negative(lam, s2, beta):
    return np.maximum(lam - beta * s2, 0), 0.5 * np.log(lam / (beta * s2))


def lets_squares_be_negative(lam, s2, beta):
    return lam - beta * s2, collapse(lam, s2, beta)[1]


def weights_the_kl(lam, s2, beta):
    squares, kl = collapse(lam, s2, beta)
    return squares, beta * kl


def returns_lengths(lam, s2, beta):
    squares, kl = collapse(lam, s2, beta)
    return squares**0.5, kl


def forgets_the_half(lam, s2, beta):
    squares, kl = collapse(lam, s2, beta)
    return squares, 2 * kl


WRONG = [
    ("fit_ppca", divides_by_n_minus_1, "the divisor N - 1"),
    ("fit_ppca", sums_the_discarded, "the sum of the discarded eigenvalues"),
    ("fit_ppca", takes_the_first_discarded, "the largest discarded eigenvalue"),
    ("fit_ppca", leaves_the_noise_in_w, "W is too long"),
    ("fit_ppca", keeps_the_smallest, "eigh's order is rising"),
    ("fit_ppca", forgets_to_centre, "X is not centred"),
    ("fit_ppca", takes_rows_for_eigenvectors, "not its rows"),
    ("fit_ppca", returns_the_covariance_first, "in the wrong order"),
    ("posterior", forgets_the_prior, "the prior is missing"),
    ("posterior", forgets_s2_in_m, "M holds I in the place of s2 I"),
    ("posterior", takes_the_diagonal, "only the diagonal of M"),
    ("posterior", forgets_s2_outside, "the s2 is missing"),
    ("posterior", forgets_b, "b is not subtracted"),
    ("collapse", forgets_beta, "beta is left out"),
    ("collapse", divides_by_beta, "divided by beta"),
    ("collapse", squares_the_variance, "was squared"),
    ("collapse", lets_them_be_negative, "have collapsed"),
    ("collapse", lets_the_kl_be_negative, "the KL of a collapsed latent is 0"),
    ("collapse", lets_squares_be_negative, "the squared length of a collapsed latent is 0"),
    ("collapse", weights_the_kl, "beta does not multiply the KL"),
    ("collapse", returns_lengths, "return their squares"),
    ("collapse", forgets_the_half, "the KL's half is missing"),
]
