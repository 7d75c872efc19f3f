"""The bug museum: ten famous mistakes, and the checks that find them.

The question: every gradient is checked and the loss falls. Can a VAE still be wrong?

You need: tutorials 02, 03, 06 and 07. It runs in six seconds.

At the end you will have seen ten mistakes that published code makes, the first two of them in
well-known NumPy VAEs. You will also have eight checks, and a table of what each finds. No check
finds everything, and the most popular one, "the loss falls", finds next to nothing.
"""

import copy
from functools import cached_property

import numpy as np
from scipy import stats

import minivae as mv
from minivae.course import one_thread, show
from minivae.nn.networks import Composite
from minivae.plots import new_axes
from minivae.plots.style import COLORS, finish

one_thread()  # a second one would wait for a core that another program uses

# %% A VAE with doors
# The VAE has a linear encoder and decoder, 4 features, 2 latents, and x given z is N(decoder(z),
# I). Its log variances are clipped at -4 and 4. The loss is 1/N sum_n [ -log p(x_n | z_n) + KL_n ].
# Below it stand the same lines, last to first. An exhibit replaces some of the functions.

RIGHT = {
    "bound": lambda raw: np.clip(raw, -4, 4),
    "bound_backward": lambda raw, dlog_var: dlog_var * (np.abs(raw) < 4),
    "sample": mv.reparameterize,
    "sample_backward": mv.reparameterize_backward,
    "kl": mv.gaussian_kl,
    "kl_backward": mv.gaussian_kl_backward,
    "kl_weight": lambda n: 1 / n,
    "log_prob": lambda x, x_hat: mv.gaussian_log_density(x, x_hat, np.zeros_like(x)),
    "log_prob_backward": lambda x, x_hat, dlog_prob: dlog_prob[:, None] * (x - x_hat),
}


class Vae(Composite):
    parts = property(lambda self: {"encoder": self.encoder, "decoder": self.decoder})

    def __init__(self, **replaced):
        self.encoder, self.decoder = mv.Dense(4, 4, rng=1), mv.Dense(2, 4, rng=2)
        vars(self).update(RIGHT | replaced)

    def loss_and_grads(self, x, *, eps=None, rng=None):
        n = len(x)
        mu, raw = np.split(self.encoder.forward(x), 2, axis=1)
        log_var = self.bound(raw)
        eps = np.random.default_rng(rng).standard_normal(mu.shape) if eps is None else eps
        x_hat = self.decoder.forward(self.sample(mu, log_var, eps))
        loss = -np.mean(self.log_prob(x, x_hat)) + self.kl_weight(n) * np.sum(self.kl(mu, log_var))

        dz = self.decoder.backward(self.log_prob_backward(x, x_hat, np.full(n, -1 / n)))
        dmu, dlog_var = self.sample_backward(mu, log_var, eps, dz)
        dmu_kl, dlog_var_kl = self.kl_backward(mu, log_var, np.full(n, self.kl_weight(n)))
        d_raw = self.bound_backward(raw, dlog_var + dlog_var_kl)
        self.encoder.backward(np.hstack([dmu + dmu_kl, d_raw]))
        return {"loss": loss}, self.grads


# %% The usual checks: the loss, and the gradients
# ? Ten VAEs have one mistake each, and all of them train. In how many of them does the loss fall?
# Check the loss over 300 steps of Adam, the gradients, and the gradients later, with larger weights
# and with inputs so large that the clip acts. A check returns True if it finds no fault.

x = np.random.default_rng(0).normal(size=(5, 4))


def loss_falls(vae, adam):
    vae, rng, losses = copy.deepcopy(vae), np.random.default_rng(0), []
    for _ in range(300):
        losses.append(vae.loss_and_grads(x, rng=rng)[0]["loss"])
        try:
            adam.step(vae.params, vae.grads)
        except ValueError:  # a gradient does not have its parameter's shape
            return False
    return np.mean(losses[-50:]) < np.mean(losses[:50]) - 0.1


def gradients(vae, adam):
    return mv.check_gradients(vae, x, rng=0).ok


def gradients_later(vae, adam):
    vae = copy.deepcopy(vae)
    vae.loss_and_grads(x)
    for parameter in vae.params.values():
        parameter *= 2
    return mv.check_gradients(vae, 10 * x, rng=0).ok


# %% Values: the draws, and their KL
# The standard deviation of the draws must be e^(log_var / 2). The KL must be that of the *draws*:
# fit a normal to 200,000, and average log q - log p. Both may be off by five standard errors.

MU, LOG_VAR = np.array([[0.5, -0.3]]), np.array([[-0.7, 0.4]])


def draws_of(vae):
    eps = np.random.default_rng(3).standard_normal((200_000, 2))
    return vae.sample(*(np.tile(row, (200_000, 1)) for row in (MU, LOG_VAR)), eps)


def kl_of_draws(vae):
    z = draws_of(vae)
    fitted = stats.norm(z.mean(axis=0), z.std(axis=0))
    log_ratio = np.sum(fitted.logpdf(z) - stats.norm.logpdf(z), axis=1)
    return log_ratio.mean(), log_ratio.std() / np.sqrt(len(z))


def spread(vae, adam):
    z, std = draws_of(vae), np.exp(LOG_VAR[0] / 2)
    return np.all(np.abs(z.std(axis=0) - std) < 5 * std / np.sqrt(2 * len(z)))


def kl_fits_draws(vae, adam):
    measured, error = kl_of_draws(vae)
    return abs(vae.kl(MU, LOG_VAR)[0] - measured) < 5 * error


# %% Values: the loss as a whole
# A batch, and the same batch twice, must have the same loss.
#
# The last check of values is the strongest: where q(z | x) *is* the posterior, the ELBO is log
# p(x), to the last digit. If the decoder's rows w_i are orthogonal, the posterior is known: its
# means are w_i.(x - b) / (1 + |w_i|^2), its variances 1 / (1 + |w_i|^2). And p(x) is a normal
# density, which SciPy knows. The loss is quadratic in eps, so the four corners (+-1, +-1), which
# have the mean and covariance of the noise, average it exactly.


def batch_twice(vae, adam):
    eps = np.random.default_rng(4).standard_normal((5, 2))
    once, _ = vae.loss_and_grads(x, eps=eps)
    twice, _ = vae.loss_and_grads(np.tile(x, (2, 1)), eps=np.tile(eps, (2, 1)))
    return np.isclose(once["loss"], twice["loss"], rtol=1e-12)


def elbo_is_log_p(vae, adam):
    vae, b = copy.deepcopy(vae), np.full(4, 0.3)
    W = np.linalg.qr(vae.decoder.params["W"].T)[0].T * [[2.0], [1.0]]
    variance = 1 / (1 + np.sum(W**2, axis=1))
    M = W.T * variance
    vae.decoder.params.update(W=W, b=b)
    vae.encoder.params.update(W=np.hstack([M, 0 * M]), b=np.r_[-b @ M, np.log(variance)])
    corners = np.tile([[1, 1], [1, -1], [-1, 1], [-1, -1]], (5, 1))
    losses, _ = vae.loss_and_grads(np.repeat(x, 4, axis=0), eps=corners)
    log_p = stats.multivariate_normal(b, W.T @ W + np.eye(4)).logpdf(x)
    return np.isclose(-losses["loss"], log_p.mean(), rtol=1e-10)


# %% The optimizer
# Under a constant gradient, m / sqrt(v) with the bias corrected is 1: a step is the learning rate.


def adams_steps(vae, adam):
    theta, path = {"w": np.zeros(1)}, [0.0]
    for _ in range(100):
        adam.step(theta, {"w": np.ones(1)})
        path.append(theta["w"][0])
    return np.allclose(np.diff(path), -0.01, rtol=1e-5)


CHECKS = [loss_falls, gradients, gradients_later, spread]
CHECKS += [kl_fits_draws, batch_twice, elbo_is_log_p, adams_steps]
museum = {}


def exhibit(name, vae, *, seen_by, adam=mv.Adam):
    museum[name] = {check.__name__ for check in CHECKS if not check(vae, adam(0.01))}
    assert museum[name] == set(seen_by.split()), f"{name}: {museum[name]}"


exhibit("nothing wrong", Vae(), seen_by="")

# %% 1. The variance for the standard deviation
# A well-known NumPy VAE draws z = mu + e^log_var eps. Its backward pass differentiates this
# formula, so the gradient check passes. But its KL belongs to another distribution: the formula
# says 0.314 nats, and the draws say 0.707.

vae = Vae(
    sample=lambda mu, log_var, eps: mu + np.exp(log_var) * eps,
    sample_backward=lambda mu, log_var, eps, dz: (dz, np.exp(log_var) * eps * dz),
)
print(mv.check_gradients(vae, x, rng=0))
formula, (measured, error) = vae.kl(MU, LOG_VAR)[0], kl_of_draws(vae)
print(f"KL by the formula {formula:.3f}, of the draws {measured:.3f} +- {error:.3f}")
exhibit("variance for std", vae, seen_by="spread kl_fits_draws elbo_is_log_p")
assert measured - formula > 50 * error

ax, grid = new_axes(), np.linspace(-2.5, 3.5, 200)
ax.hist(draws_of(vae)[:, 0], 100, density=True, color=COLORS[3], label="the draws")
ax.plot(grid, stats.norm.pdf(grid, 0.5, np.exp(-0.35)), color=COLORS[0], label="q in the KL")
finish(ax, "z", "density")
show(ax.figure, "11_variance_for_std")

# %% 2. Noise drawn twice
# The forward pass draws eps, keeps it, and draws again to make z. The backward pass uses the first
# eps. All values are right, so no check of values finds it. But the reconstruction's part of
# dlog_var is dz sigma eps / 2. On average it should be sigma^2 |w_i|^2 / 2 for the decoder's row
# w_i, and it is 0 if eps is independent of dz. So sigma learns nothing from the reconstruction.

back, other = mv.reparameterize_backward, np.random.default_rng(5)
vae = Vae(sample_backward=lambda m, lv, e, dz: back(m, lv, other.standard_normal(e.shape), dz))
exhibit("noise drawn twice", vae, seen_by="gradients gradients_later")

eps, W = np.random.default_rng(6).standard_normal((200_000, 2)), vae.decoder.params["W"]
mu, log_var = (np.tile(row, (200_000, 1)) for row in (MU, LOG_VAR))
dz = (mv.reparameterize(mu, log_var, eps) @ W - x[0]) @ W.T
right = back(mu, log_var, eps, dz)[1].mean(axis=0)
wrong = vae.sample_backward(mu, log_var, eps, dz)[1].mean(axis=0)
print(f"dlog_var: right {right.round(2)}, with other noise {wrong.round(2)}")
assert np.allclose(right, np.exp(LOG_VAR[0]) / 2 * np.sum(W**2, axis=1), rtol=0.02)
assert np.allclose(wrong, 0, atol=0.02)

# %% 3 and 4. A mean in the place of a sum
# The KL of independent latents is a sum. Its mean over k latents makes a beta-VAE with beta = 1/k.
# The mean of the squares over D pixels does the reverse, beta = D: 784 for MNIST, where the code
# collapses. No gradient is wrong. Only a check that knows the right *sum* finds the two.

vae = Vae(
    kl=lambda mu, log_var: mv.gaussian_kl(mu, log_var) / 2,
    kl_backward=lambda mu, log_var, dkl: mv.gaussian_kl_backward(mu, log_var, dkl / 2),
)
exhibit("KL: mean over latents", vae, seen_by="kl_fits_draws elbo_is_log_p")
vae = Vae(
    log_prob=lambda x, x_hat: RIGHT["log_prob"](x, x_hat) / 4,
    log_prob_backward=lambda x, x_hat, d: RIGHT["log_prob_backward"](x, x_hat, d / 4),
)
exhibit("squares: mean over pixels", vae, seen_by="elbo_is_log_p")

# %% 5, 6 and 7. One line each
# If one term is a mean over the batch and the other a sum, the batch size is a hidden beta. With
# the KL's sign flipped, the loss falls beautifully, and without end. Where a clip acts, its
# derivative is 0. Without this 0 the backward pass belongs to another loss, and a check at ordinary
# inputs never goes there. (A number beyond a clip is stuck: `mv.VAE` has a soft bound.)

exhibit("1/N in one term", Vae(kl_weight=lambda n: 1.0), seen_by="batch_twice elbo_is_log_p")
exhibit("KL with the wrong sign", Vae(kl_weight=lambda n: -1 / n), seen_by="elbo_is_log_p")
vae = Vae(bound_backward=lambda raw, dlog_var: dlog_var)
exhibit("clip without its gradient", vae, seen_by="gradients_later")

# %% 8. A bias gradient that is not summed
# db has dy's shape, (5, 4). `b -= lr * db` refuses it, but `b = b - lr * db` makes a bias for each
# row, and trains on until a batch is smaller. `mv.Adam` compares shapes: "the loss falls" helps.


class Unsummed(mv.Dense):
    def backward(self, dy):
        self.grads["b"] = np.zeros(self.n_out)  # for super, which writes into it
        dx = super().backward(dy)
        self.grads["b"] = dy  # it should be dy.sum(axis=0)
        return dx


vae = Vae(decoder=Unsummed(2, 4, rng=2))
exhibit("bias gradient not summed", vae, seen_by="loss_falls gradients gradients_later")

# %% 9. A stale cache
# A layer keeps its transposed weights, "for speed", and nothing renews them. At first they are
# right, and the gradient check passes. After the first step it sends gradients back through old
# weights, and the loss falls all the same. So check again after some training.


class Stale(mv.Dense):
    @cached_property
    def transposed(self):
        return self.params["W"].T.copy()

    def backward(self, dy):
        super().backward(dy)
        return dy @ self.transposed


exhibit("stale cache", Vae(decoder=Stale(2, 4, rng=2)), seen_by="gradients_later")

# %% 10. Adam without bias correction
# Adam's moments start at zero and need time: m ten steps, v a thousand. Uncorrected, the first step
# is (1 - 0.9) / sqrt(1 - 0.999) = 3.16 times too long. A constant gradient shows it, and also shows
# a correction by 1 - beta without the power t.


class Uncorrected(mv.Adam):
    def step(self, params, grads):
        t = self.t + 1
        self.learning_rate = 0.01 * (1 - 0.9**t) / np.sqrt(1 - 0.999**t)  # undoes both corrections
        super().step(params, grads)


exhibit("Adam uncorrected", Vae(), seen_by="adams_steps", adam=Uncorrected)

# %% The table
# ? How many of the ten does a gradient check find?
# "The loss falls" finds one of ten, thanks to an optimizer that compares shapes. The gradient check
# finds two, and four if you repeat it later. Five others are wrong *values* with matching
# gradients: log p(x), a number that does not come from the code, finds them. No check finds
# everything.

names = [check.__name__ for check in CHECKS]
table = np.array([[name in found for name in names] for found in museum.values()])
for name, row in zip(museum, table, strict=True):
    print(f"{name:27s}", *("X" if cell else "." for cell in row))
assert table.sum(axis=0).tolist() == [1, 2, 4, 1, 2, 1, 5, 1]

ax = new_axes(8.4, 4.6)
ax.imshow(np.where(table, 0.35, 0.0), cmap="Greys", vmin=0, vmax=1, aspect="auto")
for row, column in np.argwhere(table):
    ax.text(column, row, "found", ha="center", va="center")
ax.set_xticks(range(len(names)), [n.replace("_", " ") for n in names], rotation=35, ha="left")
ax.set_yticks(range(len(museum)), museum)
ax.xaxis.tick_top()
show(ax.figure, "11_table")

# %% Exercises
# Fill in three functions in tutorials/exercises/11_bug_museum.py:
#
# 1. kl_by_sampling: a KL measured on draws, without its formula.
# 2. clip_backward: the gradient of a clip, at every input.
# 3. adam_steps: Adam, with the bias corrected at every step.
#
# Then ask: python -m minivae check tutorials/exercises/11_bug_museum.py
