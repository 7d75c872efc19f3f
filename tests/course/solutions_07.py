import numpy as np


def reparameterize_backward(mu, log_var, eps, dz):
    return dz, 0.5 * np.exp(0.5 * log_var) * eps * dz


def code_loss_backward(mu, log_var, eps, target):
    z = mu + np.exp(0.5 * log_var) * eps
    dz = (z - target) / len(mu)
    dmu, dlog_var = reparameterize_backward(mu, log_var, eps, dz)
    return dmu + mu / len(mu), dlog_var + 0.5 * (np.exp(log_var) - 1) / len(mu)


def score_function_gradient(f_values, mu, sigma, z):
    e = (z - mu) / sigma
    return np.mean(f_values * e / sigma), np.mean(f_values * (e**2 - 1) / sigma)


SOLUTIONS = {
    f.__name__: f for f in (reparameterize_backward, code_loss_backward, score_function_gradient)
}


def takes_log_var_for_log_std(mu, log_var, eps, dz):
    return dz, np.exp(log_var) * eps * dz


def takes_the_variance_for_sigma(mu, log_var, eps, dz):
    return dz, 0.5 * np.exp(log_var) * eps * dz


def forgets_the_half(mu, log_var, eps, dz):
    return dz, np.exp(0.5 * log_var) * eps * dz


def draws_the_noise_again(mu, log_var, eps, dz):
    eps = np.random.default_rng().normal(size=mu.shape)
    return dz, 0.5 * np.exp(0.5 * log_var) * eps * dz


def forgets_the_noise(mu, log_var, eps, dz):
    return dz, 0.5 * np.exp(0.5 * log_var) * dz


def through_the_sample_only(mu, log_var, eps, target):
    dz = (mu + np.exp(0.5 * log_var) * eps - target) / len(mu)
    return reparameterize_backward(mu, log_var, eps, dz)


def through_the_kl_only(mu, log_var, eps, target):
    return mu / len(mu), 0.5 * (np.exp(log_var) - 1) / len(mu)


def averages_one_term_only(mu, log_var, eps, target):
    dmu, dlog_var = through_the_sample_only(mu, log_var, eps, target)
    return dmu + mu, dlog_var + 0.5 * (np.exp(log_var) - 1)


def averages_over_every_entry(mu, log_var, eps, target):
    dmu, dlog_var = code_loss_backward(mu, log_var, eps, target)
    return dmu / mu.shape[1], dlog_var / mu.shape[1]


def forgets_the_average(mu, log_var, eps, target):
    dmu, dlog_var = code_loss_backward(mu, log_var, eps, target)
    return dmu * len(mu), dlog_var * len(mu)


def forgets_the_variance(f_values, mu, sigma, z):
    e = (z - mu) / sigma
    return np.mean(f_values * (z - mu)), np.mean(f_values * (e**2 - 1) / sigma)


def forgets_log_sigma(f_values, mu, sigma, z):
    e = (z - mu) / sigma
    return np.mean(f_values * e / sigma), np.mean(f_values * e**2 / sigma)


def sums_over_the_draws(f_values, mu, sigma, z):
    e = (z - mu) / sigma
    return np.sum(f_values * e / sigma), np.sum(f_values * (e**2 - 1) / sigma)


def keeps_the_draws_apart(f_values, mu, sigma, z):
    e = (z - mu) / sigma
    return f_values * e / sigma, f_values * (e**2 - 1) / sigma


def towards_the_mean(f_values, mu, sigma, z):
    e = (mu - z) / sigma
    return np.mean(f_values * e / sigma), np.mean(f_values * (e**2 - 1) / sigma)


WRONG = [
    ("reparameterize_backward", takes_log_var_for_log_std, "used as a log standard deviation"),
    ("reparameterize_backward", takes_the_variance_for_sigma, "the variance stands where"),
    ("reparameterize_backward", forgets_the_half, "the factor 1/2"),
    ("reparameterize_backward", draws_the_noise_again, "noise that does not come from an argument"),
    ("reparameterize_backward", forgets_the_noise, "the noise is missing"),
    ("code_loss_backward", through_the_sample_only, "the path through the KL is missing"),
    ("code_loss_backward", through_the_kl_only, "the path through the sample is missing"),
    ("code_loss_backward", averages_one_term_only, "the KL is not divided by the batch"),
    ("code_loss_backward", averages_over_every_entry, "by the number of columns once too often"),
    ("code_loss_backward", forgets_the_average, "not divided by the batch"),
    ("score_function_gradient", forgets_the_variance, "the variance is missing"),
    ("score_function_gradient", forgets_log_sigma, "the -log sigma of log N is missing"),
    ("score_function_gradient", sums_over_the_draws, "summed over the draws"),
    ("score_function_gradient", keeps_the_draws_apart, "not averaged over the batch"),
    ("score_function_gradient", towards_the_mean, "the sign is flipped"),
]
