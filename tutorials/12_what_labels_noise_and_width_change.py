"""What labels, noise and width change.

The question: a VAE may get labels, an autoencoder noise, and both more latents. What does each of
the three change?

You need: tutorials 05, 08, 09 and 10. It runs in ten seconds. Its digits have 14 x 14 pixels.

At the end you will have measured what a label is worth in nats, found the best linear denoiser on
paper, cured an autoencoder that copies, and seen where more latents switch off or copy noise.
"""

import os

import numpy as np

import minivae as mv
from minivae import diagnostics, regularizers
from minivae.course import show
from minivae.plots import image_grid, kl_per_dimension, new_axes, reconstructions
from minivae.plots.style import draw_curves, finish
from minivae.studies.neighbours import vote
from minivae.training.lbfgs import minimize

QUICK = bool(os.environ.get("MINIVAE_QUICK"))
N_IMAGES, EPOCHS = (500, 8) if QUICK else (1000, 20)
images, labels, _ = mv.datasets.digits(N_IMAGES + 500, rng=0)
images = images.reshape(-1, 14, 2, 14, 2).mean((2, 4)).reshape(-1, 196)
training, test = images[:N_IMAGES], images[N_IMAGES:]
y, y_test = labels[:N_IMAGES], labels[N_IMAGES:]
SIZE = {"hidden": (64,), "dtype": np.float32, "rng": 0}


def trained(model, *data, epochs=EPOCHS, **options):
    adam = mv.Adam(5e-3)
    return model.fit(*data, epochs=epochs, batch_size=50, optimizer=adam, rng=0, **options)


# %% Where a label enters
# A conditional VAE knows the class of every image. The class enters as a one-hot row: zeros, and a
# 1 at the class. It stands behind x in the encoder, and behind z in the decoder. Take a decoder
# with one code, two classes and one pixel. Its weights have three rows: 2 for the code, -1 and 1
# for the classes. For z = 0.6 and class 1:
#
#     [0.6, 0, 1] W = 0.6 * 2 + 0 * (-1) + 1 * 1 = 2.2
#
# Class 0 gives 0.2. So a label picks a row of W, and adds it: it is a bias of its class. And back,
# dW = row^T dy. Think first: which of the three rows of W learn from this image?

decoder = mv.Dense(3, 1)
decoder.params["W"][:, 0] = [2, -1, 1]
for row in ([0.6, 1, 0], [0.6, 0, 1]):
    print(f"[z, classes] = {row}: {decoder.forward(np.array([row]))[0, 0]:.1f}")  # 0.2, then 2.2
dz = decoder.backward(np.ones((1, 1)))[0, 0]
print(f"dW = {decoder.grads['W'][:, 0]}, dz = {dz:.0f}")  # [0.6 0. 1.], 2
assert np.allclose(decoder.grads["W"][:, 0], [0.6, 0, 1])

# %% A bound with a label
# The code and its class's row are all that the decoder gets. The bound is that of tutorial 06, with
# the label y in every term:
#
#     log p(x | y) >= E log p(x | z, y) - KL( q(z | x, y) || p(z) )
#
# The prior p(z) is N(0, I) for every class. What the label says already would cost nats in z, and
# buy nothing. So the code keeps what is left: the style. How many nats does a label save? For the
# true p, log p(x | y) - log p(x) is on average the information of y about x, no more than the
# entropy of the labels: log 10 = 2.30 for ten equal classes. You will see other numbers.

# %% The linear case on paper
# Take eight points, four for each class: (-2, 0) + d and (2, 0) + d, where d is (1, 0), (-1, 0),
# (0, 2) or (0, -2). The covariance of all is diag(4.5, 2). Within the classes it is diag(0.5, 2):
# the class means, which are the decoder's class rows, take up the distance. With one code, W points
# along the largest eigenvalue, and the noise s2 is the other one (tutorial 10):
#
#     without labels:   W = (sqrt(2.5), 0)    s2 = 2
#     with labels:      W = (0, sqrt(1.5))    s2 = 0.5
#
# The mean of log p is -1/2 (2 log(2 pi) + log lam_1 + log s2 + 2), so the label gains
#
#     1/2 log(4.5 * 2) - 1/2 log(2 * 0.5) = log 3 = 1.0986
#
# This is more than log 2 = 0.69, the most that two classes can say.

means, classes = np.array([[-2.0, 0], [2, 0]]), np.repeat([0, 1], 4)
points = means[classes] + np.tile([[1, 0], [-1, 0], [0, 2], [0, -2]], (2, 1))
alone = mv.ProbabilisticPCA(1).fit(points)
within = mv.ProbabilisticPCA(1).fit(points - means[classes])
on_paper = within.score(points - means[classes])
for name, model in {"without": alone, "with": within}.items():
    print(f"{name} labels: W {model.W_.round(2)}, s2 {model.noise_variance_:.2f}")
print(f"gain {on_paper - alone.score(points):.4f} nats")  # 1.0986
assert abs(on_paper - alone.score(points) - np.log(3)) < 1e-12

# %% More than a label can say
# ? The label gains log 3, and two classes can say no more than log 2. Where is the rest from?
# Without labels, one normal has to cover two clouds, which it does badly. Compare with a model that
# only does not *know* the class, p(x) = p(x | 0) / 2 + p(x | 1) / 2: beside it, the label gains
# less than log 2. The rest was the price of a bad fit.
#
# A linear conditional VAE finds the optimum by itself. Its loss is quadratic in eps, so the draws 1
# and -1 give the average over all draws exactly.

log_p = np.stack([within.score_samples(points - mean) for mean in means])  # (2, 8)
information = on_paper - np.mean(np.logaddexp.reduce(log_p, axis=0) - np.log(2))
print(f"a label says {information:.4f} of at most {np.log(2):.4f} nats")
assert 0 < information < np.log(2)

vae = mv.ConditionalVAE(2, 1, n_classes=2, likelihood=mv.Gaussian("learned"), rng=1)
data = {"y": np.tile(classes, 2), "eps": np.repeat([[1.0], [-1.0]], 8, axis=0)}
minimize(vae.params, lambda: vae.loss_and_grads(np.tile(points, (2, 1)), **data))
reached = -vae.loss_and_grads(np.tile(points, (2, 1)), **data)[0]["loss"]
print(f"trained {reached:.6f}, on paper {on_paper:.6f} nats")
assert abs(reached - on_paper) < 1e-6

# %% Digits with labels
# Two VAEs of equal size, with two codes each; one of them knows the labels. You should see a gain
# of 6.8 nats, three times what a label can say. It is the bad fit again: two codes have to
# hold the class *and* the style, or the style alone. How much of the class is left in the codes?
# Let the five nearest training codes vote. In the picture each column is a class, each row one z.

plain = trained(mv.VAE(196, 2, **SIZE), training, epochs=2 * EPOCHS)
conditional = mv.ConditionalVAE(196, 2, n_classes=10, **SIZE)
trained(conditional, training, y, epochs=2 * EPOCHS)
found = []
for vae, old, new in ((plain, {}, {}), (conditional, {"y": y}, {"y": y_test})):
    nats = -vae.elbo(test, rng=0, **new).elbo.mean()
    votes = vote(vae.transform(training, **old), y, vae.transform(test, **new))
    found.append([nats, np.mean(votes == y_test)])
    print(f"{nats:.1f} nats; the codes tell {found[-1][1]:.2f} of the classes")
assert found[0][0] - found[1][0] > np.log(10)
assert QUICK or found[0][1] > found[1][1]

styles = 1.3 * np.array([[-1, 0], [0, -1], [0, 0], [0, 1], [1, 0]])
grid = [conditional.decode(np.tile(z, (10, 1)), y=np.arange(10)) for z in styles]
show(image_grid(np.concatenate(grid), n_columns=10), "12_classes_and_styles")

# %% Same code, same style?
# ? Decode the code of each test image as a one. Does the one lean as the original leans?
# The lean is the slope of x on y of the ink. Its correlation is .8 to 1 for nine classes, but
# negative for the sevens; in the picture, too, they lean the other way. Nothing in the bound ties
# the styles of two classes together: mirror the codes of one class, let the decoder undo it for
# this class, and the bound stays. "Same z, same style" is a hope, which shared weights support.

down, across = np.divmod(np.arange(196), 14)


def lean(x):
    w = x / x.sum(axis=1, keepdims=True)  # the ink as weights
    x0, y0 = (each - (w @ each)[:, None] for each in (across, -down))
    return np.sum(w * x0 * y0, axis=1) / np.sum(w * y0**2, axis=1)


as_ones = conditional.decode(conditional.transform(test, y=y_test), y=np.ones(500, int))
before, after = lean(test), lean(as_ones)
each = [np.corrcoef(before[y_test == c], after[y_test == c])[0, 1] for c in range(10)]
print(f"correlation, class by class: {np.round(each, 1)}")
assert QUICK or np.mean(np.abs(each)) > 0.5

# %% A classifier by Bayes' rule
# A model of p(x | y) also tells the class. With equal classes
#
#     p(y | x) = p(x | y) / sum_c p(x | c)
#
# For the point (1, 0) of the two clouds log p(x | 1) - log p(x | 0) = (3^2 - 1^2) / (2 * 0.5) = 8
# nats, so p(1 | x) = 1 / (1 + e^-8) = 0.99966. For digits, put the bound in place of log p; this
# errs where its gap differs between classes. Beside it, the five nearest training images vote. You
# should see that they are better: nobody needs a VAE to name a digit. (A lecture calls this model
# discriminative. It is generative: it had to model all pixels first.)

difference = log_p[1, 5] - log_p[0, 5]
print(f"difference {difference:.4f} nats, p(1 | x) = {1 / (1 + np.exp(-difference)):.5f}")
assert abs(difference - 8) < 1e-12
by_bound, by_neighbours = conditional.classify(test, rng=0), vote(training, y, test)
print(f"right: {np.mean(by_bound == y_test):.3f}, {np.mean(by_neighbours == y_test):.3f}")
assert np.mean(by_bound == y_test) > 0.5

# %% Noise, on paper
# The second change: noise. A denoising autoencoder sees a corrupted image, and has to return the
# clean one. What is the best answer? Take one number x of variance lam and mean 0, noise e of
# variance s2, and an answer g (x + e):
#
#     E (x - g (x + e))^2 = (1 - g)^2 lam + g^2 s2
#     g = lam / (lam + s2)            error = g s2
#
# For lam = 4, s2 = 1: g = 0.8, error 0.8; doing nothing costs 1, and answering 0 costs 4. For lam =
# 1: g = 0.5, error 0.5. What varies much passes. Each eigenvector of a covariance S has its own g:
#
#     W = S (S + s2 I)^-1             error = s2 tr W
#
# S = [[2.5, 1.5], [1.5, 2.5]] has the eigenvalues 4 and 1, along (1, 1) and (1, -1). So W has 0.65
# = (0.8 + 0.5) / 2 on its diagonal, and 0.15 beside it: a pixel asks its neighbour.

S = np.array([[2.5, 1.5], [1.5, 2.5]])
W = np.linalg.solve(S + np.eye(2), S)  # S and S + I commute
print(f"W {W.round(2).tolist()}, error {np.trace(W):.2f}")  # [[0.65, 0.15], [0.15, 0.65]], 1.30
assert np.allclose(W, [[0.65, 0.15], [0.15, 0.65]])
lost = np.eye(2) - W  # of the signal; W is what is kept of the noise
assert abs(np.trace(lost @ S @ lost + W @ W) - 1.3) < 1e-12

# %% Three corruptions, and the best line
# Gaussian noise adds to every pixel. Masking sets half of the pixels to 0. Salt and pepper sets a
# share of 0.3 to 0 or 1. Each moves the mean of a pixel to a x + b, and adds a variance v of its
# own. The best linear denoiser needs no more, and at a = 1, b = 0, v = s2 it is the W from above:
#
#     W = (a^2 S + diag(v))^-1 a S            x_hat = mean + (noisy - a mean - b) W
#
# It is the baseline of every denoiser. A network may bend: it can recognise a digit, and fill in
# what is hidden. Train one on masked images: it takes a quarter off the line's error.

mean, m2 = training.mean(axis=0, dtype=float), np.mean(training.astype(float) ** 2, axis=0)
S = np.cov(training.T, bias=True)
kinds = {  # a, b, v
    mv.corruptions.gaussian(0.5): (1, 0, np.full(196, 0.25)),
    mv.corruptions.masking(0.5): (0.5, 0, 0.25 * m2),
    mv.corruptions.salt_and_pepper(0.3): (0.7, 0.15, 0.21 * (m2 - mean) + 0.1275),
}
masking = list(kinds)[1]
net = trained(mv.Autoencoder(196, 32, **SIZE), training, epochs=EPOCHS + 20, corrupt=masking)
pictures = {}
for corrupt, (a, b, v) in kinds.items():
    noisy = corrupt(test, np.random.default_rng(1))
    W = np.linalg.solve(a**2 * S + np.diag(v + 1e-3), a * S)  # 1e-3: for the empty border
    rows = {"noisy": noisy, "line": mean + (noisy - a * mean - b) @ W}
    rows |= {"network": net.reconstruct(noisy)} if corrupt is masking else {}
    error = {name: np.sum((each - test) ** 2) / 500 for name, each in rows.items()}
    print(corrupt, {name: f"{each:.2f}" for name, each in error.items()})
    pictures |= {f"{corrupt}, {name}": each[:10].clip(0, 1) for name, each in rows.items()}
    assert error["line"] < error["noisy"] / 2
    assert QUICK or error.get("network", 0) < error["line"]
show(reconstructions(test[:10], pictures), "12_three_corruptions")

# %% A copy, and its cures
# Why corrupt anything? A linear autoencoder with five features and *ten* codes reaches the loss 0,
# because W_e W_d = I: it copies, and has learned nothing of the data. Two cures, with g for the
# share of a direction that W_e W_d keeps:
#
#     noise of variance l:                g = lam / (lam + l)
#     penalty l (|W_e|^2 + |W_d|^2):      g = max(1 - l / lam, 0)
#
# The first you know. The second switches off what varies less than l, as the KL does in
# tutorial 09. (`ProductL2` is the average over all noise. A third cure: a code that is mostly
# zeros.)

lam, level, rng = np.array([4, 2, 1, 0.5, 0.25]), 0.7, np.random.default_rng(0)
U = np.linalg.qr(rng.standard_normal((5, 5))).Q
X = np.linalg.qr(rng.standard_normal((30, 5))).Q * np.sqrt(30 * lam) @ U.T
cures = {"a copy": None, "noise": regularizers.ProductL2(level), "L2": regularizers.L2(level)}
on_paper = [np.ones(5), lam / (lam + level), np.maximum(1 - level / lam, 0)]
for (name, cure), expected in zip(cures.items(), on_paper, strict=True):
    wide = mv.LinearAutoencoder(5, 10, regularizer=cure, rng=0)
    mv.fit_lbfgs(wide, X)
    kept = np.diag(U.T @ wide.params["encoder.0.W"] @ wide.params["decoder.0.W"] @ U)
    print(f"{name}: keeps {kept.round(3)}")
    assert np.allclose(kept, expected, atol=1e-4)

# %% More latents
# ? With more and more latents, what becomes of the error of new rows, and of the distance from the
# ? signal that is under their noise?
# The third change: width. Take a signal of five dimensions in twenty features, noise of variance 1
# on every feature, and 60 rows. The best linear autoencoder is PCA; the best linear VAE for s2 = 1
# uses latent i only if lam_i > 1, and keeps 1 - 1 / lam_i (tutorial 10). The autoencoder's error
# always falls, but from five latents on it copies noise, which the error does not show! The VAE
# stays near the signal: of 19 latents it uses 11, and the last six of them, for noise that exceeds
# 1 by chance, hardly.

rng = np.random.default_rng(0)
axes = np.sqrt([[9], [7], [5], [4], [3]]) * np.linalg.qr(rng.standard_normal((20, 20))).Q[:5]
signal, rows = (rng.standard_normal((n, 5)) @ axes for n in (5000, 60))
new, rows = (each + rng.standard_normal(each.shape) for each in (signal, rows))
lam, U = (each[..., ::-1] for each in np.linalg.eigh(np.cov(rows.T, bias=True)))
names = ("autoencoder, to new rows", "autoencoder, to the signal", "VAE, to the signal")
curves, centre = {name: np.zeros(19) for name in names}, rows.mean(axis=0)
for k in range(1, 20):
    codes, axes = (new - centre) @ U[:, :k], U[:, :k].T
    pca, vae = centre + codes @ axes, centre + codes * np.maximum(1 - 1 / lam[:k], 0) @ axes
    for name, a, b in zip(names, (pca, pca, vae), (new, signal, signal), strict=True):
        curves[name][k - 1] = np.sum((a - b) ** 2) / 5000
for name, curve in curves.items():
    print(f"{name}: {curve[4]:.1f} for 5 latents, {curve[-1]:.1f} for 19")
print(f"the VAE uses {np.sum(lam > 1)} of them")
to_rows, copied, clean = curves.values()
assert max(np.diff(to_rows)) < 0 < min(np.diff(copied[4:]))
assert np.ptp(clean[4:]) < 0.5
ax = new_axes()
draw_curves(ax, np.arange(1, 20), curves)
finish(ax, "latents", "squared error")
show(ax.figure, "12_width")

# %% Forty latents for digits
# Does a VAE with hidden layers switch off what does not pay? Give it 40 latents. You should see
# that about ten are in use, and that the others say almost nothing.

vae = trained(mv.VAE(196, 40, **SIZE), training, epochs=EPOCHS + 20)
kl = np.sort(diagnostics.kl_per_dimension(*vae.encode(test)))[::-1]
print(f"{np.sum(kl > 0.1)} latents have more than 0.1 nats")
assert QUICK or np.sum(kl > 0.1) < 20
show(kl_per_dimension(kl), "12_forty_latents")

# %% A weight that grows
# The KL's weight may change while a VAE trains: `fit(..., beta=schedule)` asks a function of the
# step. A line from 0 to 3 in 200 steps has 1.5 at step 100, and 3 from step 200 on. So the decoder
# learns to use the code while codes are cheap. You should see that this VAE says more with its code
# at the same loss: a schedule chooses among answers of nearly equal worth.

ramp, ends = mv.schedules.linear(200, start=0.0, end=3.0), []
assert [ramp(step) for step in (0, 100, 200, 300)] == [0, 1.5, 3, 3]
for beta in (3.0, ramp):
    vae = mv.VAE(196, 10, likelihood=mv.Gaussian(0.5), beta=3.0, **SIZE)
    trained(vae, training, beta=beta)
    losses = vae.losses(np.tile(training, (10, 1)), rng=0)  # the mean of ten draws
    ends.append(losses)
    print(f"weight {beta}: KL {losses['kl']:.2f}, loss {losses['loss']:.2f} nats")
assert QUICK or abs(ends[0]["loss"] - ends[1]["loss"]) < 0.5
assert QUICK or ends[1]["kl"] > ends[0]["kl"]

# %% Exercises
# Fill in three functions in tutorials/exercises/12_what_labels_noise_and_width_change.py:
#
# 1. labelled_layer_backward: which weights, and which codes, learn from a label.
# 2. class_probabilities: Bayes' rule, for bounds of some hundred nats.
# 3. conditional_optimum: the best linear conditional VAE of any data, on paper.
#
# Then ask: python -m minivae check tutorials/exercises/12_what_labels_noise_and_width_change.py
