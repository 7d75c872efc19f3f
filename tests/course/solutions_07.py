import numpy as np


def reparameterize_backward(mu, log_var, eps, dz):
    return dz, 0.5 * np.exp(0.5 * log_var) * eps * dz


def every_gradient(v):
    n = len(v["x"])
    d = {"dlogits": (1 / (1 + np.exp(-v["logits"])) - v["x"]) / n}
    d["dW_d"] = v["z"].T @ d["dlogits"]
    d["db_d"] = d["dlogits"].sum(axis=0)
    d["dz"] = d["dlogits"] @ v["W_d"].T
    d["dsigma"] = d["dz"] * v["eps"]
    d["dlog_var_z"] = d["dsigma"] * v["sigma"] / 2
    d["dmu_kl"] = v["mu"] / n
    d["dlog_var_kl"] = (v["sigma"] ** 2 - 1) / (2 * n)
    d["dmu"] = d["dz"] + d["dmu_kl"]
    d["dlog_var"] = d["dlog_var_z"] + d["dlog_var_kl"]
    d["dW_mu"] = v["h"].T @ d["dmu"]
    d["dW_lv"] = v["h"].T @ d["dlog_var"]
    d["dh"] = d["dmu"] @ v["W_mu"].T + d["dlog_var"] @ v["W_lv"].T
    d["da"] = d["dh"] * (1 - v["h"] ** 2)
    d["dW_e"] = v["x"].T @ d["da"]
    d["db_e"] = d["da"].sum(axis=0)
    return d


def code_loss_backward(mu, log_var, eps, target):
    z = mu + np.exp(0.5 * log_var) * eps
    dz = (z - target) / len(mu)
    dmu, dlog_var = reparameterize_backward(mu, log_var, eps, dz)
    return dmu + mu / len(mu), dlog_var + 0.5 * (np.exp(log_var) - 1) / len(mu)


def score_function_gradient(f_values, mu, sigma, z):
    e = (z - mu) / sigma
    return np.mean(f_values * e / sigma), np.mean(f_values * (e**2 - 1) / sigma)


SOLUTIONS = {
    f.__name__: f
    for f in (reparameterize_backward, every_gradient, code_loss_backward, score_function_gradient)
}


def hands_in_the_first_ones(v):
    dlogits = (1 / (1 + np.exp(-v["logits"])) - v["x"]) / len(v["x"])
    return {"dlogits": dlogits, "dW_d": v["z"].T @ dlogits}


def forgets_the_batch_at_the_start(v):
    return {"dlogits": 1 / (1 + np.exp(-v["logits"])) - v["x"]}


def goes_through_one_head(v):
    d = every_gradient(v)
    return d | {"dh": d["dmu"] @ v["W_mu"].T}


def invents_a_name(v):
    return {"dloss": 1.0}


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
    ("every_gradient", hands_in_the_first_ones, "still to come: db_d, dz"),
    ("every_gradient", forgets_the_batch_at_the_start, "not divided by the batch"),
    ("every_gradient", goes_through_one_head, "right: dlogits, dW_d"),
    ("every_gradient", goes_through_one_head, "both heads"),
    ("every_gradient", invents_a_name, "there is no gradient dloss"),
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
