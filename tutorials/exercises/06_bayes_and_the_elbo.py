"""Exercises for tutorial 06: Bayes, the evidence and the ELBO.

Fill in the three functions, and run
    python -m minivae check tutorials/exercises/06_bayes_and_the_elbo.py
It answers for each function, and names the first number that is wrong.
"""

import numpy as np


def coin_posterior(data, a, b):
    """Return ``(a_after, b_after, log_evidence)`` of a coin with the prior Beta(a, b).

    data, shape (n,), holds zeros and ones. The posterior is Beta(a_after, b_after). log_evidence
    is the log probability of the data in their order, in nats.

    Derive: multiply prior and likelihood, and read off the exponents of z and of 1 - z. For the
    evidence, predict each toss with the posterior of the tosses before it: a one has the
    probability a / (a + b).

    Hint: one loop over the tosses computes both.
    """
    raise NotImplementedError


def metropolis_step(z, proposal, log_p_z, log_p_proposal, u):
    """Return where each of n chains is after one step of Metropolis.

    All arrays have the shape (n,): the places z, the proposed places, the log density at both,
    and uniform numbers u between 0 and 1, one for each chain.

    The chain accepts a proposal with probability min(1, p(proposal) / p(z)). Otherwise it stays.

    Hint: u < r with probability r. Compare logarithms, because densities may underflow.
    """
    raise NotImplementedError


def elbo(x, w, noise_variance, mu, log_var):
    """Return the ELBO of every x in nats, shape (n,), in closed form.

    The model is z ~ N(0, 1) and x given z ~ N(w z, noise_variance), with single numbers w and
    noise_variance; q is N(mu, e^log_var). x, mu and log_var have the shape (n,).

        ELBO = E_q[ log p(x | z) ] - KL( q || N(0, 1) )
        log p(x | z) = -1/2 [ log 2 pi + log noise_variance + (x - w z)^2 / noise_variance ]
        KL = 1/2 [ mu^2 + e^log_var - 1 - log_var ]

    Derive: find E_q (x - w z)^2, with z = mu + sigma eps and E eps = 0, E eps^2 = 1.

    Hint: the expectation is larger than (x - w mu)^2.
    """
    raise NotImplementedError
