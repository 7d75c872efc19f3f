import numpy as np


def momentum_step(theta, g, v, lr, mu):
    v = mu * v - lr * g
    return theta + v, v


def adam_step(theta, g, m, v, t, lr):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    m_hat = m / (1 - 0.9**t)
    v_hat = v / (1 - 0.999**t)
    return theta - lr * m_hat / (np.sqrt(v_hat) + 1e-8), m, v


def linear_autoencoder_gradients(x, W_e, W_d):
    z = x @ W_e
    dx_hat = 2 * (z @ W_d - x) / len(x)
    dz = dx_hat @ W_d.T
    return x.T @ dz, z.T @ dx_hat


SOLUTIONS = {f.__name__: f for f in (momentum_step, adam_step, linear_autoencoder_gradients)}


def moves_by_the_old_velocity(theta, g, v, lr, mu):
    return theta + v, mu * v - lr * g


def rolls_uphill(theta, g, v, lr, mu):
    v = mu * v + lr * g
    return theta + v, v


def keeps_the_velocity_without_learning_rate(theta, g, v, lr, mu):
    v = mu * v + g
    return theta - lr * v, v


def averages(theta, g, v, lr, mu):
    v = mu * v - (1 - mu) * lr * g
    return theta + v, v


def works_in_place(theta, g, v, lr, mu):
    v *= mu
    v -= lr * g
    theta += v
    return theta, v


def velocity_first(theta, g, v, lr, mu):
    v = mu * v - lr * g
    return v, theta + v


def no_bias_correction(theta, g, m, v, t, lr):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    return theta - lr * m / (np.sqrt(v) + 1e-8), m, v


def correction_without_its_power(theta, g, m, v, t, lr):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    return theta - lr * (m / (1 - 0.9)) / (np.sqrt(v / (1 - 0.999)) + 1e-8), m, v


def corrects_only_m(theta, g, m, v, t, lr):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    return theta - lr * (m / (1 - 0.9**t)) / (np.sqrt(v) + 1e-8), m, v


def epsilon_inside_the_root(theta, g, m, v, t, lr):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    return theta - lr * (m / (1 - 0.9**t)) / np.sqrt(v / (1 - 0.999**t) + 1e-8), m, v


def epsilon_before_the_correction(theta, g, m, v, t, lr):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    step = lr * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return theta - step * m / (np.sqrt(v) + 1e-8), m, v


def forgets_the_root(theta, g, m, v, t, lr):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    return theta - lr * (m / (1 - 0.9**t)) / (v / (1 - 0.999**t) + 1e-8), m, v


def forgets_the_square(theta, g, m, v, t, lr):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g
    return theta - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v


def swaps_the_weights(theta, g, m, v, t, lr):
    m = 0.1 * m + 0.9 * g
    v = 0.999 * v + 0.001 * g**2
    return theta - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v


def climbs(theta, g, m, v, t, lr):
    return adam_step(theta, g, m, v, t, -lr)


def returns_corrected_moments(theta, g, m, v, t, lr):
    m = (0.9 * m + 0.1 * g) / (1 - 0.9**t)
    v = (0.999 * v + 0.001 * g**2) / (1 - 0.999**t)
    return theta - lr * m / (np.sqrt(v) + 1e-8), m, v


def sum_over_the_batch(x, W_e, W_d):
    dx_hat = 2 * (x @ W_e @ W_d - x)
    return x.T @ (dx_hat @ W_d.T), (x @ W_e).T @ dx_hat


def mean_over_the_pixels(x, W_e, W_d):
    dx_hat = 2 * (x @ W_e @ W_d - x) / x.size
    return x.T @ (dx_hat @ W_d.T), (x @ W_e).T @ dx_hat


def goes_back_through_the_encoder(x, W_e, W_d):
    dx_hat = 2 * (x @ W_e @ W_d - x) / len(x)
    return x.T @ (dx_hat @ W_e), (x @ W_e).T @ dx_hat


def decoder_gradient_transposed(x, W_e, W_d):
    dW_e, dW_d = linear_autoencoder_gradients(x, W_e, W_d)
    return dW_e, dW_d.T


WRONG = [
    ("momentum_step", moves_by_the_old_velocity, "theta moves by the old velocity"),
    ("momentum_step", rolls_uphill, "uphill"),
    ("momentum_step", keeps_the_velocity_without_learning_rate, "another convention"),
    ("momentum_step", averages, "an average, (1 - mu) g"),
    ("momentum_step", works_in_place, "was changed in place"),
    ("momentum_step", velocity_first, "wrong order: (v, theta)"),
    ("adam_step", no_bias_correction, "no bias correction"),
    ("adam_step", correction_without_its_power, "** t is missing"),
    ("adam_step", corrects_only_m, "only m is corrected"),
    ("adam_step", epsilon_inside_the_root, "epsilon is inside the root"),
    ("adam_step", epsilon_before_the_correction, "epsilon is added before the correction"),
    ("adam_step", forgets_the_root, "not by its root"),
    ("adam_step", forgets_the_square, "v averages the gradient, not its square"),
    ("adam_step", swaps_the_weights, "the two weights are swapped"),
    ("adam_step", climbs, "uphill"),
    ("adam_step", returns_corrected_moments, "the corrected moments are returned"),
    ("linear_autoencoder_gradients", sum_over_the_batch, "not divided by the batch"),
    ("linear_autoencoder_gradients", mean_over_the_pixels, "divided by the number of columns"),
    ("linear_autoencoder_gradients", goes_back_through_the_encoder, "dz is dx_hat @ W_d.T"),
    ("linear_autoencoder_gradients", decoder_gradient_transposed, "transposed"),
]
