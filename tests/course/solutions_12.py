import numpy as np


def labelled_layer_backward(z, y, W, dy):
    n_latent = z.shape[1]
    row = np.concatenate([z, np.eye(len(W) - n_latent)[y]], axis=1)
    return dy @ W[:n_latent].T, row.T @ dy


def class_probabilities(log_p, log_prior):
    a = log_p + log_prior
    a = a - np.max(a, axis=1, keepdims=True)
    return np.exp(a) / np.sum(np.exp(a), axis=1, keepdims=True)


def conditional_optimum(X, y, n_latent):
    means = np.array([np.mean(X[y == c], axis=0) for c in np.unique(y)])
    rest = X - means[y]
    lam = np.flip(np.linalg.eigvalsh(rest.T @ rest / len(X)))
    s2 = np.mean(lam[n_latent:])
    variances = np.append(lam[:n_latent], np.full(len(lam) - n_latent, s2))
    return means, s2, -0.5 * np.sum(np.log(2 * np.pi * variances) + 1)


SOLUTIONS = {
    f.__name__: f for f in (labelled_layer_backward, class_probabilities, conditional_optimum)
}


def returns_the_whole_row(z, y, W, dy):
    row = np.concatenate([z, np.eye(len(W) - z.shape[1])[y]], axis=1)
    return dy @ W.T, row.T @ dy


def takes_the_last_columns(z, y, W, dy):
    row = np.concatenate([z, np.eye(len(W) - z.shape[1])[y]], axis=1)
    return (dy @ W.T)[:, -z.shape[1] :], row.T @ dy


def puts_the_label_in_front(z, y, W, dy):
    n_classes = len(W) - z.shape[1]
    row = np.concatenate([np.eye(n_classes)[y], z], axis=1)
    return dy @ W[n_classes:].T, row.T @ dy


def teaches_the_code_only(z, y, W, dy):
    dW = np.zeros_like(W)
    dW[: z.shape[1]] = z.T @ dy
    return dy @ W[: z.shape[1]].T, dW


def teaches_all_classes(z, y, W, dy):
    ones = np.ones((len(z), len(W) - z.shape[1]))
    return dy @ W[: z.shape[1]].T, np.hstack([z, ones]).T @ dy


def keeps_the_last_image_of_a_class(z, y, W, dy):
    dW = np.zeros_like(W)
    dW[: z.shape[1]] = z.T @ dy
    for n, c in enumerate(y):
        dW[z.shape[1] + c] = dy[n]
    return dy @ W[: z.shape[1]].T, dW


def averages_over_a_class(z, y, W, dy):
    dW = np.zeros_like(W)
    dW[: z.shape[1]] = z.T @ dy
    for c in np.unique(y):
        dW[z.shape[1] + c] = dy[y == c].mean(axis=0)
    return dy @ W[: z.shape[1]].T, dW


def forgets_the_prior(log_p, log_prior):
    a = log_p - np.max(log_p, axis=1, keepdims=True)
    return np.exp(a) / np.sum(np.exp(a), axis=1, keepdims=True)


def adds_the_prior_itself(log_p, log_prior):
    return class_probabilities(log_p, np.exp(log_prior))


def subtracts_the_prior(log_p, log_prior):
    return class_probabilities(log_p, -log_prior)


def normalises_over_images(log_p, log_prior):
    a = log_p + log_prior
    a = a - np.max(a, axis=0)
    return np.exp(a) / np.sum(np.exp(a), axis=0)


def normalises_everything(log_p, log_prior):
    a = log_p + log_prior
    a = np.exp(a - np.max(a))
    return a / np.sum(a)


def forgets_to_normalise(log_p, log_prior):
    a = log_p + log_prior
    return np.exp(a - np.max(a, axis=1, keepdims=True))


def stays_in_logarithms(log_p, log_prior):
    a = log_p + log_prior
    a = a - np.max(a, axis=1, keepdims=True)
    return a - np.log(np.sum(np.exp(a), axis=1, keepdims=True))


def names_one_class(log_p, log_prior):
    return np.eye(log_p.shape[1])[np.argmax(log_p + log_prior, axis=1)]


def takes_them_for_losses(log_p, log_prior):
    return class_probabilities(-log_p, -log_prior)


def forgets_that_exp_underflows(log_p, log_prior):
    p = np.exp(log_p + log_prior)
    return p / np.sum(p, axis=1, keepdims=True)


def means_of(X, y):
    return np.array([X[y == c].mean(axis=0) for c in range(y.max() + 1)])


def optimum(X, y, n_latent, S):
    lam = np.linalg.eigvalsh(S)[::-1]
    return means_of(X, y), np.mean(lam[n_latent:]), log_p_of(lam, np.mean(lam[n_latent:]), n_latent)


def log_p_of(lam, s2, k):
    d = len(lam)
    logs = np.sum(np.log(lam[:k])) + (d - k) * np.log(s2)
    return -0.5 * (d * np.log(2 * np.pi) + logs + d)


def forgets_the_classes(X, y, n_latent):
    return optimum(X, y, n_latent, np.cov(X.T, bias=True))


def forgets_to_centre(X, y, n_latent):
    return optimum(X, y, n_latent, X.T @ X / len(X))


def averages_the_covariances(X, y, n_latent):
    S = [np.cov(X[y == c].T, bias=True) for c in range(y.max() + 1)]
    return optimum(X, y, n_latent, np.mean(S, axis=0))


def divides_by_n_minus_1(X, y, n_latent):
    rest = X - means_of(X, y)[y]
    return optimum(X, y, n_latent, rest.T @ rest / (len(X) - 1))


def takes_off_the_classes(X, y, n_latent):
    rest = X - means_of(X, y)[y]
    return optimum(X, y, n_latent, rest.T @ rest / (len(X) - len(means_of(X, y))))


def takes_the_smallest_first(X, y, n_latent):
    rest = X - means_of(X, y)[y]
    lam = np.linalg.eigvalsh(rest.T @ rest / len(X))
    s2 = np.mean(lam[n_latent:])
    return means_of(X, y), s2, log_p_of(lam, s2, n_latent)


def with_s2(X, y, n_latent, s2_of):
    rest = X - means_of(X, y)[y]
    lam = np.linalg.eigvalsh(rest.T @ rest / len(X))[::-1]
    return means_of(X, y), s2_of(lam), log_p_of(lam, s2_of(lam), n_latent)


def sums_the_noise(X, y, n_latent):
    return with_s2(X, y, n_latent, lambda lam: np.sum(lam[n_latent:]))


def takes_the_next_for_the_noise(X, y, n_latent):
    return with_s2(X, y, n_latent, lambda lam: lam[n_latent])


def forgets_d(X, y, n_latent):
    means, s2, log_p = conditional_optimum(X, y, n_latent)
    return means, s2, log_p + X.shape[1] / 2


def forgets_two_pi(X, y, n_latent):
    means, s2, log_p = conditional_optimum(X, y, n_latent)
    return means, s2, log_p + X.shape[1] * np.log(2 * np.pi) / 2


def counts_the_noise_once(X, y, n_latent):
    means, s2, log_p = conditional_optimum(X, y, n_latent)
    return means, s2, log_p + (X.shape[1] - n_latent - 1) * np.log(s2) / 2


def forgets_the_half(X, y, n_latent):
    means, s2, log_p = conditional_optimum(X, y, n_latent)
    return means, s2, 2 * log_p


WRONG = [
    ("labelled_layer_backward", returns_the_whole_row, "leave out what the one-hot part gets"),
    ("labelled_layer_backward", takes_the_last_columns, "at the wrong end of the row"),
    ("labelled_layer_backward", puts_the_label_in_front, "stand in front of z"),
    ("labelled_layer_backward", teaches_the_code_only, "learn nothing"),
    ("labelled_layer_backward", teaches_all_classes, "all classes learn from all images"),
    ("labelled_layer_backward", keeps_the_last_image_of_a_class, "from its last image alone"),
    ("labelled_layer_backward", averages_over_a_class, "the dy of a class are averaged"),
    ("class_probabilities", forgets_the_prior, "the prior is missing"),
    ("class_probabilities", adds_the_prior_itself, "the prior itself is added"),
    ("class_probabilities", subtracts_the_prior, "the prior has the wrong sign"),
    ("class_probabilities", normalises_over_images, "adds up to 1 over the images"),
    ("class_probabilities", normalises_everything, "all images together add up to 1"),
    ("class_probabilities", forgets_to_normalise, "not normalised"),
    ("class_probabilities", stays_in_logarithms, "still a logarithm"),
    ("class_probabilities", names_one_class, "the most probable class alone"),
    ("class_probabilities", takes_them_for_losses, "with the wrong sign"),
    ("class_probabilities", forgets_that_exp_underflows, "all exponentials of a row are 0"),
    ("conditional_optimum", forgets_the_classes, "the covariance of all rows"),
    ("conditional_optimum", forgets_to_centre, "subtracted 0 times or 2"),
    ("conditional_optimum", averages_the_covariances, "every class counts the same"),
    ("conditional_optimum", divides_by_n_minus_1, "the divisor is n - 1"),
    ("conditional_optimum", takes_off_the_classes, "n less the number of classes"),
    ("conditional_optimum", takes_the_smallest_first, "the eigenvalues grow"),
    ("conditional_optimum", sums_the_noise, "s2 is a sum"),
    ("conditional_optimum", takes_the_next_for_the_noise, "s2 is the first eigenvalue"),
    ("conditional_optimum", forgets_d, "d is missing in log_p"),
    ("conditional_optimum", forgets_two_pi, "log(2 pi) is missing"),
    ("conditional_optimum", counts_the_noise_once, "log s2 counts once"),
    ("conditional_optimum", forgets_the_half, "the factor 1/2"),
]
