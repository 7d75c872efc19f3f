import numpy as np
from scipy import stats


def vae_loss(x, logits, mu, log_var):
    reconstruction = np.sum(np.logaddexp(0, logits) - x * logits, axis=1)
    kl = np.sum(mu**2 + np.exp(log_var) - 1 - log_var, axis=1) / 2
    return np.mean(reconstruction + kl)


def manifold_codes(n, low, high):
    z = stats.norm.ppf(np.linspace(low, high, n))
    return np.array([[z1, z2] for z2 in z[::-1] for z1 in z])


def slerp(a, b, t):
    norm_a, norm_b = np.linalg.norm(a), np.linalg.norm(b)
    u, v = a / norm_a, b / norm_b
    w = np.arccos(u @ v)
    direction = (np.sin((1 - t) * w) * u + np.sin(t * w) * v) / np.sin(w)
    return ((1 - t) * norm_a + t * norm_b) * direction


SOLUTIONS = {f.__name__: f for f in (vae_loss, manifold_codes, slerp)}


def terms(x, logits, mu, log_var):
    pixels = np.logaddexp(0, logits) - x * logits
    return pixels, (mu**2 + np.exp(log_var) - 1 - log_var) / 2


def averages_the_pixels(x, logits, mu, log_var):
    pixels, kl = terms(x, logits, mu, log_var)
    return np.mean(pixels) + np.mean(np.sum(kl, axis=1))


def averages_everything(x, logits, mu, log_var):
    pixels, kl = terms(x, logits, mu, log_var)
    return np.mean(pixels) + np.mean(kl)


def averages_the_codes(x, logits, mu, log_var):
    pixels, kl = terms(x, logits, mu, log_var)
    return np.mean(np.sum(pixels, axis=1)) + np.mean(kl)


def sums_the_kl_over_the_batch(x, logits, mu, log_var):
    pixels, kl = terms(x, logits, mu, log_var)
    return np.mean(np.sum(pixels, axis=1)) + np.sum(kl)


def subtracts_the_kl(x, logits, mu, log_var):
    pixels, kl = terms(x, logits, mu, log_var)
    return np.mean(np.sum(pixels, axis=1) - np.sum(kl, axis=1))


def forgets_the_half(x, logits, mu, log_var):
    pixels, kl = terms(x, logits, mu, log_var)
    return np.mean(np.sum(pixels, axis=1) + np.sum(2 * kl, axis=1))


def takes_log_var_for_log_std(x, logits, mu, log_var):
    return vae_loss(x, logits, mu, 2 * log_var)


def pays_for_ink_only(x, logits, mu, log_var):
    p = 1 / (1 + np.exp(-logits))
    kl = terms(x, logits, mu, log_var)[1]
    return np.mean(np.sum(-x * np.log(p), axis=1) + np.sum(kl, axis=1))


def returns_the_elbo(x, logits, mu, log_var):
    return -vae_loss(x, logits, mu, log_var)


def one_loss_for_each_image(x, logits, mu, log_var):
    pixels, kl = terms(x, logits, mu, log_var)
    return np.sum(pixels, axis=1) + np.sum(kl, axis=1)


def overflows(x, logits, mu, log_var):
    p = 1 / (1 + np.exp(-logits))
    pixels = -(x * np.log(p) + (1 - x) * np.log(1 - p))
    return np.mean(np.sum(pixels, axis=1) + np.sum(terms(x, logits, mu, log_var)[1], axis=1))


def pairs(z):
    z1, z2 = np.meshgrid(z, z[::-1])
    return np.stack([z1.ravel(), z2.ravel()], axis=1)


def reaches_from_minus_15_to_15(n, low, high):
    return pairs(np.linspace(-15, 15, n))


def takes_even_steps_of_z(n, low, high):
    return pairs(np.linspace(stats.norm.ppf(low), stats.norm.ppf(high), n))


def takes_cdf(n, low, high):
    return pairs(stats.norm.cdf(np.linspace(low, high, n)))


def upside_down(n, low, high):
    z1, z2 = np.meshgrid(*2 * [stats.norm.ppf(np.linspace(low, high, n))])
    return np.stack([z1.ravel(), z2.ravel()], axis=1)


def swaps_the_axes(n, low, high):
    return manifold_codes(n, low, high)[:, ::-1]


def goes_straight(a, b, t):
    return (1 - t) * a + t * b


def goes_backward(a, b, t):
    return slerp(b, a, t)


def takes_degrees(a, b, t):
    norm_a, norm_b = np.linalg.norm(a), np.linalg.norm(b)
    w = np.degrees(np.arccos(a @ b / norm_a / norm_b))
    direction = (np.sin((1 - t) * w) * a / norm_a + np.sin(t * w) * b / norm_b) / np.sin(w)
    return ((1 - t) * norm_a + t * norm_b) * direction


def keeps_the_norms_in(a, b, t):
    w = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    return (np.sin((1 - t) * w) * a + np.sin(t * w) * b) / np.sin(w)


def returns_the_direction(a, b, t):
    return slerp(a / np.linalg.norm(a), b / np.linalg.norm(b), t)


def forgets_the_sine(a, b, t):
    return slerp(a, b, t) * np.sin(np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))


WRONG = [
    ("vae_loss", averages_the_pixels, "the pixels are averaged"),
    ("vae_loss", averages_everything, "both terms are averaged over columns"),
    ("vae_loss", averages_the_codes, "the KL is averaged over the codes"),
    ("vae_loss", sums_the_kl_over_the_batch, "the KL is summed over the batch"),
    ("vae_loss", subtracts_the_kl, "the KL is subtracted"),
    ("vae_loss", forgets_the_half, "the factor 1/2 of the KL is missing"),
    ("vae_loss", takes_log_var_for_log_std, "used as a log standard deviation"),
    ("vae_loss", pays_for_ink_only, "only the ink has a cost"),
    ("vae_loss", returns_the_elbo, "the sign is flipped"),
    ("vae_loss", one_loss_for_each_image, "not averaged over the batch"),
    ("vae_loss", overflows, "exp overflows"),
    ("manifold_codes", reaches_from_minus_15_to_15, "the grid from -15 to 15"),
    ("manifold_codes", takes_even_steps_of_z, "even steps of z"),
    ("manifold_codes", takes_cdf, "but its inverse is needed"),
    ("manifold_codes", upside_down, "z_2 grows from row to row"),
    ("manifold_codes", swaps_the_axes, "z_1 and z_2 are swapped"),
    ("slerp", goes_straight, "the straight way"),
    ("slerp", goes_backward, "from b to a"),
    ("slerp", takes_degrees, "the angle is in degrees"),
    ("slerp", keeps_the_norms_in, "not divided by their norms"),
    ("slerp", returns_the_direction, "the direction alone"),
    ("slerp", forgets_the_sine, "not divided by sin w"),
]
