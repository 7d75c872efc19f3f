"""Backprop through a sample: the reparameterization trick.

The question: a VAE draws its code at random. How can a gradient pass through a random draw?

You need: tutorials 01 to 03, the ELBO (tutorial 06), mean and variance. It runs in ten seconds.

At the end you will know why a draw blocks the chain rule, and how two lines open the path again.
You will have seen the whole graph of a VAE with its numbers, and a VAE whose path stays shut. And
you will know the other way to a gradient, which needs no path and pays with noise.
"""

import os

import numpy as np
from scipy import stats

import minivae as mv
from minivae.bayes import reparameterized_gradient, score_function_gradient
from minivae.course import chosen_data, show
from minivae.plots import new_axes, reparameterization_graph
from minivae.plots.style import COLORS, LINES, draw_curves, finish

QUICK = bool(os.environ.get("MINIVAE_QUICK"))
DATA = chosen_data("digits")

# %% The gradient of an average
# A VAE draws its code, z ~ N(mu, sigma^2), and its loss depends on the draw. So it minimises the
# average loss over all draws. Take one number z and f(z) = z^2, where the average is known:
#
#     F(mu, sigma) = E z^2 = mu^2 + sigma^2        dF/dmu = 2 mu        dF/dsigma = 2 sigma
#
# sigma is the standard deviation. At mu = 1, sigma = 0.5 the two gradients are 2 and 1. A VAE does
# not know F: it has one draw of z for each image, and has to estimate the gradients from it.

mu, sigma = 1.0, 0.5
truth = np.array([2 * mu, 2 * sigma])
rng = np.random.default_rng(0)
z = rng.normal(mu, sigma, size=400_000)
print(f"average of z^2: {np.mean(z**2):.3f}")  # 1.250 = mu^2 + sigma^2
assert abs(np.mean(z**2) - 1.25) < 5 * np.std(z**2) / np.sqrt(z.size)

# %% Why a draw blocks the chain rule
# ? z is drawn from N(mu, sigma^2). What is dz/dmu?
# z = rng.normal(mu, sigma) returns a number. What is dz/dmu? The number does not say how it was
# made. If you draw again at mu + h, the noise is different, and so is the number: the difference
# quotient is noise divided by a small h. Here its mean is 2, and its standard deviation about 150.
# If you hold z fixed instead, it does not depend on mu at all, and the slope is 0.

h = 0.01
quotients = (rng.normal(mu + h, sigma, size=z.size) ** 2 - z**2) / h
print(f"first five quotients: {np.round(quotients[:5])}, standard deviation {quotients.std():.0f}")
assert quotients.std() > 50 * truth[0]

# %% The trick
# The trick is called reparameterization. First draw the noise, from a distribution that has no
# parameters. Then make z from the noise:
#
#     eps ~ N(0, 1)            z = mu + sigma * eps
#
# z has the same distribution as before, N(mu, sigma^2). But now z is arithmetic: the noise is an
# input like the data, and mu and sigma stand in a formula that has derivatives:
#
#     dz/dmu = 1        dz/dsigma = eps
#     df/dmu = f'(z)    df/dsigma = f'(z) eps                       (here f'(z) = 2 z)
#
# On paper, the draw eps = 0.6 gives z = 1.3, f = 1.69, df/dmu = 2.6 and df/dsigma = 1.56. The
# difference quotient with the *same* eps on both sides agrees, and has no noise.

eps = 0.6


def f_of_draw(mu, sigma):
    return (mu + sigma * eps) ** 2


dmu = (f_of_draw(mu + h, sigma) - f_of_draw(mu - h, sigma)) / (2 * h)
dsigma = (f_of_draw(mu, sigma + h) - f_of_draw(mu, sigma - h)) / (2 * h)
print(f"slopes: {dmu:.4f} and {dsigma:.4f}")  # 2.6000 and 1.5600
assert np.allclose([dmu, dsigma], [2.6, 1.56], atol=1e-10)

# %% Right on average
# One draw says 2.6 where the truth is 2. This is not an error but noise: the average of the
# gradients is the gradient of the average, because differentiation and averaging may change places.


def square(z):
    return np.sum(z**2, axis=1)


def twice(z):
    return 2 * z


noise = rng.standard_normal((400_000, 1))  # 400,000 draws in one dimension
path = np.hstack(reparameterized_gradient(twice, mu, sigma, noise))  # (draws, 2): dmu, dsigma
error = path.std(axis=0) / np.sqrt(len(path))
print(f"means {path.mean(axis=0).round(3)}, truth {truth}")  # [2. 1.]
assert np.all(np.abs(path.mean(axis=0) - truth) < 5 * error)

# %% With a log variance
# A network's output may be negative, but a standard deviation may not. So the encoder returns the
# log variance. Then sigma = e^(log_var / 2), and dz/dlog_var has three factors:
#
#     z = mu + e^(log_var / 2) eps          dz/dlog_var = 1/2 e^(log_var / 2) eps = sigma eps / 2
#
# This is easy to get wrong. One lecture has the right formula, but tells its readers to scale eps
# "by the latent distribution's variance". Here e^log_var eps has the standard deviation 0.25. A
# gradient check cannot notice: the gradient of the wrong formula may be right. The spread shows it.

log_var = np.full_like(noise, np.log(sigma**2))  # -1.386
right = mv.reparameterize(np.full_like(noise, mu), log_var, noise)
wrong = mu + np.exp(log_var) * noise
print(f"standard deviations: {right.std():.3f} and {wrong.std():.3f}")  # 0.500 and 0.250
assert abs(right.std() - sigma) < 5 * sigma / np.sqrt(2 * len(noise))
assert abs(wrong.std() - sigma**2) < 0.01

# %% In a VAE
# Now take the whole VAE. For one image x the loss is -log p(x | z) + KL(q(z | x) || N(0, 1)), and
# mu and log_var change it along two paths each: through z and the decoder, and through the KL.
# Paths add up:
#
#     dmu      = dz             + mu                              (dz comes back from the decoder)
#     dlog_var = dz sigma eps/2 + (sigma^2 - 1) / 2
#
# `explain` prints every line of one forward and one backward pass with its numbers, here for two
# made-up images of four pixels. Find z, dz, dsigma, dmu_kl and dmu. The loss is a mean over the two
# images, so every gradient contains 1/2. (log_var = 20 tanh(raw / 20) is a bound: exp cannot
# overflow.)

tiny = mv.VAE(4, 1, rng=3)
x = np.array([[0.9, 0.1, 0.8, 0.2], [0.1, 0.7, 0.2, 0.9]])
tiny_eps = np.array([[0.6], [-1.2]])
explanation = mv.explain(tiny, x, eps=tiny_eps)
print(explanation)
a = explanation.arrays
s = np.exp(a["log_var"] / 2)
assert np.allclose(a["dmu"], a["dz"] + a["mu"] / 2)
assert np.allclose(a["dlog_var"], a["dz"] * s * tiny_eps / 2 + (s**2 - 1) / 2 / 2)

# %% The graph of a VAE
# The graph shows the first image's numbers: without the trick above, with the trick below. Without
# it, the way back ends at z. Follow dmu: it is -0.672 from the KL, and the trick adds -0.346.
#
# Only the loss belongs to both images, because training takes one step for the whole batch: it is
# the mean of what each costs, -log p(x | z) + KL. That is 3.306 + 1.001 = 4.306 nats for the first
# image, 2.706 for the second, and 3.506 on average. So the way back starts with dL_n = 1/2, and the
# KL sends back mu / 2 = -1.343 / 2 = -0.672. With one image alone all gradients would be doubled.

costs = a["kl"].sum(axis=1) - a["log_prob"]
print(f"the two images cost {costs.round(3)}, on average {a['loss']:.3f}")  # 4.306, 2.706, 3.506
assert abs(costs.mean() - a["loss"]) < 1e-12
show(reparameterization_graph(explanation), "07_graph")

# %% A VAE whose path stays shut
# Here is the backward pass of `mv.VAE` once more, with a switch. The gradient passes through z if
# `path` is 1, and stops there if `path` is 0, as if z were a given number. With path = 1 the
# gradients agree with the library's to the last digits.


def step_gradients(vae, x, eps, path):
    """Return the gradients of a VAE's parameters, with the way through z open (1) or shut (0)."""
    k, per_example = vae.n_latent, np.full(len(x), 1 / len(x), x.dtype)
    h = vae.encoder.forward(x)
    mu, raw = h[:, :k], h[:, k:]
    log_var = mv.bound_log_var(raw)
    out = vae.decoder.forward(mv.reparameterize(mu, log_var, eps))
    dz = path * vae.decoder.backward(vae.likelihood.log_prob_backward(x, out, -per_example))
    dmu, dlog_var = mv.reparameterize_backward(mu, log_var, eps, dz)
    dmu_kl, dlog_var_kl = mv.gaussian_kl_backward(mu, log_var, per_example)
    d_raw = mv.bound_log_var_backward(raw, dlog_var + dlog_var_kl)
    vae.encoder.backward(np.concatenate([dmu + dmu_kl, d_raw], axis=1))
    return vae.grads


ours = {name: g.copy() for name, g in step_gradients(tiny, x, tiny_eps, 1).items()}
_, library = tiny.loss_and_grads(x, eps=tiny_eps)
assert all(np.allclose(ours[name], library[name], rtol=1e-12) for name in library)

# %% Two VAEs
# ? The gradient no longer passes through z to the encoder. What will the encoder learn?
# Both VAEs have the same start, data and noise, and take 600 steps of Adam. With the path shut,
# only the KL reaches the encoder. The KL is smallest if every image has the same code distribution,
# N(0, 1). So the KL falls to 0, and the decoder can only draw the mean image. This is a posterior
# collapse made by hand; tutorials 09 and 10 show how it happens by itself.

n_images, n_steps = (1000, 150) if QUICK else (5000, 600)
if DATA == "mnist":
    images = (mv.datasets.mnist()[0][:n_images] / 255).astype(np.float32)
else:
    images = mv.datasets.digits(n_images, rng=0).images

vaes, curves = {}, {}
for name, path_open in (("path shut", 0), ("path open", 1)):
    vae = mv.VAE(784, 2, hidden=(64,), dtype=np.float32, rng=0)
    adam, rng, kl = mv.Adam(3e-3), np.random.default_rng(1), []
    for _ in range(n_steps):
        x = images[rng.integers(n_images, size=100)]
        eps = rng.standard_normal((100, 2), dtype=np.float32)
        adam.step(vae.params, step_gradients(vae, x, eps, path_open))
        kl.append(mv.gaussian_kl(*vae.encode(x)).mean())
    vaes[name], curves[name] = vae, np.array(kl)
    losses = vae.losses(images, rng=0)
    print(name, {key: round(float(value), 2) for key, value in losses.items()})

mean = np.clip(images.mean(axis=0, dtype=float), 1e-12, 1 - 1e-12)
baseline = -np.sum(mean * np.log(mean) + (1 - mean) * np.log(1 - mean))
print(f"the mean image for all: {baseline:.2f} nats")
shut, opened = (vae.losses(images, rng=0) for vae in vaes.values())
assert shut["kl"] < 0.05
assert shut["reconstruction"] > baseline
assert opened["loss"] < baseline - 5

ax = new_axes()
draw_curves(ax, np.arange(1, n_steps + 1), curves)
finish(ax, "step", "KL (nats per image)")
show(ax.figure, "07_path_shut_and_open")

# %% The other way
# A gradient can also pass through the *density* of the draw, N(z; mu, sigma), and leave f alone:
#
#     d/dmu int f(z) N(z) dz = int f(z) dN/dmu dz = int f(z) N(z) (d log N/dmu) dz
#                            = E[ f(z) d log N/dmu ]
#
# because dN = N d log N. The second factor is called the score, and with eps = (z - mu) / sigma
#
#     d log N/dmu = eps / sigma              d log N/dsigma = (eps^2 - 1) / sigma
#
# In words: the score says in which direction a draw becomes more likely, f says how bad the draw
# was, and descent goes the other way. Reinforcement learning calls this estimator REINFORCE
# (Williams, 1992). Its average is right too, but look at the spread of a single draw:
#
#     variance               of dmu                                 of dsigma
#     through the sample     4 sigma^2                     = 1      4 mu^2 + 8 sigma^2   = 6
#     through the density    mu^4/sigma^2 + 14 mu^2                 2 mu^4/sigma^2 + 60 mu^2
#                              + 15 sigma^2                = 21.75    + 74 sigma^2       = 86.5
#
# They follow from E eps^2 = 1, E eps^4 = 3, E eps^6 = 15, E eps^8 = 105. For the same precision the
# score needs 22 times as many draws for dmu, and 14 times for dsigma, although z^2 is simple.

score = np.hstack(score_function_gradient(square, mu, sigma, noise))
error = score.std(axis=0) / np.sqrt(len(score))
print(f"score: means {score.mean(axis=0).round(3)}, variances {score.var(axis=0).round(1)}")
print(f"path:  means {path.mean(axis=0).round(3)}, variances {path.var(axis=0).round(1)}")
assert np.all(np.abs(score.mean(axis=0) - truth) < 5 * error)
assert np.allclose(path.var(axis=0), [1, 6], rtol=0.05)
assert np.allclose(score.var(axis=0), [21.75, 86.5], rtol=0.1)

ax, bins = new_axes(), np.linspace(-15, 45, 181)
for i, (name, draws) in enumerate({"the sample": path, "the density": score}.items()):
    heights, _ = np.histogram(draws[:, 0], bins, density=True)
    ax.stairs(heights, bins, color=COLORS[i], ls=LINES[i], label=f"through {name}")
ax.axvline(truth[0], color="0.35", lw=1, label="the truth, 2")
ax.set(yscale="log", xlim=(-8, 32), ylim=(1e-4, 2))
finish(ax, r"gradient with respect to $\mu$, from one draw", "density")
show(ax.figure, "07_two_estimators")

# %% A baseline helps, many dimensions hurt
# The average of the score is zero, whatever f is. So you may subtract a constant b from f, and the
# mean gradient stays. The variance is a parabola in b, lowest at b = E[f g^2] / E[g^2], where g is
# the score: here mu^2 + 3 sigma^2 = 1.75, not the average of f, 1.25. At best, 21.75 becomes 9.5.
#
# In d dimensions f(z) = |z|^2 is a sum, and for the score of the first coordinate all other terms
# are noise. At mu = 0, sigma = 1 the variance through the sample is 4 for every d. Through the
# density it is (d + 2)(d + 4): 528 for d = 20.

based = score_function_gradient(square, mu, sigma, noise, baseline=1.75).dmu.var()
eps = rng.standard_normal((200_000, 20))
by_path = reparameterized_gradient(twice, 0, 1, eps).dmu[:, 0].var()
by_score = score_function_gradient(square, 0, 1, eps).dmu[:, 0].var()
print(f"best baseline: {based:.2f}; 20 dimensions: {by_path:.2f} and {by_score:.0f}")
assert np.allclose([based, by_path, by_score], [9.5, 4, 528], rtol=0.05)

# %% The score in the VAE
# Now f(z) = -log p(x | z) for one image of the open VAE, and its derivative comes from the
# decoder's backward pass. f is over 100 nats for every draw, and multiplies the score by as much.
# You should see a variance near 1000 times that of the path. With the average of f as a baseline it
# is still several times as large. That is why VAEs differentiate through the sample.

vae, x = vaes["path open"], images[:1]
mu_x, log_var_x = (parameter[0] for parameter in vae.encode(x))
sigma_x = np.exp(log_var_x / 2)
eps = np.random.default_rng(2).standard_normal((4000, 2))


def reconstruction(z):
    out = vae.decoder.forward(z.astype(np.float32))
    return -vae.likelihood.log_prob(np.repeat(x, len(z), axis=0), out)


def reconstruction_gradient(z):
    out = vae.decoder.forward(z.astype(np.float32))
    rows, minus = np.repeat(x, len(z), axis=0), np.full(len(z), -1.0)
    return vae.decoder.backward(vae.likelihood.log_prob_backward(rows, out, minus))


b = reconstruction(mu_x + sigma_x * rng.standard_normal((4000, 2))).mean()  # from other draws
by_path = reparameterized_gradient(reconstruction_gradient, mu_x, sigma_x, eps).dmu
plain = score_function_gradient(reconstruction, mu_x, sigma_x, eps).dmu
based = score_function_gradient(reconstruction, mu_x, sigma_x, eps, baseline=b).dmu
error = np.sqrt((by_path.var(axis=0) + based.var(axis=0)) / len(eps))
print(f"means: path {by_path.mean(axis=0).round(1)}, score {based.mean(axis=0).round(1)}")
for name, draws in (("score", plain), ("score with baseline", based)):
    print(f"variance of the {name}: {(draws.var(axis=0) / by_path.var(axis=0)).round(1)} times")
assert np.all(np.abs(by_path.mean(axis=0) - based.mean(axis=0)) < 5 * error)
assert np.all(plain.var(axis=0) > 100 * by_path.var(axis=0))
assert np.all(based.var(axis=0) > by_path.var(axis=0))

# %% What only the score can do
# ? f is 1 where z > 0, else 0. Which gradient does the path through z give?
# Let f be a step: 1 if z > 0, else 0. Its derivative is 0 wherever it exists, so the path says that
# mu does not matter. But E f is the probability of z > 0, which depends on mu: its slope is the
# normal density at 0, here 0.1080. The score finds it. Codes that are categories, words or moves in
# a game are such steps: no formula z = mu + sigma eps exists for them.


def step(z):
    return (z[:, 0] > 0).astype(float)


slope = stats.norm.pdf(0, mu, sigma)
path_step = reparameterized_gradient(np.zeros_like, mu, sigma, noise).dmu
score_step = score_function_gradient(step, mu, sigma, noise).dmu
print(f"truth {slope:.4f}, path {path_step.mean():.4f}, score {score_step.mean():.4f}")
assert path_step.mean() == 0
assert abs(score_step.mean() - slope) < 5 * score_step.std() / np.sqrt(len(noise))

# %% Exercises
# Fill in three functions in tutorials/exercises/07_backprop_through_a_sample.py:
#
# 1. reparameterize_backward: dmu and dlog_var from dz.
# 2. code_loss_backward: both paths, through the sample and through the KL.
# 3. score_function_gradient: the average over draws, from values of f alone.
#
# Then ask: python -m minivae check tutorials/exercises/07_backprop_through_a_sample.py
