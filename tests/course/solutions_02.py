import numpy as np


def central_difference(f, x, h):
    x = np.array(x, float)
    slopes = np.empty_like(x)
    for i in np.ndindex(x.shape):
        before = x[i]
        x[i] = before + h
        above = f(x)
        x[i] = before - h
        slopes[i] = (above - f(x)) / (2 * h)
        x[i] = before
    return slopes


def relative_error(analytic, numeric):
    larger = np.maximum(np.abs(analytic), np.abs(numeric))
    error = np.zeros_like(larger)
    return np.divide(np.abs(analytic - numeric), larger, out=error, where=larger > 0)


def complex_step(f, x):
    h = 1e-30
    slopes = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[i] += 1j * h
        slopes[i] = f(moved).imag / h
    return slopes


SOLUTIONS = {f.__name__: f for f in (central_difference, relative_error, complex_step)}


def forward_difference(f, x, h):
    slopes = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        moved = x.copy()
        moved[i] += h
        slopes[i] = (f(moved) - f(x)) / h
    return slopes


def divides_by_h(f, x, h):
    return 2 * central_difference(f, x, h)


def moves_everything(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


def moves_everything_in_a_loop(f, x, h):
    slopes = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        slopes[i] = (f(x + h) - f(x - h)) / (2 * h)
    return slopes


def does_not_put_it_back(f, x, h):
    slopes = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        x[i] += h
        above = f(x)
        x[i] -= 2 * h
        slopes[i] = (above - f(x)) / (2 * h)
    return slopes


def below_minus_above(f, x, h):
    return -central_difference(f, x, h)


def absolute_error(analytic, numeric):
    return np.abs(analytic - numeric)


def nothing_over_nothing(analytic, numeric):
    with np.errstate(invalid="ignore"):
        return np.abs(analytic - numeric) / np.maximum(np.abs(analytic), np.abs(numeric))


def divides_by_the_sum(analytic, numeric):
    total = np.abs(analytic) + np.abs(numeric)
    total[total == 0] = 1
    return np.abs(analytic - numeric) / total


def divides_by_the_largest(analytic, numeric):
    return np.abs(analytic - numeric) / max(np.abs(analytic).max(), np.abs(numeric).max())


def forgets_absolute_values(analytic, numeric):
    larger = np.maximum(analytic, numeric)
    larger[larger == 0] = 1
    return np.abs(analytic - numeric) / larger


def one_number(analytic, numeric):
    return np.max(relative_error(analytic, numeric))


def not_divided_by_h(f, x):
    return 1e-30 * complex_step(f, x)


def moves_everything_at_once(f, x):
    return f(x + 1e-30j).imag / 1e-30


def has_no_room_for_the_step(f, x):
    slopes = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        moved = x.copy()
        moved[i] += 1e-30j
        slopes[i] = f(moved).imag / 1e-30
    return slopes


def real_part(f, x):
    h = 1e-30
    slopes = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[i] += 1j * h
        slopes[i] = f(moved).real / h
    return slopes


def only_a_difference(f, x):
    return central_difference(f, x, 1e-5)


def coarse_step(f, x):
    h = 1e-3
    slopes = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[i] += 1j * h
        slopes[i] = f(moved).imag / h
    return slopes


WRONG = [
    ("central_difference", forward_difference, "a forward difference"),
    ("central_difference", divides_by_h, "twice too large"),
    ("central_difference", moves_everything, "all entries moved at once"),
    ("central_difference", moves_everything_in_a_loop, "all entries moved at once, every time"),
    ("central_difference", does_not_put_it_back, "x was changed in place"),
    ("central_difference", below_minus_above, "the sign is flipped"),
    ("relative_error", absolute_error, "an absolute error"),
    ("relative_error", nothing_over_nothing, "0/0: where both numbers are 0"),
    ("relative_error", divides_by_the_sum, "divided by the sum of both"),
    ("relative_error", divides_by_the_largest, "divided by the largest number of all"),
    ("relative_error", forgets_absolute_values, "no absolute values in the denominator"),
    ("relative_error", one_number, "has shape (), and should have (2, 4)"),
    ("complex_step", not_divided_by_h, "not divided by h"),
    ("complex_step", moves_everything_at_once, "all entries moved at once"),
    ("complex_step", has_no_room_for_the_step, "imaginary part"),
    ("complex_step", real_part, "the real part"),
    ("complex_step", only_a_difference, "a difference of two values, or a step that is too large"),
    ("complex_step", coarse_step, "a difference of two values, or a step that is too large"),
]
