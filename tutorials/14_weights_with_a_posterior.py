"""Weights with a posterior, and two samples.

The question: how sure is a model of its weights, and how sure can you be that two samples differ?

You need: tutorials 06, 07 and 08. It runs in half a minute.

At the end you will have drawn weights with friction and noise, and seen which integrator keeps
their distribution; a VAE with many decoders that disagree, beside scores that are simpler; and a
p-value that holds for every statistic, whatever it measures.
"""

import os
from itertools import combinations

import numpy as np
from scipy import linalg

import minivae as mv
from minivae import bayes
from minivae.course import show
from minivae.diagnostics import auroc, effective_models, weight_scores
from minivae.plots import new_axes
from minivae.plots.style import COLORS, LINES, draw_level, finish

QUICK = bool(os.environ.get("MINIVAE_QUICK"))

# %% A weight that is not a number
# Training returns one setting of the weights. Bayes' rule returns a distribution: p(w) times the
# probability of the data given w. A network has too many weights for a formula, but its gradient is
# cheap. So follow the gradient of log p, with noise, and keep the places where the walk has been:
# stochastic-gradient Hamiltonian Monte Carlo, or SGHMC.
# A walk with a velocity v goes further than one without. Take a step of four parts:
#
#     v <- v + h g           the kick: g is the gradient of log p
#     w <- w + v / 2         half of the drift
#     v <- (1 - a) v + s e   friction a, and noise e of variance 1
#     w <- w + v / 2         the other half
#
# h is the square of the step size. A velocity from N(0, h) must stay one, and that decides s:
#
#     h = (1 - a)^2 h + s^2
#
# Take log p = -2 w^2, so that g = -4 w. Start at w = 1 and v = 0, with h = 0.25, a = 0.5, e = 0:
#
#     v = 0 - 0.25 * 4 = -1
#     w = 1 - 0.5 = 0.5
#     v = 0.5 * (-1) = -0.5
#     w = 0.5 - 0.25 = 0.25

w, v = bayes.baoab(np.array([1.0]), np.zeros(1), np.array([-4.0]), 0.25, 0.5, np.zeros(1))
print(f"w = {w[0]}, v = {v[0]}")  # w = 0.25, v = -0.5
assert (w[0], v[0]) == (0.25, -0.5)

# %% A law that holds, and one that does not
# On a normal of precision k = 4 the step is a matrix, and its stationary variance solves a linear
# equation, S = A S A^T + N N^T. The step above has 1 / k exactly, at every h k below 4. In the form
# of the paper (Chen et al., 2014) the weight moves once, after the noise. Its variance is too
# large:
#
#     Var w = 1 / (k (1 - h k / (2 (2 - a))))
#
# Think first: with h k = 1 and a = 0.5, how many percent is it too large?


def stationary_variance(move, k, h, a):
    """Return the variance of w; A and N are what a step does to unit vectors."""
    w, v, e = np.eye(3)
    moved = np.array(move(w, v, -k * w, h, a, e))
    A, N = moved[:, :2], moved[:, 2:]
    return linalg.solve_discrete_lyapunov(A, N @ N.T)[0, 0]


euler = stationary_variance(bayes.euler, 4, 0.25, 0.5)
print(
    f"times k: {4 * euler:.3f} by Euler, {4 * stationary_variance(bayes.baoab, 4, 0.25, 0.5):.3f}"
)
assert abs(4 * euler - 1 / (1 - 1 / 3)) < 1e-12  # 50 % too large
assert abs(4 * stationary_variance(bayes.baoab, 4, 0.25, 0.5) - 1) < 1e-12

steps = np.linspace(0.05, 1.7, 60)
ax = new_axes()
for i, (name, move) in enumerate((("Euler", bayes.euler), ("BAOAB", bayes.baoab))):
    curve = [stationary_variance(move, 1, h, 0.1) for h in steps**2]
    ax.plot(steps, curve, LINES[i], color=COLORS[i], label=name)
finish(ax, "step size (standard deviations)", "variance of the samples")
show(ax.figure, "14_bias")

# %% By running
# The chain itself, for 100 weights at once, has that variance too. Without an accept step nothing
# warns of a step that is too large, but the energy that such a chain gains. So it is watched.


def normal(w):
    return -0.5 * np.sum(w**2, axis=1), -w


for name, expected in (("euler", 1 / (1 - 1 / 3.8)), ("baoab", 1.0)):
    options = {"step": 1.0, "friction": 0.1, "burn_in": 100, "integrator": name, "rng": 0}
    chain = bayes.sghmc(normal, np.zeros(100), 1000, **options)
    print(f"{name}: variance {chain.samples.var():.2f}, expected {expected:.2f}")
    assert abs(chain.samples.var() / expected - 1) < 0.05
try:
    bayes.sghmc(normal, [0.5], 1000, step=2.1, friction=0.1, rng=0)
except FloatingPointError as error:
    print(error)

# %% Many decoders
# In a VAE, log p is minus the loss of all N images, plus the log of the prior of the weights. The
# noise of minibatches comes on top, and makes the chain hotter: its temperature, the mean of
# v^2 / h, should be 1. A sample of the weights is kept after every epoch. How far apart are they?
# Samples of a chain that has forgotten its start have one distance at every lag. Think first: what
# does the curve look like for a chain that still travels?

n, epochs = (300, 8) if QUICK else (1500, 40)
images, labels, _ = mv.datasets.digits(n + 600, rng=0)
images = images.astype(np.float32)
usual = labels != 4  # the model never sees a four
train, test = images[:n][usual[:n]], images[n:][usual[n:]]
fours = images[n:][~usual[n:]]

size = {"hidden": (128,), "dtype": np.float32}
model = mv.BayesianVAE(784, 10, rng=0, **size)
model.fit(train, epochs=epochs, warm_up=epochs // 4, step=0.01 if QUICK else 0.03, rng=0)
plain = mv.VAE(784, 10, rng=0, **size).fit(train, epochs=epochs, rng=0)
lags = model.lag_distances()
print(f"{len(model.samples_)} decoders, temperature {model.history_['temperature'][-1]:.2f}")
print(f"distance {lags[0]:.2f} at lag 1, {lags[-1]:.2f} at lag {len(lags)}")
assert lags[-1] > lags[0]

ax = new_axes()
ax.plot(np.arange(1, len(lags) + 1), lags, "o-", color=COLORS[0], label="samples of one chain")
draw_level(ax, np.sqrt(2), "independent weights of mean 0", LINES[1])
ax.set_ylim(0, 1.6)
finish(ax, "lag (epochs)", "distance of samples / their length")
show(ax.figure, "14_lags")

# %% How many decoders are left
# ? The distance between two samples still grows with their lag. Are they samples of the
# ? posterior?
# The distance still grows with the lag. So these samples are a trajectory, and not the posterior:
# a minute is too short. Whoever reports "posterior samples" of a network should show this curve.
#
# Each decoder says how probable an image is, log p(x | w_m). These numbers weigh the decoders, as
# Bayes' rule does: this is their posterior after x is seen. Count how many are left:
#
#     D = 1 / sum w_m^2
#
# Let three decoders say -90, -91 and -92 nats. The weights are e^0, e^-1, e^-2, divided by their
# sum 1.503: 0.665, 0.245 and 0.090. The squares add up to 0.510, so D = 1.96. Where all agree, D is
# 3; where one wins by 20 nats, it is 1. Think first: does D change if all three say 10 nats less?

D = effective_models([[-90.0], [-91.0], [-92.0]])[0]
print(f"D = {D:.2f}")  # 1.96
assert round(D, 2) == 1.96
assert np.isclose(D, effective_models([[-100.0], [-101.0], [-102.0]])[0])

# %% Do they disagree about a four?
# ? No decoder has seen a four. Which will find it best: their disagreement, the ELBO of one VAE,
# ? or the ink?
# The paper (Daxberger and Hernandez-Lobato, 2019) calls an image strange where few decoders are
# left. Compare it with what costs less: the ELBO of one plain VAE, and the ink. The score is the
# AUROC, the chance that a four is called stranger than another digit (0.5 for a coin).

log_p = [model.log_likelihoods(x, 16, rng=0) for x in (test[:200], fours)]
scores = {
    method: [weight_scores(each, method=method) for each in log_p]
    for method in ("disagreement", "variance", "expected_likelihood")
}
scores["minus the ELBO of a plain VAE"] = [-plain.elbo(x, rng=0).elbo for x in (test[:200], fours)]
scores["ink"] = [x.sum(axis=1) for x in (test[:200], fours)]
found = {name: auroc(*each) for name, each in scores.items()}
for name, value in found.items():
    print(f"{name:30s} AUROC {value:.2f}")
assert QUICK or found["minus the ELBO of a plain VAE"] > found["disagreement"]

# %% Two samples
# Disagreement loses to a plain ELBO here. A good idea is not yet a good score: put the cheap one
# beside it. `python -m minivae study bayesian` does so with more classes, seeds and baselines.
#
# Another question about certainty: do two samples come from one distribution? Choose any statistic
# that grows with their difference. If they do, the labels "X" and "Y" mean nothing, so every
# arrangement of the labels is as probable as the one seen. Let X = {1, 3}, Y = {6}, and take the
# difference of the means: it is |2 - 6| = 4. The other arrangements give 0.5 and 3.5. So 4 is the
# largest of three, and
#
#     p = (1 + count) / (1 + B)
#
# with B = 2 other arrangements, of which 0 reach 4: p = 1 / 3. The data count as an arrangement;
# without the 1 the p-value could be 0, and would be too small.

pooled, values = np.array([1.0, 3.0, 6.0]), []
for x in combinations(range(3), 2):
    y = list({0, 1, 2} - set(x))
    values.append(abs(pooled[list(x)].mean() - pooled[y].mean()))
print(*(f"{value:.1f}" for value in values))  # 4.0 0.5 3.5
p = (1 + np.sum(np.array(values[1:]) >= values[0])) / (1 + 2)
assert p == 1 / 3

# %% A level that is kept, whatever the statistic
# With B = 19 permutations the smallest p-value is 0.05. Where X and Y have the same distribution,
# it comes up in one test of twenty, for every statistic.

rng, p_values = np.random.default_rng(0), []
for _ in range(60 if QUICK else 400):
    x, y = rng.normal(size=(2, 20, 1))
    difference = mv.two_sample_test(
        x, y, statistic=lambda x, y: abs(x.mean() - y.mean()), n_permutations=19, rng=rng
    )
    p_values.append(difference.p_value)
ax = new_axes()
ax.hist(p_values, np.arange(0.025, 1.05, 0.05), color=COLORS[0], density=True, label="tests")
draw_level(ax, 1.0, "uniform", LINES[1])
finish(ax, "p-value", "density")
show(ax.figure, "14_uniform")
share = np.mean(np.array(p_values) <= 0.05)
print(f"p <= 0.05 in {share:.3f} of the tests")
assert abs(share - 0.05) < 4 * np.sqrt(0.05 * 0.95 / len(p_values))

# %% What it can see
# The level is kept by every statistic; what differs is the power. Compare digits with digits of
# which the thinnest are left out, by ten codes of PCA. Three statistics: the energy distance, a
# small classifier, and two VAEs that judge each other's data.

digits, _, factors = mv.datasets.digits(2000, rng=1)
codes = mv.PCA(10).fit(digits).transform(digits)
codes /= codes.std(axis=0)
thick = codes[1000:][factors["thickness"][1000:] > np.quantile(factors["thickness"], 0.4)]
for name in ("energy", "classifier", "vae"):
    for what, other in (("the same", codes[1000:1200]), ("no thin ones", thick[:200])):
        report = mv.two_sample_test(codes[:200], other, statistic=name, n_permutations=99, rng=0)
        print(f"{name:10s} {what:12s} p = {report.p_value:.2f}")
        if name == "energy":
            assert (report.p_value <= 0.05) == (what == "no thin ones")

# %% What carries over
# Weights, labels of two samples, codes: in each case a distribution says more than a number, and
# costs more. Ask of every sampler for how long it ran, and of every test which statistic it had.

# %% Exercises
# In tutorials/exercises/14_weights_with_a_posterior.py, three functions to fill in:
#
# 1. baoab_step: one step of the walk.
# 2. effective_models: D for many images, without an overflow.
# 3. p_values: of many permutation tests at once.
#
# Then ask: python -m minivae check tutorials/exercises/14_weights_with_a_posterior.py
