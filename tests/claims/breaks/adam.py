"""Ways to be wrong on Adam and on derivatives."""

import numpy as np

from breaks import swap
from minivae.claims import derivatives
from minivae.gradient_check.check import check_gradients
from minivae.models import vae
from minivae.nn import gaussian, likelihoods
from minivae.training.optimizers import Adam

real_update = Adam._update
real_kl_backward = gaussian.gaussian_kl_backward


def without_the_power_t(self, params, grads):
    t, self.t = self.t, 1
    real_update(self, params, grads)
    self.t = t


def without_the_root(self, params, grads):
    for name, g in grads.items():
        params[name] -= self.learning_rate * g / (g**2 + self.epsilon)


def epsilon_before_the_correction(self, params, grads):
    epsilon = self.epsilon
    self.epsilon = epsilon / np.sqrt(1 - self.beta2**self.t)
    real_update(self, params, grads)
    self.epsilon = epsilon


def half_of_it(mu, log_var, dkl):
    dmu, dlog_var = real_kl_backward(mu, log_var, dkl)
    return dmu, dlog_var / 2


def half_per_latent(mu, log_var, dkl):
    dmu, dlog_var = gaussian.kl_per_latent_backward(mu, log_var, dkl)
    return dmu, dlog_var / 2


def exponential_of_the_absolute_value(a, out=None):
    return np.exp(-np.abs(a), out=out)


def says_yes_to_all(function, x, *, backward, **options):
    del backward
    return check_gradients(
        function, x, backward=lambda x, dy: dy * (1 - np.tanh(x) ** 2), **options
    )


BREAKS = [
    ("adam-step-values", swap(Adam, "_update", epsilon_before_the_correction)),
    ("adam-constant-gradient", swap(Adam, "_update", without_the_power_t)),
    ("adam-scale-invariance", swap(Adam, "_update", without_the_root)),
    ("adam-epsilon", swap(Adam, "_update", epsilon_before_the_correction)),
    ("adam-longest-step", swap(Adam, "_update", without_the_power_t)),
    ("central-difference-error", swap(vae, "kl_per_latent_backward", half_per_latent)),
    ("complex-step-error", swap(likelihoods, "exp_minus_abs", exponential_of_the_absolute_value)),
    ("every-gradient", swap(gaussian, "gaussian_kl_backward", half_of_it)),
    ("checker-sees-a-thousandth", swap(derivatives, "check_gradients", says_yes_to_all)),
]
