import math

import numpy as np


def coin_posterior(data, a, b):
    log_evidence = 0.0
    for toss in data:
        log_evidence += np.log((a if toss else b) / (a + b))
        a, b = a + toss, b + 1 - toss
    return a, b, log_evidence


def metropolis_step(z, proposal, log_p_z, log_p_proposal, u):
    accepted = np.log(u) < log_p_proposal - log_p_z
    return np.where(accepted, proposal, z)


def elbo(x, w, noise_variance, mu, log_var):
    squared = (x - w * mu) ** 2 + w**2 * np.exp(log_var)
    log_likelihood = -0.5 * (np.log(2 * np.pi * noise_variance) + squared / noise_variance)
    return log_likelihood - 0.5 * (mu**2 + np.exp(log_var) - 1 - log_var)


SOLUTIONS = {f.__name__: f for f in (coin_posterior, metropolis_step, elbo)}


def forgets_the_prior(data, a, b):
    after = coin_posterior(data, a, b)
    return data.sum(), len(data) - data.sum(), after[2]


def adds_all_tosses_to_b(data, a, b):
    after = coin_posterior(data, a, b)
    return after[0], b + len(data), after[2]


def never_updates_its_prediction(data, a, b):
    after = coin_posterior(data, a, b)
    chances = np.where(data == 1, a / (a + b), b / (a + b))
    return after[0], after[1], np.sum(np.log(chances))


def predicts_what_it_has_seen(data, a, b):
    log_evidence = 0.0
    for toss in data:
        a, b = a + toss, b + 1 - toss
        log_evidence += np.log((a if toss else b) / (a + b))
    return a, b, log_evidence


def counts_all_orders(data, a, b):
    after = coin_posterior(data, a, b)
    return after[0], after[1], after[2] + np.log(math.comb(len(data), data.sum()))


def forgets_the_logarithm(data, a, b):
    after = coin_posterior(data, a, b)
    return after[0], after[1], np.exp(after[2])


def only_climbs(z, proposal, log_p_z, log_p_proposal, u):
    return np.where(log_p_proposal > log_p_z, proposal, z)


def ratio_upside_down(z, proposal, log_p_z, log_p_proposal, u):
    return np.where(np.log(u) < log_p_z - log_p_proposal, proposal, z)


def compares_u_with_logarithms(z, proposal, log_p_z, log_p_proposal, u):
    return np.where(u < log_p_proposal - log_p_z, proposal, z)


def moves_z_itself(z, proposal, log_p_z, log_p_proposal, u):
    accepted = np.log(u) < log_p_proposal - log_p_z
    z[accepted] = proposal[accepted]
    return z


def reconstructs_the_mean_only(x, w, noise_variance, mu, log_var):
    log_likelihood = -0.5 * (
        np.log(2 * np.pi * noise_variance) + (x - w * mu) ** 2 / noise_variance
    )
    return log_likelihood - 0.5 * (mu**2 + np.exp(log_var) - 1 - log_var)


def adds_the_kl(x, w, noise_variance, mu, log_var):
    return elbo(x, w, noise_variance, mu, log_var) + mu**2 + np.exp(log_var) - 1 - log_var


def returns_the_loss(x, w, noise_variance, mu, log_var):
    return -elbo(x, w, noise_variance, mu, log_var)


def averages_over_the_data(x, w, noise_variance, mu, log_var):
    return np.mean(elbo(x, w, noise_variance, mu, log_var))


WRONG = [
    ("coin_posterior", forgets_the_prior, "the prior is forgotten"),
    ("coin_posterior", adds_all_tosses_to_b, "b grows with the zeros"),
    ("coin_posterior", never_updates_its_prediction, "one chance for all tosses"),
    ("coin_posterior", predicts_what_it_has_seen, "the a and b *before* it"),
    ("coin_posterior", counts_all_orders, "no binomial coefficient"),
    ("coin_posterior", forgets_the_logarithm, "the evidence is not a logarithm"),
    ("metropolis_step", only_climbs, "only likelier proposals are accepted"),
    ("metropolis_step", ratio_upside_down, "the ratio is upside down"),
    ("metropolis_step", compares_u_with_logarithms, "take log u"),
    ("metropolis_step", moves_z_itself, "z was changed in place"),
    ("elbo", reconstructs_the_mean_only, "the width of q is missing"),
    ("elbo", adds_the_kl, "the KL is added"),
    ("elbo", returns_the_loss, "the sign is flipped"),
    ("elbo", averages_over_the_data, "averaged over everything"),
]
