"""A VAE on digits: from the first forward line to the map of its code.

The question: what does a variational autoencoder learn from images, and what can you do with its
code that you cannot do with an autoencoder's?

You need: tutorials 05 to 07, the Bernoulli distribution, logarithms. It runs in half a minute.

At the end you will have worked out the loss of one image by hand, read a loss in nats between its
floor and its baseline, drawn the map of a code space on the right grid, walked between digits, and
measured what the noise in the code buys.
"""

import os

import numpy as np
from scipy import stats

import minivae as mv
from minivae import diagnostics
from minivae.course import chosen_data, figure_file, show, show_file
from minivae.diagnostics.interpolation import lerp, slerp
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
from minivae.training.callbacks import CodeRecorder

QUICK = bool(os.environ.get("MINIVAE_QUICK"))
DATA = chosen_data("digits")
N_IMAGES, EPOCHS = (1000, 20) if QUICK else (5000, 30)

# %% The images
# 28 x 28 pixels, row by row, from 0 (white) to 1 (ink). A pen drew them, and the thickness of the
# stroke, slant and rotation are known: a code can be asked later whether it has found them. 500
# images are kept apart as judges: no model is trained on them. (With MINIVAE_TUTORIAL_DATA=mnist
# the images are those of MNIST, which have no known factors: the last step has less to print.)

if DATA == "mnist":
    all_images, all_labels = mv.datasets.mnist()
    images = (all_images[: N_IMAGES + 500] / 255).astype(np.float32)
    labels, factors = all_labels[: N_IMAGES + 500], {}
else:
    images, labels, factors = mv.datasets.digits(N_IMAGES + 500, rng=0)
training, judges = images[:N_IMAGES], images[N_IMAGES:]
print(f"{len(training)} + {len(judges)} images of {images.shape[1]} pixels")

# %% The encoder's lines
# The VAE below is untrained: two codes, one hidden layer of 100 units on either side. Take one
# image x, one line at a time. The encoder returns four numbers: a mean and a log variance for each
# code. The second pair goes through a soft bound, so that its exp cannot overflow. Then the draw.
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
# The decoder returns a logit a for each pixel, and p = 1 / (1 + e^-a) is the chance of ink. What
# does it cost to say x, once p is known? One pixel costs -log p if it is ink and -log(1 - p) if it
# is not; for grey pixels the two are mixed. The image costs the sum over all its pixels:
#
#     -log p(x | z) = -sum_d [ x_d log p_d + (1 - x_d) log(1 - p_d) ]
#
# An untrained decoder says p = 1/2 or so for every pixel: log 2 each, 784 log 2 = 543 in all. You
# should see a number near it, in nats.

logits = vae.decoder.forward(z)  # (1, 784)
p = 1 / (1 + np.exp(-logits))
reconstruction = -np.sum(x * np.log(p) + (1 - x) * np.log(1 - p))
print(f"-log p(x | z) = {reconstruction:.1f} nats; 784 log 2 = {784 * np.log(2):.1f}")
assert abs(reconstruction - 784 * np.log(2)) < 60

# %% The price of the code
# z must be said too. If everybody knows the prior N(0, 1), saying a draw of N(mu, sigma^2) costs
#
#     KL = sum_i [ mu_i^2 + sigma_i^2 - 1 - log sigma_i^2 ] / 2
#
# and the loss, minus the ELBO, is the sum of both prices. Nothing is averaged over pixels or codes:
# only then is it a bound, -log p(x) <= loss, on average over eps. The library agrees with us.

kl = np.sum(mu**2 + np.exp(log_var) - 1 - log_var) / 2
parts = vae.elbo(x, eps=eps)
print(f"loss {reconstruction + kl:.3f} = {reconstruction:.3f} + {kl:.3f}")
print(f"of the library: {-parts.elbo[0]:.3f}")
assert np.allclose([-parts.reconstruction[0], parts.kl[0]], [reconstruction, kl], rtol=1e-4)

# %% What is a good loss?
# A loss of 140 says nothing without two other numbers. The baseline: draw the mean image for all,
# with no code at all. The floor: a pixel of grey x costs at least -x log x - (1 - x) log(1 - x),
# which is what p = x costs. No model of grey images gets to 0. Both are known before any training.


def cross_entropy(x, p):
    p = np.clip(np.asarray(p, dtype=float), 1e-12, 1 - 1e-12)
    return -np.sum(x * np.log(p) + (1 - x) * np.log(1 - p), axis=1).mean()


baseline = cross_entropy(judges, training.mean(axis=0, dtype=float))
floor = cross_entropy(judges, judges)
print(f"mean image {baseline:.1f} nats, floor {floor:.1f} nats")

# %% Training
# Trained, the loss should be near 137 nats, of which the code costs 6: two codes, three nats each.
# The recorder keeps the judges' codes after every epoch. The film that is made of them shows how
# the classes, in one heap at first, push each other apart, while the heap as a whole moves until
# its centre is near the prior's.

settings = {"epochs": EPOCHS, "batch_size": 100, "rng": 0}
recorder = CodeRecorder(judges)
vae.fit(training, validation=judges, optimizer=mv.Adam(3e-3), callbacks=[recorder], **settings)
loss = vae.history_["val_loss"][-1]
print(f"the VAE: {loss:.1f} nats, of them {vae.history_['val_kl'][-1]:.1f} for the code")
curves = loss_curves(vae.history_, baselines={"mean image": baseline, "floor": floor})
curves[0].axes.legend(loc="lower right", bbox_to_anchor=(1, 0.12), frameon=False)
show(curves, "08_loss_between_floor_and_baseline")
assert floor < loss < baseline - 10

film = figure_file("08_codes_find_their_shape.gif")
animate_codes(recorder.frames, labels[N_IMAGES:], recorder.history, film)
show_file(film)

# %% Sums and means
# A lecture trains on MNIST with 8 codes and prints, side by side, losses of 0.1734 for an
# autoencoder and 153.32 for a VAE. Is the first a thousand times better? The lecture does not say,
# but only one reading fits: the first is a mean over 784 pixels, the second a sum over them plus
# the KL. In one unit they are 784 * 0.1734 = 135.9 and 153.3 nats, and not far apart: the VAE pays
# for its codes. Before you compare two losses, ask: summed over what?

print(f"AE {784 * 0.1734:.1f} nats, deep AE {784 * 0.1477:.1f}; VAE 153.3, deep VAE 129.4")
print(f"our VAE as a mean over pixels: {loss / 784:.4f}")

# %% Where the codes are
# The code of an image is a small cloud. Here is one draw for each of the judges, with the circles
# of one and two standard deviations of the prior. Classes keep together though no label was ever
# used. All the clouds together are near the prior, but stand out further: some 15 % are in the
# inner circle, where the prior has 39 %. So draw z from N(0, I) and decode it: a new digit.

codes = vae.sample_posterior(judges, rng=0)
show(latent_scatter(codes, labels[N_IMAGES:], prior=True), "08_codes_by_class")
spread = codes.std(axis=0)
inner = np.mean(np.linalg.norm(codes, axis=1) < 1)
print(f"standard deviation of the codes: {spread.round(2)}; {inner:.0%} are in the inner circle")
assert np.all((spread > 0.5) & (spread < 2))
assert diagnostics.kl_to_prior(codes.mean(axis=0), np.cov(codes, rowvar=False)) < 2

# %% A map of the code space: which grid?
# To see all that the decoder can draw, decode a grid. The grid should follow the prior: as many
# points where N(0, 1) has much probability as its share. If u is uniform on (0, 1), then the
# inverse distribution function of the normal, at u, is normal:
#
#     P( Phi^-1(u) <= a ) = P( u <= Phi(a) ) = Phi(a)
#
# So take even steps of u, and z = Phi^-1(u), as Kingma and Welling (2014) do. One lecture, as many
# copies of a well-known example, takes 15 even steps of z from -15 to 15 instead. The chance of a
# code beyond 15 is 7e-51. Of its 225 points, 9 have both coordinates within 3: most others ask the
# decoder about places where no code ever was. On the right you see what it answers: hard shapes
# that hardly change along a ray, while the digits of the middle share nine tiles. Nor does the
# encoder know those images: encode them again, and the code is not the one they were made from. (If
# you miss a digit on the left, look for its codes above: the ones stand outside of the map's
# square; the zeros inside, but among other digits, so that a mixture is drawn. The map shows what
# *draws* of the prior give.)

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
# Ten codes now, and an autoencoder with the same layers, data and training: no noise, no KL. It
# reconstructs better, as one expects, for noise costs and its code is free. But where are its
# codes? It may put them anywhere and of any size, so there is no N(0, I) to draw from.

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
# Two things that one wants of a code space can be measured. Complete: every likely code decodes to
# something real. A draw is in a hole if it is further from every code of an image than 99 % of
# those are from their next one. Continuous: near codes decode to near images; move each code by one
# standard deviation, and take the squared change of the image. (Both are measured in units of the
# codes' own spread, so size alone is no fault.)
#
# The VAE is drawn from N(0, I). To do so with the autoencoder would be unfair: the Gaussian with
# the mean and covariance of its codes is more than a hundred nats of KL away from N(0, I), that of
# the VAE half a nat. So it is drawn from the Gaussian of its own codes. That helps, and on drawn
# digits does not close the gap. (On a thousand images of MNIST it does: try MINIVAE_QUICK=1
# MINIVAE_TUTORIAL_DATA=mnist.)

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
# Walk from the code of one image to that of another, decoding on the way. Mixing the pixels shows
# both digits at once, one fading out: an image that is nowhere in the data. A walk in code bends
# one digit into the other. The autoencoder does it too, as long as it stays near its codes.

first, second = (int(np.flatnonzero(labels[N_IMAGES:] == digit)[0]) for digit in (5, 1))
t = np.linspace(0, 1, 9)
rows = {"pixels": lerp(judges[first], judges[second], t)}
for name, model in models.items():
    a, b = model.transform(judges[[first, second]])
    rows[name] = model.decode(lerp(a, b, t))
show(interpolation(rows), "08_from_one_digit_to_another")

pairs = np.random.default_rng(1).permutation(500)[:400].reshape(2, 200)
a, b = (deep.transform(judges[i]) for i in pairs)
half_way = deep.decode(lerp(a, b, 0.5))
mixed = (judges[pairs[0]] + judges[pairs[1]]) / 2
kinds = {"a new digit": judges, "half way in code": half_way, "mixed pixels": mixed}
to_data = [diagnostics.nearest_distances(kind, training).mean() for kind in kinds.values()]
for kind, distance in zip(kinds, to_data, strict=True):
    print(f"{kind}: {distance:.2f} from the nearest image")
assert to_data[1] < to_data[2]

# %% Straight, or around?
# Draws of N(0, I) in d dimensions have norms near sqrt(d). Half way between two of them,
# (a + b) / 2 has the variance 1/4 + 1/4 = 1/2 in each coordinate: a norm near sqrt(d / 2), where
# for large d the prior has hardly anything. `slerp` goes around on the shell. For d = 512 it
# matters: no draw is ever that short. For d = 10, 11 % of the draws are shorter, and straight will
# do: do not expect a picture to show the difference.

for d in (10, 512):
    a, b = np.random.default_rng(2).standard_normal((2, 4000, d))
    norms = [np.linalg.norm(way(a, b, 0.5), axis=1).mean() / np.sqrt(d) for way in (lerp, slerp)]
    shorter = stats.chi2.cdf(d / 2, d)
    print(f"d = {d}: half way, norm / sqrt(d) {norms[0]:.2f} and {norms[1]:.2f}; P {shorter:.1e}")
assert np.allclose(norms, [np.sqrt(0.5), 1], atol=0.01)

# %% What the codes mean
# Move one code at a time. Each does something smooth, but nothing with a name: the loss does not
# care along which axes a meaning lies. A direction may have one: regress the known thickness on the
# ten means, and walk along the direction that comes out. The ink must grow, step by step.

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
# In tutorials/exercises/08_a_vae_on_digits.py, three functions to fill in:
#
# 1. vae_loss: the loss of a batch, from logits, mu and log_var.
# 2. manifold_codes: a grid of codes that follows the prior.
# 3. slerp: the way around from one code to another.
#
# Then ask: python -m minivae check tutorials/exercises/08_a_vae_on_digits.py
