"""How good is it? Samples, strange data, and the gap of the bound.

The question: a VAE has been trained. Are its samples good, does it notice strange data, and how far
is its bound from log p(x)? Each has a number. Which of these numbers can you trust?

You need: tutorials 06, 08 and 10. It runs in ten seconds.

At the end you will have caught scores that prefer garbage, seen less ink beat a likelihood, and
split a gap in two parts. And you will have tried each measure first where the answer is known.
"""

import os

import numpy as np

import minivae as mv
from minivae import bayes, diagnostics
from minivae.course import show
from minivae.plots import interpolation, new_axes
from minivae.plots.style import COLORS, MARKERS, finish
from minivae.studies.classifier import Classifier, unit_length
from minivae.studies.controls import blur, of_another_class, shuffle_patches
from minivae.studies.linear_vae import linear_vae

QUICK = bool(os.environ.get("MINIVAE_QUICK"))
N, EPOCHS = (500, 8) if QUICK else (1500, 25)
images, labels, _ = mv.datasets.digits(N + 1300, rng=0)
ones = images[labels == 1][:100]  # nobody below is trained on a one
images, labels = images[labels != 1], labels[labels != 1]
training, real, held_out = images[:-1000], images[-1000:-500], images[-500:]
y, y_held_out = labels[:-1000], labels[-500:]
options = {"hidden": (64,), "dtype": np.float32, "rng": 0}
vae, autoencoder = mv.VAE(784, 10, **options), mv.Autoencoder(784, 10, **options)
for model in (vae, autoencoder):
    model.fit(training, epochs=EPOCHS, batch_size=50, optimizer=mv.Adam(3e-3), rng=0)

# %% The distance of two clouds, on paper
# To score samples, compare two clouds of points: the features of real images, and those of samples.
# The Fréchet distance takes both for normal. In one dimension, with means m and deviations s:
#
#     d = (m_1 - m_2)^2 + (s_1 - s_2)^2
#
# N(0, 2^2) and N(3, 1^2) are 9 + 1 = 10 apart. In more dimensions, covariances C take the place:
#
#     d = |m_1 - m_2|^2 + tr( C_1 + C_2 - 2 (C_1 C_2)^(1/2) )
#
# For equal means, C_1 = diag(4, 1) and C_2 = diag(1, 4) it is 5 + 5 - 2 (2 + 2) = 2: one for each
# axis. Think first: which difference between two clouds can it not see?

a = np.array([[2.0, 0], [-2, 0], [0, 1], [0, -1]]) * np.sqrt(3 / 2)  # covariance diag(4, 1)
print(f"two clouds: {diagnostics.frechet_distance(a, a[:, ::-1]):.4f}")  # 2.0000
assert abs(diagnostics.frechet_distance(a, a[:, ::-1]) - 2) < 1e-12
coins = np.repeat([[-1.0], [1.0]], 5000, axis=0)
normal = np.random.default_rng(0).standard_normal((10_000, 1))
print(f"coins and a normal: {diagnostics.frechet_distance(coins, normal):.4f}")
assert diagnostics.frechet_distance(coins, normal) < 0.01

# %% Controls first
# Equal means and covariances are no distance: coins of -1 and 1 pass for a normal. So try a score
# on images whose quality you know before you believe it. From good to garbage: held-out digits, a
# blur of one pixel, the mean of two digits, shuffled patches, noise. Three scores:
#
# - the Fréchet distance, times 100, of the last hidden layer of a small classifier, at length one;
# - the confidence of the classifier, the mean of its largest probability: high should be good;
# - the distance in pixels to the nearest training image: low should be good.
#
# Predict for each what it says of noise, and of fifty copies each of ten training images.

classifier = Classifier((784, 64, 32, 10)).fit(training, y, epochs=15)
of_real = unit_length(classifier.features(real))


def scores(x):
    """Return the Fréchet distance, the confidence, and the distance to the nearest image."""
    frechet = diagnostics.frechet_distance(of_real, unit_length(classifier.features(x)))
    confidence = classifier.probabilities(x).max(axis=1).mean()
    return 100 * frechet, confidence, diagnostics.nearest_distances(x, training).mean()


rng = np.random.default_rng(0)
controls = {
    "held out": held_out,
    "blur": blur(held_out, 1.0),
    "two mixed": (held_out + held_out[of_another_class(y_held_out, rng)]) / 2,
    "patches": shuffle_patches(held_out, rng),
    "noise": rng.random(held_out.shape, dtype=np.float32),
    "ten copied": np.tile(training[:10], (50, 1)),
}
found = {name: scores(x) for name, x in controls.items()}
for name, (frechet, confidence, nearest) in found.items():
    print(f"{name}: Fréchet {frechet:.2f}, confidence {confidence:.2f}, nearest {nearest:.2f}")
frechets = [found[name][0] for name in list(controls)[:5]]
assert frechets == sorted(frechets)
assert found["noise"][1] > found["two mixed"][1]  # confidence calls noise a better digit
assert found["ten copied"][2] == 0  # and the pixels call copies perfect

# %% The samples
# Only the Fréchet distance kept the order: the classifier is sure of what it sees in noise, and
# pixels call ten copies perfect. (To the Fréchet distance copies are worse than patches: it misses
# the variety, and does not see that each is a digit.) Now the models. At z from N(0, I) the
# autoencoder loses by far: no one told it to put its codes there. This comparison stands in
# lectures, but it is unfair. Fit a normal to the *codes*, and draw from that. Predict the winner.
#
# Fitted, the two are nearly equal, and both beat the VAE at N(0, I). So the VAE's own codes do not
# fill its prior; what it had ahead of the autoencoder was the place to draw from, not the decoder.

z = rng.standard_normal((500, 10))
codes = {
    "VAE": vae.sample_posterior(training, rng=0),
    "autoencoder": autoencoder.transform(training),
}
samples = {}
for name, model in {"VAE": vae, "autoencoder": autoencoder}.items():
    samples[f"{name}, N(0, I)"] = model.decode(z)
    fitted = diagnostics.sample_codes(codes[name], 500, rng=0)
    samples[f"{name}, fitted"] = model.decode(fitted)
for name, x in samples.items():
    found[name] = scores(x)
    print(f"{name}: Fréchet {found[name][0]:.2f}, nearest {found[name][2]:.2f}")
assert found["VAE, N(0, I)"][0] < found["autoencoder, N(0, I)"][0]
assert found["autoencoder, fitted"][0] < found["autoencoder, N(0, I)"][0] / 2

shown = controls | samples
ranked = sorted(shown, key=lambda name: found[name][0])
picture = interpolation({f"{name}: {found[name][0]:.2f}": shown[name][:9] for name in ranked})
picture.axes.set(xticks=[], xlabel="with their Fréchet distances, the nearest to real digits first")
show(picture, "13_garbage_and_samples")

# %% Strange data, on paper
# A model of p(x) should give strange data a low p(x). So -log p(x) is a score of strangeness. How
# good is a score? Ask how often a strange example scores higher than an ordinary one; a tie counts
# half. This is the AUROC. For strange scores 3, 5 and ordinary ones 1, 3, 4:
#
#     3 wins once and ties once, 5 wins three times:  (1 + 1/2 + 3) / 6 = 0.75
#
# A score that knows nothing has 1/2. Below 1/2 it points the wrong way. Now a trap. Let the data be
# x ~ N(0, I) in 100 dimensions, and the strange example x = 0. No point has a higher density:
#
#     log p(0) - E log p(x) = E |x|^2 / 2 = 50 nats
#
# And yet nobody has drawn a point near 0: |x| is 10, give or take 0.7. Dense is not typical.

print(f"AUROC {diagnostics.auroc([1, 3, 4], [3, 5]):.2f}")  # 0.75
assert diagnostics.auroc([1, 3, 4], [3, 5]) == 0.75
x = np.random.default_rng(0).standard_normal((2000, 100))
surprise = np.sum(x**2, axis=1) / 2  # -log p(x), less a constant
print(f"dense: AUROC of x = 0 by -log p {diagnostics.auroc(surprise, [0.0])}, ", end="")
print(f"by its distance from the mean {diagnostics.auroc(abs(surprise - 50), [50.0])}")
assert diagnostics.auroc(surprise, [0.0]) == 0
assert abs(surprise.mean() - 50) < 5 * surprise.std() / np.sqrt(2000)

# %% Ink, a likelihood, and the nearest image
# No model here has seen a one. Is it strange to the VAE? Compare scores of the VAE with three that
# need no model: the ink of an image, less ink, and the distance to the nearest training image. A
# sceptic will ask for them. You should see that the ELBO finds most ones, and the KL points the
# wrong way. But the nearest image is better than all likelihoods, and so is less ink, for whoever
# knows beforehand that strange means thin.

inside = held_out[:100]
both = np.concatenate([inside, ones])
measures = {"ink": None, "nearest": None, "kl": vae, "elbo": vae, "log_likelihood": vae}
strangeness = {
    method: mv.outlier_scores(model, both, method=method, reference=training, rng=0)
    for method, model in measures.items()
}
strangeness["less ink"] = -strangeness["ink"]
aurocs = {name: diagnostics.auroc(s[:100], s[100:]) for name, s in strangeness.items()}
for name, value in aurocs.items():
    print(f"AUROC {value:.2f} by {name}")
assert aurocs["ink"] < 0.5
assert aurocs["kl"] < 0.5
assert aurocs["nearest"] > aurocs["log_likelihood"] > 0.5
ax = new_axes()
for i, (name, rows) in enumerate({"digits": slice(100), "ones": slice(100, 200)}.items()):
    artists = ax.plot(
        strangeness["ink"][rows], strangeness["elbo"][rows], MARKERS[i], color=COLORS[i], label=name
    )
finish(ax, "ink", "minus the ELBO, nats")
show(artists, "13_ink_and_likelihood")

# %% The gap, on paper
# Is -ELBO near -log p(x)? Take z ~ N(0, 1), x | z ~ N(z, 1) and x = 1. Then x ~ N(0, 2), and the
# posterior is N(0.5, 0.5). Let an encoder say q = N(0.8, 0.8):
#
#     log p(x) = -1/2 log(4 pi) - 1/4 = -1.5155
#     KL( q || posterior ) = 1/2 (log(0.5 / 0.8) + (0.8 + 0.3^2) / 0.5 - 1) = 0.1550
#     ELBO = -1.5155 - 0.1550 = -1.6705
#
# To come nearer, average weights w = p(x, z) / q(z) before the logarithm. E w = p(x), so the mean
# of k weights is right on average; its logarithm is still too low, by Var(w) / (2 k p(x)^2) for
# large k (Burda et al., 2016). k = 1 is the ELBO.

model = bayes.LinearGaussianModel(np.array([[1.0]]), 1.0)
x, q = np.array([1.0]), (np.array([[0.8]]), np.log([[0.8]]))
log_p, elbo = model.log_marginal(x[None])[0], model.elbo(x[None], *q)[0]
print(f"log p(x) {log_p:.4f}, ELBO {elbo:.4f}, gap {log_p - elbo:.4f}")
assert np.allclose([log_p, log_p - elbo], [-1.5155, 0.1550], atol=5e-5)
eps = np.random.default_rng(0).standard_normal((400_000, 1))
many = [np.repeat(each, len(eps), axis=0) for each in q]
z = mv.reparameterize(*many, eps)
log_w = model.log_joint(x)(z)[0] - mv.gaussian_log_density(z, *many)
ratio = np.exp(log_w - log_p)  # w / p(x), whose mean is 1
for k in (1, 5, 50):
    means = ratio.reshape(-1, k).mean(axis=1)
    missed = np.mean(means - 1 - np.log(means))  # means - 1 is 0 on average, and takes out noise
    print(f"k = {k}: misses {missed:.4f}, by the formula {np.var(ratio) / (2 * k):.4f}")
assert abs(missed / (np.var(ratio) / (2 * k)) - 1) < 0.1

# %% From q to the posterior, in steps
# A poor q needs very many weights. Annealed importance sampling (Neal, 2001) moves its draws from q
# to the posterior, over T steps: at b = 1/T, 2/T, ..., 1
#
#     w <- w (p(x, z) / q(z))^(1/T)       then move z, and leave q^(1 - b) p^b as it is
#
# E w = p(x) for *every* T: check it first. What falls with T is the spread, and with it the error
# of the logarithm. T = 1 is importance sampling.

model = bayes.LinearGaussianModel(np.array([[1.0, 0.5, -0.3], [0.2, -0.8, 1.0]]), 0.25)
x, prior = np.array([1.0, 0.5, -1.0]), np.zeros((20_000, 2))
for n_steps in (1, 3, 10):
    chains = bayes.annealed_importance_sampling(
        model.log_joint(x), prior, prior, n_steps=n_steps, rng=0
    )
    ratio = np.exp(chains.log_weights - model.log_marginal(x[None]))
    print(
        f"T = {n_steps}: mean of w / p(x) {ratio.mean():.3f}, its spread {ratio.std():.2f}, ",
        end="",
    )
    print(f"mean of log w - log p(x) {np.log(ratio).mean():.2f}")
    assert abs(ratio.mean() - 1) < 5 * ratio.std() / np.sqrt(20_000)

# %% Where the truth is known
# Now all estimates beside the exact log p(x): probabilistic PCA of digits as a VAE. Its ten latents
# are turned, so that no independent q is right, and its encoder is off. Predict the order.


def estimates(model, x):
    """Return each estimate of log p(x), row by row."""
    best = bayes.fit_posterior(model, x, rng=0)
    by_encoder, weighted = bayes.elbo_and_likelihood(model, x, *model.encode(x), rng=0)
    return {
        "prior, 500 weights": mv.log_likelihood(model, x, 500, rng=0, proposal="prior"),
        "ELBO": by_encoder,
        "ELBO, best q": bayes.elbo_and_likelihood(model, x, *best, rng=0)[0],
        "q, 500 weights": weighted,
        "annealed": bayes.annealed_log_likelihood(model, x, n_steps=30, rng=0),
    }


linear, exact, mean = linear_vae(training.astype(float), 10, seed=0)
few = held_out[:20].astype(float)
truth = exact.log_marginal(few - mean)
errors = {name: np.mean(each - truth) for name, each in estimates(linear, few).items()}
for name, error in errors.items():
    print(f"{name}: {error:.2f} nats from the truth")
assert errors["prior, 500 weights"] < -10
assert errors["ELBO"] < errors["ELBO, best q"] < -0.1
assert abs(errors["annealed"]) < 0.1

# %% The gap of the digits
# Only now believe them where nobody knows the truth. The gap between ELBO and log p has two parts:
#
#     log p - ELBO = (log p - ELBO of the best q) + (ELBO of the best q - ELBO)
#
# The first says how far a normal is from the posterior, the second what one encoder for all costs.
# You should see that the encoder costs more. (The annealed log p is a lower bound on average, so
# the first part may be larger.) Compare training with new images: log p falls from -97 to -103, and
# the encoder's part grows from 4 to 7. An encoder overfits, too.

bars = {}
for name, x in {"training": training[:20], "new": held_out[:20]}.items():
    values = {key: np.mean(each) for key, each in estimates(vae, x).items()}
    bars[name] = [values[key] for key in ("annealed", "ELBO, best q", "ELBO")]
    log_p, best, elbo = bars[name]
    print(f"{name}: log p {log_p:.1f}, ELBO {elbo:.1f}")
    print(f"    the gap: {log_p - best:.1f} for the normal, {best - elbo:.1f} for the encoder")
    assert log_p > best > elbo
    assert QUICK or best - elbo > log_p - best
ax = new_axes(6.4, 3.2)
for i, label in enumerate(("log p(x), annealed", "ELBO of the best q", "ELBO")):
    heights = [-bars[name][i] for name in bars]
    drawn = ax.bar(np.arange(2) + 0.25 * (i - 1), heights, 0.24, color=COLORS[i], label=label)
ax.set_xticks([0, 1], list(bars))
ax.set_ylim(min(-b[0] for b in bars.values()) - 5, None)
finish(ax, "", "minus each, in nats (not from 0)")
show(ax.figure, "13_the_gap")

# %% Exercises
# Fill in three functions in tutorials/exercises/13_how_good_is_it.py:
#
# 1. frechet_distance: from two sets of features.
# 2. auroc: with ties.
# 3. bounds_from_weights: the ELBO and the estimate of log p(x) from the same log weights.
#
# Then ask: python -m minivae check tutorials/exercises/13_how_good_is_it.py
