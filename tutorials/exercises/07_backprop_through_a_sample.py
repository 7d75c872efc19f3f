"""Exercises for tutorial 07: backprop through a sample.

Fill in the four functions, and run
    python -m minivae check tutorials/exercises/07_backprop_through_a_sample.py
It answers for each function, and names the first number that is wrong.
"""

import numpy as np


def reparameterize_backward(mu, log_var, eps, dz):
    """Return ``(dmu, dlog_var)`` for ``z = mu + sigma eps``, where ``sigma^2 = e^log_var``.

    All arrays have the shape (batch, n_latent). dz is the gradient of the loss with respect to z.

    Derive: first write sigma as an exp of log_var. Then find dz/dmu and dz/dlog_var.

    Hint: log_var is the logarithm of the *variance*. You can see two of the three factors of
    dz/dlog_var in z itself. Where does the third come from?
    """
    raise NotImplementedError


def every_gradient(v):
    """Return a dict of gradients of a VAE's loss, from the loss back to the first weight.

    v is a dict of arrays: the input, the noise, the weights, and all that the forward pass made,

        a = x W_e + b_e         h = tanh(a)             mu = h W_mu         log_var = h W_lv
        sigma = e^(log_var/2)   z = mu + sigma eps      logits = z W_d + b_d
        loss = mean_n [ sum_j ( softplus(logits) - x logits ) + KL_n ],   KL_n as below

    so v["z"] is z, v["W_e"] is W_e. Hand in as many of these as you have, under these names, in
    this order; each is judged alone:

        "dlogits", "dW_d", "db_d", "dz", "dsigma", "dlog_var_z", "dmu_kl", "dlog_var_kl", "dmu",
        "dlog_var", "dW_mu", "dW_lv", "dh", "da", "dW_e", "db_e"

    dlog_var_z is what comes back through sigma and z alone, dmu_kl and dlog_var_kl what comes from
    the KL alone; dmu and dlog_var are the sums. What is right needs no second look.

    Hint: the 1/batch of the mean enters at two places, dlogits and the KL.
    """
    raise NotImplementedError


def code_loss_backward(mu, log_var, eps, target):
    """Return ``(dmu, dlog_var)`` for a loss with both terms of a VAE:

        loss = mean_n [ sum_i (z[n, i] - target[n, i])^2 / 2 + KL_n ]
        KL_n = sum_i [ mu[n, i]^2 + e^log_var[n, i] - 1 - log_var[n, i] ] / 2
        z    = mu + sigma eps

    All arrays have the shape (batch, n_latent). The mean is over the batch.

    The middle of `every_gradient` in two lines: one for each parameter.

    Derive: each parameter changes the loss along two paths, through z and through the KL. Take one
    path at a time, then add.

    Hint: start with dz. Both paths contain 1/batch. You may call your function above.
    """
    raise NotImplementedError


def score_function_gradient(f_values, mu, sigma, z):
    """Return ``(dmu, dsigma)``, the estimate of the gradient of ``E f(z)`` from draws alone.

    z, shape (n,), holds draws from N(mu, sigma^2), and f_values, shape (n,), the values of f there.
    mu and sigma are single numbers, and so are both gradients: averages over the draws.

    Derive: log N(z; mu, sigma^2) = -log sigma - (z - mu)^2 / (2 sigma^2) - constant. Take its
    derivatives with respect to mu and sigma at each draw, and multiply them by the values of f.

    Hint: sigma stands in two places of log N.
    """
    raise NotImplementedError
