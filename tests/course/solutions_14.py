import numpy as np


def baoab_step(w, v, gradient, h, friction, eps):
    v = v + h * gradient
    w = w + v / 2
    v = (1 - friction) * v + np.sqrt(h * (1 - (1 - friction) ** 2)) * eps
    return w + v / 2, v


def effective_models(log_p):
    p = np.exp(log_p - log_p.max(axis=1, keepdims=True))
    w = p / p.sum(axis=1, keepdims=True)
    return 1 / np.sum(w**2, axis=1)


def p_values(statistics, nulls):
    return (1 + np.sum(nulls >= statistics[:, None], axis=1)) / (1 + nulls.shape[1])


SOLUTIONS = {f.__name__: f for f in (baoab_step, effective_models, p_values)}


def moves_once(w, v, gradient, h, friction, eps):
    v = (1 - friction) * v + h * gradient + np.sqrt(2 * friction * h) * eps
    return w + v, v


def drifts_at_the_end(w, v, gradient, h, friction, eps):
    v = v + h * gradient
    v = (1 - friction) * v + np.sqrt(h * (1 - (1 - friction) ** 2)) * eps
    return w + v, v


def drifts_twice_alike(w, v, gradient, h, friction, eps):
    v = v + h * gradient
    w = w + v / 2 + v / 2
    v = (1 - friction) * v + np.sqrt(h * (1 - (1 - friction) ** 2)) * eps
    return w, v


def heats_too_much(w, v, gradient, h, friction, eps):
    v = v + h * gradient
    w = w + v / 2
    v = (1 - friction) * v + np.sqrt(2 * friction * h) * eps
    return w + v / 2, v


def goes_downhill(w, v, gradient, h, friction, eps):
    return baoab_step(w, v, -gradient, h, friction, eps)


def squares_the_step(w, v, gradient, h, friction, eps):
    return baoab_step(w, v, gradient, h**2, friction, eps)


def keeps_the_friction(w, v, gradient, h, friction, eps):
    return baoab_step(w, v, gradient, h, 1 - friction, eps)


def sums_the_images(log_p):
    p = np.exp(log_p - log_p.max(axis=0))
    w = p / p.sum(axis=0)
    return 1 / np.sum(w**2, axis=0)


def forgets_the_square(log_p):
    p = np.exp(log_p - log_p.max(axis=1, keepdims=True))
    return 1 / np.sum(p / p.sum(axis=1, keepdims=True), axis=1)


def forgets_the_inverse(log_p):
    return 1 / effective_models(log_p)


def takes_the_largest(log_p):
    p = np.exp(log_p - log_p.max(axis=1, keepdims=True))
    return 1 / (p / p.sum(axis=1, keepdims=True)).max(axis=1)


def turns_the_sign(log_p):
    return effective_models(-log_p)


def forgets_the_data(statistics, nulls):
    return np.mean(nulls >= statistics[:, None], axis=1)


def leaves_out_ties(statistics, nulls):
    return (1 + np.sum(nulls > statistics[:, None], axis=1)) / (1 + nulls.shape[1])


def counts_the_smaller(statistics, nulls):
    return (1 + np.sum(nulls <= statistics[:, None], axis=1)) / (1 + nulls.shape[1])


def adds_one_above_only(statistics, nulls):
    return (1 + np.sum(nulls >= statistics[:, None], axis=1)) / nulls.shape[1]


def adds_one_below_only(statistics, nulls):
    return np.sum(nulls >= statistics[:, None], axis=1) / (1 + nulls.shape[1])


WRONG = [
    ("baoab_step", moves_once, "Euler's form"),
    ("baoab_step", drifts_at_the_end, "half of it comes before the noise"),
    ("baoab_step", drifts_twice_alike, "take the same velocity"),
    ("baoab_step", heats_too_much, "not 2 a h"),
    ("baoab_step", goes_downhill, "downhill"),
    ("baoab_step", squares_the_step, "h is squared already"),
    ("baoab_step", keeps_the_friction, "friction is what is lost"),
    ("effective_models", sums_the_images, "over the images"),
    ("effective_models", forgets_the_square, "not squared"),
    ("effective_models", forgets_the_inverse, "inverse is missing"),
    ("effective_models", takes_the_largest, "largest weight"),
    ("effective_models", turns_the_sign, "larger log p"),
    ("p_values", forgets_the_data, "the data do not count"),
    ("p_values", leaves_out_ties, "a tie does not count"),
    ("p_values", counts_the_smaller, "smaller ones"),
    ("p_values", adds_one_above_only, "missing below"),
    ("p_values", adds_one_below_only, "missing above"),
]
