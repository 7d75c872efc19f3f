import numpy as np


def frechet_distance(a, b):
    m = np.mean(a, axis=0) - np.mean(b, axis=0)
    s = np.std(a, axis=0) - np.std(b, axis=0)
    return np.sum(m**2) + np.sum(s**2)


def auroc(inside, outside):
    difference = outside[:, None] - inside
    return np.mean((difference > 0) + 0.5 * (difference == 0))


def bounds_from_weights(log_w):
    top = np.max(log_w, axis=1, keepdims=True)
    log_p = np.log(np.mean(np.exp(log_w - top), axis=1)) + top[:, 0]
    return np.mean(log_w, axis=1), log_p


SOLUTIONS = {f.__name__: f for f in (frechet_distance, auroc, bounds_from_weights)}


def forgets_the_roots(a, b):
    m = a.mean(axis=0) - b.mean(axis=0)
    return np.sum(m**2) + np.sum((a.var(axis=0) - b.var(axis=0)) ** 2)


def returns_a_length(a, b):
    return np.sqrt(frechet_distance(a, b))


def divides_by_n_minus_1(a, b):
    m = a.mean(axis=0) - b.mean(axis=0)
    return np.sum(m**2) + np.sum((a.std(axis=0, ddof=1) - b.std(axis=0, ddof=1)) ** 2)


def averages_over_columns(a, b):
    m, s = a.mean(axis=0) - b.mean(axis=0), a.std(axis=0) - b.std(axis=0)
    return np.mean(m**2 + s**2)


def forgets_a_square(a, b):
    m, s = a.mean(axis=0) - b.mean(axis=0), a.std(axis=0) - b.std(axis=0)
    return np.linalg.norm(m) + np.sum(s**2)


def squares_the_sum(a, b):
    m, s = a.mean(axis=0) - b.mean(axis=0), a.std(axis=0) - b.std(axis=0)
    return np.sum(m) ** 2 + np.sum(s**2)


def sees_the_means_alone(a, b):
    return np.sum((a.mean(axis=0) - b.mean(axis=0)) ** 2)


def sees_the_deviations_alone(a, b):
    return np.sum((a.std(axis=0) - b.std(axis=0)) ** 2)


def takes_one_mean_for_all(a, b):
    return (a.mean() - b.mean()) ** 2 + (a.std() - b.std()) ** 2


def drops_ties(inside, outside):
    return np.mean(outside[:, None] > inside)


def wins_ties(inside, outside):
    return np.mean(outside[:, None] >= inside)


def turns_it_round(inside, outside):
    return auroc(outside, inside)


def counts_pairs(inside, outside):
    difference = outside[:, None] - inside
    return np.sum((difference > 0) + 0.5 * (difference == 0))


def divides_by_the_ordinary(inside, outside):
    return counts_pairs(inside, outside) / len(inside)


def divides_by_the_strange(inside, outside):
    return counts_pairs(inside, outside) / len(outside)


def compares_row_by_row(inside, outside):
    difference = outside - inside[: len(outside)]
    return np.mean((difference > 0) + 0.5 * (difference == 0))


def averages_the_difference(inside, outside):
    return np.mean(outside) - np.mean(inside)


def subtracts_losses(inside, outside):
    return np.mean(np.sign(outside[:, None] - inside))


def forgets_k(log_w):
    return log_w.mean(axis=1), np.logaddexp.reduce(log_w, axis=1)


def averages_over_the_batch(log_w):
    return log_w.mean(axis=0), np.logaddexp.reduce(log_w, axis=0) - np.log(len(log_w))


def forgets_to_put_it_back(log_w):
    top = np.max(log_w, axis=1, keepdims=True)
    return log_w.mean(axis=1), np.log(np.mean(np.exp(log_w - top), axis=1))


def returns_the_weight(log_w):
    return log_w.mean(axis=1), np.mean(np.exp(log_w), axis=1)


def takes_the_largest(log_w):
    return log_w.mean(axis=1), log_w.max(axis=1)


def returns_the_elbo_twice(log_w):
    return log_w.mean(axis=1), log_w.mean(axis=1)


def sums_the_elbo(log_w):
    return log_w.sum(axis=1), bounds_from_weights(log_w)[1]


def divides_by_the_batch(log_w):
    return log_w.mean(axis=1), np.logaddexp.reduce(log_w, axis=1) - np.log(len(log_w))


def forgets_that_exp_underflows(log_w):
    with np.errstate(divide="ignore"):
        return log_w.mean(axis=1), np.log(np.mean(np.exp(log_w), axis=1))


def swaps_the_two(log_w):
    return bounds_from_weights(log_w)[::-1]


WRONG = [
    ("frechet_distance", forgets_the_roots, "variances where deviations belong"),
    ("frechet_distance", returns_a_length, "the root of the distance"),
    ("frechet_distance", divides_by_n_minus_1, "the divisor is n - 1"),
    ("frechet_distance", averages_over_columns, "the mean over columns"),
    ("frechet_distance", forgets_a_square, "the length of the mean is not squared"),
    ("frechet_distance", squares_the_sum, "the sum of the differences is squared"),
    ("frechet_distance", sees_the_means_alone, "the means alone"),
    ("frechet_distance", sees_the_deviations_alone, "the deviations alone"),
    ("frechet_distance", takes_one_mean_for_all, "one mean for all columns"),
    ("auroc", drops_ties, "wins alone are counted"),
    ("auroc", wins_ties, "ties count as won"),
    ("auroc", turns_it_round, "the other way round"),
    ("auroc", counts_pairs, "the sum over all pairs"),
    ("auroc", divides_by_the_ordinary, "divided by one number of examples"),
    ("auroc", divides_by_the_strange, "divided by the strange ones alone"),
    ("auroc", compares_row_by_row, "only rows of equal number"),
    ("auroc", averages_the_difference, "the mean difference of the scores"),
    ("auroc", subtracts_losses, "wins less losses"),
    ("bounds_from_weights", forgets_k, "log_p is a sum of weights"),
    ("bounds_from_weights", averages_over_the_batch, "the mean is over the batch"),
    ("bounds_from_weights", forgets_to_put_it_back, "the constant is not put back"),
    ("bounds_from_weights", returns_the_weight, "the weight, not its logarithm"),
    ("bounds_from_weights", takes_the_largest, "the largest weight alone"),
    ("bounds_from_weights", returns_the_elbo_twice, "the mean of the logarithms twice"),
    ("bounds_from_weights", sums_the_elbo, "the elbo is a sum"),
    ("bounds_from_weights", divides_by_the_batch, "the divisor is the batch"),
    ("bounds_from_weights", forgets_that_exp_underflows, "all exponentials of a row are 0"),
    ("bounds_from_weights", swaps_the_two, "returned in the wrong order"),
]
