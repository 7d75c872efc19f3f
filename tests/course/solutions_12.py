import numpy as np


def labelled_layer_backward(z, y, W, dy):
    n_latent = z.shape[1]
    row = np.concatenate([z, np.eye(len(W) - n_latent)[y]], axis=1)
    return dy @ W[:n_latent].T, row.T @ dy


def class_probabilities(log_p, log_prior):
    a = log_p + log_prior
    a = a - np.max(a, axis=1, keepdims=True)
    return np.exp(a) / np.sum(np.exp(a), axis=1, keepdims=True)


def best_denoiser(X, s2):
    S = X.T @ X / len(X)
    W = np.linalg.solve(S + s2 * np.eye(len(S)), S)
    return W, s2 * np.trace(W)


SOLUTIONS = {f.__name__: f for f in (labelled_layer_backward, class_probabilities, best_denoiser)}


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


def sums_the_covariance(X, s2):
    S = X.T @ X
    W = np.linalg.solve(S + s2 * np.eye(len(S)), S)
    return W, s2 * np.trace(W)


def divides_by_n_minus_1(X, s2):
    S = np.cov(X.T)
    W = np.linalg.solve(S + s2 * np.eye(len(S)), S)
    return W, s2 * np.trace(W)


def squares_the_noise(X, s2):
    return best_denoiser(X, s2**2)


def forgets_s2_in_the_error(X, s2):
    W, error = best_denoiser(X, s2)
    return W, error / s2


def counts_the_noise_alone(X, s2):
    W, _ = best_denoiser(X, s2)
    return W, s2 * np.sum(W**2)


def counts_the_signal_alone(X, s2):
    W, _ = best_denoiser(X, s2)
    return W, np.mean(np.sum((X - X @ W) ** 2, axis=1))


def averages_over_features(X, s2):
    W, error = best_denoiser(X, s2)
    return W, error / X.shape[1]


def returns_what_is_lost(X, s2):
    W, error = best_denoiser(X, s2)
    return np.eye(len(W)) - W, error


def turns_it_upside_down(X, s2):
    S = X.T @ X / len(X)
    W = np.linalg.inv(S) @ (S + s2 * np.eye(len(S)))
    return W, s2 * np.trace(W)


def copies(X, s2):
    S = X.T @ X / len(X)
    W = np.linalg.solve(S, S)
    return W, s2 * np.trace(W)


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
    ("best_denoiser", sums_the_covariance, "S is a sum"),
    ("best_denoiser", divides_by_n_minus_1, "divided by n - 1"),
    ("best_denoiser", squares_the_noise, "do not square it"),
    ("best_denoiser", forgets_s2_in_the_error, "s2 is missing"),
    ("best_denoiser", counts_the_noise_alone, "not s2 |W|^2"),
    ("best_denoiser", counts_the_signal_alone, "noise that gets through is missing"),
    ("best_denoiser", averages_over_features, "averaged over the features"),
    ("best_denoiser", returns_what_is_lost, "what is left is returned"),
    ("best_denoiser", turns_it_upside_down, "upside down"),
    ("best_denoiser", copies, "s2 I is missing"),
]
