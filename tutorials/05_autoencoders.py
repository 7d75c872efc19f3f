"""Autoencoders: what they can learn, and the holes in their code space.

The question: what does a network beyond PCA learn when it copies its input through a code, what
keeps it from merely copying, and why can it not make new data?

You need: tutorials 01, 03 and 04. It runs in half a minute.

At the end you will have built a network that approximates a curve, without any training. You will
have seen a bent code beat PCA, a linear autoencoder that learns nothing, and one that learns to
remove noise. And you will have measured how much of a code space the codes leave empty.
"""

import os

import numpy as np
from matplotlib.figure import Figure

import minivae as mv
from minivae.course import chosen_data, one_thread, show
from minivae.diagnostics import decoded_steps, hole_fraction, nearest_distances, sample_codes
from minivae.plots import interpolation, latent_scatter, new_axes, reconstructions
from minivae.plots.style import COLORS, LINES, MARKERS, finish

QUICK = bool(os.environ.get("MINIVAE_QUICK"))
DATA = chosen_data("digits")
one_thread()  # a second one would wait for a core that another program uses

# %% What one hidden layer can do
# A ReLU unit, max(x - t, 0), is flat up to its knot t and rises with slope 1 after it. A sum
#
#     f(x) = f_0 + c_1 max(x - t_1, 0) + c_2 max(x - t_2, 0) + ...
#
# is a broken line that changes its slope by c_j at the knot t_j. So one hidden layer of ReLUs makes
# any broken line: c_1 is its first slope, and every other c_j is the *change* of slope at its knot.
# No training is needed. Here is a layer of 8 units for the sine wave on [0, 1].


def broken_line(f, n):
    """Return a network with n ReLU units that meets f at n + 1 evenly spaced points of [0, 1]."""
    knots = np.linspace(0, 1, n + 1)
    slopes = np.diff(f(knots)) * n
    net = mv.mlp([1, n, 1], activation="relu", rng=0)
    net.params["0.W"][...], net.params["0.b"][...] = 1, -knots[:-1]
    net.params["2.W"][:, 0], net.params["2.b"][...] = np.diff(slopes, prepend=0), f(knots[0])
    return net


def wave(x):
    return np.sin(2 * np.pi * x)


net = broken_line(wave, 8)
assert np.allclose(net.forward(np.array([[0.25], [0.5], [0.75]])), [[1], [0], [-1]])

# %% How many units?
# ? Twice as many units: by which factor does the worst error fall?
# A straight piece of length h = 1/n misses a smooth f by at most h^2/8 max|f''|: twice the units, a
# quarter of the error. For the wave max|f''| = 4 pi^2, so the bound is 4.93 / n^2.

x = np.linspace(0, 1, 2001)[:, None]
widths = [4, 8, 16, 32, 64]
built = [np.abs(broken_line(wave, n).forward(x) - wave(x)).max() for n in widths]
for n, error in zip(widths, built, strict=True):
    print(f"{n:2d} units: worst error {error:.5f}, bound {4.935 / n**2:.5f}")
    assert error <= 4.935 / n**2

# %% What the theorem does not say
# "Irrespective of what the function is", says a lecture, a network "will approximate and give a
# reasonable result". The universal approximation theorem (Cybenko, 1989; for units such as the ReLU
# Leshno and others, 1993) says less. The function is *continuous*, the inputs are *bounded*, and
# with enough units *some* weights exist. Outside [0, 1] our network goes on in a straight line: at
# x = 2.25 it says 7.8, but the wave is 1. Nor need training find the weights. With random weights
# and zero biases, every knot starts at 0, the edge of the data. Adam moves some knots in, but only
# to 0.2 or so. One straight line serves the rest of the wave, and the worst error stays above 1 (a
# few seeds are luckier). Move the inputs to [-1, 1], so that the knots start in the middle: from 8
# units on, the error falls.

outside = broken_line(wave, 64).forward(np.array([[2.25]])).item()
print(f"at x = 2.25: {outside:.1f}, but the wave is 1")
assert outside > 5


def learn(n, inputs):
    """Return the worst error of n units that learned the wave by Adam."""
    net, adam = mv.mlp([1, n, 1], activation="relu", rng=0), mv.Adam(1e-2)
    for _ in range(1000 if QUICK else 3000):
        r = net.forward(inputs) - wave(few)
        net.backward(2 * r / len(r))
        adam.step(net.params, net.grads)
    return np.abs(r).max()


few = x[::10]
raw, moved = ([learn(n, inputs) for n in widths] for inputs in (few, 2 * few - 1))
print("trained on [0, 1]: ", np.round(raw, 3))
print("trained on [-1, 1]:", np.round(moved, 3))
assert min(raw) > 1
assert max(moved[2:]) < 0.2

ax = new_axes()
curves = {"built": built, "trained, inputs in [0, 1]": raw, "trained, in [-1, 1]": moved}
for i, (label, errors) in enumerate(curves.items()):
    ax.loglog(widths, errors, LINES[i], marker=MARKERS[i], color=COLORS[i], label=label)
ax.loglog(widths, 4.935 / np.square(widths), ":", color="k", label="bound for the built one")
ax.set_xticks(widths, [str(n) for n in widths])
ax.minorticks_off()
finish(ax, "hidden units", "largest error on [0, 1]")
show(ax.figure, "05_units")

# %% A curve: one number for each point
# The points lie on an arc, with noise of standard deviation 0.03. One number, the latent or code,
# says where on the arc a point is. PCA's line cannot follow the arc: its error is 0.20. An
# autoencoder with a code of one number, and a hidden layer on each side, can bend. It only loses
# the noise across the arc, and you should see about that error, 0.03^2 = 0.0009.

rng = np.random.default_rng(0)
angle = rng.uniform(-2, 2, 500)
clean = np.stack([np.cos(angle), np.sin(angle)], axis=1)
points = clean + 0.03 * rng.normal(size=clean.shape)
line = mv.PCA(1).fit(points)
bent = mv.Autoencoder(2, 1, hidden=(16,), activation="tanh", likelihood="squared_error", rng=0)
mv.fit_lbfgs(bent, points, max_iterations=500 if QUICK else 1500)


def error_of(model, x):
    return np.mean(np.sum((x - model.reconstruct(x)) ** 2, axis=1))


print(f"PCA {error_of(line, points):.4f}, bent code {error_of(bent, points):.4f}")
assert error_of(line, points) > 0.15
assert error_of(bent, points) < 0.002

# %% Too wide a code copies
# ? A code as wide as the data gives a loss of 0. What has the network learned?
# With as many code numbers as features there is no bottleneck, and nothing forces the network to
# choose. A linear one ends at W_e W_d = I: its loss is 0, and it "reconstructs" noise that it never
# saw as well as its data. A small reconstruction error does not show that a model has learned
# anything.

X = mv.datasets.linear_gaussian(1000, 6, 3, noise=0.5, rng=0).X
X = X - X.mean(axis=0)
copying = mv.LinearAutoencoder(6, 6, rng=0)
mv.fit_lbfgs(copying, X)
noise = rng.normal(size=(100, 6))
print(f"error on the data {error_of(copying, X):.0e}, on noise {error_of(copying, noise):.0e}")
assert error_of(copying, noise) < 1e-8

# %% Denoising: ask for more than a copy
# Show the network x + e, with noise e of variance s2, and ask for x (Vincent et al., 2008). Now a
# copy is wrong. Take one number first: x has the variance lam, and x_hat = g (x + e). The error is
#
#     E (x - g x - g e)^2 = lam (1 - g)^2 + s2 g^2            least at  g = lam / (lam + s2)
#
# So keep what varies much more than the noise, and drop what varies less. With matrices, the mean
# error is |x - x W_e W_d|^2 + s2 |W_e W_d|^2 on *clean* data: denoising is a penalty on the
# product, with the weight s2. With a code as wide as the data, the best product is S (S + s2 I)^-1:
# the gain g along each eigenvector of the covariance S. A narrower code keeps the largest gains.

s2 = 1.0
S = X.T @ X / len(X)
lam, U = np.linalg.eigh(S)
model = mv.LinearAutoencoder(6, 6, regularizer=mv.regularizers.ProductL2(s2), rng=0)
mv.fit_lbfgs(model, X)
P = model.params["encoder.0.W"] @ model.params["decoder.0.W"]
print("gains:        ", np.diag(U.T @ P @ U).round(4))
print("lam/(lam + s2)", (lam / (lam + s2)).round(4))
assert np.allclose(P, S @ np.linalg.inv(S + s2 * np.eye(6)), atol=1e-5)

# %% The same with drawn noise
# `fit(corrupt=...)` draws new noise for each batch. The gains are the same, up to the randomness of
# the draws: you should see a difference of about 0.01.


def add_noise(x, rng):
    return x + np.sqrt(s2) * rng.standard_normal(x.shape)


drawn = mv.LinearAutoencoder(6, 6, rng=0)
drawn.fit(X, epochs=200, batch_size=100, optimizer=mv.SGD(0.01), corrupt=add_noise, rng=0)
P = drawn.params["encoder.0.W"] @ drawn.params["decoder.0.W"]
off = np.abs(np.diag(U.T @ P @ U) - lam / (lam + s2)).max()
print(f"largest difference from the gains above: {off:.3f}")
assert off < 0.03

# %% A map back to the data
# For points of two numbers on the arc, take a far too wide code of 16 numbers, and noise of 0.3.
# The arrows show where the network moves a point: towards the arc, and from inside the arc to the
# middle of what the point could have been. The network has learned where the data are. (The arrow
# of the best denoiser is s2 times the gradient of the noisy data's log density. For the linear
# denoiser above, you can check this from g - 1.)


def blur(x, rng):
    return x + 0.3 * rng.standard_normal(x.shape)


wide = mv.Autoencoder(2, 16, hidden=(64,), activation="tanh", likelihood="squared_error", rng=0)
epochs = 60 if QUICK else 200
wide.fit(clean, epochs=epochs, batch_size=50, optimizer=mv.Adam(3e-3), corrupt=blur, rng=0)
test = clean + 0.3 * np.random.default_rng(1).normal(size=clean.shape)
before = np.mean(np.abs(np.linalg.norm(test, axis=1) - 1))
after = np.mean(np.abs(np.linalg.norm(wide.reconstruct(test), axis=1) - 1))
print(f"mean distance from the circle: {before:.3f} before, {after:.3f} after")
assert after < 0.7 * before

ax = new_axes(6.0, 5.2)
ax.plot(*points.T, ".", color="0.75", label="data")
ends = line.decode(np.array([[-1.2], [1.2]]))
ax.plot(*ends.T, "--", color=COLORS[1], label="PCA, one number")
codes = bent.encode(points)
along = bent.decode(np.linspace(codes.min(), codes.max(), 200)[:, None])
ax.plot(*along.T, color=COLORS[0], label="bent code, one number")
grid = np.stack(np.meshgrid(*[np.linspace(-1.5, 1.5, 13)] * 2), axis=-1).reshape(-1, 2)
arrows = {"color": COLORS[2], "angles": "xy", "scale_units": "xy", "scale": 3, "width": 0.003}
ax.quiver(*grid.T, *(wide.reconstruct(grid) - grid).T, label="denoiser, length / 3", **arrows)
ax.set_aspect("equal")
finish(ax, "$x_1$", "$x_2$")
ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.14), ncols=2, frameon=False)
show(ax.figure, "05_arc")

# %% Digits in two numbers
# The images have 784 pixels, and the code has two numbers. No linear code is better than PCA, so
# PCA is the baseline, measured on images that no model was trained on. (A linear code *is* PCA only
# if the decoder is linear too and the loss is a squared error.)

n_train, epochs = (1000, 25) if QUICK else (4000, 60)
if DATA == "mnist":
    pixels, labels = mv.datasets.mnist()
    images = (pixels[: n_train + 1000] / 255).astype(np.float32)
else:
    images, labels, _ = mv.datasets.digits(n_train + 1000, rng=0)
train, held_out, labels = images[:n_train], images[n_train:], labels[n_train : n_train + 1000]

models = {"PCA": mv.PCA(2).fit(train)}
for name, hidden in {"784-64-2": (64,), "784-128-32-2": (128, 32)}.items():
    models[name] = mv.Autoencoder(
        784, 2, hidden=hidden, likelihood="squared_error", dtype=np.float32, rng=0
    ).fit(train, epochs=epochs, batch_size=50, optimizer=mv.Adam(2e-3), rng=0)
digit_errors = {name: error_of(model, held_out) for name, model in models.items()}
for name, error in digit_errors.items():
    print(f"{name:13s} squared error {error:.1f}")  # about 38, 26 and 22
assert digit_errors["PCA"] > digit_errors["784-64-2"] > digit_errors["784-128-32-2"]

some = held_out[np.argsort(labels, kind="stable")[50::100]]
rows = {name: model.reconstruct(some) for name, model in models.items()}
show(reconstructions(some, rows), "05_reconstructions")

# %% Noisy digits
# S (S + s2 I)^-1 is the best linear denoiser. A network with a hidden layer may know more: strokes
# are dark and narrow, and they end. (Its output is a sigmoid, and its loss is the Bernoulli's.)


def speckle(x, rng):
    return x + 0.5 * rng.standard_normal(x.shape, dtype=x.dtype)


noisy = speckle(held_out, np.random.default_rng(2))
mean = train.mean(axis=0)
S = np.cov(train, rowvar=False, bias=True)
linear = (noisy - mean) @ np.linalg.solve(S + 0.25 * np.eye(784), S) + mean
denoiser = mv.Autoencoder(784, 64, hidden=(256,), dtype=np.float32, rng=0)
denoiser.fit(train, epochs=30, batch_size=50, optimizer=mv.Adam(2e-3), corrupt=speckle, rng=0)
by_network = denoiser.reconstruct(noisy)
for name, guess in (("noisy", noisy), ("linear", linear), ("network", by_network)):
    print(f"{name:8s} squared error {np.mean(np.sum((held_out - guess) ** 2, axis=1)):.1f}")
assert np.sum((held_out - by_network) ** 2) < np.sum((held_out - linear) ** 2)
rows = {"noisy": noisy[:10], "best linear": linear[:10], "network": by_network[:10]}
show(reconstructions(held_out[:10], rows), "05_denoising")

# %% Holes in the code space
# ? Draw codes from the Gaussian of all codes. How many land in a hole: 1 %, 10 % or half of them?
# Can the decoder make new digits from random codes? But from which distribution? The loss speaks
# only of the codes of images. Their scale and shape are accidents of training: an encoder that
# returns z A and a decoder that begins with A^-1 have the same loss. So N(0, I) is not a fair
# choice, but the Gaussian with the mean and covariance of the codes is. A draw is in a hole if it
# is further from every code than 99 % of the codes are from their nearest neighbour. If the codes
# filled their Gaussian, about 1 % of the draws would be in holes. Here ten times as many are: most
# of them lie around the codes, whose shape is not Gaussian, and some lie between them.

deep = models["784-128-32-2"]
codes = deep.encode(held_out)
draws = sample_codes(codes, 1000, rng=0)
standard = np.random.default_rng(0).normal(size=(1000, 2))
print(f"in holes: {hole_fraction(draws, codes):.0%} of the fitted draws")
print(f"          {hole_fraction(standard, codes):.0%} of draws from N(0, I)")
assert hole_fraction(draws, codes) > 0.03

# %% Continuity is not the problem
# One lecture says that in an autoencoder a small step from z need not change the image by little.
# But a network of ReLUs is a continuous function: every small enough step changes the image by
# little. The function may be *steep*: here one standard deviation of the codes makes another image.

tiny, large = (np.median(decoded_steps(deep.decode, codes, delta=d, rng=0)) for d in (1e-3, 1.0))
apart = np.median(nearest_distances(held_out))
print(f"0.001 standard deviations move the image by {tiny:.3f}, 1 by {large:.1f}")
print(f"from one image to the next: {apart:.1f}")
assert tiny < 0.05
assert large > apart

# %% Across a hole
# From many pairs of codes, take the pair whose midpoint is furthest from any code, and walk along
# the line in the figure. The strip shows the decoded images (crosses are the draws from above). No
# code taught the decoder about the middle, and the image there is neither digit. The loss ignores
# such places; the loss of a VAE does not (tutorial 08).

inner = np.random.default_rng(0).choice(len(codes), (2000, 2))
middles = codes[inner].mean(axis=1)
start, end = codes[inner[nearest_distances(middles, codes).argmax()]]
t = np.linspace(0, 1, 10)[:, None]
way = (1 - t) * start + t * end  # (10, 2)
space, strip = Figure((7, 7.6), layout="constrained").subplots(2, 1, height_ratios=[5, 1])
space.plot(*draws[:200].T, "x", color="0.4", markersize=5, label="draw")
latent_scatter(codes, labels, ax=space)
space.plot(*way.T, "o-", color="k", markersize=4, markerfacecolor="w")
interpolation(deep.decode(way.astype(np.float32)).clip(0, 1), ax=strip)
show(space.figure, "05_code_space")

# %% Exercises
# Fill in three functions in tutorials/exercises/05_autoencoders.py:
#
# 1. relu_weights: a broken line as one hidden layer.
# 2. denoising_map: the best linear denoiser, from a covariance and a noise variance.
# 3. denoising_gradients: backprop through a tanh autoencoder whose input is noisy.
#
# Then ask: python -m minivae check tutorials/exercises/05_autoencoders.py
