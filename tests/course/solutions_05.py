import numpy as np


def relu_weights(knots, values):
    return np.diff(np.diff(values) / np.diff(knots), prepend=0)


def denoising_map(X, s2):
    S = X.T @ X / len(X)
    return np.linalg.solve(S + s2 * np.eye(len(S)), S)


def denoising_gradients(noisy, x, W_e, b_e, W_d, b_d):
    z = np.tanh(noisy @ W_e + b_e)
    dx_hat = 2 * (z @ W_d + b_d - x) / len(x)
    da = dx_hat @ W_d.T * (1 - z**2)
    return noisy.T @ da, da.sum(axis=0), z.T @ dx_hat, dx_hat.sum(axis=0)


SOLUTIONS = {f.__name__: f for f in (relu_weights, denoising_map, denoising_gradients)}


def returns_the_slopes(knots, values):
    return np.diff(values) / np.diff(knots)


def forgets_the_distances(knots, values):
    return np.diff(np.diff(values), prepend=0)


def thinks_the_knots_are_even(knots, values):
    h = (knots[-1] - knots[0]) / (len(knots) - 1)
    return np.diff(np.diff(values) / h, prepend=0)


def forgets_the_first_slope(knots, values):
    return np.diff(np.diff(values) / np.diff(knots))


def subtracts_the_wrong_way(knots, values):
    slopes = np.diff(values) / np.diff(knots)
    return np.concatenate([slopes[:1], slopes[:-1] - slopes[1:]])


def forgets_n(X, s2):
    S = X.T @ X
    return np.linalg.solve(S + s2 * np.eye(len(S)), S)


def squares_the_variance(X, s2):
    return denoising_map(X, s2**2)


def takes_a_standard_deviation(X, s2):
    return denoising_map(X, s2**0.5)


def takes_np_cov(X, s2):
    S = np.cov(X, rowvar=False)
    return np.linalg.solve(S + s2 * np.eye(len(S)), S)


def returns_what_is_removed(X, s2):
    S = X.T @ X / len(X)
    return s2 * np.linalg.inv(S + s2 * np.eye(len(S)))


def solves_the_other_way(X, s2):
    S = X.T @ X / len(X)
    return np.linalg.solve(S, S + s2 * np.eye(len(S)))


def copies_the_noise(noisy, x, W_e, b_e, W_d, b_d):
    return denoising_gradients(noisy, noisy, W_e, b_e, W_d, b_d)


def takes_the_clean_input(noisy, x, W_e, b_e, W_d, b_d):
    z = np.tanh(noisy @ W_e + b_e)
    dx_hat = 2 * (z @ W_d + b_d - x) / len(x)
    da = dx_hat @ W_d.T * (1 - z**2)
    return x.T @ da, da.sum(axis=0), z.T @ dx_hat, dx_hat.sum(axis=0)


def forgets_tanh(noisy, x, W_e, b_e, W_d, b_d):
    z = np.tanh(noisy @ W_e + b_e)
    dx_hat = 2 * (z @ W_d + b_d - x) / len(x)
    dz = dx_hat @ W_d.T
    return noisy.T @ dz, dz.sum(axis=0), z.T @ dx_hat, dx_hat.sum(axis=0)


def squares_before_tanh(noisy, x, W_e, b_e, W_d, b_d):
    a = noisy @ W_e + b_e
    z = np.tanh(a)
    dx_hat = 2 * (z @ W_d + b_d - x) / len(x)
    da = dx_hat @ W_d.T * (1 - a**2)
    return noisy.T @ da, da.sum(axis=0), z.T @ dx_hat, dx_hat.sum(axis=0)


def forgets_the_mean(noisy, x, W_e, b_e, W_d, b_d):
    return tuple(len(x) * g for g in denoising_gradients(noisy, x, W_e, b_e, W_d, b_d))


def averages_over_features(noisy, x, W_e, b_e, W_d, b_d):
    return tuple(g / x.shape[1] for g in denoising_gradients(noisy, x, W_e, b_e, W_d, b_d))


def does_not_sum_a_bias(noisy, x, W_e, b_e, W_d, b_d):
    dW_e, db_e, dW_d, _ = denoising_gradients(noisy, x, W_e, b_e, W_d, b_d)
    x_hat = np.tanh(noisy @ W_e + b_e) @ W_d + b_d
    return dW_e, db_e, dW_d, 2 * (x_hat - x) / len(x)


WRONG = [
    ("relu_weights", returns_the_slopes, "the change of slope"),
    ("relu_weights", forgets_the_distances, "not divided by the distance of the knots"),
    ("relu_weights", thinks_the_knots_are_even, "not evenly spaced"),
    ("relu_weights", forgets_the_first_slope, "the first slope is missing"),
    ("relu_weights", subtracts_the_wrong_way, "the other way round"),
    ("denoising_map", forgets_n, "not divided by N"),
    ("denoising_map", squares_the_variance, "was squared"),
    ("denoising_map", takes_a_standard_deviation, "the root of s2"),
    ("denoising_map", takes_np_cov, "divided by N - 1"),
    ("denoising_map", returns_what_is_removed, "what is removed"),
    ("denoising_map", solves_the_other_way, "the inverse"),
    ("denoising_gradients", copies_the_noise, "compared with the noisy input"),
    ("denoising_gradients", takes_the_clean_input, "the encoder saw the noisy input"),
    ("denoising_gradients", forgets_tanh, "the derivative of tanh is missing"),
    ("denoising_gradients", squares_before_tanh, "with z after the tanh"),
    ("denoising_gradients", forgets_the_mean, "not divided by the batch"),
    ("denoising_gradients", averages_over_features, "averaged over the features too"),
    ("denoising_gradients", does_not_sum_a_bias, "not summed over the batch"),
]
