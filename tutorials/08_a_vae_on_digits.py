"""A VAE on digits: from the first forward line to the map of its code.

The question: what does a variational autoencoder learn from images, and what can you do with its
code that you cannot do with an autoencoder's?

You need: tutorials 05 to 07, the Bernoulli distribution, logarithms. It runs in half a minute.

At the end you will have worked out the loss of one image by hand, and read a loss in nats between
its floor and its baseline. You will have drawn the map of a code space on the right grid, walked
from digit to digit, and measured what a code gains from noise.
"""

import os

import numpy as np
from scipy import stats

import minivae as mv
from minivae import diagnostics
from minivae.course import chosen_data, figure_file, one_thread, show, show_file
from minivae.plots import (
    animate_codes,
    interpolation,
    latent_scatter,
    loss_curves,
    manifold,
    manifold_grid,
    traversal_grid,
    traversals,
)
from minivae.plots.figures import axes_in_a_row

QUICK = bool(os.environ.get("MINIVAE_QUICK"))
DATA = chosen_data("digits")
N_IMAGES, EPOCHS = (1000, 20) if QUICK else (5000, 30)
one_thread()  # a second one would wait for a core that another program uses

# %% The images
# The images have 28 x 28 pixels, row by row, from 0 (white) to 1 (ink). A pen drew them, and the
# thickness of the stroke, the slant and the rotation are known: later we can ask a code whether it
# has found them. 500 images are judges: no model trains on them. (With MINIVAE_TUTORIAL_DATA=mnist
# the images come from MNIST. They have no known factors, so the last step prints less.)

if DATA == "mnist":
    all_images, all_labels = mv.datasets.mnist()
    images = (all_images[: N_IMAGES + 500] / 255).astype(np.float32)
    labels, factors = all_labels[: N_IMAGES + 500], {}
else:
    images, labels, factors = mv.datasets.digits(N_IMAGES + 500, rng=0)
training, judges = images[:N_IMAGES], images[N_IMAGES:]
print(f"{len(training)} + {len(judges)} images of {images.shape[1]} pixels")

# %% The encoder's lines
# The VAE below is untrained. It has two codes, and one hidden layer of 100 units on either side.
# Follow one image x, one line at a time. The encoder returns four numbers: a mean and a raw log
# variance for each code. A soft bound limits the log variances, so that exp cannot overflow. Then z
# is drawn:
#
#     q(z | x) = N(mu, sigma^2)           sigma = e^(log_var / 2)           z = mu + sigma eps

vae = mv.VAE(784, 2, hidden=(100,), dtype=np.float32, rng=0)
x, eps = judges[:1], np.array([[0.5, -1.0]], dtype=np.float32)
h = vae.encoder.forward(x)  # (1, 4)
mu, log_var = h[:, :2], mv.bound_log_var(h[:, 2:])
z = mu + np.exp(log_var / 2) * eps  # (1, 2)
print("mu", mu.round(2), "sigma", np.exp(log_var / 2).round(2), "z", z.round(2))
assert np.allclose(z, mv.reparameterize(mu, log_var, eps))

# %% The decoder's lines
# The decoder returns a logit a for each pixel. Its sigmoid p = 1 / (1 + e^-a) is the probability of
# ink.
# How many nats does x cost, once p is known? A pixel costs -log p if it is ink, and -log(1 - p) if
# it is not. A grey pixel mixes the two. The image costs the sum over all its pixels, a
# cross-entropy:
#
#     -log p(x | z) = -sum_d [ x_d log p_d + (1 - x_d) log(1 - p_d) ]
#
# An untrained decoder says p = 1/2 or so for every pixel. Each pixel costs log 2, and the image
# costs 784 log 2 = 543. You should see a number near it, in nats.

logits = vae.decoder.forward(z)  # (1, 784)
p = 1 / (1 + np.exp(-logits))
reconstruction = -np.sum(x * np.log(p) + (1 - x) * np.log(1 - p))
print(f"-log p(x | z) = {reconstruction:.1f} nats; 784 log 2 = {784 * np.log(2):.1f}")
assert abs(reconstruction - 784 * np.log(2)) < 60

# %% The price of the code
# z has a cost too. If sender and receiver know the prior N(0, 1), a draw from N(mu, sigma^2) costs
#
#     KL = sum_i [ mu_i^2 + sigma_i^2 - 1 - log sigma_i^2 ] / 2
#
# and the loss, minus the ELBO, is the sum of both costs. It averages neither over pixels nor over
# codes: only then is it a bound, -log p(x) <= loss, on average over eps. The library agrees.

kl = np.sum(mu**2 + np.exp(log_var) - 1 - log_var) / 2
parts = vae.elbo(x, eps=eps)
print(f"loss {reconstruction + kl:.3f} = {reconstruction:.3f} + {kl:.3f}")
print(f"the library's loss: {-parts.elbo[0]:.3f}")
assert np.allclose([-parts.reconstruction[0], parts.kl[0]], [reconstruction, kl], rtol=1e-4)

# %% What is a good loss?
# ? The loss of a trained VAE is 140 nats. Is that good? Which two numbers would you ask for?
# A loss of 140 says nothing without two other numbers. The baseline draws the mean image for all,
# and uses no code. The floor is the least that grey pixels cost: a pixel x costs at least
# -x log x - (1 - x) log(1 - x), which p = x reaches. No model of grey images gets to 0. Both
# numbers are known before any training.


def cross_entropy(x, p):
    p = np.clip(np.asarray(p, dtype=float), 1e-12, 1 - 1e-12)
    return -np.sum(x * np.log(p) + (1 - x) * np.log(1 - p), axis=1).mean()


baseline = cross_entropy(judges, training.mean(axis=0, dtype=float))
floor = cross_entropy(judges, judges)
print(f"mean image {baseline:.1f} nats, floor {floor:.1f} nats")

# %% Training
# After training, the loss should be near 137 nats. The code costs 6 of them: two codes, three nats
# each. The recorder keeps the codes of the judges after every epoch, and the film shows them. At
# first all classes lie in one heap. Then they push each other apart, while the centre of the heap
# moves close to that of the prior.

settings = {"epochs": EPOCHS, "batch_size": 100, "rng": 0}
recorder = mv.CodeRecorder(judges)
vae.fit(training, validation=judges, optimizer=mv.Adam(3e-3), callbacks=[recorder], **settings)
loss = vae.history_["val_loss"][-1]
print(f"the VAE: {loss:.1f} nats, {vae.history_['val_kl'][-1]:.1f} of them for the code")
curves = loss_curves(vae.history_, baselines={"mean image": baseline, "floor": floor})
curves[0].axes.legend(loc="lower right", bbox_to_anchor=(1, 0.12), frameon=False)
show(curves, "08_loss_between_floor_and_baseline")
assert floor < loss < baseline - 10

film = figure_file("08_codes_find_their_shape.gif")
animate_codes(recorder.frames, labels[N_IMAGES:], recorder.history, film)
show_file(film)

# %% Sums and means
# ? One lecture prints 0.1734 for an autoencoder and 153.32 for a VAE. Is the first a thousand
# ? times better?
# A lecture trains on MNIST with 8 codes, and prints two losses side by side: 0.1734 for an
# autoencoder, and 153.32 for a VAE. Is the first a thousand times better? The lecture does not say,
# but only one reading fits: the first is a mean over 784 pixels, and the second is a sum over them
# plus the KL. In one unit they are 784 * 0.1734 = 135.9 and 153.3 nats, and not far apart: the VAE
# also pays for its codes. Before you compare two losses, ask: summed over what?

print(f"AE {784 * 0.1734:.1f} nats, deep AE {784 * 0.1477:.1f}; VAE 153.3, deep VAE 129.4")
print(f"our VAE as a mean over pixels: {loss / 784:.4f}")

# %% Where the codes are
# The code of an image is a small cloud. Here is one draw for each judge, with the circles of one
# and two standard deviations of the prior. The classes keep together, although the VAE never saw a
# label. All the clouds together are close to the prior, but reach further out: some 15 % of the
# draws are in the inner circle, where the prior has 39 %. So draw z from N(0, I) and decode it: you
# get a new digit.

codes = vae.sample_posterior(judges, rng=0)
show(latent_scatter(codes, labels[N_IMAGES:], prior=True), "08_codes_by_class")
spread = codes.std(axis=0)
inner = np.mean(np.linalg.norm(codes, axis=1) < 1)
print(f"standard deviation of the codes: {spread.round(2)}; {inner:.0%} are in the inner circle")
assert np.all((spread > 0.5) & (spread < 2))
assert diagnostics.kl_to_prior(codes.mean(axis=0), np.cov(codes, rowvar=False)) < 2

# %% A map of the code space: which grid?
# Decode a grid to see everything that the decoder can draw, its manifold. The grid should follow
# the prior: a region should have as many points as its share of N(0, 1). If u is uniform on (0, 1),
# then the inverse distribution function of the normal, at u, is normal:
#
#     P( Phi^-1(u) <= a ) = P( u <= Phi(a) ) = Phi(a)
#
# So take even steps of u, and z = Phi^-1(u), as Kingma and Welling (2014) do. One lecture, like
# many copies of a well-known example, takes 15 even steps of z from -15 to 15 instead. The
# probability of a code beyond 15 is 7e-51. Of the 225 points, only 9 have both coordinates between
# -3 and 3. Most others ask the decoder about places where no code ever was. The map on the right
# shows its answers: hard shapes that hardly change along a ray, while the digits of the middle
# share nine tiles. Nor does the encoder know these images: if you encode them again, you get other
# codes. (If you miss a digit on the left, look for its codes above. The ones lie outside the square
# of the map. The zeros lie inside, but among other digits, so the decoder draws a mixture. The map
# shows what *draws* of the prior give.)

right = manifold_grid(15)
far = np.linspace(-15, 15, 15)
wrong = np.stack(np.meshgrid(far, far[::-1]), axis=-1).reshape(-1, 2)
n_near = int(np.sum(np.all(np.abs(wrong) < 3, axis=1)))
print(f"P(|z| > 15) = {2 * stats.norm.sf(15):.0e}; {n_near} of {len(wrong)} points are within 3")
assert np.allclose(stats.norm.cdf(right[:15, 0]), np.linspace(0.05, 0.95, 15))
assert n_near == 9

axes = axes_in_a_row(None, 2, 12.0, 6.0)
manifold(vae.decode(right), ax=axes[0])
axes[0].set_title("even steps of probability")
picture = manifold(vae.decode(wrong), ax=axes[1])
axes[1].set(title="even steps from -15 to 15: wrong", xticks=[], yticks=[], xlabel="", ylabel="")
show(picture, "08_map_on_two_grids")

lost = [diagnostics.cycle_error(vae.transform, vae.decode, grid, codes) for grid in (right, wrong)]
print(f"decoded and encoded again, codes move by {lost[0]:.2f} and {lost[1]:.0f} variances")
assert lost[0] < 0.2
assert lost[1] > 5

# %% The autoencoder beside it
# Now take ten codes, and an autoencoder with the same layers, data and training, but without noise
# and without a KL. It reconstructs better, as one expects, because noise has a cost and its code is
# free. But where are its codes? It may put them anywhere, and make them as large as it likes, so
# there is no N(0, I) to draw from.

models = {}
for name, kind in (("VAE", mv.VAE), ("autoencoder", mv.Autoencoder)):
    model = kind(784, 10, hidden=(100,), dtype=np.float32, rng=0)
    models[name] = model.fit(training, optimizer=mv.Adam(3e-3), **settings)
deep, plain = models["VAE"], models["autoencoder"]
by_vae, by_plain = deep.losses(judges, rng=0)["reconstruction"], plain.losses(judges)["loss"]
print(f"reconstruction: VAE {by_vae:.1f}, autoencoder {by_plain:.1f} nats")
deep_codes, plain_codes = deep.sample_posterior(judges, rng=0), plain.encode(judges)
print(f"largest code: VAE {abs(deep_codes).max():.1f}, autoencoder {abs(plain_codes).max():.1f}")
assert by_plain < by_vae

# %% Complete and continuous
# A code space should have two properties, and both can be measured. Complete: every likely code
# decodes to something real. A draw is in a hole if it is further from every code of an image than
# 99 % of these codes are from their nearest neighbour. Continuous: near codes decode to near
# images. Move each code by one standard deviation, and take the squared change of the image. (Both
# measures use the spread of the codes as a unit, so size alone is no fault.)
#
# Draw the VAE's codes from N(0, I). This would be unfair to the autoencoder: the Gaussian with the
# mean and covariance of its codes is more than a hundred nats of KL away from N(0, I), while that
# of the VAE is half a nat away. So draw the autoencoder's codes from the Gaussian of its own codes.
# This helps, but on drawn digits it does not close the gap. (On a thousand images of MNIST it does:
# try MINIVAE_QUICK=1 MINIVAE_TUTORIAL_DATA=mnist.)

gap = [
    diagnostics.kl_to_prior(c.mean(axis=0), np.cov(c, rowvar=False))
    for c in (deep_codes, plain_codes)
]
prior = np.random.default_rng(0).standard_normal((1000, 10))
fitted = diagnostics.sample_codes(plain_codes, 1000, rng=0)
holes = [
    diagnostics.hole_fraction(prior, deep_codes),
    diagnostics.hole_fraction(fitted, plain_codes),
]
change = [
    diagnostics.continuity(deep.decode, deep_codes, rng=0),
    diagnostics.continuity(plain.decode, plain_codes, rng=0),
]
print("Gaussian of the codes from N(0, I): VAE {:.2f}, autoencoder {:.0f} nats".format(*gap))
print("draws in holes: VAE {:.2f}, autoencoder {:.2f}".format(*holes))
print("change for a step: VAE {:.1f}, autoencoder {:.1f}".format(*change))
assert 10 * gap[0] < gap[1]
assert change[0] < 0.8 * change[1]
assert DATA == "mnist" or holes[0] < holes[1]

# %% From one digit to another
# Walk from the code of one image to that of another, and decode on the way. A mixture of the pixels
# shows both digits at once, one fading out: no such image is in the data. A walk through the codes
# bends one digit into the other. The autoencoder can do this too, as long as the walk stays near
# its codes.

first, second = (int(np.flatnonzero(labels[N_IMAGES:] == digit)[0]) for digit in (5, 1))
t = np.linspace(0, 1, 9)
rows = {"pixels": mv.lerp(judges[first], judges[second], t)}
for name, model in models.items():
    a, b = model.transform(judges[[first, second]])
    rows[name] = model.decode(mv.lerp(a, b, t))
show(interpolation(rows), "08_from_one_digit_to_another")

pairs = np.random.default_rng(1).permutation(500)[:400].reshape(2, 200)
a, b = (deep.transform(judges[i]) for i in pairs)
half_way = deep.decode(mv.lerp(a, b, 0.5))
mixed = (judges[pairs[0]] + judges[pairs[1]]) / 2
kinds = {"a new digit": judges, "half way in code": half_way, "mixed pixels": mixed}
to_data = [diagnostics.nearest_distances(kind, training).mean() for kind in kinds.values()]
for kind, distance in zip(kinds, to_data, strict=True):
    print(f"{kind}: {distance:.2f} from the nearest image")
assert to_data[1] < to_data[2]

# %% Straight, or around?
# ? Two codes of ten numbers are drawn from the prior. Is the point half way between them as long
# ? as they are?
# Draws of N(0, I) in d dimensions have norms near sqrt(d). Half way between two of them, (a + b) /
# 2 has the variance 1/4 + 1/4 = 1/2 in each coordinate, so its norm is near sqrt(d / 2). For large
# d the prior has hardly any draws there. `slerp` goes around on the shell. For d = 512 this
# matters: no draw is ever that short. For d = 10, 11 % of the draws are shorter, and a straight
# walk will do: do not expect a picture to show the difference.

for d in (10, 512):
    a, b = np.random.default_rng(2).standard_normal((2, 4000, d))
    norms = [
        np.linalg.norm(way(a, b, 0.5), axis=1).mean() / np.sqrt(d) for way in (mv.lerp, mv.slerp)
    ]
    shorter = stats.chi2.cdf(d / 2, d)
    print(f"d = {d}: half way, norm / sqrt(d) {norms[0]:.2f} and {norms[1]:.2f}; P {shorter:.1e}")
assert np.allclose(norms, [np.sqrt(0.5), 1], atol=0.01)

# %% What the codes mean
# Move one code at a time. Each changes the image smoothly, but its effect has no name: the loss
# does not care along which axes a meaning lies. A direction may have a meaning: regress the known
# thickness on the ten means, and walk along the direction of the weights. The ink must grow, step
# by step.

values = np.linspace(-2, 2, 9)
start = deep.transform(judges[[first]])[0]
moved = deep.decode(traversal_grid(start, values))
show(traversals(moved, values), "08_one_code_at_a_time")

means, judged = deep.transform(training), deep.transform(judges)
for name, factor in factors.items():
    known, asked = factor[:N_IMAGES], factor[N_IMAGES:]
    weights = np.linalg.lstsq(np.c_[means, np.ones(N_IMAGES)], known)[0]
    error = asked - np.c_[judged, np.ones(500)] @ weights
    print(f"{name}: {1 - error.var() / asked.var():.2f} of its variance is linear in the code")
    if name == "thickness":
        direction = weights[:10] / np.linalg.norm(weights[:10])
        ink = [deep.decode(judged + step * direction).sum(axis=1).mean() for step in values]
        print("ink along thickness:", np.round(ink))
        assert np.all(np.diff(ink) > 0)

# %% Exercises
# Fill in three functions in tutorials/exercises/08_a_vae_on_digits.py:
#
# 1. vae_loss: the loss of a batch, from logits, mu and log_var.
# 2. manifold_codes: a grid of codes that follows the prior.
# 3. slerp: the way around from one code to another.
#
# Then ask: python -m minivae check tutorials/exercises/08_a_vae_on_digits.py
