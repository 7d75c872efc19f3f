import numpy as np


def translate_weight(w, n_features, s2):
    return w * n_features / (2 * s2), w * n_features / 2


def kl_of_each_code(mu, log_var):
    return np.mean(mu**2 + np.exp(log_var) - 1 - log_var, axis=0) / 2


def rate_and_error(variances, s2, beta):
    t = beta * s2
    rate = 0.5 * np.sum(np.log(np.maximum(variances / t, 1)))
    return rate, np.sum(np.minimum(variances, t))


SOLUTIONS = {f.__name__: f for f in (translate_weight, kl_of_each_code, rate_and_error)}


def forgets_the_two(w, n_features, s2):
    return w * n_features / s2, w * n_features


def takes_the_mean_for_a_sum(w, n_features, s2):
    return w / (2 * s2), w / 2


def returns_a_standard_deviation(w, n_features, s2):
    return w * n_features / (2 * s2), np.sqrt(w * n_features / 2)


def forgets_s2(w, n_features, s2):
    return w * n_features / 2, w * n_features / 2


def squares_s2(w, n_features, s2):
    return w * n_features / (2 * s2**2), w * n_features / 2


def turns_it_upside_down(w, n_features, s2):
    return n_features / (2 * s2 * w), n_features / (2 * w)


def swaps_the_two(w, n_features, s2):
    return w * n_features / 2, w * n_features / (2 * s2)


def sums_over_the_batch(mu, log_var):
    return np.sum(mu**2 + np.exp(log_var) - 1 - log_var, axis=0) / 2


def one_for_each_image(mu, log_var):
    return np.sum(mu**2 + np.exp(log_var) - 1 - log_var, axis=1) / 2


def takes_log_var_for_log_std(mu, log_var):
    return np.mean(mu**2 + np.exp(2 * log_var) - 1 - 2 * log_var, axis=0) / 2


def takes_sigma_for_its_square(mu, log_var):
    return np.mean(mu**2 + np.exp(log_var / 2) - 1 - log_var, axis=0) / 2


def averages_too_early(mu, log_var):
    mu, log_var = mu.mean(axis=0), log_var.mean(axis=0)
    return (mu**2 + np.exp(log_var) - 1 - log_var) / 2


def forgets_the_one(mu, log_var):
    return np.mean(mu**2 + np.exp(log_var) - log_var, axis=0) / 2


def forgets_the_half(mu, log_var):
    return np.mean(mu**2 + np.exp(log_var) - 1 - log_var, axis=0)


def never_switches_off(variances, s2, beta):
    t = beta * s2
    return 0.5 * np.sum(np.log(variances / t)), len(variances) * t


def has_negative_rates(variances, s2, beta):
    t = beta * s2
    return 0.5 * np.sum(np.log(variances / t)), np.sum(np.minimum(variances, t))


def forgets_what_is_not_coded(variances, s2, beta):
    coded = variances[variances > beta * s2]
    return 0.5 * np.sum(np.log(coded / (beta * s2))), len(coded) * beta * s2


def thinks_codes_are_exact(variances, s2, beta):
    t = beta * s2
    return rate_and_error(variances, s2, beta)[0], np.sum(variances[variances <= t])


def returns_bits(variances, s2, beta):
    rate, error = rate_and_error(variances, s2, beta)
    return rate / np.log(2), error


def forgets_the_half_of_the_rate(variances, s2, beta):
    rate, error = rate_and_error(variances, s2, beta)
    return 2 * rate, error


def forgets_beta(variances, s2, beta):
    return rate_and_error(variances, s2, 1)


def divides_by_beta(variances, s2, beta):
    return rate_and_error(variances, s2, 1 / beta)


WRONG = [
    ("translate_weight", forgets_the_two, "the 2 of |x - x_hat|^2 / (2 s2) is missing"),
    ("translate_weight", takes_the_mean_for_a_sum, "n_features is missing"),
    (
        "translate_weight",
        returns_a_standard_deviation,
        "a standard deviation: it should be the variance",
    ),
    ("translate_weight", forgets_s2, "s2 is missing from beta"),
    ("translate_weight", squares_s2, "do not square it again"),
    ("translate_weight", turns_it_upside_down, "upside down"),
    ("translate_weight", swaps_the_two, "returned in the wrong order"),
    ("kl_of_each_code", sums_over_the_batch, "summed over the batch"),
    ("kl_of_each_code", one_for_each_image, "a KL for each image"),
    ("kl_of_each_code", takes_log_var_for_log_std, "used as a log standard deviation"),
    ("kl_of_each_code", takes_sigma_for_its_square, "stands where the variance belongs"),
    ("kl_of_each_code", averages_too_early, "the KL of the averaged posterior"),
    ("kl_of_each_code", forgets_the_one, "the -1 is missing"),
    ("kl_of_each_code", forgets_the_half, "a factor of 1/2 is missing"),
    ("rate_and_error", never_switches_off, "nothing is switched off"),
    ("rate_and_error", has_negative_rates, "negative rates"),
    ("rate_and_error", forgets_what_is_not_coded, "below the level is missing"),
    ("rate_and_error", thinks_codes_are_exact, "the error counts only numbers below"),
    ("rate_and_error", returns_bits, "bits, not nats"),
    ("rate_and_error", forgets_the_half_of_the_rate, "the factor 1/2 of the rate is missing"),
    ("rate_and_error", forgets_beta, "the level is beta s2, not s2"),
    ("rate_and_error", divides_by_beta, "not s2 / beta"),
]
