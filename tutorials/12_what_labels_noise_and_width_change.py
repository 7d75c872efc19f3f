"""What labels, noise and width change.

The question: a VAE may get labels, an autoencoder noise, and both more latents. What does each of
the three change?

You need: tutorials 05, 08, 09 and 10. It runs in ten seconds.

At the end you will have followed a label through the weights, and measured what it is worth in
nats. You will have found the best linear denoiser on paper, and cured an autoencoder that copies.
And you will have seen where more latents switch off, and where they learn the noise by heart.
"""

import os

import numpy as np

import minivae as mv
from minivae import diagnostics, regularizers
from minivae.course import chosen_data, show
from minivae.plots import image_grid, new_axes, reconstructions
from minivae.plots.style import COLORS, LINES, MARKERS, draw_curves, finish
from minivae.studies.neighbours import vote

QUICK = bool(os.environ.get("MINIVAE_QUICK"))
DATA = chosen_data("digits")
N_IMAGES, EPOCHS = (500, 8) if QUICK else (1000, 25)
if DATA == "mnist":
    images, labels = (array[: N_IMAGES + 500] for array in mv.datasets.mnist())
    images = (images / 255).astype(np.float32)
else:
    images, labels, _ = mv.datasets.digits(N_IMAGES + 500, rng=0)
training, test = images[:N_IMAGES], images[N_IMAGES:]
y, y_test = labels[:N_IMAGES], labels[N_IMAGES:]

# %% Where a label enters
# A conditional VAE knows the class of every image. The class enters as a one-hot row: zeros, and a
# 1 at the class. It stands behind x in the encoder, and behind z in the decoder. Take a decoder
# with one code, two classes and one pixel. Its weights have three rows: W_z = 2 for the code, -1
# and 1 for the classes. For z = 0.6 and class 1:
#
#     [0.6, 0, 1] W = 0.6 * 2 + 0 * (-1) + 1 * 1 = 2.2
#
# Class 0 gives 0.2. So a label picks a row of W, and adds it: it is a bias of its class. And back:
# dW = row^T dy. Think first: which of the three rows of W learn from this image?

decoder = mv.Dense(3, 1)
decoder.params["W"][:, 0] = [2, -1, 1]
for c in (0, 1):
    row = np.array([[0.6, *np.eye(2)[c]]])
    print(f"class {c}: {decoder.forward(row)[0, 0]:.1f}")  # 0.2, then 2.2
dz = decoder.backward(np.ones((1, 1)))[0, 0]
print(f"dW = {decoder.grads['W'][:, 0]}, dz = {dz:.0f}")  # [0.6 0. 1.], 2
assert np.allclose(decoder.grads["W"][:, 0], [0.6, 0, 1])
tiny = mv.ConditionalVAE(4, 2, n_classes=3, hidden=(5,), rng=0)
print({name: w.shape for name, w in tiny.params.items() if name.endswith("0.W")})
assert mv.check_gradients(tiny, test[:6, 300:304].astype(float), y=y_test[:6] % 3).ok

# %% A bound with a label
# The code and its class's row are all that the decoder gets. The bound is that of tutorial 06, with
# the label y on every line:
#
#     log p(x | y) >= E[ log p(x | z, y) ] - KL( q(z | x, y) || p(z) )
#
# The prior p(z) has no y: it is N(0, I) for every class. What the label says already would cost
# nats in z, and buy nothing. So the code keeps what is left: the style.
#
# How many nats does a label save? Average log p(x | y) - log p(x): it is the information of y about
# x, and no more than the entropy of the labels, log 10 = 2.30 for ten equal classes. That holds for
# the true p. Remember the number; you will see others.

# %% The linear case on paper
# Take eight points, four for each class: (-2, 0) + d and (2, 0) + d, where d is (1, 0), (-1, 0),
# (0, 2) or (0, -2). The covariance of all eight is diag(4.5, 2). The covariance within the classes
# is diag(0.5, 2), because the means take up the distance. With one code, tutorial 10 says: W points
# along the largest eigenvalue, and the noise s2 is what the other one leaves.
#
#     without labels     first axis,    s2 = 2
#     with labels        second axis,   s2 = 0.5,   decoder biases = class means
#
# The mean of log p is -1/2 (2 log(2 pi) + log lam_1 + log s2 + 2), so the label gains
#
#     1/2 log(4.5 * 2) - 1/2 log(2 * 0.5) = log 3 = 1.0986 nats
#
# Think: this is more than log 2 = 0.69, the most that two classes can say. How?

d = np.array([[1.0, 0], [-1, 0], [0, 2], [0, -2]])
points, classes = np.vstack([[-2, 0] + d, [2, 0] + d]), np.repeat([0, 1], 4)
means = np.array([points[classes == c].mean(axis=0) for c in (0, 1)])
alone = mv.ProbabilisticPCA(1).fit(points)
within = mv.ProbabilisticPCA(1).fit(points - means[classes])
gain = within.score(points - means[classes]) - alone.score(points)
print(f"without: W {alone.W_.round(2)}, s2 {alone.noise_variance_:.2f}")
print(f"within:  W {within.W_.round(2)}, s2 {within.noise_variance_:.2f}, gain {gain:.4f} nats")
assert abs(gain - np.log(3)) < 1e-12
assert np.allclose(abs(within.W_), [[0, np.sqrt(1.5)]])

# %% The answer
# Without labels, one normal has to cover two clouds, which it does badly. Compare with a model that
# only does not *know* the class, p(x) = 1/2 p(x | 0) + 1/2 p(x | 1): the label gains less than
# log 2. The rest was the price of a bad fit.
#
# And a linear conditional VAE finds the answer by itself. Its loss is a quadratic function of eps,
# so the draws 1 and -1 give the average over all draws exactly. L-BFGS must reach the optimum.


def log_p_of_each_class(x):
    return np.stack([within.score_samples(x - mean) for mean in means], axis=1)


known = log_p_of_each_class(points)
mixture = np.logaddexp.reduce(known, axis=1) - np.log(2)
information = np.mean(known[np.arange(8), classes] - mixture)
print(f"a label says {information:.4f} of at most {np.log(2):.4f} nats")
assert 0 < information < np.log(2) < gain

vae = mv.ConditionalVAE(2, 1, n_classes=2, likelihood=mv.Gaussian("learned"), rng=1)
twice, eps = np.vstack([points, points]), np.repeat([[1.0], [-1.0]], 8, axis=0)
both = np.hstack([classes, classes])
mv.training.lbfgs.minimize(vae.params, lambda: vae.loss_and_grads(twice, y=both, eps=eps))
reached = -vae.loss_and_grads(twice, y=both, eps=eps)[0]["loss"]
print(f"trained {reached:.6f}, on paper {within.score(points - means[classes]):.6f} nats")
assert abs(reached - within.score(points - means[classes])) < 1e-6
assert np.allclose(vae.decode(np.zeros((2, 1)), y=[0, 1]), means, atol=1e-3)

# %% Digits with labels
# Two VAEs of equal size, with two codes each; one of them knows the labels. You should see a gain
# of more than twenty nats, ten times what a label can say. It is the bad fit again: two codes have
# to hold ten classes *and* their styles, or the styles alone. (With ten codes it is a few nats.)
#
# A picture says what the codes hold: each column is a class, each row one z. In numbers: guess the class from the codes of the five nearest training images.


def trained(model, *data, epochs=EPOCHS, **options):
    return model.fit(*data, epochs=epochs, batch_size=50, optimizer=mv.Adam(5e-3), rng=0, **options)


size = {"hidden": (64,), "dtype": np.float32, "rng": 0}
plain = trained(mv.VAE(784, 2, **size), training)
conditional = trained(mv.ConditionalVAE(784, 2, n_classes=10, **size), training, y)
nats = {
    "without labels": -plain.elbo(test, rng=0).elbo.mean(),
    "with labels": -conditional.elbo(test, rng=0, y=y_test).elbo.mean(),
}
told = {
    "without labels": vote(plain.transform(training), y, plain.transform(test)),
    "with labels": vote(
        conditional.transform(training, y=y), y, conditional.transform(test, y=y_test)
    ),
}
for name, bound in nats.items():
    right = np.mean(told[name] == y_test)
    print(f"{name}: {bound:.1f} nats; the codes tell {right:.2f} of the classes")
assert nats["without labels"] - nats["with labels"] > np.log(10)
assert np.mean(told["with labels"] == y_test) < np.mean(told["without labels"] == y_test)

styles = 1.3 * np.array([[-1, 0], [0, -1], [0, 0], [0, 1], [1, 0]])
grid = [conditional.decode(np.tile(z, (10, 1)), y=np.arange(10)) for z in styles]
show(image_grid(np.concatenate(grid), n_columns=10), "12_classes_and_styles")

# %% Same style, other class?
# Take test images, and decode their codes as a one. Does it lean as the original leans? The lean of
# an image is the slope of x on y among its ink. Predict the correlation of the two.
#
# Over all images it is near 0! Look at one original class at a time, and it is large, but positive
# for some classes and negative for others. Why? Nothing in the bound ties the styles of two classes
# together. Mirror the codes of one class, z -> -z, and let the decoder undo it for this class: the
# prior, the KL and the bound stay. So "same z, same style" is a hope that shared weights support.

ink_y, ink_x = np.divmod(np.arange(784), 28)


def lean(x):
    """Return how far each image leans to the right for each pixel upward."""
    w = x / x.sum(axis=1, keepdims=True)
    across, down = (each - (w @ each)[:, None] for each in (ink_x, ink_y))
    return -np.sum(w * across * down, axis=1) / np.sum(w * down**2, axis=1)


codes = conditional.transform(test, y=y_test)
before, after = lean(test), lean(conditional.decode(codes, y=np.ones(len(test), int)))
overall = np.corrcoef(before, after)[0, 1]
each = [np.corrcoef(before[y_test == c], after[y_test == c])[0, 1] for c in range(10)]
print(f"correlation of the leans: all {overall:.2f}, by class {np.round(each, 1)}")
assert np.mean(np.abs(each)) > abs(overall)

# %% A classifier by Bayes' rule
# A model of p(x | class) also tells the class, with p(class) = 1/10 for each:
#
#     p(y | x) = p(x | y) p(y) / (sum over all classes of the same)
#
# On paper, for the point (1, 0) of the two clouds: the covariance within is diag(0.5, 2), so
# log p(x | 1) - log p(x | 0) = (3^2 - 1^2) / (2 * 0.5) = 8 nats, and p(1 | x) = 1 / (1 + e^-8) =
# 0.99966. For digits take the bound in place of log p, which is a mistake where the gap of the
# bound differs between classes. Beside it, five neighbours vote among raw pixels. You should see
# that they are better: nobody needs a VAE to name a digit. (A lecture calls the conditional VAE a
# discriminative model. It is generative: it had to model all pixels to answer.)

log_p = log_p_of_each_class(np.array([[1.0, 0.0]]))[0]
print(f"difference {log_p[1] - log_p[0]:.4f} nats, p(1 | x) {1 / (1 + np.exp(-8)):.5f}")
assert abs(log_p[1] - log_p[0] - 8) < 1e-12

by_bound = np.mean(conditional.classify(test, rng=0) == y_test)
by_neighbours = np.mean(vote(training, y, test) == y_test)
print(f"right: by the bound {by_bound:.3f}, by five neighbours {by_neighbours:.3f}")
assert by_bound > 0.5

# %% Noise, on paper
# Now the other change: noise. A denoising autoencoder sees a corrupted image, and has to return the
# clean one. What is the best answer? Take one number x of variance lam and mean 0, noise e of
# variance s2, and a linear answer g (x + e):
#
#     E (x - g (x + e))^2 = (1 - g)^2 lam + g^2 s2
#     g = lam / (lam + s2)            error = g s2
#
# For lam = 4, s2 = 1 that is g = 0.8 with an error of 0.8; doing nothing costs 1, and answering 0
# costs 4. For lam = 1: g = 0.5, error 0.5. Large variances pass, small ones are taken for noise. In
# many dimensions each eigenvector u of the covariance S has its own g:
#
#     W = S (S + s2 I)^-1 = sum u g u^T            error = s2 tr W
#
# S = [[2.5, 1.5], [1.5, 2.5]] has the eigenvalues 4 and 1, along (1, 1) and (1, -1). So W has 0.65
# = (0.8 + 0.5) / 2 on the diagonal, and 0.15 beside it: a pixel asks its neighbour.

S = np.array([[2.5, 1.5], [1.5, 2.5]])
W = np.linalg.solve(S + np.eye(2), S)  # S and S + I commute
print(W, "error", np.trace(W))  # [[0.65 0.15] [0.15 0.65]], 1.3
assert np.allclose(W, [[0.65, 0.15], [0.15, 0.65]])
rng = np.random.default_rng(0)
x = rng.multivariate_normal([0, 0], S, size=200_000)
answers = (x + rng.standard_normal(x.shape)) @ W
error = np.sum((answers - x) ** 2, axis=1)
assert abs(error.mean() - 1.3) < 5 * error.std() / np.sqrt(len(x))

# %% Three corruptions
# Gaussian noise adds to every pixel. Masking sets half of the pixels to 0. Salt and pepper sets a
# share of 0.3 to 0 or 1. Each moves a pixel's mean to a x + b, and adds a variance v to it, which
# is independent of the other pixels. The best linear denoiser needs no more:
#
#     W = (a^2 S + diag(v))^-1 a S            x_hat = mean + (noisy - a mean - b) W
#
# At a = 1, b = 0, v = s2 it is the W from above. It is the baseline of every denoiser.


def gaussian(x, rng):
    return x + np.float32(0.5) * rng.standard_normal(x.shape, dtype=np.float32)


def masking(x, rng):
    return x * (rng.random(x.shape, dtype=np.float32) > 0.5)


def salt_and_pepper(x, rng):
    u = rng.random(x.shape, dtype=np.float32)
    return np.where(u < 0.3, (u < 0.15).astype(x.dtype), x)


mean, squares = training.mean(axis=0, dtype=float), np.mean(training.astype(float) ** 2, axis=0)
S = np.cov(training.astype(float).T, bias=True)
kinds = {  # a, b, v
    gaussian: (1.0, 0.0, np.full(784, 0.25)),
    masking: (0.5, 0.0, 0.25 * squares),
    salt_and_pepper: (0.7, 0.15, 0.7 * squares + 0.15 - 0.49 * squares - 0.21 * mean - 0.0225),
}


def denoise(noisy, a, b, v):
    W = np.linalg.solve(a**2 * S + np.diag(v + 1e-3), a * S)  # 1e-3: rarely inked pixels
    return mean + (noisy - a * mean - b) @ W


# %% A network against the best line
# An autoencoder with hidden layers may bend: it can recognise a digit, and fill in what is hidden.
# Train one for the masked images, and compare. Expect no miracle: it wins, but not by much, because
# a network needs more images and time than a line. Look at the pictures, too: the line's greys are
# an average over all that may be hidden, and so are the network's.

net = mv.Autoencoder(784, 32, hidden=(128,), dtype=np.float32, rng=0)
net.fit(
    training, epochs=EPOCHS + 15, batch_size=50, optimizer=mv.Adam(2e-3), corrupt=masking, rng=0
)
pictures, errors = {}, {}
for corrupt, (a, b, v) in kinds.items():
    noisy = corrupt(test, np.random.default_rng(1))
    rows = {"noisy": noisy, "line": denoise(noisy, a, b, v)}
    rows |= {"network": net.reconstruct(noisy)} if corrupt is masking else {}
    error = [np.mean(np.sum((each - test) ** 2, axis=1)) for each in rows.values()]
    print(corrupt.__name__, {name: round(e, 1) for name, e in zip(rows, error, strict=True)})
    pictures |= {f"{corrupt.__name__}, {name}": each[:10].clip(0, 1) for name, each in rows.items()}
    errors[corrupt] = error
    assert error[1] < error[0] / 2
print(f"the mean image for all: {np.mean(np.sum((mean - test) ** 2, axis=1)):.1f}")
assert QUICK or errors[masking][2] < errors[masking][1]
show(reconstructions(test[:10], pictures), "12_three_corruptions")

# %% A copy, and its cures
# Why corrupt anything? Take a linear autoencoder whose code is *wider* than its input: five
# features, ten codes. PCA of five out of five loses nothing, so the loss is 0, and W_e W_d = I: it
# copies, and has learned nothing about the data. Two cures, for the same five eigenvalues:
#
#     noise of variance l on the input:    g = lam / (lam + l)
#     the penalty l (|W_e|^2 + |W_d|^2):   g = 1 - l / lam,   and 0 if lam < l
#
# g is what W_e W_d keeps of a direction. The first you know; tutorial 10's water level is in the
# second. Both now depend on the data: large variances pass. (A third cure is a code of which few
# numbers may differ from 0 at a time.)

lam, level = np.array([4.0, 2.0, 1.0, 0.5, 0.25]), 0.7
rng = np.random.default_rng(0)
basis = np.linalg.qr(rng.standard_normal((5, 5))).Q
exact = np.linalg.qr(rng.standard_normal((30, 5))).Q * np.sqrt(30)  # second moment I
X = exact * np.sqrt(lam) @ basis
cures = {
    "a copy": (None, np.ones(5)),
    "noise": (regularizers.ProductL2(level), lam / (lam + level)),
    "L2": (regularizers.L2(level), np.maximum(1 - level / lam, 0)),
}
ax = new_axes()
for i, (name, (regularizer, expected)) in enumerate(cures.items()):
    wide = mv.LinearAutoencoder(5, 10, regularizer=regularizer, rng=0)
    mv.fit_lbfgs(wide, X)
    kept = np.diag(basis @ wide.params["encoder.0.W"] @ wide.params["decoder.0.W"] @ basis.T)
    print(f"{name}: keeps {kept.round(3)}")
    assert np.allclose(kept, expected, atol=1e-4)
    ax.plot(lam, kept, MARKERS[i], color=COLORS[i], label=name)
    ax.plot(lam, expected, LINES[i], color=COLORS[i], lw=1)
finish(ax, "eigenvalue", "share that is kept")
show(ax.figure, "12_a_copy_and_its_cures")

# %% More latents
# The third change: width. Take a signal of five dimensions in twenty features, and noise of variance
# 1 on every feature; 60 rows. The best linear autoencoder is PCA, and the best linear VAE of known
# noise s2 = 1 is tutorial 10's: latent i is used if lam_i > 1, and keeps 1 - 1 / lam_i.
#
# Predict two curves, for 1 to 19 latents: the error of new rows, and the distance to the signal
# under their noise. You should see that the autoencoder's error always falls; but from five latents
# on it copies noise, and its distance to the signal rises from 7 to 19. The VAE's falls to 6.2, and
# stays: of 19 latents it uses 10 (60 rows show some noise above 1 by chance), and pays for none.


def signal_and_rows(n):
    signal = rng.standard_normal((n, 5)) * np.sqrt([9, 7, 5, 4, 3]) @ directions
    return signal, signal + rng.standard_normal((n, 20))


rng = np.random.default_rng(0)
directions = np.linalg.qr(rng.standard_normal((20, 20))).Q[:5]
_, rows = signal_and_rows(60)
signal, new = signal_and_rows(5000)
centre = rows.mean(axis=0)
lam, U = np.linalg.eigh(np.cov(rows.T, bias=True))
lam, U = lam[::-1], U[:, ::-1]
keeps = {"autoencoder": np.ones(20), "VAE": np.maximum(1 - 1 / lam, 0)}
curves = {name: [] for name in ("autoencoder, to new rows", "autoencoder", "VAE")}
for k in range(1, 20):
    for name, g in keeps.items():
        answer = centre + (new - centre) @ (U[:, :k] * g[:k]) @ U[:, :k].T
        curves[name].append(np.mean(np.sum((answer - signal) ** 2, axis=1)))
        if name == "autoencoder":
            curves["autoencoder, to new rows"].append(np.sum((answer - new) ** 2) / len(new))
to_rows, copied, pays = map(np.array, curves.values())
print(f"autoencoder, 5 and 19 latents: {copied[4]:.1f}, {copied[-1]:.1f} from the signal")
print(f"VAE: {pays[4]:.1f}, {pays[-1]:.1f}; it uses {np.sum(lam > 1)} of 19")
assert np.all(np.diff(to_rows) < 0)
assert np.all(np.diff(copied[4:]) > 0)
assert np.ptp(pays[4:]) < 0.5
ax = new_axes()
draw_curves(
    ax,
    np.arange(1, 20),
    {
        f"{name}, to the signal" if "," not in name else name: np.array(c)
        for name, c in curves.items()
    },
)
finish(ax, "latents", "squared error")
show(ax.figure, "12_width")
