import numpy as np


def kl_by_sampling(mu, log_var, eps):
    z = mu + np.exp(log_var / 2) * eps
    log_q = -0.5 * np.sum(np.log(2 * np.pi) + log_var + (z - mu) ** 2 / np.exp(log_var), axis=1)
    log_p = -0.5 * np.sum(np.log(2 * np.pi) + z**2, axis=1)
    return np.mean(log_q - log_p)


def clip_backward(x, limit, dy):
    return dy * ((x > -limit) & (x < limit))


def adam_steps(gradients, learning_rate, beta1, beta2, epsilon, *, power=True):
    m = v = theta = 0
    path = np.zeros(len(gradients))
    for i, g in enumerate(gradients):
        t = i + 1 if power else 1
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        theta = theta - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)
        path[i] = theta
    return path


SOLUTIONS = {f.__name__: f for f in (kl_by_sampling, clip_backward, adam_steps)}


def draws_with_the_variance(mu, log_var, eps):
    z = mu + np.exp(log_var) * eps
    log_ratio = z**2 - log_var - (z - mu) ** 2 / np.exp(log_var)
    return np.mean(np.sum(log_ratio, axis=1)) / 2


def averages_over_everything(mu, log_var, eps):
    return kl_by_sampling(mu, log_var, eps) / len(mu)


def uses_the_formula(mu, log_var, eps):
    return 0.5 * np.sum(mu**2 + np.exp(log_var) - 1 - log_var)


def p_minus_q(mu, log_var, eps):
    return -kl_by_sampling(mu, log_var, eps)


def forgets_the_width_in_log_q(mu, log_var, eps):
    z = mu + np.exp(log_var / 2) * eps
    return 0.5 * np.mean(np.sum(z**2 - (z - mu) ** 2 / np.exp(log_var), axis=1))


def draws_noise_of_its_own(mu, log_var, eps):
    return kl_by_sampling(mu, log_var, np.random.default_rng().normal(size=eps.shape))


def passes_everything(x, limit, dy):
    return dy


def forgets_the_lower_limit(x, limit, dy):
    return dy * (x < limit)


def clips_the_gradient(x, limit, dy):
    return np.clip(dy, -limit, limit)


def changes_dy(x, limit, dy):
    dy[np.abs(x) > limit] = 0
    return dy


def does_not_correct(gradients, learning_rate, beta1, beta2, epsilon):
    m = v = theta = 0
    path = []
    for g in gradients:
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        theta = theta - learning_rate * m / (np.sqrt(v) + epsilon)
        path.append(theta)
    return np.array(path)


def forgets_the_power(gradients, learning_rate, beta1, beta2, epsilon):
    return adam_steps(gradients, learning_rate, beta1, beta2, epsilon, power=False)


def climbs(gradients, learning_rate, beta1, beta2, epsilon):
    return adam_steps(gradients, -learning_rate, beta1, beta2, epsilon)


WRONG = [
    ("kl_by_sampling", draws_with_the_variance, "the variance as a standard deviation"),
    ("kl_by_sampling", averages_over_everything, "averaged over the latents"),
    ("kl_by_sampling", uses_the_formula, "this is the formula"),
    ("kl_by_sampling", p_minus_q, "the sign is flipped"),
    ("kl_by_sampling", forgets_the_width_in_log_q, "log_var is missing in log q"),
    ("kl_by_sampling", draws_noise_of_its_own, "noise that does not come from an argument"),
    ("clip_backward", passes_everything, "the clip's own derivative is missing"),
    ("clip_backward", forgets_the_lower_limit, "the lower limit is forgotten"),
    ("clip_backward", clips_the_gradient, "this clips dy"),
    ("clip_backward", changes_dy, "dy was changed in place"),
    ("adam_steps", does_not_correct, "the bias correction is missing"),
    ("adam_steps", forgets_the_power, "the power t is missing"),
    ("adam_steps", climbs, "the sign is flipped"),
]
